// The realm's core: runs a script's factory once per request and talks to the sandbox process in JSON text.
(function (pieces, order, config, lockdown) {
  "use strict";
  const global = globalThis;
  const evaluate = eval;
  const { parse, stringify } = JSON;
  const { apply, ownKeys } = Reflect;
  const { create, defineProperty, freeze, getPrototypeOf, assign } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const NativePromise = Promise;
  const promiseThen = Promise.prototype.then;
  const fromBase64 = Uint8Array.fromBase64;
  const { toBase64, subarray, set: setBytes } = Uint8Array.prototype;
  const { slice, charCodeAt, indexOf, toLowerCase, repeat } = String.prototype;
  const { push, splice, join } = Array.prototype;
  const typeTag = Object.getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
  const asyncIterator = Symbol.asyncIterator;
  const syncIterator = Symbol.iterator;
  const ErrorType = Error, TypeErrorType = TypeError, RangeErrorType = RangeError;
  const { isSafeInteger: isInteger_ } = Number;
  const dateNow = Date.now;
  const { min, max } = Math;
  const Bytes = Uint8Array, Buffer_ = ArrayBuffer;
  const toText = String;

  const OFFSET = config.lineOffset;   // lines from here on are the prelude's
  const PREFIX = config.prefix;       // characters before the script's own text on its first line
  const LIMITS = config.limits;
  const INLINE = 262144;              // longer bodies leave in slices, so that they are not held twice

  let current = null;
  let factory = null;
  let frameWanted = false;

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

  // ---- what leaves by the way of effects: logs and sends, in order ----
  function log(level, message, line) {
    if (current === null) return;
    const slot = current;
    if (slot.logBytes > LIMITS.logBytes) return;
    slot.logBytes += message.length + 32;
    if (slot.logBytes > LIMITS.logBytes) {
      slot.effects.push(["log", "warn", "log limit of " + LIMITS.logBytes + " bytes per request reached " +
        "(javascript.max_log_bytes); further lines are dropped", line || 0]);
      return;
    }
    slot.effects.push(["log", level, message, line === undefined ? callerLine() : line]);
  }
  function takeEffects(slot) {
    if (slot.effects.length === 0) return null;
    const effects = slot.effects;
    slot.effects = [];
    return effects;
  }

  // ---- describing a thrown value, whatever it is ----
  function text(value) {
    try { return typeof value === "symbol" ? "Symbol" : toText(value); } catch { return "<unprintable>"; }
  }
  function describe(error) {
    const found = { name: "Error", message: "", stack: "", line: 0, column: 0 };
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
    now: dateNow,
    call(operation, argument) {
      const slot = slotOrThrow();
      if (++slot.callCount > LIMITS.hostCalls) {
        throw new RangeErrorType("more than " + LIMITS.hostCalls + " host calls in one request (javascript.max_host_calls)");
      }
      const id = ++slot.lastCall;
      const packed = stringify(argument === undefined ? null : argument);
      return new NativePromise((resolve, reject) => {
        slot.waiting.set(id, { resolve, reject, made: new ErrorType("") });
        slot.calls.push("[" + id + "," + stringify(operation) + "," + packed + "]");
      });
    },
    send(operation, argument) {
      const slot = slotOrThrow();
      if (++slot.callCount > LIMITS.hostCalls) {
        throw new RangeErrorType("more than " + LIMITS.hostCalls + " host calls in one request (javascript.max_host_calls)");
      }
      slot.effects.push(["send", operation, argument === undefined ? null : parse(stringify(argument))]);
    },
    register(kind, key, data, handler) {
      const slot = slotOrThrow();
      if (!slot.loading) {
        if (slot.found === undefined && kind === slot.kind && key === slot.key) slot.found = handler;
        return;
      }
      slot.registrations.push({ kind, key, data, handler, inInit: slot.inInit, line: callerLine() });
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
    entropy(size) { return slotOrThrow().random(size); },
    setTimer(callback, delay, repeated) {
      const slot = slotOrThrow();
      if (slot.timers.size >= LIMITS.timers) {
        throw new RangeErrorType("more than " + LIMITS.timers + " timers at once (javascript.max_timers)");
      }
      const id = ++slot.lastTimer;
      const wait = max(repeated ? 1 : 0, delay > 0 ? min(delay, 2147483647) : 0);
      slot.timers.set(id, { due: dateNow() + wait, every: repeated ? wait : 0, callback, id });
      return id;
    },
    clearTimer(id) { if (current !== null) current.timers.delete(id); },
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
  const requestShape = exports_["request-shape"];

  // ---- a request's slot ----
  const noRandom = () => { throw new ErrorType("no entropy in this realm"); };
  function makeSlot(kind, key, facts, seed) {
    const slot = {
      kind, key, facts, loading: false, inInit: false, found: undefined, errorHandler: undefined, errorHandlerInInit: false,
      effects: [], calls: [], waiting: new Map(), lastCall: 0, callCount: 0, timers: new Map(), lastTimer: 0,
      locals: create(null), logBytes: 0, registrations: null, state: 0, answer: "", random: noRandom,
      iterator: null, chunks: [], chunkBytes: 0, streamed: 0, pulling: false, ended: 0, failure: null, body: null, request: null,
      attachments: [], filled: 0, started: false, exported: null,
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
  function bad(message) {
    const error = new TypeErrorType(message);
    defineProperty(error, "isBadResult", { value: true });
    return error;
  }
  function tooLarge(used) {
    const error = new RangeErrorType("the answer is larger than javascript.max_output_bytes");
    defineProperty(error, "limit", { value: { limit: "output", value: LIMITS.outputBytes, used, unit: "bytes", config_key: "javascript.max_output_bytes" } });
    return error;
  }
  function headerList(headers) {
    if (headers === undefined || headers === null) return [];
    const list = [];
    const one = (name, value) => {
      if (value === undefined || value === null) return;
      if (isArray(value)) { for (let i = 0; i < value.length; i++) list.push([toText(name), toText(value[i])]); }
      else list.push([toText(name), toText(value)]);
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
  // Gives the answer's JSON: [what, status, contentType, headers, cookies, body, effects, reason]
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
    } else if (typeof body === "object" && exports_.blob !== undefined && exports_.blob.isBlob !== undefined && exports_.blob.isBlob(body)) {
      slot.iterator = body.stream()[asyncIterator]();
      what = "s";
      type ??= body.type || "application/octet-stream";
    } else if (typeof body === "object" || typeof body === "boolean" || typeof body === "number") {
      const json = stringify(body);
      if (json === undefined) throw bad("body cannot be turned into JSON");
      return pack(slot, status, type ?? "application/json", headers, cookies, json, reason);
    } else throw bad("body must be a string, an object (JSON), bytes or a stream, not a " + typeof body);
    return stringify([what, status, type ?? null, headers, cookies ?? null, sent, takeEffects(slot), reason ?? null]);
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
        if (type === null && apply(toLowerCase, name, []) === "content-type") type = value; else headers.push([name, value]);
      }
      let body = parts.body;
      const packed = pack(slot, parts.status, type === null ? "" : type, headers, null, body, parts.statusText);
      return packed;
    }
    if (htmlPiece !== undefined && htmlPiece.isHtml(result)) return pack(slot, 200, undefined, [], null, result);
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
    if (exports_.blob !== undefined && exports_.blob.isBlob !== undefined && exports_.blob.isBlob(result)) {
      return pack(slot, 200, undefined, [], null, result);
    }
    const json = stringify(result);
    if (json === undefined) throw bad("the result cannot be turned into JSON");
    return pack(slot, 200, "application/json", [], null, json);
  }
  function failureText(slot, error) {
    const found = describe(error);
    try { if (typeof error === "object" && error !== null && error.limit && error instanceof RangeErrorType) found.limit = error.limit; } catch {}
    try { if (typeof error === "object" && error !== null && error.isBadResult === true) found.badResult = true; } catch {}
    return stringify(["!", found, takeEffects(slot)]);
  }

  // ---- serving ----
  function settleWith(slot, make) {
    try { slot.answer = make(); } catch (error) {
      try { slot.answer = failureText(slot, error); } catch { slot.answer = failureText(slot, null); }
    }
    slot.state = 1;
  }
  function finish(slot, result) {
    settleWith(slot, () => slot.kind === "route" ? answerFor(slot, result)
      : stringify(["v", result === undefined ? null : result, takeEffects(slot)]));
  }
  function fail(slot, error) {
    const handler = slot.errorHandler;
    if (handler !== undefined && slot.kind === "route") {
      slot.errorHandler = undefined;   // its own error is not given to it again
      const call = typeof handler === "string" ? slot.exported?.[handler] : handler;
      if (typeof call === "function") {
        slot.handledError = true;
        try { follow(slot, call(error, slot.request)); return; } catch (second) {
          host.report(second);
        }
      }
    }
    settleWith(slot, () => failureText(slot, error));
  }
  function follow(slot, result) {
    if (typeof result === "object" && result !== null) {
      let then;
      try { then = result.then; } catch (error) { fail(slot, error); return; }
      if (typeof then === "function") {
        const promise = result instanceof NativePromise ? result : new NativePromise((resolve) => resolve(result));
        apply(promiseThen, promise, [
          (value) => { if (slot.state === 0) finish(slot, value); },
          (error) => { if (slot.state === 0) fail(slot, error); },
        ]);
        return;
      }
    }
    finish(slot, result);
  }
  // What an unfinished request asks for: "?[[[id, operation, argument]...], effects]", or "?" for nothing new
  function pending(slot) {
    const calls = slot.calls;
    if (calls.length === 0 && slot.effects.length === 0) return "?";
    slot.calls = [];
    return "?[[" + apply(join, calls, [","]) + "]," + stringify(takeEffects(slot)) + "]";
  }
  function due() {   // milliseconds until the next timer, "" without one
    if (current === null || current.timers.size === 0) return "";
    let next = Infinity;
    current.timers.forEach((timer) => { if (timer.due < next) next = timer.due; });
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
      handler = slot.found === undefined ? handlerName : slot.found;
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
    if (slot.filled === 0) { target = new Bytes(size); slot.attachments.push(target); }
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
      return stringify([end < body.length ? end : -1, apply(slice, body, [offset, end])]);
    }
    const end = min(body.length, offset + 196608);
    return stringify([end < body.length ? end : -1, apply(toBase64, apply(subarray, body, [offset, end]), [])]);
  }
  function fire() {
    const slot = current;
    if (slot === null) return "";
    const now = dateNow(), due = [];
    slot.timers.forEach((timer) => { if (timer.due <= now) due.push(timer); });
    due.sort((a, b) => a.due - b.due || a.id - b.id);
    for (const timer of due) {
      if (!slot.timers.has(timer.id)) continue;
      if (timer.every > 0) timer.due = now + timer.every; else slot.timers.delete(timer.id);
      nativeQueue(() => { try { timer.callback(); } catch (error) { host.report(error); } });
    }
    return "";
  }
  function answerCall(packed) {
    const slot = current;
    if (slot === null) return "";
    const [id, ok, value] = parse(packed);
    const waiting = slot.waiting.get(id);
    if (waiting === undefined) return "";
    slot.waiting.delete(id);
    if (ok) { waiting.resolve(value); return ""; }
    const Type = value.name === "TypeError" ? TypeErrorType : value.name === "RangeError" ? RangeErrorType : ErrorType;
    const error = new Type(value.message);
    if (value.name && error.name !== value.name) defineProperty(error, "name", { value: value.name, configurable: true, writable: true });
    if (value.code) defineProperty(error, "code", { value: value.code, configurable: true, writable: true });
    const stack = waiting.made.stack;
    defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
    waiting.reject(error);
    return "";
  }
  // ---- streamed bodies: chunks are made only when asked for ----
  function advance(slot) {
    while (!slot.pulling && slot.ended === 0 && slot.chunkBytes < 16384) {
      slot.pulling = true;
      let step;
      try { step = slot.iterator.next(); } catch (error) { slot.ended = 2; slot.failure = error; return; }
      const accept = (result) => {
        slot.pulling = false;
        if (typeof result !== "object" || result === null) { slot.ended = 2; slot.failure = bad("the stream's next() gave no result object"); return; }
        if (result.done) { slot.ended = 1; return; }
        let chunk = result.value;
        if (htmlPiece !== undefined && htmlPiece.isHtml(chunk)) chunk = toText(chunk);
        if (typeof chunk === "string") { if (chunk.length) slot.chunks.push(["t", chunk]); slot.chunkBytes += chunk.length; }
        else if (isBytes(chunk)) { const bytes = asBytes(chunk); slot.chunks.push(["b", apply(toBase64, bytes, [])]); slot.chunkBytes += bytes.length; }
        else { slot.ended = 2; slot.failure = bad("a stream's chunk must be a string or bytes, not " + (chunk === null ? "null" : typeof chunk)); }
      };
      if (typeof step === "object" && step !== null && typeof step.then === "function") {
        const promise = step instanceof NativePromise ? step : new NativePromise((resolve) => resolve(step));
        apply(promiseThen, promise, [
          (result) => { try { accept(result); } catch (error) { slot.ended = 2; slot.failure = error; } if (current === slot) advance(slot); },
          (error) => { slot.pulling = false; slot.ended = 2; slot.failure = error; },
        ]);
        return;
      }
      try { accept(step); } catch (error) { slot.ended = 2; slot.failure = error; }
    }
  }
  function chunk() {   // "0[chunks, failure, effects, calls]" ("1…" ended, "2…" failed), or what is waited for
    const slot = current;
    if (slot.chunks.length === 0 && slot.ended === 0) return pending(slot);
    const chunks = slot.chunks, calls = slot.calls;
    slot.chunks = [];
    slot.chunkBytes = 0;
    if (calls.length > 0) slot.calls = [];
    return slot.ended + "[" + stringify(chunks) + "," + (slot.ended === 2 ? stringify(describe(slot.failure)) : "null") + "," +
      stringify(takeEffects(slot)) + ",[" + apply(join, calls, [","]) + "]]";
  }
  function waits() { return current === null ? "?" : pending(current); }
  function cancel() {
    const slot = current;
    if (slot === null) return "";
    slot.timers.clear();
    slot.state = 2;
    if (slot.iterator !== null && slot.ended === 0 && typeof slot.iterator.return === "function") {
      const ended = slot.iterator.return();
      if (ended instanceof NativePromise) apply(promiseThen, ended, [() => {}, () => {}]);
    }
    return "";
  }
  // Ends the request: what it left as effects, and nothing of it stays reachable.
  function drop() {
    const slot = current;
    current = null;
    return slot === null || slot.effects.length === 0 ? "" : stringify(takeEffects(slot));
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
        if (typeof exported[handler] !== "function") missing.push([what, handler, line]);
        names.push(handler);
        return handler;
      }
      if (typeof handler !== "function") throw new TypeErrorType(what + ": handler must be a function or the name of one");
      if (!inInit) return "";
      const name = handler.name;
      if (typeof name !== "string" || name === "" || exported[name] !== handler) {
        throw new TypeErrorType(what + ": the handler given inside init must be a named top-level function, since init does not run per request; " +
          "register " + (name ? "\"" + name + "\"" : "this anonymous function") + " at top level instead");
      }
      names.push(name);
      return name;
    };
    for (const entry of slot.registrations) {
      const what = entry.kind + " " + entry.key;
      entries.push([entry.kind, entry.key, entry.data, nameOf(entry.handler, entry.inInit, what, entry.line), entry.line,
        typeof entry.handler === "function" ? entry.handler.name : entry.handler]);
    }
    let errorHandler = null;
    if (slot.errorHandler !== undefined) {
      const name = nameOf(slot.errorHandler, slot.errorHandlerInInit, "registerErrorHandler", 0);
      if (name !== "") errorHandler = name;
    }
    return stringify(["l", entries, names, errorHandler, missing, takeEffects(slot)]);
  }
  function load(packed) {
    const { context, runInit, facts, seed } = parse(packed);
    const slot = current = makeSlot("load", "", freeze(facts), seed);
    slot.loading = true;
    slot.registrations = [];
    try {
      const own = view();
      slot.exported = factory(own, own);
      const init = slot.exported.init;
      if (typeof init === "function" && runInit) {
        slot.inInit = true;
        const result = init(context);
        if (typeof result === "object" && result !== null && typeof result.then === "function") {
          apply(promiseThen, new NativePromise((resolve) => resolve(result)), [
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
    return operations[operation](packed);
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
