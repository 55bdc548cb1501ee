// piece: readable-stream
// names: ReadableStream ReadableStreamDefaultReader ReadableStreamDefaultController ReadableByteStreamController
// needs: webidl promises queuing
// triggers: stream
// A ReadableStream's state is a record {state, reader, error, disturbed, controller}; its objects only point at it.
(function (host) {
  "use strict";
  const { callback, dictionary, enumeration, isObject, required, shape } = host.use("webidl");
  const { algorithm, deferred, handled, nothing, rejected, resolved, then, upon } = host.use("promises");
  const { markOf, push, shift, strategyOf } = host.use("queuing");
  const { apply } = Reflect;
  const { defineProperty, getPrototypeOf, setPrototypeOf } = Object;
  const AsyncIteratorPrototype = getPrototypeOf(getPrototypeOf(async function* () {}).prototype);
  const SECRET = Symbol();
  const CHUNK = 65536; // bytes

  const method = (object, name) => (object[name] === undefined ? undefined : callback(object[name], name));

  // ---- controllers: {stream, items, total, started, closing, pulling, again, mark, size, pull, cancel}

  function setUp(stream, start, pull, cancel, mark, size) {
    const controller = {
      stream, items: [], total: 0, started: false, closing: false, pulling: false, again: false, mark, size, pull, cancel,
    };
    stream.controller = controller;
    upon(
      resolved(start(controller)),
      () => {
        controller.started = true;
        pullIfNeeded(controller);
      },
      (error) => fail(controller, error),
    );
  }

  const open = (controller) => !controller.closing && controller.stream.state === "readable";

  function desiredSize(controller) {
    const { state } = controller.stream;
    return state === "errored" ? null : state === "closed" ? 0 : controller.mark - controller.total;
  }

  function wantsPull(controller) {
    const { reader } = controller.stream;
    if (!controller.started || !open(controller)) return false;
    return (reader !== null && reader.requests.length > 0) || desiredSize(controller) > 0;
  }

  function pullIfNeeded(controller) {
    if (!wantsPull(controller)) return;
    if (controller.pulling) {
      controller.again = true;
      return;
    }
    controller.pulling = true;
    upon(
      controller.pull(controller),
      () => {
        controller.pulling = false;
        if (controller.again) {
          controller.again = false;
          pullIfNeeded(controller);
        }
      },
      (error) => fail(controller, error),
    );
  }

  function clear(controller) {
    controller.pull = controller.cancel = controller.size = null;
  }

  function closeController(controller) {
    if (!open(controller)) return;
    controller.closing = true;
    if (controller.items.length === 0) {
      clear(controller);
      closeStream(controller.stream);
    }
  }

  function enqueue(controller, chunk) {
    if (!open(controller)) return;
    const { stream } = controller;
    if (stream.reader !== null && stream.reader.requests.length > 0) stream.reader.requests.shift().chunk(chunk);
    else {
      try {
        const { size } = controller;
        push(controller, chunk, size === undefined ? 1 : size(chunk));
      } catch (error) {
        fail(controller, error);
        throw error;
      }
    }
    pullIfNeeded(controller);
  }

  function fail(controller, error) {
    const { stream } = controller;
    if (stream.state !== "readable") return;
    controller.items = [];
    controller.total = 0;
    clear(controller);
    stream.state = "errored";
    stream.error = error;
    const { reader } = stream;
    if (reader === null) return;
    reader.closed.reject(error);
    handled(reader.closed.promise);
    for (const request of reader.requests.splice(0)) request.error(error);
  }

  function closeStream(stream) {
    stream.state = "closed";
    const { reader } = stream;
    if (reader === null) return;
    reader.closed.resolve(undefined);
    for (const request of reader.requests.splice(0)) request.close();
  }

  // ---- streams and readers: {stream, closed, requests}

  const newState = () => ({ state: "readable", reader: null, error: undefined, disturbed: false, controller: null });

  // A stream of ours. `pull` and `cancel` give promises.
  function create(start, pull, cancel, mark = 1, size = undefined) {
    const stream = newState();
    setUp(stream, start, pull, cancel, mark, size);
    return new ReadableStream(SECRET, stream);
  }

  function acquire(stream) {
    if (stream.reader !== null) throw new TypeError("the stream is locked to a reader");
    const reader = { stream, closed: deferred(), requests: [] };
    stream.reader = reader;
    if (stream.state === "closed") reader.closed.resolve(undefined);
    else if (stream.state === "errored") {
      reader.closed.reject(stream.error);
      handled(reader.closed.promise);
    }
    return reader;
  }

  // `request` is {chunk(value), close(), error(error)}.
  function read(reader, request) {
    const { stream } = reader;
    stream.disturbed = true;
    if (stream.state === "closed") return request.close();
    if (stream.state === "errored") return request.error(stream.error);
    const { controller } = stream;
    if (controller.items.length === 0) {
      reader.requests.push(request);
      return pullIfNeeded(controller);
    }
    const chunk = shift(controller);
    if (controller.closing && controller.items.length === 0) {
      clear(controller);
      closeStream(stream);
    } else pullIfNeeded(controller);
    request.chunk(chunk);
  }

  function release(reader) {
    const { stream } = reader;
    const error = new TypeError("the reader was released");
    if (stream.state !== "readable") reader.closed = deferred();
    reader.closed.reject(error);
    handled(reader.closed.promise);
    stream.reader = null;
    reader.stream = null;
    for (const request of reader.requests.splice(0)) request.error(error);
  }

  function cancel(stream, reason) {
    stream.disturbed = true;
    if (stream.state === "closed") return resolved(undefined);
    if (stream.state === "errored") return rejected(stream.error);
    closeStream(stream);
    const { controller } = stream;
    controller.items = [];
    controller.total = 0;
    const result = controller.cancel(reason);
    clear(controller);
    return then(result, nothing);
  }

  function tee(stream, copy) {
    const reader = acquire(stream);
    const branches = [];
    const canceled = [false, false];
    const reasons = [undefined, undefined];
    const cancelled = deferred();
    let reading = false;
    let again = false;
    const each = (action) => {
      for (const i of [0, 1]) if (!canceled[i]) action(branches[i].controller);
    };
    const pull = () => {
      if (reading) {
        again = true;
        return resolved(undefined);
      }
      reading = true;
      read(reader, {
        chunk: (chunk) =>
          upon(resolved(undefined), () => {
            again = false;
            let second = chunk;
            if (copy && !canceled[1]) {
              try {
                second = copy(chunk);
              } catch (error) {
                each((controller) => fail(controller, error));
                cancelled.resolve(cancel(stream, error));
                return;
              }
            }
            if (!canceled[0]) enqueue(branches[0].controller, chunk);
            if (!canceled[1]) enqueue(branches[1].controller, second);
            reading = false;
            if (again) pull();
          }),
        close: () => {
          reading = false;
          each(closeController);
          if (!canceled[0] || !canceled[1]) cancelled.resolve(undefined);
        },
        error: () => {
          reading = false;
        },
      });
      return resolved(undefined);
    };
    const objects = [0, 1].map((i) => {
      const object = create(nothing, pull, (reason) => {
        canceled[i] = true;
        reasons[i] = reason;
        if (canceled[1 - i]) cancelled.resolve(cancel(stream, reasons.slice()));
        return cancelled.promise;
      });
      branches.push(stateOf(object));
      return object;
    });
    upon(reader.closed.promise, undefined, (error) => {
      for (const branch of branches) fail(branch.controller, error);
      if (!canceled[0] || !canceled[1]) cancelled.resolve(undefined);
    });
    return objects;
  }

  // GetIterator(iterable, async): {next(), return(reason) or undefined} whose results are promises of results.
  function asyncIterator(iterable) {
    let make = iterable[Symbol.asyncIterator];
    const isAsync = make !== undefined && make !== null;
    if (!isAsync) make = iterable[Symbol.iterator];
    if (typeof make !== "function") throw new TypeError("ReadableStream.from: the argument is not iterable");
    const iterator = apply(make, iterable, []);
    if (!isObject(iterator)) throw new TypeError("ReadableStream.from: the iterator is not an object");
    const { next } = iterator;
    const settle = (result) => {
      if (isAsync) return resolved(result);
      if (!isObject(result)) throw new TypeError("the iterator's result is not an object");
      const { done } = result;
      return then(resolved(result.value), (value) => ({ done, value }));
    };
    return { iterator, next: () => settle(apply(next, iterator, [])), settle };
  }

  function fromIterable(iterable) {
    const source = asyncIterator(iterable);
    const check = (result) => {
      if (!isObject(result)) throw new TypeError("the iterator's result is not an object");
      return result;
    };
    const pull = (controller) => {
      let next;
      try {
        next = source.next();
      } catch (error) {
        return rejected(error);
      }
      return then(next, (result) => {
        if (check(result).done) closeController(controller);
        else enqueue(controller, result.value);
      });
    };
    const stop = (reason) => {
      try {
        const finish = source.iterator.return;
        if (finish === undefined || finish === null) return resolved(undefined);
        return then(source.settle(apply(finish, source.iterator, [reason])), (result) => void check(result));
      } catch (error) {
        return rejected(error);
      }
    };
    return create(nothing, pull, stop, 0);
  }

  // A stream of bytes, none copied before its chunk is asked for.
  function streamOf(bytes) {
    let at = 0;
    const pull = (controller) => {
      if (at < bytes.length) enqueue(controller, bytes.slice(at, (at += CHUNK)));
      if (at >= bytes.length) closeController(controller);
      return resolved(undefined);
    };
    return create(nothing, pull, () => resolved(undefined), 0);
  }

  let stateOf; // (stream) => its state record; a TypeError for anything else
  let isStream;
  let controllerOf;

  class ReadableStreamDefaultController {
    #controller;
    static {
      controllerOf = (object) => object.#controller;
    }
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
      return #reader in this ? this.#reader.closed.promise : rejected(new TypeError("not a ReadableStreamDefaultReader"));
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
      if (!isObject(this) || !(#reader in this)) return rejected(new TypeError("not a ReadableStream async iterator"));
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
        return promise;
      });
    }
    return(value = undefined) {
      if (!isObject(this) || !(#reader in this)) return rejected(new TypeError("not a ReadableStream async iterator"));
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
      if (underlyingSource !== undefined && !isObject(underlyingSource)) throw new TypeError("the underlying source is not an object");
      const source = underlyingSource ?? {};
      const { size, highWaterMark } = strategyOf(strategy);
      const stop = method(source, "cancel");
      const pull = method(source, "pull");
      const start = method(source, "start");
      const bytes = source.type !== undefined && enumeration(source.type, ["bytes"], "the underlying source's type") === "bytes";
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
      const sizeOf = bytes ? (chunk) => chunk.byteLength : size && ((chunk) => apply(size, undefined, [chunk]));
      setUp(state, begin, () => pulled(object), algorithm(stop, source), mark, sizeOf);
    }
    static from(asyncIterable) {
      required(arguments, 1, "ReadableStream.from");
      if (typeof asyncIterable !== "string" && !isObject(asyncIterable)) throw new TypeError("ReadableStream.from: the argument is not iterable");
      return fromIterable(asyncIterable);
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
      if (mode !== undefined && enumeration(mode, ["byob"], "mode")) throw new TypeError("byob readers are not supported");
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
  defineProperty(ReadableStream.prototype, Symbol.asyncIterator, { value: ReadableStream.prototype.values, writable: true, configurable: true });

  return {
    ReadableByteStreamController, ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader,
    acquire, cancel, closeController, controllerOf, create, desiredSize, enqueue, fail, isStream, open, read, release, stateOf, streamOf, tee, wantsPull,
  };
})
