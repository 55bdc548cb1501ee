# ruff: noqa: E501 - scripts read best as they are
"""`writeLog` and `console` (REQ-LOG-003)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IPlugin, IScriptGlobals
from aiwebengine.plugins.aiwebengine_script_logging import script_logging
from tests.sandbox.rig import BothModes, in_runtime


class ProviderTests(SynchronousTestCase):
    """The plugin."""

    def test_provider(self) -> None:
        """It gives the names and their typings."""
        verifyObject(IPlugin, script_logging)
        provider = script_logging.build(None, None)  # type: ignore[arg-type]
        verifyObject(IScriptGlobals, provider)
        names = {name for piece in provider.pieces() for name in piece.names}
        self.assertEqual(names, {"writeLog", "console"})
        self.assertIn("declare function writeLog(", provider.typings())
        self.assertIn("declare const console:", provider.typings())


class ConsoleTests(BothModes, SynchronousTestCase):
    """What is written."""

    def logged(self, body: str, **changes: object) -> list[tuple[str, str]]:
        rig = self.rig(stack_size_bytes=262_144, **changes)
        answer = rig.call(rig.live(f"register('/x', () => {{ {body}; return 'x' }});"))
        self.assertIsNone(answer.failure, body)
        return [(level, message) for level, message, _ in rig.logs]

    def shown(self, value: str) -> str:
        ((_, message),) = self.logged(f"console.log({value})")
        return message

    def test_req_log_003_levels(self) -> None:
        """Each method has its level."""
        body = ";".join(
            f"console.{name}('{name}')"
            for name in ("log", "info", "warn", "error", "debug", "dir", "table", "group")
        )
        self.assertEqual(
            self.logged(body),
            [
                ("info", "log"),
                ("info", "info"),
                ("warn", "warn"),
                ("error", "error"),
                ("debug", "debug"),
                ("info", "dir"),
                ("info", "table"),
                ("info", "group"),
            ],
        )
        self.assertEqual(
            self.logged("writeLog('m'); writeLog({a: 1}); writeLog()"),
            [("info", "m"), ("info", "{ a: 1 }"), ("info", "undefined")],
        )

    def test_values(self) -> None:
        """Values are shown as programmers know them."""
        for value, wanted in (
            ("", ""),
            ("'a', 'b', 1", "a b 1"),
            ("['a', 1, null, undefined]", '[ "a", 1, null, undefined ]'),
            ("[]", "[]"),
            ("{a: 'b', 'c-d': 1n, [Symbol('s')]: true}", '{ a: "b", "c-d": 1n, [Symbol(s)]: true }'),
            ("{}", "{}"),
            ("Object.create(null)", "[Object: null prototype] {}"),
            ("new (class Point { constructor() { this.x = 1 } })", "Point { x: 1 }"),
            ("function named() {}", "[Function named]"),
            ("() => 1", "[Function (anonymous)]"),
            ("class Klass {}", "[class Klass]"),
            ("Symbol('s')", "Symbol(s)"),
            ("-0, NaN, true, null, undefined, 10n", "0 NaN true null undefined 10n"),
            ("new Map([['a', 1]]), new Set([1, 'b'])", 'Map(1) { "a" => 1 } Set(2) { 1, "b" }'),
            ("new Uint8Array([1, 2])", "Uint8Array(2) [ 1, 2 ]"),
            ("new Date(0), new Date(NaN)", "1970-01-01T00:00:00.000Z Invalid Date"),
            ("/a+/g", "/a+/g"),
            ("Promise.resolve(1)", "Promise {}"),
            ("{get a() { throw 1 }}", "{ a: [Getter] }"),
            ("{a: {b: {c: {d: {e: 1}}}}}", "{ a: { b: { c: { d: [Object] } } } }"),
            (
                "Array.from({length: 102}, () => 0).length, Array.from({length: 102}, () => 0)",
                "102 [ " + "0, " * 100 + "… 2 more ]",
            ),
            ("(() => { const o = {}; o.self = o; return o })()", "{ self: [Circular] }"),
            ("new Proxy({}, {ownKeys() { throw 1 }})", "<unprintable>"),
            (
                "{[Symbol.toPrimitive]() { throw 1 }}",
                "{ [Symbol(Symbol.toPrimitive)]: [Function [Symbol.toPrimitive]] }",
            ),
        ):
            self.assertEqual(self.shown(value), wanted, value)

    def test_errors(self) -> None:
        """Errors come with their stack and cause."""
        lines = self.shown("new RangeError('outer', {cause: new TypeError('inner')})").splitlines()
        self.assertEqual(lines[0], "RangeError: outer")
        self.assertIn("app.js:1:", lines[1])
        self.assertIn("  cause: TypeError: inner", lines)

    def test_format(self) -> None:
        """Format directives of a first text are filled in; what is left over follows."""
        for value, wanted in (
            ("'%s is %d years and %i', 'Ann', '42.5', '7.9', 'more'", "Ann is 42.5 years and 7 more"),
            ("'%o %O %j', [1], {a: 1}, {b: 2}", '[ 1 ] { a: 1 } {"b":2}'),
            ("'100%% %c%s %s', 'css', 'a'", "100% a %s"),
            ("'%s', {a: 1}", "{ a: 1 }"),
            ("'50%'", "50%"),
            ("'%x', 1", "%x 1"),
        ):
            self.assertEqual(self.shown(value), wanted, value)

    def test_counters_and_timers(self) -> None:
        """count and time are the request's."""
        found = [
            m
            for _, m in self.logged(
                "console.count(); console.count('a'); console.count(); console.countReset(); console.count(); console.timeEnd('never')"
            )
        ]
        self.assertEqual(found, ["default: 1", "a: 1", "default: 2", "default: 1"])
        found = [
            m
            for _, m in self.logged(
                "console.time('t'); console.timeLog('t', 'x'); console.timeEnd('t'); console.timeEnd('t')"
            )
        ]
        self.assertEqual(len(found), 2)
        self.assertRegex(found[0], r"^t: [\d.]+ ms x$")

    def test_assert_and_trace(self) -> None:
        """assert speaks only when it fails; trace brings a stack."""
        found = self.logged(
            "console.assert(true, 'no'); console.assert(false, 'yes', 1); console.assert(false); console.trace('here'); console.groupEnd()"
        )
        self.assertEqual(found[:2], [("error", "Assertion failed: yes 1"), ("error", "Assertion failed")])
        self.assertEqual(found[2][0], "debug")
        self.assertIn("app.js:1:", found[2][1])

    def test_detached(self) -> None:
        """Methods work without their object."""
        self.assertEqual(
            self.logged("const { log, warn } = console; log('a'); [1].forEach(warn)")[0], ("info", "a")
        )

    def test_switched_off(self) -> None:
        """With javascript.console off only writeLog is kept."""
        calls = "console.log(1); console.trace(1); console.assert(false); console.dir(1); console.table(1); console.group(1); console.count(); console.time(); console.timeEnd(); writeLog('kept')"
        self.assertEqual(self.logged(calls, console=False), [("info", "kept")])

    def test_after_the_request(self) -> None:
        """What a stream logs is kept too."""
        rig = self.rig()
        ident = rig.start(
            rig.live("register('/x', function* () { console.log('1'); yield 'a'; console.log('2') });")
        )
        rig.outcome(ident)
        rig.read(ident)
        self.assertEqual([m for _, m, _ in rig.logs], ["1", "2"])


ConsoleTestsInRuntime = in_runtime(ConsoleTests)
