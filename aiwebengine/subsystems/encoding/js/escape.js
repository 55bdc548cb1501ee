// piece: escape
// names: escapeHtml escapeJs escapeCss encodeUrl decodeUrl
(function (host) {
  // What makes a text safe in a place it was not written for: one function per place.
  "use strict";
  const [BadType, BadRange, encode, decode] = [TypeError, RangeError, encodeURIComponent, decodeURIComponent];
  const ENTITIES = { __proto__: null, "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;" };

  // The text of an argument: strings, and what prints as one without surprises.
  function textOf(value, name) {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return `${value}`;
    if (value !== null && typeof value === "object" && typeof value.toString === "function") return `${value}`;
    throw new BadType(`${name} must be a string, not ${value === null ? "null" : typeof value}`);
  }

  // For element text and for attribute values in quotes of either kind.
  function escapeHtml(text) {
    const source = textOf(text, "escapeHtml: text");
    return source.search(/[&<>"'`]/) < 0 ? source : source.replace(/[&<>"'`]/g, (c) => ENTITIES[c]);
  }

  const hex = (code) => "\\u" + code.toString(16).padStart(4, "0");

  // For the inside of a quoted string or template literal of a script, in <script>, in an event attribute, or
  // in JSON: all that could end the string, the element or the attribute is written \uXXXX.
  function escapeJs(text) {
    return textOf(text, "escapeJs: text").replace(
      /[\0-\x1f"'`\\$<>&=\/\-\x7f-\x9f\u2028\u2029\ufeff]/g, (c) => hex(c.charCodeAt(0)));
  }

  // A CSS identifier (CSSOM, "serialize an identifier"); also safe inside a quoted CSS string.
  function escapeCss(text) {
    const source = textOf(text, "escapeCss: text");
    if (source === "-") return "\\-";
    return source.replace(/[\0-\x2c.\/:-@\[-^`{-\x7f]|^-?[0-9]/g, (found) => {
      const last = found[found.length - 1], code = last.charCodeAt(0);
      const before = found.length === 2 ? "-" : "";
      if (code === 0) return "\ufffd";
      if (code < 0x20 || code === 0x7f || (code >= 0x30 && code <= 0x39)) return `${before}\\${code.toString(16)} `;
      return `\\${last}`;
    });
  }

  // One path segment or query value: everything but A-Z a-z 0-9 - . _ ~ (RFC 3986 unreserved) as %XX.
  function encodeUrl(text) {
    return encode(textOf(text, "encodeUrl: text").toWellFormed()).replace(
      /[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
  }

  function decodeUrl(text) {
    const source = textOf(text, "decodeUrl: text");
    try {
      return decode(source);
    } catch {
      throw new BadRange("decodeUrl: text has a malformed %-escape or is not UTF-8");
    }
  }

  return { escapeHtml, escapeJs, escapeCss, encodeUrl, decodeUrl };
})
