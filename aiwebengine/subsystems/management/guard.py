"""Who may use the management API."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IConfiguration, IExchange
from aiwebengine.subsystems.management.keys import is_loopback, kept_key

__all__ = ["Guard"]

_ENDPOINT_INTERFACE = re.compile(r"interface=((?:\\:|[^:])*)")


class Guard:
    """
    Lets a request pass that brings ``Authorization: Bearer`` and the key.

    The key is ``security.api_key``; when that is empty, in development mode and listening on loopback only,
    one is made and kept in ``server.data_dir``. Without either nobody passes.
    """

    def __init__(self, configuration: IConfiguration, make_key: Callable[[Path], str] = kept_key) -> None:
        self._configuration = configuration
        self._make_key = make_key
        self._kept: str | None = None

    @property
    def development(self) -> bool:
        """Whether the engine runs in development mode."""
        return bool(self._configuration.section("security").mode == "development")

    @property
    def own_key(self) -> str | None:
        """The key made by the engine, None when one is configured or none may be made."""
        if _text(self._configuration.section("security").api_key):
            return None
        if not (self.development and self._listens_on_loopback()):
            return None
        if self._kept is None:
            server = self._configuration.section("server")
            self._kept = self._make_key(Path(getattr(server, "data_dir", "var")))
        return self._kept

    def admit(self, exchange: IExchange) -> None:
        """Return if the request may pass. Raises `HTTPProblem` 401 or 403."""
        key = _text(self._configuration.section("security").api_key) or self.own_key
        if not key:
            raise HTTPProblem(
                403,
                "FORBIDDEN",
                "The management API needs a key and none is set; set security.api_key"
                " (or AIWEBENGINE_SECURITY__API_KEY).",
                {"config_key": "security.api_key"},
            )
        scheme, _, token = (exchange.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthorized("Send 'Authorization: Bearer KEY' with the key of security.api_key.", "")
        if not _same(token.strip(), key):
            raise _unauthorized("The API key is not the right one.", ', error="invalid_token"')

    def admit_deployer(self, exchange: IExchange) -> None:
        """
        Like `admit`, but in development mode let a program on this machine pass without a key.

        A browser on this machine must not be a way in for the web pages it shows: a request of a foreign
        origin, or for a host name that is not this machine's, needs the key; so does one that a proxy
        forwards.
        """
        if not (self.development and is_loopback(exchange.client_ip) and _is_local_program(exchange)):
            self.admit(exchange)

    def _listens_on_loopback(self) -> bool:
        server = self._configuration.section("server")
        if not server.listen:
            return is_loopback(server.host)
        return all(_endpoint_is_local(endpoint) for endpoint in server.listen)


def _endpoint_is_local(endpoint: str) -> bool:
    if endpoint.startswith("unix:"):
        return True
    found = _ENDPOINT_INTERFACE.search(endpoint)
    return found is not None and is_loopback(found.group(1).replace("\\:", ":"))


def _is_local_program(exchange: IExchange) -> bool:
    host = exchange.header("host") or ""
    if any(exchange.header(name) for name in ("x-forwarded-for", "forwarded", "via")):
        return False
    origin = exchange.header("origin")
    try:
        local = is_loopback(urlsplit(f"//{host}").hostname or "")
        own = origin is None or urlsplit(origin).netloc == host
    except ValueError:
        return False
    if not (local and own):
        return False
    return (exchange.header("sec-fetch-site") or "none") in ("none", "same-origin")


def _unauthorized(message: str, more: str) -> HTTPProblem:
    challenge = f'Bearer realm="aiwebengine"{more}'
    return HTTPProblem(401, "UNAUTHORIZED", message, headers=(("WWW-Authenticate", challenge),))


def _same(one: str, other: str) -> bool:
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (one, other)]
    return hmac.compare_digest(*digests)


def _text(secret: Any) -> str:
    """Give a configured secret's text, whether it hides itself or is a plain string."""
    return str(secret.reveal() if hasattr(secret, "reveal") else secret or "")
