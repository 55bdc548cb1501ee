"""The gate that answers preflights and names the allowed origin on answers (the Fetch standard's CORS)."""

from __future__ import annotations

import re
from typing import Any

from zope.interface import implementer

from aiwebengine.errors import ConfigurationInvalid, Problem
from aiwebengine.interfaces import IExchange, IRequestGate
from aiwebengine.subsystems.cors.settings import CorsSettings

__all__ = ["CorsGate"]

_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.\[\]:_-]+|null|[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]+")


@implementer(IRequestGate)
class CorsGate:
    """
    CORS for every path, scripts' and the engine's.

    A preflight is answered 204 before authentication and limits; one of an origin, method or header that is
    not allowed simply lacks the allowing headers. With credentials only listed origins are named, never any.
    Raises `ConfigurationInvalid` for ``*`` with credentials and for malformed origins.
    """

    order = 100

    def __init__(self, settings: CorsSettings) -> None:
        self._check(settings)
        self._any = "*" in settings.origins
        self._exact = frozenset(origin.lower() for origin in settings.origins)
        wild = [origin.lower().split("*.", 1) for origin in settings.origins if "*." in origin]
        self._suffixes = tuple((scheme, "." + rest) for scheme, rest in wild)
        self._credentials = settings.credentials
        self._methods = frozenset(settings.methods)
        self._headers = frozenset(name.lower() for name in settings.headers)
        self._private = settings.private_network
        self._common: list[tuple[bytes, bytes]] = []
        if settings.credentials:
            self._common.append((b"Access-Control-Allow-Credentials", b"true"))
        exposed = ", ".join(settings.expose_headers).encode("ascii")
        self._exposed = [(b"Access-Control-Expose-Headers", exposed)] if exposed else []
        self._preflight = [
            (b"Access-Control-Allow-Methods", ", ".join(settings.methods).encode("ascii")),
            (b"Access-Control-Max-Age", b"%d" % settings.max_age_s),
        ]

    @staticmethod
    def _check(settings: CorsSettings) -> None:
        problems = []
        if settings.credentials and "*" in settings.origins:
            expected = "a list of origins without '*', since credentials must not go to any site"
            problems.append(Problem("cors", "cors.origins", settings.origins, expected))
        for origin in settings.origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                expected = "an origin such as https://app.example.com, without a path"
                problems.append(Problem("cors", "cors.origins", origin, expected))
        if problems:
            raise ConfigurationInvalid(problems)

    def allows(self, origin: str) -> bool:
        """Tell whether an Origin header's value is allowed."""
        lower = origin.lower()
        if self._any or lower in self._exact:
            return True
        return any(
            lower.startswith(scheme) and lower.endswith(suffix) and len(lower) > len(scheme) + len(suffix)
            for scheme, suffix in self._suffixes
        )

    def before(self, exchange: IExchange) -> Any:
        """Answer a preflight; let all else pass."""
        if exchange.method != b"OPTIONS":
            return None
        wanted = exchange.header("access-control-request-method")
        origin = exchange.header("origin")
        if wanted is None or origin is None:
            return None
        headers = []
        names = [
            name.strip().lower()
            for name in (exchange.header("access-control-request-headers") or "").split(",")
            if name.strip()
        ]
        known = all(name in self._headers for name in names)
        any_header = "*" in self._headers
        if self.allows(origin) and wanted in self._methods and (any_header or known):
            headers += self._preflight
            if names:
                # A "*" here would not cover Authorization, so the names asked for are repeated.
                headers.append((b"Access-Control-Allow-Headers", ", ".join(names).encode("latin-1")))
            if self._private and exchange.header("access-control-request-private-network") == "true":
                headers.append((b"Access-Control-Allow-Private-Network", b"true"))
        vary = b"Access-Control-Request-Method, Access-Control-Request-Headers"
        headers.append((b"Vary", vary))
        exchange.answer(204, headers, b"")
        return True

    def after(self, exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Name the allowed origin; an answer that depends on it says so to caches."""
        headers.append((b"Vary", b"Origin"))
        origin = exchange.header("origin")
        if origin is None or not self.allows(origin):
            return
        if any(name.lower() == b"access-control-allow-origin" for name, _ in headers):
            return
        shown = b"*" if self._any else origin.encode("latin-1")
        headers.append((b"Access-Control-Allow-Origin", shown))
        headers += self._common
        headers += self._exposed
