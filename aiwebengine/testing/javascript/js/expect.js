// piece: test-expect
// names: expect
// needs: test-values
(function (host) {
  "use strict";
  const { Pattern, equals, show, line } = host.use("test-values");
  const { defineProperty } = Object;
  const { isArray } = Array;
  const DETAILS = Symbol("details");

  // What is asserted in the test that runs: `count`, `wanted` (expect.assertions), `open` promises.
  const state = () => {
    const local = host.local("test-expect");
    local.count ??= 0;
    local.open ??= new Set();
    return local;
  };

  class AssertionError extends Error {
    constructor(message, details) {
      super(message);
      defineProperty(this, "name", { value: "AssertionError", configurable: true, writable: true });
      defineProperty(this, DETAILS, { value: details });
    }
  }
  // `values` ({expected, actual}) are shown as a difference, line by line.
  const failed = (message, values) => new AssertionError(message, values);
  const difference = (actual, expected) => ({ actual: show(actual), expected: show(expected) });
  const usage = (message) => new TypeError(message);

  function pathOf(path) {
    return isArray(path) ? path : String(path).split(/[.[\]]+/).filter((part) => part !== "");
  }
  function follow(value, path) {
    for (const part of pathOf(path)) {
      if (value === null || value === undefined || !(part in Object(value))) return { found: false };
      value = value[part];
    }
    return { found: true, value };
  }
  function contains(actual, matches, what) {
    if (actual === null || actual === undefined || typeof actual[Symbol.iterator] !== "function") {
      throw usage(`${what}: the value is ${line(actual)}, which holds no items`);
    }
    return [...actual].some(matches);
  }
  const compared = (name, sign, test) => (actual, [limit]) => {
    for (const value of [actual, limit]) {
      if (typeof value !== "number" && typeof value !== "bigint") throw usage(`${name}: ${line(value)} is no number`);
    }
    return { pass: test(actual, limit), what: `${sign} ${line(limit)}` };
  };
  const state_ = (what, test) => (actual) => ({ pass: test(actual), what });

  // Did it throw what was wanted: nothing in particular, a message (part), a pattern, a class, an error?
  function thrownAs(error, wanted, given) {
    if (!given) return { pass: true, what: "to throw" };
    const message = typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
    if (typeof wanted === "string") return { pass: message.includes(wanted), what: `to throw an error whose message includes ${line(wanted)}` };
    if (wanted instanceof RegExp) return { pass: wanted.test(message), what: `to throw an error whose message matches ${wanted}` };
    if (typeof wanted === "function") return { pass: error instanceof wanted, what: `to throw a ${wanted.name}` };
    if (wanted instanceof Error) return { pass: message === wanted.message, what: `to throw an error with the message ${line(wanted.message)}` };
    return { pass: equals(error, wanted, "subset"), what: `to throw ${line(wanted)}`, values: difference(error, wanted) };
  }

  // Each gives {pass, what: "to be …", values?, shown?}; `actual` is what expect() was given.
  const matchers = {
    toBe: (actual, [expected]) => ({
      pass: Object.is(actual, expected), what: `to be ${line(expected)}`, values: difference(actual, expected),
      hint: equals(actual, expected, "strict") ? "they are equal, but not the same object: use toEqual" : "",
    }),
    toEqual: (actual, [expected]) => ({ pass: equals(actual, expected, "equal"), what: `to equal ${line(expected)}`, values: difference(actual, expected) }),
    toStrictEqual: (actual, [expected]) => ({
      pass: equals(actual, expected, "strict"), what: `to strictly equal ${line(expected)}`, values: difference(actual, expected),
      hint: equals(actual, expected, "equal") ? "they are equal but for classes or undefined properties: toEqual passes" : "",
    }),
    toMatchObject: (actual, [expected]) => ({ pass: equals(actual, expected, "subset"), what: `to match ${line(expected)}`, values: difference(actual, expected) }),
    toContain: (actual, [item]) => ({
      pass: typeof actual === "string" ? actual.includes(item) : contains(actual, (each) => Object.is(each, item), "toContain"),
      what: `to contain ${line(item)}`,
    }),
    toContainEqual: (actual, [item]) => ({ pass: contains(actual, (each) => equals(each, item, "equal"), "toContainEqual"), what: `to contain what equals ${line(item)}` }),
    toHaveLength: (actual, [length]) => ({
      pass: actual?.length === length, what: `to have length ${line(length)}`,
      hint: actual?.length === undefined ? "it has no length" : `its length is ${actual.length}`,
    }),
    toHaveProperty(actual, [path, ...wanted]) {
      const { found, value } = follow(actual, path);
      const what = `to have property ${line(pathOf(path).join("."))}` + (wanted.length ? ` equal to ${line(wanted[0])}` : "");
      const pass = found && (wanted.length === 0 || equals(value, wanted[0], "equal"));
      return { pass, what, values: found && wanted.length ? difference(value, wanted[0]) : undefined };
    },
    toMatch(actual, [pattern]) {
      if (typeof actual !== "string") throw usage(`toMatch: the value is ${line(actual)}, not a string`);
      return { pass: pattern instanceof RegExp ? actual.search(pattern) >= 0 : actual.includes(pattern), what: `to match ${pattern instanceof RegExp ? pattern : line(pattern)}` };
    },
    toThrow(actual, [...wanted], settled) {
      let thrown = false, error;
      if (settled === "rejects") [thrown, error] = [true, actual];
      else {
        if (typeof actual !== "function") throw usage("toThrow: expect() must be given a function, as in expect(() => f())");
        try { actual(); } catch (caught) { [thrown, error] = [true, caught]; }
      }
      if (!thrown) return { pass: false, shown: "the function", what: thrownAs(null, wanted[0], wanted.length > 0).what, hint: "it did not throw" };
      return { hint: `it threw ${line(error)}`, shown: settled === "rejects" ? "the promise" : "the function", ...thrownAs(error, wanted[0], wanted.length > 0) };
    },
    toBeCloseTo: (actual, [expected, digits = 2]) => ({
      pass: Object.is(actual, expected) || Math.abs(actual - expected) < 10 ** -digits / 2,
      what: `to be ${line(expected)} within ${10 ** -digits / 2}`, hint: `the difference is ${Math.abs(actual - expected)}`,
    }),
    toBeInstanceOf(actual, [type]) {
      if (typeof type !== "function") throw usage("toBeInstanceOf: give a class");
      return { pass: actual instanceof type, what: `to be an instance of ${type.name}` };
    },
    toSatisfy: (actual, [test]) => ({ pass: Boolean(test(actual)), what: `to satisfy ${line(test)}` }),
    toBeGreaterThan: compared("toBeGreaterThan", "to be >", (a, b) => a > b),
    toBeGreaterThanOrEqual: compared("toBeGreaterThanOrEqual", "to be >=", (a, b) => a >= b),
    toBeLessThan: compared("toBeLessThan", "to be <", (a, b) => a < b),
    toBeLessThanOrEqual: compared("toBeLessThanOrEqual", "to be <=", (a, b) => a <= b),
    toBeDefined: state_("to be defined", (value) => value !== undefined),
    toBeUndefined: state_("to be undefined", (value) => value === undefined),
    toBeNull: state_("to be null", (value) => value === null),
    toBeNaN: state_("to be NaN", (value) => Number.isNaN(value)),
    toBeTruthy: state_("to be truthy", (value) => Boolean(value)),
    toBeFalsy: state_("to be falsy", (value) => !value),
  };

  function judge(name, actual, args, negated, message, settled) {
    state().count++;
    const { pass, what, values, hint, shown } = matchers[name](actual, args, settled);
    if (pass !== negated) return;
    const said = message === undefined ? "" : String(message) + ": ";
    const subject = shown ?? line(actual);
    const more = !negated && hint ? ` (${hint})` : negated && name === "toThrow" ? ` (${hint})` : "";
    throw failed(`${said}expected ${subject} ${negated ? "not " : ""}${what}${more}`, negated ? undefined : values);
  }

  // One `expect(...)`: all matchers as methods; `how` is "", "resolves" or "rejects".
  function chain(actual, message, negated, how) {
    const found = {};
    for (const name of Object.keys(matchers)) {
      found[name] = how === "" ? (...args) => judge(name, actual, args, negated, message, how)
        : (...args) => settle(name, actual, args, negated, message, how);
    }
    if (!negated) defineProperty(found, "not", { get: () => chain(actual, message, true, how) });
    if (how === "" && !negated) {
      for (const way of ["resolves", "rejects"]) defineProperty(found, way, { get: () => chain(actual, message, false, way) });
    }
    return found;
  }
  function settle(name, actual, args, negated, message, how) {
    const { open } = state();
    const place = new Error("");
    const promise = (async () => {
      const value = typeof actual === "function" ? actual() : actual;
      if (typeof value?.then !== "function") throw usage(`${how}: the value is ${line(value)}, not a promise`);
      let rejected = false, outcome;
      try { outcome = await value; } catch (error) { [rejected, outcome] = [true, error]; }
      const said = message === undefined ? "" : `${message}: `;
      if (how === "rejects" && !rejected) throw failed(`${said}expected the promise to be rejected, it gave ${line(outcome)}`);
      if (how === "resolves" && rejected) throw failed(`${said}expected the promise to be fulfilled, it was rejected with ${line(outcome)}`);
      judge(name, outcome, args, negated, message, how);
    })().catch((error) => {
      // After an await the stack no longer leads to the test's line; where expect was called does.
      defineProperty(error, "stack", { value: place.stack, configurable: true, writable: true });
      throw error;
    }).finally(() => open.delete(promise));
    open.add(promise);
    promise.catch(() => {});
    return promise;
  }

  function expect(actual, message) {
    return chain(actual, message, false, "");
  }
  const pattern = (shown, matches) => new Pattern(shown, matches);
  const primitive = new Map([[String, "string"], [Number, "number"], [Boolean, "boolean"], [BigInt, "bigint"], [Symbol, "symbol"], [Function, "function"]]);
  Object.assign(expect, {
    any(type) {
      if (typeof type !== "function") throw usage("expect.any: give a class, such as Number");
      const kind = primitive.get(type);
      return pattern(`any ${type.name}`, (value) => type === Object ? typeof value === "object" && value !== null
        : (kind !== undefined && typeof value === kind) || value instanceof type);
    },
    anything: () => pattern("anything", (value) => value !== null && value !== undefined),
    objectContaining: (part) => pattern(`an object containing ${line(part)}`, (value) => typeof value === "object" && value !== null && equals(value, part, "subset")),
    arrayContaining: (items) => pattern(`an array containing ${line(items)}`, (value) => isArray(value) && items.every((item) => value.some((each) => equals(each, item, "equal")))),
    stringContaining: (part) => pattern(`a string containing ${line(part)}`, (value) => typeof value === "string" && value.includes(part)),
    stringMatching: (expression) => pattern(`a string matching ${expression}`, (value) => typeof value === "string" && value.search(expression) >= 0),
    closeTo: (number, digits = 2) => pattern(`close to ${number}`, (value) => typeof value === "number" && Math.abs(value - number) < 10 ** -digits / 2),
    assertions(count) { state().wanted = count; },
    hasAssertions() { state().wanted = "some"; },
    unreachable(message = "this must not be reached") { throw failed(String(message)); },
  });

  // Waits for assertions nobody awaited, then says what is missing.
  async function settled() {
    const local = state();
    for (const outcome of await Promise.allSettled([...local.open])) if (outcome.status === "rejected") throw outcome.reason;
    if (local.wanted === "some" && local.count === 0) throw failed("expected at least one assertion, there was none");
    if (typeof local.wanted === "number" && local.count !== local.wanted) {
      throw failed(`expected ${local.wanted} assertions, there were ${local.count}`);
    }
  }
  const detailsOf = (error) => (typeof error === "object" && error !== null ? error[DETAILS] : undefined);

  return { expect, settled, detailsOf, count: () => state().count };
})
