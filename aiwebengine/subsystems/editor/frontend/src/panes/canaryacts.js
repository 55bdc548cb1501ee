/** Putting a version on trial, and what can be done to one. */

import { sideBySide } from "../code/diff.js";
import { counted, percent, readPercent } from "../model/canaries.js";
import { ask, confirm } from "../ui/dialog.js";
import { h } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { resolveConflict } from "./conflict.js";

const SHARE = 10;

/** What buttons and keys do about the canary of the open script; tells `bus` of "canary-put" (the document). */
export class CanaryActs {
  constructor(app) {
    this.app = app;
  }

  get document() {
    return this.app.editor.current;
  }

  get uri() {
    return this.document?.uri ?? "";
  }

  get canary() {
    return this.app.scripts.get(this.uri)?.canary;
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
      this.app.bus.tell("canary-put", document);
      note(`Version ${canary.version} of ${document.uri} is on trial with ${percent(canary.percent)} of the requests.`);
      this.changed(document);
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
      this.changed(document);
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
    this.changed(document);
  }

  async abort() {
    const { document, uri, canary } = this;
    const keeps = document.onTrial || document.unsaved ? " Your text here stays as it is." : "";
    if (!(await confirm(`Abort the canary, version ${canary.version}?`, `Version ${canary.baseline_version} answers all requests of ${uri} again.${keeps}`, "Abort the canary", "danger"))) return;
    try {
      await this.app.canaries.ending(uri, () => this.app.scripts.actOnCanary(uri, "abort"));
      document.trial = null;
      note(`The canary of ${uri} is aborted; version ${canary.baseline_version} answers all requests.`);
      this.app.bus.tell("saved", document);
    } catch (error) {
      complain(`Not aborted: ${error.message}`);
    }
    this.changed(document);
  }

  /** Show what is so now. */
  changed(document) {
    this.app.bus.tell("edited", document);
    this.app.editor.render();
    this.app.editor.canary.render();
  }
}
