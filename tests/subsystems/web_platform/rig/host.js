(function (sources, order) {
  "use strict";
  const pieces = Object.create(null);
  const locals = Object.create(null);
  const timers = new Map();
  const reported = [];
  let now = 1000;
  let lastTimer = 0;
  const results = { outcome: null };
  const host = {
    request: Object.freeze({ requestId: "test", script: "test.js" }),
    use(name) {
      if (!(name in pieces)) throw new Error(`piece ${name} is not loaded`);
      return pieces[name];
    },
    local(name) {
      return (locals[name] ??= Object.create(null));
    },
    now: () => now,
    entropy: (count) => new Uint8Array(count).map((_, i) => (i * 37 + 11) & 255),
    setTimer(callback, ms, repeat = false) {
      timers.set(++lastTimer, { callback, due: now + ms, ms, repeat });
      return lastTimer;
    },
    clearTimer(id) {
      timers.delete(id);
    },
    report(error) {
      reported.push(error);
    },
    typeError: (message) => new TypeError(message),
  };
  function nextTimer(limit) {
    let best = null;
    for (const [id, timer] of timers)
      if (timer.due <= limit && (best === null || timer.due < best[1].due)) best = [id, timer];
    return best;
  }
  // Runs the next timer due within `ms`; false when there is none (the clock is then at the end).
  function tick(limit) {
    const next = nextTimer(limit);
    if (next === null) {
      now = Math.max(now, limit);
      return false;
    }
    const [id, timer] = next;
    now = Math.max(now, timer.due);
    if (timer.repeat) timer.due += Math.max(timer.ms, 1);
    else timers.delete(id);
    try {
      timer.callback();
    } catch (error) {
      reported.push(error);
    }
    return true;
  }
  return { host, locals, pieces, reported, results, tick, timers };
})();
