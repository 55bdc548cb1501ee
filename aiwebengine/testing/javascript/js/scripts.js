// piece: test-scripts
// names: loadScript
// needs: test-clock
// A handle on the script under test; its requests go through the engine's own front, in memory.
(function (host) {
  "use strict";
  const { state } = host.use("test-clock");
  const fromBase64 = Uint8Array.fromBase64;
  const OPTIONS = ["headers", "body", "json", "query", "form", "cookies", "auth", "ip"];
  const encode = (bytes) => ({ base64: bytes.toBase64() });

  function pairs(given, what) {
    if (given === undefined || given === null) return [];
    if (typeof given !== "object") throw new TypeError(`request: ${what} must be an object or a list of pairs`);
    const found = [];
    for (const [name, value] of typeof given[Symbol.iterator] === "function" ? given : Object.entries(given)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one === undefined || one === null) continue;
        if (typeof one === "object" && "content" in one) {
          const { content, filename = String(name), contentType = "application/octet-stream" } = one;
          found.push([String(name), { filename, contentType, ...(content instanceof Uint8Array ? encode(content) : { text: String(content) }) }]);
        } else found.push([String(name), String(one)]);
      }
    }
    return found;
  }
  function asked(method, path, options = {}) {
    if (typeof method !== "string" || method === "") throw new TypeError("request: method must be a string such as \"GET\"");
    if (typeof path !== "string" || !path.startsWith("/")) throw new TypeError("request: path must be a string that begins with /");
    for (const name of Object.keys(options)) {
      if (!OPTIONS.includes(name)) throw new TypeError(`request: no option ${JSON.stringify(name)}; there are ${OPTIONS.join(", ")}`);
    }
    const bodies = ["body", "json", "form"].filter((name) => options[name] !== undefined);
    if (bodies.length > 1) throw new TypeError(`request: give one of ${bodies.join(" and ")}`);
    const { body, json, form, auth } = options;
    let sent = null;
    if (json !== undefined) sent = { json: JSON.stringify(json) };
    else if (form !== undefined) sent = { form: pairs(form, "form") };
    else if (body instanceof ArrayBuffer) sent = encode(new Uint8Array(body));
    else if (body instanceof Uint8Array) sent = encode(body);
    else if (body !== undefined && body !== null) sent = { text: String(body) };
    return {
      method: method.toUpperCase(), path, headers: pairs(options.headers, "headers"), query: pairs(options.query, "query"),
      cookies: pairs(options.cookies, "cookies"), sent, auth: auth ? { isAuthenticated: true, roles: [], ...auth } : null,
      ip: options.ip === undefined ? null : String(options.ip), clock: state().now,
    };
  }

  class ScriptLoadError extends Error {
    constructor(message, stack) {
      super(message);
      Object.defineProperty(this, "name", { value: "ScriptLoadError", configurable: true, writable: true });
      if (stack) Object.defineProperty(this, "stack", { value: stack, configurable: true, writable: true });
    }
  }
  class ScriptResponse {
    #raw;
    constructor(found) {
      this.status = found.status;
      this.headers = {};
      for (const [name, value] of found.headers) {
        this.headers[name] = name in this.headers ? this.headers[name] + (name === "set-cookie" ? "\n" : ", ") + value : value;
      }
      this.cookies = found.cookies;
      this.#raw = found;
      this.body = found.base64 === null ? found.text : fromBase64(found.base64);
      this.json = undefined;
      if (typeof this.body === "string" && /[/+]json\b/.test(this.headers["content-type"] ?? "")) {
        try { this.json = JSON.parse(this.body); } catch { /* its text says what it is */ }
      }
      this.logs = found.logs;
    }
    get ok() { return this.status >= 200 && this.status < 300; }
    text() { return typeof this.body === "string" ? this.body : this.#raw.lossy; }
    bytes() { return fromBase64(this.#raw.bytes); }
  }

  class LoadedScript {
    #argument;
    constructor(argument) {
      this.#argument = argument;
      this.logs = [];
    }
    async #ask(more) {
      const found = await host.call("testing.script", { ...this.#argument, clock: state().now, ...more });
      this.logs.push(...found.logs);
      if (found.problem) throw new ScriptLoadError(found.problem.message, found.problem.stack);
      return found;
    }
    async load() {
      await this.#ask({});
      return this;
    }
    get storage() {
      if (!host.has("test-storage")) throw new TypeError("storage: scripts have none (javascript.allowed_apis)");
      const { path, uri } = this.#argument;
      return host.use("test-storage").storageOf({ path, uri });
    }
    async routes() { return (await this.#ask({})).routes; }
    async request(method, path, options) {
      const request = asked(method, path, options);
      const found = await this.#ask({ request });
      if (found.failure) throw new TypeError("request: " + found.failure);
      return new ScriptResponse({ ...found.response, logs: found.logs });
    }
    get(path, options) { return this.request("GET", path, options); }
    head(path, options) { return this.request("HEAD", path, options); }
    post(path, options) { return this.request("POST", path, options); }
    put(path, options) { return this.request("PUT", path, options); }
    patch(path, options) { return this.request("PATCH", path, options); }
    delete(path, options) { return this.request("DELETE", path, options); }
  }
  function loadScript(path, { uri, source } = {}) {
    if (typeof path !== "string" || path === "") throw new TypeError("loadScript: path must be the script's file, relative to this test's");
    return new LoadedScript({ path, uri: uri === undefined ? null : String(uri), source: source === undefined ? null : String(source) });
  }
  return { loadScript };
})
