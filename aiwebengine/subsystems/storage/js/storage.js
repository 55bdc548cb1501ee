// piece: storage
// names: storage
(function (host) {
  // JSON values by key that last. Values travel as JSON text, so that they come back exactly.
  "use strict";
  const [BadType, BadRange, Failure, Table] = [TypeError, RangeError, Error, Map];
  const { parse, stringify } = JSON;
  const { apply } = Reflect;
  const { defineProperty, freeze, getPrototypeOf, keys: keysOf } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { isFinite, isSafeInteger } = Number;
  const { set: setEntry } = Table.prototype;
  const { isWellFormed } = String.prototype;
  const PlainObject = Object.prototype;
  const [MOST_LISTED, MOST_AT_ONCE] = [1000, 100];

  // ---- arguments ----
  function keyFor(where, key, name = "key") {
    if (typeof key !== "string" || key === "") throw new BadType(`${where}: ${name} must be a non-empty string`);
    if (!apply(isWellFormed, key, [])) throw new BadRange(`${where}: ${name} must not contain half a surrogate pair`);
    return key;
  }
  function given(where, options, name, ...known) {
    if (options === undefined) return {};
    if (typeof options !== "object" || options === null) throw new BadType(`${where}: ${name} must be an object`);
    for (const key of keysOf(options)) {
      if (!known.includes(key)) throw new BadType(`${where}: ${name} has no ${stringify(key)}; there is ${known.join(", ")}`);
    }
    return options;
  }
  function ttlIn(where, options) {
    const { ttl } = given(where, options, "options", "ttl");
    if (ttl === undefined || ttl === null) return null;
    if (typeof ttl !== "number") throw new BadType(`${where}: ttl must be a number of seconds`);
    if (ttl >= 1e11) throw new BadRange(`${where}: ttl must be less than 100000000000 seconds`);
    if (!(ttl > 0)) throw new BadRange(`${where}: ttl must be a number of seconds above 0`);
    return ttl;
  }
  const lossy = (value) => typeof value === "object" && value !== null && !isArray(value) &&
    (isView(value) || (keysOf(value).length === 0 && ![null, PlainObject].includes(getPrototypeOf(value))));
  // JSON text of what comes back as it was given, but for what JSON.stringify does to `undefined` and by toJSON.
  function textOf(where, name, value) {
    let refusal = null;
    const refuse = (key, what) => {
      refusal = new BadType(`${where}: ${name} must be JSON, but ${key === "" ? "it" : stringify(key)} is ${what}`);
      throw refusal;
    };
    let text;
    try {
      text = stringify(value, (key, one) => {
        switch (typeof one) {
          case "bigint": case "function": case "symbol": return refuse(key, `a ${typeof one}`);
          case "number": return isFinite(one) ? one : refuse(key, String(one));
          default: return lossy(one) ? refuse(key, `a ${one.constructor?.name ?? "special object"}`) : one;
        }
      });
    } catch (error) {
      if (error === refusal || !(error instanceof BadType)) throw error;
      throw new BadType(`${where}: ${name} must be JSON: ${error.message}`);
    }
    if (text === undefined) throw new BadType(`${where}: ${name} must be JSON, but it is undefined`);
    return text;
  }
  function pairsOf(where, entries) {
    if (typeof entries !== "object" || entries === null) throw new BadType(`${where}: entries must be an object, a Map or a list of pairs`);
    const pairs = typeof entries[Symbol.iterator] === "function" ? [...entries] : Object.entries(entries);
    atMost(where, "entries", pairs);
    return pairs.map((pair) => {
      if (!isArray(pair) || pair.length !== 2) throw new BadType(`${where}: each of entries must be a pair of key and value`);
      const key = keyFor(where, pair[0]);
      return [key, textOf(where, `the value of ${stringify(key)}`, pair[1])];
    });
  }
  function atMost(where, name, list) {
    if (list.length > MOST_AT_ONCE) throw new BadRange(`${where}: ${name} has ${list.length} items, the most are ${MOST_AT_ONCE}`);
  }

  // ---- the functions; `ask(operation, argument)` gives a Promise of the host's answer ----
  function makeStorage(label, ask) {
    return {
      async get(key) {
        const text = await ask("get", [keyFor(label + ".get", key)]);
        return text === null ? undefined : parse(text);
      },
      async getMany(keys) {
        const where = label + ".getMany";
        if (typeof keys?.[Symbol.iterator] !== "function" || typeof keys === "string") throw new BadType(`${where}: keys must be a list`);
        const list = [...keys];
        atMost(where, "keys", list);
        const found = new Table();
        for (const [key, text] of await ask("getMany", [list.map((key) => keyFor(where, key))])) apply(setEntry, found, [key, parse(text)]);
        return found;
      },
      async set(key, value, options) {
        const where = label + ".set";
        await ask("set", [keyFor(where, key), textOf(where, "value", value), ttlIn(where, options)]);
      },
      async setMany(entries, options) {
        const where = label + ".setMany";
        await ask("setMany", [pairsOf(where, entries), ttlIn(where, options)]);
      },
      async delete(key) {
        return ask("delete", [keyFor(label + ".delete", key)]);
      },
      async list(options) {
        const where = label + ".list";
        const { prefix = "", limit = 100, cursor, after = cursor, values = false } =
          given(where, options, "options", "prefix", "limit", "cursor", "after", "values");
        for (const [name, text] of [["prefix", prefix], [cursor === undefined ? "after" : "cursor", after ?? ""]]) {
          if (typeof text !== "string") throw new BadType(`${where}: ${name} must be a string`);
        }
        if (typeof limit !== "number") throw new BadType(`${where}: limit must be a number`);
        if (!isSafeInteger(limit) || limit < 1 || limit > MOST_LISTED) throw new BadRange(`${where}: limit must be a whole number from 1 to ${MOST_LISTED}`);
        const found = await ask("list", [prefix, after ?? "", limit, Boolean(values)]);
        return values ? { keys: found.keys, values: parse(found.values), cursor: found.cursor } : { keys: found.keys, cursor: found.cursor };
      },
      async increment(key, by = 1, options) {
        const where = label + ".increment";
        keyFor(where, key);
        if (typeof by !== "number") throw new BadType(`${where}: by must be a number`);
        if (!isFinite(by)) throw new BadRange(`${where}: by must be a finite number`);
        return ask("increment", [key, by, ttlIn(where, options)]);
      },
      async compareAndSet(key, expected, value, options) {
        const where = label + ".compareAndSet";
        keyFor(where, key);
        const text = (name, one) => (one === undefined ? null : textOf(where, name, one));
        return ask("compareAndSet", [key, text("expected", expected), text("value", value), ttlIn(where, options)]);
      },
    };
  }

  function requireUser() {
    const facts = host.request.auth;
    if (facts?.isAuthenticated === true && facts.userId) return;
    const error = new Failure("Authentication required");
    defineProperty(error, "name", { value: "AuthenticationError", writable: true, configurable: true });
    throw defineProperty(error, "status", { value: 401, writable: true, configurable: true, enumerable: true });
  }
  const user = freeze(makeStorage("storage.user", (operation, argument) => {
    requireUser();
    return host.call("storage." + operation, [true, ...argument]);
  }));
  const storage = freeze({
    ...makeStorage("storage", (operation, argument) => host.call("storage." + operation, [false, ...argument])),
    user,
  });
  return { storage, makeStorage };
})
