// piece: readable-core
// needs: webidl promises queuing
// The algorithms of readable streams. A stream is a record {state, reader, error, disturbed, controller} here; the
// objects that scripts see are the piece readable-stream's.
(function (host) {
  "use strict";
  const { isObject } = host.use("webidl");
  const { deferred, handled, nothing, rejected, resolved, then, upon } = host.use("promises");
  const { push, shift } = host.use("queuing");
  const { apply } = Reflect;
  const CHUNK = 65536; // bytes

  // ---- controllers: {stream, items, total, started, closing, pulling, again, mark, size, pull, cancel}

  function setUp(stream, start, pull, cancel, mark, size) {
    const controller = {
      stream,
      items: [],
      total: 0,
      started: false,
      closing: false,
      pulling: false,
      again: false,
      mark,
      size,
      pull,
      cancel,
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
    if (stream.reader !== null && stream.reader.requests.length > 0)
      stream.reader.requests.shift().chunk(chunk);
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

  const newState = () => ({
    state: "readable",
    reader: null,
    error: undefined,
    disturbed: false,
    controller: null,
  });

  // A stream of ours. `pull` and `cancel` give promises.
  function create(start, pull, cancel, mark = 1, size = undefined) {
    const stream = newState();
    setUp(stream, start, pull, cancel, mark, size);
    return stream;
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
    for (const i of [0, 1]) {
      branches[i] = create(nothing, pull, (reason) => {
        canceled[i] = true;
        reasons[i] = reason;
        if (canceled[1 - i]) cancelled.resolve(cancel(stream, reasons.slice()));
        return cancelled.promise;
      });
    }
    upon(reader.closed.promise, undefined, (error) => {
      for (const branch of branches) fail(branch.controller, error);
      if (!canceled[0] || !canceled[1]) cancelled.resolve(undefined);
    });
    return branches;
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

  return {
    acquire,
    cancel,
    closeController,
    create,
    desiredSize,
    enqueue,
    fail,
    fromIterable,
    newState,
    open,
    read,
    release,
    setUp,
    streamOf,
    tee,
    wantsPull,
  };
})
