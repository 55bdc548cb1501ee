// piece: timers
// names: setTimeout clearTimeout setInterval clearInterval queueMicrotask reportError
// needs: webidl
// Timers end with the request; an error in a callback is reported, not thrown.
(function (host) {
  "use strict";
  const { callback, required } = host.use("webidl");
  const { apply } = Reflect;
  const enqueue = globalThis.queueMicrotask;

  function start(handler, timeout, values, repeat) {
    callback(handler, "the timer's handler");
    const delay = Math.max(0, Number(timeout) | 0);
    const run = () => {
      try {
        apply(handler, undefined, values);
      } catch (error) {
        host.report(error);
      }
    };
    return host.setTimer(run, delay, repeat);
  }

  const functions = {
    setTimeout(handler, timeout = 0, ...values) {
      required(arguments, 1, "setTimeout");
      return start(handler, timeout, values, false);
    },
    clearTimeout(id = 0) {
      host.clearTimer(Number(id) | 0);
    },
    setInterval(handler, timeout = 0, ...values) {
      required(arguments, 1, "setInterval");
      return start(handler, timeout, values, true);
    },
    clearInterval(id = 0) {
      host.clearTimer(Number(id) | 0);
    },
    queueMicrotask(task) {
      required(arguments, 1, "queueMicrotask");
      callback(task, "the microtask");
      enqueue(() => {
        try {
          task();
        } catch (error) {
          host.report(error);
        }
      });
    },
    reportError(error) {
      required(arguments, 1, "reportError");
      host.report(error);
    },
  };
  return functions;
})
