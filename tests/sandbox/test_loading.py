# ruff: noqa: E501 - scripts read best as they are
"""Loading: where a script is wrong, and what it registers."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import HTTPProblem
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.failures import TimedOut, Unavailable, WorkerLost
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.loading import call_payload, place_in
from aiwebengine.sandbox.model import LoadReport
from tests.sandbox.rig import BothModes, Rig, in_runtime

OK = 'register("/x", () => "ok");\n'


class SyntaxTests(BothModes, SynchronousTestCase):
    """Syntax errors name their place in the script."""

    def error(self, source: str) -> tuple[int | None, int | None, str]:
        report = self.rig().load(source)
        assert report.error is not None, "it loads"
        self.assertIsNone(report.program)
        self.assertEqual(report.registrations, ())
        self.assertEqual([d.severity for d in report.diagnostics], ["error"])
        self.assertEqual(report.diagnostics[0].line, report.error.line)
        return report.error.line, report.error.column, report.error.message

    def test_first_line(self) -> None:
        """On the first line the column is the script's, whatever the engine puts before it."""
        line, column, message = self.error("let a = ;")
        self.assertEqual((line, column), (1, 9))
        self.assertTrue(message.startswith("SyntaxError: "), message)

    def test_later_line(self) -> None:
        """Further lines count as in an editor."""
        self.assertEqual(self.error("let a = 1;\n\n  let b = ;\n")[:2], (3, 11))

    def test_carriage_returns(self) -> None:
        """CRLF is one line end."""
        self.assertEqual(self.error("let a = 1;\r\n\r\nlet b = ;\r\n")[:2], (3, 9))

    def test_closing_braces(self) -> None:
        """A script cannot close the function it is put into, whatever would follow."""
        for source in (
            "}); evil(({",
            "}}); ({",
            "} function x() {",
            "return {}; } ) (function () {",
            "/* ",
            "`",
            "`${",
            "'",
            "(",
            "//\n}",
            "<!--\n}",
            "-->\n}",
        ):
            line, _, message = self.error(source)
            self.assertTrue(message.startswith("SyntaxError: "), (source, message))
            self.assertIsNotNone(line, source)

    def test_not_a_script(self) -> None:
        """What only a function or a module may have is refused."""
        for source in (
            "return 1",
            "import x from 'y'",
            "export default 1",
            "await 1",
            "yield\nyield 1",
            "super()",
        ):
            self.assertTrue(self.error(source)[2].startswith("SyntaxError: "), source)

    def test_strict(self) -> None:
        """Scripts are strict."""
        for source in ("with (a) {}", "let x = 010", "delete x", "arguments = 1"):
            self.assertTrue(self.error(source)[2].startswith("SyntaxError: "), source)

    def test_nul(self) -> None:
        """NUL is refused with its place."""
        line, column, message = self.error("let a = 1;\nlet b\0 = 2;")
        self.assertEqual((line, column), (2, 6))
        self.assertIn("NUL", message)

    def test_lone_surrogate(self) -> None:
        """So is half of a surrogate pair."""
        line, column, message = self.error("let a = '\ud800';")
        self.assertEqual((line, column), (1, 10))
        self.assertIn("surrogate", message)

    def test_deep_nesting(self) -> None:
        """Nesting no compiler survives is an error, not the end of the process."""
        depth = 30_000
        for opening, closing in (("[", "]"), ("(", ")"), ("{", "}"), ("!", ""), ("a=>", "1"), ("-", "1")):
            source = opening * depth + closing * depth
            report = self.rig(init_timeout_ms=20_000).load(source)
            assert report.error is not None
            self.assertIn("deep", report.error.message, opening)

    def test_taken_names(self) -> None:
        """Two bindings of one name are an error with its place."""
        self.assertEqual(self.error("let a;\nlet a;")[0], 2)


class TextTests(BothModes, SynchronousTestCase):
    """Texts that are scripts."""

    def answer(self, source: str, key: str = "GET /x") -> str:
        rig = self.rig(init_timeout_ms=20_000, execution_timeout_ms=5000)
        return rig.call(rig.live(source), key).text

    def test_hashbang(self) -> None:
        """A hashbang is a comment, and lines still count."""
        rig = self.rig()
        program = rig.live("#!/usr/bin/env aiwebengine\n" + 'register("/x", () => { throw new Error("x") })')
        failure = rig.call(program).failure
        self.assertIn("app.js:2:", getattr(failure, "stack", ""))

    def test_byte_order_mark(self) -> None:
        """A byte order mark is white space."""
        self.assertEqual(self.answer("\ufeff" + OK), "ok")

    def test_line_ends(self) -> None:
        """CRLF and a last line without end are fine, also when it is a comment."""
        self.assertEqual(self.answer(OK.replace("\n", "\r\n") + "// end"), "ok")
        self.assertEqual(self.answer(OK + "/* end */"), "ok")

    def test_use_strict(self) -> None:
        """A directive of its own does no harm."""
        self.assertEqual(self.answer('"use strict";\n' + OK), "ok")

    def test_large_script(self) -> None:
        """A megabyte loads; where its functions need more memory than a realm has, the load says so."""
        comment = "// " + "x" * 96 + "\n"
        self.assertEqual(self.answer(comment * 9_980 + OK), "ok")
        functions = "".join(f"function f{i}(a) {{ return a + {i}; }}\n" for i in range(25_000))
        report = self.rig(init_timeout_ms=20_000, memory_limit_bytes=4_000_000).load(functions)
        assert report.error is not None
        self.assertIn("javascript.memory_limit_bytes", report.error.message)

    def test_names_of_ours(self) -> None:
        """Scripts may have top-level bindings with the names of the global object."""
        for source in (
            "const self = 1;\n",
            "let globalThis = 2;\n",
            "class self {}\n",
            "function self() {}\n",
            "var self;\n",
        ):
            self.assertEqual(self.answer(source + OK), "ok", source)

    def test_top_level_this(self) -> None:
        """At top level ``this`` is undefined, as in a module."""
        self.assertEqual(self.answer('const that = this; register("/x", () => String(that));'), "undefined")


class RegistrationTests(BothModes, SynchronousTestCase):
    """Top level and ``init``."""

    def keys(self, report: LoadReport) -> list[str]:
        self.assertIsNone(report.error)
        return [registration.key for registration in report.registrations]

    def test_top_level(self) -> None:
        """What the top level registers, with its line."""
        report = self.rig().load(
            '\nregister("/a", a);\nfunction a() {}\nregister("/b", "a", "post", {tag: "t"});'
        )
        self.assertEqual(self.keys(report), ["GET /a", "POST /b"])
        first, second = report.registrations
        self.assertEqual(first.data["line"], 2)
        self.assertEqual(first.data["handler"], "")
        self.assertEqual(first.data["handler_name"], "a")
        self.assertEqual(second.data["handler"], "a")
        self.assertEqual(second.data["method"], "POST")
        self.assertEqual(second.data["options"], {"tag": "t"})

    def test_init(self) -> None:
        """``init`` gets its context, may register by name and by reference, and both serve."""
        rig = self.rig()
        program = rig.live("""
            function one() { return "one" }
            const two = () => "two";
            function init(context) {
                register("/one", one);
                register("/two", "two");
                console.log(JSON.stringify(context));
            }
        """)
        self.assertEqual(rig.call(program, "GET /one", handler="one").text, "one")
        self.assertEqual(rig.call(program, "GET /two", handler="two").text, "two")
        message = rig.logs[0][1]
        self.assertIn('"scriptName":"app.js","uri":"app.js","timestamp":', message)
        self.assertIn('"isStartup":false', message)

    def test_asynchronous_init(self) -> None:
        """``init`` may await; what it registers afterwards counts."""
        report = self.rig().load("""
            async function init() {
                await null;
                await new Promise((resolve) => setTimeout(resolve, 1));
                register("/late", "late");
            }
            function late() {}
        """)
        self.assertEqual(self.keys(report), ["GET /late"])

    def test_init_that_awaits_the_host(self) -> None:
        """``init`` may await host operations."""
        rig = self.rig()
        reports: list[LoadReport] = []
        rig.start_load("""
            async function init() { await fetchIt(); register("/a", "a"); }
            function a() {}
            function fetchIt() { return new Promise((resolve) => setTimeout(resolve, 0)); }
        """).addCallback(reports.append)
        self.assertEqual(self.keys(reports[0]), ["GET /a"])

    def test_init_is_not_run(self) -> None:
        """Without ``run_init`` only the top level counts."""
        report = self.rig().load(OK + "function init() { throw new Error('ran') }", run_init=False)
        self.assertEqual(self.keys(report), ["GET /x"])

    def test_anonymous_in_init(self) -> None:
        """A function without a name inside ``init`` is refused with what to do instead."""
        report = self.rig().load('function init() { register("/a", () => "a"); }')
        assert report.error is not None
        self.assertIn("must be a named top-level function", report.error.message)
        self.assertIn("register this anonymous function at top level instead", report.error.message)

    def test_local_in_init(self) -> None:
        """So is a named one that the top level does not have, or has another of."""
        for source in (
            'function init() { function local() {} register("/a", local); }',
            'function local() {}\nfunction init() { const other = { local() {} }; register("/a", other.local); }',
        ):
            report = self.rig().load(source)
            assert report.error is not None
            self.assertIn('register "local" at top level instead', report.error.message)

    def test_missing_handler(self) -> None:
        """A name without function is a diagnostic; the script loads."""
        report = self.rig().load('let gone = 1;\nregister("/a", "gone");\nregister("/b", "nowhere");')
        self.assertIsNone(report.error)
        self.assertEqual(
            [(d.code, d.line) for d in report.diagnostics], [("MISSING_HANDLER", 2), ("MISSING_HANDLER", 3)]
        )
        self.assertIn('no top-level function "nowhere"', report.diagnostics[1].message)

    def test_top_level_throws(self) -> None:
        """An error at top level is the load's, with its place."""
        report = self.rig().load('const a = 1;\nfunction f() {\n  throw new RangeError("no");\n}\nf();')
        assert report.error is not None
        self.assertEqual((report.error.message, report.error.line), ("RangeError: no", 3))
        self.assertIn("at f (app.js:3:", report.error.stack)
        self.assertIn("(app.js:5:", report.error.stack)

    def test_init_throws(self) -> None:
        """So is one of ``init``, sync or async."""
        for kind in ("", "async "):
            report = self.rig().load(f'{kind}function init() {{\n  throw new Error("no");\n}}')
            assert report.error is not None
            self.assertEqual((report.error.message, report.error.line), ("Error: no", 2))

    def test_strange_throws(self) -> None:
        """Whatever is thrown, the load ends with an error that says so."""
        for thrown in (
            "null",
            "undefined",
            "1",
            "Symbol('s')",
            "{ toString() { throw 1 } }",
            "Object.create(null)",
            "() => {}",
            "'\\ud800'",
        ):
            report = self.rig().load(f"throw {thrown};")
            self.assertIsNotNone(report.error, thrown)

    def test_limits(self) -> None:
        """A load that exceeds a limit says which, and where it is set."""
        for source, key in (
            ("for (;;);", "javascript.init_timeout_ms"),
            ("function init() { for (;;); }", "javascript.init_timeout_ms"),
            ("const a = []; for (;;) a.push(new Array(1000).fill(1));", "javascript.memory_limit_bytes"),
            ("(function f() { return 1 + f(); })()", "javascript.stack_size_bytes"),
            ("(async () => { for (;;) await null; })()", "javascript.max_pending_jobs"),
        ):
            report = self.rig(init_timeout_ms=400, max_pending_jobs=1000).load(source)
            assert report.error is not None
            self.assertIn(key, report.error.message)

    def test_logs(self) -> None:
        """What is logged while loading is kept, also of a load that fails."""
        rig = self.rig()
        rig.load('console.log("one");\nthrow new Error("no");')
        self.assertEqual(rig.logs, [("info", "one", 1)])

    def test_top_level_state(self) -> None:
        """Registrations are no-ops while a request is served, and the top level runs anew."""
        rig = self.rig()
        program = rig.live(
            'let n = 0;\nregister("/x", () => { register("/y", () => 1); return String(++n); });'
        )
        self.assertEqual([rig.call(program).text for _ in range(3)], ["1", "1", "1"])


class OutcomeTests(SynchronousTestCase):
    """What becomes of a load that no sandbox answers."""

    def load(self, outcome: Any) -> Any:
        """Load with a pool that gives an outcome."""
        rig = Rig()

        class Pool:
            prelude = rig.prelude
            settings = rig.settings

            def now(self) -> float:
                return 0.0

            def seed(self) -> str:
                return ""

            def submit(self, job: Job) -> None:
                job.sink.failed(outcome)

        from aiwebengine.sandbox.loading import Loader

        pool: Any = Pool()
        loading = Loader(pool).load("app.js", OK, 1, is_startup=True, run_init=True)
        return Deferred.fromCoroutine(loading)

    def test_unavailable(self) -> None:
        """Without a sandbox the load is a 503."""
        problem = self.failureResultOf(self.load(Unavailable("busy")), HTTPProblem).value
        self.assertEqual((problem.status, problem.code), (503, "SERVICE_UNAVAILABLE"))
        self.assertIn(("Retry-After", "1"), problem.headers)

    def test_timed_out(self) -> None:
        """A load that waits too long fails and says what may be wrong."""
        report = self.successResultOf(self.load(TimedOut(2000, 2000)))
        self.assertIn("javascript.init_timeout_ms", report.error.message)
        self.assertEqual(report.diagnostics[0].code, "LOAD_ERROR")

    def test_lost(self) -> None:
        """A load that ends its sandbox fails."""
        report = self.successResultOf(self.load(WorkerLost(9, None, True)))
        self.assertIn("ended while loading", report.error.message)


class PayloadTests(SynchronousTestCase):
    """Payloads and places."""

    def test_call_payload(self) -> None:
        """JSON text and binary parts lie one behind the other, their sizes before."""
        payload = call_payload(7, b"{}", [b"abc", b"d"])
        self.assertEqual(frames.USAGE.unpack_from(payload), (7, 2, 2))
        self.assertEqual(payload[12 + 18 :], b"{}abcd")
        self.assertEqual(call_payload(7, b"{}")[12:], b"{}")

    def test_place(self) -> None:
        """The first frame in the script counts."""
        self.assertEqual(place_in("  at x (native)\n  at f (a.js:3:4)\n  at g (a.js:1:1)", "a.js"), (3, 4))
        self.assertEqual(place_in("at f (other:3:4)", "a.js"), (None, None))


SyntaxTestsInRuntime = in_runtime(SyntaxTests)
TextTestsInRuntime = in_runtime(TextTests)
RegistrationTestsInRuntime = in_runtime(RegistrationTests)
