/** A list of which one row is under the cursor (the ARIA listbox pattern): arrows move it, Enter opens. */

import { fill, h } from "./dom.js";

/** Shows rows, each an object with a `name` of its own. */
export class Listbox {
  /**
   * `item(row)` gives what a row shows; `open(row)` is called for Enter, space and a click, `keys` are more keys by
   * name with what they do to a row, and `leave()` is called when the cursor goes up from the first one.
   */
  constructor({ label, kind, item, open, keys, leave }) {
    Object.assign(this, { kind, item, open, keys, leave });
    this.rows = [];
    this.active = "";
    // Where the cursor is, for when its row goes.
    this.at = 0;
    this.element = h("div", { class: `${kind}-list`, role: "listbox", "aria-label": label, on: { keydown: (event) => this.key(event), click: (event) => this.click(event) } });
  }

  /** The row under the cursor, undefined without any. */
  get current() {
    return this.rows[this.index(this.active)];
  }

  index(name) {
    return this.rows.findIndex((row) => row.name === name);
  }

  /** Show other rows; the cursor stays on its row, or where that was, and keeps the focus. Gives whether the focus is lost. */
  render(rows) {
    const focused = this.element.contains(document.activeElement);
    this.rows = rows;
    if (!this.current) this.active = rows[Math.min(this.at, rows.length - 1)]?.name ?? "";
    this.at = Math.max(0, this.index(this.active));
    fill(this.element, rows.map((row) => h("div", { class: `${this.kind}-row`, role: "option", "data-key": row.name, title: row.name }, this.item(row))));
    this.mark();
    this.element.hidden = !rows.length;
    if (focused) this.focus({ preventScroll: true });
    return focused && !rows.length;
  }

  mark() {
    for (const item of this.element.children) {
      const active = item.dataset.key === this.active;
      item.tabIndex = active ? 0 : -1;
      item.setAttribute("aria-selected", String(active));
    }
  }

  /** Put the focus on the row under the cursor. */
  focus(options) {
    this.element.querySelector('[tabindex="0"]')?.focus(options);
  }

  /** Put the cursor, and the focus, on a row by its place. */
  move(index) {
    const row = this.rows[Math.min(Math.max(index, 0), this.rows.length - 1)];
    if (!row) return;
    this.choose(row.name);
    this.focus();
  }

  /** Put the cursor on a row by its name, also on one that is yet to come. */
  choose(name) {
    this.active = name;
    this.at = Math.max(0, this.index(name));
    this.mark();
  }

  click(event) {
    const item = event.target.closest("[data-key]");
    if (!item) return;
    this.move(this.index(item.dataset.key));
    this.open(this.current);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.current) return;
    const index = this.index(this.active);
    const steps = {
      ArrowDown: () => this.move(index + 1),
      ArrowUp: () => (index ? this.move(index - 1) : this.leave()),
      Home: () => this.move(0),
      End: () => this.move(this.rows.length - 1),
      Enter: () => this.open(this.current),
      " ": () => this.open(this.current),
    };
    if (Object.hasOwn(steps, event.key)) steps[event.key]();
    else if (Object.hasOwn(this.keys, event.key)) this.keys[event.key](this.current);
    else return;
    event.preventDefault();
  }
}
