test("timeouts run once, in order, with their arguments", async () => {
  const calls = [];
  setTimeout((...values) => calls.push(values), 20, 1, 2);
  setTimeout(() => calls.push("soon"));
  const gone = setTimeout(() => calls.push("never"), 5);
  same(typeof gone, "number");
  same(gone > 0, true);
  clearTimeout(gone);
  clearTimeout(undefined);
  clearTimeout(99999);
  await sleep(30);
  equal(calls, ["soon", [1, 2]]);
});

test("intervals", async () => {
  let count = 0;
  const id = setInterval(() => {
    if (++count === 3) clearInterval(id);
  }, 10);
  await sleep(100);
  same(count, 3);
});

test("bad arguments", () => {
  throws(TypeError, () => setTimeout());
  throws(TypeError, () => setTimeout("code"));
  throws(TypeError, () => setInterval(null));
  throws(TypeError, () => queueMicrotask());
  throws(TypeError, () => queueMicrotask(1));
});

test("errors are reported", async () => {
  const errors = [new Error("timer"), new Error("microtask"), new Error("reported")];
  setTimeout(() => {
    throw errors[0];
  }, 1);
  queueMicrotask(() => {
    throw errors[1];
  });
  reportError(errors[2]);
  await sleep(5);
  equal(
    reported.splice(0).map((error) => error.message),
    ["reported", "microtask", "timer"],
  );
});

test("microtasks run before timers", async () => {
  const calls = [];
  setTimeout(() => calls.push("timer"), 0);
  queueMicrotask(() => calls.push("microtask"));
  calls.push("now");
  await sleep(1);
  equal(calls, ["now", "microtask", "timer"]);
});

test("performance and navigator", async () => {
  const start = performance.now();
  await sleep(25);
  same(performance.now() - start, 25);
  same(performance.timeOrigin + performance.now(), performance.timeOrigin + performance.now());
  equal(Object.keys(performance.toJSON()), ["timeOrigin"]);
  throws(TypeError, () => new Performance());
  same(navigator.userAgent, "aiwebengine");
});

test("DOMException", () => {
  const error = new DOMException("m", "DataCloneError");
  equal([error.name, error.message, error.code, error instanceof Error], ["DataCloneError", "m", 25, true]);
  equal(
    [new DOMException().name, new DOMException().message, new DOMException("", "Other").code],
    ["Error", "", 0],
  );
  same(DOMException.ABORT_ERR, 20);
});
