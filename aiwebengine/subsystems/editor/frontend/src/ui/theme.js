/** Light, dark, or as the system has it. The choice outlives the tab; before the first paint the page itself applies it. */

import { fill, h, icon } from "./dom.js";
import { say } from "./announce.js";

const NAME = "aiwebengine.editor.theme";
const ORDER = ["auto", "light", "dark"];
const PICTURES = { auto: "auto", light: "sun", dark: "moon" };

/** The button that goes from one to the next. */
export function themeButton() {
  const stored = localStorage.getItem(NAME);
  let theme = ORDER.includes(stored) ? stored : "auto";
  const control = h("button", { type: "button", class: "button bare", id: "theme", on: { click: next } });
  function show() {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const label = `Theme: ${theme === "auto" ? "as the system" : theme}`;
    control.setAttribute("aria-label", label);
    control.title = label;
    fill(control, icon(PICTURES[theme]));
  }
  function next() {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    localStorage.setItem(NAME, theme);
    show();
    say(control.title);
  }
  show();
  return control;
}
