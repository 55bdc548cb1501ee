// piece: structured-clone
// names: structuredClone
// needs: webidl dom-exception
// Walks with a list of its own instead of recursion, so depth does not depend on the stack.
(function (host) {
  "use strict";
  const { dictionary, isObject, isPlatform, optional, required } = host.use("webidl");
  const { DOMException } = host.use("dom-exception");
  const { apply } = Reflect;
  const { create, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const tagOf = Object.prototype.toString;
  const getter = (object, name) => getOwnPropertyDescriptor(object, name).get;
  const bufferLength = getter(ArrayBuffer.prototype, "byteLength");
  const { slice: sliceBuffer, transfer: transferBuffer } = ArrayBuffer.prototype;
  const maximum = getter(ArrayBuffer.prototype, "maxByteLength");
  const resizable = getter(ArrayBuffer.prototype, "resizable");
  const detached = getter(ArrayBuffer.prototype, "detached");
  const mapSize = getter(Map.prototype, "size");
  const mapEntries = Map.prototype.entries;
  const setSize = getter(Set.prototype, "size");
  const setValues = Set.prototype.values;
  const viewTag = getter(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
  const { getTime } = Date.prototype;
  const sourceOf = getter(RegExp.prototype, "source");
  const flagsOf = getter(RegExp.prototype, "flags");
  const globals = globalThis;
  const VIEWS = create(null);
  for (const name of Object.getOwnPropertyNames(globals))
    if (/^(?:Big)?(?:Uint|Int|Float)\d+(?:Clamped)?Array$/.test(name)) VIEWS[name] = globals[name];
  const ERRORS = {
    __proto__: null,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  };
  const PRIMITIVES = { __proto__: null, Boolean, Number, String, BigInt };

  const refuse = (what) => new DOMException(`${what} could not be cloned`, "DataCloneError");

  function has(probe, value) {
    try {
      apply(probe, value, []);
      return true;
    } catch {
      return false;
    }
  }

  function cloneError(value) {
    if (value instanceof DOMException) return new DOMException(value.message, value.name);
    const { name } = value;
    const kind = name !== undefined && `${name}` in ERRORS ? `${name}` : "Error";
    const text = getOwnPropertyDescriptor(value, "message");
    const copy = new ERRORS[kind](text !== undefined && "value" in text ? `${text.value}` : undefined);
    const { stack } = value;
    if (typeof stack === "string")
      defineProperty(copy, "stack", { value: stack, writable: true, configurable: true });
    return copy;
  }

  const BRANDS = [
    [Boolean.prototype.valueOf, "Boolean"],
    [Number.prototype.valueOf, "Number"],
    [String.prototype.valueOf, "String"],
    [BigInt.prototype.valueOf, "BigInt"],
    [Symbol.prototype.valueOf, "Symbol"],
    [getTime, "Date"],
    [mapSize, "Map"],
    [setSize, "Set"],
    [bufferLength, "ArrayBuffer"],
    [WeakRef.prototype.deref, "WeakRef"],
  ];
  const OPAQUE = {
    __proto__: null,
    WeakMap: 1,
    WeakSet: 1,
    WeakRef: 1,
    Promise: 1,
    Generator: 1,
    AsyncGenerator: 1,
    SharedArrayBuffer: 1,
    FinalizationRegistry: 1,
  };

  // What kind of object it is, whatever its toStringTag says.
  function kindOf(value) {
    if (isArray(value)) return "Array";
    if (isView(value)) return "View";
    if (!(Symbol.toStringTag in value)) return apply(tagOf, value, []).slice(8, -1);
    if (value instanceof DOMException || (value instanceof Error && Error.isError(value))) return "Error";
    if (isPlatform(value)) return "Platform";
    for (const [probe, kind] of BRANDS) if (has(probe, value)) return kind;
    const tag = value[Symbol.toStringTag];
    return typeof tag === "string" && tag in OPAQUE ? tag : "Object";
  }

  function cloneBuffer(buffer) {
    if (apply(detached, buffer, [])) throw refuse("A detached ArrayBuffer");
    const copy = apply(sliceBuffer, buffer, [0]);
    if (!apply(resizable, buffer, [])) return copy;
    const length = apply(bufferLength, buffer, []);
    const grown = new ArrayBuffer(length, { maxByteLength: apply(maximum, buffer, []) });
    new Uint8Array(grown).set(new Uint8Array(copy));
    return grown;
  }

  // The clone without its members; `pending` gets those still to be copied.
  function shell(value, memory, pending) {
    const kind = kindOf(value);
    switch (kind) {
      case "Array": {
        const copy = new Array(value.length);
        pending.push({ value, copy, names: keys(value), at: 0 });
        return copy;
      }
      case "Date":
        return new Date(apply(getTime, value, []));
      case "RegExp":
        return new RegExp(apply(sourceOf, value, []), apply(flagsOf, value, []));
      case "ArrayBuffer":
        return cloneBuffer(value);
      case "View": {
        let { buffer } = value;
        if (memory.has(buffer)) buffer = memory.get(buffer);
        else memory.set(buffer, (buffer = cloneBuffer(buffer)));
        const name = apply(viewTag, value, []);
        const { byteOffset } = value;
        return name === undefined
          ? new DataView(buffer, byteOffset, value.byteLength)
          : new VIEWS[name](buffer, byteOffset, value.length);
      }
      case "Map": {
        const copy = new Map();
        const members = [];
        for (const [key, member] of { [Symbol.iterator]: () => apply(mapEntries, value, []) })
          members.push(key, member);
        pending.push({ map: copy, members, made: [] });
        return copy;
      }
      case "Set": {
        const copy = new Set();
        pending.push({
          set: copy,
          members: [...{ [Symbol.iterator]: () => apply(setValues, value, []) }],
          made: [],
        });
        return copy;
      }
      case "Error":
        return cloneError(value);
      case "Boolean":
      case "Number":
      case "String":
      case "BigInt":
        return Object(PRIMITIVES[kind].prototype.valueOf.call(value));
      case "Platform": {
        const blobs = optional("blob");
        if (blobs?.isBlob(value)) return blobs.copyBlob(value);
        throw refuse(`An object of class ${value[Symbol.toStringTag]}`);
      }
      case "Object":
      case "Arguments": {
        const copy = {};
        pending.push({ value, copy, names: keys(value), at: 0 });
        return copy;
      }
      default:
        throw refuse(kind === "Function" ? "A function" : `An object of class ${kind}`);
    }
  }

  function cloneOne(value, memory, pending) {
    if (typeof value === "symbol") throw refuse("A symbol");
    if (!isObject(value)) return value;
    if (typeof value === "function") throw refuse("A function");
    if (memory.has(value)) return memory.get(value);
    const copy = shell(value, memory, pending);
    memory.set(value, copy);
    return copy;
  }

  function clone(root, memory) {
    const pending = [];
    const result = cloneOne(root, memory, pending);
    while (pending.length > 0) {
      const task = pending.at(-1);
      if (task.members !== undefined) {
        if (task.made.length < task.members.length) {
          task.made.push(cloneOne(task.members[task.made.length], memory, pending));
          continue;
        }
        pending.pop();
        if (task.set) for (const member of task.made) task.set.add(member);
        else for (let i = 0; i < task.made.length; i += 2) task.map.set(task.made[i], task.made[i + 1]);
        continue;
      }
      const { copy, names, value } = task;
      if (task.at === names.length) {
        pending.pop();
        continue;
      }
      const name = names[task.at++];
      const descriptor = getOwnPropertyDescriptor(value, name);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      const member = cloneOne(value[name], memory, pending);
      defineProperty(copy, name, { value: member, writable: true, enumerable: true, configurable: true });
    }
    return result;
  }

  function structuredClone(value, options = undefined) {
    required(arguments, 1, "structuredClone");
    const { transfer } = dictionary(options, "the options");
    const memory = new Map();
    const moved = [];
    if (transfer !== undefined) {
      for (const each of transfer) {
        if (!isObject(each)) throw new TypeError("an element of transfer is not an object");
        if (!has(bufferLength, each)) throw refuse("An element of transfer that is not an ArrayBuffer");
        if (memory.has(each)) throw refuse("An ArrayBuffer that is transferred twice");
        memory.set(each, undefined);
        moved.push(each);
      }
      for (const each of moved) if (apply(detached, each, [])) throw refuse("A detached ArrayBuffer");
    }
    // Transferred buffers are copied with the rest and then detached: whoever looks cannot tell.
    for (const each of moved) memory.delete(each);
    const result = clone(value, memory);
    for (const each of moved) apply(transferBuffer, each, []);
    return result;
  }

  return { structuredClone };
})
