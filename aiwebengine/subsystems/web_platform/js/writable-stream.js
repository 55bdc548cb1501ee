// piece: writable-stream
// names: WritableStream WritableStreamDefaultWriter WritableStreamDefaultController
// needs: webidl promises queuing writable-core
(function (host) {
  "use strict";
  const { isObject, required, shape } = host.use("webidl");
  const { algorithm, methodOf, rejected } = host.use("promises");
  const { markOf, strategyOf } = host.use("queuing");
  const { apply } = Reflect;
  const SECRET = Symbol();
  const core = host.use("writable-core");
  const {
    abort,
    acquireWriter,
    close,
    closeQueued,
    desiredSize,
    errorIfNeeded,
    newState,
    releaseWriter,
    setUp,
    write,
  } = core;

  class WritableStreamDefaultController {
    #controller;
    constructor() {
      if (arguments[0] !== SECRET) throw new TypeError("Illegal constructor");
      this.#controller = arguments[1];
    }
    get signal() {
      return this.#controller.abortController.signal;
    }
    error(e = undefined) {
      errorIfNeeded(this.#controller, e);
    }
  }
  shape(WritableStreamDefaultController, "WritableStreamDefaultController");

  const alien = (name) => rejected(new TypeError(`not a ${name}`));
  const released = () => rejected(new TypeError("the writer was released"));

  class WritableStreamDefaultWriter {
    #writer;
    constructor(stream) {
      required(arguments, 1, "WritableStreamDefaultWriter");
      this.#writer = acquireWriter(stateOf(stream));
    }
    get closed() {
      return #writer in this ? this.#writer.closed.promise : alien("WritableStreamDefaultWriter");
    }
    get desiredSize() {
      const { stream } = this.#writer;
      if (stream === null) throw new TypeError("the writer was released");
      if (stream.state === "erroring" || stream.state === "errored") return null;
      return stream.state === "closed" ? 0 : desiredSize(stream.controller);
    }
    get ready() {
      return #writer in this ? this.#writer.ready.promise : alien("WritableStreamDefaultWriter");
    }
    abort(reason = undefined) {
      if (!(#writer in this)) return alien("WritableStreamDefaultWriter");
      const { stream } = this.#writer;
      return stream === null ? released() : abort(stream, reason);
    }
    close() {
      if (!(#writer in this)) return alien("WritableStreamDefaultWriter");
      const { stream } = this.#writer;
      if (stream === null) return released();
      return closeQueued(stream) ? rejected(new TypeError("the stream is closing already")) : close(stream);
    }
    releaseLock() {
      if (this.#writer.stream !== null) releaseWriter(this.#writer);
    }
    write(chunk = undefined) {
      if (!(#writer in this)) return alien("WritableStreamDefaultWriter");
      return this.#writer.stream === null ? released() : write(this.#writer, chunk);
    }
  }
  shape(WritableStreamDefaultWriter, "WritableStreamDefaultWriter");

  // A stream of ours; the algorithms give promises.
  function createWritable(start, writing, closing, aborting, mark, size) {
    const stream = newState();
    setUp(stream, start, writing, closing, aborting, mark, size);
    return new WritableStream(SECRET, stream);
  }

  let isWritable;
  let stateOf;

  class WritableStream {
    #state;
    static {
      isWritable = (value) => isObject(value) && #state in value;
      stateOf = (value) => {
        if (!isWritable(value)) throw new TypeError("the argument is not a WritableStream");
        return value.#state;
      };
    }
    constructor(underlyingSink = undefined, strategy = undefined) {
      if (underlyingSink === SECRET) {
        this.#state = strategy;
        return;
      }
      if (underlyingSink !== undefined && !isObject(underlyingSink))
        throw new TypeError("the underlying sink is not an object");
      const sink = underlyingSink ?? {};
      const { size, highWaterMark } = strategyOf(strategy);
      const aborting = methodOf(sink, "abort");
      const closing = methodOf(sink, "close");
      const start = methodOf(sink, "start");
      if (sink.type !== undefined) throw new RangeError("an underlying sink has no type");
      const writing = methodOf(sink, "write");
      const mark = markOf({ highWaterMark }, 1);
      const state = (this.#state = newState());
      let object;
      const begin = (controller) => {
        object = new WritableStreamDefaultController(SECRET, controller);
        return start === undefined ? undefined : apply(start, sink, [object]);
      };
      const written = algorithm(writing, sink);
      const write = (chunk) => written(chunk, object);
      setUp(
        state,
        begin,
        write,
        algorithm(closing, sink),
        algorithm(aborting, sink),
        mark,
        size && ((chunk) => apply(size, undefined, [chunk])),
      );
    }
    get locked() {
      return this.#state.writer !== null;
    }
    abort(reason = undefined) {
      if (!isWritable(this)) return alien("WritableStream");
      if (this.#state.writer !== null) return rejected(new TypeError("the stream is locked to a writer"));
      return abort(this.#state, reason);
    }
    close() {
      if (!isWritable(this)) return alien("WritableStream");
      if (this.#state.writer !== null) return rejected(new TypeError("the stream is locked to a writer"));
      return closeQueued(this.#state)
        ? rejected(new TypeError("the stream is closing already"))
        : close(this.#state);
    }
    getWriter() {
      this.#state;
      return new WritableStreamDefaultWriter(this);
    }
  }
  shape(WritableStream, "WritableStream");

  return {
    ...core,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
    createWritable,
    isWritable,
    stateOf,
  };
})
