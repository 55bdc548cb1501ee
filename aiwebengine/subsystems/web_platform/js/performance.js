// piece: performance
// names: performance Performance
// needs: webidl
// The clock of the request: zero is a moment before its first use in the request.
(function (host) {
  "use strict";
  const { shape } = host.use("webidl");
  const origin = () => (host.local("performance").origin ??= host.now() - 1);
  const SECRET = Symbol();

  class Performance {
    #brand = true;
    constructor() {
      if (arguments[0] !== SECRET) throw new TypeError("Illegal constructor");
    }
    get timeOrigin() {
      this.#brand;
      return origin();
    }
    now() {
      this.#brand;
      const start = origin();
      return host.now() - start;
    }
    toJSON() {
      this.#brand;
      return { timeOrigin: origin() };
    }
  }
  shape(Performance, "Performance");
  return { Performance, performance: new Performance(SECRET) };
})
