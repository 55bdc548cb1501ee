/** Short notes at the edge that go away by themselves; errors stay until dismissed. */

import { say, warn } from "./announce.js";
import { button, h } from "./dom.js";

const SHOWN_MS = 4000;
const MOST = 4;

/** The place of the notes; put it into the page once. */
export const toasts = h("section", { class: "toasts", "aria-label": "Notes" });

/** Tell that something went well. */
export function note(text) {
  say(text);
  const shown = show(text, "good");
  setTimeout(() => dismiss(shown), SHOWN_MS);
}

/** Tell that something failed. */
export function complain(text) {
  warn(text);
  show(text, "bad");
}

function show(text, kind) {
  const close = button("Dismiss", { picture: "close", bare: true, onclick: () => dismiss(shown) });
  const shown = h("div", { class: `toast ${kind}` }, h("span", {}, text), close);
  close.addEventListener("focus", (event) => {
    if (event.relatedTarget && !toasts.contains(event.relatedTarget)) cameFrom = event.relatedTarget;
  });
  toasts.append(shown);
  while (toasts.children.length > MOST) dismiss(toasts.firstChild);
  return shown;
}

let cameFrom = null;

/** Take a note away; the focus, if it is there, goes to the next one or back to where it was before. */
function dismiss(shown) {
  const focused = shown.contains(document.activeElement);
  shown.remove();
  if (focused) (toasts.querySelector("button") ?? cameFrom)?.focus();
}
