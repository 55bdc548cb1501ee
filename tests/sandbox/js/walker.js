// Walks over all that a script can reach without making it, and says what of it one request could change for the next.
function walk(req) {
  const report = [], seen = new Map(), queue = [];
  function visit(value, path) {
    if (((typeof value === "object" && value !== null) || typeof value === "function") && !seen.has(value)) {
      seen.set(value, path);
      queue.push(value);
    }
  }
  const shared = Object.getPrototypeOf(globalThis);
  visit(shared, "global");
  for (const name of Object.getOwnPropertyNames(shared)) visit(shared[name], name);
  const samples = {
    object: {}, array: [], function: function () {}, arrow: () => {}, method: { m() {} }.m, async: async () => {}, generatorFunction: function* () {},
    asyncGeneratorFunction: async function* () {}, generator: (function* () {})(), asyncGenerator: (async function* () {})(),
    arguments: (function () { return arguments; })(), sloppy: (function () { return arguments; })(1), regexp: /x/g, error: new Error("x"), map: new Map(), set: new Set(),
    weakMap: new WeakMap(), weakSet: new WeakSet(), weakRef: new WeakRef({}), date: new Date(), promise: Promise.resolve(), proxy: new Proxy({}, {}),
    arrayIterator: [][Symbol.iterator](), mapIterator: new Map().entries(), setIterator: new Set().values(), stringIterator: ""[Symbol.iterator](),
    matchAll: "x".matchAll(/x/g), helper: [].values().map((x) => x), wrapped: Iterator.from({ next() {} }), flat: [].values().flatMap((x) => [x]),
    bytes: new Uint8Array(1), floats: new Float64Array(1), bigints: new BigInt64Array(1), view: new DataView(new ArrayBuffer(1)), buffer: new ArrayBuffer(1),
    boxedNumber: Object(1), boxedString: Object(""), boxedSymbol: Object(Symbol()), boxedBigInt: Object(1n), boxedBoolean: Object(true),
    class: class {}, instance: new (class {})(), getter: Object.getOwnPropertyDescriptor({ get x() { return 1; } }, "x").get,
    bound: (function () {}).bind(), intl: typeof Intl === "object" ? Intl : null, template: ((strings) => strings)`a${1}b`,
    aggregate: new AggregateError([]), concat: typeof Iterator.concat === "function" ? Iterator.concat([]) : null,
    url: new URL("http://a/?b=c"), params: new URLSearchParams("a=b").entries(), headers: new Headers({ a: "b" }).entries(), response: new Response("x"), blob: new Blob(["x"]),
    form: new FormData().entries(), controller: new AbortController(), signal: new AbortController().signal, event: new Event("x"), stream: new ReadableStream(),
    streamIterator: new ReadableStream()[Symbol.asyncIterator](), html: html`x`, encoder: new TextEncoder(), decoder: new TextDecoder(), fetched: new Request("http://a/"),
    transform: new TransformStream(), writable: new WritableStream(), domException: new DOMException("x"), request: req, headersOf: req.headers, file: req.files[0],
  };
  const own = ["generator", "asyncGenerator", "instance"];   // their first prototypes are this request's
  for (const [name, sample] of Object.entries(samples)) {
    for (let at = own.includes(name) ? Object.getPrototypeOf(sample) : sample, path = name; at !== null && at !== undefined; ) {
      at = Object.getPrototypeOf(at);
      path += ".__proto__";
      if (at !== null) visit(at, path);
    }
  }
  visit(samples.template, "template"); visit(samples.template.raw, "template.raw");
  // The strict `arguments` thrower, found once on every arguments object.
  const callee = Object.getOwnPropertyDescriptor(samples.arguments, "callee");
  visit(callee.get, "callee.get"); visit(callee.set, "callee.set");
  const stateful = [[Map, "size"], [Set, "size"]];
  for (let index = 0; index < queue.length; index++) {
    const object = queue[index], path = seen.get(object);
    if (Object.isExtensible(object)) report.push(path + " is extensible");
    for (const [type, name] of stateful) {
      try { Reflect.apply(Object.getOwnPropertyDescriptor(type.prototype, name).get, object, []); report.push(path + " is a " + type.name + ", whose entries freezing does not guard"); } catch {}
    }
    try { WeakMap.prototype.has.call(object, {}); report.push(path + " is a WeakMap"); } catch {}
    try { WeakSet.prototype.has.call(object, {}); report.push(path + " is a WeakSet"); } catch {}
    try { Date.prototype.getTime.call(object); report.push(path + " is a Date, which can be set"); } catch {}
    if (ArrayBuffer.isView(object)) report.push(path + " is bytes, which can be written");
    try { Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get.call(object); report.push(path + " is a buffer, which can be written"); } catch {}
    visit(Object.getPrototypeOf(object), path + ".__proto__");
    for (const key of Reflect.ownKeys(object)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(object, key), there = path + "." + String(key);
      if (descriptor.configurable) report.push(there + " is configurable");
      if ("value" in descriptor) {
        if (descriptor.writable) report.push(there + " is writable");
        visit(descriptor.value, there);
        continue;
      }
      visit(descriptor.get, there + "(get)");
      visit(descriptor.set, there + "(set)");
      if (descriptor.get !== undefined) {
        // What a getter gives twice is shared, and so must be as guarded as the rest.
        try {
          const first = Reflect.apply(descriptor.get, object, []);
          if (Reflect.apply(descriptor.get, object, []) === first) visit(first, there + "()");
        } catch {}
      }
    }
  }
  return { seen: seen.size, report };
}
register("/walk", (req) => walk(req));
register("/names", () => Reflect.ownKeys(Object.getPrototypeOf(globalThis)).map(String));
