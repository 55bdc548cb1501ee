// piece: events
// names: Event EventTarget CustomEvent
// needs: webidl dom-exception
(function (host) {
  "use strict";
  const { constants, dictionary, domString, isObject, required, shape } = host.use("webidl");
  const { DOMException } = host.use("dom-exception");
  const { defineProperty } = Object;
  const { apply } = Reflect;

  let flagsOf; // (event) => its mutable flags
  const trusted = Object.getOwnPropertyDescriptor(
    {
      get isTrusted() {
        return flagsOf(this).trusted;
      },
    },
    "isTrusted",
  ).get;

  class Event {
    #flags;
    #type;
    #time = host.now();
    static {
      flagsOf = (event) => event.#flags;
    }
    constructor(type, eventInitDict = undefined) {
      required(arguments, 1, "Event");
      this.#type = domString(type);
      const init = dictionary(eventInitDict, "the event's options");
      this.#flags = {
        bubbles: !!init.bubbles,
        cancelable: !!init.cancelable,
        composed: !!init.composed,
        target: null,
        current: null,
        phase: 0,
        dispatching: false,
        passive: false,
        stop: false,
        stopNow: false,
        canceled: false,
        trusted: false,
      };
      defineProperty(this, "isTrusted", { get: trusted, enumerable: true });
    }
    get type() {
      return this.#type;
    }
    get target() {
      return this.#flags.target;
    }
    get srcElement() {
      return this.#flags.target;
    }
    get currentTarget() {
      return this.#flags.current;
    }
    composedPath() {
      const { current } = this.#flags;
      return current === null ? [] : [current];
    }
    get eventPhase() {
      return this.#flags.phase;
    }
    stopPropagation() {
      this.#flags.stop = true;
    }
    get cancelBubble() {
      return this.#flags.stop;
    }
    set cancelBubble(value) {
      if (value) this.#flags.stop = true;
    }
    stopImmediatePropagation() {
      this.#flags.stop = this.#flags.stopNow = true;
    }
    get bubbles() {
      return this.#flags.bubbles;
    }
    get cancelable() {
      return this.#flags.cancelable;
    }
    get returnValue() {
      return !this.#flags.canceled;
    }
    set returnValue(value) {
      if (!value) this.preventDefault();
    }
    preventDefault() {
      const flags = this.#flags;
      if (flags.cancelable && !flags.passive) flags.canceled = true;
    }
    get defaultPrevented() {
      return this.#flags.canceled;
    }
    get composed() {
      return this.#flags.composed;
    }
    get timeStamp() {
      return this.#time;
    }
    initEvent(type, bubbles = false, cancelable = false) {
      const flags = this.#flags;
      required(arguments, 1, "Event.initEvent");
      type = domString(type);
      if (flags.dispatching) return;
      this.#type = type;
      flags.bubbles = !!bubbles;
      flags.cancelable = !!cancelable;
      flags.stop = flags.stopNow = flags.canceled = flags.trusted = false;
      flags.target = null;
    }
  }
  shape(Event, "Event");
  constants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });

  class CustomEvent extends Event {
    #detail;
    constructor(type, eventInitDict = undefined) {
      required(arguments, 1, "CustomEvent");
      super(type, eventInitDict);
      this.#detail = eventInitDict?.detail ?? null;
    }
    get detail() {
      return this.#detail;
    }
    initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
      this.#detail;
      required(arguments, 1, "CustomEvent.initCustomEvent");
      if (flagsOf(this).dispatching) return;
      this.initEvent(type, bubbles, cancelable);
      this.#detail = detail;
    }
  }
  shape(CustomEvent, "CustomEvent");

  // Without a tree an event has one target; capturing listeners go before the others.
  function dispatch(target, listenersOf, event, isTrusted) {
    const flags = flagsOf(event);
    flags.trusted = isTrusted;
    flags.dispatching = true;
    flags.target = flags.current = target;
    flags.phase = 2;
    for (const capture of [true, false]) {
      if (flags.stop) break;
      for (const listener of listenersOf(event.type)) {
        if (flags.stopNow) break;
        if (listener.removed || listener.capture !== capture) continue;
        if (listener.once) remove(listenersOf, event.type, listener);
        flags.passive = listener.passive;
        try {
          const { callback } = listener;
          if (typeof callback === "function") apply(callback, target, [event]);
          else {
            const { handleEvent } = callback;
            if (typeof handleEvent !== "function") throw new TypeError("handleEvent is not a function");
            apply(handleEvent, callback, [event]);
          }
        } catch (error) {
          host.report(error);
        }
        flags.passive = false;
      }
    }
    flags.phase = 0;
    flags.current = null;
    flags.dispatching = flags.stop = flags.stopNow = false;
    return !flags.canceled;
  }

  function remove(listenersOf, type, listener) {
    listener.removed = true;
    listenersOf(type, (list) => list.filter((each) => each !== listener));
  }

  function flatten(options) {
    return isObject(options) ? !!options.capture : !!options;
  }

  let handler; // (target, type, value) => set an on… attribute's value; without value, get it
  let fire; // (target, event) => dispatch an event as the engine's own

  class EventTarget {
    #listeners = new Map(); // type to an array which is replaced, never changed
    #handlers = null; // values of on… attributes
    static {
      fire = (target, event) => dispatch(target, target.#access, event, true);
      handler = (target, type, value) => {
        target.#handlers ??= new Map();
        if (value === undefined) return target.#handlers.get(type)?.value ?? null;
        if (!isObject(value)) value = null;
        const known = target.#handlers.get(type);
        if (known) known.value = value;
        if (known || value === null) {
          if (value === null && known) {
            remove(target.#access, type, known.listener);
            target.#handlers.delete(type);
          }
          return value;
        }
        const entry = { value, listener: null };
        const callback = (event) => {
          if (typeof entry.value === "function" && apply(entry.value, target, [event]) === false)
            event.preventDefault();
        };
        entry.listener = { callback, capture: false, once: false, passive: false, removed: false };
        target.#handlers.set(type, entry);
        target.#access(type, (list) => [...list, entry.listener]);
        return value;
      };
    }
    #access = (type, change) => {
      const list = this.#listeners.get(type) ?? [];
      if (change) this.#listeners.set(type, change(list));
      return list;
    };
    addEventListener(type, callback, options = undefined) {
      const access = this.#access;
      required(arguments, 2, "EventTarget.addEventListener");
      type = domString(type);
      if (callback !== null && callback !== undefined && !isObject(callback))
        throw new TypeError("the listener is not an object");
      const capture = flatten(options);
      let once = false;
      let passive = false;
      let signal;
      if (isObject(options)) {
        once = !!options.once;
        passive = !!options.passive;
        signal = options.signal;
        if (signal !== undefined) {
          const { addAlgorithm, isSignal } = host.use("abort");
          if (!isSignal(signal)) throw new TypeError("options.signal is not an AbortSignal");
          if (signal.aborted) return;
          if (callback) addAlgorithm(signal, () => this.removeEventListener(type, callback, capture));
        }
      }
      if (!callback) return;
      if (access(type).some((each) => each.callback === callback && each.capture === capture)) return;
      access(type, (list) => [...list, { callback, capture, once, passive, removed: false }]);
    }
    removeEventListener(type, callback, options = undefined) {
      const access = this.#access;
      required(arguments, 2, "EventTarget.removeEventListener");
      type = domString(type);
      if (callback !== null && callback !== undefined && !isObject(callback))
        throw new TypeError("the listener is not an object");
      const capture = flatten(options);
      for (const each of access(type)) {
        if (each.callback === callback && each.capture === capture) remove(access, type, each);
      }
    }
    dispatchEvent(event) {
      const access = this.#access;
      required(arguments, 1, "EventTarget.dispatchEvent");
      if (!(event instanceof Event)) throw new TypeError("the event is not an Event");
      if (flagsOf(event).dispatching)
        throw new DOMException("The event is already being dispatched", "InvalidStateError");
      return dispatch(this, access, event, false);
    }
  }
  shape(EventTarget, "EventTarget");

  return { CustomEvent, Event, EventTarget, fire, handler };
})
