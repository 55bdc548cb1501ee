// Freeze everything a request could reach and another one see (docs/isolation.md).
(function (root, extra) {
  "use strict";
  const { ownKeys, getOwnPropertyDescriptor, defineProperty, getPrototypeOf, apply } = Reflect;
  const { freeze } = Object;
  const seen = new Set([root]);   // grows while it is gone through
  // Properties people assign on their own objects although a frozen prototype has them too:
  // `this.name = …` in an Error subclass, `Sub.prototype.constructor = Sub`, `obj.toString = …`.
  const SHADOWED = new Set(["constructor", "name", "message", "toString", "toLocaleString", "valueOf", "toJSON",
    "next", "return", "throw", "then", "catch", "finally", "code", "cause", "stack", "values", "keys", "entries",
    "get", "set", "has", "delete", "forEach", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
    "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"]);
  function visit(value) {
    if ((typeof value === "object" && value !== null) || typeof value === "function") seen.add(value);
  }
  function shadowable(holder, key, value) {
    return {
      get() { return value; },
      set(other) {
        if (this === holder) throw new TypeError("'" + key + "' is read-only");
        if ((typeof this !== "object" || this === null) && typeof this !== "function") return;
        if (!defineProperty(this, key, { value: other, writable: true, enumerable: true, configurable: true })) {
          throw new TypeError("object is not extensible");
        }
      },
      enumerable: false, configurable: false,
    };
  }
  const isPrototype = (object) => {
    const maker = getOwnPropertyDescriptor(object, "constructor");
    return maker !== undefined || object === Object.prototype;
  };
  for (const value of extra) visit(value);
  for (const object of seen) {
    visit(getPrototypeOf(object));
    const keys = ownKeys(object);
    // Nearly all are functions with nothing but these two, which are primitives.
    if (typeof object === "function" && keys.length === 2 && keys[0] === "length" && keys[1] === "name") {
      freeze(object);
      continue;
    }
    const prototype = (typeof object === "object" || object === Function.prototype) && isPrototype(object);
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at];
      const descriptor = getOwnPropertyDescriptor(object, key);
      if ("value" in descriptor) {
        visit(descriptor.value);
        if (prototype && descriptor.configurable && typeof key === "string" && SHADOWED.has(key)) {
          const accessor = shadowable(object, key, descriptor.value);
          accessor.enumerable = descriptor.enumerable;
          freeze(accessor.get);   // plain functions: nothing else is reached through them
          freeze(accessor.set);
          defineProperty(object, key, accessor);
        }
      } else {
        visit(descriptor.get);
        visit(descriptor.set);
      }
    }
    if (!ArrayBuffer.isView(object)) freeze(object);
  }
  return seen.size;
})
