/** The log as it is written. */

import { call, json } from "../model/api.js";
import { follow } from "../model/events.js";
import { say } from "../ui/announce.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { logLine } from "./logline.js";

const MOST_LINES = 1000;
const FIRST_LINES = 200;

/** Follows the engine's log: by script, level and text; can be paused. */
export class LogPane {
  constructor(app) {
    this.app = app;
    this.paused = false;
    this.held = [];
    this.waiting = [];
    this.request = "";
    this.build();
    app.bus.on("scripts", () => this.renderScripts());
    app.bus.on("opened", (document) => {
      if (this.follows.checked) this.choose(document?.uri ?? "");
    });
  }

  build() {
    const changed = () => this.restart();
    this.script = h("select", { class: "field", "aria-label": "Script", on: { change: () => this.choose(this.script.value) } });
    this.level = h(
      "select",
      { class: "field", "aria-label": "Least severe level", on: { change: changed } },
      [["", "all levels"], ["info", "info and up"], ["warn", "warn and up"], ["error", "errors"]].map(([value, text]) => h("option", { value }, text)),
    );
    this.contains = h("input", { type: "search", class: "field", placeholder: "Text", "aria-label": "Lines with this text", autocomplete: "off", on: { change: changed } });
    this.pause = button("Pause", { picture: "pause", "aria-pressed": "false", onclick: () => this.setPaused(!this.paused) });
    this.follows = h("input", { type: "checkbox", on: { change: () => this.choose(this.follows.checked ? this.app.editor.current?.uri ?? "" : "") } });
    this.aloud = h("input", { type: "checkbox", on: { change: () => this.lines.setAttribute("aria-live", this.aloud.checked ? "polite" : "off") } });
    this.state = h("span", { class: "stream-state" });
    this.only = h("div", { class: "notice", hidden: true });
    this.lines = h("div", { class: "log-lines", role: "log", "aria-live": "off", "aria-label": "Log lines", tabindex: "0" });
    this.element = h(
      "section",
      { class: "panel log-panel" },
      h(
        "div",
        { class: "panel-bar" },
        this.script,
        this.level,
        this.contains,
        this.pause,
        button("Clear", { picture: "clear", bare: true, title: "Clear what is shown", onclick: () => fill(this.lines) }),
      ),
      h("div", { class: "panel-bar slim" }, h("label", { class: "check" }, this.follows, "follow the open script"), h("label", { class: "check" }, this.aloud, "read aloud"), h("div", { class: "grow" }), this.state),
      this.only,
      this.lines,
    );
    this.renderScripts();
  }

  renderScripts() {
    const chosen = this.script.value;
    const names = this.app.scripts.all().map((record) => record.uri);
    if (chosen && !names.includes(chosen)) names.push(chosen);
    fill(this.script, h("option", { value: "" }, "all scripts"), names.map((uri) => h("option", { value: uri }, uri)));
    this.script.value = chosen;
  }

  choose(uri) {
    if (uri && ![...this.script.options].some((option) => option.value === uri)) this.script.append(h("option", { value: uri }, uri));
    this.script.value = uri;
    this.restart();
  }

  /** Show only the lines of one request, "" for all again. */
  ofRequest(id) {
    this.request = id;
    // What had the focus is about to go: the button of a line, or that of the notice.
    if (this.only.contains(document.activeElement) || this.lines.contains(document.activeElement)) this.lines.focus();
    this.only.hidden = !id;
    if (id) fill(this.only, h("span", {}, "Request ", h("code", {}, id)), button("Show all", { picture: "close", onclick: () => this.ofRequest("") }));
    this.restart();
  }

  filters() {
    const query = new URLSearchParams();
    if (this.script.value && !this.request) query.set("script", this.script.value);
    if (this.level.value) query.set("level", this.level.value);
    if (this.contains.value.trim()) query.set("contains", this.contains.value.trim());
    if (this.request) query.set("request_id", this.request);
    return query;
  }

  /** Begin anew with the filters as they are. */
  async restart() {
    this.control?.abort();
    const control = new AbortController();
    this.control = control;
    fill(this.lines);
    this.waiting = [];
    const query = this.filters();
    try {
      const { entries, next } = await json(`/engine/logs?${new URLSearchParams([...query, ["limit", FIRST_LINES]])}`, { signal: control.signal });
      this.add(entries);
      follow({
        signal: control.signal,
        lastId: String(next),
        open: (lastId, signal) => call(`/engine/logs/stream?${query}`, { signal, headers: { Accept: "text/event-stream", "Last-Event-ID": lastId } }),
        received: (events) => this.receive(events.map((event) => JSON.parse(event.data))),
        state: (connected, error) => this.renderState(connected, error),
      });
    } catch (error) {
      if (error.name !== "AbortError") this.renderState(false, error);
    }
  }

  receive(entries) {
    if (this.paused) {
      this.held.push(...entries);
      this.held.splice(0, this.held.length - MOST_LINES);
      this.renderState(true);
      return;
    }
    if (!this.waiting.length) requestAnimationFrame(() => this.add(this.waiting.splice(0)));
    this.waiting.push(...entries);
  }

  add(entries) {
    const { lines } = this;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
    lines.append(...entries.slice(-MOST_LINES).map((entry) => logLine(entry, { script: !this.script.value, chosen: this.request ? null : (one) => this.ofRequest(one.request_id) })));
    while (lines.childElementCount > MOST_LINES) lines.firstChild.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  setPaused(paused) {
    this.paused = paused;
    this.pause.setAttribute("aria-pressed", String(paused));
    fill(this.pause, icon(paused ? "play" : "pause"), h("span", {}, paused ? "Go on" : "Pause"));
    say(paused ? "The log is paused." : "The log goes on.");
    if (!paused) this.add(this.held.splice(0));
    this.renderState(this.connected);
  }

  renderState(connected, error) {
    this.connected = connected;
    const text = error ? error.message : !connected ? "not connected" : this.paused ? `paused, ${this.held.length} waiting` : "live";
    this.state.className = `stream-state ${connected && !this.paused ? "good" : "warn"}`;
    if (this.state.textContent !== text) fill(this.state, h("span", { class: "dot" }), text);
  }
}
