// piece: blob
// names: Blob File
// needs: webidl utf8
// triggers: blob
(function (host) {
  "use strict";
  const { dictionary, enumeration, isObject, later, required, shape, usvString } = host.use("webidl");
  const { decode, encode, join, viewOf } = host.use("utf8");
  const { apply } = Reflect;
  const SECRET = Symbol();

  function sequenceOf(parts) {
    const iterate = isObject(parts) ? parts[Symbol.iterator] : undefined;
    if (typeof iterate !== "function") throw new TypeError("the blob's parts are not a sequence");
    return Array.from({ [Symbol.iterator]: () => apply(iterate, parts, []) }, (part) => {
      if (isBlob(part)) return part;
      return viewOf(part) === null ? usvString(part) : part;
    });
  }

  function bytesOfParts(parts, native) {
    let length = 0;
    const chunks = parts.map((part) => {
      let bytes;
      if (typeof part === "string") bytes = encode(native ? part.replace(/\r\n?|\n/g, "\n") : part);
      else if (isBlob(part)) bytes = bytesOf(part);
      else bytes = viewOf(part).slice();
      length += bytes.length;
      return bytes;
    });
    return chunks.length === 0 ? new Uint8Array(0) : join(chunks, length);
  }

  const mimeType = (type) => (/[^\x20-\x7e]/.test(type) ? "" : type.toLowerCase());

  // [Clamp] long long.
  function position(value, size, fallback) {
    if (value === undefined) return fallback;
    const number = Number(value);
    let whole = Math.floor(number);
    const fraction = number - whole;
    if (fraction > 0.5 || (fraction === 0.5 && whole % 2 !== 0)) whole++;
    if (!(whole > -Infinity)) whole = number === -Infinity ? -size : 0;
    return whole < 0 ? Math.max(size + whole, 0) : Math.min(whole, size);
  }

  let bytesOf; // (blob) => its bytes; not to be changed
  let isBlob;
  let makeBlob; // (bytes, type) => a Blob that keeps the bytes as they are

  class Blob {
    #bytes; // Uint8Array, or a function giving it
    #size;
    #type;
    static {
      isBlob = (value) => isObject(value) && #size in value;
      bytesOf = (blob) => (typeof blob.#bytes === "function" ? (blob.#bytes = blob.#bytes()) : blob.#bytes);
      makeBlob = (bytes, type) => new Blob(SECRET, { bytes, size: bytes.length, type });
    }
    constructor(blobParts = undefined, options = undefined) {
      if (blobParts === SECRET) {
        this.#bytes = options.bytes;
        this.#size = options.size;
        this.#type = options.type;
        return;
      }
      const parts = blobParts === undefined ? [] : sequenceOf(blobParts);
      const init = dictionary(options, "the blob's options");
      const native =
        init.endings !== undefined &&
        enumeration(init.endings, ["transparent", "native"], "endings") === "native";
      this.#type = init.type === undefined ? "" : mimeType(`${init.type}`);
      this.#bytes = bytesOfParts(parts, native);
      this.#size = this.#bytes.length;
    }
    get size() {
      return this.#size;
    }
    get type() {
      return this.#type;
    }
    slice(start = undefined, end = undefined, contentType = undefined) {
      const size = this.#size;
      const from = position(start, size, 0);
      const to = position(end, size, size);
      const type = contentType === undefined ? "" : mimeType(`${contentType}`);
      return makeBlob(bytesOf(this).subarray(from, Math.max(from, to)), type);
    }
    stream() {
      const bytes = bytesOf(this);
      return later("readable-stream", "stream").streamOf(bytes);
    }
    async text() {
      return decode(bytesOf(this), true);
    }
    async arrayBuffer() {
      return bytesOf(this).slice().buffer;
    }
    async bytes() {
      return bytesOf(this).slice();
    }
  }
  shape(Blob, "Blob");

  let makeFile; // ({bytes, size, type, name}) => a File; `bytes` may be a function

  class File extends Blob {
    #name;
    #modified;
    static {
      makeFile = (init) => new File(SECRET, init);
    }
    constructor(fileBits, fileName, options = undefined) {
      if (fileBits === SECRET) {
        super(SECRET, fileName);
        this.#name = fileName.name;
        this.#modified = fileName.modified ?? Math.floor(host.now());
        return;
      }
      required(arguments, 2, "File");
      if (fileBits === undefined) throw new TypeError("the file's bits are not a sequence");
      super(fileBits, options);
      this.#name = usvString(fileName);
      const modified = options?.lastModified;
      this.#modified = modified === undefined ? Math.floor(host.now()) : Math.trunc(Number(modified)) || 0;
    }
    get name() {
      return this.#name;
    }
    get lastModified() {
      return this.#modified;
    }
  }
  shape(File, "File");

  const isFile = (value) => value instanceof File && isBlob(value);
  const copyBlob = (blob) => {
    const init = { bytes: () => bytesOf(blob), size: blob.size, type: blob.type };
    return isFile(blob)
      ? makeFile({ ...init, name: blob.name, modified: blob.lastModified })
      : new Blob(SECRET, init);
  };

  return { Blob, File, bytesOf, copyBlob, isBlob, isFile, makeBlob, makeFile };
})
