// piece: writable-core
// needs: promises queuing abort
// The algorithms of writable streams. A stream is a record here (newState); the objects that scripts see are the piece
// writable-stream's. Names follow the Streams standard.
(function (host) {
  "use strict";
  const { deferred, handled, rejected, resolved, upon } = host.use("promises");
  const { push, shift } = host.use("queuing");
  const { AbortController } = host.use("abort");
  const CLOSE = Symbol(); // the queue's last entry

  // ---- promises that may be rejected twice: {promise, resolve, reject, pending}

  function slot() {
    const made = deferred();
    return {
      promise: made.promise,
      pending: true,
      resolve() {
        this.pending = false;
        made.resolve(undefined);
      },
      reject(error) {
        this.pending = false;
        made.reject(error);
        handled(made.promise);
      },
    };
  }

  function rejectSlot(writer, name, error) {
    if (!writer[name].pending) writer[name] = slot();
    writer[name].reject(error);
  }

  // ---- streams

  const newState = () => ({
    state: "writable",
    error: undefined,
    writer: null,
    controller: null,
    requests: [],
    writing: null,
    closeRequest: null,
    closing: null,
    pendingAbort: null,
    backpressure: false,
  });

  const closeQueued = (stream) => stream.closeRequest !== null || stream.closing !== null;

  function startErroring(stream, reason) {
    stream.state = "erroring";
    stream.error = reason;
    if (stream.writer !== null) rejectSlot(stream.writer, "ready", reason);
    if (stream.writing === null && stream.closing === null && stream.controller.started)
      finishErroring(stream);
  }

  function finishErroring(stream) {
    const { controller, error, pendingAbort } = stream;
    stream.state = "errored";
    controller.items = [];
    controller.total = 0;
    for (const request of stream.requests.splice(0)) request.reject(error);
    stream.pendingAbort = null;
    if (pendingAbort === null) return rejectClosed(stream);
    if (pendingAbort.wasErroring) {
      pendingAbort.reject(error);
      return rejectClosed(stream);
    }
    const result = controller.abort(pendingAbort.reason);
    clear(controller);
    upon(
      result,
      () => {
        pendingAbort.resolve(undefined);
        rejectClosed(stream);
      },
      (failure) => {
        pendingAbort.reject(failure);
        rejectClosed(stream);
      },
    );
  }

  function rejectClosed(stream) {
    if (stream.closeRequest !== null) {
      stream.closeRequest.reject(stream.error);
      stream.closeRequest = null;
    }
    if (stream.writer !== null) stream.writer.closed.reject(stream.error);
  }

  function dealWithRejection(stream, error) {
    if (stream.state === "writable") startErroring(stream, error);
    else finishErroring(stream);
  }

  function abort(stream, reason) {
    if (stream.state === "closed" || stream.state === "errored") return resolved(undefined);
    stream.controller.abortController.abort(reason);
    if (stream.state === "closed" || stream.state === "errored") return resolved(undefined);
    if (stream.pendingAbort !== null) return stream.pendingAbort.promise;
    const wasErroring = stream.state === "erroring";
    const pending = { ...deferred(), reason: wasErroring ? undefined : reason, wasErroring };
    stream.pendingAbort = pending;
    if (!wasErroring) startErroring(stream, reason);
    return pending.promise;
  }

  function close(stream) {
    if (stream.state === "closed" || stream.state === "errored")
      return rejected(new TypeError(`the stream is ${stream.state}`));
    const request = (stream.closeRequest = deferred());
    if (stream.writer !== null && stream.backpressure && stream.state === "writable")
      stream.writer.ready.resolve();
    push(stream.controller, CLOSE, 0);
    advance(stream.controller);
    return request.promise;
  }

  function setBackpressure(stream, backpressure) {
    if (stream.writer !== null && backpressure !== stream.backpressure) {
      if (backpressure) stream.writer.ready = slot();
      else stream.writer.ready.resolve();
    }
    stream.backpressure = backpressure;
  }

  // ---- controllers: {stream, items, total, started, mark, size, write, close, abort, abortController}

  function setUp(stream, start, write, closing, aborting, mark, size) {
    const controller = {
      stream,
      items: [],
      total: 0,
      started: false,
      mark,
      size,
      write,
      close: closing,
      abort: aborting,
      abortController: new AbortController(),
    };
    stream.controller = controller;
    setBackpressure(stream, desiredSize(controller) <= 0);
    upon(
      resolved(start(controller)),
      () => {
        controller.started = true;
        advance(controller);
      },
      (error) => {
        controller.started = true;
        dealWithRejection(stream, error);
      },
    );
  }

  const desiredSize = (controller) => controller.mark - controller.total;

  function clear(controller) {
    controller.write = controller.close = controller.abort = null;
    controller.size = undefined;
  }

  function advance(controller) {
    const { items, stream } = controller;
    if (!controller.started || stream.writing !== null) return;
    if (stream.state === "erroring") return finishErroring(stream);
    if (stream.state !== "writable" || items.length === 0) return;
    if (items[0][0] === CLOSE) finish(controller);
    else writeNext(controller, items[0][0]);
  }

  function finish(controller) {
    const { stream } = controller;
    const request = (stream.closing = stream.closeRequest);
    stream.closeRequest = null;
    shift(controller);
    const result = controller.close();
    clear(controller);
    const settle = (action, value) => {
      request[action](value);
      stream.closing = null;
    };
    upon(
      result,
      () => {
        settle("resolve");
        if (stream.state === "erroring") {
          stream.error = undefined;
          stream.pendingAbort?.resolve(undefined);
          stream.pendingAbort = null;
        }
        stream.state = "closed";
        stream.writer?.closed.resolve();
      },
      (error) => {
        settle("reject", error);
        stream.pendingAbort?.reject(error);
        stream.pendingAbort = null;
        dealWithRejection(stream, error);
      },
    );
  }

  function writeNext(controller, chunk) {
    const { stream } = controller;
    const request = (stream.writing = stream.requests.shift());
    upon(
      controller.write(chunk, controller),
      () => {
        request.resolve(undefined);
        stream.writing = null;
        shift(controller);
        if (!closeQueued(stream) && stream.state === "writable")
          setBackpressure(stream, desiredSize(controller) <= 0);
        advance(controller);
      },
      (error) => {
        if (stream.state === "writable") clear(controller);
        request.reject(error);
        stream.writing = null;
        dealWithRejection(stream, error);
      },
    );
  }

  function errorIfNeeded(controller, error) {
    if (controller.stream.state !== "writable") return;
    clear(controller);
    startErroring(controller.stream, error);
  }

  // ---- writers: {stream, closed, ready}

  function acquireWriter(stream) {
    if (stream.writer !== null) throw new TypeError("the stream is locked to a writer");
    const writer = { stream, closed: slot(), ready: slot() };
    stream.writer = writer;
    const { error, state } = stream;
    if (state === "erroring" || state === "errored") writer.ready.reject(error);
    else if (state === "closed" || closeQueued(stream) || !stream.backpressure) writer.ready.resolve();
    if (state === "closed") writer.closed.resolve();
    else if (state === "errored") writer.closed.reject(error);
    return writer;
  }

  function releaseWriter(writer) {
    const error = new TypeError("the writer was released");
    rejectSlot(writer, "ready", error);
    rejectSlot(writer, "closed", error);
    writer.stream.writer = null;
    writer.stream = null;
  }

  function chunkSize(controller, chunk) {
    try {
      return controller.size === undefined ? 1 : controller.size(chunk);
    } catch (error) {
      errorIfNeeded(controller, error);
      return 1;
    }
  }

  function write(writer, chunk) {
    const { stream } = writer;
    const { controller } = stream;
    const size = chunkSize(controller, chunk);
    if (stream !== writer.stream) return rejected(new TypeError("the writer was released"));
    if (stream.state === "errored") return rejected(stream.error);
    if (closeQueued(stream) || stream.state === "closed")
      return rejected(new TypeError("the stream is closed or closing"));
    if (stream.state === "erroring") return rejected(stream.error);
    const request = deferred();
    stream.requests.push(request);
    try {
      push(controller, chunk, size);
    } catch (error) {
      errorIfNeeded(controller, error);
      return request.promise;
    }
    if (!closeQueued(stream) && stream.state === "writable")
      setBackpressure(stream, desiredSize(controller) <= 0);
    advance(controller);
    return request.promise;
  }

  function closePropagating(writer) {
    const { stream } = writer;
    if (closeQueued(stream) || stream.state === "closed") return resolved(undefined);
    return stream.state === "errored" ? rejected(stream.error) : close(stream);
  }

  return {
    abort,
    acquireWriter,
    close,
    closePropagating,
    closeQueued,
    desiredSize,
    errorIfNeeded,
    newState,
    releaseWriter,
    setUp,
    write,
  };
})
