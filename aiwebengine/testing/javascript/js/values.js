// piece: test-values
// names:
// Comparing and showing values, for expect.
(function () {
  "use strict";
  const { is, keys, getPrototypeOf, getOwnPropertySymbols, getOwnPropertyDescriptor, hasOwn } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
  const MATCHES = Symbol("matches");
  const LONGEST = 20_000;

  // A value that decides itself what equals it, such as expect.any(Number).
  class Pattern {
    #shown;
    constructor(shown, matches) {
      this.#shown = shown;
      this[MATCHES] = matches;
    }
    toString() { return this.#shown; }
  }
  const isPattern = (value) => typeof value === "object" && value !== null && value instanceof Pattern;

  const bytesOf = (value) => value instanceof ArrayBuffer ? new Uint8Array(value)
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const ownKeys = (value) => [...keys(value),
    ...getOwnPropertySymbols(value).filter((key) => getOwnPropertyDescriptor(value, key).enumerable)];

  // mode: "equal" (undefined properties do not count), "strict", "subset" (b's properties only)
  function equals(a, b, mode, seen = []) {
    if (isPattern(b)) return b[MATCHES](a);
    if (isPattern(a)) return a[MATCHES](b);
    if (is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    for (const [x, y] of seen) if (x === a && y === b) return true;
    const kind = tag(a);
    // A plain object may ask for a part of anything.
    const part = mode === "subset" && tag(b) === "Object";
    if (kind !== tag(b) && !part) return false;
    if (mode === "strict" && getPrototypeOf(a) !== getPrototypeOf(b)) return false;
    const inner = [...seen, [a, b]];
    const same = (x, y) => equals(x, y, mode, inner);
    if (a instanceof Date) return is(a.getTime(), b.getTime());
    if (a instanceof RegExp) return String(a) === String(b);
    if (a instanceof Error && !part) return a.name === b.name && a.message === b.message && same(a.cause, b.cause);
    if (kind === "Number" || kind === "String" || kind === "Boolean") return is(a.valueOf(), b.valueOf());
    if (a instanceof ArrayBuffer || isView(a)) {
      const [x, y] = [bytesOf(a), bytesOf(b)];
      return x.length === y.length && x.every((byte, index) => byte === y[index]);
    }
    if (a instanceof Set) return a.size === b.size && [...a].every((x) => b.has(x) || [...b].some((y) => same(x, y)));
    if (a instanceof Map) {
      return a.size === b.size && [...a].every(([key, value]) => b.has(key) ? same(value, b.get(key))
        : [...b].some(([otherKey, other]) => same(key, otherKey) && same(value, other)));
    }
    if (isArray(a)) {
      if (a.length !== b.length) return false;
      for (let index = 0; index < a.length; index++) {
        if (mode === "strict" && index in a !== index in b) return false;
        if (!same(a[index], b[index])) return false;
      }
      return true;
    }
    const wanted = ownKeys(b);
    for (const key of wanted) {
      if (mode === "equal" && b[key] === undefined && !hasOwn(a, key)) continue;
      if (mode === "subset" ? !(key in a) : !hasOwn(a, key)) return false;
      if (!same(a[key], b[key])) return false;
    }
    if (mode === "subset") return true;
    return ownKeys(a).every((key) => hasOwn(b, key) || (mode === "equal" && a[key] === undefined));
  }

  // A value as text, one property per line, so that two of them can be compared line by line.
  function show(value) {
    const text = shown(value, "", []);
    return text.length > LONGEST ? text.slice(0, LONGEST) + "…" : text;
  }
  function shown(value, indent, above) {
    switch (typeof value) {
      case "string": return JSON.stringify(value);
      case "bigint": return `${value}n`;
      case "function": return value.name ? `[Function ${value.name}]` : "[Function]";
      case "object": break;
      default: return is(value, -0) ? "-0" : String(value);
    }
    if (value === null) return "null";
    if (isPattern(value)) return String(value);
    if (above.includes(value)) return "[Circular]";
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : `Date(${value.toISOString()})`;
    if (value instanceof RegExp) return String(value);
    if (value instanceof Error) return `[${value.name}: ${value.message}]`;
    const deeper = indent + "  ", inner = [...above, value];
    const list = (open, entries, close) => entries.length === 0 ? open + close
      : `${open}\n${entries.map((entry) => deeper + entry + ",\n").join("")}${indent}${close}`;
    const one = (each) => shown(each, deeper, inner);
    const name = value.constructor?.name;
    if (isArray(value)) return list("[", Array.from(value, one), "]");
    if (value instanceof ArrayBuffer || isView(value)) return `${name}(${value.byteLength}) [${bytesOf(value).join(", ")}]`;
    if (value instanceof Set) return list("Set {", [...value].map(one), "}");
    if (value instanceof Map) return list("Map {", [...value].map(([key, each]) => `${one(key)} => ${one(each)}`), "}");
    if (value instanceof Promise) return "Promise {}";
    const prefix = name && name !== "Object" ? name + " {" : "{";
    return list(prefix, ownKeys(value).sort((a, b) => (String(a) < String(b) ? -1 : 1)).map((key) =>
      `${typeof key === "symbol" ? String(key) : /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${one(value[key])}`), "}");
  }
  const line = (value) => {
    const text = show(value).replace(/,\n\s*([}\]])/g, " $1").replace(/([{[])\n\s*/g, "$1 ").replace(/\n\s*/g, " ");
    return text.length > 120 ? text.slice(0, 119) + "…" : text;
  };

  return { Pattern, equals, show, line };
})
