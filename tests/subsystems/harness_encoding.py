"""A bare realm for prelude pieces: QuickJS, a small `host`, everything frozen if wanted, JavaScript tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import _quickjs
import attrs

from aiwebengine.sandbox.prelude import Piece, Prelude, core_sources, pieces_of

SEED = "00" * 32

_HOST = r"""
const realm = (() => {
  const returned = Object.create(null), locals = Object.create(null);
  const state = { calls: [], now: 1767225600123.5, next: null };
  const host = {
    request: null,
    use(piece) {
      if (!(piece in returned)) throw new Error("piece not loaded: " + piece);
      return returned[piece];
    },
    local(piece) { return locals[piece] ??= Object.create(null); },
    call(op, argument) { state.calls.push([op, argument]); return Promise.resolve(null); },
    send(op, argument) { state.calls.push([op, argument]); },
    entropy(n) {
      state.next ??= returned.entropy.makeGenerator(SEED);
      return state.next(n);
    },
    now() { return state.now; },
    typeError(message) { return new TypeError(message); },
    permissionError(message) {
      return Object.defineProperty(new Error(message), "name", { value: "PermissionError" });
    },
  };
  const frozen = new Set();
  function deepFreeze(value) {
    const queue = [value];
    while (queue.length) {
      const at = queue.pop();
      if ((typeof at !== "object" && typeof at !== "function") || at === null || frozen.has(at)) continue;
      frozen.add(at);
      if (!ArrayBuffer.isView(at)) Object.freeze(at);
      queue.push(Object.getPrototypeOf(at));
      for (const key of Reflect.ownKeys(at)) {
        const d = Object.getOwnPropertyDescriptor(at, key);
        queue.push(d.value, d.get, d.set);
      }
    }
  }
  function lockdown() {
    deepFreeze([
      (function* () {}).constructor, (async () => {}).constructor, (async function* () {}).constructor,
      Object.getPrototypeOf([][Symbol.iterator]()), Object.getPrototypeOf(new Map().entries()),
      Object.getPrototypeOf(""[Symbol.iterator]()), Object.getPrototypeOf("".matchAll(/x/g))]);
    for (const key of Object.getOwnPropertyNames(globalThis)) {
      if (key !== "realm" && key !== "globalThis") deepFreeze(globalThis[key]);
    }
  }
  function load(make, piece, names, freeze) {
    const made = make(host);
    if (freeze) deepFreeze(made);
    returned[piece] = made;
    for (const name of names) {
      if (!(name in made)) throw new Error(piece + " does not give " + name);
      Object.defineProperty(globalThis, name, { value: made[name], writable: true, configurable: true });
    }
  }
  const text = (value) => {
    const json = JSON.stringify(value === undefined ? null : value);
    return json.replace(/[\0\ud800-\udfff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  };
  const outcome = { text: null };
  function fail(e) {
    outcome.text = text({ error: {
      name: String(e?.name), message: String(e?.message ?? e), code: e?.code ?? null,
      status: e?.status ?? null, stack: String(e?.stack),
    } });
  }
  function evaluate(thunk) {
    outcome.text = null;
    try {
      const value = thunk();
      if (typeof value?.then === "function") {
        value.then((v) => { outcome.text = text({ value: v }); }, fail).catch(fail);
      } else outcome.text = text({ value });
    } catch (e) { fail(e); }
  }
  return { host, state, returned, locals, deepFreeze, lockdown, load, evaluate, outcome, tests: null };
})();
"""

_TESTS = r"""
const collected = [];
const test = (name, body) => collected.push([name, body]);
function show(value) {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}[${Array.from(value).join()}]`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "object" && value !== null) return JSON.stringify(value) ?? String(value);
  return String(value);
}
function equal(actual, wanted, what = "") {
  if (show(actual) !== show(wanted)) throw new Error(`${what} got ${show(actual)}, wanted ${show(wanted)}`);
}
function ok(value, what = "a true value") {
  if (!value) throw new Error(`wanted ${what}, got ${show(value)}`);
}
function matches(e, name, part) {
  if (e?.name !== name || !String(e.message).includes(part)) {
    throw new Error(`wanted ${name} with ${show(part)}, got ${e?.name}: ${e?.message}\n${e?.stack}`);
  }
  return e;
}
function throws(body, name, part = "") {
  let value;
  try { value = body(); } catch (e) { return matches(e, name, part); }
  throw new Error(`wanted ${name}, nothing was thrown, got ${show(value)}`);
}
async function rejects(promise, name, part = "") {
  let value;
  try { value = await promise; } catch (e) { return matches(e, name, part); }
  throw new Error(`wanted ${name}, nothing was thrown, got ${show(value)}`);
}
async function runAll() {
  const failures = [];
  for (const [name, body] of collected) {
    for (const key of Object.keys(realm.locals)) delete realm.locals[key];
    realm.host.request = null;
    try { await body(); } catch (e) { failures.push(`${name}: ${e?.name}: ${e?.message}\n${e?.stack}`); }
  }
  return { count: collected.length, failures };
}
"""


@attrs.define(auto_exc=True, str=False)
class JSError(Exception):
    """What an evaluated expression threw."""

    name: str
    message: str
    code: int | None
    status: int | None
    stack: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}\n{self.stack}"


def all_pieces() -> tuple[Piece, ...]:
    """Give the pieces of the three subsystems, each after those it needs."""
    return with_needs(None)


def with_needs(names: Iterable[str] | None) -> tuple[Piece, ...]:
    """Give the named pieces (None for all) with those they need before them."""
    given = [
        piece
        for name in ("encoding", "crypto", "auth")
        for piece in pieces_of(f"aiwebengine.subsystems.{name}")
    ]
    wanted = [piece.name for piece in given] if names is None else list(names)
    prelude = Prelude(given, always=wanted)
    return tuple(prelude.pieces[name] for name in prelude.pick(frozenset()))


class Realm:
    """
    A context with the pieces evaluated, their names global.

    With ``frozen`` every intrinsic is frozen before the pieces are evaluated and all they return after. With
    ``locked`` everything is locked after, by the sandbox's own lockdown.
    """

    def __init__(
        self, pieces: Iterable[Piece], *, frozen: bool = False, locked: bool = True, stack_bytes: int = 65536
    ) -> None:
        self.context = _quickjs.Context()
        self.context.set_max_stack_size(stack_bytes)
        self.context.eval(_HOST.replace("SEED", json.dumps(SEED)))
        if frozen:
            self.context.eval("realm.lockdown()")
        for piece in pieces:
            names = json.dumps(piece.names)
            flag = "true" if frozen else "false"
            self.context.eval(f"realm.load({piece.source}, {json.dumps(piece.name)}, {names}, {flag})")
        if locked:
            self.context.eval(f"({core_sources()[1]})(globalThis, Object.values(realm.returned))")

    def set_request(self, request: Mapping[str, Any] | None) -> None:
        """Set `host.request` and begin with empty locals."""
        self.context.eval("for (const key of Object.keys(realm.locals)) delete realm.locals[key]")
        self.context.eval(f"realm.host.request = {json.dumps(request)}")

    def run(self, expression: str) -> Any:
        """Give the JSON value of an expression, awaited when it is a promise. Raises `JSError`."""
        self.context.eval(f"realm.evaluate(() => ({expression}\n))")
        while self.context.execute_pending_job():
            pass
        text = self.context.eval("realm.outcome.text")
        if text is None:
            raise AssertionError(f"never settled: {expression}")
        outcome = json.loads(text)
        if "error" in outcome:
            raise JSError(**outcome["error"])
        return outcome.get("value")

    def run_file(self, path: Path) -> tuple[int, list[str]]:
        """Run a ``*.test.js`` file; give the number of tests and the failures."""
        self.context.eval(
            f"realm.tests = (() => {{ {_TESTS}\n{path.read_text('utf-8')}\nreturn runAll; }})()"
        )
        outcome = self.run("realm.tests()")
        return outcome["count"], outcome["failures"]


def literal(value: object) -> str:
    """Give a JavaScript expression for JSON data or bytes."""
    if isinstance(value, bytes):
        return f"Uint8Array.fromHex('{value.hex()}')"
    return json.dumps(value)


class JavaScriptTests:
    """A mixin: runs the ``js/*.test.js`` beside a test module, in open, frozen and locked realms."""

    folder: Path

    def _run_javascript(self, *, frozen: bool, locked: bool) -> None:
        total = 0
        for path in sorted(self.folder.glob("*.test.js")):
            count, failures = Realm(all_pieces(), frozen=frozen, locked=locked).run_file(path)
            total += count
            assert not failures, f"{path.name}: {len(failures)} of {count} failed\n" + "\n".join(failures)
        assert total > 0, f"no JavaScript tests in {self.folder}"

    def test_req_jsapi_005_javascript_open(self) -> None:
        """The JavaScript tests pass in an ordinary realm."""
        self._run_javascript(frozen=False, locked=False)

    def test_req_js_001_javascript_frozen(self) -> None:
        """They pass where every intrinsic was frozen before the pieces and every piece after."""
        self._run_javascript(frozen=True, locked=False)

    def test_req_js_001_javascript_locked(self) -> None:
        """They pass in a realm that was locked the way the sandbox locks one."""
        self._run_javascript(frozen=False, locked=True)
