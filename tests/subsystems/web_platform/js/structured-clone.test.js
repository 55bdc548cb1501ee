test("primitives and plain values", () => {
  for (const value of [undefined, null, true, 0, -0, NaN, 1.5, "\ud800", 10n])
    same(structuredClone(value), value);
  const source = { a: [1, , 3], b: { c: null }, d: undefined };
  const copy = structuredClone(source);
  same(JSON.stringify(copy), JSON.stringify(source));
  same(copy.a.length, 3);
  same(1 in copy.a, false);
  same("d" in copy, true);
  same(copy.b === source.b, false);
  const array = Object.assign([1], { extra: 2 });
  same(structuredClone(array).extra, 2);
});

test("wrappers, dates, expressions", () => {
  const date = structuredClone(new Date(5));
  same(date instanceof Date && date.getTime(), 5);
  same(Number.isNaN(structuredClone(new Date(NaN)).getTime()), true);
  const expression = /a/giu;
  expression.lastIndex = 3;
  const copy = structuredClone(expression);
  equal([copy.source, copy.flags, copy.lastIndex], ["a", "giu", 0]);
  for (const value of [new Boolean(false), new Number(-0), new String("x"), Object(1n)]) {
    const boxed = structuredClone(value);
    same(typeof boxed, "object");
    same(Object.is(boxed.valueOf(), value.valueOf()), true);
  }
});

test("maps, sets, cycles, identity", () => {
  const shared = { x: 1 };
  const source = {
    map: new Map([
      [shared, "v"],
      ["self", null],
    ]),
    set: new Set([shared, 2]),
    shared,
  };
  source.map.set("self", source);
  const copy = structuredClone(source);
  same(copy.map.get("self"), copy);
  same(copy.map.get(copy.shared), "v");
  same(copy.set.has(copy.shared), true);
  same(copy.shared === shared, false);
  equal([...copy.map.keys()].length, 2);
});

test("buffers and views share their buffer", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const { part, all, view } = structuredClone({
    part: bytes.subarray(1, 3),
    all: bytes,
    view: new DataView(bytes.buffer, 1),
  });
  equal([...part], [2, 3]);
  same(part.buffer, all.buffer);
  same(view.getUint8(0), 2);
  part[0] = 9;
  same(all[1], 9);
  same(bytes[1], 2);
  same(structuredClone(new Float64Array([1.5]))[0], 1.5);
  same(structuredClone(new ArrayBuffer(2, { maxByteLength: 8 })).maxByteLength, 8);
});

test("transfer", () => {
  const bytes = new Uint8Array([1, 2]);
  const copy = structuredClone({ bytes }, { transfer: [bytes.buffer] });
  equal([...copy.bytes], [1, 2]);
  same(bytes.buffer.detached, true);
  throws("DataCloneError", () => structuredClone(bytes.buffer));
  throws("DataCloneError", () => structuredClone(1, { transfer: [bytes.buffer] }));
  const buffer = new ArrayBuffer(1);
  throws("DataCloneError", () => structuredClone(1, { transfer: [buffer, buffer] }));
  throws("DataCloneError", () => structuredClone(1, { transfer: [{}] }));
  throws(TypeError, () => structuredClone(1, { transfer: [1] }));
  throws("DataCloneError", () => structuredClone(() => {}, { transfer: [buffer] }));
  same(buffer.detached, false);
});

test("errors", () => {
  const error = structuredClone(new RangeError("far"));
  equal(
    [error instanceof RangeError, error.message, error.name, typeof error.stack],
    [true, "far", "RangeError", "string"],
  );
  const odd = new Error("x");
  Object.defineProperty(odd, "name", { value: "Odd" });
  same(structuredClone(odd).constructor, Error);
  const exception = structuredClone(new DOMException("m", "AbortError"));
  equal(
    [exception instanceof DOMException, exception.name, exception.message, exception.code],
    [true, "AbortError", "m", 20],
  );
});

test("what cannot be cloned", () => {
  for (const value of [
    () => {},
    class {},
    Symbol(),
    Object(Symbol()),
    new WeakMap(),
    new WeakSet(),
    new WeakRef({}),
    Promise.resolve(),
    (function* () {})(),
    { nested: [() => {}] },
    new Map([[1, Symbol()]]),
  ]) {
    isError(
      "DataCloneError",
      throws("DataCloneError", () => structuredClone(value)),
    );
  }
  for (const value of [
    new URL("a:b"),
    new Headers(),
    new Response(),
    new AbortController(),
    new EventTarget(),
    new FormData(),
  ])
    throws("DataCloneError", () => structuredClone(value), String(value));
  throws(TypeError, () => structuredClone());
  throws(TypeError, () => structuredClone(1, 1));
});

test("what is lost", () => {
  class Point {
    constructor() {
      this.x = 1;
    }
    get y() {
      return 2;
    }
  }
  const copy = structuredClone(new Point());
  equal([Object.getPrototypeOf(copy) === Object.prototype, copy.x, copy.y], [true, 1, undefined]);
  equal(structuredClone(Object.defineProperty({ a: 1 }, "hidden", { value: 2 })), { a: 1 });
  same(
    structuredClone({
      get a() {
        return 5;
      },
    }).a,
    5,
  );
  same(structuredClone({ [Symbol("s")]: 1, __proto__: { inherited: 1 } }).inherited, undefined);
  same(Object.hasOwn(structuredClone(JSON.parse('{"__proto__": 1}')), "__proto__"), true);
  equal(
    structuredClone(
      (function () {
        return arguments;
      })(1, 2),
    ),
    { 0: 1, 1: 2 },
  );
  const boom = new Error("getter");
  throws(boom, () =>
    structuredClone({
      get a() {
        throw boom;
      },
    }),
  );
  equal(structuredClone({ [Symbol.toStringTag]: "Map", a: 1 }).a, 1);
});

test("blobs and files", async () => {
  const blob = structuredClone(new Blob(["ab"], { type: "a/b" }));
  equal([blob instanceof Blob, blob.type, await blob.text()], [true, "a/b", "ab"]);
  const file = structuredClone({ file: new File(["x"], "n", { lastModified: 3 }) }).file;
  equal([file instanceof File, file.name, file.lastModified], [true, "n", 3]);
});

test("depth does not matter", () => {
  let deep = {};
  for (let i = 0; i < 5000; i++) deep = { deep };
  let copy = structuredClone(deep);
  let levels = 0;
  while ((copy = copy.deep)) levels++;
  same(levels, 5000);
});
