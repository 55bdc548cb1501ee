// piece: url-search-params
// names: URLSearchParams
// needs: webidl utf8
// triggers: searchParams
(function (host) {
  "use strict";
  const { isObject, pairIterable, pairs, required, shape, usvString } = host.use("webidl");
  const { percentDecode } = host.use("utf8");
  const { encodeURIComponent } = globalThis;

  // application/x-www-form-urlencoded, from text to a list of pairs.
  function parseForm(text) {
    const list = [];
    for (const part of text.split("&")) {
      if (part === "") continue;
      const plain = part.replace(/\+/g, " ");
      const at = plain.indexOf("=");
      const name = at < 0 ? plain : plain.slice(0, at);
      list.push([percentDecode(name), at < 0 ? "" : percentDecode(plain.slice(at + 1))]);
    }
    return list;
  }

  const hex = (character) => "%" + character.charCodeAt(0).toString(16).toUpperCase();
  const component = (text) =>
    encodeURIComponent(text)
      .replace(/%20/g, "+")
      .replace(/[!'()~]/g, hex);
  const serializeForm = (list) =>
    list.map(([name, value]) => component(name) + "=" + component(value)).join("&");

  let linked; // (query, changed) => a URLSearchParams of a URL
  let isParams;
  let refill; // (params, query) => undefined

  class URLSearchParams {
    #list = [];
    #changed = null;
    static {
      linked = (query, changed) => {
        const params = new URLSearchParams();
        params.#list = parseForm(query ?? "");
        params.#changed = changed;
        return params;
      };
      isParams = (value) => #changed in value;
      refill = (params, query) => {
        params.#list = parseForm(query ?? "");
      };
      pairIterable(URLSearchParams, "URLSearchParams", (params) => params.#list);
    }
    constructor(init = "") {
      if (isObject(init)) this.#list = pairs(init, usvString, "URLSearchParams");
      else {
        const text = usvString(init);
        this.#list = parseForm(text[0] === "?" ? text.slice(1) : text);
      }
    }
    #update() {
      const changed = this.#changed;
      if (changed !== null) changed(serializeForm(this.#list));
    }
    get size() {
      return this.#list.length;
    }
    append(name, value) {
      const list = this.#list;
      required(arguments, 2, "URLSearchParams.append");
      list.push([usvString(name), usvString(value)]);
      this.#update();
    }
    delete(name, value = undefined) {
      const list = this.#list;
      required(arguments, 1, "URLSearchParams.delete");
      name = usvString(name);
      if (value !== undefined) value = usvString(value);
      for (let i = list.length - 1; i >= 0; i--) {
        if (list[i][0] === name && (value === undefined || list[i][1] === value)) list.splice(i, 1);
      }
      this.#update();
    }
    get(name) {
      const list = this.#list;
      required(arguments, 1, "URLSearchParams.get");
      name = usvString(name);
      for (const pair of list) if (pair[0] === name) return pair[1];
      return null;
    }
    getAll(name) {
      const list = this.#list;
      required(arguments, 1, "URLSearchParams.getAll");
      name = usvString(name);
      const values = [];
      for (const pair of list) if (pair[0] === name) values.push(pair[1]);
      return values;
    }
    has(name, value = undefined) {
      const list = this.#list;
      required(arguments, 1, "URLSearchParams.has");
      name = usvString(name);
      if (value !== undefined) value = usvString(value);
      for (const pair of list)
        if (pair[0] === name && (value === undefined || pair[1] === value)) return true;
      return false;
    }
    set(name, value) {
      const list = this.#list;
      required(arguments, 2, "URLSearchParams.set");
      name = usvString(name);
      value = usvString(value);
      const first = list.findIndex((pair) => pair[0] === name);
      if (first < 0) list.push([name, value]);
      else {
        list[first][1] = value;
        for (let i = list.length - 1; i > first; i--) if (list[i][0] === name) list.splice(i, 1);
      }
      this.#update();
    }
    sort() {
      this.#list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      this.#update();
    }
    toString() {
      return serializeForm(this.#list);
    }
  }
  shape(URLSearchParams, "URLSearchParams");
  return { URLSearchParams, isParams, linked, parseForm, refill, serializeForm };
})
