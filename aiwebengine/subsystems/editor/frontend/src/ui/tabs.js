/** A row of tabs with one panel shown (the ARIA tabs pattern, arrows choose). */

import { h } from "./dom.js";

/**
 * Make tabs from `[{id, label, panel}]`; gives `{list, panels, choose(id), chosen()}`.
 *
 * `changed(id)` is called when another one is shown.
 */
export function tabs(name, entries, { label, changed = () => {} } = {}) {
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label });
  const panels = [];
  let shown = "";
  const choose = (id, focus = false) => {
    for (const [index, entry] of entries.entries()) {
      const on = entry.id === id;
      const tab = list.children[index];
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      panels[index].hidden = !on;
      if (on && focus) tab.focus();
    }
    if (shown !== id) {
      shown = id;
      changed(id);
    }
  };
  for (const { id, label: text, panel } of entries) {
    const tab = h("button", { type: "button", role: "tab", id: `${name}-tab-${id}`, class: "tab", "aria-controls": `${name}-${id}`, on: { click: () => choose(id) } }, text);
    for (const [key, value] of Object.entries({ role: "tabpanel", id: `${name}-${id}`, "aria-labelledby": tab.id })) panel.setAttribute(key, value);
    list.append(tab);
    panels.push(panel);
  }
  list.addEventListener("keydown", (event) => {
    const index = entries.findIndex((entry) => entry.id === shown);
    const step = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(entries[(step + entries.length) % entries.length].id, true);
  });
  choose(entries[0].id);
  return { list, panels, choose, chosen: () => shown };
}
