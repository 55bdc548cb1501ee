"""The site: what all connections share, and the one sweep that looks after their deadlines."""

# typing note: the base class is untyped; its buildProtocol promises a private proxy class.
# mypy: disable-error-code="no-untyped-call,override"

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web import server
from twisted.web.http import datetimeToString
from twisted.web.resource import Resource

from aiwebengine.web.channel import EngineChannel
from aiwebengine.web.errors import ErrorPages
from aiwebengine.web.forwarded import TrustedProxies
from aiwebengine.web.gates import Gates
from aiwebengine.web.request import EngineRequest

__all__ = ["Application", "EngineSite", "ServerLimits"]

_log = Logger()
_SWEEP_S = 0.25
_EXCESS_CONNECTIONS = 64


class ServerLimits(Protocol):
    """The part of the ``[server]`` settings that the site reads; units are in the names."""

    max_body_bytes: int
    max_upload_bytes: int
    max_header_bytes: int
    max_header_count: int
    max_uri_bytes: int
    max_multipart_parts: int
    max_connections: int
    header_timeout_ms: int
    idle_timeout_ms: int
    min_body_rate_bytes_per_s: int
    trusted_proxies: Any


class Application(Protocol):
    """What answers requests, such as `aiwebengine.web.root.Root`."""

    def dispatch(self, request: EngineRequest) -> None:
        """Answer a whole, valid request now or later; a raised error is answered by the error table."""

    def body_limit(self, request: EngineRequest) -> int:
        """Give the most bytes this request's body may have; asked when its head is whole."""


class EngineSite(server.Site):
    """
    The factory of HTTP connections.

    ``settings`` are read as they are (`apply` takes new ones); ``gates`` see every request and answer;
    ``errors`` makes the bodies of error answers; ``entropy`` gives random bytes for the start of request ids.
    Past ``max_connections`` a connection is answered 503 and closed; 64 past it they are closed at once.
    """

    noisy = False

    def __init__(
        self,
        settings: ServerLimits,
        application: Application,
        reactor: Any,
        *,
        gates: Gates | None = None,
        errors: ErrorPages | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        super().__init__(Resource(), reactor=reactor, parsePOSTFormSubmission=False)
        self.application = application
        self.gates = gates or Gates()
        self.errors = errors or ErrorPages(development=False)
        self.seconds: Callable[[], float] = reactor.seconds
        self.channels: set[EngineChannel] = set()
        self.draining = False
        self._drained: list[Deferred[None]] = []
        self._awaited: set[EngineChannel] = set()
        self._sweep = LoopingCall(self.sweep)
        self._sweep.clock = reactor
        self._id_prefix = entropy(6).hex()
        self._id_numbers = itertools.count(1)
        self._date_second = -1
        self.date = b""
        self.apply(settings)
        self._tell_date()

    def apply(self, settings: ServerLimits) -> None:
        """Take new settings; connections see them from their next request on."""
        self.proxies = TrustedProxies(settings.trusted_proxies)
        self.settings = settings
        self.header_timeout = settings.header_timeout_ms / 1000
        self.idle_timeout = settings.idle_timeout_ms / 1000
        self.min_rate = max(1, settings.min_body_rate_bytes_per_s)

    def startFactory(self) -> None:  # noqa: N802
        """Start the sweep (not Twisted's access log)."""
        if not self._sweep.running:
            self._sweep.start(_SWEEP_S, now=True)

    def stopFactory(self) -> None:  # noqa: N802
        """Take no more connections; the sweep goes on while there are some."""
        if not self.draining:
            self.draining = True
            self._awaited = set(self.channels)
        self._stop_if_done()

    def buildProtocol(self, addr: IAddress | None) -> EngineChannel | None:  # noqa: N802
        """Make a connection's channel, None (close at once) far past ``max_connections``."""
        excess = len(self.channels) - self.settings.max_connections
        if excess >= _EXCESS_CONNECTIONS:
            return None
        return EngineChannel(self, excess=excess >= 0)

    def acceptableProtocols(self) -> list[bytes]:  # noqa: N802
        """Give the protocols for TLS's ALPN: HTTP/1.1 only."""
        return [b"http/1.1"]

    def log(self, request: Any) -> None:
        """Do nothing: the access log is an observer (`aiwebengine.subsystems.request_log`)."""

    def new_request_id(self) -> str:
        """Give a request id unique to this process's life; not a secret."""
        return f"{self._id_prefix}-{next(self._id_numbers):x}"

    def limit_key(self, limit: int) -> str:
        """Give the configuration key of a body limit, ``""`` when an endpoint set its own."""
        if limit == self.settings.max_body_bytes:
            return "server.max_body_bytes"
        return "server.max_upload_bytes" if limit == self.settings.max_upload_bytes else ""

    def sweep(self) -> None:
        """Look after deadlines and the Date header; called four times a second."""
        now = self._tell_date()
        for channel in [channel for channel in self.channels if channel.deadline <= now]:
            try:
                channel.expired()
            except Exception:
                # One connection's trouble must not end the sweep for all others.
                _log.failure("a connection's deadline could not be dealt with")
                channel.cut()

    def _tell_date(self) -> float:
        now = self.seconds()
        if int(now) != self._date_second:
            self._date_second = int(now)
            self.date = datetimeToString(now)
        return now

    def drain(self) -> Deferred[None]:
        """
        Close idle connections now and others after their answer; fires when none of them is left.

        Connections that come later are not waited for. Streams and upgraded connections last until their
        source or `abort` ends them.
        """
        if not self.draining:
            self.draining = True
            self._awaited = {channel for channel in self.channels if not channel.idle()}
        for channel in [channel for channel in self.channels if channel.idle()]:
            channel.loseConnection()
        if not self._awaited:
            self._stop_if_done()
            return succeed(None)
        self._drained.append(Deferred())
        return self._drained[-1]

    def close(self) -> None:
        """Close all connections that are left, each once what it was sent has been taken."""
        for channel in list(self.channels):
            channel.loseConnection()

    def abort(self) -> None:
        """Cut all connections that are left."""
        for channel in list(self.channels):
            channel.cut()

    def forget(self, channel: EngineChannel) -> None:
        """Take note that a connection is gone (channels call this)."""
        self.channels.discard(channel)
        self._awaited.discard(channel)
        self._stop_if_done()

    def _stop_if_done(self) -> None:
        if not self.draining:
            return
        if not self.channels and self.numPorts == 0 and self._sweep.running:
            self._sweep.stop()
        if self._awaited:
            return
        drained, self._drained = self._drained, []
        for deferred in drained:
            deferred.callback(None)
