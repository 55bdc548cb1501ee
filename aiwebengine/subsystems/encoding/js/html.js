// piece: html
// names: html
// needs: escape
(function (host) {
  // html`…`: a template whose values are escaped unless they are html themselves.
  "use strict";
  const { escapeHtml } = host.use("escape");
  const [BadType, isArray, toJson] = [TypeError, Array.isArray, JSON.stringify];
  const { defineProperty } = Object;
  const KEY = {};   // never leaves this piece, so nothing else can make html
  let isHtml;

  class Html {
    #text;
    constructor(key, text) {
      if (key !== KEY) throw new BadType("Illegal constructor: write html`…` or html.raw(text)");
      this.#text = text;
    }
    toString() { return this.#text; }
    toJSON() { return this.#text; }
    static { isHtml = (value) => typeof value === "object" && value !== null && #text in value; }
  }
  defineProperty(Html.prototype, Symbol.toStringTag, { value: "Html", configurable: true });

  const [TEXT, UNQUOTED, SCRIPT] = [0, 1, 2];

  function render(value, place) {
    if (value === null || value === undefined || value === false) return "";
    if (isHtml(value)) return `${value}`;
    if (isArray(value)) {
      let out = "";
      for (let i = 0; i < value.length; i++) out += render(value[i], place);
      return out;
    }
    if (typeof value === "object" && typeof value.then === "function") {
      throw new BadType("html: a value is a Promise; await it first");
    }
    if (typeof value === "function" || typeof value === "symbol") {
      throw new BadType(`html: a value is a ${typeof value}`);
    }
    if (place === SCRIPT && typeof value !== "number") {
      throw new BadType("html: a value inside <script> must be a number or html.json(value)");
    }
    const text = escapeHtml(value);
    if (place !== UNQUOTED) return text;
    return text === "" ? '""' : text.replace(/[\t\n\f\r =]/g, (c) => `&#${c.charCodeAt(0)};`);
  }

  function html(strings, ...values) {
    if (!isArray(strings) || !isArray(strings.raw)) {
      throw new BadType("html is a template tag: write html`…`, or html.raw(text) to trust a text");
    }
    let out = strings[0];
    let inTag = false, script = 0;   // script: 1 within the tag <script …>, 2 within the element
    for (let i = 0; i < values.length; i++) {
      const part = strings[i];
      const open = part.lastIndexOf("<"), close = part.lastIndexOf(">");
      if (open !== close) inTag = open > close;   // equal only when the part has neither
      const started = part.lastIndexOf("<script");
      if (started >= 0) script = 1;
      if (script === 1 && part.indexOf(">", started) >= 0) script = 2;
      if (script !== 0 && part.indexOf("</script", started) >= 0) script = 0;
      const place = script === 2 ? SCRIPT : inTag && part.trimEnd().endsWith("=") ? UNQUOTED : TEXT;
      out += render(values[i], place) + strings[i + 1];
    }
    return new Html(KEY, out);
  }

  // Text that is html already. The caller vouches for it.
  function raw(text) {
    if (isHtml(text)) return text;
    if (typeof text !== "string") throw new BadType(`html.raw: text must be a string, not ${typeof text}`);
    return new Html(KEY, text);
  }

  // JSON that is safe inside <script> and is an expression of JavaScript.
  function json(value) {
    const text = toJson(value);
    if (text === undefined) throw new BadType("html.json: value has no JSON form");
    return new Html(KEY, text.replace(/[<>&\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")));
  }

  html.raw = raw;
  html.json = json;
  return { html, isHtml, Html };   // Html: for the lockdown, since only its instances lead to it
})
