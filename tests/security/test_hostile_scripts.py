"""The catalogue of hostile scripts is itself sound: valid sources, and probes that can find something."""

from __future__ import annotations

import json

import _quickjs
from twisted.trial.unittest import SynchronousTestCase

from tests.security.hostile_scripts import ATTACKS, ESCAPES, LEAKS, LOADS, Leak

#: An engine without any isolation: one context, the script run once, its handlers called again and again.
NAIVE = r"""
const $ = (() => {
    const routes = new Map(), timers = [];
    const { apply } = Reflect, get = routes.get, then = Promise.prototype.then, push = timers.push;
    globalThis.register = (path, handler) => {
        if (typeof path !== 'string') throw new TypeError('path must be a string');
        routes.set(path, handler);
    };
    globalThis.console = { log() { } };
    globalThis.auth = { hasRole() { return false } };
    globalThis.storage = { get() { return Promise.resolve(null) } };
    globalThis.fetch = function fetch() { };
    globalThis.URL = class URL { };
    globalThis.Headers = class Headers { };
    globalThis.crypto = { subtle: {} };
    globalThis.setTimeout = globalThis.setInterval = f => { timers[timers.length] = f };
    class Request {
        url = '/'; headers = new Headers(); query = {}; cookies = {};
        text() { return '' }
    }
    const request = new Request();
    return {
        ask(path) {
            try {
                const result = apply(get, routes, [path])(request);
                return typeof result === 'string' ? result : 'no text';
            } catch (error) {
                return 'threw';
            }
        },
        tick() { const due = timers.splice(0); for (let i = 0; i < due.length; i++) due[i](); },
    };
})();
"""

#: Leaks that even the naive engine does not have, and why the probe is kept.
NOT_IN_QUICKJS = {
    "property on the thrower": "frozen by the language",
    "regexp's legacy statics": "QuickJS has no RegExp.$1; a later version may",
    "Error.prepareStackTrace by inheritance": "QuickJS looks at Error's own property only",
}
#: Found by what /plant and other paths answer rather than by the probe.
OTHERWISE = {"registration at request time", "registration of another's path"}
#: Where an engine that does nothing about it is escaped from.
ESCAPED = {"frames of the engine"}


class NaiveEngine:
    """A script in a context of its own, with nothing between its requests."""

    def __init__(self, source: str) -> None:
        self.context = _quickjs.Context()
        self.context.set_memory_limit(32 << 20)
        self.context.eval(NAIVE)
        self.context.eval(f"new Function({json.dumps(source)})()")
        self.request, self.tick = self.context.eval("$.ask"), self.context.eval("$.tick")

    def ask(self, path: str) -> str:
        """Give the answer to one request, having run the jobs and timers it left."""
        try:
            answer = str(self.request(path))
            for _ in range(3):
                jobs = 0
                while jobs < 5_000 and self.context.execute_pending_job():
                    jobs += 1
                self.tick()
        except _quickjs.JSException:
            return "threw"
        return answer


class CatalogueTests(SynchronousTestCase):
    """The catalogue's own soundness."""

    def test_names_are_unique(self) -> None:
        """A failure can be found by its name."""
        names = [entry.name for entry in (*ATTACKS, *LEAKS, *LOADS)]
        self.assertEqual(len(names), len(set(names)))

    def test_sources_are_valid(self) -> None:
        """Attacks and leaks are JavaScript, so that what is tested is not a syntax error."""
        context = _quickjs.Context()
        check = context.eval(
            "text => { try { new Function(JSON.parse(text)) } catch (e) { return e.message } return 'ok' }"
        )
        for entry in (*ATTACKS, *LEAKS):
            self.assertEqual(check(json.dumps(entry.source)), "ok", entry.name)
            self.assertIn('register("/', entry.source)

    def test_outcomes_are_named(self) -> None:
        """Every attack and load has at least one allowed outcome."""
        for entry in (*ATTACKS, *LOADS):
            self.assertTrue(entry.outcomes, entry.name)

    def test_probes_are_clean_at_first(self) -> None:
        """A probe finds nothing where nothing was planted."""
        for leak in LEAKS:
            self.assertEqual(NaiveEngine(leak.source).ask("/probe"), "clean", leak.name)

    def test_probes_find(self) -> None:
        """A probe finds what was planted where nothing isolates requests."""
        blind = {leak.name for leak in LEAKS if not self.finds(leak)} - OTHERWISE
        self.assertEqual(blind, set(NOT_IN_QUICKJS))

    def finds(self, leak: Leak) -> bool:
        """Tell whether the naive engine leaks."""
        engine = NaiveEngine(leak.source)
        engine.ask("/plant")
        return any(engine.ask("/probe") != "clean" for _ in range(2))

    def test_escapes_run(self) -> None:
        """Where there is nothing to reach the attempts say so, and not that they failed to try."""
        for attack in ESCAPES:
            if "async function attack" in attack.source:
                continue
            context = _quickjs.Context()
            context.eval(NAIVE)
            context.eval(f"new Function({json.dumps(attack.source)})()")
            expected = "escaped" if attack.name in ESCAPED else "contained"
            self.assertEqual(context.eval("$.ask")("/attack"), expected, attack.name)
