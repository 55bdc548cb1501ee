"""Who may use the management API."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IConfiguration, IExchange
from aiwebengine.subsystems.management.callers import ADMIN, DEPLOY, READ, Caller
from aiwebengine.subsystems.management.keys import is_loopback, kept_key
from aiwebengine.subsystems.management.settings import ManagementSettings
from aiwebengine.subsystems.management.throttle import FailedKeys

__all__ = ["API_NAME", "LOCAL", "Guard"]

#: The name of who has the key of security.api_key, and so the author of the versions they store.
API_NAME = "api"
LOCAL = Caller("local", ADMIN, "local")
_SAFE_METHODS = frozenset((b"GET", b"HEAD", b"OPTIONS"))
_SESSION_ROLES = (("admin", ADMIN), ("editor", DEPLOY))
_ENDPOINT_INTERFACE = re.compile(r"interface=((?:\\:|[^:])*)")


class Guard:
    """
    Lets a request pass that brings ``Authorization: Bearer`` and a key, or an admin's or editor's session.

    The keys are ``security.api_key`` and those of ``management.keys``; without the former, in development
    mode and listening on loopback only, one is made and kept in ``server.data_dir``. Without any nobody
    passes. Whoever sends too many wrong keys is refused for a while; ``seconds`` is the clock for that.
    """

    def __init__(
        self,
        configuration: IConfiguration,
        make_key: Callable[[Path], str] = kept_key,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._configuration = configuration
        self._make_key = make_key
        self._kept: str | None = None
        self._failures = FailedKeys(seconds, lambda: self.settings.max_failed_keys_per_minute)

    @property
    def settings(self) -> ManagementSettings:
        """The ``[management]`` section in force."""
        try:
            settings: ManagementSettings = self._configuration.section("management")
        except KeyError:
            return ManagementSettings()
        return settings

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

    def admit(self, exchange: IExchange) -> Caller:
        """Give who asks. Raises `HTTPProblem` 401, 403, or 429 after too many wrong keys."""
        user = self._user(exchange)
        if user is not None:
            return user
        keys = list(self._keys())
        if not keys:
            raise HTTPProblem(
                403,
                "FORBIDDEN",
                "The management API needs a key and none is set; set security.api_key"
                " (or AIWEBENGINE_SECURITY__API_KEY).",
                {"config_key": "security.api_key"},
            )
        scheme, _, token = (exchange.header("authorization") or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Send 'Authorization: Bearer KEY' with the key of security.api_key.", "")
        wait = self._failures.wait_s(exchange.client_ip)
        if wait > 0:
            # Before the key is looked at: otherwise guessing would go on, the right one standing out.
            raise HTTPProblem(
                429,
                "TOO_MANY_REQUESTS",
                "Too many wrong keys came from this address; wait before the next try.",
                {
                    "limit": "max_failed_keys_per_minute",
                    "value": self.settings.max_failed_keys_per_minute,
                    "config_key": "management.max_failed_keys_per_minute",
                },
                headers=(("Retry-After", str(math.ceil(wait))),),
            )
        # Every key is compared, so that the time tells nothing about which one was near.
        matching = [caller for text, caller in keys if _same(token, text)]
        if not matching:
            self._failures.count(exchange.client_ip)
            raise _unauthorized("The API key is not the right one.", ', error="invalid_token"')
        return matching[0]

    def _keys(self) -> Iterator[tuple[str, Caller]]:
        main = _text(self._configuration.section("security").api_key) or self.own_key
        if main:
            yield main, Caller(API_NAME, ADMIN)
        for name, one in self.settings.keys.items():
            if one.key:
                yield one.key.reveal(), Caller(name, one.role)

    def _user(self, exchange: IExchange) -> Caller | None:
        """Give the signed-in admin or editor; what changes something must come from our own pages."""
        auth = getattr(exchange, "auth", None) or {}
        roles = auth.get("roles") or ()
        if not auth.get("isAuthenticated") or exchange.header("authorization"):
            return None
        for name, role in _SESSION_ROLES:
            if name in roles:
                if exchange.method not in _SAFE_METHODS and not _same_origin(exchange):
                    raise HTTPProblem(403, "FORBIDDEN", "A session is taken from this site's own pages only.")
                return Caller(str(auth.get("userEmail") or auth.get("userId") or name), role, "session")
        return None

    def admit_deployer(self, exchange: IExchange) -> Caller:
        """
        Like `admit`, but in development mode let a program on this machine pass without a key.

        A browser on this machine must not be a way in for the web pages it shows: a request of a foreign
        origin, or for a host name that is not this machine's, needs the key; so does one that a proxy
        forwards. What changes something takes the role ``deploy``.
        """
        if self.development and is_loopback(exchange.client_ip) and _is_local_program(exchange):
            return LOCAL
        caller = self.admit(exchange)
        needed = READ if exchange.method in _SAFE_METHODS else DEPLOY
        if not caller.may(needed):
            raise HTTPProblem(403, "FORBIDDEN", f"This takes the role {needed}.", {"required_role": needed})
        return caller

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


def _same_origin(exchange: IExchange) -> bool:
    site, origin = exchange.header("sec-fetch-site"), exchange.header("origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and urlsplit(origin).netloc == exchange.host


def _unauthorized(message: str, more: str) -> HTTPProblem:
    challenge = f'Bearer realm="aiwebengine"{more}'
    return HTTPProblem(401, "UNAUTHORIZED", message, headers=(("WWW-Authenticate", challenge),))


def _same(one: str, other: str) -> bool:
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (one, other)]
    return hmac.compare_digest(*digests)


def _text(secret: Any) -> str:
    """Give a configured secret's text, whether it hides itself or is a plain string."""
    return str(secret.reveal() if hasattr(secret, "reveal") else secret or "")
