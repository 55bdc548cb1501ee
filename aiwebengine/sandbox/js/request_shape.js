// piece: request-shape
// names:
(function (host) {
  "use strict";
  const { defineProperty, setPrototypeOf, entries, keys, values } = Object;
  const { apply } = Reflect;
  const toLowerCase = String.prototype.toLowerCase;
  const toText = String, Bytes = Uint8Array, NativePromise = Promise, parse = JSON.parse;
  const slice = Uint8Array.prototype.slice;
  const { resolve: resolved, reject: rejected } = Promise;
  const PARTS = Symbol("parts");
  const own = (object, key) => apply(Object.prototype.hasOwnProperty, object, [key]);
  const hidden = (object, key, value) => defineProperty(object, key, { value, writable: true, configurable: true, enumerable: false });

  const headersPrototype = {};
  for (const [name, method] of entries({
    get(name) { const key = apply(toLowerCase, toText(name), []); return own(this, key) ? this[key] : null; },
    has(name) { return own(this, apply(toLowerCase, toText(name), [])); },
    forEach(callback, that) { for (const key of keys(this)) apply(callback, that, [this[key], key, this]); },
    entries() { return entries(this)[Symbol.iterator](); },
    keys() { return keys(this)[Symbol.iterator](); },
    values() { return values(this)[Symbol.iterator](); },
  })) hidden(headersPrototype, name, method);
  hidden(headersPrototype, Symbol.iterator, headersPrototype.entries);

  function utf8(text) { return host.use("utf8").encode(text); }
  function bytesOf(request) {
    const body = request.body;
    if (typeof body === "string") return utf8(body);
    return body instanceof Bytes ? apply(slice, body, []) : new Bytes(0);
  }
  const promised = (make) => { try { return apply(resolved, NativePromise, [make()]); } catch (error) { return apply(rejected, NativePromise, [error]); } };

  const requestPrototype = {};
  for (const [name, method] of entries({
    text() { return promised(() => typeof this.body === "string" ? this.body : host.use("utf8").decode(this.body)); },
    bytes() { return promised(() => bytesOf(this)); },
    arrayBuffer() { return promised(() => bytesOf(this).buffer); },
    blob() { return promised(() => new (host.use("blob").Blob)([bytesOf(this)], { type: this.headers["content-type"] ?? "" })); },
    formData() {
      return promised(() => {
        const parts = this[PARTS];
        if (parts === null) throw new TypeError("formData: the request's body is not a form");
        return host.use("formdata").makeFormData(parts);
      });
    },
  })) hidden(requestPrototype, name, method);

  const filePrototype = {};
  hidden(filePrototype, "bytes", function bytes() { return this[PARTS]; });
  hidden(filePrototype, "text", function text() { return promised(() => host.use("utf8").decode(this[PARTS])); });
  hidden(filePrototype, "arrayBuffer", function arrayBuffer() { return promised(() => apply(slice, this[PARTS], []).buffer); });

  function put(object, key, value) {
    if (key === "__proto__") defineProperty(object, key, { value, writable: true, configurable: true, enumerable: true });
    else object[key] = value;
  }
  function last(pairs) {
    const object = {};
    for (let index = 0; index < pairs.length; index++) put(object, pairs[index][0], pairs[index][1]);
    return object;
  }
  function all(pairs) {
    const object = {};
    for (let index = 0; index < pairs.length; index++) {
      const key = pairs[index][0];
      if (own(object, key)) object[key][object[key].length] = pairs[index][1]; else put(object, key, [pairs[index][1]]);
    }
    return object;
  }

  // `data` comes as the front made it (aiwebengine/web/to_script.py); binary parts are in `attachments`.
  function make(data, attachments) {
    setPrototypeOf(data, requestPrototype);
    setPrototypeOf(data.headers, headersPrototype);
    const query = data.query;
    data.query = last(query);
    data.queryAll = all(query);
    const form = data.form;
    data.form = form === null ? {} : last(form);
    let parts = form;
    for (let index = 0; index < data.files.length; index++) {
      const file = setPrototypeOf(data.files[index], filePrototype);
      hidden(file, PARTS, file.size === 0 ? new Bytes(0) : attachments[file.at]);
      delete file.at;
      if (index === 0) parts = form.slice();
      parts[parts.length] = [file.field, file];
    }
    hidden(data, PARTS, parts);
    if (data.bodyAt !== undefined) { data.body = attachments[data.bodyAt]; delete data.bodyAt; }
    data.json = data.isJson ? parse(data.body) : undefined;
    delete data.isJson;
    data.auth = host.has("auth") ? host.use("auth").auth : undefined;
    return data;
  }
  return { make, prototypes: [headersPrototype, requestPrototype, filePrototype] };   // those for the lockdown
})
