/** The scripts as a tree that a keyboard walks (the ARIA tree pattern). */

import { percent } from "../model/canaries.js";
import { ago, bytes } from "../model/format.js";
import { matches, rows, treeOf } from "../model/tree.js";
import { say } from "../ui/announce.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { confirm, prompt } from "../ui/dialog.js";

/** Lists, filters, renames and deletes scripts. */
export class TreePane {
  constructor(app) {
    this.app = app;
    this.closed = new Set();
    this.active = "";
    this.build();
    for (const topic of ["scripts", "edited", "saved", "opened"]) app.bus.on(topic, () => this.render());
  }

  build() {
    this.filter = h("input", {
      type: "search",
      class: "field",
      id: "filter",
      placeholder: "Filter scripts",
      "aria-label": "Filter scripts",
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.render(true), keydown: (event) => this.filterKey(event) },
    });
    this.tree = h("div", { class: "tree", role: "tree", "aria-label": "Scripts", on: { keydown: (event) => this.key(event), click: (event) => this.click(event) } });
    this.empty = h("p", { class: "hint tree-empty", hidden: true });
    this.rename = button("Rename", { picture: "pencil", bare: true, title: "Rename (F2)", onclick: () => this.renameActive() });
    this.remove = button("Delete", { picture: "trash", bare: true, title: "Delete (Del)", onclick: () => this.removeActive() });
    this.count = h("span", { class: "count" });
    this.element = h(
      "nav",
      { class: "side", id: "scripts", "aria-label": "Scripts", tabindex: "-1" },
      h(
        "div",
        { class: "pane-head" },
        h("h2", {}, "Scripts ", this.count),
        h("div", { class: "grow" }),
        button("New script", { picture: "plus", bare: true, title: "New script (Alt+N)", onclick: () => this.app.editor.create() }),
        this.rename,
        this.remove,
      ),
      h("div", { class: "filter" }, this.filter),
      this.tree,
      this.empty,
    );
    this.render();
  }

  /** Every name that is known: stored, or begun and not stored yet. */
  names() {
    const drafts = [...this.app.editor?.documents.keys() ?? []];
    return [...new Set([...this.app.scripts.all().map((record) => record.uri), ...drafts])];
  }

  render(announce = false) {
    const typed = this.filter.value.trim();
    const all = this.names();
    const uris = typed ? all.filter((uri) => matches(uri, typed)) : all;
    this.rows = rows(treeOf(uris), this.closed, !!typed);
    const current = this.app.editor?.current?.uri;
    const keys = this.rows.map((row) => row.node.uri ?? row.node.path);
    if (!keys.includes(this.active)) this.active = keys.includes(current) ? current : keys[0] ?? "";
    const focused = this.tree.contains(document.activeElement);
    fill(this.tree, this.rows.map((row) => this.item(row, current)));
    this.tree.hidden = !this.rows.length;
    this.empty.hidden = !!this.rows.length;
    fill(this.empty, typed ? "No script has all of these words." : "There are no scripts yet.");
    fill(this.count, String(all.length));
    this.rename.disabled = this.remove.disabled = !this.subject();
    if (focused) this.focusActive();
    if (announce) say(`${uris.length} of ${all.length} scripts`);
  }

  item(row, current) {
    const { node, level, position, size, open } = row;
    const key = node.uri ?? node.path;
    const record = node.uri && this.app.scripts.get(node.uri);
    const draft = node.uri && this.app.editor?.documents.get(node.uri);
    const failed = record?.status === "failed";
    const canary = record?.canary;
    const states = [failed && "failed", draft?.unsaved && "unsaved", canary && `canary with ${percent(canary.percent)} of the requests`].filter(Boolean);
    const dot = node.uri && h("span", { class: `dot ${failed ? "bad" : record ? "good" : "draft"}` });
    const item = h(
      "div",
      {
        class: `row level-${Math.min(level, 8)}${key === current ? " current" : ""}`,
        role: "treeitem",
        "aria-level": level,
        "aria-posinset": position,
        "aria-setsize": size,
        "aria-expanded": open === undefined ? null : String(open),
        "aria-selected": node.uri ? String(key === current) : null,
        tabindex: key === this.active ? "0" : "-1",
        "data-key": key,
        title: record ? this.tip(record) : node.uri ?? node.path,
      },
      node.children ? h("span", { class: `twist${open ? " open" : ""}` }, icon("chevron")) : dot,
      h("span", { class: "label" }, node.name),
      draft?.unsaved && h("span", { class: "unsaved", title: "Unsaved changes", "aria-hidden": "true" }, "●"),
      canary && h("span", { class: "badge canary", "aria-hidden": "true" }, icon("canary"), percent(canary.percent)),
      states.length > 0 && h("span", { class: "unseen" }, `, ${states.join(", ")}`),
    );
    if (failed && record.error)
      item.append(h("span", { class: "row-error" }, `${record.error.line ? `line ${record.error.line}: ` : ""}${record.error.message}`));
    return item;
  }

  tip(record) {
    const lines = [record.uri, `version ${record.version}, ${bytes(record.size)}, ${record.updated_at ? ago(record.updated_at) : ""}`];
    if (record.canary) lines.push(`canary: version ${record.canary.version} with ${percent(record.canary.percent)} of the requests`);
    if (record.error) lines.push(`failed: ${record.error.message}`);
    return lines.join("\n");
  }

  row(key) {
    return this.rows.findIndex((row) => (row.node.uri ?? row.node.path) === key);
  }

  focusActive() {
    this.tree.querySelector('[tabindex="0"]')?.focus();
  }

  /** Move the cursor of the tree. */
  move(index) {
    const row = this.rows[Math.min(Math.max(index, 0), this.rows.length - 1)];
    if (!row) return;
    this.active = row.node.uri ?? row.node.path;
    for (const item of this.tree.children) item.tabIndex = item.dataset.key === this.active ? 0 : -1;
    this.rename.disabled = this.remove.disabled = !this.subject();
    this.focusActive();
  }

  toggle(row, open) {
    if (open) this.closed.delete(row.node.path);
    else this.closed.add(row.node.path);
    this.render();
  }

  click(event) {
    const item = event.target.closest("[data-key]");
    if (!item) return;
    this.move(this.row(item.dataset.key));
    this.activate();
  }

  async activate(edit = false) {
    const row = this.rows[this.row(this.active)];
    if (!row) return;
    if (row.node.children) this.toggle(row, !row.open);
    else {
      await this.app.editor.open(row.node.uri);
      if (edit) this.app.editor.view.focus();
    }
  }

  filterKey(event) {
    if (event.key === "ArrowDown") this.move(0);
    else if (event.key === "Enter") {
      const first = this.rows.findIndex((row) => row.node.uri);
      if (first < 0) return;
      this.active = this.rows[first].node.uri;
      this.activate(true);
    } else if (event.key === "Escape" && this.filter.value) {
      this.filter.value = "";
      this.render(true);
    } else return;
    event.preventDefault();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const index = this.row(this.active);
    const row = this.rows[index];
    if (!row) return;
    const steps = {
      ArrowDown: () => this.move(index + 1),
      ArrowUp: () => this.move(index - 1),
      Home: () => this.move(0),
      End: () => this.move(this.rows.length - 1),
      ArrowRight: () => (row.open === false ? this.toggle(row, true) : row.open && this.move(index + 1)),
      ArrowLeft: () => (row.open ? this.toggle(row, false) : this.move(this.parentOf(index))),
      Enter: () => this.activate(true),
      " ": () => this.activate(),
      F2: () => this.renameActive(),
      Delete: () => this.removeActive(),
    };
    if (Object.hasOwn(steps, event.key)) steps[event.key]();
    else if (event.key.length === 1 && /\S/.test(event.key)) this.typeAhead(event.key, index);
    else return;
    event.preventDefault();
  }

  parentOf(index) {
    for (let at = index; at >= 0; at--) if (this.rows[at].level < this.rows[index].level) return at;
    return index;
  }

  typeAhead(letter, index) {
    const order = [...this.rows.keys()].map((step) => (index + 1 + step) % this.rows.length);
    const found = order.find((at) => this.rows[at].node.name.toLowerCase().startsWith(letter.toLowerCase()));
    if (found !== undefined) this.move(found);
  }

  /** The script the tree's cursor is on, "" on a folder. */
  subject() {
    return this.rows?.[this.row(this.active)]?.node.uri ?? "";
  }

  async renameActive() {
    const from = this.subject();
    if (!from) return;
    const start = from.lastIndexOf("/") + 1;
    const end = from.endsWith(".js") ? from.length - 3 : from.length;
    const to = await prompt(`Rename ${from}`, "New name", {
      value: from,
      select: [start, end],
      action: "Rename",
      help: "Its routes stay as they are. The versions so far stay under the old name.",
      check: (text) => (text === from ? "" : this.app.wrongName(text)),
    });
    if (!to || to === from) return;
    try {
      if (this.app.scripts.get(from)) await this.app.scripts.rename(from, to);
      const document = this.app.editor.documents.get(from);
      this.active = to;
      await this.app.scripts.refresh();
      if (document) this.app.editor.renamed(from, to);
      this.render();
      note(`${from} is ${to} now.`);
      this.focusActive();
    } catch (error) {
      complain(`Not renamed: ${error.message}`);
    }
  }

  async removeActive() {
    const uri = this.subject();
    if (!uri) return;
    const record = this.app.scripts.get(uri);
    const routes = record?.routes.length ?? 0;
    const text = record
      ? `${routes ? `${routes} route${routes > 1 ? "s" : ""} will answer 404 at once. ` : ""}Its versions remain on the engine.`
      : "It was never saved.";
    if (!(await confirm(`Delete ${uri}?`, text, "Delete", "danger"))) {
      this.focusActive();
      return;
    }
    try {
      const index = this.row(uri);
      if (record) await this.app.scripts.remove(uri, record.version);
      this.app.editor.close(uri);
      await this.app.scripts.refresh();
      this.render();
      note(`${uri} is deleted.`);
      if (this.rows.length) this.move(Math.min(index, this.rows.length - 1));
      else this.filter.focus();
    } catch (error) {
      complain(error.status === 412 ? `Not deleted: ${uri} was changed elsewhere meanwhile.` : `Not deleted: ${error.message}`);
      await this.app.scripts.refresh();
    }
  }
}
