// piece: text-bytes
(function (host) {
  // Private: text to UTF-8 and back by the engine's own native routines; a loop in JavaScript is ten times
  // slower. base64 and %-escapes are the only native roads between strings and bytes.
  "use strict";
  const { fromBase64 } = Uint8Array;
  const toBase64 = Uint8Array.prototype.toBase64;
  const [toText, fromText, encode, decode, toEscapes, fromEscapes] =
    [atob, btoa, encodeURIComponent, decodeURIComponent, escape, unescape];
  const { apply } = Reflect;
  const { isView } = ArrayBuffer;
  const [Bytes, Failure] = [Uint8Array, TypeError];
  const bufferByteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
  const CHUNK = 65536;   // keeps the intermediate texts small beside the memory limit

  // The UTF-8 bytes of a string; lone surrogates become U+FFFD.
  function encodeUtf8(text) {
    if (text.length <= CHUNK) return fromBase64(fromText(fromEscapes(encode(text.toWellFormed()))));
    const parts = [];
    let total = 0;
    for (let start = 0; start < text.length;) {
      let end = start + CHUNK;
      const last = text.charCodeAt(end - 1);
      if (last >= 0xd800 && last < 0xdc00) end--;
      const part = encodeUtf8(text.slice(start, end));
      total += part.length;
      parts.push(part);
      start = end;
    }
    const whole = new Bytes(total);
    let at = 0;
    for (let i = 0; i < parts.length; i++) { whole.set(parts[i], at); at += parts[i].length; }
    return whole;
  }

  // The bytes as a string of code units 0-255.
  const latin1 = (bytes) => toText(apply(toBase64, bytes, []));

  // The length of the well-formed sequence at `at`, or minus the length of the maximal ill-formed part
  // which one U+FFFD stands for (Encoding standard, UTF-8 decoder).
  function sequence(text, at) {
    const lead = text.charCodeAt(at);
    if (lead < 0x80) return 1;
    const need = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    for (let i = 1; i <= need; i++) {
      const next = text.charCodeAt(at + i);   // NaN past the end
      if (!(next >= low && next <= high)) return -i;
      low = 0x80; high = 0xbf;
    }
    return need === 0 ? -1 : need + 1;
  }

  function replaceMalformed(text) {
    let out = "", start = 0, at = 0;
    while (at < text.length) {
      const length = sequence(text, at);
      if (length > 0) { at += length; continue; }
      if (at > start) out += decode(toEscapes(text.slice(start, at)));
      out += "\ufffd";
      at -= length;
      start = at;
    }
    return at > start ? out + decode(toEscapes(text.slice(start, at))) : out;
  }

  function decodePart(text, fatal) {
    if (text.search(/[\x80-\xff]/) < 0) return text;
    try {
      return decode(toEscapes(text));
    } catch (error) {
      if (fatal) throw error;
      return replaceMalformed(text);
    }
  }

  const continues = (text, at) => (text.charCodeAt(at) & 0xc0) === 0x80;

  // The text of UTF-8 bytes (a byte order mark is kept). Malformed input throws URIError when `fatal`,
  // else gives U+FFFD.
  function decodeUtf8(bytes, fatal) {
    const text = latin1(bytes);
    if (text.length <= CHUNK) return decodePart(text, fatal);
    let out = "";
    for (let start = 0, end; start < text.length; start = end) {
      end = start + CHUNK;
      // Four continuation bytes in a row: the last belongs to no character, so any cut before it will do.
      for (let back = 0; back < 3 && continues(text, end); back++) end--;
      out += decodePart(text.slice(start, end), fatal);
    }
    return out;
  }

  // How many bytes at the end of `bytes` begin a sequence that may go on in the next chunk.
  function incompleteTail(bytes) {
    const tail = latin1(bytes.subarray(bytes.length > 3 ? bytes.length - 3 : 0));
    for (let at = 0; at < tail.length; at++) {
      const lead = tail.charCodeAt(at);
      if (lead >= 0xc2 && lead < 0xf5 && sequence(tail, at) === at - tail.length) return tail.length - at;
    }
    return 0;
  }

  // A Uint8Array over a buffer source's memory, or null when `value` is none.
  function bytesOf(value) {
    if (isView(value)) return new Bytes(value.buffer, value.byteOffset, value.byteLength);
    try { apply(bufferByteLength, value, []); } catch { return null; }
    return new Bytes(value);
  }

  // The bytes meant by an argument: text as UTF-8, buffer sources as they are. Throws TypeError naming it.
  function bytesFrom(value, name) {
    if (typeof value === "string") return encodeUtf8(value);
    const bytes = typeof value === "object" ? bytesOf(value) : null;
    if (bytes === null) throw new Failure(`${name} must be a string, a typed array or an ArrayBuffer`);
    return bytes;
  }

  return { encodeUtf8, decodeUtf8, incompleteTail, latin1, bytesOf, bytesFrom };
})
