/** A bar between two panes that pointer and arrow keys move; the place is remembered. */

import { h } from "./dom.js";

const STEP = 24;

/**
 * Make a bar that sets a length of the page's layout.
 *
 * `variable` is the CSS variable, `[least, most]` in pixels, `grows` 1 when dragging right (or down) makes the pane bigger, -1 otherwise.
 */
export function splitter({ label, variable, value, least, most, grows, controls }) {
  const name = `aiwebengine.editor.${variable}`;
  const root = document.documentElement;
  let size = value;
  const bar = h("div", { class: "splitter", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": label, "aria-controls": controls });
  const set = (wanted, keep = true) => {
    size = Math.round(Math.min(Math.max(wanted, least), Math.max(least, Math.min(most, window.innerWidth * 0.65))));
    root.style.setProperty(variable, `${size}px`);
    for (const [key, number] of [["now", size], ["min", least], ["max", most]]) bar.setAttribute(`aria-value${key}`, number);
    if (keep) localStorage.setItem(name, size);
  };
  bar.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: size + STEP * grows, ArrowLeft: size - STEP * grows, Home: least, End: most };
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    set(steps[event.key]);
  });
  bar.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    const from = event.clientX;
    const before = size;
    bar.setPointerCapture(event.pointerId);
    const move = (moved) => set(before + (moved.clientX - from) * grows);
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
  });
  bar.addEventListener("dblclick", () => set(value));
  set(Number(localStorage.getItem(name)) || value, false);
  return bar;
}
