(function (rig) {
  const seen = new Set();
  const pending = [
    rig.pieces,
    Object.getPrototypeOf(async function () {}),
    Object.getPrototypeOf(function* () {}),
    Object.getPrototypeOf(async function* () {}),
    Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
    Object.getPrototypeOf(Uint8Array),
    Array,
    Object,
    Function,
    Promise,
    Map,
    Set,
    WeakMap,
    RegExp,
    Date,
    String,
    Number,
    Boolean,
    Symbol,
    Error,
    TypeError,
    RangeError,
    ArrayBuffer,
    Uint8Array,
    DOMException,
    JSON,
    Math,
    Reflect,
    Iterator,
  ];
  while (pending.length > 0) {
    const each = pending.pop();
    if (each === null || (typeof each !== "object" && typeof each !== "function") || seen.has(each)) continue;
    seen.add(each);
    if (!ArrayBuffer.isView(each)) Object.freeze(each);
    pending.push(Object.getPrototypeOf(each));
    for (const key of Reflect.ownKeys(each)) {
      const descriptor = Object.getOwnPropertyDescriptor(each, key);
      pending.push(descriptor.value, descriptor.get, descriptor.set);
    }
  }
});
