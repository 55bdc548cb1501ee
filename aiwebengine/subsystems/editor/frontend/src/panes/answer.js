/** An answer as it comes in: status, body by its kind, headers, timing. */

import { javascript } from "@codemirror/lang-javascript";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { reading } from "../code/setup.js";
import { serverTiming } from "../model/figures.js";
import { bytes, ms } from "../model/format.js";
import { hexDump, kindOf, pretty } from "../model/http.js";
import { fill, h } from "../ui/dom.js";

const MOST_SHOWN = 2 * 1024 * 1024;

/** Shows one answer at a time. */
export class AnswerView {
  constructor() {
    this.summary = h("div", { class: "answer-summary", role: "group", "aria-label": "Answer" });
    this.body = h("div", { class: "answer-body" });
    this.headers = h("div", { class: "answer-headers scrolls", tabindex: "0" });
    this.timing = h("div", { class: "answer-timing scrolls", tabindex: "0" });
    this.view = null;
    this.url = "";
  }

  /** Show a Response while it is read; `began` is when it was asked for, by performance.now(). */
  async show(response, { began, requestId }) {
    this.clear();
    const head = { status: response.status, text: response.statusText, requestId, redirected: response.redirected ? new URL(response.url).pathname : "" };
    const first = performance.now() - began;
    this.renderSummary({ ...head, took: first });
    const type = response.headers.get("content-type");
    this.renderHeaders(response.headers);
    this.renderTiming(response.headers.get("server-timing"), first);
    const kind = kindOf(type);
    const streaming = kind === "events" || kind === "text";
    const content = await read(response, (text) => streaming && this.showText(text, ""));
    const took = performance.now() - began;
    this.renderSummary({ ...head, took, size: content.size });
    this.renderTiming(response.headers.get("server-timing"), first, took);
    this.renderBody(content, kind, type);
  }

  /** Say that there was none. */
  failed(message) {
    this.clear();
    fill(this.summary, h("span", { class: "status bad" }, "failed"), h("span", {}, message));
  }

  /** Say that reading was stopped; what came so far stays. */
  stopped() {
    this.summary.append(h("span", { class: "badge" }, "stopped"));
  }

  clear() {
    this.view?.destroy();
    this.view = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = "";
    for (const part of [this.summary, this.body, this.headers, this.timing]) fill(part);
  }

  renderSummary({ status, text, requestId, redirected, took, size }) {
    const kind = status >= 500 ? "bad" : status >= 400 ? "warn" : "good";
    fill(
      this.summary,
      h("span", { class: `status ${kind}` }, `${status} ${text}`.trim()),
      h("span", {}, ms(took)),
      size !== undefined && h("span", {}, bytes(size)),
      redirected && h("span", { class: "badge", title: "The answer is that of another address" }, `→ ${redirected}`),
      h("span", { class: "grow" }),
      h("code", { class: "request-id", title: "X-Request-Id" }, requestId),
    );
  }

  renderHeaders(headers) {
    const rows = [...headers].map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
    fill(this.headers, h("table", { class: "table headers" }, h("tbody", {}, rows)));
  }

  renderTiming(header, first, took) {
    const names = { total: "in the engine", queue: "waiting for a sandbox", cpu: "CPU of the script", memory: "memory at most", hostcalls: "host calls" };
    const rows = serverTiming(header).map(({ name, ms: value, text }) => [names[name] ?? name, value === null ? sized(text) : ms(value)]);
    rows.push(["until the first byte, seen from here", ms(first)]);
    if (took !== undefined) rows.push(["until the end, seen from here", ms(took)]);
    fill(
      this.timing,
      h("table", { class: "table" }, h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, value))))),
      !header && h("p", { class: "hint" }, "The engine says what a request costs (Server-Timing) in development mode only."),
    );
  }

  renderBody({ data, size, cut }, kind, type) {
    if (!size) {
      this.view?.destroy();
      this.view = null;
      fill(this.body, h("p", { class: "hint" }, "The answer has no body."));
      return;
    }
    if (kind === "image") {
      this.url = URL.createObjectURL(new Blob([data], { type }));
      const picture = h("img", { src: this.url, alt: "The image answered" });
      picture.addEventListener("load", () => caption.append(` · ${picture.naturalWidth} × ${picture.naturalHeight}`), { once: true });
      const caption = h("figcaption", {}, type);
      fill(this.body, h("figure", { class: "picture" }, picture, caption));
      return;
    }
    const text = kind === "bytes" ? hexDump(data) : new TextDecoder().decode(data);
    this.showText(kind === "json" ? pretty(text) : text, kind);
    if (cut) this.body.prepend(h("p", { class: "notice" }, `Only the first ${bytes(MOST_SHOWN)} are shown.`));
  }

  showText(text, kind) {
    const extensions = [
      ...reading(),
      kind === "json" ? javascript() : [],
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Body of the answer", "aria-readonly": "true", tabindex: "0" }),
    ];
    if (this.view && !kind) {
      this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
      this.view.scrollDOM.scrollTop = this.view.scrollDOM.scrollHeight;
      return;
    }
    this.view?.destroy();
    fill(this.body);
    this.view = new EditorView({ parent: this.body, doc: text, extensions });
  }
}

/** Read a body, at most as much as is shown; `progress(text)` is told of what is there so far. */
async function read(response, progress) {
  const pieces = [];
  let size = 0;
  let shown = "";
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = reader ? await reader.read() : { done: true };
    if (done) break;
    size += value.length;
    if (size <= MOST_SHOWN) {
      pieces.push(value);
      if (size < 65536) progress((shown += decoder.decode(value, { stream: true })));
    }
  }
  return { data: new Uint8Array(await new Blob(pieces).arrayBuffer()), size, cut: size > MOST_SHOWN };
}

function sized(text) {
  const found = /^(\d+) bytes$/.exec(text);
  return found ? bytes(Number(found[1])) : text;
}
