// piece: routing
// names: register registerErrorHandler
(function (host) {
  "use strict";
  const { apply } = Reflect;
  const toUpperCase = String.prototype.toUpperCase;
  const stringify = JSON.stringify, parse = JSON.parse;
  const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
  const test = RegExp.prototype.test;

  function register(path, handler, method = "GET", options) {
    if (!host.loading) {
      host.register("route", apply(toUpperCase, method, []) + " " + path, null, handler);
      return;
    }
    if (typeof path !== "string") throw new TypeError("register: path must be a string such as \"/users/:id\", not " + (path === null ? "null" : typeof path));
    if (typeof handler !== "function" && typeof handler !== "string") {
      throw new TypeError("register: handler must be a function or the name of one, not " + (handler === null ? "null" : typeof handler));
    }
    if (handler === "") throw new TypeError("register: handler must not be an empty name");
    if (typeof method !== "string") throw new TypeError("register: method must be a string such as \"POST\", not " + (method === null ? "null" : typeof method));
    if (!apply(test, TOKEN, [method])) throw new TypeError("register: method is not an HTTP method: " + stringify(method));
    if (options !== undefined && (typeof options !== "object" || options === null)) throw new TypeError("register: options must be an object");
    const verb = apply(toUpperCase, method, []);
    host.register("route", verb + " " + path, { method: verb, path, options: options === undefined ? {} : parse(stringify(options)) }, handler);
  }

  function registerErrorHandler(handler) {
    if (typeof handler !== "function" && typeof handler !== "string") {
      throw new TypeError("registerErrorHandler: handler must be a function or the name of one");
    }
    host.setErrorHandler(handler);
  }

  return { register, registerErrorHandler };
})
