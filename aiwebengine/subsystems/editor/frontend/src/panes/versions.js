/** A script's versions: what differs, and the way back. */

import { sideBySide } from "../code/diff.js";
import { counted, percent } from "../model/canaries.js";
import { ago, bytes } from "../model/format.js";
import { button, fill, h } from "../ui/dom.js";
import { ask, confirm } from "../ui/dialog.js";
import { keepingFocus } from "../ui/focus.js";
import { complain, note } from "../ui/toast.js";

/** Lists the versions of the open script. */
export class VersionsPane {
  constructor(app) {
    this.app = app;
    this.list = h("ol", { class: "versions", "aria-label": "Versions, newest first" });
    this.hint = h("p", { class: "hint" });
    this.element = h("section", { class: "panel scrolls" }, this.hint, this.list);
    this.shown = "";
    const later = () => this.visible && this.refresh();
    app.bus.on("opened", later);
    app.bus.on("saved", later);
    app.bus.on("scripts", later);
    app.bus.on("canaries", () => this.renderFigures());
  }

  /** Take note that the panel is shown or hidden. */
  setVisible(visible) {
    this.visible = visible;
    if (visible) this.refresh();
  }

  async refresh() {
    const document = this.app.editor.current;
    if (!document || document.version === 0) {
      fill(this.list);
      this.shown = "";
      fill(this.hint, document ? "Nothing is stored yet: each save makes a version." : "Open a script to see its versions.");
      return;
    }
    const { uri } = document;
    try {
      const versions = await this.app.scripts.versions(uri);
      if (this.app.editor.current !== document) return;
      const canary = this.app.scripts.get(uri)?.canary;
      const key = `${uri} ${canary?.version} ${canary?.percent} ${versions.map((one) => one.version).join()}`;
      if (key === this.shown) return;
      this.shown = key;
      fill(this.hint, `${versions.length === 1 ? "1 version" : `${versions.length} versions`} of ${uri}${canary ? ", and a canary" : ""}`);
      const items = () => fill(this.list, canary && this.trial(canary), versions.map((version, index) => this.item(document, version, index === 0)));
      keepingFocus(this.list, items, () => this.list.querySelector("button"));
    } catch (error) {
      fill(this.list);
      this.shown = "";
      fill(this.hint, error.message);
    }
  }

  /** The version on trial, above the others. */
  trial(canary) {
    const { acts } = this.app.editor.canary;
    const name = `the canary, version ${canary.version}`;
    this.figures = h("div", { class: "version-facts" });
    const item = h(
      "li",
      { class: "version trial" },
      h("span", { class: "version-number" }, `${canary.version}`),
      h("div", { class: "version-text" }, h("div", { class: "version-message" }, canary.message || "on trial"), this.figures),
      h("span", { class: "badge canary" }, `canary ${percent(canary.percent)}`),
      button("Compare", { picture: "compare", bare: true, title: `Compare ${name}, with your text`, "aria-label": `Compare ${name}, with your text`, onclick: () => acts.compare() }),
      button("Promote", { picture: "check", bare: true, title: `Promote ${name}`, "aria-label": `Promote ${name}`, onclick: () => acts.promote() }),
      button("Abort", { picture: "close", bare: true, title: `Abort ${name}`, "aria-label": `Abort ${name}`, onclick: () => acts.abort() }),
    );
    this.renderFigures();
    return item;
  }

  renderFigures() {
    const canary = this.app.scripts.get(this.app.editor.current?.uri)?.canary;
    if (canary && this.figures) fill(this.figures, `${counted(canary.requests, canary.error_rate)} · ${ago(canary.started_at)}${canary.author && ` · ${canary.author}`}`);
  }

  item(document, version, newest) {
    const name = `version ${version.version}`;
    return h(
      "li",
      { class: "version" },
      h("span", { class: "version-number" }, `${version.version}`),
      h(
        "div",
        { class: "version-text" },
        h("div", { class: "version-message" }, version.message || (newest ? "live now" : "no message")),
        h("div", { class: "version-facts" }, h("time", { datetime: version.created_at, title: version.created_at }, ago(version.created_at)), ` · ${version.author || "unknown"} · ${bytes(version.size)} · `, h("code", { title: `SHA-256 ${version.sha256}` }, version.sha256.slice(0, 8))),
      ),
      newest && h("span", { class: "badge live" }, "live"),
      button("Compare", { picture: "compare", bare: true, title: `Compare ${name} with your text`, "aria-label": `Compare ${name} with your text`, onclick: () => this.compare(document, version.version, newest) }),
      !newest && button("Roll back", { picture: "back", bare: true, title: `Roll back to ${name}`, "aria-label": `Roll back to ${name}`, onclick: () => this.rollBack(document, version.version) }),
    );
  }

  /** Show a version beside the text in the editor. */
  async compare(document, version, newest) {
    try {
      const { source } = await this.app.scripts.read(document.uri, version);
      const host = h("div", { class: "merge" });
      const same = source === document.source;
      const merge = sideBySide(host, source, document.source, { leftName: `version ${version}`, rightName: "your text" });
      const actions = [{ label: "Close", value: null, kind: "primary" }];
      if (!newest) actions.push({ label: `Roll back to version ${version}`, value: "back" });
      const choice = await ask({
        title: `${document.uri}: version ${version} and your text`,
        kind: "wide",
        content: [h("div", { class: "merge-names" }, h("span", {}, `Version ${version}`), h("span", {}, `Your text${same ? " – the same" : document.dirty ? ", with unsaved changes" : ""}`)), host],
        actions,
      });
      merge.destroy();
      if (choice === "back") await this.rollBack(document, version);
    } catch (error) {
      complain(`Version ${version} cannot be shown: ${error.message}`);
    }
  }

  /** Make an older version live again, as a new version. */
  async rollBack(document, version) {
    const loses = document.dirty ? " Your unsaved changes are thrown away." : "";
    if (!(await confirm(`Roll back to version ${version}?`, `${document.uri} answers with version ${version} again, stored as a new version.${loses}`, "Roll back"))) return;
    try {
      const record = await this.app.scripts.rollBack(document.uri, version);
      const { source } = await this.app.scripts.read(document.uri);
      this.app.editor.replaceText(document, source, record.version);
      note(`${document.uri} is version ${version} again, now version ${record.version}.`);
      this.app.bus.tell("saved", document);
      await this.app.scripts.refresh();
    } catch (error) {
      complain(`Not rolled back: ${error.message}`);
    }
  }
}
