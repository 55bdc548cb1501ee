test("listeners are called in order with the event", () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener("x", function (event) {
    calls.push([
      "first",
      this === target,
      event.target === target,
      event.currentTarget === target,
      event.eventPhase,
    ]);
  });
  target.addEventListener("x", {
    handleEvent(event) {
      calls.push(["object", event.type]);
    },
  });
  target.addEventListener("x", () => calls.push(["capture"]), true);
  const event = new Event("x");
  same(target.dispatchEvent(event), true);
  equal(calls, [["capture"], ["first", true, true, true, 2], ["object", "x"]]);
  same(event.currentTarget, null);
  same(event.eventPhase, 0);
  same(event.target, target);
});

test("duplicates, removal, once", () => {
  const target = new EventTarget();
  let count = 0;
  const listener = () => count++;
  target.addEventListener("x", listener);
  target.addEventListener("x", listener);
  target.addEventListener("x", listener, { capture: true });
  target.dispatchEvent(new Event("x"));
  same(count, 2);
  target.removeEventListener("x", listener);
  target.removeEventListener("x", listener, true);
  target.dispatchEvent(new Event("x"));
  same(count, 2);
  target.addEventListener("x", listener, { once: true });
  target.dispatchEvent(new Event("x"));
  target.dispatchEvent(new Event("x"));
  same(count, 3);
  target.addEventListener("x", null);
  throws(TypeError, () => target.addEventListener("x"));
  throws(TypeError, () => target.addEventListener("x", 1));
});

test("a listener removed during dispatch is not called, one added is not either", () => {
  const target = new EventTarget();
  const calls = [];
  const second = () => calls.push("second");
  target.addEventListener(
    "x",
    () => {
      calls.push("first");
      target.removeEventListener("x", second);
      target.addEventListener("x", () => calls.push("late"));
    },
    { once: true },
  );
  target.addEventListener("x", second);
  target.dispatchEvent(new Event("x"));
  equal(calls, ["first"]);
});

test("cancelling and stopping", () => {
  const target = new EventTarget();
  target.addEventListener("x", (event) => event.preventDefault());
  same(target.dispatchEvent(new Event("x")), true);
  const event = new Event("x", { cancelable: true });
  same(target.dispatchEvent(event), false);
  same(event.defaultPrevented, true);
  same(event.returnValue, false);
  const passive = new EventTarget();
  passive.addEventListener("x", (event) => event.preventDefault(), { passive: true });
  same(passive.dispatchEvent(new Event("x", { cancelable: true })), true);
  const stopping = new EventTarget();
  let late = 0;
  stopping.addEventListener("x", (event) => event.stopImmediatePropagation());
  stopping.addEventListener("x", () => late++);
  stopping.dispatchEvent(new Event("x"));
  same(late, 0);
});

test("an error in a listener is reported and the others run", () => {
  const target = new EventTarget();
  const error = new Error("boom");
  let ran = false;
  target.addEventListener("x", () => {
    throw error;
  });
  target.addEventListener("x", { handleEvent: 1 });
  target.addEventListener("x", () => {
    ran = true;
  });
  target.dispatchEvent(new Event("x"));
  same(ran, true);
  const [first, second] = reported.splice(0);
  same(first, error);
  same(second.constructor, TypeError);
});

test("dispatching again while dispatching", () => {
  const target = new EventTarget();
  const event = new Event("x");
  let error;
  target.addEventListener("x", () => {
    try {
      target.dispatchEvent(event);
    } catch (caught) {
      error = caught;
    }
  });
  target.dispatchEvent(event);
  isError("InvalidStateError", error);
  throws(TypeError, () => target.dispatchEvent({}));
  throws(TypeError, () => target.dispatchEvent());
});

test("events", () => {
  throws(TypeError, () => new Event());
  throws(TypeError, () => new Event("x", 1));
  const event = new Event("x", { bubbles: 1, composed: true });
  equal(
    [event.type, event.bubbles, event.cancelable, event.composed, event.isTrusted, event.target],
    ["x", true, false, true, false, null],
  );
  same(event.timeStamp > 0, true);
  equal([Event.NONE, event.AT_TARGET, Event.prototype.BUBBLING_PHASE], [0, 2, 3]);
  equal(event.composedPath(), []);
  same(Object.getOwnPropertyDescriptor(event, "isTrusted").configurable, false);
  event.initEvent("y", true, true);
  equal([event.type, event.cancelable], ["y", true]);
  const custom = new CustomEvent("c", { detail: { a: 1 } });
  same(custom.detail.a, 1);
  same(new CustomEvent("c").detail, null);
  same(custom instanceof Event, true);
  same(String(custom), "[object CustomEvent]");
  custom.initCustomEvent("d", false, false, 5);
  same(custom.detail, 5);
  class Mine extends EventTarget {
    x = 1;
  }
  let seen = false;
  const mine = new Mine();
  mine.addEventListener("x", () => {
    seen = true;
  });
  mine.dispatchEvent(new CustomEvent("x"));
  same(seen, true);
});

test("a signal takes a listener off", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let count = 0;
  target.addEventListener("x", () => count++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  controller.abort();
  target.dispatchEvent(new Event("x"));
  same(count, 1);
  target.addEventListener("x", () => count++, { signal: AbortSignal.abort() });
  target.dispatchEvent(new Event("x"));
  same(count, 1);
  throws(TypeError, () => target.addEventListener("x", () => {}, { signal: null }));
});
