"""An answer whose body is written piece by piece, at the pace of the client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

if TYPE_CHECKING:
    from aiwebengine.web.request import EngineRequest

__all__ = ["BodyStream"]


@implementer(IPushProducer)
class BodyStream:
    """
    The body of one streamed answer.

    Chunked on HTTP/1.1, or of the declared Content-Length; on HTTP/1.0 it ends with the connection.
    While ``paused`` the client is not keeping up: what is written then is kept in memory, so a source should
    wait, by ``on_pause`` and ``on_drain`` (callbacks without arguments) or by `when_ready`. After the client
    has left (``closed``) writing does nothing.
    """

    def __init__(
        self,
        request: EngineRequest,
        *,
        chunked: bool = False,
        length: int | None = None,
        muted: bool = False,
        closed: bool = False,
    ) -> None:
        self.paused = False
        self.closed = closed
        self.on_pause: Callable[[], None] | None = None
        self.on_drain: Callable[[], None] | None = None
        self._request = request
        self._chunked = chunked
        self._remaining = length
        self._muted = muted
        self._waiting: list[Deferred[None]] = []

    def write(self, data: bytes) -> None:
        """Send a piece; bytes past a declared Content-Length abort the answer (ValueError)."""
        if self.closed or not data or self._muted:
            return
        if self._remaining is not None:
            self._remaining -= len(data)
            if self._remaining < 0:
                self.abort("more was written than the Content-Length said")
                raise ValueError("more was written than the Content-Length said")
        if not self._chunked:
            self._request.send(data)
        elif len(data) < 16384:
            self._request.send(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            # Copying a big piece to put it between its framing costs more than two more writes.
            self._request.send(b"%x\r\n" % len(data))
            self._request.send(data)
            self._request.send(b"\r\n")

    def finish(self) -> None:
        """End the body; one that is shorter than its declared Content-Length is an abort."""
        if self.closed:
            return
        if self._remaining and not self._muted:
            self.abort("less was written than the Content-Length said")
            return
        if self._chunked and not self._muted:
            self._request.send(b"0\r\n\r\n")
        self.closed = True
        self._settle(None)
        self._request.stream_done()

    def abort(self, reason: str = "") -> None:
        """
        End the connection, so that the client sees that the body is incomplete; ``reason`` is logged.

        What was written before still reaches the client where the framing shows that more was to come.
        """
        if not self.closed:
            self.closed = True
            self._settle(ConnectionAborted())
            framed = self._chunked or bool(self._remaining and self._remaining > 0)
            self._request.cut(reason, at_once=not framed)

    def when_ready(self) -> Deferred[None]:
        """Give a Deferred that fires when there is room; it fails with ConnectionAborted once closed."""
        if self.closed:
            waiting: Deferred[None] = Deferred()
            waiting.errback(Failure(ConnectionAborted()))
            return waiting
        if not self.paused:
            return succeed(None)
        self._waiting.append(Deferred())
        return self._waiting[-1]

    def pauseProducing(self) -> None:  # noqa: N802
        """Take note that the client is slow (IPushProducer)."""
        self.paused = True
        if self.on_pause is not None:
            self.on_pause()

    def resumeProducing(self) -> None:  # noqa: N802
        """Take note that there is room again (IPushProducer)."""
        self.paused = False
        self._settle(None)
        if self.on_drain is not None:
            self.on_drain()

    def stopProducing(self) -> None:  # noqa: N802
        """Take note that the connection is gone (IPushProducer)."""
        self.closed = True
        self._settle(ConnectionAborted())

    def _settle(self, error: Exception | None) -> None:
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            if error is None:
                deferred.callback(None)
            else:
                deferred.errback(Failure(error))
