// piece: body
// needs: webidl utf8 promises readable-stream
// Bodies of requests and responses. A body is {source, stream, used}: source is a string, bytes, a Blob, or null when
// only the stream has it; the stream is made when it is first asked for.
(function (host) {
  "use strict";
  const { later, optional, usvString } = host.use("webidl");
  const { decode, encode, join, viewOf } = host.use("utf8");
  const { deferred, resolved, upon } = host.use("promises");
  const { defineProperty } = Object;
  const { acquire, isStream, read, stateOf, streamOf, tee } = host.use("readable-stream");
  const isBlob = (value) => typeof value === "object" && value !== null && optional("blob")?.isBlob(value);

  // {body, type} of what a script gives as a body; `type` is the Content-Type it implies, or null.
  function extract(value) {
    const made = (source, type) => ({ body: { source, stream: null, used: false }, type });
    if (typeof value !== "object") return made(usvString(value), "text/plain;charset=UTF-8");
    if (isStream(value)) {
      const state = stateOf(value);
      if (state.disturbed || state.reader !== null)
        throw new TypeError("the body's stream is used or locked");
      return { body: { source: null, stream: value, used: false }, type: null };
    }
    if (isBlob(value)) return made(value, value.type === "" ? null : value.type);
    if (optional("formdata")?.isFormData(value)) {
      const { boundary, bytes } = later("multipart", "FormData").serialize(value);
      return made(bytes, `multipart/form-data; boundary=${boundary}`);
    }
    if (optional("url-search-params")?.isParams(value))
      return made(value.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
    const view = viewOf(value);
    if (view !== null) return made(view.slice(), null);
    return made(usvString(value), "text/plain;charset=UTF-8");
  }

  const bytesOfSource = (source) =>
    typeof source === "string" ? encode(source) : isBlob(source) ? host.use("blob").bytesOf(source) : source;

  function streamOfBody(body) {
    if (body.stream === null) {
      body.stream = streamOf(body.used ? new Uint8Array(0) : bytesOfSource(body.source));
      if (body.used) acquire(stateOf(body.stream));
    }
    return body.stream;
  }

  const used = (body) => (body.stream === null ? body.used : body.used || stateOf(body.stream).disturbed);
  const unusable = (body) => used(body) || (body.stream !== null && stateOf(body.stream).reader !== null);

  function readAll(stream) {
    const reader = acquire(stateOf(stream));
    const { promise, resolve, reject } = deferred();
    const chunks = [];
    let length = 0;
    const request = {
      chunk(chunk) {
        if (!(chunk instanceof Uint8Array)) {
          reject(new TypeError("a chunk of the body is not a Uint8Array"));
          return;
        }
        length += chunk.length;
        chunks.push(chunk);
        upon(resolved(undefined), next);
      },
      close() {
        resolve(chunks.length === 0 ? new Uint8Array(0) : join(chunks, length));
      },
      error: reject,
    };
    const next = () => read(reader, request);
    next();
    return promise;
  }

  // The bytes, by a promise; the body is used up.
  async function consume(body) {
    if (body === null) return new Uint8Array(0);
    if (unusable(body)) throw new TypeError("the body has been read already, or is locked");
    if (body.stream !== null) return readAll(body.stream);
    const { source } = body;
    body.used = true;
    body.source = null;
    return bytesOfSource(source);
  }

  // A chunk for the second of two bodies; only Uint8Arrays can be read as a body, the rest is for completeness.
  function copyChunk(chunk) {
    const view = viewOf(chunk);
    if (view === null) return optional("structured-clone")?.structuredClone(chunk) ?? chunk;
    const bytes = view.slice();
    if (chunk instanceof Uint8Array) return bytes;
    return chunk === view.buffer ? bytes.buffer : new chunk.constructor(bytes.buffer);
  }

  // Two bodies in place of one.
  function clone(body) {
    if (body === null) return null;
    if (body.stream === null) return { source: body.source, stream: null, used: false };
    const [first, second] = tee(stateOf(body.stream), copyChunk);
    body.stream = first;
    return { source: null, stream: second, used: false };
  }

  // A MIME type as {essence, parameters}, or null; several values are joined by commas and the last valid one counts.
  function mimeType(text) {
    let found = null;
    for (const part of (text ?? "").match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? []) {
      const match = /^[\t\n\r ]*([!#$%&'*+\-.^_`|~\da-z]+\/[!#$%&'*+\-.^_`|~\da-z]+)[\t\n\r ]*(?:;|$)/i.exec(
        part,
      );
      if (match === null) continue;
      const type = { essence: match[1].toLowerCase(), parameters: new Map() };
      if (type.essence === "*/*") continue;
      for (const [, name, inQuotes, bare] of part
        .slice(match[0].length - 1)
        .matchAll(/;[\t\n\r ]*([!#$%&'*+\-.^_`|~\da-z]+)=(?:"((?:\\.|[^"\\])*)"?[^;]*|([^;"]+))/gi)) {
        const key = name.toLowerCase();
        if (!type.parameters.has(key))
          type.parameters.set(key, inQuotes?.replace(/\\(.)/g, "$1") ?? bare.replace(/[\t\n\r ]+$/, ""));
      }
      if (
        found !== null &&
        found.essence === type.essence &&
        found.parameters.has("charset") &&
        !type.parameters.has("charset")
      ) {
        type.parameters.set("charset", found.parameters.get("charset"));
      }
      found = type;
    }
    return found;
  }

  function serializeType(type) {
    if (type === null) return "";
    let text = type.essence;
    for (const [name, value] of type.parameters) {
      text += `;${name}=${/^[!#$%&'*+\-.^_`|~\da-z]+$/i.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
    }
    return text;
  }

  // Gives a class the Body mixin; `bodyOf(object)` is its body or null (with a brand check), `typeOf` its Content-Type.
  function mixin(Class, bodyOf, typeOf) {
    const methods = {
      async arrayBuffer() {
        const bytes = await consume(bodyOf(this));
        return (bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()).buffer;
      },
      async blob() {
        const type = serializeType(mimeType(typeOf(this)));
        return later("blob", "blob").makeBlob(await consume(bodyOf(this)), type);
      },
      async bytes() {
        return (await consume(bodyOf(this))).slice();
      },
      async formData() {
        const type = mimeType(typeOf(this));
        const bytes = await consume(bodyOf(this));
        return later("multipart", "formData").formOf(bytes, type);
      },
      async json() {
        return JSON.parse(decode(await consume(bodyOf(this)), true));
      },
      async text() {
        return decode(await consume(bodyOf(this)), true);
      },
    };
    for (const name in methods) {
      defineProperty(Class.prototype, name, {
        value: methods[name],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    const accessors = {
      get body() {
        const body = bodyOf(this);
        return body === null ? null : streamOfBody(body);
      },
      get bodyUsed() {
        const body = bodyOf(this);
        return body !== null && used(body);
      },
    };
    for (const name in accessors) {
      const { get } = Object.getOwnPropertyDescriptor(accessors, name);
      defineProperty(Class.prototype, name, { get, set: undefined, enumerable: true, configurable: true });
    }
  }

  // A body for the host: null, a string, bytes, or a stream; it counts as used from now on.
  function take(body) {
    if (body === null) return null;
    if (unusable(body)) throw new TypeError("the body has been read already, or is locked");
    if (body.stream !== null) return body.stream;
    const { source } = body;
    body.used = true;
    body.source = null;
    return isBlob(source) ? host.use("blob").bytesOf(source) : source;
  }

  // A body of the host's: a string, bytes (kept, not copied), a ReadableStream, or null.
  function given(value) {
    if (value === null || value === undefined) return null;
    return isStream(value)
      ? { source: null, stream: value, used: false }
      : { source: value, stream: null, used: false };
  }

  return { clone, extract, given, mixin, take, unusable, used };
})
