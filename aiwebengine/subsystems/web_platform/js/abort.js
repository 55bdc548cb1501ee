// piece: abort
// names: AbortController AbortSignal
// needs: webidl dom-exception events
// triggers: signal
(function (host) {
  "use strict";
  const { enforceRange, required, shape } = host.use("webidl");
  const { DOMException } = host.use("dom-exception");
  const { Event, EventTarget, fire, handler } = host.use("events");

  const SECRET = Symbol();
  let abort; // (signal, reason) => undefined
  let addAlgorithm; // (signal, callback) => a function that takes the callback off again
  let dependent; // (signals) => a signal which aborts with the first of them
  let isSignal;

  class AbortSignal extends EventTarget {
    #aborted = false;
    #reason = undefined;
    #algorithms = new Set();
    #sources = null; // of a dependent signal: the signals that are not dependent themselves
    #dependents = [];
    static {
      isSignal = (value) => typeof value === "object" && value !== null && #aborted in value;
      addAlgorithm = (signal, callback) => {
        if (!signal.#aborted) signal.#algorithms.add(callback);
        return () => signal.#algorithms.delete(callback);
      };
      abort = (signal, reason) => {
        if (signal.#aborted) return;
        if (reason === undefined) reason = new DOMException("This operation was aborted", "AbortError");
        const all = [signal];
        for (const each of signal.#dependents) if (!each.#aborted) all.push(each);
        for (const each of all) {
          each.#aborted = true;
          each.#reason = reason;
        }
        for (const each of all) {
          const algorithms = each.#algorithms;
          each.#algorithms = new Set();
          for (const algorithm of algorithms) algorithm();
          fire(each, new Event("abort"));
        }
      };
      dependent = (signals) => {
        const result = new AbortSignal(SECRET);
        const aborted = signals.find((signal) => signal.#aborted);
        if (aborted !== undefined) {
          result.#aborted = true;
          result.#reason = aborted.#reason;
          return result;
        }
        result.#sources = new Set();
        for (const signal of signals) {
          for (const source of signal.#sources ?? [signal]) {
            if (result.#sources.has(source)) continue;
            result.#sources.add(source);
            source.#dependents.push(result);
          }
        }
        return result;
      };
    }
    constructor() {
      if (arguments[0] !== SECRET) throw new TypeError("Illegal constructor");
      super();
    }
    static abort(reason = undefined) {
      const signal = new AbortSignal(SECRET);
      signal.#aborted = true;
      signal.#reason =
        reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
      return signal;
    }
    static any(signals) {
      required(arguments, 1, "AbortSignal.any");
      const list = [...signals];
      for (const signal of list)
        if (!isSignal(signal)) throw new TypeError("AbortSignal.any: an element is not an AbortSignal");
      return dependent(list);
    }
    static timeout(milliseconds) {
      required(arguments, 1, "AbortSignal.timeout");
      const delay = enforceRange(milliseconds, Number.MAX_SAFE_INTEGER, "milliseconds");
      const signal = new AbortSignal(SECRET);
      host.setTimer(
        () => abort(signal, new DOMException("The operation timed out", "TimeoutError")),
        delay,
        false,
      );
      return signal;
    }
    get aborted() {
      return this.#aborted;
    }
    get reason() {
      return this.#reason;
    }
    throwIfAborted() {
      if (this.#aborted) throw this.#reason;
    }
    get onabort() {
      this.#aborted;
      return handler(this, "abort");
    }
    set onabort(value) {
      this.#aborted;
      handler(this, "abort", value ?? null);
    }
  }
  shape(AbortSignal, "AbortSignal");

  class AbortController {
    #signal = new AbortSignal(SECRET);
    get signal() {
      return this.#signal;
    }
    abort(reason = undefined) {
      abort(this.#signal, reason);
    }
  }
  shape(AbortController, "AbortController");

  return { AbortController, AbortSignal, abort, addAlgorithm, dependent, isSignal };
})
