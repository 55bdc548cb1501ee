/** What the engine does right now: tiles, and the latest requests. */

import { json } from "../model/api.js";
import { figures, isOwn } from "../model/figures.js";
import { clock, ms } from "../model/format.js";
import { fill, h } from "../ui/dom.js";
import { keepingFocus } from "../ui/focus.js";

const EVERY_MS = 3000;
const MOST = 1000;
const ROWS = 60;
const SVG = "http://www.w3.org/2000/svg";

/** Asks for figures while it is shown. */
export class MetricsPane {
  constructor(app) {
    this.app = app;
    this.tiles = h("div", { class: "tiles" });
    this.own = h("input", { type: "checkbox", on: { change: () => this.refresh() } });
    this.checks = h("div", { class: "checks" });
    this.body = h("tbody");
    this.hint = h("p", { class: "hint" });
    this.table = h("table", { class: "table" }, h("thead", {}, h("tr", {}, ["Time", "Request", "Status", "Wall", "CPU"].map((text) => h("th", { scope: "col" }, text)))), this.body);
    this.none = h("p", { class: "hint", hidden: true }, "No requests yet. Whoever asks this engine appears here; Try sends a request.");
    this.element = h(
      "section",
      { class: "panel scrolls" },
      this.tiles,
      this.checks,
      h("div", { class: "panel-bar slim" }, h("h3", {}, "Latest requests"), h("div", { class: "grow" }), h("label", { class: "check" }, this.own, "with the engine’s own")),
      this.table,
      this.none,
      this.hint,
    );
  }

  /** Take note that the panel is shown or hidden. */
  setVisible(visible) {
    clearInterval(this.timer);
    if (!visible) return;
    this.refresh();
    this.timer = setInterval(() => document.hidden || this.refresh(), EVERY_MS);
  }

  async refresh() {
    try {
      const { requests } = await json(`/engine/requests?limit=${MOST}`);
      const now = requests.length ? requests[0].started : 0;
      this.render(figures(requests, { now, own: this.own.checked }), requests);
      fill(this.hint);
    } catch (error) {
      fill(this.hint, error.message);
    }
    fill(this.checks, Object.entries(this.app.health?.checks ?? {}).map(([name, check]) => h("span", { class: `badge ${check.status}`, title: check.message }, `${name} ${check.status}${check.latency_ms ? ` · ${ms(check.latency_ms)}` : ""}`)));
  }

  render(now, requests) {
    const share = now.requests ? `${((100 * now.errors) / now.requests).toFixed(now.errors && now.errors < now.requests ? 1 : 0)} %` : "–";
    fill(
      this.tiles,
      tile("Requests", `${now.requests}`, "in the last minute", bars(now.spans)),
      tile("Errors", `${now.errors}`, `${share} · ${now.refused} refused (4xx)`, null, now.errors ? "bad" : ""),
      tile("Wall time", ms(now.wall50), `p50 · p99 ${ms(now.wall99)}`),
      tile("CPU time", ms(now.cpu50), `p50 · p99 ${ms(now.cpu99)}`),
      tile("Queue", ms(now.queue99), "p99 wait for a sandbox"),
      tile("Up", up(this.app.health?.uptime_s), `version ${this.app.health?.version ?? "–"}`),
    );
    const shown = requests.filter((record) => this.own.checked || !isOwn(record)).slice(0, ROWS);
    keepingFocus(this.body, () => fill(this.body, shown.map((record) => this.row(record))), () => this.own);
    this.table.hidden = !shown.length;
    this.none.hidden = !!shown.length;
  }

  row(record) {
    const kind = record.status >= 500 ? "bad" : record.status >= 400 ? "warn" : "good";
    const opens = h("button", { type: "button", class: "link path", "data-key": record.request_id, title: `${record.path}\nShow the log of this request`, on: { click: () => this.app.showRequestLog(record.request_id) } }, record.path);
    return h(
      "tr",
      {},
      h("td", { class: "time" }, clock(record.timestamp).slice(0, 8)),
      h("td", { class: "request-cell" }, h("span", { class: `method ${record.method.toLowerCase()}` }, record.method), " ", opens),
      h("td", {}, h("span", { class: `status ${kind}` }, record.status || "cut off")),
      h("td", { class: "number" }, ms(record.wall_ms)),
      h("td", { class: "number" }, record.script ? ms(record.cpu_ms) : "–"),
    );
  }
}

function tile(name, value, more, picture, kind = "") {
  return h("div", { class: `tile ${kind}` }, h("div", { class: "tile-name" }, name), h("div", { class: "tile-value" }, value), h("div", { class: "tile-more" }, more), picture);
}

/** Requests in the last minute, errors in another colour. */
function bars(spans) {
  const most = Math.max(1, ...spans.map((span) => span.requests));
  const svg = document.createElementNS(SVG, "svg");
  const set = (element, values) => Object.entries(values).forEach(([key, value]) => element.setAttribute(key, value));
  set(svg, { viewBox: `0 0 ${spans.length * 4} 20`, class: "bars", "aria-hidden": "true", preserveAspectRatio: "none" });
  spans.forEach((span, index) => {
    for (const [count, kind] of [[span.requests, "all"], [span.errors, "bad"]]) {
      if (!count) continue;
      const height = Math.max(1.5, (count / most) * 20);
      const bar = document.createElementNS(SVG, "rect");
      set(bar, { x: index * 4 + 0.5, y: 20 - height, width: 3, height, class: kind });
      svg.append(bar);
    }
  });
  return svg;
}

function up(seconds) {
  if (seconds === undefined) return "–";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86400 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} d`;
}
