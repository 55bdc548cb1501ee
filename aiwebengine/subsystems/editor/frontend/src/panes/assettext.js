/** The text of an asset in the middle, in the place of the script's. */

import { autocompletion } from "@codemirror/autocomplete";
import { isolateHistory } from "@codemirror/commands";
import { EditorView } from "@codemirror/view";
import { language } from "../code/languages.js";
import { reading, writing } from "../code/setup.js";
import { languageOf, readText, typeOf } from "../model/assets.js";
import { OpenAsset } from "../model/documents.js";
import { bytes } from "../model/format.js";
import { confirm } from "../ui/dialog.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { chooseSide } from "./conflict.js";

/** Edits assets that are text; tells `bus` of "asset-edited" when one begins or ceases to differ from what is stored. */
export class AssetEditor {
  constructor(app) {
    this.app = app;
    this.documents = new Map();
    this.current = null;
    this.build();
    app.bus.on("opened", (document) => document && this.hide());
  }

  build() {
    this.name = h("span", { class: "doc-name" });
    this.facts = h("span", { class: "doc-facts" });
    this.saveButton = button("Save", { picture: "save", kind: "primary", title: "Save the asset (Ctrl+S)", onclick: () => this.save() });
    this.revertButton = button("Throw changes away", { picture: "back", bare: true, title: "Throw your changes away", onclick: () => this.revert() });
    const close = button("Close the asset", { picture: "close", bare: true, title: "Close: back to the script", onclick: () => this.leave() });
    this.head = h("header", { class: "pane-head editor-head" }, h("h2", { class: "doc-title" }, icon("file"), this.name), h("span", { class: "badge" }, "asset"), this.facts, h("div", { class: "grow" }), this.revertButton, this.saveButton, close);
    this.host = h("div", { class: "asset-code" });
    this.cursor = h("span", { class: "cursor-place" });
    this.type = h("span", {});
    const status = h("footer", { class: "status-line" }, this.type, h("div", { class: "grow" }), h("span", { class: "tab-hint" }, "Esc, then Tab leaves the text"), this.cursor);
    this.element = h("div", { class: "center-part asset-text", hidden: true }, this.head, h("div", { class: "editor-body" }, this.host), status);
    this.view = new EditorView({ parent: this.host, extensions: reading(), dispatchTransactions: (transactions, view) => this.update(transactions, view) });
  }

  extensions(name, type) {
    return [...reading(), ...writing(), autocompletion({ icons: false }), language(languageOf(type)), EditorView.lineWrapping, EditorView.contentAttributes.of({ "aria-label": `Text of ${name}`, spellcheck: "false" })];
  }

  update(transactions, view) {
    view.update(transactions);
    const document = this.current;
    if (!document || view.state === document.state) return;
    const wasDirty = document.dirty;
    document.state = view.state;
    if (wasDirty !== document.dirty) this.edited(document);
    this.renderCursor();
  }

  edited(document) {
    this.render();
    this.app.bus.tell("asset-edited", document);
  }

  /** Open an asset by its record; gives whether that went well. */
  async open({ name, content_type: type }) {
    let document = this.documents.get(name);
    if (!document) {
      try {
        document = await this.read(name, type);
      } catch (error) {
        complain(`${name} cannot be opened: ${error.message}`);
        return false;
      }
      this.documents.set(name, document);
    }
    this.show(document);
    return true;
  }

  /** Begin a text that is not stored yet. */
  create(name) {
    const type = typeOf(name);
    const document = new OpenAsset(name, { text: "" }, { type, sha256: "" }, this.extensions(name, type));
    this.documents.set(name, document);
    this.show(document);
    this.app.bus.tell("asset-edited", document);
  }

  show(document) {
    this.current = document;
    this.view.setState(document.state);
    this.app.editor.script.hidden = true;
    this.element.hidden = false;
    this.render();
    this.element.scrollIntoView({ block: "start" });
    this.view.focus();
  }

  async read(name, type) {
    const { bytes: content, sha256 } = await this.app.assets.read(name);
    const read = readText(content);
    if (!read) throw new Error("its bytes are no text (UTF-8).");
    return new OpenAsset(name, read, { type, sha256 }, this.extensions(name, type));
  }

  /** Take note that an asset was stored, changed or deleted: an unchanged text follows, one of its own stays. */
  async follow(name, record) {
    const document = this.documents.get(name);
    if (!document) return;
    if (record) document.type = record.content_type;
    if (record?.sha256 === document.sha256) return;
    if (!document.dirty && record) await this.takeOver(document);
    else if (!document.dirty) this.close(name);
    else if (!record) document.sha256 = "";
    this.render();
  }

  /** Give an open text another name. */
  renamed(from, record) {
    const document = this.documents.get(from);
    if (!document) return;
    this.documents.delete(from);
    Object.assign(document, { name: record.name, sha256: record.sha256 });
    this.documents.set(record.name, document);
    this.render();
  }

  /** Forget a text without saving it. */
  close(name) {
    const document = this.documents.get(name);
    this.documents.delete(name);
    if (document && document === this.current) this.hide();
  }

  /** Show the script again. */
  hide() {
    this.current = null;
    this.element.hidden = true;
    this.app.editor.script.hidden = false;
  }

  /** Close it, when unsaved changes may be thrown away, and go back to where it was opened. */
  async leave() {
    const { current } = this;
    if (current.dirty && !(await confirm("Throw your changes away?", `The changes to ${current.name} are not saved.`, "Throw away", "danger"))) return;
    this.close(current.name);
    this.app.bus.tell("asset-edited", current);
    this.app.backToAsset(current.name);
  }

  async save() {
    const document = this.current;
    if (!document || !document.dirty) return;
    if (this.saving) {
      // What was typed while the text before was on its way is saved next.
      this.again = true;
      return;
    }
    this.saving = true;
    this.render();
    try {
      await this.store(document, document.sha256);
    } finally {
      this.saving = false;
      this.render();
    }
    if (!this.again) return;
    this.again = false;
    if (document === this.current && document.dirty) await this.save();
  }

  /** Store the text over a content; conflicts and refusals are shown. */
  async store(document, over) {
    const text = document.state.doc;
    try {
      // The type is stored with the bytes; it may have been changed since they were read.
      if (over) document.type = (await this.app.assets.find(document.name))?.content_type ?? document.type;
      const record = await this.app.assets.write(document.name, document.source, { type: document.type, over });
      document.stored(text, record.sha256);
      note(`${document.name} is saved${record.public ? ` and live at ${record.url}` : ""}.`);
      this.edited(document);
    } catch (error) {
      if (error.status === 412) await this.resolve(document);
      else complain(`Not saved: ${error.message}`);
    }
  }

  /** Show what was stored elsewhere beside what is here. */
  async resolve(document) {
    const { name, type } = document;
    let content;
    try {
      content = await this.app.assets.read(name);
    } catch (error) {
      if (error.status !== 404) throw error;
      if (await confirm("The asset was deleted", `${name} is no longer on the engine. Create it again with your text?`, "Create again")) await this.store(document, "");
      this.view.focus();
      return;
    }
    const theirs = readText(content.bytes);
    if (!theirs) {
      if (await confirm("Replaced elsewhere in the meantime", `${name} holds ${bytes(content.bytes.length)} that are no text now. Save your text over them?`, "Save mine", "danger")) await this.store(document, content.sha256);
      this.view.focus();
      return;
    }
    const { choice, text } = await chooseSide({
      explanation: `${name} is not as it was when you opened it.`,
      theirs: theirs.text,
      mine: document.source,
      theirName: "On the engine",
      save: "Save the right side",
      take: "Use the engine’s text",
      language: language(languageOf(type)),
    });
    if (choice === "theirs") this.replace(document, theirs, content.sha256);
    else if (choice === "mine") {
      if (!text.eq(document.state.doc)) this.setText(document, text);
      await this.store(document, content.sha256);
    }
    this.view.focus();
  }

  async takeOver(document) {
    try {
      const { bytes: content, sha256 } = await this.app.assets.read(document.name);
      const read = readText(content);
      if (read && !document.dirty) this.replace(document, read, sha256);
    } catch (error) {
      complain(`${document.name} cannot be read: ${error.message}`);
    }
  }

  /** Take over what the engine has. */
  replace(document, read, sha256) {
    this.setText(document, document.state.toText(read.text));
    document.stored(document.state.doc, sha256, read);
    this.edited(document);
  }

  /** Change the whole text, as one step that can be undone. */
  setText(document, text) {
    const { state } = document;
    const transaction = state.update({ changes: { from: 0, to: state.doc.length, insert: text }, annotations: isolateHistory.of("full") });
    if (document === this.current) this.view.dispatch(transaction);
    else document.state = transaction.state;
  }

  async revert() {
    const document = this.current;
    if (!document?.dirty || !document.sha256) return;
    if (!(await confirm("Throw your changes away?", `The text of ${document.name} will be what is stored.`, "Throw away", "danger"))) return;
    this.setText(document, document.saved);
    this.edited(document);
    this.view.focus();
  }

  render() {
    const document = this.current;
    if (!document) return;
    const focused = window.document.activeElement;
    fill(this.name, document.name);
    const state = document.isNew ? "not stored yet" : !document.sha256 ? "deleted elsewhere: saving creates it again" : document.dirty ? "unsaved" : "";
    fill(this.facts, state && h("b", {}, state), document.mixed && `${state && " · "}lines end differently, saving makes them alike`);
    fill(this.type, document.type);
    this.revertButton.hidden = !document.dirty || !document.sha256;
    this.saveButton.disabled = !!this.saving || !document.dirty;
    // A button that is no longer one would take the focus with it.
    if ((focused === this.saveButton && focused.disabled) || (focused === this.revertButton && focused.hidden)) this.view.focus();
    this.renderCursor();
  }

  renderCursor() {
    const { head } = this.view.state.selection.main;
    const line = this.view.state.doc.lineAt(head);
    fill(this.cursor, `Ln ${line.number}, Col ${head - line.from + 1}`);
  }
}
