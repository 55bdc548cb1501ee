// piece: queuing
// names: CountQueuingStrategy ByteLengthQueuingStrategy
// needs: webidl
(function (host) {
  "use strict";
  const { callback, isObject, dictionary, required, shape } = host.use("webidl");
  const count = { size: () => 1 }.size;
  const byteLength = { size: (chunk) => chunk.byteLength }.size;

  function highWaterMarkOf(init, where) {
    if (!isObject(init) || init.highWaterMark === undefined)
      throw new TypeError(`${where}: highWaterMark is required`);
    return Number(init.highWaterMark);
  }

  class CountQueuingStrategy {
    #highWaterMark;
    constructor(init) {
      required(arguments, 1, "CountQueuingStrategy");
      this.#highWaterMark = highWaterMarkOf(init, "CountQueuingStrategy");
    }
    get highWaterMark() {
      return this.#highWaterMark;
    }
    get size() {
      this.#highWaterMark;
      return count;
    }
  }
  shape(CountQueuingStrategy, "CountQueuingStrategy");

  class ByteLengthQueuingStrategy {
    #highWaterMark;
    constructor(init) {
      required(arguments, 1, "ByteLengthQueuingStrategy");
      this.#highWaterMark = highWaterMarkOf(init, "ByteLengthQueuingStrategy");
    }
    get highWaterMark() {
      return this.#highWaterMark;
    }
    get size() {
      this.#highWaterMark;
      return byteLength;
    }
  }
  shape(ByteLengthQueuingStrategy, "ByteLengthQueuingStrategy");

  // {highWaterMark, size} of a strategy given by the user.
  function strategyOf(strategy) {
    const init = dictionary(strategy, "the queuing strategy");
    const { highWaterMark, size } = init;
    return {
      highWaterMark: highWaterMark === undefined ? undefined : Number(highWaterMark),
      size: size === undefined ? undefined : callback(size, "the strategy's size"),
    };
  }

  function markOf(strategy, fallback) {
    const mark = strategy.highWaterMark ?? fallback;
    if (!(mark >= 0)) throw new RangeError("highWaterMark is negative or not a number");
    return mark;
  }

  // A queue with sizes: `items` of [value, size], `total` of the sizes.
  function push(queue, value, size) {
    size = Number(size);
    if (!(size >= 0 && size < Infinity))
      throw new RangeError("the size of a chunk is negative, infinite or not a number");
    queue.items.push([value, size]);
    queue.total += size;
  }
  function shift(queue) {
    const [value, size] = queue.items.shift();
    queue.total = Math.max(0, queue.total - size);
    return value;
  }

  return { ByteLengthQueuingStrategy, CountQueuingStrategy, markOf, push, shift, strategyOf };
})
