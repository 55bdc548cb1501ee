"""Security headers and required https (REQ-SEC-007)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IPlugin, IRequestGate
from aiwebengine.plugins.aiwebengine_security_headers import security_headers
from aiwebengine.subsystems.security_headers.gate import SecurityHeadersGate
from tests.web.support import Server

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "",
}
PROXY = IPv4Address("TCP", "10.0.0.1", 1)


def settings(**changes: Any) -> Any:
    values = {"headers": HEADERS, "content_security_policy": "default-src 'self'", "hsts_max_age_s": 0}
    return SimpleNamespace(**(values | {"require_https": False} | changes))


class HeaderTests(SynchronousTestCase):
    def serve(self, reply: Any = None, **changes: Any) -> Server:
        gate = SecurityHeadersGate(settings(**changes))
        verifyObject(IRequestGate, gate)
        options = {} if reply is None else {"reply": reply}
        return Server(gates=[gate], trusted_proxies=["10.0.0.1"], **options)

    def test_req_sec_007_on_every_answer(self) -> None:
        server = self.serve()
        for wire in (server.get("/"), server.get("/../x"), server.send(b"BAD\r\n\r\n")):
            headers = wire.answer.headers
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["x-frame-options"], "DENY")
            self.assertEqual(headers["x-xss-protection"], "1; mode=block")
            self.assertEqual(headers["referrer-policy"], "no-referrer")
            self.assertEqual(headers["content-security-policy"], "default-src 'self'")
            self.assertNotIn("permissions-policy", headers)
            self.assertNotIn("strict-transport-security", headers)

    def test_an_answers_own_header_wins(self) -> None:
        own = [(b"content-security-policy", b"default-src *")]
        answer = self.serve(lambda request: request.answer(200, own, b"")).get("/").answer
        self.assertEqual(
            [value for name, value in answer.pairs if name.lower() == "content-security-policy"],
            ["default-src *"],
        )
        self.assertEqual(answer.headers["x-frame-options"], "DENY")

    def test_hsts_on_https_only(self) -> None:
        server = self.serve(hsts_max_age_s=600)
        self.assertNotIn("strict-transport-security", server.get("/").answer.headers)
        secure = server.get("/", "X-Forwarded-Proto: https", peer=PROXY).answer
        self.assertEqual(secure.headers["strict-transport-security"], "max-age=600; includeSubDomains")


class RequireHttpsTests(HeaderTests):
    def test_redirect(self) -> None:
        server = self.serve(require_https=True)
        answer = server.get("/a%20b?c=d").answer
        self.assertEqual((answer.status, answer.headers["location"]), (308, "https://example.com/a%20b?c=d"))
        for target, host, location in (
            ("/x", "example.com:8080", "https://example.com/x"),
            ("/x", "[::1]:8080", "https://[::1]/x"),
            ("http://other.example/y?z", "a", "https://other.example/y?z"),
            ("http://other.example", "a", "https://other.example/"),
        ):
            wire = server.send(f"HEAD {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            self.assertIn(f"Location: {location}\r\n".encode(), wire.raw)
        self.assertEqual(server.requests, [])

    def test_refusal(self) -> None:
        server = self.serve(require_https=True)
        self.assertEqual(server.get("/", method="POST").answer.code, "HTTPS_REQUIRED")
        self.assertEqual(server.send(b"GET / HTTP/1.0\r\n\r\n").answer.status, 403)

    def test_https_and_health_pass(self) -> None:
        server = self.serve(require_https=True)
        self.assertEqual(server.get("/", "X-Forwarded-Proto: https", peer=PROXY).answer.status, 200)
        for path in ("/health", "/health/live", "/.well-known/acme-challenge/x"):
            self.assertEqual(server.get(path).answer.status, 200)
        self.assertEqual(server.get("/healthy").answer.status, 308)


class PluginTests(SynchronousTestCase):
    def test_build_and_reload(self) -> None:
        verifyObject(IPlugin, security_headers)
        hooks: list[Any] = []
        sections = {"security": settings()}
        configuration = SimpleNamespace(section=sections.__getitem__, on_reload=hooks.append)
        gate: Any = security_headers.build(None, SimpleNamespace(configuration=configuration))  # type: ignore[arg-type]
        changed = SimpleNamespace(section={"security": settings(headers={"X-New": "1"})}.__getitem__)
        hooks[0](configuration, changed)
        self.assertEqual(Server(gates=[gate]).get("/").answer.headers["x-new"], "1")
