const collect = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
};

test("reading what was enqueued", async () => {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue("a");
      controller.enqueue("b");
      controller.close();
    },
  });
  const reader = stream.getReader();
  same(stream.locked, true);
  equal(
    [await reader.read(), await reader.read(), await reader.read()],
    [{ value: "a", done: false }, { value: "b", done: false }, { done: true }],
  );
  same(await reader.closed, undefined);
  reader.releaseLock();
  same(stream.locked, false);
});

test("pull is called while there is room", async () => {
  let pulls = 0;
  const stream = new ReadableStream({ pull: (c) => c.enqueue(++pulls) }, { highWaterMark: 3 });
  await sleep(1);
  same(pulls, 3);
  const reader = stream.getReader();
  await reader.read();
  await sleep(1);
  same(pulls, 4);
  let lazy = 0;
  const idle = new ReadableStream({ pull: () => void lazy++ }, { highWaterMark: 0 });
  await sleep(1);
  same(lazy, 0);
  idle.getReader().read();
  await sleep(1);
  same(lazy, 1);
});

test("pull waits for the promise it gave", async () => {
  let resolve;
  let pulls = 0;
  const stream = new ReadableStream({
    pull() {
      pulls++;
      return new Promise((r) => (resolve = r));
    },
  });
  const reader = stream.getReader();
  reader.read();
  await sleep(1);
  reader.read();
  same(pulls, 1);
  resolve();
  await sleep(1);
  same(pulls, 2);
});

test("errors", async () => {
  const boom = new Error("boom");
  for (const source of [
    { start: (c) => c.error(boom) },
    {
      pull: () => {
        throw boom;
      },
    },
    { pull: () => Promise.reject(boom) },
    { start: () => Promise.reject(boom) },
  ]) {
    const reader = new ReadableStream(source).getReader();
    await rejects(boom, reader.read());
    await rejects(boom, reader.closed);
  }
  throws(
    boom,
    () =>
      new ReadableStream({
        start() {
          throw boom;
        },
      }),
  );
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  controller.close();
  throws(TypeError, () => controller.enqueue("x"));
  throws(TypeError, () => controller.close());
  controller.error("ignored");
  equal(await collect(stream), []);
});

test("cancel", async () => {
  let reason;
  const stream = new ReadableStream({
    cancel: (r) => {
      reason = r;
      return "ignored";
    },
  });
  same(await stream.cancel("why"), undefined);
  same(reason, "why");
  equal(await collect(stream), []);
  const failing = new ReadableStream({
    cancel() {
      throw new RangeError("x");
    },
  });
  await rejects(RangeError, failing.cancel());
  const locked = new ReadableStream();
  const reader = locked.getReader();
  await rejects(TypeError, locked.cancel());
  const pending = reader.read();
  await reader.cancel();
  same((await pending).done, true);
  await rejects("e", new ReadableStream({ start: (c) => c.error("e") }).cancel());
});

test("releasing a reader rejects what it waits for", async () => {
  const stream = new ReadableStream();
  const reader = stream.getReader();
  const pending = reader.read();
  reader.releaseLock();
  await rejects(TypeError, pending);
  await rejects(TypeError, reader.closed);
  await rejects(TypeError, reader.read());
  await rejects(TypeError, reader.cancel());
  reader.releaseLock();
  same(new ReadableStreamDefaultReader(stream) instanceof ReadableStreamDefaultReader, true);
  throws(TypeError, () => stream.getReader());
});

test("queuing strategies", async () => {
  let controller;
  new ReadableStream(
    { start: (c) => void (controller = c) },
    { highWaterMark: 10, size: (chunk) => chunk.length },
  );
  same(controller.desiredSize, 10);
  controller.enqueue("abc");
  same(controller.desiredSize, 7);
  for (const size of [NaN, -1, Infinity]) {
    let failing;
    const stream = new ReadableStream({ start: (c) => void (failing = c) }, { size: () => size });
    throws(RangeError, () => failing.enqueue("x"));
    await rejects(RangeError, stream.getReader().read());
  }
  throws(RangeError, () => new ReadableStream({}, { highWaterMark: -1 }));
  throws(RangeError, () => new ReadableStream({}, { highWaterMark: NaN }));
  throws(TypeError, () => new ReadableStream({}, { size: 1 }));
  equal(
    [
      new CountQueuingStrategy({ highWaterMark: 4 }).highWaterMark,
      new ByteLengthQueuingStrategy({ highWaterMark: 4 }).size(new Uint8Array(3)),
    ],
    [4, 3],
  );
  same(
    new CountQueuingStrategy({ highWaterMark: 1 }).size,
    new CountQueuingStrategy({ highWaterMark: 2 }).size,
  );
  throws(TypeError, () => new CountQueuingStrategy({}));
  throws(TypeError, () => new CountQueuingStrategy());
});

test("arguments of the constructor", () => {
  throws(TypeError, () => new ReadableStream(null));
  throws(TypeError, () => new ReadableStream("x"));
  throws(TypeError, () => new ReadableStream({ start: 1 }));
  throws(TypeError, () => new ReadableStream({ pull: null }));
  throws(TypeError, () => new ReadableStream({ type: "other" }));
  throws(RangeError, () => new ReadableStream({ type: "bytes" }, { size: () => 1 }));
  throws(TypeError, () => new ReadableStream().getReader({ mode: "x" }));
  throws(TypeError, () => new ReadableStreamDefaultController());
  throws(TypeError, () => new ReadableStreamDefaultReader({}));
  throws(TypeError, () => new ReadableStreamDefaultReader());
});

test("tee", async () => {
  const [one, two] = ReadableStream.from([1, 2, 3]).tee();
  equal(await collect(one), [1, 2, 3]);
  equal(await collect(two), [1, 2, 3]);
  let reason;
  const [left, right] = new ReadableStream({ cancel: (r) => void (reason = r) }).tee();
  const first = left.cancel("l");
  await sleep(1);
  same(reason, undefined);
  await Promise.all([first, right.cancel("r")]);
  equal(reason, ["l", "r"]);
  const [bad, worse] = new ReadableStream({ pull: (c) => c.error("e") }).tee();
  await rejects("e", bad.getReader().read());
  await rejects("e", worse.getReader().read());
  const source = new ReadableStream();
  source.tee();
  same(source.locked, true);
  throws(TypeError, () => source.tee());
});

test("async iteration", async () => {
  let cancelled;
  const make = () => new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (r) => void (cancelled = [r]) });
  const stream = make();
  for await (const chunk of stream) if (chunk === 1) break;
  equal(cancelled, [undefined]);
  same(stream.locked, false);
  cancelled = null;
  const kept = make();
  for await (const chunk of kept.values({ preventCancel: true })) if (chunk === 1) break;
  same(cancelled, null);
  const iterator = kept[Symbol.asyncIterator]();
  equal(await Promise.all([iterator.next(), iterator.next()]), [
    { value: 1, done: false },
    { value: 1, done: false },
  ]);
  equal(await iterator.return("r"), { value: "r", done: true });
  equal(await iterator.next(), { done: true });
  same(Object.prototype.toString.call(iterator), "[object ReadableStream AsyncIterator]");
  same(ReadableStream.prototype[Symbol.asyncIterator], ReadableStream.prototype.values);
  await rejects(TypeError, iterator.next.call({}));
  await rejects("e", collect(new ReadableStream({ start: (c) => c.error("e") })));
});

test("from", async () => {
  equal(await collect(ReadableStream.from(["a", Promise.resolve("b")])), ["a", "b"]);
  equal(await collect(ReadableStream.from("héllo")), ["h", "é", "l", "l", "o"]);
  let finished = false;
  async function* generate() {
    try {
      yield 1;
      yield 2;
    } finally {
      finished = true;
    }
  }
  for await (const chunk of ReadableStream.from(generate())) if (chunk === 1) break;
  same(finished, true);
  equal(
    await collect(
      ReadableStream.from(
        new ReadableStream({
          start: (c) => {
            c.enqueue(7);
            c.close();
          },
        }),
      ),
    ),
    [7],
  );
  await rejects(
    "e",
    collect(
      ReadableStream.from(
        (async function* () {
          throw "e";
        })(),
      ),
    ),
  );
  for (const bad of [null, undefined, 1, {}, { [Symbol.iterator]: 1 }])
    throws(TypeError, () => ReadableStream.from(bad));
  await rejects(
    TypeError,
    collect(ReadableStream.from({ [Symbol.asyncIterator]: () => ({ next: () => 1 }) })),
  );
});

test("byte streams with default readers", async () => {
  let controller;
  const stream = new ReadableStream({ type: "bytes", start: (c) => void (controller = c) });
  same(controller instanceof ReadableByteStreamController, true);
  same(controller.byobRequest, null);
  same(controller.desiredSize, 0);
  controller.enqueue(new Uint8Array([1, 2]));
  throws(TypeError, () => controller.enqueue("x"));
  throws(TypeError, () => controller.enqueue(new Uint8Array(0)));
  throws(TypeError, () => controller.enqueue());
  controller.close();
  const chunks = await collect(stream);
  equal(
    chunks.map((chunk) => [...chunk]),
    [[1, 2]],
  );
});

test("writing", async () => {
  const written = [];
  const stream = new WritableStream({
    start: () => void written.push("start"),
    write: (chunk) => void written.push(chunk),
    close: () => void written.push("close"),
  });
  const writer = stream.getWriter();
  same(stream.locked, true);
  same(writer.desiredSize, 1);
  writer.write("a");
  same(writer.desiredSize, 0);
  await writer.write("b");
  await writer.ready;
  await writer.close();
  equal(written, ["start", "a", "b", "close"]);
  same(await writer.closed, undefined);
  same(writer.desiredSize, 0);
  await rejects(TypeError, writer.write("c"));
  await rejects(TypeError, writer.close());
});

test("backpressure of a writer", async () => {
  let finish;
  const writer = new WritableStream({
    write: () => new Promise((resolve) => (finish = resolve)),
  }).getWriter();
  await writer.ready;
  writer.write("a");
  let ready = false;
  writer.ready.then(() => (ready = true));
  await sleep(1);
  same(ready, false);
  finish();
  await sleep(1);
  same(ready, true);
});

test("aborting and failing writers", async () => {
  let reason;
  let signalled;
  const stream = new WritableStream({
    start(c) {
      c.signal.addEventListener("abort", () => (signalled = c.signal.reason));
    },
    abort: (r) => void (reason = r),
  });
  const writer = stream.getWriter();
  writer.closed.catch(() => {});
  writer.ready.catch(() => {});
  await writer.abort("why");
  equal([reason, signalled, writer.desiredSize], ["why", "why", null]);
  await rejects("why", writer.closed);
  const failing = new WritableStream({
    write() {
      throw "w";
    },
  }).getWriter();
  await rejects("w", failing.write("x"));
  await rejects("w", failing.closed);
  await rejects("w", failing.write("y"));
  const erred = new WritableStream({ start: (c) => c.error("s") }).getWriter();
  await rejects("s", erred.ready);
  const locked = new WritableStream();
  locked.getWriter();
  await rejects(TypeError, locked.abort());
  await rejects(TypeError, locked.close());
  throws(TypeError, () => locked.getWriter());
  const released = new WritableStream().getWriter();
  released.releaseLock();
  await rejects(TypeError, released.write("x"));
  await rejects(TypeError, released.closed);
  throws(TypeError, () => released.desiredSize);
  throws(RangeError, () => new WritableStream({ type: "x" }));
  throws(TypeError, () => new WritableStream(null));
});

test("transforming", async () => {
  const upper = new TransformStream({
    transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()),
    flush: (controller) => controller.enqueue("!"),
  });
  equal(await collect(ReadableStream.from(["a", "b"]).pipeThrough(upper)), ["A", "B", "!"]);
  equal(await collect(ReadableStream.from([1, 2]).pipeThrough(new TransformStream())), [1, 2]);
  const bad = new TransformStream({
    transform() {
      throw "t";
    },
  });
  const writer = bad.writable.getWriter();
  writer.closed.catch(() => {});
  const reading = bad.readable.getReader().read();
  await rejects("t", writer.write("x"));
  await rejects("t", reading);
  const short = new TransformStream({
    transform: (chunk, controller) => (chunk === 2 ? controller.terminate() : controller.enqueue(chunk)),
  });
  const piped = ReadableStream.from([1, 2, 3]).pipeThrough(short);
  equal(await collect(piped), [1]);
  let cancelled;
  const cancelling = new TransformStream({ cancel: (r) => void (cancelled = r) });
  await cancelling.readable.cancel("c");
  same(cancelled, "c");
  throws(RangeError, () => new TransformStream({ readableType: "x" }));
  throws(TypeError, () => new TransformStream({ transform: 1 }));
  throws(TypeError, () => new TransformStreamDefaultController());
});

test("piping", async () => {
  const chunks = [];
  const sink = () =>
    new WritableStream({ write: (chunk) => void chunks.push(chunk), close: () => void chunks.push("close") });
  same(await ReadableStream.from(["a", "b"]).pipeTo(sink()), undefined);
  equal(chunks.splice(0), ["a", "b", "close"]);
  const open = sink();
  await ReadableStream.from(["c"]).pipeTo(open, { preventClose: true });
  equal(chunks.splice(0), ["c"]);
  same(open.locked, false);
  let aborted;
  const target = new WritableStream({ abort: (r) => void (aborted = r) });
  await rejects("e", new ReadableStream({ start: (c) => c.error("e") }).pipeTo(target));
  same(aborted, "e");
  let cancelled;
  const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (r) => void (cancelled = r) });
  await rejects(
    "w",
    source.pipeTo(
      new WritableStream({
        write() {
          throw "w";
        },
      }),
    ),
  );
  same(cancelled, "w");
});

test("aborting a pipe", async () => {
  const controller = new AbortController();
  let cancelled;
  let aborted;
  const source = new ReadableStream({ cancel: (r) => void (cancelled = r) });
  const target = new WritableStream({ abort: (r) => void (aborted = r) });
  const done = source.pipeTo(target, { signal: controller.signal });
  controller.abort("stop");
  await rejects("stop", done);
  equal([cancelled, aborted, source.locked, target.locked], ["stop", "stop", false, false]);
  await rejects(
    "AbortError",
    new ReadableStream().pipeTo(new WritableStream(), { signal: AbortSignal.abort() }),
  );
  await rejects(TypeError, new ReadableStream().pipeTo(new WritableStream(), { signal: {} }));
  await rejects(TypeError, new ReadableStream().pipeTo({}));
  throws(TypeError, () => new ReadableStream().pipeThrough({}));
  const locked = new ReadableStream();
  locked.getReader();
  await rejects(TypeError, locked.pipeTo(new WritableStream()));
  throws(TypeError, () => locked.pipeThrough(new TransformStream()));
});

test("a long pipe keeps neither stack nor memory", async () => {
  let left = 20000;
  let total = 0;
  const source = new ReadableStream({ pull: (c) => (left-- > 0 ? c.enqueue(1) : c.close()) });
  await source
    .pipeThrough(new TransformStream())
    .pipeTo(new WritableStream({ write: (chunk) => void (total += chunk) }));
  same(total, 20000);
});

test("the order of microtasks", async () => {
  const order = [];
  const log = (name) => () => order.push(name);
  const stream = new ReadableStream({
    start: (c) => {
      c.enqueue(1);
      c.close();
    },
    pull: log("pull"),
  });
  const reader = stream.getReader();
  reader.closed.then(log("closed"));
  reader.read().then(log("read1"));
  reader.read().then(log("read2"));
  Promise.resolve().then(log("tick1")).then(log("tick2")).then(log("tick3"));
  await sleep(1);
  equal(order, ["closed", "read1", "read2", "tick1", "tick2", "tick3"]);
  order.length = 0;
  const writer = new WritableStream({
    start: log("start"),
    write: log("write"),
    close: log("close"),
  }).getWriter();
  writer.write(1).then(log("written"));
  writer.close().then(log("closing"));
  writer.closed.then(log("closed"));
  writer.ready.then(log("ready"));
  Promise.resolve().then(log("tick1")).then(log("tick2")).then(log("tick3"));
  await sleep(1);
  equal(order, [
    "start",
    "write",
    "ready",
    "tick1",
    "close",
    "tick2",
    "written",
    "tick3",
    "closing",
    "closed",
  ]);
});

test("the shape of the classes", async () => {
  for (const [Class, name] of [
    [ReadableStream, "ReadableStream"],
    [WritableStream, "WritableStream"],
    [TransformStream, "TransformStream"],
  ]) {
    same(Class.length, 0);
    same(String(new Class()), `[object ${name}]`);
  }
  equal(Object.keys(ReadableStream.prototype).sort(), [
    "cancel",
    "getReader",
    "locked",
    "pipeThrough",
    "pipeTo",
    "tee",
    "values",
  ]);
  same(ReadableStream.prototype.pipeTo.length, 1);
  same(ReadableStream.prototype.cancel.length, 0);
  throws(TypeError, () => ReadableStream.prototype.locked);
  throws(TypeError, () => ReadableStream.prototype.tee.call({}));
  await rejects(TypeError, ReadableStream.prototype.cancel.call({}));
  await rejects(TypeError, ReadableStream.prototype.pipeTo.call({}, new WritableStream()));
  await rejects(TypeError, WritableStream.prototype.abort.call({}));
});
