"""The gate that adds security headers and insists on https."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zope.interface import implementer

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange, IRequestGate
from aiwebengine.subsystems.security_headers.settings import SecurityHeaders

__all__ = ["SecurityHeadersGate"]

_SAFE_METHODS = frozenset((b"GET", b"HEAD"))


@implementer(IRequestGate)
class SecurityHeadersGate:
    """
    Adds the configured headers where an answer does not set them itself (a script's own policy wins).

    Strict-Transport-Security goes on https answers only. With ``require_https`` a plain GET or HEAD is
    redirected (308) to https and anything else refused with 403, health checks excepted.
    """

    order = 50

    def __init__(self, settings: SecurityHeaders) -> None:
        self.apply(settings)

    def apply(self, settings: SecurityHeaders) -> None:
        """Take new settings."""
        headers: dict[str, str] = dict(settings.headers)
        if settings.content_security_policy:
            headers["Content-Security-Policy"] = settings.content_security_policy
        self._require_https = settings.require_https
        self._plain = self._ready(headers)
        if settings.hsts_max_age_s > 0:
            headers["Strict-Transport-Security"] = f"max-age={settings.hsts_max_age_s}; includeSubDomains"
        self._secure = self._ready(headers)

    @staticmethod
    def _ready(headers: Mapping[str, str]) -> tuple[frozenset[bytes], list[tuple[bytes, bytes]]]:
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items() if value]
        return frozenset(name.lower() for name, _ in pairs), pairs

    def before(self, exchange: IExchange) -> Any:
        """Redirect or refuse what came over plain HTTP, if https is required."""
        if not self._require_https or exchange.secure:
            return None
        path = exchange.path_text
        if path == "/health" or path.startswith(("/health/", "/.well-known/acme-challenge/")):
            return None
        host = exchange.host
        if exchange.method not in _SAFE_METHODS or not host:
            raise HTTPProblem(403, "HTTPS_REQUIRED", "This server is to be used over https only.")
        name = host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]
        target = exchange.uri
        if not target.startswith(b"/"):
            # The absolute form: its own authority is `host` already.
            target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
        location = b"https://" + name.encode("ascii") + target
        exchange.answer(308, [(b"Location", location)], b"")
        return True

    def after(self, exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Add what is missing."""
        names, pairs = self._secure if exchange.secure else self._plain
        present = {name.lower() for name, _ in headers}
        if names.isdisjoint(present):
            headers += pairs
        else:
            headers += [pair for pair in pairs if pair[0].lower() not in present]
