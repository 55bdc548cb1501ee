test("aborting", () => {
  const controller = new AbortController();
  const { signal } = controller;
  same(signal, controller.signal);
  same(signal.aborted, false);
  same(signal.reason, undefined);
  signal.throwIfAborted();
  const calls = [];
  signal.onabort = (event) => calls.push(["on", event.type, event.isTrusted, event.target === signal]);
  signal.addEventListener("abort", () => calls.push(["listener", signal.aborted]));
  controller.abort();
  controller.abort("again");
  equal(calls, [
    ["on", "abort", true, true],
    ["listener", true],
  ]);
  isError("AbortError", signal.reason);
  same(
    throws(signal.reason, () => signal.throwIfAborted()),
    signal.reason,
  );
});

test("reasons", () => {
  const controller = new AbortController();
  controller.abort(null);
  same(controller.signal.reason, null);
  same(AbortSignal.abort("why").reason, "why");
  isError("AbortError", AbortSignal.abort().reason);
  same(AbortSignal.abort().aborted, true);
  same(AbortSignal.abort(undefined).reason.code, 20);
});

test("onabort is an event handler attribute", () => {
  const { signal } = new AbortController();
  same(signal.onabort, null);
  const handler = () => {};
  signal.onabort = handler;
  same(signal.onabort, handler);
  signal.onabort = 1;
  same(signal.onabort, null);
});

test("timeout", async () => {
  const signal = AbortSignal.timeout(50);
  await sleep(49);
  same(signal.aborted, false);
  await sleep(2);
  same(signal.aborted, true);
  isError("TimeoutError", signal.reason);
  throws(TypeError, () => AbortSignal.timeout());
  throws(TypeError, () => AbortSignal.timeout(-1));
  throws(TypeError, () => AbortSignal.timeout(NaN));
  throws(TypeError, () => AbortSignal.timeout(Infinity));
});

test("any", () => {
  const one = new AbortController();
  const two = new AbortController();
  const any = AbortSignal.any([one.signal, two.signal]);
  const nested = AbortSignal.any([any]);
  let order = "";
  one.signal.addEventListener("abort", () => (order += "1"));
  any.addEventListener("abort", () => (order += "a" + nested.aborted));
  two.abort("r");
  equal(
    [any.aborted, any.reason, nested.reason, one.signal.aborted, order],
    [true, "r", "r", false, "atrue"],
  );
  one.abort("later");
  same(any.reason, "r");
  same(AbortSignal.any([AbortSignal.abort("x"), AbortSignal.abort("y")]).reason, "x");
  same(AbortSignal.any([]).aborted, false);
  throws(TypeError, () => AbortSignal.any([1]));
  throws(TypeError, () => AbortSignal.any());
  throws(TypeError, () => AbortSignal.any(null));
});

test("the shape of the classes", () => {
  throws(TypeError, () => new AbortSignal());
  same(new AbortController().signal instanceof EventTarget, true);
  same(String(new AbortController()), "[object AbortController]");
  same(String(new AbortController().signal), "[object AbortSignal]");
  throws(TypeError, () => AbortSignal.prototype.aborted);
  throws(TypeError, () => AbortController.prototype.abort.call({}));
  same(Object.getOwnPropertyDescriptor(AbortSignal, "any").enumerable, true);
  same(AbortController.prototype.abort.length, 0);
});
