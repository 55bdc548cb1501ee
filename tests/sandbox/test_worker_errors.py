# ruff: noqa: E501 - scripts read best as they are
"""Errors of handlers: described with the script's own lines, given to its error handler, logged."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.failures import LimitHit, ScriptThrew
from tests.sandbox.rig import Answer, BothModes, Rig, in_runtime


class Base(BothModes, SynchronousTestCase):
    """Runs scripts."""

    def thrown(self, answer: Answer) -> ScriptThrew:
        failure = answer.failure
        assert isinstance(failure, ScriptThrew), answer
        return failure

    def started(self, source: str, **changes: Any) -> tuple[Rig, int]:
        rig = self.rig(**changes)
        return rig, rig.start(rig.live(source))


class ErrorTests(Base):
    """What is said of an error."""

    def test_names_and_lines(self) -> None:
        """Name, message, and a stack with the script's URI, lines and columns only."""
        rig = self.rig()
        program = rig.live(
            "function inner() {\n  null.x;\n}\nfunction handler() { return inner(); }\nregister('/x', handler);",
            "lib/a.js",
        )
        found = self.thrown(rig.call(program))
        self.assertEqual(found.name, "TypeError")
        self.assertIn("at inner (lib/a.js:2:", found.stack)
        self.assertIn("at handler (lib/a.js:4:", found.stack)
        self.assertEqual(len(found.stack.splitlines()), 2)

    def test_first_line_columns(self) -> None:
        """Columns on the first line do not count what the engine puts before it."""
        source = "register('/x', () => { throw new Error('here'); });"
        rig = self.rig()
        column = source.index("new Error") + 1
        stack = self.thrown(rig.call(rig.live(source))).stack
        found = int(stack.split(":")[-1].rstrip(")\n"))
        self.assertIn(found, range(column, source.index(");") + 1))

    def test_asynchronous(self) -> None:
        """After awaits as well."""
        rig = self.rig()
        found = self.thrown(
            rig.call(rig.live("register('/x', async () => {\n  await null;\n  throw new Error('late');\n});"))
        )
        self.assertEqual(found.message, "late")
        self.assertIn("app.js:3:", found.stack)

    def test_stack_in_the_script(self) -> None:
        """The script sees the same stack, and it is bounded."""
        rig = self.rig()
        source = "function f(n) { if (n) return f(n - 1); throw new Error('deep'); }\nregister('/x', () => { try { f(16) } catch (e) { return e.stack } });"
        stack = rig.call(rig.live(source)).text
        self.assertIn("at f (app.js:1:", stack)
        self.assertEqual(len(stack.splitlines()), 12)

    def test_long_script(self) -> None:
        """A script of more lines than the prelude's usual place keeps its line numbers."""
        rig = self.rig()
        source = "\n" * 30_000 + "register('/x', () => { throw new Error('far'); });"
        self.assertIn("app.js:30001:", self.thrown(rig.call(rig.live(source))).stack)

    def test_anything_thrown(self) -> None:
        """Whatever is thrown is described, and costs nothing but its request."""
        rig = self.rig()
        for expression, name, message in (
            ("null", "Thrown", "thrown value: null"),
            ("undefined", "Thrown", "thrown value: undefined"),
            ("'text'", "Thrown", "thrown value: text"),
            ("1n", "Thrown", "thrown value: 1"),
            ("Symbol('s')", "Thrown", "thrown value: Symbol"),
            ("{}", "Error", ""),
            ("{name: 'N', message: 'M', stack: 1}", "N", "M"),
            ("{get name() { throw 1 }, get message() { throw 2 }, get stack() { throw 3 }}", "Error", ""),
            ("{name: {toString() { throw 1 }}, message: Symbol()}", "<unprintable>", "Symbol"),
            ("Object.create(null)", "Error", ""),
            ("new Proxy({}, {get() { throw 1 }})", "Error", ""),
            ("() => 1", "", ""),
            ("'\\ud800'", "Thrown", "thrown value: \ufffd"),
            ("new Error('\\0')", "Error", "\0"),
        ):
            for kind in ("", "async "):
                program = rig.live(
                    f"register('/x', {kind}() => {{ throw {expression}; }}); register('/y', () => 'y');"
                )
                found = self.thrown(rig.call(program))
                self.assertEqual((found.name, found.message), (name or found.name, message), expression)
                self.assertEqual(rig.call(program, "GET /y").text, "y")

    def test_endless_description(self) -> None:
        """An error whose description never ends is the CPU limit's."""
        rig = self.rig(execution_timeout_ms=100)
        failure = rig.call(
            rig.live("register('/x', () => { throw {get message() { for (;;); }}; });")
        ).failure
        assert isinstance(failure, LimitHit)
        self.assertEqual(failure.limit, "cpu")

    def test_long_messages(self) -> None:
        """Messages are cut."""
        rig = self.rig()
        found = self.thrown(
            rig.call(rig.live("register('/x', () => { throw new Error('m'.repeat(100000)); });"))
        )
        self.assertEqual(len(found.message), 8193)

    def test_cause(self) -> None:
        """The cause is named."""
        rig = self.rig()
        found = self.thrown(
            rig.call(
                rig.live("register('/x', () => { throw new Error('m', {cause: new TypeError('why')}); });")
            )
        )
        self.assertEqual(found.extra, {"cause": "TypeError: why"})

    def test_missing_handlers(self) -> None:
        """A handler that is none says so."""
        rig = self.rig()
        program = rig.live("register('/x', 'nope'); let other = 1;")
        self.assertIn('the handler "nope" is not a function', self.thrown(rig.call(program)).message)
        self.assertIn(
            "no longer registers a handler for route GET /z", self.thrown(rig.call(program, "GET /z")).message
        )

    def test_undeclared_assignment(self) -> None:
        """An assignment to an undeclared name does not vanish."""
        rig = self.rig()
        found = self.thrown(rig.call(rig.live("register('/x', () => { counter = 1; return 'x'; });")))
        self.assertEqual((found.name, found.message), ("ReferenceError", "counter is not defined"))


class ErrorHandlerTests(Base):
    """`registerErrorHandler`."""

    def test_answers(self) -> None:
        """The error handler answers, with the error and the request, sync or async."""
        for kind in ("", "async "):
            rig = self.rig()
            program = rig.live(f"""
                registerErrorHandler({kind}(error, req) => ({{status: 418, body: error.message + req.path}}));
                register("/x", {kind}() => {{ throw new Error("m") }});
            """)
            answer = rig.call(program)
            self.assertEqual((answer.status, answer.text), (418, "m/x"))

    def test_top_level_and_bad_results(self) -> None:
        """It is also asked about bad results and throwing getters."""
        rig = self.rig()
        program = rig.live("""
            registerErrorHandler((error) => "handled " + error.name);
            register("/x", () => null);
            register("/y", () => ({get status() { throw new RangeError() }}));
        """)
        self.assertEqual(rig.call(program).text, "handled TypeError")
        self.assertEqual(rig.call(program, "GET /y").text, "handled RangeError")

    def test_registered_in_init(self) -> None:
        """Registered inside init, by name or reference."""
        for given in ("onError", '"onError"'):
            rig = self.rig()
            program = rig.live(f"""
                function onError(error) {{ return "handled " + error.message }}
                function init() {{ registerErrorHandler({given}) }}
                register("/x", () => {{ throw new Error("m") }});
            """)
            self.assertEqual(program.error_handler, "onError")
            self.assertEqual(rig.call(program).text, "handled m")

    def test_anonymous_in_init(self) -> None:
        """An anonymous one inside init is refused."""
        report = self.rig().load("function init() { registerErrorHandler(() => 'x') }")
        assert report.error is not None
        self.assertIn("registerErrorHandler", report.error.message)

    def test_bad_argument(self) -> None:
        """What is no function is refused at load."""
        report = self.rig().load("registerErrorHandler(1)")
        assert report.error is not None
        self.assertIn("registerErrorHandler: handler must be a function", report.error.message)

    def test_rethrows(self) -> None:
        """An error thrown on is the answer's, and not reported twice."""
        for kind in ("", "async "):
            rig = self.rig()
            program = rig.live(
                f"registerErrorHandler({kind}(error) => {{ throw error }});\nregister('/x', () => {{ throw new Error('m') }});"
            )
            self.assertEqual(self.thrown(rig.call(program)).message, "m")
            self.assertEqual(rig.logs, [])

    def test_fails_itself(self) -> None:
        """If it fails itself, the first error is the answer's and its own is logged; it is not asked again."""
        for kind in ("", "async "):
            for body in ("throw new Error('second')", "return null"):
                rig = self.rig()
                program = rig.live(
                    f"registerErrorHandler({kind}(error) => {{ {body} }});\nregister('/x', () => {{ throw new Error('first') }});"
                )
                self.assertEqual(self.thrown(rig.call(program)).message, "first")
                self.assertEqual(len(rig.logs), 1)
                self.assertEqual(rig.logs[0][0], "error")
                self.assertTrue("second" in rig.logs[0][1] or "returned null" in rig.logs[0][1], rig.logs)

    def test_missing(self) -> None:
        """A name without function is diagnosed and does no harm."""
        rig = self.rig()
        report = rig.load("registerErrorHandler('nope');\nregister('/x', () => { throw new Error('m') });")
        self.assertEqual([d.code for d in report.diagnostics], ["MISSING_HANDLER"])
        assert report.program is not None
        self.assertEqual(self.thrown(rig.call(report.program)).message, "m")


class LogTests(Base):
    """What is logged."""

    def test_lines_and_levels(self) -> None:
        """Each entry has its level and the line of the call."""
        rig, ident = self.started(
            "register('/x', () => {\n console.log('a', 1);\n console.warn({b: 2});\n writeLog('c');\n return '';\n});"
        )
        self.assertEqual(
            rig.outcome(ident) and rig.logs, [("info", "a 1", 2), ("warn", "{ b: 2 }", 3), ("info", "c", 4)]
        )

    def test_order(self) -> None:
        """Entries stay in order, also those made after the answer."""
        rig, ident = self.started("""
            register("/x", async () => {
                console.log("1");
                Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(() => console.log("3"));
                console.log("2");
                return "";
            });
        """)
        rig.outcome(ident)
        self.assertEqual([message for _, message, _ in rig.logs], ["1", "2", "3"])

    def test_limit(self) -> None:
        """Past the limit one entry says so, further ones are dropped."""
        rig, ident = self.started(
            "register('/x', () => { for (let i = 0; i < 100; i++) console.log('x'.repeat(100)); return ''; });",
            max_log_bytes=1000,
        )
        rig.outcome(ident)
        self.assertEqual(len(rig.logs), 8)
        self.assertIn("javascript.max_log_bytes", rig.logs[-1][1])

    def test_kept_at_limits(self) -> None:
        """What was logged before a limit struck is kept."""
        rig, ident = self.started(
            "register('/x', () => { console.log('before'); for (;;); });", execution_timeout_ms=100
        )
        rig.outcome(ident)
        self.assertEqual([message for _, message, _ in rig.logs], ["before"])

    def test_console_off(self) -> None:
        """With `console` off only writeLog is kept."""
        rig, ident = self.started(
            "register('/x', () => { console.log('a'); console.count(); writeLog('b'); return ''; });",
            console=False,
        )
        rig.outcome(ident)
        self.assertEqual([message for _, message, _ in rig.logs], ["b"])

    def test_callbacks_that_throw(self) -> None:
        """Errors in timers and microtasks are logged and end nothing."""
        rig, ident = self.started("""
            register("/x", async () => {
                queueMicrotask(() => { throw new Error("micro") });
                setTimeout(() => { throw new Error("timer") }, 0);
                await new Promise((resolve) => setTimeout(resolve, 5));
                return "fine";
            });
        """)
        answer = rig.outcome(ident)
        assert answer is not None
        self.assertEqual(answer.text, "fine")
        self.assertEqual(
            [message.split("\n")[0] for _, message, _ in rig.logs],
            ["uncaught Error: micro", "uncaught Error: timer"],
        )
        self.assertIn("app.js:4:", rig.logs[1][1])


ErrorTestsInRuntime = in_runtime(ErrorTests)
ErrorHandlerTestsInRuntime = in_runtime(ErrorHandlerTests)
LogTestsInRuntime = in_runtime(LogTests)
