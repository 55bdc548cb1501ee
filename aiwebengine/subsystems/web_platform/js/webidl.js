// piece: webidl
// Conversions and class shaping as Web IDL has them; private to the other pieces.
(function (host) {
  "use strict";
  const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames, getPrototypeOf, setPrototypeOf } =
    Object;
  const { ownKeys } = Reflect;
  const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
  const platform = new Set(); // filled while pieces are evaluated, constant afterwards

  const isObject = (value) => (typeof value === "object" ? value !== null : typeof value === "function");
  const domString = (value) => `${value}`;
  const usvString = (value) => `${value}`.toWellFormed();

  function byteString(value) {
    const text = `${value}`;
    if (/[^\0-\xff]/.test(text)) throw new TypeError("a byte string has a character above U+00FF");
    return text;
  }

  function required(args, count, where) {
    if (args.length < count) {
      throw new TypeError(
        `${where}: ${count} argument${count > 1 ? "s" : ""} required, ${args.length} given`,
      );
    }
  }

  function dictionary(value, where) {
    if (value === undefined || value === null) return {};
    if (!isObject(value)) throw new TypeError(`${where} is not an object`);
    return value;
  }

  function enumeration(value, allowed, where) {
    const text = `${value}`;
    if (!allowed.includes(text))
      throw new TypeError(`${where}: "${text}" is not one of ${allowed.join(", ")}`);
    return text;
  }

  function callback(value, where) {
    if (typeof value !== "function") throw new TypeError(`${where} is not a function`);
    return value;
  }

  function enforceRange(value, maximum, where) {
    const number = Math.trunc(Number(value));
    if (!(number >= 0 && number <= maximum))
      throw new TypeError(`${where} is out of range (0 to ${maximum})`);
    return number + 0;
  }

  // sequence<sequence<T>> or record<T, T> as a list of pairs; anything else is a TypeError.
  function pairs(init, convert, where) {
    if (!isObject(init)) throw new TypeError(`${where}: the initial value is not an object`);
    const method = init[Symbol.iterator];
    if (method !== undefined && method !== null) {
      callback(method, `${where}: the iterator method`);
      const list = [];
      for (const pair of { [Symbol.iterator]: () => method.call(init) }) {
        if (!isObject(pair)) throw new TypeError(`${where}: an element is not a pair`);
        const strings = [];
        for (const item of pair) strings.push(convert(item));
        list.push(strings);
      }
      for (const strings of list) {
        if (strings.length !== 2) throw new TypeError(`${where}: a pair has ${strings.length} elements`);
      }
      return list;
    }
    const record = new Map();
    for (const key of ownKeys(init)) {
      const descriptor = getOwnPropertyDescriptor(init, key);
      if (descriptor !== undefined && descriptor.enumerable) record.set(convert(key), convert(init[key]));
    }
    return [...record];
  }

  // Methods and accessors enumerable, a toStringTag, and known to structuredClone as a platform object.
  const shaped = [];   // some are reached by their instances only: the lockdown finds them here
  function shape(Class, tag, prototype = Class.prototype) {
    for (const target of [prototype, Class]) {
      for (const name of getOwnPropertyNames(target)) {
        if (
          name === "constructor" ||
          name === "prototype" ||
          (name === "name" && target === Class) ||
          (name === "length" && target === Class)
        )
          continue;
        const descriptor = getOwnPropertyDescriptor(target, name);
        if (descriptor.configurable) defineProperty(target, name, { enumerable: true });
      }
    }
    defineProperty(prototype, Symbol.toStringTag, { value: tag, configurable: true });
    platform.add(prototype);
    shaped.push(prototype);
    return Class;
  }

  function constants(Class, values) {
    for (const name in values) {
      const descriptor = { value: values[name], enumerable: true };
      defineProperty(Class, name, descriptor);
      defineProperty(Class.prototype, name, descriptor);
    }
  }

  function isPlatform(value) {
    for (let each = value; each !== null; each = getPrototypeOf(each)) if (platform.has(each)) return true;
    return false;
  }

  // entries/keys/values/forEach/@@iterator; `pairsOf(object)` gives the live list and does the brand check.
  function pairIterable(Class, tag, pairsOf) {
    class PairIterator {
      #target;
      #kind;
      #index = 0;
      constructor(target, kind) {
        this.#target = target;
        this.#kind = kind;
      }
      next() {
        const list = pairsOf(this.#target);
        if (this.#index >= list.length) return { value: undefined, done: true };
        const [name, value] = list[this.#index++];
        return { value: this.#kind === 0 ? name : this.#kind === 1 ? value : [name, value], done: false };
      }
    }
    delete PairIterator.prototype.constructor;
    setPrototypeOf(PairIterator.prototype, IteratorPrototype);
    shape(PairIterator, `${tag} Iterator`);
    const make = (target, kind) => (pairsOf(target), new PairIterator(target, kind));
    const methods = {
      entries() {
        return make(this, 2);
      },
      forEach(callbackfn) {
        let list = pairsOf(this);
        required(arguments, 1, `${tag}.forEach`);
        callback(callbackfn, "callback");
        for (let i = 0; i < list.length; i++) {
          callbackfn.call(arguments[1], list[i][1], list[i][0], this);
          list = pairsOf(this);
        }
      },
      keys() {
        return make(this, 0);
      },
      values() {
        return make(this, 1);
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
    defineProperty(Class.prototype, Symbol.iterator, {
      value: methods.entries,
      writable: true,
      configurable: true,
    });
  }

  // What a piece that may not be loaded gave; null when it is not, and then no object of its classes exists.
  function optional(piece) {
    try {
      return host.use(piece) ?? null;
    } catch {
      return null;
    }
  }

  // The same where it is needed: it is loaded when the script's text has the word.
  function later(piece, word) {
    const given = optional(piece);
    if (given === null) throw new TypeError(`${word} is not available: the script's text does not name it`);
    return given;
  }

  return {
    byteString,
    callback,
    constants,
    dictionary,
    domString,
    enforceRange,
    enumeration,
    isObject,
    isPlatform,
    later,
    optional,
    pairIterable,
    pairs,
    required,
    shape,
    shaped,
    usvString,
  };
})
