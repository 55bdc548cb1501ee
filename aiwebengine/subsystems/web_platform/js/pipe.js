// piece: pipe
// needs: webidl promises abort readable-stream writable-stream
// triggers: pipeTo pipeThrough
// Gives ReadableStream its pipeTo and pipeThrough.
(function (host) {
  "use strict";
  const { dictionary, isObject, required } = host.use("webidl");
  const { deferred, handled, nothing, rejected, resolved, then, upon } = host.use("promises");
  const { addAlgorithm, isSignal } = host.use("abort");
  const { ReadableStream, acquire, cancel, isStream, read, release, stateOf } = host.use("readable-stream");
  const writables = host.use("writable-stream");
  const { isWritable } = writables;
  const { Promise } = globalThis;

  function optionsOf(value) {
    const init = dictionary(value, "the options");
    const preventAbort = !!init.preventAbort;
    const preventCancel = !!init.preventCancel;
    const preventClose = !!init.preventClose;
    const { signal } = init;
    if (signal !== undefined && !isSignal(signal))
      throw new TypeError("options.signal is not an AbortSignal");
    return { preventAbort, preventCancel, preventClose, signal };
  }

  function pipe(source, target, { preventAbort, preventCancel, preventClose, signal }) {
    const reader = acquire(source);
    const writer = writables.acquireWriter(target);
    const outcome = deferred();
    let shuttingDown = false;
    let lastWrite = resolved(undefined);
    let forget = nothing;
    source.disturbed = true;

    const targetOpen = () => target.state === "writable" && !writables.closeQueued(target);

    function finalize(failed, error) {
      writables.releaseWriter(writer);
      release(reader);
      forget();
      if (failed) outcome.reject(error);
      else outcome.resolve(undefined);
    }

    function writesDone() {
      const last = lastWrite;
      return then(last, () => (last === lastWrite ? undefined : writesDone()));
    }

    // `action` gives a promise, or is null.
    function shutDown(action, failed = false, error = undefined) {
      if (shuttingDown) return;
      shuttingDown = true;
      const rest = () => {
        if (action === null) finalize(failed, error);
        else
          upon(
            action(),
            () => finalize(failed, error),
            (worse) => finalize(true, worse),
          );
      };
      if (targetOpen()) upon(writesDone(), rest);
      else rest();
    }

    if (signal !== undefined) {
      const onAbort = () => {
        const error = signal.reason;
        const actions = [];
        if (!preventAbort)
          actions.push(() =>
            target.state === "writable" ? writables.abort(target, error) : resolved(undefined),
          );
        if (!preventCancel)
          actions.push(() => (source.state === "readable" ? cancel(source, error) : resolved(undefined)));
        shutDown(() => Promise.all(actions.map((action) => action())), true, error);
      };
      if (signal.aborted) {
        onAbort();
        return outcome.promise;
      }
      forget = addAlgorithm(signal, onAbort);
    }

    const onErrored = (stream, promise, action) => {
      if (stream.state === "errored") action(stream.error);
      else upon(promise, undefined, action);
    };
    onErrored(source, reader.closed.promise, (error) => {
      shutDown(preventAbort ? null : () => writables.abort(target, error), true, error);
    });
    onErrored(target, writer.closed.promise, (error) => {
      shutDown(preventCancel ? null : () => cancel(source, error), true, error);
    });
    const onClosed = () => shutDown(preventClose ? null : () => writables.closePropagating(writer));
    if (source.state === "closed") onClosed();
    else upon(reader.closed.promise, onClosed, nothing);
    if (writables.closeQueued(target) || target.state === "closed") {
      const error = new TypeError("the destination is closed");
      shutDown(preventCancel ? null : () => cancel(source, error), true, error);
    }

    const step = () => {
      if (shuttingDown) return resolved(true);
      return then(writer.ready.promise, () => {
        const { promise, resolve, reject } = deferred();
        read(reader, {
          chunk: (chunk) => {
            lastWrite = then(writables.write(writer, chunk), undefined, nothing);
            resolve(false);
          },
          close: () => resolve(true),
          error: reject,
        });
        return promise;
      });
    };
    const next = (done) => {
      if (!done) upon(step(), next, nothing);
    };
    next(false);
    return outcome.promise;
  }

  const methods = {
    pipeThrough(transform, options = undefined) {
      const source = stateOf(this);
      required(arguments, 1, "ReadableStream.pipeThrough");
      if (!isObject(transform)) throw new TypeError("the transform is not an object");
      const { readable } = transform;
      if (!isStream(readable)) throw new TypeError("transform.readable is not a ReadableStream");
      const { writable } = transform;
      if (!isWritable(writable)) throw new TypeError("transform.writable is not a WritableStream");
      const flags = optionsOf(options);
      if (source.reader !== null) throw new TypeError("the stream is locked to a reader");
      if (writables.stateOf(writable).writer !== null)
        throw new TypeError("transform.writable is locked to a writer");
      handled(pipe(source, writables.stateOf(writable), flags));
      return readable;
    },
    pipeTo(destination, options = undefined) {
      let flags;
      try {
        stateOf(this);
        required(arguments, 1, "ReadableStream.pipeTo");
        if (!isWritable(destination)) throw new TypeError("the destination is not a WritableStream");
        flags = optionsOf(options);
        if (stateOf(this).reader !== null) throw new TypeError("the stream is locked to a reader");
        if (writables.stateOf(destination).writer !== null)
          throw new TypeError("the destination is locked to a writer");
      } catch (error) {
        return rejected(error);
      }
      return pipe(stateOf(this), writables.stateOf(destination), flags);
    },
  };
  for (const name in methods) {
    Object.defineProperty(ReadableStream.prototype, name, {
      value: methods[name],
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return {};
})
