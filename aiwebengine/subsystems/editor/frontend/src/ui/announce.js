/** Saying to assistive technology what sighted people see happen. */

import { h } from "./dom.js";

const polite = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
const urgent = h("div", { class: "unseen", role: "alert", "aria-live": "assertive" });

/** The elements that speak; put them into the page once. */
export const voices = [polite, urgent];

/** Say something when there is a pause. */
export function say(text) {
  polite.textContent = text;
}

/** Say something at once. */
export function warn(text) {
  urgent.textContent = text;
}
