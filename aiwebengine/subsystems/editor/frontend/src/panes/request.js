/** Sending a request to the engine and seeing what comes of it. */

import { json } from "../model/api.js";
import { placeholders, readHeaders, unsendable } from "../model/http.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { say } from "../ui/announce.js";
import { tabs } from "../ui/tabs.js";
import { AnswerView } from "./answer.js";
import { logLine } from "./logline.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const LOG_TRIES_MS = [0, 250, 1000];

/** A form for a request; below it the answer, its headers, timing and log lines. */
export class RequestPane {
  constructor(app) {
    this.app = app;
    this.build();
    for (const topic of ["opened", "scripts", "saved"]) app.bus.on(topic, () => this.renderRoutes());
  }

  build() {
    this.route = h("select", { class: "field", id: "request-route", on: { change: () => this.fillIn() } });
    this.method = h("select", { class: "field method-field", "aria-label": "Method" }, METHODS.map((name) => h("option", {}, name)));
    this.path = h("input", { type: "text", class: "field mono", "aria-label": "Path with query", value: "/", autocomplete: "off", spellcheck: "false" });
    this.send = h("button", { type: "submit", class: "button primary", title: "Send (Ctrl+Enter)" }, icon("play"), h("span", {}, "Send"));
    this.headers = h("textarea", { class: "field mono", id: "request-headers", rows: "2", placeholder: "Accept: application/json", spellcheck: "false" });
    this.text = h("textarea", { class: "field mono", id: "request-body", rows: "4", placeholder: '{"name": "value"}', spellcheck: "false" });
    this.cookies = h("input", { type: "checkbox", checked: true });
    this.error = h("p", { class: "field-error", role: "alert" });
    this.more = h(
      "details",
      { class: "request-more" },
      h("summary", {}, "Headers and body"),
      h("label", { for: "request-headers" }, "Headers, one a line"),
      this.headers,
      h("label", { for: "request-body" }, "Body"),
      this.text,
      h("label", { class: "check" }, this.cookies, "with this browser’s cookies"),
    );
    const form = h(
      "form",
      {
        class: "request-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            this.run();
          },
        },
      },
      h("div", { class: "request-route" }, h("label", { for: "request-route" }, "Route"), this.route),
      h("div", { class: "request-line" }, this.method, this.path, this.send),
      this.more,
      this.error,
    );
    this.answer = new AnswerView();
    this.log = h("div", { class: "log-lines", role: "region", "aria-label": "Log of this request", tabindex: "0" });
    this.tabs = tabs(
      "answer",
      [
        { id: "body", label: "Body", panel: this.answer.body },
        { id: "headers", label: "Headers", panel: this.answer.headers },
        { id: "timing", label: "Timing", panel: this.answer.timing },
        { id: "log", label: "Log", panel: h("div", { class: "answer-log" }, this.log) },
      ],
      { label: "Answer" },
    );
    this.result = h("div", { class: "answer", hidden: true }, this.answer.summary, this.tabs.list, this.tabs.panels);
    this.hint = h("p", { class: "hint" }, "The request goes to this engine, as any client’s would; the API key is not sent.");
    this.element = h("section", { class: "panel request-panel" }, form, this.hint, this.result);
    this.renderRoutes();
  }

  /** The routes of the open script first, then all others. */
  renderRoutes() {
    const uri = this.app.editor?.current?.uri;
    const chosen = this.route.value;
    const group = (label, records) => {
      const options = records.flatMap((record) => record.routes.map((route) => option(route)));
      return options.length ? h("optgroup", { label }, options) : null;
    };
    const all = this.app.scripts.all();
    const own = all.filter((record) => record.uri === uri);
    fill(this.route, h("option", { value: "" }, "any address"), group(uri ?? "", own), all.filter((record) => record.uri !== uri).map((record) => group(record.uri, [record])));
    const values = [...this.route.options].map((one) => one.value);
    if (uri !== this.uri && own[0]?.routes.length) {
      this.uri = uri;
      const touched = this.path.value !== "/" && !values.includes(`${this.method.value} ${this.path.value.split("?")[0]}`);
      if (!touched) {
        this.choose(own[0].routes[0], false);
        return;
      }
    }
    this.route.value = values.includes(chosen) ? chosen : "";
  }

  /** Take a route's method and path over; a parameter in it is selected, to be typed over. */
  choose(route, focus = true) {
    this.route.value = `${route.method} ${route.path}`;
    this.fillIn(focus);
  }

  fillIn(focus = true) {
    const [method, path] = this.route.value.split(" ");
    if (!path) return;
    if (!METHODS.includes(method)) this.method.append(h("option", {}, method));
    this.method.value = method;
    this.path.value = path;
    if (["POST", "PUT", "PATCH"].includes(method)) this.more.open = true;
    if (focus && !this.askForPlaceholder()) this.path.focus();
  }

  /** Select the first `:name` or `*rest` of the path, to be typed over; gives whether there is one. */
  askForPlaceholder() {
    const path = this.path.value;
    const [first] = placeholders(path);
    fill(this.error);
    if (!first) return false;
    this.path.focus();
    this.path.setSelectionRange(path.indexOf(first), path.indexOf(first) + first.length);
    say(`Type over ${first}, then send.`);
    return true;
  }

  /** What is to be sent; raises Error saying what is wrong with it. */
  described() {
    const path = this.path.value.trim();
    const url = new URL(path, location.origin);
    if (!path.startsWith("/") || url.origin !== location.origin) throw new Error("The path begins with one slash: only this engine is asked.");
    const pairs = readHeaders(this.headers.value);
    const refused = unsendable(pairs);
    if (refused.length) throw new Error(`Browsers do not let a page send ${refused.join(", ")}.`);
    const method = this.method.value;
    const body = this.text.value && !["GET", "HEAD"].includes(method) ? this.text.value : undefined;
    const headers = new Headers(pairs);
    if (body !== undefined && !headers.has("content-type")) headers.set("Content-Type", looksLikeJson(body) ? "application/json" : "text/plain; charset=utf-8");
    if (!headers.has("x-request-id")) headers.set("X-Request-Id", `editor-${crypto.randomUUID().slice(0, 13)}`);
    return { url, method, headers, body };
  }

  /** Send it; while an answer is coming in, the same button stops it. */
  async run() {
    if (this.control) {
      this.control.abort();
      return;
    }
    fill(this.error);
    let wanted;
    try {
      wanted = this.described();
    } catch (error) {
      fill(this.error, error.message);
      return;
    }
    this.control = new AbortController();
    this.setRunning(true);
    this.result.hidden = false;
    fill(this.log, h("p", { class: "hint" }, "…"));
    const { url, ...init } = wanted;
    const began = performance.now();
    let requestId = wanted.headers.get("x-request-id");
    try {
      const response = await fetch(url, { ...init, signal: this.control.signal, cache: "no-store", credentials: this.cookies.checked ? "same-origin" : "omit" });
      requestId = response.headers.get("x-request-id") ?? requestId;
      await this.answer.show(response, { began, requestId });
      say(`Status ${response.status}`);
    } catch (error) {
      if (error.name === "AbortError") this.answer.stopped();
      else {
        this.answer.failed(`No answer: ${error.message}`);
        say("No answer");
      }
    } finally {
      this.control = null;
      this.setRunning(false);
    }
    await this.showLog(requestId);
  }

  setRunning(running) {
    fill(this.send, icon(running ? "stop" : "play"), h("span", {}, running ? "Stop" : "Send"));
  }

  /** The request's own log lines; they may come a moment after the answer. */
  async showLog(requestId) {
    this.requestId = requestId;
    for (const wait of LOG_TRIES_MS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.requestId !== requestId) return;
      let entries;
      try {
        ({ entries } = await json(`/engine/logs?request_id=${encodeURIComponent(requestId)}&limit=500`));
      } catch (error) {
        fill(this.log, h("p", { class: "hint" }, error.message));
        return;
      }
      fill(this.log, entries.length ? entries.map((entry) => logLine(entry)) : h("p", { class: "hint" }, "This request logged nothing."));
      fill(this.tabs.list.lastChild, entries.length ? `Log (${entries.length})` : "Log");
      if (entries.length) return;
    }
  }
}

const option = (route) => h("option", { value: `${route.method} ${route.path}` }, `${route.method} ${route.path}`);

function looksLikeJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
