"""A QuickJS context with prelude pieces in it: a stand-in for the sandbox realm, with a fake clock and fake timers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import _quickjs

from aiwebengine.sandbox.prelude import Piece

_HOST = r"""
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
    for (const [id, timer] of timers) if (timer.due <= limit && (best === null || timer.due < best[1].due)) best = [id, timer];
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
  return { host, pieces, reported, results, tick, timers };
})()
"""

_FREEZE = r"""
(function (rig) {
  const seen = new Set();
  const pending = [rig.pieces, Object.getPrototypeOf(async function () {}), Object.getPrototypeOf(function* () {}),
    Object.getPrototypeOf(async function* () {}), Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
    Object.getPrototypeOf(Uint8Array), Array, Object, Function, Promise, Map, Set, WeakMap, RegExp, Date, String, Number,
    Boolean, Symbol, Error, TypeError, RangeError, ArrayBuffer, Uint8Array, DOMException, JSON, Math, Reflect, Iterator];
  while (pending.length > 0) {
    const each = pending.pop();
    if (each === null || (typeof each !== "object" && typeof each !== "function") || seen.has(each)) continue;
    seen.add(each);
    if (!ArrayBuffer.isView(each)) Object.freeze(each);
    pending.push(Object.getPrototypeOf(each));
    for (const key of Reflect.ownKeys(each)) {
      const descriptor = Object.getOwnPropertyDescriptor(each, key);
      pending.push(descriptor.value, descriptor.get, descriptor.set);
    }
  }
})
"""

_TESTING = r"""
(function (rig) {
  const cases = [];
  const show = (value) => (typeof value === "string" ? JSON.stringify(value) : typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));
  const helpers = {
    test(name, body) {
      cases.push([name, body]);
    },
    same(actual, expected, message = "") {
      if (!Object.is(actual, expected)) throw new Error(`${message} expected ${show(expected)}, got ${show(actual)}`);
    },
    equal(actual, expected, message = "") {
      if (show(actual) !== show(expected)) throw new Error(`${message} expected ${show(expected)}, got ${show(actual)}`);
    },
    throws(kind, body, message = "") {
      try {
        body();
      } catch (error) {
        return helpers.isError(kind, error, message);
      }
      throw new Error(`${message} expected ${kind.name ?? kind}, nothing was thrown`);
    },
    async rejects(kind, promise, message = "") {
      try {
        await promise;
      } catch (error) {
        return helpers.isError(kind, error, message);
      }
      throw new Error(`${message} expected ${kind.name ?? kind}, nothing was rejected`);
    },
    isError(kind, error, message) {
      const fits = typeof kind === "string" ? error === kind || (error instanceof DOMException && error.name === kind) : typeof kind === "function" ? error.constructor === kind : error === kind;
      if (!fits) throw new Error(`${message} expected ${kind.name ?? kind}, got ${error?.name}: ${error?.message}`);
      return error;
    },
    sleep: (ms) => new Promise((resolve) => rig.host.setTimer(resolve, ms)),
    reported: rig.reported,
    piece: (name) => rig.pieces[name],
  };
  const run = async () => {
    const failures = [];
    for (const [name, body] of cases) {
      try {
        await body();
      } catch (error) {
        failures.push(`${name}: ${error?.name}: ${error?.message}\n${error?.stack ?? ""}`);
      }
    }
    rig.results.outcome = JSON.stringify({ count: cases.length, failures }).replace(/[\u0000\ud800-\udfff]/g, "?");
  };
  return { helpers, run };
})
"""


def in_order(pieces: Mapping[str, Piece], wanted: Iterable[str]) -> list[Piece]:
    """Give the wanted pieces and all they need, needed ones first."""
    order: dict[str, Piece] = {}

    def add(name: str) -> None:
        if name not in order:
            for each in pieces[name].needs:
                add(each)
            order[name] = pieces[name]

    for name in wanted:
        add(name)
    return list(order.values())


class Rig:
    """
    A context with pieces evaluated.

    ``frozen`` freezes intrinsics and everything the pieces returned, as realm isolation does. ``stack`` and
    ``memory`` are bytes; the defaults are the engine's.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        wanted: Iterable[str] | None = None,
        *,
        frozen: bool = True,
        stack: int = 65536,
        memory: int = 16777216,
    ) -> None:
        by_name = {piece.name: piece for piece in pieces}
        self.context = _quickjs.Context()
        self.context.set_max_stack_size(stack)
        self.context.set_memory_limit(memory)
        self.context.eval(f"globalThis.__rig = {_HOST}; undefined")
        self.loaded = in_order(by_name, by_name if wanted is None else wanted)
        for piece in self.loaded:
            self.context.eval(f"__rig.pieces[{json.dumps(piece.name)}] = ({piece.source})(__rig.host); undefined")
            for name in piece.names:
                give = f"{{value: __rig.pieces[{json.dumps(piece.name)}].{name}, writable: true, configurable: true}}"
                self.context.eval(f"Object.defineProperty(globalThis, {json.dumps(name)}, {give}); undefined")
        if frozen:
            self.context.eval(f"({_FREEZE})(__rig); undefined")

    def eval(self, text: str) -> Any:
        """Evaluate a text; give a string, number, boolean or None."""
        return self.context.eval(text)

    def settle(self, jobs: int = 1_000_000) -> None:
        """Run promise jobs until there are none."""
        while self.context.execute_pending_job():
            jobs -= 1
            if jobs < 0:
                raise AssertionError("promise jobs without end")

    def advance(self, milliseconds: int) -> None:
        """Let fake time pass: every timer due in it runs, with the promise jobs that follow."""
        self.settle()
        limit = self.context.eval("__rig.host.now()") + milliseconds
        while self.context.eval(f"__rig.tick({limit})"):
            self.settle()

    def run_tests(self, text: str) -> list[str]:
        """Run a test text (``test``, ``same``, ``equal``, ``throws``, ``rejects``, ``sleep``); give the failures."""
        self.context.eval(f"globalThis.__testing = {_TESTING}(__rig); undefined")
        names = "test, same, equal, throws, rejects, isError, sleep, reported, piece"
        head = f"'use strict'; const {{{names}}} = __testing.helpers;"
        self.context.eval(f"(function () {{{head}{text}\n}})(); __testing.run(); undefined")
        self.advance(60_000)
        outcome = self.context.eval("__rig.results.outcome")
        if outcome is None:
            raise AssertionError("the tests did not finish: something is never settled")
        report = json.loads(outcome)
        if not report["count"]:
            raise AssertionError("no tests")
        return [str(failure) for failure in report["failures"]]


