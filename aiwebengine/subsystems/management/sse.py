"""Server-sent events to management clients: ids, heartbeats, and an end for clients that do not keep up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.errors import HTTPProblem

__all__ = ["EventClient", "EventHub", "encode_event", "last_event_id"]


def encode_event(data: str, *, id_: int | None = None, event: str = "") -> bytes:
    """Give one event; each line of ``data`` becomes a ``data:`` line."""
    lines = [] if id_ is None else [f"id: {id_}"]
    if event:
        lines.append(f"event: {event}")
    text = data.replace("\r\n", "\n").replace("\r", "\n")
    lines += [f"data: {line}" for line in text.split("\n")]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def last_event_id(request: Any) -> int | None:
    """Give the number a reconnecting client names (``Last-Event-ID`` or ``?after=``), None without one."""
    value = request.getHeader("last-event-id") or (request.args.get(b"after") or [b""])[-1].decode("latin-1")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


@implementer(IPushProducer)
class EventClient:
    """One connected client; ``done`` fires when it is gone or was sent away."""

    def __init__(self, request: Any, buffer: int, dropped: Callable[[], None]) -> None:
        self.done: Deferred[None] = Deferred(lambda _: None)
        self._request = request
        self._buffer = buffer
        self._dropped = dropped
        self._waiting: deque[bytes] = deque()
        self._awaited: list[Deferred[None]] = []
        self._paused = False
        self._gone = False

    def begin(self) -> None:
        """Send the head and take over writing."""
        request = self._request
        request.setHeader(b"content-type", b"text/event-stream; charset=utf-8")
        request.setHeader(b"cache-control", b"no-cache")
        request.setHeader(b"x-accel-buffering", b"no")
        request.notifyFinish().addBoth(lambda _: self._leave())
        request.write(b": connected\n\n")
        request.registerProducer(self, True)

    @property
    def gone(self) -> bool:
        """Whether the client is gone."""
        return self._gone

    @property
    def paused(self) -> bool:
        """Whether the client does not keep up at the moment."""
        return self._paused

    def ready(self) -> Deferred[None]:
        """Fire when the client has read what it was sent, or is gone."""
        ready: Deferred[None] = Deferred()
        if not self._paused or self._gone:
            ready.callback(None)
        else:
            self._awaited.append(ready)
        return ready

    def send(self, block: bytes) -> None:
        """Send an event; when the client lets too many wait, cut it off."""
        if self._gone:
            return
        if not self._paused:
            self._request.write(block)
            return
        self._waiting.append(block)
        if len(self._waiting) > self._buffer:
            self._dropped()
            self._request.unregisterProducer()
            self._request.transport.abortConnection()
            self._leave()

    def beat(self, block: bytes) -> None:
        """Send a comment, unless the client has more to read already."""
        if not self._paused and not self._gone:
            self._request.write(block)

    def end(self) -> None:
        """Say goodbye; the endpoint that returned ``done`` finishes the request."""
        if not self._gone:
            self._request.unregisterProducer()
            self._leave()

    def pauseProducing(self) -> None:  # noqa: N802
        """Take note that the client does not keep up (IPushProducer)."""
        self._paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        """Send what waits (IPushProducer)."""
        self._paused = False
        while self._waiting and not self._paused and not self._gone:
            self._request.write(self._waiting.popleft())
        if not self._paused:
            self._release()

    def stopProducing(self) -> None:  # noqa: N802
        """Take note that the connection is gone (IPushProducer)."""
        self._leave()

    def _release(self) -> None:
        awaited, self._awaited = self._awaited, []
        for ready in awaited:
            ready.callback(None)

    def _leave(self) -> None:
        if not self._gone:
            self._gone = True
            self._waiting.clear()
            self._release()
            if not self.done.called:
                self.done.callback(None)


class EventHub:
    """
    The clients of a few event streams, with one heartbeat for all.

    ``buffer`` is how many events a client may let wait; ``dropped`` counts those cut off.
    """

    def __init__(
        self, clock: IReactorTime, *, heartbeat_s: float = 15.0, buffer: int = 1000, max_clients: int = 1000
    ) -> None:
        self.dropped = 0
        self._buffer = buffer
        self._max_clients = max_clients
        self._heartbeat_s = heartbeat_s
        self._clients: set[EventClient] = set()
        self._beat = LoopingCall(self._send_beat)
        self._beat.clock = clock
        self._log = Logger()

    def __len__(self) -> int:
        return len(self._clients)

    def connect(self, request: Any, closed: Callable[[], None] = lambda: None) -> EventClient:
        """
        Begin a stream; ``closed()`` is called when it is over. An endpoint returns the client's ``done``.

        Raises `HTTPProblem` 503 when there are too many.
        """
        if len(self._clients) >= self._max_clients:
            raise HTTPProblem(
                503, "SERVICE_UNAVAILABLE", "too many event streams", headers=(("Retry-After", "10"),)
            )
        client = EventClient(request, self._buffer, self._count_dropped)
        self._clients.add(client)
        if not self._beat.running:
            self._beat.start(self._heartbeat_s, now=False)

        def gone(result: Any) -> Any:
            self._clients.discard(client)
            if not self._clients and self._beat.running:
                self._beat.stop()
            closed()
            return result

        client.done.addBoth(gone)
        client.begin()
        return client

    def end_all(self) -> None:
        """End every stream."""
        for client in tuple(self._clients):
            client.end()

    def _send_beat(self) -> None:
        for client in tuple(self._clients):
            client.beat(b": heartbeat\n\n")

    def _count_dropped(self) -> None:
        self.dropped += 1
        self._log.warn("an event stream's client does not keep up and was dropped")
