// piece: url
// names: URL
// needs: webidl url-parser url-search-params
(function (host) {
  "use strict";
  const { required, shape, usvString } = host.use("webidl");
  const { hostport, origin, parse, pathname, serialize, setters } = host.use("url-parser");
  const { linked, refill } = host.use("url-search-params");

  function parseWithBase(url, base) {
    url = usvString(url);
    if (base === undefined) return parse(url);
    const parsed = parse(usvString(base));
    return parsed === null ? null : parse(url, parsed);
  }

  const RAW = Symbol();

  class URL {
    #url;
    #params = null;
    constructor(url, base = undefined) {
      if (url === RAW) {
        this.#url = base;
        return;
      }
      required(arguments, 1, "URL");
      const parsed = parseWithBase(url, base);
      if (parsed === null) throw new TypeError("Invalid URL");
      this.#url = parsed;
    }
    static canParse(url, base = undefined) {
      required(arguments, 1, "URL.canParse");
      return parseWithBase(url, base) !== null;
    }
    static parse(url, base = undefined) {
      required(arguments, 1, "URL.parse");
      const parsed = parseWithBase(url, base);
      return parsed === null ? null : new URL(RAW, parsed);
    }
    #refill() {
      if (this.#params !== null) refill(this.#params, this.#url.query);
    }
    get href() {
      return serialize(this.#url);
    }
    set href(value) {
      this.#url;
      const parsed = parse(usvString(value));
      if (parsed === null) throw new TypeError("Invalid URL");
      this.#url = parsed;
      this.#refill();
    }
    get origin() {
      return origin(this.#url);
    }
    get protocol() {
      return this.#url.scheme + ":";
    }
    set protocol(value) {
      setters.protocol(this.#url, usvString(value));
    }
    get username() {
      return this.#url.username;
    }
    set username(value) {
      setters.username(this.#url, usvString(value));
    }
    get password() {
      return this.#url.password;
    }
    set password(value) {
      setters.password(this.#url, usvString(value));
    }
    get host() {
      return hostport(this.#url);
    }
    set host(value) {
      setters.host(this.#url, usvString(value));
    }
    get hostname() {
      return this.#url.host ?? "";
    }
    set hostname(value) {
      setters.hostname(this.#url, usvString(value));
    }
    get port() {
      return `${this.#url.port ?? ""}`;
    }
    set port(value) {
      setters.port(this.#url, usvString(value));
    }
    get pathname() {
      return pathname(this.#url);
    }
    set pathname(value) {
      setters.pathname(this.#url, usvString(value));
    }
    get search() {
      const { query } = this.#url;
      return query ? "?" + query : "";
    }
    set search(value) {
      setters.search(this.#url, usvString(value));
      this.#refill();
    }
    get searchParams() {
      const url = this.#url;
      return (this.#params ??= linked(url.query, (text) => {
        this.#url.query = text === "" ? null : text;
      }));
    }
    get hash() {
      const { fragment } = this.#url;
      return fragment ? "#" + fragment : "";
    }
    set hash(value) {
      setters.hash(this.#url, usvString(value));
    }
    toString() {
      return serialize(this.#url);
    }
    toJSON() {
      return serialize(this.#url);
    }
  }
  shape(URL, "URL");
  return { URL };
})
