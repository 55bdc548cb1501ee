# ruff: noqa: E501 - scripts read best as they are
"""One context: what it raises, whatever QuickJS throws."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.realm import BEGIN, LimitReached, Realm, ScriptBroken, line_offset, syntax_error

THROWERS = """(function () {
    const compile = %s;
    return function (operation, text) {
        if (operation === 0) return compile(text);
        const acts = {
            "null": () => { throw null }, "undefined": () => { throw undefined }, empty: () => { throw "" },
            symbol: () => { throw Symbol() }, unprintable: () => { throw { toString() { throw 1 } } },
            memory: () => { new Uint8Array(1e9) }, stack: function f() { return 1 + f() }, loop: () => { for (;;); },
            jobs: () => { (async () => { for (;;) await null })(); return "" }, job: () => { Promise.resolve().then(() => {}); return "" },
            stuck: () => { Promise.resolve().then(() => { for (;;); }); return "" },
            fill: () => { Promise.resolve().then(() => { new Uint8Array(1e9) }); return "" },
        };
        return acts[text]();
    };
})()"""


def realm(compiles: str = '() => ""') -> Realm:
    return Realm(THROWERS % compiles, "", (), 4_000_000, 65_536, 1.0)


class RealmTests(SynchronousTestCase):
    """`Realm` around functions that misbehave."""

    def test_whatever_is_thrown(self) -> None:
        """The core catches what scripts throw; anything else that comes out is a limit, nameable or not."""
        for act, kind in (
            ("null", "memory"),
            ("undefined", "memory"),
            ("empty", "memory"),
            ("symbol", "memory"),
            ("unprintable", "memory"),
            ("memory", "memory"),
            ("stack", "stack"),
            ("loop", "cpu"),
        ):
            limit = self.assertRaises(LimitReached, realm().enter, BEGIN, act, 0.05)
            self.assertEqual(limit.kind, kind, act)

    def test_drain(self) -> None:
        """Jobs run until there are none, within time and number."""
        one = realm()
        self.assertEqual(one.drain(1.0, 10), 0)
        one.enter(BEGIN, "job", 1.0)
        self.assertEqual(one.drain(1.0, 10), 1)
        one.enter(BEGIN, "jobs", 1.0)
        limit = self.assertRaises(LimitReached, one.drain, 1.0, 10)
        self.assertEqual((limit.kind, limit.used), ("jobs", 11))
        self.assertEqual(self.assertRaises(LimitReached, one.drain, 0.02, 10**9).kind, "cpu")
        two = realm()
        two.enter(BEGIN, "stuck", 1.0)
        self.assertEqual(self.assertRaises(LimitReached, two.drain, 0.02, 10).kind, "cpu")

    def test_left_jobs(self) -> None:
        """Whether a job is left is said; one that does not end is one."""
        one = realm()
        self.assertFalse(one.left_jobs(1.0))
        one.enter(BEGIN, "job", 1.0)
        self.assertTrue(one.left_jobs(1.0))
        self.assertFalse(one.left_jobs(1.0))
        one.enter(BEGIN, "stuck", 1.0)
        self.assertTrue(one.left_jobs(0.02))

    def test_building(self) -> None:
        """What goes wrong while a realm is made is told apart."""
        self.assertRaises(ScriptBroken, realm, "() => '{}'")
        for compiles, kind in (
            ("() => '{\"isNull\":true}'", "memory"),
            ("() => { throw null }", "memory"),
            ("() => { new Uint8Array(1e9) }", "memory"),
            ("function f() { return 1 + f() }", "stack"),
        ):
            self.assertEqual(self.assertRaises(LimitReached, realm, compiles).kind, kind)
        slow = self.assertRaises(
            LimitReached, Realm, THROWERS % "() => { for (;;); }", "", (), 4_000_000, 65_536, 0.05
        )
        self.assertEqual(slow.kind, "cpu")

    def test_syntax(self) -> None:
        """A check of a text never runs it."""
        self.assertIsNone(syntax_error("for (;;);"))
        self.assertIsNone(syntax_error("throw new SyntaxError('not yet')"))
        self.assertIn("<input>:2:", syntax_error("let a;\nlet ;") or "")

    def test_offset(self) -> None:
        """Prelude lines begin after the script's."""
        self.assertEqual(line_offset("a\nb"), 20_000)
        self.assertEqual(line_offset("\n" * 30_000), 30_003)
