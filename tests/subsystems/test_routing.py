# ruff: noqa: E501 - scripts read best as they are
"""`register` and `registerErrorHandler` (REQ-JSAPI-001)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.errors import ScriptInvalid
from aiwebengine.interfaces import IPlugin, IScriptGlobals
from aiwebengine.plugins.aiwebengine_routing import routing
from tests.sandbox.rig import BothModes, in_runtime


class ProviderTests(SynchronousTestCase):
    """The plugin."""

    def test_provider(self) -> None:
        """It gives the names and their typings."""
        verifyObject(IPlugin, routing)
        provider = routing.build(None, None)  # type: ignore[arg-type]
        verifyObject(IScriptGlobals, provider)
        names = {name for piece in provider.pieces() for name in piece.names}
        self.assertEqual(names, {"register", "registerErrorHandler"})
        for name in names:
            self.assertIn(f"function {name}(", provider.typings())


class RegisterTests(BothModes, SynchronousTestCase):
    """What `register` takes."""

    def refused(self, call: str) -> ScriptInvalid:
        report = self.rig().load(f"\n{call};")
        assert report.error is not None, call
        self.assertEqual(report.error.line, 2, call)
        return report.error

    def test_req_jsapi_001_arguments(self) -> None:
        """Bad arguments are TypeErrors that name the argument."""
        for call, said in (
            ("register()", "register: path must be a string such as"),
            ("register(null, () => 1)", 'path must be a string such as "/users/:id", not null'),
            ("register('/x')", "handler must be a function or the name of one, not undefined"),
            ("register('/x', null)", "not null"),
            ("register('/x', {})", "not object"),
            ("register('/x', '')", "handler must not be an empty name"),
            ("register('/x', () => 1, 1)", "method must be a string such as"),
            ("register('/x', () => 1, null)", "not null"),
            ("register('/x', () => 1, 'G T')", 'method is not an HTTP method: "G T"'),
            ("register('/x', () => 1, '')", "method is not an HTTP method"),
            ("register('/x', () => 1, 'GET', 1)", "options must be an object"),
            ("register('/x', () => 1, 'GET', null)", "options must be an object"),
            ("registerErrorHandler()", "registerErrorHandler: handler must be a function or the name of one"),
        ):
            error = self.refused(call)
            self.assertTrue(error.message.startswith("TypeError: "), error.message)
            self.assertIn(said, error.message)

    def test_req_jsapi_001_methods(self) -> None:
        """GET by default; any case, any token."""
        report = self.rig().load(
            "register('/a', f); register('/a', f, 'post'); register('/a', f, 'M-SEARCH'); function f() {}"
        )
        self.assertEqual([r.key for r in report.registrations], ["GET /a", "POST /a", "M-SEARCH /a"])
        self.assertEqual([r.kind for r in report.registrations], ["route"] * 3)

    def test_options_are_data(self) -> None:
        """Options are taken as JSON, once; what is no JSON is dropped or refused."""
        report = self.rig().load(
            "const o = {a: {b: 1}, f() {}}; register('/a', () => 1, 'GET', o); o.a.b = 2;"
        )
        self.assertEqual(report.registrations[0].data["options"], {"a": {"b": 1}})
        self.assertIn(
            "circular", self.refused("const o = {}; o.o = o; register('/a', () => 1, 'GET', o)").message
        )

    def test_serving(self) -> None:
        """While a request is served the handler is found again, however it is written down."""
        rig = self.rig()
        program = rig.live("""
            for (const name of ["a", "b"]) register("/" + name, () => name, name === "a" ? "get" : "PUT");
            register("/c/:id", (req) => "first");
            register("/c/:id", (req) => "second");
        """)
        self.assertEqual(rig.call(program, "GET /a").text, "a")
        self.assertEqual(rig.call(program, "PUT /b").text, "b")
        self.assertEqual(rig.call(program, "GET /c/:id").text, "second")

    def test_last_registration_wins(self) -> None:
        """Of two registrations of one route the last one serves, however and wherever they were made."""
        for source in (
            "register('/x', () => 'first'); register('/x', 'second'); function second() { return 'second' }",
            "register('/x', 'first'); register('/x', () => 'second'); function first() { return 'first' }",
            "register('/x', () => 'first'); function second() { return 'second' } function init() { register('/x', second) }",
        ):
            rig = self.rig()
            report = rig.load(source)
            assert report.program is not None
            handler = report.registrations[-1].data["handler"] or None
            self.assertEqual(rig.call(report.program, handler=handler).text, "second", source)

    def test_conditional_registration(self) -> None:
        """A route that the top level does not register any more says so."""
        rig = self.rig()
        program = rig.live(
            "if (typeof auth === 'object' && !auth.isAuthenticated) register('/x', () => 'x');"
        )
        self.assertEqual(rig.call(program).text, "x")
        failure = rig.call(program, auth={"isAuthenticated": True}).failure
        self.assertIn("no longer registers", getattr(failure, "message", ""))


RegisterTestsInRuntime = in_runtime(RegisterTests)
