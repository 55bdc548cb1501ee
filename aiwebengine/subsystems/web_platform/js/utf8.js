// piece: utf8
// UTF-8 both ways by native built-ins (base64, percent-coding), in slices to bound the peak of memory.
(function (host) {
  "use strict";
  const { fromCharCode, fromCodePoint } = String;
  const { fromBase64 } = Uint8Array;
  const { toBase64, subarray } = Uint8Array.prototype;
  const { apply } = Reflect;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const byteLengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
  const { atob, btoa, encodeURIComponent, decodeURIComponent, escape, unescape } = globalThis;
  const SLICE = 65536;

  const latin1Bytes = (text) => apply(fromBase64, Uint8Array, [btoa(text)]);

  function join(chunks, length) {
    if (chunks.length === 1) return chunks[0];
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  // Bytes of a string; lone surrogates become U+FFFD.
  function encode(text) {
    if (!/[^\0-\x7f]/.test(text)) return latin1Bytes(text);
    text = text.toWellFormed();
    const chunks = [];
    let length = 0;
    for (let at = 0; at < text.length;) {
      let end = at + SLICE;
      if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end++;
      const chunk = latin1Bytes(unescape(encodeURIComponent(text.slice(at, end))));
      length += chunk.length;
      chunks.push(chunk);
      at = end;
    }
    return join(chunks, length);
  }

  // The decoder of the Encoding standard, for input that is not valid UTF-8.
  function decodeWithReplacement(bytes) {
    let text = "";
    let point = 0;
    let needed = 0;
    let lower = 0x80;
    let upper = 0xbf;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (needed === 0) {
        if (byte < 0x80) text += fromCharCode(byte);
        else if (byte >= 0xc2 && byte <= 0xf4) {
          needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
          if (byte === 0xe0) lower = 0xa0;
          else if (byte === 0xed) upper = 0x9f;
          else if (byte === 0xf0) lower = 0x90;
          else if (byte === 0xf4) upper = 0x8f;
          point = byte & (0x3f >> needed);
        } else text += "\ufffd";
        continue;
      }
      if (byte < lower || byte > upper) {
        needed = 0;
        text += "\ufffd";
        i--;
      } else {
        point = (point << 6) | (byte & 0x3f);
        if (--needed === 0) text += fromCodePoint(point);
      }
      lower = 0x80;
      upper = 0xbf;
    }
    return needed === 0 ? text : text + "\ufffd";
  }

  // Text of bytes, malformed sequences as U+FFFD; a byte order mark stays unless `stripMark`.
  function decode(bytes, stripMark = false) {
    if (stripMark && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
      bytes = apply(subarray, bytes, [3]);
    let text = "";
    for (let at = 0; at < bytes.length;) {
      let end = Math.min(at + SLICE, bytes.length);
      for (let back = 0; back < 3 && end < bytes.length && (bytes[end] & 0xc0) === 0x80; back++) end--;
      const slice = apply(subarray, bytes, [at, end]);
      const latin1 = atob(apply(toBase64, slice, []));
      if (!/[^\0-\x7f]/.test(latin1)) text += latin1;
      else {
        try {
          text += decodeURIComponent(escape(latin1));
        } catch {
          return text + decodeWithReplacement(apply(subarray, bytes, [at]));
        }
      }
      at = end;
    }
    return text;
  }

  // Percent-decode a string; the result is bytes only where decodeURIComponent refuses.
  function percentDecode(text) {
    if (!text.includes("%")) return text;
    try {
      return decodeURIComponent(text);
    } catch {
      const bytes = encode(text);
      let length = 0;
      for (let i = 0; i < bytes.length; i++) {
        let byte = bytes[i];
        if (byte === 0x25 && i + 2 < bytes.length) {
          const digits = fromCharCode(bytes[i + 1], bytes[i + 2]);
          if (/^[\da-f]{2}$/i.test(digits)) {
            byte = parseInt(digits, 16);
            i += 2;
          }
        }
        bytes[length++] = byte;
      }
      return decode(apply(subarray, bytes, [0, length]));
    }
  }

  // A view of the bytes of a BufferSource, or null for anything else; nothing is copied.
  function viewOf(value) {
    if (isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (typeof value !== "object" || value === null || isArray(value)) return null;
    try {
      apply(byteLengthOf, value, []);
    } catch {
      return null;
    }
    return new Uint8Array(value);
  }

  return { decode, encode, join, percentDecode, viewOf };
})
