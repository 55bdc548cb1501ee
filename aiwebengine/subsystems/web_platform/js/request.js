// piece: request
// names: Request
// needs: webidl headers body url-parser
// triggers: fetch
(function (host) {
  "use strict";
  const { dictionary, domString, enumeration, byteString, later, optional, required, shape, usvString } =
    host.use("webidl");
  const { listOf, makeHeaders, toHeaders } = host.use("headers");
  const { clone, extract, given, mixin, take, unusable } = host.use("body");
  const { parse, serialize } = host.use("url-parser");

  const ENUMS = {
    __proto__: null,
    cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
    credentials: ["omit", "same-origin", "include"],
    duplex: ["half"],
    mode: ["navigate", "same-origin", "no-cors", "cors"],
    priority: ["high", "low", "auto"],
    redirect: ["follow", "error", "manual"],
    referrerPolicy: [
      "",
      "no-referrer",
      "no-referrer-when-downgrade",
      "same-origin",
      "origin",
      "strict-origin",
      "origin-when-cross-origin",
      "strict-origin-when-cross-origin",
      "unsafe-url",
    ],
  };

  function checkMethod(value) {
    const method = byteString(value);
    if (!/^[!#$%&'*+\-.^_`|~\da-z]+$/i.test(method))
      throw new TypeError(`Invalid method: ${JSON.stringify(method)}`);
    if (/^(?:connect|trace|track)$/i.test(method)) throw new TypeError(`the method ${method} is not allowed`);
    return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
  }

  function absolute(url, what) {
    const parsed = parse(url);
    if (parsed === null) throw new TypeError(`Invalid ${what}: an absolute URL is expected`);
    return parsed;
  }

  function referrerOf(value) {
    if (value === "" || value === "about:client") return value;
    return serialize(absolute(value, "referrer"));
  }

  // A request is {url, method, headers, body, signals, signal, and the plain options}.
  const plain = (url) => ({
    url,
    method: "GET",
    headers: null,
    body: null,
    signals: [],
    signal: null,
    cache: "default",
    credentials: "same-origin",
    integrity: "",
    keepalive: false,
    mode: "cors",
    redirect: "follow",
    referrer: "about:client",
    referrerPolicy: "",
  });

  function readInit(options) {
    const init = dictionary(options, "the request's options");
    const given = { __proto__: null, body: init.body };
    for (const name in ENUMS)
      if (init[name] !== undefined) given[name] = enumeration(init[name], ENUMS[name], name);
    given.headers = init.headers;
    if (init.integrity !== undefined) given.integrity = domString(init.integrity);
    if (init.keepalive !== undefined) given.keepalive = !!init.keepalive;
    if (init.method !== undefined) given.method = byteString(init.method);
    if (init.referrer !== undefined) given.referrer = usvString(init.referrer);
    given.signal = init.signal;
    if (given.signal !== undefined && given.signal !== null && !optional("abort")?.isSignal(given.signal))
      throw new TypeError("signal is not an AbortSignal");
    if (init.window !== undefined && init.window !== null) throw new TypeError("window can only be null");
    return given;
  }

  const SECRET = Symbol();
  let factsOf;
  let isRequest;

  class Request {
    #facts;
    static {
      factsOf = (request) => request.#facts;
      isRequest = (value) => typeof value === "object" && value !== null && #facts in value;
    }
    constructor(input, init = undefined) {
      if (input === SECRET) {
        this.#facts = init;
        return;
      }
      required(arguments, 1, "Request");
      const source = isRequest(input) ? input.#facts : null;
      const text = source === null ? usvString(input) : "";
      const options = readInit(init);
      let facts;
      if (source === null) {
        const url = absolute(text, "URL");
        if (url.username !== "" || url.password !== "") throw new TypeError("the URL has credentials");
        facts = plain(url);
      } else facts = { ...source, signals: followed(source), signal: null, headers: null, body: null };
      const { body, headers, method, mode, referrer, signal } = options;
      if (mode === "navigate") throw new TypeError("mode cannot be navigate");
      if (referrer !== undefined) facts.referrer = referrerOf(referrer);
      for (const name of [
        "cache",
        "credentials",
        "integrity",
        "keepalive",
        "mode",
        "redirect",
        "referrerPolicy",
      ]) {
        if (options[name] !== undefined) facts[name] = options[name];
      }
      if (facts.cache === "only-if-cached" && facts.mode !== "same-origin")
        throw new TypeError("only-if-cached needs the mode same-origin");
      if (method !== undefined) facts.method = checkMethod(method);
      if (facts.mode === "no-cors" && !/^(?:GET|HEAD|POST)$/.test(facts.method))
        throw new TypeError(`the method ${facts.method} is not allowed with no-cors`);
      if (signal !== undefined) facts.signals = signal === null ? [] : [signal];
      facts.headers =
        headers !== undefined
          ? toHeaders(headers)
          : makeHeaders(source === null ? [] : listOf(source.headers), "request");

      const inherited = source === null ? null : source.body;
      const own = body !== undefined && body !== null;
      if ((own || (inherited !== null && body !== null)) && /^(?:GET|HEAD)$/.test(facts.method))
        throw new TypeError(`a ${facts.method} request has no body`);
      if (own) {
        const extracted = extract(body);
        if (extracted.body.source === null && options.duplex === undefined)
          throw new TypeError('a stream as body needs duplex: "half"');
        facts.body = extracted.body;
        if (extracted.type !== null && !facts.headers.has("content-type"))
          facts.headers.append("content-type", extracted.type);
      } else if (inherited !== null && body !== null) {
        if (unusable(inherited))
          throw new TypeError("the request's body has been read already, or is locked");
        facts.body = given(inherited.stream ?? inherited.source);
        if (inherited.stream !== null) facts.body.stream = move(inherited);
        else {
          inherited.used = true;
          inherited.source = null;
        }
      }
      this.#facts = facts;
    }
    get method() {
      return this.#facts.method;
    }
    get url() {
      return serialize(this.#facts.url);
    }
    get headers() {
      return this.#facts.headers;
    }
    get destination() {
      this.#facts;
      return "";
    }
    get referrer() {
      return this.#facts.referrer;
    }
    get referrerPolicy() {
      return this.#facts.referrerPolicy;
    }
    get mode() {
      return this.#facts.mode;
    }
    get credentials() {
      return this.#facts.credentials;
    }
    get cache() {
      return this.#facts.cache;
    }
    get redirect() {
      return this.#facts.redirect;
    }
    get integrity() {
      return this.#facts.integrity;
    }
    get keepalive() {
      return this.#facts.keepalive;
    }
    get isReloadNavigation() {
      this.#facts;
      return false;
    }
    get isHistoryNavigation() {
      this.#facts;
      return false;
    }
    get signal() {
      return signalOf(this.#facts);
    }
    get duplex() {
      this.#facts;
      return "half";
    }
    clone() {
      const facts = this.#facts;
      if (facts.body !== null && unusable(facts.body))
        throw new TypeError("the body has been read already, or is locked");
      const headers = makeHeaders(listOf(facts.headers), "request");
      return new Request(SECRET, {
        ...facts,
        headers,
        signals: followed(facts),
        signal: null,
        body: clone(facts.body),
      });
    }
  }

  // The request's own signal follows those it was given; it is made when it is first asked for.
  const signalOf = (facts) => (facts.signal ??= later("abort", "signal").dependent(facts.signals));

  // Signals for a copy of a request; without the abort piece there are none.
  const followed = (facts) => (optional("abort") === null ? [] : [signalOf(facts)]);

  // What is left of a stream, by a stream of its own; the old one is disturbed and locked.
  function move(body) {
    const { acquire, cancel, closeController, create, enqueue, fail, read, stateOf } =
      host.use("readable-stream");
    const { deferred } = host.use("promises");
    const old = stateOf(body.stream);
    const reader = acquire(old);
    old.disturbed = true;
    const pull = (controller) => {
      const { promise, resolve } = deferred();
      read(reader, {
        chunk: (chunk) => resolve(enqueue(controller, chunk)),
        close: () => resolve(closeController(controller)),
        error: (error) => resolve(fail(controller, error)),
      });
      return promise;
    };
    return create(
      () => undefined,
      pull,
      (reason) => cancel(old, reason),
      0,
    );
  }

  mixin(
    Request,
    (request) => factsOf(request).body,
    (request) => factsOf(request).headers.get("content-type"),
  );
  shape(Request, "Request");

  // A request from the host: {method, headers: [[name, value]...], body: string | Uint8Array | ReadableStream | null, signal}.
  function makeRequest(url, { method = "GET", headers = [], body = null, signal = null } = {}) {
    const facts = plain(absolute(url, "URL"));
    facts.method = method;
    facts.headers = makeHeaders(headers, "request");
    facts.body = given(body);
    if (signal !== null) facts.signals = [signal];
    return new Request(SECRET, facts);
  }

  // For the host: {url, method, headers, body, signal (or null), redirect, …}; the body is used from now on.
  function requestParts(request) {
    const facts = factsOf(request);
    const { cache, credentials, integrity, keepalive, method, mode, redirect } = facts;
    const headers = listOf(facts.headers).map(([name, value]) => [name, value]);
    const signal = facts.signal ?? (facts.signals.length > 0 ? signalOf(facts) : null);
    return {
      url: serialize(facts.url),
      method,
      headers,
      body: take(facts.body),
      signal,
      cache,
      credentials,
      integrity,
      keepalive,
      mode,
      redirect,
    };
  }

  return { Request, isRequest, makeRequest, requestParts };
})
