/** How an entry of the log is shown. */

import { clock } from "../model/format.js";
import { h } from "../ui/dom.js";

/** One entry as an element; `chosen(entry)` is called when its request is asked for. */
export function logLine(entry, { script = true, chosen } = {}) {
  const place = entry.script && entry.line ? `${entry.script}:${entry.line}` : entry.script;
  return h(
    "div",
    { class: `log-line ${entry.level}` },
    h("time", { datetime: entry.timestamp, title: entry.timestamp }, clock(entry.timestamp)),
    h("span", { class: "level" }, entry.audit ? "audit" : entry.level),
    script && place && h("span", { class: "log-script" }, place),
    h("span", { class: "log-text", title: entry.audit && entry.message }, entry.audit ? sentence(entry.audit) : entry.message),
    chosen && entry.request_id && h("button", { type: "button", class: "log-request", title: `All lines of request ${entry.request_id}`, "aria-label": `All lines of request ${entry.request_id}`, on: { click: () => chosen(entry) } }, "⋯"),
  );
}

/** An entry of the audit trail in a few words; all of it is the line's title. */
function sentence({ action, version, actor, ip, refused }) {
  const what = [action, version && `version ${version}`, actor && `by ${actor}`, ip && `from ${ip}`].filter(Boolean).join(" ");
  return refused ? `${what}, refused: ${refused}` : what;
}
