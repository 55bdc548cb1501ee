// The realm's core: runs a script's factory once per request and talks to the sandbox process in JSON text.
(function (pieces, order, config, lockdown) {
  "use strict";
  const global = globalThis;
  const evaluate = eval;
  const { parse, stringify } = JSON;
  const { apply, construct, ownKeys } = Reflect;
  const { create, defineProperty, freeze, getPrototypeOf, assign } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const NativePromise = Promise;
  const promiseThen = Promise.prototype.then;
  const fromBase64 = Uint8Array.fromBase64;
  const { toBase64, subarray, set: setBytes } = Uint8Array.prototype;
  const { slice, charCodeAt, indexOf, toLowerCase, repeat } = String.prototype;
  const { join } = Array.prototype;
  const { get: mapGet, set: mapSet, delete: mapDelete, forEach: mapEach, clear: mapClear } = Map.prototype;
  const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size").get;
  const Table = Map;
  const marks = new WeakMap();        // of errors made here: {limit}, {badResult} or {hostLimit}
  const markOf = WeakMap.prototype.get, markAs = WeakMap.prototype.set;
  const { test } = RegExp.prototype;
  const FROZEN = /^(?:object is not extensible|'.+' is read-only|could not delete property)$/;
  const typeTag = Object.getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
  const asyncIterator = Symbol.asyncIterator;
  const syncIterator = Symbol.iterator;
  const ErrorType = Error, MemoryError = InternalError, TypeErrorType = TypeError, RangeErrorType = RangeError;
  const { isSafeInteger: isInteger_ } = Number;
  const dateNow = Date.now;
  const { min, max } = Math;
  const Bytes = Uint8Array, Buffer_ = ArrayBuffer;
  const toText = String;
  // Scripts in runtime isolation may patch what arrays inherit.
  const add = (list, value) => defineProperty(list, list.length, { value, writable: true, enumerable: true, configurable: true });

  const OFFSET = config.lineOffset;   // lines from here on are the prelude's
  const PREFIX = config.prefix;       // characters before the script's own text on its first line
  const LIMITS = config.limits;
  const INLINE = 262144;              // longer bodies leave in slices, so that they are not held twice

  let current = null;
  let factory = null;
  let frameWanted = false;
  let consulted = false;              // whether a script that loads asked for something that differs from load to load

  // ---- stacks with the script's own name and lines ----
  const site = (() => {
    let frame;
    ErrorType.prepareStackTrace = (error, frames) => { frame = frames[0]; return ""; };
    void new ErrorType("").stack;
    const prototype = getPrototypeOf(frame);
    return { line: prototype.getLineNumber, column: prototype.getColumnNumber, name: prototype.getFunctionName };
  })();
  ErrorType.stackTraceLimit = 30;
  ErrorType.prepareStackTrace = (error, frames) => {
    let text = "", native = "", shown = 0;
    // Memory ran out in the script: even if it catches this, its realm is not used again.
    if (current !== null && error instanceof MemoryError && (error.message === "out of memory" || !error.message)) current.exhausted = true;
    for (let index = 0; index < frames.length; index++) {
      const frame = frames[index];
      const line = apply(site.line, frame, []);
      const name = apply(site.name, frame, []);
      if (line === null || line === undefined || line <= 0) { native += "    at " + name + " (native)\n"; continue; }
      if (line >= OFFSET) { native = ""; continue; }
      let column = apply(site.column, frame, []);
      if (line === 1) column = max(1, column - PREFIX);
      if (frameWanted) return line;
      text += native + "    at " + (name || "<anonymous>") + " (" + config.uri + ":" + line + ":" + column + ")\n";
      native = "";
      if (++shown === 12) break;
    }
    if (frameWanted) return 0;
    return text;
  };
  delete ErrorType.prepareStackTrace;
  delete ErrorType.stackTraceLimit;
  function callerLine() {
    frameWanted = true;
    try { const line = new ErrorType("").stack; return typeof line === "number" ? line : 0; }
    finally { frameWanted = false; }
  }

  // ---- what would make another load of the same text differ: the clock and randomness ----
  function watched(target) {
    return new Proxy(target, {
      __proto__: null,
      apply(target, self, list) { consulted = true; return apply(target, self, list); },
      construct(target, list, newTarget) { consulted = true; return construct(target, list, newTarget); },
    });
  }
  if (config.watched) {
    for (const name of ["now", "parse", "UTC"]) defineProperty(Date, name, { value: watched(Date[name]) });
    const prototype = Date.prototype;
    defineProperty(global, "Date", { value: watched(Date) });
    defineProperty(prototype, "constructor", { value: global.Date });
    defineProperty(Math, "random", { value: watched(Math.random) });
  }

  // ---- what leaves by the way of effects: logs and sends, in order ----
  function log(level, message, line) {
    if (current === null) return;
    const slot = current;
    if (slot.logBytes > LIMITS.logBytes) return;
    slot.logBytes += message.length + 32;
    if (slot.logBytes > LIMITS.logBytes) {
      addLog(slot, "warn", "log limit of " + LIMITS.logBytes + " bytes per request reached (javascript.max_log_bytes); further lines are dropped", line || 0);
      return;
    }
    addLog(slot, level, message, line === undefined ? callerLine() : line);
  }
  // JSON is put together from primitives and objects without prototype: a `toJSON` that a script gives to the built-ins is not asked.
  function addLog(slot, level, message, line) {
    add(slot.effects, "[\"log\"," + stringify(level) + "," + stringify(message) + "," + (+line || 0) + "]");
  }
  function addSend(slot, operation, packed) {
    add(slot.effects, "[\"send\"," + stringify(operation) + "," + packed + "]");
  }
  function packed(argument) {
    return argument === undefined ? "null" : stringify(argument) ?? "null";
  }
  function takeEffects(slot) {
    if (slot.effects.length === 0) return "null";
    const effects = slot.effects;
    slot.effects = [];
    return "[" + apply(join, effects, [","]) + "]";
  }

  // ---- describing a thrown value, whatever it is ----
  function text(value) {
    try { return typeof value === "symbol" ? "Symbol" : toText(value); } catch { return "<unprintable>"; }
  }
  function describe(error) {
    const found = { __proto__: null, name: "Error", message: "", stack: "" };
    if ((typeof error === "object" && error !== null) || typeof error === "function") {
      try { found.name = text(error.name ?? "Error"); } catch {}
      try { found.message = text(error.message ?? ""); } catch {}
      try { found.stack = typeof error.stack === "string" ? error.stack : ""; } catch {}
      try { if (error.cause !== undefined) found.cause = text(error.cause); } catch {}
    } else {
      found.name = "Thrown";
      found.message = "thrown value: " + text(error);
      if (error === null) found.isNull = true;
    }
    if (lockdown !== null && found.name === "TypeError" && apply(test, FROZEN, [found.message])) {
      found.message += " (built-ins and API objects are frozen, since requests share them: docs/isolation.md)";
    }
    if (found.stack.length > 8192) found.stack = apply(slice, found.stack, [0, 8192]);
    if (found.message.length > 8192) found.message = apply(slice, found.message, [0, 8192]) + "…";
    return found;
  }

  // ---- the interface of the pieces ----
  const exports_ = create(null);
  function slotOrThrow() {
    if (current === null) throw new TypeErrorType("no request is being served");
    return current;
  }
  const host = {
    config,
    use(name) {
      const found = exports_[name];
      if (found === undefined) throw new TypeErrorType("piece '" + name + "' is not loaded; name it under needs:");
      return found;
    },
    has(name) { return exports_[name] !== undefined; },
    local(name) {
      const locals = slotOrThrow().locals;
      return locals[name] ?? (locals[name] = create(null));
    },
    get request() { return slotOrThrow().facts; },
    get loading() { return current !== null && current.loading; },
    get uri() { return config.uri; },
    now() { consulted = true; return dateNow(); },
    call(operation, argument) {
      const slot = slotOrThrow();
      if (++slot.callCount > LIMITS.hostCalls) {
        throw new RangeErrorType("more than " + LIMITS.hostCalls + " host calls in one request (javascript.max_host_calls)");
      }
      const id = ++slot.lastCall;
      const text = packed(argument);
      return new NativePromise((resolve, reject) => {
        apply(mapSet, slot.waiting, [id, { resolve, reject, made: new ErrorType("") }]);
        add(slot.calls, { id, operation, text });
      });
    },
    send(operation, argument) {
      const slot = slotOrThrow();
      if (++slot.callCount > LIMITS.hostCalls) {
        throw new RangeErrorType("more than " + LIMITS.hostCalls + " host calls in one request (javascript.max_host_calls)");
      }
      addSend(slot, operation, packed(argument));
    },
    register(kind, key, data, handler) {
      const slot = slotOrThrow();
      if (!slot.loading) {
        if (kind === slot.kind && key === slot.key) slot.found = handler;   // the last one wins
        return;
      }
      add(slot.registrations, { kind, key, data, handler, inInit: slot.inInit, line: callerLine() });
    },
    setErrorHandler(handler) {
      const slot = slotOrThrow();
      slot.errorHandler = handler;
      if (slot.loading) slot.errorHandlerInInit = slot.inInit;
    },
    log, callerLine, describe,
    report(error) {
      const found = describe(error);
      log("error", "uncaught " + found.name + ": " + found.message + (found.stack ? "\n" + found.stack : ""), 0);
    },
    entropy(size) { consulted = true; return slotOrThrow().random(size); },
    setTimer(callback, delay, repeated) {
      const slot = slotOrThrow();
      if (apply(mapSize, slot.timers, []) >= LIMITS.timers) {
        throw new RangeErrorType("more than " + LIMITS.timers + " timers at once (javascript.max_timers)");
      }
      const id = ++slot.lastTimer;
      const wait = max(repeated ? 1 : 0, delay > 0 ? min(delay, 2147483647) : 0);
      apply(mapSet, slot.timers, [id, { due: dateNow() + wait, every: repeated ? wait : 0, callback, id }]);
      return id;
    },
    clearTimer(id) { if (current !== null) apply(mapDelete, current.timers, [id]); },
    typeError: (message) => new TypeErrorType(message),
    permissionError(message) {
      const error = new ErrorType(message);
      defineProperty(error, "name", { value: "PermissionError", configurable: true, writable: true });
      return error;
    },
  };

  // ---- globals that are taken away or replaced ----
  if (!config.evalAllowed) {
    const refuse = (name) => {
      throw new EvalError(name + " is switched off: code made from strings is not run (allow \"eval\" in javascript.allowed_apis)");
    };
    global.eval = function eval_() { refuse("eval"); };
    defineProperty(global.eval, "name", { value: "eval" });
    for (const [sample, name] of [[function () {}, "Function"], [async function () {}, "AsyncFunction"],
      [function* () {}, "GeneratorFunction"], [async function* () {}, "AsyncGeneratorFunction"]]) {
      const prototype = getPrototypeOf(sample);
      const replaced = { [name]: function () { refuse("the " + name + " constructor"); } }[name];
      defineProperty(replaced, "prototype", { value: prototype, writable: false });
      defineProperty(prototype, "constructor", { value: replaced, writable: true, configurable: true });
      if (name === "Function") global.Function = replaced;
    }
  }
  for (const name of ["SharedArrayBuffer", "Atomics", "FinalizationRegistry", "print", "std", "os", "bjson"]) delete global[name];
  const nativeQueue = global.queueMicrotask;
  defineProperty(global, "queueMicrotask", { value: function queueMicrotask(callback) {
    if (typeof callback !== "function") throw new TypeErrorType("queueMicrotask: callback must be a function");
    nativeQueue(() => { try { callback(); } catch (error) { host.report(error); } });
  }, writable: true, enumerable: true, configurable: true });

  // ---- the pieces, in the order of their needs ----
  for (const name of order) {
    const found = pieces[name].make(host) || {};
    exports_[name] = found;
    for (const key of pieces[name].names) {
      if (key in found) defineProperty(global, key, { value: found[key], writable: true, enumerable: false, configurable: true });
    }
  }
  const entropyPiece = exports_.entropy;
  const responsePiece = exports_.response;
  const htmlPiece = exports_.html;
  const blobPiece = exports_.blob;
  const requestShape = exports_["request-shape"];

  // ---- a request's slot ----
  const noRandom = () => { throw new ErrorType("no entropy in this realm"); };
  function makeSlot(kind, key, facts, seed) {
    const slot = {
      kind, key, facts, loading: false, inInit: false, found: undefined, errorHandler: undefined, errorHandlerInInit: false,
      effects: [], calls: [], waiting: new Table(), lastCall: 0, callCount: 0, timers: new Table(), lastTimer: 0,
      locals: create(null), logBytes: 0, registrations: null, state: 0, answer: "", random: noRandom,
      iterator: null, chunks: [], chunkBytes: 0, streamed: 0, pulling: false, ended: 0, failure: null, body: null, request: null,
      attachments: [], filled: 0, started: false, exported: null, failed: undefined, exhausted: false,
    };
    if (seed && entropyPiece !== undefined) slot.random = entropyPiece.makeGenerator(seed);
    return slot;
  }
  function view() {
    const own = create(global);
    defineProperty(own, "globalThis", { value: own, writable: true, enumerable: false, configurable: true });
    defineProperty(own, "self", { value: own, writable: true, enumerable: false, configurable: true });
    return own;
  }

  // ---- results of handlers ----
  function isBytes(value) { return isView(value) || value instanceof Buffer_; }
  function asBytes(value) {
    if (value instanceof Buffer_) return new Bytes(value);
    if (apply(typeTag, value, []) === "Uint8Array") return value;
    return new Bytes(value.buffer, value.byteOffset, value.byteLength);
  }
  function isStream(value) {
    return typeof value === "object" && value !== null && !isArray(value) &&
      (typeof value[asyncIterator] === "function" ||
        (typeof value.next === "function" && typeof value[syncIterator] === "function"));
  }
  function marked(error, mark) { apply(markAs, marks, [error, mark]); return error; }
  function bad(message) {
    return marked(new TypeErrorType(message), { badResult: true });
  }
  function tooLarge(used) {
    return marked(new RangeErrorType("the answer is larger than javascript.max_output_bytes"),
      { limit: { __proto__: null, limit: "output", value: LIMITS.outputBytes, used, unit: "bytes", config_key: "javascript.max_output_bytes" } });
  }
  function headerList(headers) {
    if (headers === undefined || headers === null) return [];
    const list = [];
    const one = (name, value) => {
      if (value === undefined || value === null) return;
      if (isArray(value)) { for (let i = 0; i < value.length; i++) add(list, [toText(name), toText(value[i])]); }
      else add(list, [toText(name), toText(value)]);
    };
    if (typeof headers !== "object") throw bad("headers must be an object, an array of pairs, or Headers");
    if (typeof headers[syncIterator] === "function") {
      for (const pair of headers) {
        if (!isArray(pair) || pair.length !== 2) throw bad("headers: each entry of a list must be a [name, value] pair");
        one(pair[0], pair[1]);
      }
    } else for (const name of ownKeys(headers)) if (typeof name === "string") one(name, headers[name]);
    return list;
  }
  // Gives the answer's JSON: [what, status, contentType, headers, cookies, body, effects, reason]; an answer that ends the
  // request leaves the effects to `drop`, since what runs after it may add some.
  function pack(slot, status, type, headers, cookies, body, reason) {
    let what = "t", sent = null;
    if (body === undefined || body === null) { what = "e"; }
    else if (typeof body === "string") {
      if (body.length > LIMITS.outputBytes) throw tooLarge(body.length);
      if (body.length > INLINE) { what = "T"; slot.body = body; } else sent = body;
      type ??= "text/plain; charset=utf-8";
    } else if (isBytes(body)) {
      const bytes = asBytes(body);
      if (bytes.length > LIMITS.outputBytes) throw tooLarge(bytes.length);
      type ??= "application/octet-stream";
      if (bytes.length > INLINE) { what = "B"; slot.body = bytes; } else { what = "b"; sent = apply(toBase64, bytes, []); }
    } else if (htmlPiece !== undefined && htmlPiece.isHtml(body)) {
      return pack(slot, status, type ?? "text/html; charset=utf-8", headers, cookies, toText(body), reason);
    } else if (isStream(body)) {
      slot.iterator = typeof body[asyncIterator] === "function" ? body[asyncIterator]() : body[syncIterator]();
      if (typeof slot.iterator !== "object" || slot.iterator === null || typeof slot.iterator.next !== "function") {
        throw bad("the body's iterator has no next() method");
      }
      what = "s";
      type ??= "text/plain; charset=utf-8";
    } else if (blobPiece !== undefined && blobPiece.isBlob(body)) {
      return pack(slot, status, type ?? (body.type || undefined), headers, cookies, blobPiece.bytesOf(body), reason);
    } else if (typeof body === "object" || typeof body === "boolean" || typeof body === "number") {
      const json = stringify(body);
      if (json === undefined) throw bad("body cannot be turned into JSON");
      return pack(slot, status, type ?? "application/json", headers, cookies, json, reason);
    } else throw bad("body must be a string, an object (JSON), bytes or a stream, not a " + typeof body);
    let lines = "";
    for (let index = 0; index < headers.length; index++) {
      lines += (index === 0 ? "[" : ",[") + stringify(headers[index][0]) + "," + stringify(headers[index][1]) + "]";
    }
    return "[\"" + what + "\"," + status + "," + (type === undefined ? "null" : stringify(type)) + ",[" + lines + "]," + packed(cookies) + "," +
      stringify(sent) + "," + (what === "s" ? takeEffects(slot) : "null") + "," + (reason ? stringify(toText(reason)) : "null") + "]";
  }
  function answerFor(slot, result) {
    if (typeof result === "string") return pack(slot, 200, undefined, [], null, result);
    if (result === undefined) throw bad("the handler returned nothing: return a string, an object, bytes, a stream or a Response");
    if (typeof result !== "object" || result === null) {
      throw bad("the handler returned " + (result === null ? "null" : "a " + typeof result) + ": return a string, an object, bytes, a stream or a Response");
    }
    if (isBytes(result)) return pack(slot, 200, undefined, [], null, result);
    if (responsePiece !== undefined && result instanceof responsePiece.Response) {
      const parts = responsePiece.responseParts(result);
      let type = null;
      const headers = [];
      for (const [name, value] of parts.headers) {
        if (type === null && apply(toLowerCase, name, []) === "content-type") type = value; else add(headers, [name, value]);
      }
      let body = parts.body;
      const packed = pack(slot, parts.status, type === null ? "" : type, headers, null, body, parts.statusText);
      return packed;
    }
    if (htmlPiece !== undefined && htmlPiece.isHtml(result)) return pack(slot, 200, undefined, [], null, result);
    if (blobPiece !== undefined && blobPiece.isBlob(result)) return pack(slot, 200, undefined, [], null, result);
    if (isArray(result)) return pack(slot, 200, "application/json", [], null, stringify(result));
    if (isStream(result)) return pack(slot, 200, undefined, [], null, result);
    if ("status" in result || "body" in result || "stream" in result) {
      let { status = 200, body, contentType, headers, cookies, stream } = result;
      if (stream !== undefined && body === undefined) body = stream;
      if (typeof status !== "number" || !isInteger_(status) || status < 100 || status > 599) {
        throw bad("status must be a whole number from 100 to 599, not " + text(status));
      }
      if (contentType !== undefined && contentType !== null && typeof contentType !== "string") throw bad("contentType must be a string");
      if (cookies !== undefined && cookies !== null && typeof cookies !== "object") throw bad("cookies must be an object or a list");
      if (body === null && "body" in result && contentType === "application/json") body = "null";
      return pack(slot, status, contentType ?? undefined, headerList(headers), cookies, body);
    }
    const json = stringify(result);
    if (json === undefined) throw bad("the result cannot be turned into JSON");
    return pack(slot, 200, "application/json", [], null, json);
  }
  function failureText(slot, error) {
    const found = describe(error);
    assign(found, apply(markOf, marks, [error]));
    return "[\"!\"," + stringify(found) + ",null]";
  }

  // ---- serving ----
  function settleWith(slot, make) {
    try { slot.answer = make(); } catch (error) { slot.answer = failureText(slot, error); }
    slot.state = 1;
  }
  function finish(slot, result) {
    let answer;
    try {
      answer = slot.kind === "route" ? answerFor(slot, result) : "[\"v\"," + packed(result) + ",null]";
    } catch (error) {
      slot.iterator = slot.body = null;
      fail(slot, error);
      return;
    }
    slot.answer = answer;
    slot.state = 1;
  }
  // The script's error handler answers in the handler's place, once; if it fails too, the first error is the answer.
  function fail(slot, error) {
    if (slot.failed !== undefined) {
      if (error !== slot.failed.error) host.report(error);
      settleWith(slot, () => failureText(slot, slot.failed.error));
      return;
    }
    const handler = slot.kind === "route" ? slot.errorHandler : undefined;
    const call = typeof handler === "string" ? slot.exported?.[handler] : handler;
    if (typeof call !== "function") { settleWith(slot, () => failureText(slot, error)); return; }
    slot.failed = { error };
    try { follow(slot, call(error, slot.request)); } catch (second) { fail(slot, second); }
  }
  // The promise that a result is or stands for, null for a plain value. Raises what a getter of `then` throws.
  function promised(result) {
    if (typeof result !== "object" || result === null) return null;
    if (result instanceof NativePromise) return result;
    return typeof result.then === "function" ? new NativePromise((resolve) => resolve(result)) : null;
  }
  function follow(slot, result) {
    let promise;
    try { promise = promised(result); } catch (error) { fail(slot, error); return; }
    if (promise === null) { finish(slot, result); return; }
    apply(promiseThen, promise, [
      (value) => { if (slot.state === 0) finish(slot, value); },
      (error) => { if (slot.state === 0) fail(slot, error); },
    ]);
  }
  function takeCalls(slot) {
    const calls = slot.calls;
    if (calls.length === 0) return "[]";
    slot.calls = [];
    let text = "[";
    for (let index = 0; index < calls.length; index++) {
      const call = calls[index];
      text += (index === 0 ? "[" : ",[") + call.id + "," + stringify(call.operation) + "," + call.text + "]";
    }
    return text + "]";
  }
  // What an unfinished request asks for: "?[[[id, operation, argument]...], effects]", or "?" for nothing new
  function pending(slot) {
    const calls = slot.calls;
    if (calls.length === 0 && slot.effects.length === 0) return "?";
    return "?[" + takeCalls(slot) + "," + takeEffects(slot) + "]";
  }
  function due() {   // milliseconds until the next timer, "" without one
    if (current === null || apply(mapSize, current.timers, []) === 0) return "";
    let next = Infinity;
    apply(mapEach, current.timers, [(timer) => { if (timer.due < next) next = timer.due; }]);
    return toText(max(0, next - dateNow()));
  }
  function outcome(slot) { return slot.state === 0 ? "" : slot.answer; }
  function begin(packed) {
    const [kind, key, handlerName, errorHandlerName, data, facts, seed] = parse(packed);
    const slot = current !== null && current.kind === "" ? current : makeSlot(kind, key, facts, seed);
    slot.kind = kind; slot.key = key; slot.facts = freeze(facts);
    if (seed && entropyPiece !== undefined) slot.random = entropyPiece.makeGenerator(seed);
    current = slot;
    let handler, argument;
    try {
      if (errorHandlerName !== null) slot.errorHandler = errorHandlerName;
      argument = kind === "route" ? (slot.request = requestShape.make(data, slot.attachments)) : data;
      const own = view();
      slot.exported = factory(own, own);
      // A name given is that of the last registration, which may have been made by init.
      handler = handlerName === null ? slot.found : handlerName;
      if (typeof handler === "string") {
        const name = handler;
        handler = slot.exported[name];
        if (typeof handler !== "function") throw new ReferenceError("the handler \"" + name + "\" is not a function of this script");
      } else if (typeof handler !== "function") {
        throw new ReferenceError("the script no longer registers a handler for " + kind + " " + key);
      }
    } catch (error) { fail(slot, error); return outcome(slot); }
    try {
      follow(slot, kind === "route" ? handler(argument) : apply(handler, undefined, argument));
    } catch (error) { fail(slot, error); }
    return outcome(slot);
  }
  function attach(packed) {   // base64 slices of the next binary part; "size:base64"
    const slot = current !== null && current.kind === "" ? current : (current = makeSlot("", "", null, null));
    const cut = apply(indexOf, packed, [":"]);
    const size = +apply(slice, packed, [0, cut]);
    const part = fromBase64(apply(slice, packed, [cut + 1]));
    let target = slot.attachments[slot.attachments.length - 1];
    if (slot.filled === 0) { target = new Bytes(size); add(slot.attachments, target); }
    apply(setBytes, target, [part, slot.filled]);
    slot.filled += part.length;
    if (slot.filled >= size) slot.filled = 0;
    return "";
  }
  function take(packed) {   // the next slice of a large body, from the given offset
    const slot = current, offset = +packed, body = slot.body;
    if (typeof body === "string") {
      let end = min(body.length, offset + 98304);
      if (end < body.length) {
        const last = apply(charCodeAt, body, [end - 1]);
        if (last >= 0xd800 && last < 0xdc00) end--;
      }
      return "[" + (end < body.length ? end : -1) + "," + stringify(apply(slice, body, [offset, end])) + "]";
    }
    const end = min(body.length, offset + 196608);
    return "[" + (end < body.length ? end : -1) + ",\"" + apply(toBase64, apply(subarray, body, [offset, end]), []) + "\"]";
  }
  function fire() {   // one timer only: the promise jobs it leaves run before the next
    const slot = current;
    if (slot === null) return "";
    const now = dateNow();
    let first = null;
    apply(mapEach, slot.timers, [(timer) => {
      if (timer.due <= now && (first === null || timer.due < first.due)) first = timer;   // in order of age already
    }]);
    if (first === null) return "";
    if (first.every > 0) first.due = now + first.every; else apply(mapDelete, slot.timers, [first.id]);
    try { first.callback(); } catch (error) { host.report(error); }
    return "";
  }
  function answerCall(packed) {
    const slot = current;
    if (slot === null) return "";
    const [id, ok, value] = parse(packed);
    const waiting = apply(mapGet, slot.waiting, [id]);
    if (waiting === undefined) return "";
    apply(mapDelete, slot.waiting, [id]);
    if (ok) { waiting.resolve(value); return ""; }
    const Type = value.name === "TypeError" ? TypeErrorType : value.name === "RangeError" ? RangeErrorType : ErrorType;
    const error = new Type(value.message);
    if (value.name && error.name !== value.name) defineProperty(error, "name", { value: value.name, configurable: true, writable: true });
    if (value.code) defineProperty(error, "code", { value: value.code, configurable: true, writable: true });
    if (value.limit) marked(error, { hostLimit: value.limit });
    const stack = waiting.made.stack;
    defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
    waiting.reject(error);
    return "";
  }
  // ---- streamed bodies: chunks are made only when asked for ----
  // A failure is described where it happens: its getters are the script's, and what they set off must run in this request.
  function broken(slot, error) {
    slot.pulling = false;
    if (slot.ended !== 0) return;
    slot.ended = 2;
    slot.failure = describe(error);
  }
  function accept(slot, result) {
    slot.pulling = false;
    if (slot.ended !== 0) return;
    if (typeof result !== "object" || result === null) throw bad("the stream's next() gave no result object");
    if (result.done) { slot.ended = 1; return; }
    let chunk = result.value;
    if (htmlPiece !== undefined && htmlPiece.isHtml(chunk)) chunk = toText(chunk);
    if (typeof chunk === "string") {
      if (chunk.length) add(slot.chunks, "[\"t\"," + stringify(chunk) + "]");
      slot.chunkBytes += chunk.length;
    } else if (isBytes(chunk)) {
      const bytes = asBytes(chunk);
      add(slot.chunks, "[\"b\",\"" + apply(toBase64, bytes, []) + "\"]");
      slot.chunkBytes += bytes.length;
    } else throw bad("a stream's chunk must be a string or bytes, not " + (chunk === null ? "null" : typeof chunk));
  }
  function advance(slot) {
    while (!slot.pulling && slot.ended === 0 && slot.chunkBytes < 16384) {
      slot.pulling = true;
      try {
        const step = slot.iterator.next();
        const promise = promised(step);
        if (promise !== null) {
          apply(promiseThen, promise, [
            (result) => { try { accept(slot, result); } catch (error) { stop(slot); broken(slot, error); } if (current === slot) advance(slot); },
            (error) => broken(slot, error),
          ]);
          return;
        }
        try { accept(slot, step); } catch (error) { stop(slot); throw error; }
      } catch (error) { broken(slot, error); }
    }
  }
  // Tells the script's iterator that nobody wants more, so that its `finally` runs.
  function stop(slot) {
    try {
      if (typeof slot.iterator.return !== "function") return;
      const ended = slot.iterator.return();
      if (ended instanceof NativePromise) apply(promiseThen, ended, [undefined, (error) => host.report(error)]);
    } catch (error) { host.report(error); }
  }
  function chunk() {   // "0[chunks, failure, effects, calls]" ("1…" ended, "2…" failed), or what is waited for
    const slot = current;
    if (slot.chunks.length === 0 && slot.ended === 0) return pending(slot);
    const chunks = slot.chunks;
    slot.chunks = [];
    slot.chunkBytes = 0;
    return slot.ended + "[[" + apply(join, chunks, [","]) + "]," + stringify(slot.failure) + "," +
      (slot.ended === 0 ? takeEffects(slot) + "," + takeCalls(slot) : "null,[]") + "]";
  }
  function waits() { return current === null ? "?" : pending(current); }
  // The client is gone or the time is up: what awaits the host is told so, a streamed body's `finally` runs.
  function cancel() {
    const slot = current;
    if (slot === null) return "";
    slot.state = 2;
    if (slot.iterator !== null && slot.ended === 0) {
      slot.ended = 1;
      stop(slot);
    }
    apply(mapClear, slot.timers, []);
    apply(mapEach, slot.waiting, [(waiting) => {
      const error = waiting.made;
      defineProperty(error, "name", { value: "AbortError", configurable: true, writable: true });
      defineProperty(error, "message", { value: "the request was cancelled", configurable: true, writable: true });
      waiting.reject(error);
    }]);
    apply(mapClear, slot.waiting, []);
    return "";
  }
  // Ends the request: what it left as effects, and nothing of it stays reachable. Calls nobody awaited are still made.
  function drop() {
    const slot = current;
    current = null;
    if (slot === null) return "";
    for (let index = 0; index < slot.calls.length; index++) addSend(slot, slot.calls[index].operation, slot.calls[index].text);
    return (slot.exhausted ? "!" : "") + (slot.effects.length === 0 ? "" : takeEffects(slot));
  }

  // ---- loading ----
  function compile(source) {
    try { factory = evaluate(source); return ""; } catch (error) { return stringify(describe(error)); }
  }
  function loaded(slot) {
    const names = [], entries = [], missing = [];
    const exported = slot.exported;
    const nameOf = (handler, inInit, what, line) => {
      if (typeof handler === "string") {
        if (typeof exported[handler] !== "function") add(missing, "[" + stringify(what) + "," + stringify(handler) + "," + line + "]");
        add(names, stringify(handler));
        return handler;
      }
      if (typeof handler !== "function") throw new TypeErrorType(what + ": handler must be a function or the name of one");
      if (!inInit) return "";
      const name = handler.name;
      if (typeof name !== "string" || name === "" || exported[name] !== handler) {
        throw new TypeErrorType(what + ": the handler given inside init must be a named top-level function, since init does not run per request; " +
          "register " + (name ? "\"" + name + "\"" : "this anonymous function") + " at top level instead");
      }
      add(names, stringify(name));
      return name;
    };
    for (let index = 0; index < slot.registrations.length; index++) {
      const entry = slot.registrations[index];
      const what = entry.kind + " " + entry.key;
      const name = nameOf(entry.handler, entry.inInit, what, entry.line);
      const shown = typeof entry.handler === "function" ? text(entry.handler.name) : entry.handler;
      add(entries, "[" + stringify(entry.kind) + "," + stringify(entry.key) + "," + packed(entry.data) + "," + stringify(name) + "," +
        entry.line + "," + stringify(shown) + "]");
    }
    let errorHandler = null;
    if (slot.errorHandler !== undefined) {
      const name = nameOf(slot.errorHandler, slot.errorHandlerInInit, "registerErrorHandler", 0);
      if (name !== "") errorHandler = name;
    }
    const list = (texts) => "[" + apply(join, texts, [","]) + "]";
    const repeatable = !consulted && typeof exported.init !== "function" && slot.effects.length === 0 &&
      slot.callCount === 0 && slot.lastTimer === 0;
    return "[\"l\"," + list(entries) + "," + list(names) + "," + stringify(errorHandler) + "," + list(missing) + "," + repeatable + ",null]";
  }
  function load(packed) {
    const { context, runInit, facts, seed } = parse(packed);
    const slot = current = makeSlot("load", "", freeze(facts), seed);
    slot.loading = true;
    slot.registrations = [];
    consulted = false;
    try {
      const own = view();
      slot.exported = factory(own, own);
      const init = slot.exported.init;
      if (typeof init === "function" && runInit) {
        slot.inInit = true;
        const promise = promised(init(context));
        if (promise !== null) {
          apply(promiseThen, promise, [
            () => settleWith(slot, () => loaded(slot)),
            (error) => settleWith(slot, () => failureText(slot, error)),
          ]);
          return outcome(slot);
        }
      }
    } catch (error) { settleWith(slot, () => failureText(slot, error)); return outcome(slot); }
    settleWith(slot, () => loaded(slot));
    return outcome(slot);
  }
  function poll() {
    if (current === null) return "";
    return current.state === 0 ? pending(current) : current.iterator !== null && current.started ? chunk() : current.answer;
  }
  function pull() {
    if (current === null || current.iterator === null) return "";
    current.started = true;
    advance(current);
    return "";
  }

  const operations = [compile, load, begin, poll, attach, take, fire, answerCall, pull, cancel, drop, due, waits];
  function enter(operation, packed) {
    // QuickJS joins long strings lazily, and the binding cannot read such a rope; a slice is a plain string.
    return apply(slice, operations[operation](packed), [0]);
  }

  for (const key of ["globalThis"]) defineProperty(global, key, { value: global, writable: true, enumerable: false, configurable: true });
  if (lockdown !== null) {
    const hidden = [function* () {}, async function () {}, async function* () {}, [][syncIterator](), new Map().entries(), new Set().values(),
      ""[syncIterator](), /./g[Symbol.matchAll](""), (function () { return arguments; })()].map(getPrototypeOf);
    const more = [];
    for (const prototype of hidden) { more.push(prototype); if (prototype.prototype) more.push(prototype.prototype, getPrototypeOf(prototype.prototype)); }
    try { more.push(getPrototypeOf(Iterator.from({ next() {} }))); } catch {}
    try { more.push(getPrototypeOf([].values().map((x) => x))); } catch {}
    for (const name of order) more.push(exports_[name]);
    more.push(host, site, exports_, config, LIMITS, operations);
    lockdown(global, more);
  }
  return enter;
})
