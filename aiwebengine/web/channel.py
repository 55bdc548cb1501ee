"""One connection: requests are parsed and limited as their bytes arrive, answered one after the other."""

# typing note: the base class is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, cast

from twisted.internet.abstract import FileDescriptor
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IProtocol,
    ISSLTransport,
    ITCPTransport,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from zope.interface import implementer

from aiwebengine.errors import HTTPProblem
from aiwebengine.web.body import Body
from aiwebengine.web.chunked import ChunkedBody
from aiwebengine.web.forwarded import plain_address
from aiwebengine.web.receiving import CHUNKED, METHODS, describe_fragment, read_head
from aiwebengine.web.refusals import (
    body_too_large,
    headers_too_large,
    overloaded,
    request_timeout,
    uri_too_long,
)
from aiwebengine.web.request import EngineRequest

if TYPE_CHECKING:
    from aiwebengine.web.site import EngineSite
    from aiwebengine.web.stream import BodyStream

__all__ = ["EngineChannel"]

_HEAD, _BODY, _BUSY, _CLOSING, _UPGRADED = range(5)
_PIPELINE_BYTES = 65536
_LINGER_S = 2.0
_LINGER_BYTES = 1 << 20
_ABORT_S = 15.0
# How long a request goes on after the client has sent its last byte before we ask whether it is there.
_PROBE_S = 0.5
_log = Logger()
_DONE = Failure(ConnectionDone())


@implementer(IHalfCloseableProtocol)
class EngineChannel(HTTPChannel):
    """
    An HTTP/1.1 (and 1.0) connection of an `EngineSite`.

    It is always in one phase: receiving a head, receiving a body, busy (one request with the application,
    later ones kept unparsed), closing (what still arrives is dropped for a while, so that the client gets to
    read the last answer), or upgraded. ``deadline`` (seconds on the site's clock) is when `expired` is due;
    the site's sweep looks at it, there is no timer per connection or request.
    """

    timeOut = None  # noqa: N815

    def __init__(self, site: EngineSite, *, excess: bool = False) -> None:
        super().__init__()
        self.site = self.factory = site
        self.persistent: bool = True
        self.deadline = inf
        self.peer = ""
        self.secure = False
        self._excess = excess
        self._wire: Any = None  # the transport
        self._direct = False
        self._flow: Any = None  # the transport as a producer of our input
        self._phase = _HEAD
        self._held = b""
        self._consuming = False
        self._read_closed = False
        self._read_paused = False
        self._request: EngineRequest | None = None
        self._body: Body | None = None
        self._remaining = 0
        self._chunks: ChunkedBody | None = None
        self._counted = 0
        self._upgraded: Any = None
        self._probes_left = 0
        self._deadline_after_probe = inf

    # The connection

    def connectionMade(self) -> None:  # noqa: N802
        """Set up, or refuse at once when the site has too many connections."""
        super().connectionMade()
        transport = self._wire = self.transport
        self._flow = self._networkProducer
        self.secure = ISSLTransport.providedBy(transport)
        self._direct = isinstance(transport, FileDescriptor) and not self.secure
        host = getattr(self._wire.getPeer(), "host", None)
        self.peer = (plain_address(host) or host) if host else "unix"
        self.site.channels.add(self)
        self.deadline = self.site.seconds() + self.site.header_timeout
        if self._excess:
            limit = self.site.settings.max_connections
            message = "The server has too many connections."
            self._reject(self._blank(), overloaded(message, limit, "server.max_connections"))

    def connectionLost(self, reason: Failure = _DONE) -> None:  # noqa: N802
        """Take note that it is gone, and tell whoever works on its request."""
        self.site.forget(self)
        self.deadline = inf
        self._held = b""
        if self._phase == _UPGRADED:
            self._upgraded.connectionLost(reason)
            return
        busy = self._phase == _BUSY
        self._phase = _CLOSING
        request, self._request = self._request, None
        if request is not None and busy:
            request.connectionLost(reason)
        self._requestProducer = None

    def readConnectionLost(self) -> None:  # noqa: N802
        """Take note that the client sends no more: an answer in the making is still sent, then it closes."""
        self._read_closed = True
        self.persistent = self.persistent and bool(self._held)
        if self._phase == _UPGRADED or self._phase != _BUSY or self._requestProducer is not None:
            self.loseConnection()
        else:
            self._prepare_probes()

    def _prepare_probes(self) -> None:
        self._probes_left = 2
        self._deadline_after_probe = self.deadline
        self.deadline = min(self.deadline, self.site.seconds() + _PROBE_S)

    def _probing(self) -> bool:
        request = self._request
        return self._probes_left > 0 and self._phase == _BUSY and request is not None and not request.answered

    def _probe(self) -> None:
        """
        Find out whether a client that sends no more has left or only closed its half.

        Both look alike until something is written: one that has left resets the connection, which a second
        write notices. An interim answer is what may be sent here (RFC 9110 section 15.2).
        """
        self._probes_left -= 1
        request = self._request
        if request is not None and request.clientproto == b"HTTP/1.1":
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.deadline = self._deadline_after_probe
        if self._probes_left:
            self.deadline = min(self.deadline, self.site.seconds() + _PROBE_S)

    def writeConnectionLost(self) -> None:  # noqa: N802
        """Take note that our own half is closed (`_linger`)."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take received bytes."""
        if self._phase == _UPGRADED:
            self._upgraded.dataReceived(data)
            return
        if self._held:
            data = self._held + data
            self._held = b""
        self._consume(data)

    def _consume(self, data: bytes) -> None:
        """Go through received bytes; a request answered at once lets the loop go on with the next."""
        self._consuming = True
        while data:
            if self._phase == _HEAD:
                data = self._take_head(data)
            elif self._phase == _BODY:
                data = self._take_body(data)
            elif self._phase == _BUSY:
                self._held = data
                if len(data) > _PIPELINE_BYTES:
                    self._pause_reading()
                break
            elif self._phase == _UPGRADED:
                self._upgraded.dataReceived(data)
                break
            else:
                self._counted += len(data)
                if self._counted > _LINGER_BYTES:
                    self.cut()
                break
            if self._held:
                break
        self._consuming = False

    # A head

    def _take_head(self, data: bytes) -> bytes:
        if data[:2] == b"\r\n" and self._counted == 0:
            # One empty line before a request line is forgiven (RFC 9112 section 2.2).
            self._counted = 1
            data = data[2:]
            if not data:
                return data
        site = self.site
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if self._counted < 2:
                self._counted = 2
                self.deadline = site.seconds() + site.header_timeout
            self._check_growth(data)
            return b""
        now = site.seconds()
        self.deadline = inf
        self._counted = 0
        request = self._request = EngineRequest(self, now)
        rest = data[end + 4 :]
        problem: Exception | None = None
        try:
            framing = read_head(request, data[:end], site.settings)
        except HTTPProblem as error:
            problem = error
        # Whatever is wrong with it, what is known of the request goes to its record and its error body.
        request.open_record(end + 4)
        self.persistent = request.keep_alive
        if problem is None:
            if framing is None:
                self._serve(request)
                return rest
            try:
                self._expect_body(request, framing, rest)
            except Exception as error:
                # Not only `HTTPProblem`: the limit may be asked of a feature.
                problem = error
        if problem is not None:
            self._reject(request, problem)
            return b""
        return rest

    def _check_growth(self, data: bytes) -> None:
        """Refuse an unfinished head that is too large already."""
        settings = self.site.settings
        line = data.find(b"\r\n")
        if line < 0:
            line = len(data)
        problem = None
        if line > settings.max_uri_bytes + 64:
            problem = uri_too_long(settings.max_uri_bytes, line)
        elif len(data) - line > settings.max_header_bytes + 4:
            problem = headers_too_large(settings.max_header_bytes, len(data) - line)
        if problem is None:
            self._held = data
            return
        request = self._blank()
        describe_fragment(request, data[:line])
        self._reject(request, problem)

    def _blank(self) -> EngineRequest:
        request = EngineRequest(self, self.site.seconds())
        request.open_record(0)
        self._request = request
        return request

    def _expect_body(self, request: EngineRequest, framing: int, rest: bytes) -> None:
        """Prepare for the body that follows. Raises `HTTPProblem` before a byte of it is taken."""
        site = self.site
        settings = site.settings
        fields = request.headers
        limit = site.application.body_limit(request)
        key = site.limit_key(limit)
        if framing > limit:
            raise body_too_large(limit, framing, key)
        self._body = request.expect_body(limit, key, settings.max_multipart_parts, settings.max_body_bytes)
        self._remaining = framing
        if framing == CHUNKED:
            self._chunks = ChunkedBody(self._body.add, settings.max_header_bytes)
        self._phase = _BODY
        self._counted = 0
        self.deadline = site.seconds() + site.header_timeout
        if not rest and "expect" in fields and request.clientproto == b"HTTP/1.1":
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # A body

    def _take_body(self, data: bytes) -> bytes:
        request, body = cast(EngineRequest, self._request), cast(Body, self._body)
        rest: bytes | None
        self._counted += len(data)
        request.record.request_bytes += len(data)
        try:
            if self._chunks is not None:
                rest = self._chunks.feed(data)
            else:
                needed = self._remaining
                if len(data) < needed:
                    self._remaining = needed - len(data)
                    body.add(data)
                    rest = None
                else:
                    body.add(data if len(data) == needed else data[:needed])
                    rest = data[needed:]
        except HTTPProblem as problem:
            self._reject(request, problem)
            return b""
        if rest is None:
            return b""
        request.record.request_bytes -= len(rest)
        self._body = self._chunks = None
        self._counted = 0
        self.deadline = inf
        self._serve(request)
        return rest

    def _serve(self, request: EngineRequest) -> None:
        self._phase = _BUSY
        if self._read_closed:
            self._prepare_probes()
        if request.path_text == "*":
            request.answer(204, [(b"Allow", ", ".join(sorted(METHODS)).encode("ascii"))], b"")
        else:
            request.received()

    def _reject(self, request: EngineRequest, problem: Exception) -> None:
        """Answer a request that is not served, then close: what follows it cannot be trusted."""
        self.persistent = False
        self._body = self._chunks = None
        self._phase = _BUSY
        self._held = b""
        request.refuse(problem)

    # Answers

    def write_now(self, data: bytes) -> None:
        """
        Write what the socket takes at once, the rest when it may.

        A whole answer mostly fits: the reactor then need not watch the socket for it, which saves two system
        calls and a turn of the reactor per answer.
        """
        wire = self._wire
        if self._direct and wire.connected and not (wire.dataBuffer or wire._tempDataBuffer):
            sent = wire.writeSomeData(data)
            if sent == len(data):
                return
            if isinstance(sent, int):
                data = data[sent:]
            # An exception says that the connection is lost; the reactor finds that out and tells everybody.
        wire.write(data)

    def streaming(self, stream: BodyStream) -> None:
        """Let a stream hear of the client's pace."""
        self.deadline = inf
        self.replace_producer(stream, True)

    def replace_producer(self, producer: Any, streaming: bool) -> None:
        """Have another producer hear of the client's pace."""
        self.unregisterProducer()
        self.registerProducer(producer, streaming)
        if self._waitingForTransport and streaming:
            producer.pauseProducing()

    def request_done(self, request: EngineRequest) -> None:
        """Take note that the request was answered whole; go on with the next, or close."""
        self._request = None
        self._requestProducer = None
        site = self.site
        if not self.persistent:
            self._linger()
            return
        self._phase = _HEAD
        self._counted = 0
        self.deadline = site.seconds() + site.idle_timeout
        if self._waitingForTransport:
            # A big answer is still on its way: idling begins when a slow client may have taken it.
            self.deadline += request.record.response_bytes / site.min_rate
        if self._read_paused:
            self._resume_reading()
        if self._consuming:
            return
        if self._held:
            data, self._held = self._held, b""
            self._consume(data)
        if self._read_closed and self._phase == _HEAD:
            self.loseConnection()

    def hand_over(self, protocol: IProtocol) -> None:
        """Give the connection to another protocol, with what was received for it already."""
        held, self._held = self._held, b""
        self._request = None
        self._phase = _UPGRADED
        self._upgraded = protocol
        self.deadline = inf
        self._flow.unregisterProducer()
        if self._read_paused:
            self._resume_reading()
        protocol.makeConnection(self._wire)
        if held:
            protocol.dataReceived(held)

    def _linger(self) -> None:
        """
        Close in a way that lets the client read the answer.

        Closing a socket with unread input resets the connection and may destroy the answer on its way (RFC
        9112 section 9.6), so our half is closed first and input dropped until the client closes.
        """
        self._phase = _CLOSING
        self._counted = 0
        self._held = b""
        transport = self._wire
        self.deadline = self.site.seconds() + (_ABORT_S if self._waitingForTransport else _LINGER_S)
        if (
            self._waitingForTransport
            or self.secure
            or self._read_closed
            or not ITCPTransport.providedBy(transport)
        ):
            self.loseConnection()
            return
        if self._read_paused:
            self._resume_reading()
        self._flow.unregisterProducer()
        transport.loseWriteConnection()

    def end_unfinished(self) -> None:
        """Close once the client has taken what was sent of an answer that will not be finished."""
        self._requestProducer = None
        self.deadline = self.site.seconds() + _ABORT_S
        self.loseConnection()

    def cut(self) -> None:
        """Break the connection off."""
        self._wire.abortConnection()

    # Time

    def set_deadline(self, when: float) -> None:
        """Have `expired` called for the request under way at ``when``, in seconds on the site's clock."""
        self._deadline_after_probe = when
        self.deadline = min(when, self.deadline) if self._probing() else when

    def expired(self) -> None:
        """See what the deadline that has passed was for (the site's sweep calls this)."""
        site = self.site
        if self._probing() and site.seconds() < self._deadline_after_probe:
            self._probe()
            return
        self.deadline = inf
        if self._phase == _HEAD:
            if not self._held:
                self.loseConnection()
                self._phase = _CLOSING
                self.deadline = site.seconds() + _ABORT_S
                return
            request = self._blank()
            describe_fragment(request, self._held.partition(b"\r\n")[0])
            milliseconds = int(site.header_timeout * 1000)
            clause = "its headers did not arrive in time"
            self._reject(request, request_timeout(clause, milliseconds, "server.header_timeout_ms"))
        elif self._phase == _BODY:
            if self._counted >= site.header_timeout * site.min_rate:
                self._counted = 0
                self.deadline = site.seconds() + site.header_timeout
                return
            clause = f"its body came more slowly than {site.min_rate} bytes per second"
            milliseconds = int(site.header_timeout * 1000)
            problem = request_timeout(clause, milliseconds, "server.min_body_rate_bytes_per_s")
            self._reject(cast(EngineRequest, self._request), problem)
        elif self._phase == _BUSY and self._request is not None and not self._request.answered:
            self._request.expire()
        else:
            self.cut()

    def idle(self) -> bool:
        """Tell whether no request is being received or answered."""
        return self._phase == _HEAD and not self._held

    # The transport's pace

    def pauseProducing(self) -> None:  # noqa: N802
        """Take note that the client does not read: answers wait, and so do further requests."""
        self._waitingForTransport = True
        if self._requestProducer is not None:
            self.deadline = self.site.seconds() + self.site.idle_timeout
            self._requestProducer.pauseProducing()
        self._pause_reading()

    def resumeProducing(self) -> None:  # noqa: N802
        """Take note that the client has read what was sent."""
        self._waitingForTransport = False
        if self._requestProducer is not None:
            self.deadline = inf
            self._requestProducer.resumeProducing()
        elif self.idle():
            self.deadline = self.site.seconds() + self.site.idle_timeout
        if len(self._held) <= _PIPELINE_BYTES:
            self._resume_reading()

    def _pause_reading(self) -> None:
        if not self._read_paused and not self._read_closed:
            self._read_paused = True
            self._flow.pauseProducing()

    def _resume_reading(self) -> None:
        if self._read_paused and not self._waitingForTransport:
            self._read_paused = False
            if not self._read_closed:
                self._flow.resumeProducing()
