// piece: test-clock
// names: Date
// In a test's world, time may be set by hand: then Date stands still and timers wait for clock.advance().
// Loaded before every other piece, which therefore find this Date and these timers.
(function (host) {
  "use strict";
  const { apply, construct } = Reflect;
  const { defineProperty, getOwnPropertyNames } = Object;
  const NativeDate = Date, realNow = Date.now;
  const realSet = host.setTimer, realClear = host.clearTimer;
  const then = Promise.prototype.then;
  const { has, set, delete: remove } = Map.prototype;
  const FIRST_ID = 1_000_000_000; // ids of timers that wait for the test's clock

  // This request's clock: `now` is null while time is real.
  function state() {
    const local = host.local("test-clock");
    if (local.timers === undefined) {
      local.timers = new Map();
      local.last = FIRST_ID;
      local.now = typeof host.request.clock === "number" ? host.request.clock : null;
    }
    return local;
  }
  function now() {
    let clock = null;
    try { clock = state().now; } catch { /* no request is being served */ }
    return clock === null ? apply(realNow, NativeDate, []) : clock;
  }

  const FakeDate = function Date(...parts) {
    if (new.target === undefined) return apply(NativeDate.prototype.toString, new NativeDate(now()), []);
    return construct(NativeDate, parts.length === 0 ? [now()] : parts, new.target);
  };
  for (const name of getOwnPropertyNames(NativeDate)) {
    if (name === "now" || name === "prototype" || name === "name") continue;
    defineProperty(FakeDate, name, { value: NativeDate[name], writable: true, configurable: true, enumerable: false });
  }
  defineProperty(FakeDate, "now", { value: { now() { return now(); } }.now, writable: true, configurable: true });
  defineProperty(FakeDate, "length", { value: 7, configurable: true });
  FakeDate.prototype = NativeDate.prototype;
  defineProperty(FakeDate, "prototype", { writable: false, enumerable: false });
  defineProperty(NativeDate.prototype, "constructor", { value: FakeDate, writable: true, configurable: true });

  host.now = now;
  host.setTimer = function (callback, delay, repeated) {
    const clock = state();
    if (clock.now === null) return realSet(callback, delay, repeated);
    const wait = Math.max(repeated ? 1 : 0, delay > 0 ? Math.min(delay, 2147483647) : 0);
    const id = ++clock.last;
    apply(set, clock.timers, [id, true]);
    const arm = () => {
      apply(then, host.call("testing.timer", { delay: wait }), [(answer) => {
        if (!apply(has, clock.timers, [id])) return;
        clock.now = answer.now;
        if (repeated) arm(); else apply(remove, clock.timers, [id]);
        try { callback(); } catch (error) { host.report(error); }
      }, () => {}]);
    };
    arm();
    return id;
  };
  host.clearTimer = function (id) {
    if (id > FIRST_ID) apply(remove, state().timers, [id]); else realClear(id);
  };

  return { Date: FakeDate, state, now, NativeDate };
})
