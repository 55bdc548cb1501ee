/** The version on trial, to be seen above the text. */

import { counted, endInWords, percent } from "../model/canaries.js";
import { ago } from "../model/format.js";
import { warn } from "../ui/announce.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { CanaryActs } from "./canaryacts.js";

/** Below the editor's head: the canary of the open script, or how the latest one ended. */
export class CanaryBar {
  constructor(app) {
    this.app = app;
    this.acts = new CanaryActs(app);
    this.ends = new Map();
    this.dismissed = new Set();
    this.build();
    app.bus.on("canaries", () => this.render());
    app.bus.on("canary-ended", (end) => this.ended(end));
    for (const topic of ["canary-put", "saved"]) app.bus.on(topic, (document) => this.ends.delete(document.uri));
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
        act("Compare", "compare", "Compare the canary with your text", () => this.acts.compare()),
        act("Share…", "share", "Change the canary’s share of the requests", () => this.acts.changeShare()),
        act("Promote…", "check", "Have the canary answer all requests", () => this.acts.promote()),
        act("Abort…", "close", "Take the canary out of service", () => this.acts.abort(), "danger"),
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

  get uri() {
    return this.app.editor?.current?.uri ?? "";
  }

  render() {
    const canary = this.app.scripts.get(this.uri)?.canary;
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
}
