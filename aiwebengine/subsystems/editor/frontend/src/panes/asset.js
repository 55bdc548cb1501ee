/** One asset in full: what it looks like, what is known of it, what can be done with it. */

import { isText, MOST_EDITED } from "../model/assets.js";
import { ago, bytes } from "../model/format.js";
import { tell } from "../ui/dialog.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { AssetPreview } from "./assetpreview.js";

/** Shows the asset that `show(record)` names; `pane` is the list it came from. */
export class AssetView {
  constructor(app, pane) {
    this.app = app;
    this.pane = pane;
    this.record = null;
    this.build();
  }

  build() {
    this.heading = h("h3", { class: "asset-heading", tabindex: "-1" });
    this.preview = new AssetPreview(this.app.assets);
    this.edit = button("Edit text", { picture: "pencil", kind: "primary", onclick: () => this.pane.edit(this.record) });
    this.copy = button("Copy URL", { picture: "link", onclick: () => this.copyUrl() });
    this.visit = h("a", { class: "button", target: "_blank", rel: "noopener noreferrer" }, icon("outside"), h("span", {}, "Open"), h("span", { class: "unseen" }, " in a new tab"));
    this.get = button("Download", { picture: "download", bare: true, onclick: () => this.download() });
    this.facts = h("dl", { class: "facts" });
    this.open = h("input", { type: "checkbox", role: "switch", id: "asset-public", "aria-describedby": "asset-public-help", on: { change: () => this.setPublic() } });
    this.openHelp = h("p", { class: "hint", id: "asset-public-help" });
    this.type = h("input", { type: "text", class: "field mono", id: "asset-type", autocomplete: "off", spellcheck: "false" });
    this.metadata = h("textarea", { class: "field mono", id: "asset-metadata", rows: "4", spellcheck: "false" });
    this.error = h("p", { class: "field-error", role: "alert" });
    this.keep = h("button", { type: "submit", class: "button" }, "Save type and metadata");
    const form = h(
      "form",
      {
        class: "asset-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.save();
          },
        },
      },
      h("label", { for: "asset-type" }, "Content type"),
      this.type,
      h("label", { for: "asset-metadata" }, "Metadata, a JSON object"),
      this.metadata,
      this.error,
      h("div", {}, this.keep),
    );
    this.element = h(
      "div",
      { class: "panel-part scrolls asset-view", hidden: true },
      h(
        "div",
        { class: "panel-bar" },
        button("All assets", { picture: "left", onclick: () => this.pane.showList() }),
        h("div", { class: "grow" }),
        this.get,
        button("Rename", { picture: "pencil", bare: true, title: "Rename", onclick: () => this.pane.rename(this.record) }),
        button("Delete", { picture: "trash", bare: true, title: "Delete", onclick: () => this.pane.remove(this.record) }),
      ),
      this.heading,
      h("div", { class: "asset-acts" }, this.edit, this.visit, this.copy),
      this.preview.element,
      this.facts,
      h("div", { class: "asset-public" }, h("label", { class: "switch" }, this.open, "Public"), this.openHelp),
      form,
    );
  }

  /** Show an asset; the focus goes to its name. */
  show(record) {
    this.element.hidden = false;
    this.element.scrollTop = 0;
    this.render(record, true);
    this.heading.focus();
  }

  /** Show nothing. */
  close() {
    this.element.hidden = true;
    this.record = null;
    this.pane.listPart.hidden = false;
    this.preview.clear();
  }

  /** Do something that takes what is shown away, without looking for it in the meantime. */
  async without(act) {
    this.taken = true;
    try {
      return await act();
    } finally {
      this.taken = false;
    }
  }

  /** See whether what is shown has changed. */
  async follow() {
    if (!this.record || this.taken) return;
    const { name } = this.record;
    const record = await this.app.assets.find(name);
    if (this.record?.name !== name) return;
    if (!record) {
      const focused = this.element.contains(document.activeElement);
      this.close();
      if (focused) this.pane.showList();
    } else if (JSON.stringify(record) !== JSON.stringify(this.record)) this.render(record, false);
    await this.app.files.follow(name, record);
  }

  /** Draw a record; `anew` also throws typed values away, which otherwise stay where they differ. */
  render(record, anew) {
    const before = this.record;
    this.record = record;
    fill(this.heading, record.name);
    this.edit.hidden = !isText(record) || record.size > MOST_EDITED;
    for (const part of [this.copy, this.visit]) part.hidden = !record.url;
    if (record.url) this.visit.href = record.url;
    const time = (iso) => h("time", { datetime: iso, title: iso }, ago(iso));
    fill(
      this.facts,
      [
        ["Size", bytes(record.size)],
        ["Changed", time(record.updated_at)],
        ["Created", time(record.created_at)],
        ["SHA-256", h("code", { class: "digest" }, record.sha256)],
        record.url && ["Address", h("code", {}, record.url)],
      ].map((row) => row && [h("dt", {}, row[0]), h("dd", {}, row[1])]),
    );
    this.open.checked = record.public;
    fill(this.openHelp, record.public && !record.url ? "It has no address all the same: names with a leading dot are not served." : record.public ? "Anybody who knows the address can read it." : "Only scripts and whoever has the key can read it.");
    const metadata = shown(record.metadata);
    if (anew || this.type.value === before.content_type) this.type.value = record.content_type;
    if (anew || this.metadata.value === shown(before.metadata)) this.metadata.value = metadata;
    if (anew) fill(this.error);
    if (anew || before.sha256 !== record.sha256 || before.content_type !== record.content_type) this.preview.show(record);
  }

  async setPublic() {
    const { record } = this;
    try {
      const changed = await this.app.assets.change(record, { public: this.open.checked });
      note(changed.public ? `${record.name} is public at ${changed.url}.` : `${record.name} is private.`);
    } catch (error) {
      this.open.checked = record.public;
      complain(error.status === 412 ? `Not changed: ${record.name} was changed elsewhere meanwhile.` : `Not changed: ${error.message}`);
      await this.follow();
    }
  }

  /** Store the typed content type and metadata. */
  async save() {
    const { record } = this;
    fill(this.error);
    for (const field of [this.type, this.metadata]) field.removeAttribute("aria-invalid");
    let metadata;
    try {
      metadata = readMetadata(this.metadata.value);
    } catch (error) {
      this.metadata.setAttribute("aria-invalid", "true");
      this.metadata.focus();
      fill(this.error, error.message);
      return;
    }
    try {
      const changed = await this.app.assets.change(record, { content_type: this.type.value.trim(), metadata });
      this.render(changed, true);
      note(`The record of ${record.name} is saved.`);
    } catch (error) {
      fill(this.error, error.status === 412 ? "It was changed elsewhere meanwhile. What you typed is still here: look at it again, then save." : error.message);
      if (error.status === 412) await this.follow();
    }
  }

  async copyUrl() {
    const url = new URL(this.record.url, location.origin).href;
    try {
      await navigator.clipboard.writeText(url);
      note("The URL is copied.");
    } catch {
      // Without TLS, or without leave, a page may not write to the clipboard.
      const field = h("input", { type: "text", class: "field mono", readonly: true, value: url, "aria-label": "URL", on: { focus: () => field.select() } });
      await tell("Copy this URL", field);
    }
  }

  async download() {
    const { name } = this.record;
    try {
      const { bytes: content } = await this.app.assets.read(name);
      const url = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
      h("a", { href: url, download: name.split("/").at(-1) }).click();
      setTimeout(() => URL.revokeObjectURL(url));
    } catch (error) {
      complain(`Not downloaded: ${error.message}`);
    }
  }
}

const shown = (metadata) => (Object.keys(metadata).length ? JSON.stringify(metadata, null, 2) : "{}");

/** Typed metadata as an object; raises Error saying what is wrong with it. */
function readMetadata(text) {
  let metadata;
  try {
    metadata = JSON.parse(text.trim() || "{}");
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}`);
  }
  if (metadata === null || typeof metadata !== "object" || Array.isArray(metadata)) throw new Error("Metadata is a JSON object: names with values in braces.");
  return metadata;
}
