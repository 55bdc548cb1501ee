// piece: response
// names: Response
// needs: webidl headers body
// triggers: fetch
(function (host) {
  "use strict";
  const { byteString, dictionary, later, required, shape, usvString } = host.use("webidl");
  const { listOf, makeHeaders, toHeaders } = host.use("headers");
  const { clone, extract, given, mixin, take, unusable } = host.use("body");
  const { stringify } = JSON;

  const NULL_BODY = [101, 103, 204, 205, 304];
  const REDIRECTS = [301, 302, 303, 307, 308];

  // A response is {type, status, statusText, url, redirected, headers, body}.
  function initial(init) {
    const { headers, status, statusText } = dictionary(init, "the response's options");
    const facts = {
      type: "default",
      status: 200,
      statusText: "",
      url: "",
      redirected: false,
      headers: null,
      body: null,
    };
    facts.headers = headers === undefined ? makeHeaders([], "response") : toHeaders(headers);
    if (status !== undefined) facts.status = Number(status) & 0xffff;
    if (statusText !== undefined) facts.statusText = byteString(statusText);
    if (facts.status < 200 || facts.status > 599)
      throw new RangeError(`a response's status is 200 to 599, not ${facts.status}`);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(facts.statusText))
      throw new TypeError("statusText has a control character");
    return facts;
  }

  function fill(facts, body, type) {
    if (NULL_BODY.includes(facts.status))
      throw new TypeError(`a response of status ${facts.status} has no body`);
    facts.body = body;
    if (type !== null && !facts.headers.has("content-type")) facts.headers.append("content-type", type);
    return facts;
  }

  // The Location of a redirect: an absolute URL, or a path of this server.
  function location(url) {
    const { parse, pathname, serialize } = later("url-parser", "redirect");
    const parsed = parse(url);
    if (parsed !== null) return serialize(parsed);
    const local = /^\/(?![/\\])/.test(url) ? parse(url, parse("http://localhost")) : null;
    if (local === null || local.host !== "localhost" || pathname(local).startsWith("//"))
      throw new TypeError("Response.redirect: the URL is neither absolute nor a path");
    return (
      pathname(local) +
      (local.query === null ? "" : `?${local.query}`) +
      (local.fragment === null ? "" : `#${local.fragment}`)
    );
  }

  const SECRET = Symbol();
  let factsOf;
  const wrap = (facts) => new Response(SECRET, facts);

  class Response {
    #facts;
    static {
      factsOf = (response) => response.#facts;
    }
    constructor(body = null, init = undefined) {
      if (body === SECRET) {
        this.#facts = init;
        return;
      }
      const extracted = body === null || body === undefined ? null : extract(body);
      const facts = initial(init);
      this.#facts = extracted === null ? facts : fill(facts, extracted.body, extracted.type);
    }
    static error() {
      const headers = makeHeaders([], "immutable");
      return wrap({
        type: "error",
        status: 0,
        statusText: "",
        url: "",
        redirected: false,
        headers,
        body: null,
      });
    }
    static json(data, init = undefined) {
      required(arguments, 1, "Response.json");
      const text = stringify(data);
      if (text === undefined) throw new TypeError("Response.json: the data has no JSON form");
      return wrap(fill(initial(init), extract(text).body, "application/json"));
    }
    static redirect(url, status = 302) {
      required(arguments, 1, "Response.redirect");
      url = usvString(url);
      const code = Number(status) & 0xffff;
      const target = location(url);
      if (!REDIRECTS.includes(code))
        throw new RangeError(`Response.redirect: ${code} is not a redirect's status`);
      const headers = makeHeaders([["location", target]], "immutable");
      return wrap({
        type: "default",
        status: code,
        statusText: "",
        url: "",
        redirected: false,
        headers,
        body: null,
      });
    }
    get type() {
      return this.#facts.type;
    }
    get url() {
      return this.#facts.url;
    }
    get redirected() {
      return this.#facts.redirected;
    }
    get status() {
      return this.#facts.status;
    }
    get ok() {
      const { status } = this.#facts;
      return status >= 200 && status <= 299;
    }
    get statusText() {
      return this.#facts.statusText;
    }
    get headers() {
      return this.#facts.headers;
    }
    clone() {
      const facts = this.#facts;
      if (facts.body !== null && unusable(facts.body))
        throw new TypeError("the body has been read already, or is locked");
      const headers = makeHeaders(listOf(facts.headers), facts.type === "default" ? "response" : "immutable");
      return wrap({ ...facts, headers, body: clone(facts.body) });
    }
  }
  mixin(
    Response,
    (response) => factsOf(response).body,
    (response) => factsOf(response).headers.get("content-type"),
  );
  shape(Response, "Response");

  const isResponse = (value) => {
    try {
      factsOf(value);
      return true;
    } catch {
      return false;
    }
  };

  // For the host: {status, statusText, headers, body: null | string | Uint8Array | ReadableStream}; the body is used from now on.
  function responseParts(response) {
    const { body, headers, status, statusText } = factsOf(response);
    return {
      status,
      statusText,
      headers: listOf(headers).map(([name, value]) => [name, value]),
      body: take(body),
    };
  }

  // A response from the host: {status, statusText, headers: [[name, value]...], body, url, redirected}.
  function makeResponse({
    status = 200,
    statusText = "",
    headers = [],
    body = null,
    url = "",
    redirected = false,
  }) {
    return wrap({
      type: "default",
      status,
      statusText,
      url,
      redirected,
      headers: makeHeaders(headers, "immutable"),
      body: given(body),
    });
  }

  return { Response, isResponse, makeResponse, responseParts };
})
