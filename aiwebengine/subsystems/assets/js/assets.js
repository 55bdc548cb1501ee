// piece: assets
// names: assets
// needs: request-shape
(function (host) {
  // Files that last. Small contents travel with one call, as text or base64; large ones in parts, so that
  // beside the content itself little of the memory limit is used.
  "use strict";
  const [BadType, BadRange, Bytes, Buffer] = [TypeError, RangeError, Uint8Array, ArrayBuffer];
  const { fromBase64 } = Bytes;
  const { toBase64, subarray, set, slice } = Bytes.prototype;
  const { isView } = Buffer;
  const { apply, getPrototypeOf } = Reflect;
  const { keys } = Object;
  const { parse, stringify } = JSON;
  const { isSafeInteger } = Number;
  const { charCodeAt, isWellFormed, replace, slice: cut, toWellFormed } = String.prototype;
  const [toText, fromText, encode, decode, toEscapes, fromEscapes] =
    [atob, btoa, encodeURIComponent, decodeURIComponent, escape, unescape];
  const bufferByteLength = Object.getOwnPropertyDescriptor(Buffer.prototype, "byteLength").get;
  const uploaded = host.use("request-shape").prototypes[2];
  const PART = 524288;    // bytes per call; as base64 a third more
  const CHUNK = 49152;    // of texts while they are converted; whole groups of base64
  const MOST_LISTED = 1000;
  const FORMATS = ["avif", "gif", "jpeg", "png", "webp"];

  // ---- UTF-8 ----
  function encodeUtf8(text) {
    const parts = [];
    let total = 0;
    for (let start = 0; start < text.length;) {
      let end = start + CHUNK;
      const last = apply(charCodeAt, text, [end - 1]);
      if (last >= 0xd800 && last < 0xdc00) end--;
      const part = fromBase64(fromText(fromEscapes(encode(apply(toWellFormed, apply(cut, text, [start, end]), [])))));
      parts[parts.length] = part;
      total += part.length;
      start = end;
    }
    const whole = new Bytes(total);
    for (let index = 0, at = 0; index < parts.length; at += parts[index++].length) apply(set, whole, [parts[index], at]);
    return whole;
  }
  const SEQUENCE = new RegExp("[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|" +
    "\\xed[\\x80-\\x9f][\\x80-\\xbf]|\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}|[\\x80-\\xff]", "g");
  function decodeChunk(latin) {
    try { return decode(toEscapes(latin)); } catch {
      return apply(replace, latin, [SEQUENCE, (one) => one.length === 1 ? "\ufffd" : decode(toEscapes(one))]);
    }
  }
  function decodeUtf8(bytes) {
    let text = "";
    for (let start = 0, end; start < bytes.length; start = end) {
      end = start + CHUNK;
      for (let back = 0; back < 3 && end < bytes.length && (bytes[end] & 0xc0) === 0x80; back++) end--;
      text += decodeChunk(toText(apply(toBase64, apply(subarray, bytes, [start, end]), [])));
    }
    return text;
  }

  // ---- arguments ----
  function nameFor(where, name) {
    if (typeof name !== "string" || name === "") throw new BadType(`${where}: name must be a non-empty string`);
    // It would arrive as another name: on its way text becomes UTF-8.
    if (!apply(isWellFormed, name, [])) throw new BadRange(`${where}: name must not contain half a surrogate pair`);
    return name;
  }
  function given(where, options, ...known) {
    if (options === undefined) return {};
    if (typeof options !== "object" || options === null) throw new BadType(`${where}: options must be an object`);
    for (const key of keys(options)) {
      if (!known.includes(key)) throw new BadType(`${where}: options has no ${stringify(key)}; there is ${known.join(", ")}`);
    }
    return options;
  }
  function text(where, options, name) {
    const value = options[name];
    if (value !== undefined && value !== null && typeof value !== "string") throw new BadType(`${where}: ${name} must be a string`);
    return value ?? null;
  }
  // What data is: a text, or bytes that nobody else changes meanwhile; with the type that it brings along.
  function contentOf(data) {
    if (typeof data === "string") return { text: data, type: null };
    if (typeof data === "object" && data !== null) {
      if (isView(data)) return { bytes: apply(slice, new Bytes(data.buffer, data.byteOffset, data.byteLength), []), type: null };
      if (getPrototypeOf(data) === uploaded) return { bytes: data.bytes(), type: data.contentType };
      if (host.has("blob") && host.use("blob").isBlob(data)) return { bytes: host.use("blob").bytesOf(data), type: data.type || null };
      let isBuffer = true;
      try { apply(bufferByteLength, data, []); } catch { isBuffer = false; }
      if (isBuffer) return { bytes: apply(slice, new Bytes(data), []), type: null };
    }
    throw new BadType("assets.put: data must be a string, a typed array, an ArrayBuffer, a Blob or an entry of request.files");
  }
  function metadataOf(metadata) {
    if (metadata === undefined || metadata === null) return null;
    const copy = typeof metadata === "object" ? stringify(metadata) : undefined;
    if (copy === undefined || copy[0] !== "{") throw new BadType("assets.put: metadata must be an object");
    return parse(copy);
  }

  // ---- what is given back ----
  class StoredAsset {
    #content; // {text}, {bytes}, or null for a large one, which is read whenever it is asked for
    constructor(record, content) {
      for (const key of keys(record)) this[key] = record[key];
      this.#content = content === null ? null
        : content.text !== undefined ? { text: content.text } : { bytes: fromBase64(content.base64) };
    }
    async bytes() {
      const content = this.#content;
      if (content === null) return readParts(this.name, this.sha256, this.size);
      return content.bytes === undefined ? encodeUtf8(content.text) : apply(slice, content.bytes, []);
    }
    async arrayBuffer() {
      return (await this.bytes()).buffer;
    }
    async text() {
      const found = this.#content?.text ?? decodeUtf8(await this.bytes());
      return found[0] === "\ufeff" ? apply(cut, found, [1]) : found;
    }
    async json() {
      return parse(await this.text());
    }
  }
  async function readParts(name, sha256, size) {
    const bytes = new Bytes(size);
    for (let at = 0; at < size;) {
      const part = fromBase64(await host.call("assets.read", { name, sha256, at, length: PART }));
      apply(set, bytes, [part, at]);
      at += part.length;
    }
    return bytes;
  }
  // Hands over all but the last part of a content, and gives what is left to say of it.
  async function handOver(name, content) {
    const rest = { text: null, base64: null, upload: null };
    const hand = async (part) => { rest.upload = await host.call("assets.upload", { name, upload: rest.upload, text: null, base64: null, ...part }); };
    let at = 0;
    if (content.text !== undefined) {
      const { text } = content;
      while (text.length - at > PART) {
        const last = apply(charCodeAt, text, [at + PART - 1]);
        const end = at + PART - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
        await hand({ text: apply(cut, text, [at, end]) });
        at = end;
      }
      rest.text = at === 0 ? text : apply(cut, text, [at]);
    } else {
      const { bytes } = content;
      for (; bytes.length - at > PART; at += PART) await hand({ base64: apply(toBase64, apply(subarray, bytes, [at, at + PART]), []) });
      rest.base64 = apply(toBase64, apply(subarray, bytes, [at]), []);
    }
    return rest;
  }

  const assets = {
    async get(name) {
      const found = await host.call("assets.get", { name: nameFor("assets.get", name) });
      return found === null ? null : new StoredAsset(found.record, found.content);
    },
    async stat(name) {
      return host.call("assets.stat", { name: nameFor("assets.stat", name) });
    },
    async put(name, data, options) {
      nameFor("assets.put", name);
      const content = contentOf(data);
      const wanted = given("assets.put", options, "contentType", "public", "metadata", "ifMatch", "ifNoneMatch");
      const contentType = text("assets.put", wanted, "contentType") ?? content.type;
      const ifMatch = text("assets.put", wanted, "ifMatch"), ifNoneMatch = text("assets.put", wanted, "ifNoneMatch");
      if (ifNoneMatch !== null && ifNoneMatch !== "*") throw new BadRange('assets.put: ifNoneMatch must be "*"');
      const isPublic = wanted.public ?? false;
      if (typeof isPublic !== "boolean") throw new BadType("assets.put: public must be true or false");
      const asked = { name, contentType, public: isPublic, metadata: metadataOf(wanted.metadata), ifMatch, ifNoneMatch };
      return host.call("assets.put", { ...asked, ...await handOver(name, content) });
    },
    async delete(name) {
      return host.call("assets.delete", { name: nameFor("assets.delete", name) });
    },
    async image(name, options) {
      const where = "assets.image";
      const wanted = given(where, options, "width", "height", "fit", "format", "quality");
      const asked = { name: nameFor(where, name), width: null, height: null, fit: text(where, wanted, "fit") ?? "inside", format: text(where, wanted, "format"), quality: 80 };
      for (const [key, most] of [["width", 8192], ["height", 8192], ["quality", 100]]) {
        const value = wanted[key];
        if (value === undefined || value === null) continue;
        if (typeof value !== "number") throw new BadType(`${where}: ${key} must be a number`);
        if (!isSafeInteger(value) || value < 1 || value > most) throw new BadRange(`${where}: ${key} must be a whole number from 1 to ${most}`);
        asked[key] = value;
      }
      if (asked.fit !== "inside" && asked.fit !== "cover") throw new BadRange(`${where}: fit must be "inside" or "cover"`);
      if (asked.fit === "cover" && (asked.width === null || asked.height === null)) throw new BadType(`${where}: fit "cover" needs width and height`);
      if (asked.format !== null && !FORMATS.includes(asked.format)) throw new BadRange(`${where}: format must be one of ${FORMATS.join(", ")}`);
      const made = await host.call("assets.image", asked);
      return made === null ? null : new StoredAsset(made.record, made.content);
    },
    async list(options) {
      const { prefix, cursor, limit = 100 } = given("assets.list", options, "prefix", "limit", "cursor");
      const asked = { prefix: text("assets.list", { prefix }, "prefix") ?? "", after: text("assets.list", { cursor }, "cursor") ?? "", limit };
      if (typeof limit !== "number") throw new BadType("assets.list: limit must be a number");
      if (!isSafeInteger(limit) || limit < 1 || limit > MOST_LISTED) throw new BadRange(`assets.list: limit must be a whole number from 1 to ${MOST_LISTED}`);
      return host.call("assets.list", asked);
    },
  };
  return { assets, StoredAsset };
})
