/** What an asset looks like, without anything in it being run. */

import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { language } from "../code/languages.js";
import { reading } from "../code/setup.js";
import { languageOf, lookOf, readText } from "../model/assets.js";
import { bytes } from "../model/format.js";
import { hexDump } from "../model/http.js";
import { fill, h } from "../ui/dom.js";

const MOST_FETCHED = 10 * 1024 * 1024;
const MOST_TEXT = 100_000;
const MOST_HEX = 1024;
const HEX_WIDTH = 8;

/** Shows one asset at a time: a picture, the text in its colours, or bytes. */
export class AssetPreview {
  constructor(assets) {
    this.assets = assets;
    this.record = null;
    this.element = h("div", { class: "preview" });
  }

  /** Fetch an asset and draw it. */
  async show(record) {
    this.clear();
    this.record = record;
    if (record.size > MOST_FETCHED) {
      fill(this.element, h("p", { class: "hint" }, `Too large to be shown here (${bytes(record.size)}). It can be downloaded.`));
      return;
    }
    fill(this.element, h("p", { class: "hint" }, "…"));
    try {
      const { bytes: content } = await this.assets.read(record.name);
      if (this.record !== record) return;
      const what = lookOf(record.content_type);
      if (!content.length) fill(this.element, h("p", { class: "hint" }, "It is empty."));
      else if (what === "image") await this.showImage(content, record);
      else this.showText(content, record, what);
    } catch (error) {
      if (this.record === record) fill(this.element, h("p", { class: "hint" }, `It cannot be shown: ${error.message}`));
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
    picture.addEventListener("error", () => fill(this.element, h("p", { class: "hint" }, "The browser cannot show this picture.")), { once: true });
    if (this.record === record) fill(this.element, h("figure", { class: "picture" }, picture, caption));
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
    fill(this.element);
    this.text = new EditorView({ parent: this.element, doc: text, extensions });
    if (read && text.length < read.text.length) this.element.append(h("p", { class: "hint" }, "Only the beginning is shown."));
  }

  /** Show nothing. */
  clear() {
    this.record = null;
    this.text?.destroy();
    this.text = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    fill(this.element);
  }
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}
