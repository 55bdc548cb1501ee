"""Cross-Origin Resource Sharing (REQ-HTTP-007)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.errors import ConfigurationInvalid, HTTPProblem, PluginUnusable
from aiwebengine.interfaces import IPlugin, IRequestGate
from aiwebengine.plugins.aiwebengine_cors import cors
from aiwebengine.subsystems.cors.gate import CorsGate
from aiwebengine.subsystems.cors.settings import CorsSettings
from tests.web.support import Answer, Server, hello

APP = "https://app.example.com"
ALLOW = "access-control-allow-origin"


class AuthGate:
    """Refuses everything, as authentication would."""

    order = 300

    def before(self, exchange: Any) -> None:
        raise HTTPProblem(401, "UNAUTHORIZED", "no")

    def after(self, exchange: Any, status: int, headers: Any) -> None:
        pass


class CorsTests(SynchronousTestCase):
    def ask(
        self,
        origin: str | None,
        *extra: str,
        method: str = "GET",
        gates: Any = (),
        reply: Any = hello,
        **changes: Any,
    ) -> Answer:
        gate = CorsGate(CorsSettings(enabled=True, **({"origins": (APP,)} | changes)))
        verifyObject(IRequestGate, gate)
        self.server = Server(reply=reply, gates=[gate, *gates])
        headers = ([] if origin is None else [f"Origin: {origin}"]) + list(extra)
        return self.server.get("/x", *headers, method=method).answer

    def preflight(self, origin: str, method: str, *names: str, extra: Any = (), **changes: Any) -> Answer:
        fields = [f"Access-Control-Request-Method: {method}", *extra]
        if names:
            fields.append("Access-Control-Request-Headers: " + ", ".join(names))
        return self.ask(origin, *fields, method="OPTIONS", **changes)

    def test_req_http_007_listed_origin(self) -> None:
        answer = self.ask(APP)
        self.assertEqual((answer.headers[ALLOW], answer.headers["vary"]), (APP, "Origin"))
        self.assertEqual(answer.headers["access-control-expose-headers"], "X-Request-Id")
        self.assertNotIn("access-control-allow-credentials", answer.headers)

    def test_other_origins(self) -> None:
        for origin in (
            "https://evil.example",
            "https://app.example.com.evil",
            "http://app.example.com",
            "null",
            None,
        ):
            answer = self.ask(origin)
            self.assertNotIn(ALLOW, answer.headers)
            self.assertEqual(answer.headers["vary"], "Origin")
            self.assertEqual(answer.status, 200)

    def test_subdomains(self) -> None:
        changes = {"origins": ("https://*.example.com",)}
        self.assertEqual(
            self.ask("https://a.b.example.com", **changes).headers[ALLOW], "https://a.b.example.com"
        )
        for origin in (
            "https://example.com",
            "https://.example.com",
            "https://aexample.com",
            "http://a.example.com",
        ):
            self.assertNotIn(ALLOW, self.ask(origin, **changes).headers)

    def test_any_origin_is_a_star(self) -> None:
        self.assertEqual(self.ask("https://any.example", origins=("*",)).headers[ALLOW], "*")

    def test_credentials(self) -> None:
        answer = self.ask(APP, credentials=True)
        self.assertEqual(
            (answer.headers[ALLOW], answer.headers["access-control-allow-credentials"]), (APP, "true")
        )
        self.assertNotIn(
            "access-control-allow-credentials", self.ask("https://evil.example", credentials=True).headers
        )

    def test_preflight(self) -> None:
        answer = self.preflight(APP, "PUT", "Content-Type", "authorization", gates=[AuthGate()])
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers[ALLOW], APP)
        self.assertIn("PUT", answer.headers["access-control-allow-methods"])
        self.assertEqual(answer.headers["access-control-allow-headers"], "content-type, authorization")
        self.assertEqual(answer.headers["access-control-max-age"], "600")
        self.assertEqual(self.server.requests, [])

    def test_preflight_of_what_is_not_allowed(self) -> None:
        for origin, method, names in (
            ("https://evil.example", "PUT", ()),
            (APP, "TRACE", ()),
            (APP, "PUT", ("X-Strange",)),
        ):
            answer = self.preflight(origin, method, *names)
            self.assertEqual(answer.status, 204)
            self.assertNotIn("access-control-allow-methods", answer.headers)

    def test_any_header(self) -> None:
        answer = self.preflight(APP, "GET", "X-Strange", headers=("*",))
        self.assertEqual(answer.headers["access-control-allow-headers"], "x-strange")

    def test_private_network(self) -> None:
        extra = ("Access-Control-Request-Private-Network: true",)
        name = "access-control-allow-private-network"
        self.assertNotIn(name, self.preflight(APP, "GET", extra=extra).headers)
        self.assertEqual(self.preflight(APP, "GET", extra=extra, private_network=True).headers[name], "true")

    def test_plain_options_passes(self) -> None:
        self.assertEqual(self.ask(APP, method="OPTIONS").status, 200)
        self.assertEqual(self.ask(None, "Access-Control-Request-Method: GET", method="OPTIONS").status, 200)

    def test_errors_have_the_headers_too(self) -> None:
        answer = self.ask(APP, gates=[AuthGate()])
        self.assertEqual((answer.status, answer.headers[ALLOW]), (401, APP))

    def test_an_answers_own_header_wins(self) -> None:
        def reply(request: Any) -> None:
            request.answer(200, [(b"Access-Control-Allow-Origin", b"https://own.example")], b"")

        self.assertEqual(self.ask(APP, reply=reply).headers[ALLOW], "https://own.example")


class SettingsTests(SynchronousTestCase):
    def test_star_with_credentials(self) -> None:
        error = self.assertRaises(
            ConfigurationInvalid, CorsGate, CorsSettings(origins=("*",), credentials=True)
        )
        self.assertEqual(error.problems[0].key, "cors.origins")

    def test_malformed_origins(self) -> None:
        settings = CorsSettings(origins=("https://ok.example", "example.com", "https://x.example/path"))
        error = self.assertRaises(ConfigurationInvalid, CorsGate, settings)
        self.assertEqual(
            [problem.value for problem in error.problems], ["example.com", "https://x.example/path"]
        )

    def test_plugin(self) -> None:
        verifyObject(IPlugin, cors)
        self.assertIsNone(cors.build(CorsSettings(), None))  # type: ignore[arg-type]
        gate = cors.build(CorsSettings(enabled=True, origins=(APP,)), None)  # type: ignore[arg-type]
        self.assertIsInstance(gate, CorsGate)
        bad = CorsSettings(enabled=True, origins=("*",), credentials=True)
        error = self.assertRaises(PluginUnusable, cors.build, bad, None)
        self.assertIn("credentials", error.reason)
