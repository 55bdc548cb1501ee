// piece: readable-stream
// names: ReadableStream ReadableStreamDefaultReader ReadableStreamDefaultController ReadableByteStreamController
// needs: webidl promises queuing readable-core
// triggers: stream
(function (host) {
  "use strict";
  const { dictionary, enumeration, isObject, required, shape } = host.use("webidl");
  const { algorithm, deferred, methodOf, rejected, resolved, then } = host.use("promises");
  const { markOf, strategyOf } = host.use("queuing");
  const { apply } = Reflect;
  const { defineProperty, getPrototypeOf, setPrototypeOf } = Object;
  const AsyncIteratorPrototype = getPrototypeOf(getPrototypeOf(async function* () {}).prototype);
  const SECRET = Symbol();

  const core = host.use("readable-core");
  const {
    acquire,
    cancel,
    closeController,
    desiredSize,
    enqueue,
    fail,
    newState,
    open,
    read,
    release,
    setUp,
  } = core;

  let stateOf; // (stream) => its state record; a TypeError for anything else
  let isStream;

  class ReadableStreamDefaultController {
    #controller;
    constructor() {
      if (arguments[0] !== SECRET) throw new TypeError("Illegal constructor");
      this.#controller = arguments[1];
    }
    get desiredSize() {
      return desiredSize(this.#controller);
    }
    close() {
      if (!open(this.#controller)) throw new TypeError("the stream is closed, closing or errored");
      closeController(this.#controller);
    }
    enqueue(chunk = undefined) {
      if (!open(this.#controller)) throw new TypeError("the stream is closed, closing or errored");
      enqueue(this.#controller, chunk);
    }
    error(e = undefined) {
      fail(this.#controller, e);
    }
  }
  shape(ReadableStreamDefaultController, "ReadableStreamDefaultController");

  // Streams of type "bytes" hand their chunks to default readers only.
  class ReadableByteStreamController {
    #controller;
    constructor() {
      if (arguments[0] !== SECRET) throw new TypeError("Illegal constructor");
      this.#controller = arguments[1];
    }
    get byobRequest() {
      this.#controller;
      return null;
    }
    get desiredSize() {
      return desiredSize(this.#controller);
    }
    close() {
      if (!open(this.#controller)) throw new TypeError("the stream is closed, closing or errored");
      closeController(this.#controller);
    }
    enqueue(chunk) {
      const controller = this.#controller;
      required(arguments, 1, "ReadableByteStreamController.enqueue");
      if (!ArrayBuffer.isView(chunk)) throw new TypeError("the chunk is not an ArrayBufferView");
      if (chunk.byteLength === 0) throw new TypeError("the chunk is empty");
      if (!open(controller)) throw new TypeError("the stream is closed, closing or errored");
      const { buffer, byteOffset, byteLength } = chunk;
      enqueue(controller, new Uint8Array(buffer.transfer(), byteOffset, byteLength));
    }
    error(e = undefined) {
      fail(this.#controller, e);
    }
  }
  shape(ReadableByteStreamController, "ReadableByteStreamController");

  class ReadableStreamDefaultReader {
    #reader;
    constructor(stream) {
      required(arguments, 1, "ReadableStreamDefaultReader");
      this.#reader = acquire(stateOf(stream));
    }
    get closed() {
      return #reader in this
        ? this.#reader.closed.promise
        : rejected(new TypeError("not a ReadableStreamDefaultReader"));
    }
    cancel(reason = undefined) {
      if (!(#reader in this)) return rejected(new TypeError("not a ReadableStreamDefaultReader"));
      const { stream } = this.#reader;
      return stream === null ? rejected(new TypeError("the reader was released")) : cancel(stream, reason);
    }
    read() {
      if (!(#reader in this)) return rejected(new TypeError("not a ReadableStreamDefaultReader"));
      if (this.#reader.stream === null) return rejected(new TypeError("the reader was released"));
      const { promise, resolve, reject } = deferred();
      read(this.#reader, {
        chunk: (value) => resolve({ value, done: false }),
        close: () => resolve({ value: undefined, done: true }),
        error: reject,
      });
      return promise;
    }
    releaseLock() {
      if (this.#reader.stream !== null) release(this.#reader);
    }
  }
  shape(ReadableStreamDefaultReader, "ReadableStreamDefaultReader");

  class StreamIterator {
    #reader;
    #preventCancel;
    #ongoing = null;
    #finished = false;
    constructor(reader, preventCancel) {
      this.#reader = reader;
      this.#preventCancel = preventCancel;
    }
    #enqueue(step) {
      return (this.#ongoing = this.#ongoing === null ? step() : then(this.#ongoing, step, step));
    }
    next() {
      if (!isObject(this) || !(#reader in this))
        return rejected(new TypeError("not a ReadableStream async iterator"));
      return this.#enqueue(() => {
        if (this.#finished) return resolved({ value: undefined, done: true });
        const { promise, resolve, reject } = deferred();
        const end = (settle, value) => {
          this.#finished = true;
          release(this.#reader);
          settle(value);
        };
        read(this.#reader, {
          chunk: (value) => resolve({ value, done: false }),
          close: () => end(resolve, { value: undefined, done: true }),
          error: (error) => end(reject, error),
        });
        return then(promise, (result) => result); // the hop that Web IDL has here
      });
    }
    return(value = undefined) {
      if (!isObject(this) || !(#reader in this))
        return rejected(new TypeError("not a ReadableStream async iterator"));
      const steps = () => {
        if (this.#finished) return resolved(undefined);
        this.#finished = true;
        const reader = this.#reader;
        const result = this.#preventCancel ? resolved(undefined) : cancel(reader.stream, value);
        release(reader);
        return result;
      };
      return then(this.#enqueue(steps), () => ({ value, done: true }));
    }
  }
  delete StreamIterator.prototype.constructor;
  defineProperty(StreamIterator.prototype.return, "length", { value: 1 });
  setPrototypeOf(StreamIterator.prototype, AsyncIteratorPrototype);
  shape(StreamIterator, "ReadableStream AsyncIterator");

  class ReadableStream {
    #state;
    static {
      isStream = (value) => isObject(value) && #state in value;
      stateOf = (value) => {
        if (!isStream(value)) throw new TypeError("the argument is not a ReadableStream");
        return value.#state;
      };
    }
    constructor(underlyingSource = undefined, strategy = undefined) {
      if (underlyingSource === SECRET) {
        this.#state = strategy;
        return;
      }
      if (underlyingSource !== undefined && !isObject(underlyingSource))
        throw new TypeError("the underlying source is not an object");
      const source = underlyingSource ?? {};
      const { size, highWaterMark } = strategyOf(strategy);
      const stop = methodOf(source, "cancel");
      const pull = methodOf(source, "pull");
      const start = methodOf(source, "start");
      const bytes =
        source.type !== undefined &&
        enumeration(source.type, ["bytes"], "the underlying source's type") === "bytes";
      if (bytes && size !== undefined) throw new RangeError("a byte stream's strategy has no size");
      const mark = markOf({ highWaterMark }, bytes ? 0 : 1);
      const state = (this.#state = newState());
      let object;
      const Controller = bytes ? ReadableByteStreamController : ReadableStreamDefaultController;
      const begin = (controller) => {
        object = new Controller(SECRET, controller);
        return start === undefined ? undefined : apply(start, source, [object]);
      };
      const pulled = algorithm(pull, source);
      const sizeOf = bytes
        ? (chunk) => chunk.byteLength
        : size && ((chunk) => apply(size, undefined, [chunk]));
      setUp(state, begin, () => pulled(object), algorithm(stop, source), mark, sizeOf);
    }
    static from(asyncIterable) {
      required(arguments, 1, "ReadableStream.from");
      if (typeof asyncIterable !== "string" && !isObject(asyncIterable))
        throw new TypeError("ReadableStream.from: the argument is not iterable");
      return wrap(core.fromIterable(asyncIterable));
    }
    get locked() {
      return this.#state.reader !== null;
    }
    cancel(reason = undefined) {
      if (!isStream(this)) return rejected(new TypeError("not a ReadableStream"));
      if (this.#state.reader !== null) return rejected(new TypeError("the stream is locked to a reader"));
      return cancel(this.#state, reason);
    }
    getReader(options = undefined) {
      this.#state;
      const { mode } = dictionary(options, "the options");
      if (mode !== undefined && enumeration(mode, ["byob"], "mode"))
        throw new TypeError("byob readers are not supported");
      return new ReadableStreamDefaultReader(this);
    }
    tee() {
      return tee(this.#state);
    }
    values(options = undefined) {
      const state = this.#state;
      const preventCancel = !!dictionary(options, "the options").preventCancel;
      return new StreamIterator(acquire(state), preventCancel);
    }
  }
  shape(ReadableStream, "ReadableStream");
  defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
    value: ReadableStream.prototype.values,
    writable: true,
    configurable: true,
  });

  // As in the core, but giving objects.
  const wrap = (stream) => new ReadableStream(SECRET, stream);
  const create = (...values) => wrap(core.create(...values));
  const streamOf = (bytes) => wrap(core.streamOf(bytes));
  const tee = (stream, copy) => core.tee(stream, copy).map(wrap);

  return {
    ReadableByteStreamController,
    ReadableStream,
    ReadableStreamDefaultController,
    ReadableStreamDefaultReader,
    ...core,
    create,
    isStream,
    stateOf,
    streamOf,
    tee,
  };
})
