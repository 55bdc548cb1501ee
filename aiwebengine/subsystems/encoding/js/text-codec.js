// piece: text-codec
// names: TextEncoder TextDecoder
// needs: text-bytes
(function (host) {
  // The Encoding standard's interfaces, for UTF-8, UTF-16 and windows-1252 (which latin1 and ASCII name).
  "use strict";
  const { encodeUtf8, decodeUtf8, incompleteTail, latin1, bytesOf } = host.use("text-bytes");
  const [Bytes, Units, BadType, BadRange, MalformedUri] = [Uint8Array, Uint16Array, TypeError, RangeError, URIError];
  const { fromCharCode } = String;
  const { apply } = Reflect;
  const { defineProperty } = Object;

  const LABELS = {
    __proto__: null,
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16le": "utf-16le utf-16 csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff",
    "utf-16be": "utf-16be unicodefffe",
    "windows-1252": "windows-1252 ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 " +
      "iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252",
  };
  // What windows-1252 has at 0x80-0x9f; the other bytes are their own code points.
  const HIGH_1252 = "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
    "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

  function encodingOf(label) {
    const wanted = label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
    if (wanted !== "" && !wanted.includes(" ")) {
      for (const name in LABELS) if (` ${LABELS[name]} `.includes(` ${wanted} `)) return name;
    }
    throw new BadRange(`TextDecoder: label ${JSON.stringify(label)} names no supported encoding`);
  }

  function dictionary(options, where) {
    if (options === undefined || options === null) return {};
    if (typeof options !== "object" && typeof options !== "function") {
      throw new BadType(`${where}: options must be an object`);
    }
    return options;
  }

  // Whole code units as text. A lone surrogate is U+FFFD, or an error when fatal.
  function decodeUtf16(bytes, big, fatal) {
    const copy = bytes.slice();
    if (big) for (let at = 1; at < copy.length; at += 2) [copy[at - 1], copy[at]] = [copy[at], copy[at - 1]];
    const units = new Units(copy.buffer);   // every platform we run on is little-endian
    let text = "";
    for (let at = 0; at < units.length; at += 8192) text += apply(fromCharCode, null, units.subarray(at, at + 8192));
    if (fatal && !text.isWellFormed()) throw new MalformedUri("lone surrogate");
    return text.toWellFormed();
  }

  // How many bytes of UTF-16 to keep for the next chunk: half a unit, a lead surrogate, or both.
  function incompleteUtf16(bytes, big) {
    const odd = bytes.length % 2;
    const last = bytes.length - odd - (big ? 2 : 1);
    return odd + (last >= 0 && (bytes[last] & 0xfc) === 0xd8 ? 2 : 0);
  }

  class TextEncoder {
    #brand;
    get encoding() { this.#brand; return "utf-8"; }
    encode(input = "") { this.#brand; return encodeUtf8(`${input}`); }
    encodeInto(source, destination) {
      this.#brand;
      if (arguments.length < 2) throw new BadType("TextEncoder.encodeInto: needs source and destination");
      const text = `${source}`;
      if (!(destination instanceof Bytes)) throw new BadType("TextEncoder.encodeInto: destination must be a Uint8Array");
      const room = destination.length;
      let read = text.length;
      let bytes = read <= room ? encodeUtf8(text) : null;   // no code unit takes less than a byte
      if (bytes === null || bytes.length > room) {
        read = 0;
        for (let written = 0; ;) {
          const code = text.codePointAt(read);
          written += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
          if (written > room) break;
          read += code > 0xffff ? 2 : 1;
        }
        bytes = encodeUtf8(text.slice(0, read));
      }
      destination.set(bytes);
      return { read, written: bytes.length };
    }
  }

  class TextDecoder {
    #encoding; #fatal; #ignoreBOM;
    #kept = null;      // bytes of an unfinished character, while streaming
    #bomSeen = false;
    constructor(label = "utf-8", options = undefined) {
      this.#encoding = encodingOf(`${label}`);
      const { fatal, ignoreBOM } = dictionary(options, "TextDecoder");
      this.#fatal = !!fatal;
      this.#ignoreBOM = !!ignoreBOM;
    }
    get encoding() { return this.#encoding; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    decode(input = undefined, options = undefined) {
      const encoding = this.#encoding, fatal = this.#fatal;
      let bytes = input === undefined ? new Bytes(0) : bytesOf(input);
      if (bytes === null) throw new BadType("TextDecoder.decode: input must be an ArrayBuffer or a view of one");
      const stream = !!dictionary(options, "TextDecoder.decode").stream;
      if (this.#kept !== null) {
        const kept = this.#kept, joined = new Bytes(kept.length + bytes.length);
        joined.set(kept);
        joined.set(bytes, kept.length);
        bytes = joined;
        this.#kept = null;
      }
      const utf8 = encoding === "utf-8", big = encoding === "utf-16be";
      const single = encoding === "windows-1252";
      let rest = 0;
      if (stream && !single) rest = utf8 ? incompleteTail(bytes) : incompleteUtf16(bytes, big);
      else if (!single && !utf8) rest = bytes.length % 2;   // half a unit at the very end
      const whole = rest === 0 ? bytes : bytes.subarray(0, bytes.length - rest);
      let text;
      try {
        if (utf8) text = decodeUtf8(whole, fatal);
        else if (single) text = latin1(whole).replace(/[\x80-\x9f]/g, (c) => HIGH_1252[c.charCodeAt(0) - 0x80]);
        else {
          if (rest !== 0 && !stream && fatal) throw new MalformedUri("half a code unit");
          text = decodeUtf16(whole, big, fatal);
          if (rest !== 0 && !stream) text += text !== "" && incompleteUtf16(whole, big) !== 0 ? "" : "\ufffd";
        }
      } catch (error) {
        this.#bomSeen = false;
        if (!(error instanceof MalformedUri)) throw error;
        throw new BadType(`TextDecoder.decode: input is not valid ${encoding}`);
      }
      if (stream && rest !== 0) this.#kept = bytes.slice(bytes.length - rest);
      if (text !== "" && !this.#bomSeen && !single) {
        this.#bomSeen = true;
        if (!this.#ignoreBOM && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      }
      if (!stream) this.#bomSeen = false;
      return text;
    }
  }

  const shown = { enumerable: true };
  for (const [type, names] of [
    [TextEncoder, ["encoding", "encode", "encodeInto"]],
    [TextDecoder, ["encoding", "fatal", "ignoreBOM", "decode"]],
  ]) {
    for (const name of names) defineProperty(type.prototype, name, shown);
    defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
  }
  return { TextEncoder, TextDecoder };
})
