/** The keyboard shortcuts. */

import { tell } from "../ui/dialog.js";
import { h } from "../ui/dom.js";

const MOD = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

const KEYS = [
  ["Everywhere", [
    [`${MOD} S`, "Save: the script is live"],
    [`${MOD} Shift S`, "Save with a message"],
    [`${MOD} Enter`, "Send the request"],
    [`${MOD} K`, "Go to a script"],
    ["Alt N", "New script"],
    ["Alt C", "Save as canary"],
    ["Alt 1 … 6", "Request, log, versions, routes, metrics, assets"],
    ["F6 / Shift F6", "Next / previous region"],
    ["F1", "This list"],
  ]],
  ["Text", [
    [`${MOD} Space`, "Complete"],
    ["F8 / Shift F8", "Next / previous problem"],
    [`${MOD} F`, "Find and replace"],
    [`${MOD} Z`, "Undo"],
    [`${MOD} /`, "Comment"],
    ["Esc, then Tab", "Leave the text (Tab alone indents)"],
  ]],
  ["Scripts and assets", [
    ["↑ ↓ ← →", "Walk the list"],
    ["Enter", "Open and edit"],
    ["F2", "Rename"],
    ["Del", "Delete"],
  ]],
];

/** Show them. */
export function showHelp() {
  const group = ([title, keys]) =>
    h("section", {}, h("h3", {}, title), h("dl", { class: "keys" }, keys.map(([key, what]) => [h("dt", {}, key.split(" ").map((part, index, all) => (/^[/…]$|^then$/.test(part) && index < all.length - 1 ? ` ${part} ` : h("kbd", {}, part.replace(",", ""))))), h("dd", {}, what)])));
  return tell("Keyboard shortcuts", h("div", { class: "key-groups" }, KEYS.map(group)));
}
