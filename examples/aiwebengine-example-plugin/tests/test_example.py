"""The plugin on its own, without an engine."""

from __future__ import annotations

from aiwebengine_example import Settings, plugin
from treq.testing import StubTreq
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from zope.interface.verify import verifyObject

from aiwebengine.discovery import discover_installed
from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IFeature, IRequestGate, IScriptGlobals
from aiwebengine.sandbox.model import HostCall


class Exchange:
    """As much of an exchange as the gate looks at."""

    def __init__(self, **headers: str) -> None:
        self._headers = headers

    def header(self, name: str) -> str | None:
        return self._headers.get(name.replace("-", "_"))


class ExampleTests(SynchronousTestCase):
    """Route, globals and gate."""

    def setUp(self) -> None:
        self.example = plugin.build(Settings(header="here"), None)

    def test_installed(self) -> None:
        """The engine finds this very plugin."""
        self.assertIs(discover_installed().offer("example").plugin, plugin)

    def test_provides(self) -> None:
        """The provider is what it says."""
        for interface in (IFeature, IScriptGlobals, IRequestGate):
            verifyObject(interface, self.example)

    def test_switched_off(self) -> None:
        """enabled = false leaves nothing behind."""
        self.assertIsNone(plugin.build(Settings(enabled=False), None))

    def test_route_shows_what_the_operation_counted(self) -> None:
        """A script's visit is counted and shown."""
        visit = self.example.operations()["example.visits"]
        call = HostCall(script="a.js", version=1, request_id="r")
        self.assertEqual(self.successResultOf(ensureDeferred(visit(call, None))), 1)
        root = Resource()
        root.putChild(b"example", self.example.resource())
        client = StubTreq(root)
        response = self.successResultOf(client.get("http://localhost/example"))
        self.assertEqual(self.successResultOf(client.json_content(response)), {"visits": {"a.js": 1}})

    def test_piece(self) -> None:
        """The piece names its globals, and each is declared."""
        (piece,) = self.example.pieces()
        self.assertEqual(piece.names, ("exampleGreeting", "exampleVisits"))
        for name in piece.names:
            self.assertIn(f"declare function {name}(", self.example.typings())
        self.assertEqual(self.example.registrations(), {})

    def test_gate(self) -> None:
        """Answers are marked; who asks to be refused is."""
        headers: list[tuple[bytes, bytes]] = []
        self.assertIsNone(self.example.before(Exchange()))
        self.example.after(Exchange(), 200, headers)
        self.assertEqual(headers, [(b"X-Example", b"here")])
        with self.assertRaises(HTTPProblem) as caught:
            self.example.before(Exchange(x_example_refuse="yes"))
        self.assertEqual(caught.exception.status, 403)
