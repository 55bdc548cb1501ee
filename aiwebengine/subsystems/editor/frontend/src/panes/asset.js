/** One asset in full: what it looks like, what is known of it, what can be done with it. */

import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { language } from "../code/languages.js";
import { reading } from "../code/setup.js";
import { isText, languageOf, lookOf, MOST_EDITED, readText } from "../model/assets.js";
import { ago, bytes } from "../model/format.js";
import { hexDump } from "../model/http.js";
import { tell } from "../ui/dialog.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";

const MOST_FETCHED = 10 * 1024 * 1024;
const MOST_TEXT = 100_000;
const MOST_HEX = 1024;
const HEX_WIDTH = 8;

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
    this.preview = h("div", { class: "preview" });
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
      this.preview,
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
    this.clear();
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
    if (anew || before.sha256 !== record.sha256 || before.content_type !== record.content_type) this.look(record);
  }

  /** Fetch and draw the preview. */
  async look(record) {
    this.clear();
    if (record.size > MOST_FETCHED) {
      fill(this.preview, h("p", { class: "hint" }, `Too large to be shown here (${bytes(record.size)}). It can be downloaded.`));
      return;
    }
    fill(this.preview, h("p", { class: "hint" }, "…"));
    try {
      const { bytes: content } = await this.app.assets.read(record.name);
      if (this.record !== record) return;
      const what = lookOf(record.content_type);
      if (!content.length) fill(this.preview, h("p", { class: "hint" }, "It is empty."));
      else if (what === "image") await this.showImage(content, record);
      else this.showText(content, record, what);
    } catch (error) {
      if (this.record === record) fill(this.preview, h("p", { class: "hint" }, `It cannot be shown: ${error.message}`));
    }
  }

  async showImage(content, record) {
    const type = record.content_type.split(";")[0];
    const blob = new Blob([content], { type });
    // A blob's address belongs to this origin, so that what can hold scripts is not put behind one, in case
    // somebody opens the picture on its own. Within an image element nothing in it runs.
    const inert = /svg/i.test(type);
    this.url = inert ? "" : URL.createObjectURL(blob);
    const picture = h("img", { src: inert ? await dataUrl(blob) : this.url, alt: `Preview of ${record.name}` });
    const caption = h("figcaption", {}, type);
    picture.addEventListener("load", () => caption.append(` · ${picture.naturalWidth} × ${picture.naturalHeight}`), { once: true });
    picture.addEventListener("error", () => fill(this.preview, h("p", { class: "hint" }, "The browser cannot show this picture.")), { once: true });
    if (this.record === record) fill(this.preview, h("figure", { class: "picture" }, picture, caption));
  }

  showText(content, record, what) {
    const read = what === "text" ? readText(content) : null;
    const text = read ? read.text.slice(0, MOST_TEXT) : hexDump(content, MOST_HEX, HEX_WIDTH);
    const extensions = [
      ...reading(),
      read ? language(languageOf(record.content_type)) : [],
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": `Preview of ${record.name}`, "aria-readonly": "true", tabindex: "0" }),
    ];
    fill(this.preview);
    this.text = new EditorView({ parent: this.preview, doc: text, extensions });
    if (read && text.length < read.text.length) this.preview.append(h("p", { class: "hint" }, "Only the beginning is shown."));
  }

  clear() {
    this.text?.destroy();
    this.text = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    fill(this.preview);
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

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}
