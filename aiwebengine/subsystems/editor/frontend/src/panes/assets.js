/** The engine's assets: a list that a keyboard walks, and one of them in full. */

import { folder, isText, lookOf, PAGE, wrongAssetName } from "../model/assets.js";
import { ago, bytes } from "../model/format.js";
import { say } from "../ui/announce.js";
import { confirm, prompt } from "../ui/dialog.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { dropZone } from "../ui/drop.js";
import { keepingFocus } from "../ui/focus.js";
import { Listbox } from "../ui/listbox.js";
import { complain, note } from "../ui/toast.js";
import { AssetView } from "./asset.js";
import { chosenFiles, droppedFiles, upload } from "./upload.js";

const EVERY_MS = 5000;
const FILTER_AFTER_MS = 200;
const MOST_LISTED = 1000;

/** Lists, uploads, renames and deletes assets. */
export class AssetsPane {
  constructor(app) {
    this.app = app;
    this.records = [];
    this.next = null;
    this.build();
    app.bus.on("assets", () => this.visible && this.refresh());
    app.bus.on("asset-edited", () => this.renderList());
    addEventListener("focus", () => this.visible && this.refresh());
  }

  build() {
    this.prefix = h("input", {
      type: "search",
      class: "field",
      placeholder: "Names that begin with…",
      "aria-label": "Assets whose names begin with",
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.filterSoon(), keydown: (event) => this.filterKey(event) },
    });
    this.bar = h(
      "div",
      { class: "panel-bar" },
      this.prefix,
      button("New text asset", { picture: "plus", bare: true, title: "New text asset", onclick: () => this.create() }),
      button("Upload", { picture: "upload", title: "Upload files; they can be dropped here too", onclick: () => this.choose() }),
    );
    this.list = new Listbox({
      label: "Assets",
      kind: "asset",
      item: (row) => this.item(row),
      open: (row) => this.open(row),
      keys: { F2: (row) => row.draft || this.rename(row), Delete: (row) => this.remove(row) },
      leave: () => this.prefix.focus(),
    });
    this.more = button("Show more", { onclick: () => this.showMore() });
    this.hint = h("p", { class: "hint", role: "status" });
    this.empty = h("div", { class: "empty", hidden: true });
    this.listPart = h("div", { class: "panel-part scrolls" }, this.bar, this.list.element, h("div", { class: "more" }, this.more), this.hint, this.empty);
    this.view = new AssetView(this.app, this);
    this.element = h("section", { class: "panel assets-panel" }, this.listPart, this.view.element);
    this.element.append(
      dropZone(this.element, "Drop the files to upload them", {
        willing: () => !this.off,
        dropped: (transfer) => this.upload(droppedFiles(transfer)),
      }),
    );
    this.renderList();
  }

  /** Take note that the panel is shown or hidden. */
  setVisible(visible) {
    this.visible = visible;
    clearInterval(this.interval);
    if (!visible) return;
    this.refresh();
    // Where assets are switched off, asking again and again would only fill the console.
    this.interval = setInterval(() => document.hidden || this.off || this.refresh(), EVERY_MS);
  }

  filterSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh({ again: true, announce: true }), FILTER_AFTER_MS);
  }

  /** Look again: at as many as were shown, with `again` at the first ones. */
  async refresh({ again = false, announce = false } = {}) {
    if (this.paging && !again) return;
    this.control?.abort();
    const control = new AbortController();
    this.control = control;
    const limit = again ? PAGE : Math.min(Math.max(PAGE, this.records.length), MOST_LISTED);
    try {
      const prefix = this.prefix.value.trim();
      const { assets, next } = await this.app.assets.list({ prefix, limit, signal: control.signal });
      this.listed = prefix;
      this.show(assets, next);
      if (announce) say(next ? `${assets.length} and more assets` : `${assets.length} asset${assets.length === 1 ? "" : "s"}`);
      await this.view.follow();
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    }
  }

  async showMore() {
    const { control } = this;
    this.paging = true;
    try {
      const { assets, next } = await this.app.assets.list({ prefix: this.listed, after: this.next });
      // Meanwhile other names were asked for.
      if (control !== this.control) return;
      const shown = this.list.rows.length;
      this.show([...this.records, ...assets], next);
      this.list.move(shown);
    } catch (error) {
      this.failed(error);
    } finally {
      this.paging = false;
    }
  }

  show(records, next) {
    this.off = false;
    this.records = records;
    this.next = next;
    this.failure = "";
    this.renderList();
  }

  failed(error) {
    this.off = error.status === 404;
    this.failure = this.off ? "" : error.message;
    this.records = [];
    this.next = null;
    if (this.off) this.view.close();
    this.renderList();
  }

  /** Texts that are only here yet (or here only, as the asset was deleted), then what the engine has. */
  drafts() {
    const prefix = this.prefix.value.trim();
    const stored = new Set(this.records.map((record) => record.name));
    return [...(this.app.files?.documents.values() ?? [])].filter(({ name, sha256 }) => !sha256 && name.startsWith(prefix) && !stored.has(name)).map(({ name, type, isNew }) => ({ name, content_type: type, draft: isNew ? "not stored yet" : "deleted elsewhere" }));
  }

  renderList() {
    const lost = this.list.render([...this.drafts(), ...this.records]);
    const count = this.list.rows.length;
    const typed = this.prefix.value.trim();
    this.bar.hidden = this.off;
    this.more.parentElement.hidden = !this.next;
    const none = typed && !this.off ? "No asset’s name begins so." : "";
    const hint = this.failure || (count ? `${count} ${count === 1 ? "asset" : "assets"}${this.next ? " so far" : ""}` : none);
    if (hint !== this.hint.textContent) fill(this.hint, hint);
    this.hint.classList.toggle("field-error", !!this.failure);
    this.empty.hidden = !!count || !!typed || !!this.failure;
    keepingFocus(this.empty, () => fill(this.empty, !this.empty.hidden && (this.off ? switchedOff() : this.nothing())), () => this.list.current && this.list);
    if (lost) this.prefix.focus();
  }

  nothing() {
    return [
      h("h3", {}, "No assets yet"),
      h("p", {}, "Style sheets, pictures, pages: files that the engine keeps, and serves by their names where no script answers."),
      h("div", { class: "empty-acts" }, button("Upload files", { picture: "upload", kind: "primary", onclick: () => this.choose() }), button("New text asset", { picture: "plus", onclick: () => this.create() })),
      h("p", { class: "hint" }, "Files can also be dropped here."),
    ];
  }

  item({ draft, ...record }) {
    const unsaved = this.app.files?.documents.get(record.name)?.dirty;
    return [
      icon(lookOf(record.content_type) === "image" ? "image" : "file"),
      h("span", { class: "asset-name" }, record.name),
      unsaved && h("span", { class: "unsaved", title: "Unsaved changes" }, h("span", { class: "unseen" }, ", unsaved"), "●"),
      !draft && !record.public && h("span", { class: "badge" }, "private"),
      h("span", { class: "asset-facts" }, draft ?? `${bytes(record.size)} · ${ago(record.updated_at)}`),
    ];
  }

  filterKey(event) {
    if (event.key === "ArrowDown") this.list.move(0);
    else if (event.key === "Escape" && this.prefix.value) {
      this.prefix.value = "";
      this.filterSoon();
    } else return;
    event.preventDefault();
  }

  /** Show one in full; a text that is not stored has nothing to show but itself. */
  open(row) {
    if (row.draft) this.app.files.show(this.app.files.documents.get(row.name));
    else this.showOne(row);
  }

  showOne(record) {
    this.listPart.hidden = true;
    this.view.show(record);
  }

  /** Back from one to all. */
  showList() {
    this.view.close();
    this.listPart.hidden = false;
    if (this.list.current) this.list.focus();
    else (this.empty.hidden ? this.prefix : this.empty.querySelector("button") ?? this.prefix).focus();
  }

  async create() {
    const name = await prompt("New text asset", "Name", {
      value: `${folder(this.prefix.value)}new.css`,
      help: "Slashes make folders, the ending says the type. It is stored when you save it.",
      action: "Create",
      check: (text) => wrongAssetName(text) || (this.list.index(text) >= 0 || this.app.files.documents.has(text) ? `There is an asset ${text} already.` : ""),
    });
    if (name) this.app.files.create(name);
  }

  async choose() {
    const files = await chosenFiles(this.element);
    if (files.length) await this.upload(files);
  }

  async upload(files) {
    const records = await upload(this.app.assets, files, { prefix: folder(this.prefix.value) });
    if (!records) return;
    note(records.length === 1 ? `${records[0].name} is uploaded.` : `${records.length} assets are uploaded.`);
    for (const record of records) await this.app.files.follow(record.name, record);
    this.list.choose(records[0].name);
    await this.refresh();
    if (this.view.element.hidden) this.list.focus();
  }

  async rename(record) {
    const to = await prompt(`Rename ${record.name}`, "New name", {
      value: record.name,
      select: [record.name.lastIndexOf("/") + 1, record.name.length],
      action: "Rename",
      help: record.public ? "Its address changes with it; what links to the old one finds nothing." : "",
      check: (text) => (text === record.name ? "" : wrongAssetName(text)),
    });
    if (!to || to === record.name) return;
    try {
      const renamed = await this.view.without(() => this.app.assets.rename(record, to));
      this.list.choose(to);
      this.app.files.renamed(record.name, renamed);
      note(`${record.name} is ${to} now.`);
      if (!this.view.element.hidden) this.view.show(renamed);
    } catch (error) {
      complain(error.status === 412 ? `Not renamed: there is an asset ${to} already, or ${record.name} was changed elsewhere meanwhile.` : `Not renamed: ${error.message}`);
    }
    await this.refresh();
  }

  async remove(record) {
    if (record.draft) {
      if (!(await confirm(`Throw ${record.name} away?`, "It is not stored on the engine.", "Throw away", "danger"))) return;
      this.app.files.close(record.name);
      this.renderList();
      this.showList();
      return;
    }
    const text = record.public ? `${record.url} will answer 404 at once. It cannot be brought back.` : "It cannot be brought back.";
    if (!(await confirm(`Delete ${record.name}?`, text, "Delete", "danger"))) return;
    try {
      await this.view.without(() => this.app.assets.remove(record));
      note(`${record.name} is deleted.`);
    } catch (error) {
      if (error.status !== 404) {
        complain(error.status === 412 ? `Not deleted: ${record.name} was changed elsewhere meanwhile.` : `Not deleted: ${error.message}`);
        await this.refresh();
        return;
      }
    }
    await this.app.files.follow(record.name, null);
    this.view.close();
    await this.refresh();
    this.showList();
  }

  /** Show an asset in full by its name, as when its text is closed. */
  async find(name) {
    const record = await this.app.assets.find(name).catch(() => null);
    if (record) {
      this.list.choose(name);
      this.showOne(record);
    } else this.showList();
  }

  /** Open its text in the middle, if it is one. */
  edit(record) {
    return isText(record) && this.app.files.open(record);
  }
}

const switchedOff = () => [
  h("h3", {}, "Assets are switched off"),
  h("p", {}, "This engine runs without the plugin ", h("code", {}, "assets"), ". Everything else here works without it."),
];
