// piece: logging
// names: writeLog console
(function (host) {
  "use strict";
  const { apply, ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { isArray } = Array;
  const { join } = Array.prototype;
  const stringify = JSON.stringify, toText = String, ErrorType = Error;
  const { replace } = String.prototype;
  const dateText = Date.prototype.toISOString;
  const MOST = 100, DEEPEST = 4;

  function quoted(value) { return typeof value === "string" ? stringify(value) : inspect(value, 0, []); }
  function key(name) { return typeof name === "symbol" ? "[" + toText(name) + "]" : /^[A-Za-z_$][\w$]*$/.test(name) ? name : stringify(name); }
  function inspect(value, depth, above) {
    switch (typeof value) {
      case "string": return depth === 0 ? value : stringify(value);
      case "bigint": return value + "n";
      case "symbol": return toText(value);
      case "function": return "[" + (/^class\b/.test(Function.prototype.toString.call(value)) ? "class " : "Function ") + (value.name || "(anonymous)") + "]";
      case "object": break;
      default: return toText(value);
    }
    if (value === null) return "null";
    if (value instanceof ErrorType) {
      const stack = typeof value.stack === "string" ? value.stack : "";
      const cause = value.cause === undefined || depth >= DEEPEST ? "" : "\n  cause: " + inspect(value.cause, depth + 1, [...above, value]);
      return toText(value.name) + ": " + toText(value.message) + (stack ? "\n" + stack.trimEnd() : "") + cause;
    }
    if (above.includes(value)) return "[Circular]";
    if (value instanceof Date) { try { return apply(dateText, value, []); } catch { return "Invalid Date"; } }
    if (value instanceof RegExp) return toText(value);
    if (depth >= DEEPEST) return isArray(value) ? "[Array]" : "[Object]";
    const inner = [...above, value], list = [];
    const name = value.constructor && value.constructor.name;
    if (isArray(value) || ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      const size = value.length;
      for (let index = 0; index < size && index < MOST; index++) list.push(inspect(value[index], depth + 1, inner));
      if (size > MOST) list.push("… " + (size - MOST) + " more");
      return (isArray(value) ? "" : name + "(" + size + ") ") + (list.length ? "[ " + join.call(list, ", ") + " ]" : "[]");
    }
    if (value instanceof Map || value instanceof Set) {
      for (const entry of value) {
        if (list.length === MOST) { list.push("… more"); break; }
        list.push(value instanceof Map ? inspect(entry[0], depth + 1, inner) + " => " + inspect(entry[1], depth + 1, inner) : inspect(entry, depth + 1, inner));
      }
      return name + "(" + value.size + ") {" + (list.length ? " " + join.call(list, ", ") + " " : "") + "}";
    }
    if (value instanceof Promise) return "Promise {}";
    for (const name of ownKeys(value)) {
      const descriptor = getOwnPropertyDescriptor(value, name);
      if (!descriptor || !descriptor.enumerable) continue;
      if (list.length === MOST) { list.push("… more"); break; }
      list.push(key(name) + ": " + ("value" in descriptor ? inspect(descriptor.value, depth + 1, inner) : "[Getter]"));
    }
    const label = name && name !== "Object" ? name + " " : value.constructor === undefined ? "[Object: null prototype] " : "";
    return label + (list.length ? "{ " + join.call(list, ", ") + " }" : "{}");
  }
  function format(values) {
    let first = 0, text = "";
    if (typeof values[0] === "string" && values.length > 1 && values[0].includes("%")) {
      first = 1;
      text = apply(replace, values[0], [/%([sdifjoOc%])/g, (all, kind) => {
        if (kind === "%") return "%";
        if (first >= values.length) return all;
        const value = values[first++];
        if (kind === "s") return typeof value === "string" ? value : inspect(value, 1, []);
        if (kind === "d" || kind === "f") return toText(Number(value));
        if (kind === "i") return toText(parseInt(value, 10));
        if (kind === "j") return stringify(value);
        return kind === "c" ? "" : inspect(value, 1, []);
      }]);
    }
    for (let index = first; index < values.length; index++) {
      text += (index === 0 ? "" : " ") + inspect(values[index], 0, []);
    }
    return text;
  }
  function safely(values) {
    try { return format(values); } catch { return "<unprintable>"; }
  }

  function writeLog(message) {
    host.log("info", typeof message === "string" ? message : safely([message]));
  }
  const quiet = !host.config.console;
  const at = (level) => ({ [level](...values) { if (!quiet) host.log(level === "log" ? "info" : level, safely(values)); } })[level];
  const console = {
    log: at("log"), info: at("info"), warn: at("warn"), error: at("error"), debug: at("debug"),
    trace(...values) { if (!quiet) host.log("debug", safely(values) + "\n" + (new Error("").stack || "").trimEnd()); },
    assert(condition, ...values) { if (!quiet && !condition) host.log("error", "Assertion failed" + (values.length ? ": " + safely(values) : "")); },
    dir(value) { if (!quiet) host.log("info", safely([value])); },
    table(value) { if (!quiet) host.log("info", safely([value])); },
    group(...values) { if (!quiet && values.length) host.log("info", safely(values)); },
    groupEnd() {},
    count(label = "default") {
      const counts = host.local("logging");
      const name = "count " + toText(label);
      counts[name] = (counts[name] ?? 0) + 1;
      if (!quiet) host.log("info", toText(label) + ": " + counts[name]);
    },
    countReset(label = "default") { host.local("logging")["count " + toText(label)] = 0; },
    time(label = "default") { host.local("logging")["time " + toText(label)] = host.now(); },
    timeLog(label = "default", ...values) {
      const started = host.local("logging")["time " + toText(label)];
      if (!quiet && started !== undefined) host.log("info", toText(label) + ": " + (host.now() - started) + " ms" + (values.length ? " " + safely(values) : ""));
    },
    timeEnd(label = "default") {
      console.timeLog(label);
      host.local("logging")["time " + toText(label)] = undefined;
    },
  };
  return { writeLog, console, inspect };
})
