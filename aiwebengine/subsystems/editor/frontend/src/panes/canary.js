/** A version on trial: putting one, watching it, ending it. */

import { sideBySide } from "../code/diff.js";
import { counted, endInWords, percent, readPercent } from "../model/canaries.js";
import { ago } from "../model/format.js";
import { warn } from "../ui/announce.js";
import { ask, confirm } from "../ui/dialog.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { resolveConflict } from "./conflict.js";

const SHARE = 10;

/** Below the editor's head: the canary of the open script, or how the latest one ended. */
export class CanaryBar {
  constructor(app) {
    this.app = app;
    this.ends = new Map();
    this.dismissed = new Set();
    this.build();
    app.bus.on("canaries", () => this.render());
    app.bus.on("canary-ended", (end) => this.ended(end));
    for (const topic of ["opened", "scripts", "saved"]) app.bus.on(topic, () => this.render());
    app.bus.on("opened", (document) => document?.version && this.lookBack(document));
  }

  build() {
    const act = (label, picture, title, onclick, kind) => button(label, { picture, title, onclick, kind });
    this.title = h("strong", { class: "canary-title" });
    this.figures = h("p", { class: "canary-figures" });
    this.since = h("span", { class: "canary-since" });
    this.live = h(
      "div",
      { class: "canary-bar", role: "group", "aria-label": "Canary", hidden: true },
      h("p", { class: "canary-head" }, icon("canary"), this.title, this.since),
      this.figures,
      h(
        "div",
        { class: "canary-acts" },
        act("Compare", "compare", "Compare the canary with your text", () => this.compare()),
        act("Share…", "share", "Change the canary’s share of the requests", () => this.changeShare()),
        act("Promote…", "check", "Have the canary answer all requests", () => this.promote()),
        act("Abort…", "close", "Take the canary out of service", () => this.abort(), "danger"),
      ),
    );
    this.endText = h("span", {});
    this.end = h(
      "div",
      { class: "notice canary-end", role: "group", "aria-label": "How the canary ended", hidden: true },
      this.endText,
      h("div", { class: "canary-acts" }, button("Log", { title: "Show the log of this script", onclick: () => this.app.showScriptLog(this.uri) }), button("Dismiss", { onclick: () => this.dismiss() })),
    );
    this.element = h("div", { class: "canary-place" }, this.live, this.end);
  }

  get document() {
    return this.app.editor?.current;
  }

  get uri() {
    return this.document?.uri ?? "";
  }

  get canary() {
    return this.app.scripts.get(this.uri)?.canary;
  }

  render() {
    const { canary } = this;
    const lost = this.element.contains(document.activeElement);
    this.live.hidden = !canary;
    this.end.hidden = !!canary || !this.ends.has(this.uri);
    if (!this.end.hidden) fill(this.endText, endInWords(this.ends.get(this.uri)));
    if (lost && !document.activeElement.getClientRects().length) this.app.editor.view.focus();
    if (!canary) return;
    fill(this.title, `Canary: version ${canary.version} answers ${percent(canary.percent)} of the requests`);
    fill(
      this.figures,
      h("span", { class: canary.error_rate > canary.baseline_error_rate ? "worse" : "" }, `version ${canary.version}: ${counted(canary.requests, canary.error_rate)}`),
      h("span", {}, `version ${canary.baseline_version}: ${counted(canary.baseline_requests, canary.baseline_error_rate)}`),
    );
    fill(this.since, "since ", h("time", { datetime: canary.started_at, title: canary.started_at }, ago(canary.started_at)), canary.author && ` · ${canary.author}`, canary.message && ` · ${canary.message}`);
  }

  ended(end) {
    const document = this.app.editor.documents.get(end.uri);
    if (document && end.state !== "promoted") document.trial = null;
    if (end.state === "promoted") note(endInWords(end));
    else {
      this.ends.set(end.uri, end);
      // Beside the open script it is shown; for another one a note says it.
      if (end.uri === this.uri) warn(endInWords(end));
      else complain(endInWords(end));
    }
    this.app.bus.tell("edited", document);
    this.app.editor.render();
    this.render();
  }

  /** Show a canary that was taken back while nobody looked. */
  async lookBack({ uri, version }) {
    if (this.ends.has(uri) || this.app.scripts.get(uri)?.canary) return;
    const end = await this.app.canaries.takenBack(uri, version + 1);
    if (!end || this.dismissed.has(`${uri} ${end.version} ${end.reason}`)) return;
    this.ends.set(uri, { uri, ...end });
    this.render();
  }

  dismiss() {
    const { uri, version, reason } = this.ends.get(this.uri);
    this.dismissed.add(`${uri} ${version} ${reason}`);
    this.ends.delete(this.uri);
    this.render();
  }

  /** Ask for a share and put the open text on trial. */
  async save() {
    const { document } = this;
    if (!document?.version) return;
    const canary = this.canary;
    const wanted = await this.askShare({
      title: `Save ${document.uri} as canary`,
      share: canary?.percent ?? SHARE,
      text: `The canary answers a share of the requests, version ${document.version} the others. If it fails more often, the engine takes it back by itself.${canary ? ` It replaces the canary of version ${canary.version}.` : ""}`,
      action: "Save as canary",
      message: true,
      act: (share, message) => this.put(document, document.source, document.version, share, message),
    });
    if (wanted) await this.settle(document, wanted);
  }

  /** Go on with what became of an attempt to put a canary. */
  async settle(document, { conflict, refused, share, message }) {
    const { editor } = this.app;
    if (refused) editor.refused(document, refused);
    else if (conflict)
      await resolveConflict(this.app, editor, document, async (source, version) => {
        // What was deleted meanwhile has no version to be on trial beside.
        if (!version) return editor.store(document, source, 0, message);
        try {
          await this.settle(document, await this.put(document, source, version, share, message));
        } catch (error) {
          editor.refused(document, error);
        }
      });
    else editor.view.focus();
  }

  /** Put a source on trial; gives `{conflict}` or `{refused}` when it is not. Raises what a dialog can show. */
  async put(document, source, version, share, message) {
    try {
      const { canary } = await this.app.canaries.ending(document.uri, () => this.app.scripts.saveCanary(document.uri, source, version, share, message));
      document.tried(source, canary.version);
      this.ends.delete(document.uri);
      note(`Version ${canary.version} of ${document.uri} is on trial with ${percent(canary.percent)} of the requests.`);
      this.app.bus.tell("edited", document);
      this.app.editor.render();
      this.render();
      return {};
    } catch (error) {
      if (error.status === 412) return { conflict: true, share, message };
      if (error.status === 422 || error.code === "ROUTE_CONFLICT") return { refused: error };
      throw error;
    }
  }

  async changeShare() {
    const { uri, canary } = this;
    await this.askShare({
      title: `Share of the canary of ${uri}`,
      share: canary.percent,
      text: `Version ${canary.version} answers this share of the requests, version ${canary.baseline_version} the others.`,
      action: "Change",
      act: async (share) => {
        await this.app.scripts.actOnCanary(uri, "percent", { percent: share });
        await this.app.scripts.refresh();
        note(`The canary of ${uri} answers ${percent(share)} of the requests now.`);
        return true;
      },
    });
  }

  askShare({ title, share, text, action, message = false, act }) {
    const field = h("input", { type: "text", inputmode: "decimal", id: "canary-share", class: "field share-field", value: String(share), autocomplete: "off", "aria-describedby": "canary-help" });
    const words = h("input", { type: "text", id: "canary-message", class: "field", autocomplete: "off" });
    const accept = async () => {
      let value;
      try {
        value = readPercent(field.value);
      } catch (error) {
        field.setAttribute("aria-invalid", "true");
        field.focus();
        throw error;
      }
      field.removeAttribute("aria-invalid");
      return act(value, words.value.trim());
    };
    return ask({
      title,
      content: [
        h("p", { id: "canary-help" }, text),
        h("label", { for: "canary-share" }, "Share of the requests, in percent"),
        field,
        message && [h("label", { for: "canary-message" }, "What changed ", h("span", { class: "optional" }, "(optional)")), words],
      ],
      actions: [
        { label: action, value: accept, kind: "primary" },
        { label: "Cancel", value: null },
      ],
      opened: () => field.select(),
    });
  }

  /** Show the canary beside the text in the editor, or beside the live version if that is the same. */
  async compare() {
    const { document, uri, canary } = this;
    try {
      const [{ source }, live] = await Promise.all([this.app.scripts.read(uri, canary.version), this.app.scripts.read(uri)]);
      const mine = source !== document.source;
      const trial = { name: `Version ${canary.version}, the canary`, text: source };
      const yours = { name: `Your text${document.dirty ? "" : `, version ${document.version}`}`, text: document.source };
      const before = { name: `Version ${live.version}, live`, text: live.source };
      const [left, right] = mine ? [trial, yours] : [before, trial];
      const host = h("div", { class: "merge" });
      const merge = sideBySide(host, left.text, right.text, { leftName: left.name, rightName: right.name });
      const actions = [{ label: "Close", value: null, kind: "primary" }];
      if (mine) actions.push({ label: "Take the canary’s text over", value: "take" });
      const choice = await ask({
        title: `${uri}: the canary and ${mine ? "your text" : "the live version"}`,
        kind: "wide",
        content: [h("div", { class: "merge-names" }, h("span", {}, left.name), h("span", {}, right.name)), host],
        actions,
      });
      merge.destroy();
      if (choice !== "take") return;
      this.app.editor.setText(document, source);
      document.tried(source, canary.version);
      this.app.editor.render();
      this.app.bus.tell("edited", document);
      note(`The text is that of the canary, version ${canary.version}. Undo brings yours back.`);
    } catch (error) {
      complain(`The canary cannot be shown: ${error.message}`);
    }
  }

  async promote() {
    const { document, uri, canary } = this;
    const text = `Version ${canary.version} answers all requests of ${uri}, at once. It has had ${counted(canary.requests, canary.error_rate)}.`;
    if (!(await confirm(`Promote version ${canary.version}?`, text, "Promote"))) return;
    try {
      const record = await this.app.canaries.ending(uri, () => this.app.scripts.actOnCanary(uri, "promote"));
      await this.app.editor.promoted(document, record.version);
      note(`${uri} is live as version ${record.version}.`);
      this.app.bus.tell("saved", document);
    } catch (error) {
      complain(`Not promoted: ${error.message}`);
    }
    this.after();
  }

  async abort() {
    const { document, uri, canary } = this;
    const keeps = document.onTrial || document.unsaved ? " Your text here stays as it is." : "";
    if (!(await confirm(`Abort the canary, version ${canary.version}?`, `Version ${canary.baseline_version} answers all requests of ${uri} again.${keeps}`, "Abort the canary", "danger"))) return;
    try {
      await this.app.canaries.ending(uri, () => this.app.scripts.actOnCanary(uri, "abort"));
      document.trial = null;
      note(`The canary of ${uri} is aborted; version ${canary.baseline_version} answers all requests.`);
      this.app.bus.tell("edited", document);
      this.app.bus.tell("saved", document);
    } catch (error) {
      complain(`Not aborted: ${error.message}`);
    }
    this.after();
  }

  /** Show what is so now. */
  after() {
    this.app.editor.render();
    this.render();
  }
}
