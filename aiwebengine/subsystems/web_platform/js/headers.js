// piece: headers
// names: Headers
// needs: webidl
(function (host) {
  "use strict";
  const { byteString, pairIterable, pairs, required, shape } = host.use("webidl");

  const normalize = (value) => byteString(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");

  function checkName(name) {
    name = byteString(name);
    if (!/^[!#$%&'*+\-.^_`|~\da-z]+$/i.test(name))
      throw new TypeError(`Invalid header name: ${JSON.stringify(name)}`);
    return name.toLowerCase();
  }

  function checkValue(value) {
    if (/[\0\n\r]/.test(value)) throw new TypeError("Invalid header value: it has a NUL, CR or LF");
    return value;
  }

  let listOf; // (headers) => its list of [lower-case name, value]
  let makeHeaders; // (list, guard) => Headers of a list of pairs; guard "none" or "immutable"

  class Headers {
    #list = [];
    #sorted = null;
    #immutable = false;
    static {
      listOf = (headers) => headers.#list;
      makeHeaders = (list, guard) => {
        const headers = new Headers();
        for (const [name, value] of list) headers.#list.push([name.toLowerCase(), value]);
        headers.#immutable = guard === "immutable";
        return headers;
      };
      pairIterable(Headers, "Headers", (headers) => headers.#sorted ?? headers.#sort());
    }
    constructor(init = undefined) {
      if (init === undefined) return;
      for (const [name, value] of pairs(init, byteString, "Headers"))
        this.#append(checkName(name), checkValue(normalize(value)));
    }
    #append(name, value) {
      this.#guard();
      this.#list.push([name, value]);
    }
    #guard() {
      if (this.#immutable) throw new TypeError("these headers are immutable");
      this.#sorted = null;
    }
    // Sort and combine; Set-Cookie stays apart.
    #sort() {
      const combined = new Map();
      const cookies = [];
      for (const [name, value] of this.#list) {
        if (name === "set-cookie") cookies.push([name, value]);
        else combined.set(name, combined.has(name) ? `${combined.get(name)}, ${value}` : value);
      }
      const sorted = [...combined, ...cookies];
      return (this.#sorted = sorted.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)));
    }
    append(name, value) {
      this.#list;
      required(arguments, 2, "Headers.append");
      name = byteString(name);
      value = normalize(value);
      this.#append(checkName(name), checkValue(value));
    }
    delete(name) {
      this.#list;
      required(arguments, 1, "Headers.delete");
      name = checkName(name);
      this.#guard();
      this.#list = this.#list.filter((pair) => pair[0] !== name);
    }
    get(name) {
      const list = this.#list;
      required(arguments, 1, "Headers.get");
      name = checkName(name);
      let found = null;
      for (const pair of list)
        if (pair[0] === name) found = found === null ? pair[1] : `${found}, ${pair[1]}`;
      return found;
    }
    getSetCookie() {
      return this.#list.filter((pair) => pair[0] === "set-cookie").map((pair) => pair[1]);
    }
    has(name) {
      const list = this.#list;
      required(arguments, 1, "Headers.has");
      name = checkName(name);
      return list.some((pair) => pair[0] === name);
    }
    set(name, value) {
      const list = this.#list;
      required(arguments, 2, "Headers.set");
      name = byteString(name);
      value = normalize(value);
      name = checkName(name);
      checkValue(value);
      this.#guard();
      const first = list.findIndex((pair) => pair[0] === name);
      if (first < 0) list.push([name, value]);
      else {
        list[first] = [name, value];
        this.#list = list.filter((pair, i) => i <= first || pair[0] !== name);
      }
    }
  }
  shape(Headers, "Headers");

  // A copy of what a Headers object or an initial value holds.
  const toHeaders = (init) => new Headers(init);

  return { Headers, listOf, makeHeaders, toHeaders };
})
