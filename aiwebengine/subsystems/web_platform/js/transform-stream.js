// piece: transform-stream
// names: TransformStream TransformStreamDefaultController
// needs: webidl promises queuing readable-stream writable-stream
(function (host) {
  "use strict";
  const { isObject, shape } = host.use("webidl");
  const { algorithm, deferred, methodOf, rejected, resolved, then, upon } = host.use("promises");
  const { markOf, strategyOf } = host.use("queuing");
  const readables = host.use("readable-stream");
  const writables = host.use("writable-stream");
  const { apply } = Reflect;
  const SECRET = Symbol();

  // A transform is {readable, writable (state records), backpressure, change, transform, flush, cancel, finish}.

  function setBackpressure(transform, backpressure) {
    transform.change?.resolve(undefined);
    transform.change = deferred();
    transform.backpressure = backpressure;
  }

  function clear(transform) {
    transform.transform = transform.flush = transform.cancel = null;
  }

  function unblock(transform, error) {
    writables.errorIfNeeded(transform.writable.controller, error);
    if (transform.backpressure) setBackpressure(transform, false);
  }

  function errorWritable(transform, error) {
    clear(transform);
    unblock(transform, error);
  }

  function fail(transform, error) {
    readables.fail(transform.readable.controller, error);
    errorWritable(transform, error);
  }

  const run = (transform, chunk) =>
    then(transform.transform(chunk), undefined, (error) => {
      fail(transform, error);
      throw error;
    });

  function sinkWrite(transform, chunk) {
    if (!transform.backpressure) return run(transform, chunk);
    return then(transform.change.promise, () => {
      if (transform.writable.state === "erroring") throw transform.writable.error;
      return run(transform, chunk);
    });
  }

  // Close, abort and cancel end a transform once, whichever is first.
  function finish(transform, name, values, fulfilled, failed) {
    if (transform.finish !== null) return transform.finish.promise;
    const ending = (transform.finish = deferred());
    const result = transform[name](...values);
    clear(transform);
    upon(
      result,
      () => {
        const error = fulfilled();
        if (error === null) ending.resolve(undefined);
        else ending.reject(error.error);
      },
      (error) => {
        failed(error);
        ending.reject(error);
      },
    );
    return ending.promise;
  }

  function readableEnding(transform, name, values, end) {
    const { readable } = transform;
    const fulfilled = () => {
      if (readable.state === "errored") return readable;
      end(readable.controller);
      return null;
    };
    return finish(transform, name, values, fulfilled, (error) => readables.fail(readable.controller, error));
  }

  function sourceCancel(transform, reason) {
    const { writable } = transform;
    const fulfilled = () => {
      if (writable.state === "errored") return writable;
      unblock(transform, reason);
      return null;
    };
    return finish(transform, "cancel", [reason], fulfilled, (error) => unblock(transform, error));
  }

  function enqueue(transform, chunk) {
    const { controller } = transform.readable;
    if (!readables.open(controller)) throw new TypeError("the readable side is closed, closing or errored");
    try {
      readables.enqueue(controller, chunk);
    } catch (error) {
      errorWritable(transform, error);
      throw transform.readable.error;
    }
    const backpressure = !readables.wantsPull(controller);
    if (backpressure !== transform.backpressure) setBackpressure(transform, true);
  }

  class TransformStreamDefaultController {
    #transform;
    constructor() {
      if (arguments[0] !== SECRET) throw new TypeError("Illegal constructor");
      this.#transform = arguments[1];
    }
    get desiredSize() {
      return readables.desiredSize(this.#transform.readable.controller);
    }
    enqueue(chunk = undefined) {
      enqueue(this.#transform, chunk);
    }
    error(reason = undefined) {
      fail(this.#transform, reason);
    }
    terminate() {
      const transform = this.#transform;
      readables.closeController(transform.readable.controller);
      errorWritable(transform, new TypeError("the transform was terminated"));
    }
  }
  shape(TransformStreamDefaultController, "TransformStreamDefaultController");

  class TransformStream {
    #readable;
    #writable;
    constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
      if (transformer !== undefined && !isObject(transformer))
        throw new TypeError("the transformer is not an object");
      const source = transformer ?? {};
      const writing = strategyOf(writableStrategy);
      const reading = strategyOf(readableStrategy);
      const cancel = methodOf(source, "cancel");
      const flush = methodOf(source, "flush");
      if (source.readableType !== undefined) throw new RangeError("readableType is not allowed");
      const start = methodOf(source, "start");
      const work = methodOf(source, "transform");
      if (source.writableType !== undefined) throw new RangeError("writableType is not allowed");
      const readableMark = markOf(reading, 0);
      const writableMark = markOf(writing, 1);
      const sizeOf = ({ size }) => size && ((chunk) => apply(size, undefined, [chunk]));

      const started = deferred();
      const transform = {
        readable: null,
        writable: null,
        backpressure: undefined,
        change: null,
        finish: null,
      };
      const begin = () => started.promise;
      this.#writable = writables.createWritable(
        begin,
        (chunk) => sinkWrite(transform, chunk),
        () => readableEnding(transform, "flush", [controller], readables.closeController),
        (reason) =>
          readableEnding(transform, "cancel", [reason], (readable) => readables.fail(readable, reason)),
        writableMark,
        sizeOf(writing),
      );
      const pull = () => {
        setBackpressure(transform, false);
        return transform.change.promise;
      };
      this.#readable = readables.create(
        begin,
        pull,
        (reason) => sourceCancel(transform, reason),
        readableMark,
        sizeOf(reading),
      );
      transform.readable = readables.stateOf(this.#readable);
      transform.writable = writables.stateOf(this.#writable);
      setBackpressure(transform, true);
      const controller = new TransformStreamDefaultController(SECRET, transform);
      const worked = algorithm(work, source);
      const pass = (chunk) => {
        try {
          enqueue(transform, chunk);
          return resolved(undefined);
        } catch (error) {
          return rejected(error);
        }
      };
      transform.transform = work === undefined ? pass : (chunk) => worked(chunk, controller);
      transform.flush = algorithm(flush, source);
      transform.cancel = algorithm(cancel, source);
      started.resolve(start === undefined ? undefined : apply(start, source, [controller]));
    }
    get readable() {
      return this.#readable;
    }
    get writable() {
      return this.#writable;
    }
  }
  shape(TransformStream, "TransformStream");
  return { TransformStream, TransformStreamDefaultController };
})
