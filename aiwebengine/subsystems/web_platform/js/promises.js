// piece: promises
// Promise steps of the Streams standard; private to the other pieces.
(function (host) {
  "use strict";
  const { apply } = Reflect;
  const { Promise } = globalThis;
  const promiseThen = Promise.prototype.then;
  const { withResolvers } = Promise;
  const nothing = () => undefined;

  const then = (promise, fulfilled, rejected) => apply(promiseThen, promise, [fulfilled, rejected]);
  const resolved = (value) => new Promise((resolve) => resolve(value));
  const rejected = (error) => new Promise((_, reject) => reject(error));
  const handled = (promise) => (then(promise, undefined, nothing), promise);
  const deferred = () => apply(withResolvers, Promise, []);
  // What a rejection handler throws is a fault of ours; it is left to the engine's unhandled rejections.
  const upon = (promise, fulfilled, rejection) => void then(promise, fulfilled, rejection);

  // A user's method as an algorithm that always gives a promise.
  const algorithm = (method, receiver) =>
    method === undefined
      ? () => resolved(undefined)
      : (...values) => {
          try {
            return resolved(apply(method, receiver, values));
          } catch (error) {
            return rejected(error);
          }
        };

  // A callback member of a dictionary, or undefined.
  function methodOf(object, name) {
    const method = object[name];
    if (method !== undefined && typeof method !== "function")
      throw new TypeError(`${name} is not a function`);
    return method;
  }

  return { algorithm, deferred, handled, methodOf, nothing, rejected, resolved, then, upon };
})
