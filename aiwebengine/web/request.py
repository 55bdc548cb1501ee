"""One request: its parsed parts, its body, and the one answer it gets."""

# typing note: Twisted assigns in its constructor what is made on demand here, under the same names.
# mypy: disable-error-code="override"

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.internet.interfaces import IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange
from aiwebengine.web.body import Body
from aiwebengine.web.cookies import parse_cookies
from aiwebengine.web.errors import is_expected, problem_of
from aiwebengine.web.head import valid_authority
from aiwebengine.web.lazy import lazy
from aiwebengine.web.multipart import UploadedFile
from aiwebengine.web.record import RequestRecord
from aiwebengine.web.refusals import internal_error
from aiwebengine.web.resource_request import ResourceRequest
from aiwebengine.web.stream import BodyStream
from aiwebengine.web.target import decode_pairs

if TYPE_CHECKING:
    from aiwebengine.web.channel import EngineChannel

__all__ = ["EngineRequest"]

_log = Logger()
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
# A server answers HTTP/1.0 requests too with its own version (RFC 9110 section 6.2).
_PHRASES = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_STATUS_LINES = {
    code: b"HTTP/1.1 %d %b\r\n" % (code, _PHRASES.get(code, b"Status")) for code in range(100, 600)
}
# Framing and identity of an answer are the engine's; what others say of them is left out.
OWNED = frozenset(
    (
        b"connection",
        b"content-length",
        b"date",
        b"keep-alive",
        b"transfer-encoding",
        b"upgrade",
        b"x-request-id",
    )
)
# A script may choose a 1xx status. To clients that is no final answer, so the end of the connection is.
_INTERIM = frozenset(range(100, 200))
_BODILESS = frozenset((204, 205, 304)) | _INTERIM
_BIG_BODY = 32768

Pairs = Sequence[tuple[bytes, bytes]]
Hook = Callable[["EngineRequest"], None]


@implementer(IExchange)
class EngineRequest(ResourceRequest):
    """
    An HTTP request, as gates, features and the script dispatch see it (`IExchange`), and as
    `twisted.web.resource.Resource` objects do (``IRequest``), with these parts:

    ``method`` bytes; ``uri`` the raw target (bytes), ``raw_path`` and ``raw_query`` its parts; ``path_text``;
    ``http_version`` (``"1.1"``); ``headers`` a dict by lower-case name, repeated ones joined; ``host`` the
    authority asked for, with its port; ``query`` and `form` pairs; ``cookies`` a dict; ``record``
    (`RequestRecord`). The body: ``body`` (bytes), ``json``, ``files``, ``content`` (a file).
    """

    answered = False
    disconnected = False
    raw_body = False
    _body: Body | None = None
    _hooks: list[Hook] | None = None
    _expired: Hook | None = None

    def __init__(self, channel: EngineChannel, now: float) -> None:
        # Not calling Twisted's constructor: all it makes is made here when first asked for, if ever.
        self.channel: Any = channel
        self.site: Any = channel.site
        self.method = b""
        self.uri = b""
        self.clientproto = b"HTTP/1.1"
        self.path_text = "/"
        self.raw_path = "/"
        self.raw_query = ""
        self.headers: dict[str, str] = {}
        self.authority: str | None = None
        self.keep_alive = False
        self.started = now
        self._adapterCache: dict[str, object] = {}

    # What was asked

    @property
    def http_version(self) -> str:
        """``"1.1"`` or ``"1.0"``."""
        return "1.1" if self.clientproto == b"HTTP/1.1" else "1.0"

    def header(self, name: str) -> str | None:
        """Give a header's value (joined by ``, `` when repeated), or None."""
        return self.headers.get(name) or self.headers.get(name.lower())

    def open_record(self, request_bytes: int) -> None:
        """Give the request its id (a valid one of the client is kept) and its record."""
        sent = self.headers.get("x-request-id")
        self.request_id = sent if sent and _REQUEST_ID.fullmatch(sent) else self.site.new_request_id()
        self.record = RequestRecord(
            self.request_id, self.method.decode("latin-1"), self.path_text, self.started, request_bytes
        )

    @lazy
    def client_ip(self) -> str:
        """The client's address, see `TrustedProxies`; ``unix`` on a UNIX socket."""
        peer: str = self.channel.peer
        proxies = self.site.proxies
        return proxies.client(peer, self.headers.get("x-forwarded-for")) if proxies.any else peer

    @lazy
    def secure(self) -> bool:
        """Whether the client used https, directly or by a trusted proxy's word."""
        if self.channel.secure:
            return True
        proto = self._forwarded("x-forwarded-proto")
        return proto is not None and proto.lower() == "https"

    @lazy
    def host(self) -> str:
        """The authority asked for, such as ``example.com:8080``; ``""`` when HTTP/1.0 names none."""
        forwarded = self._forwarded("x-forwarded-host")
        if forwarded and valid_authority(forwarded):
            return forwarded
        return self.authority or self.headers.get("host", "")

    def _forwarded(self, name: str) -> str | None:
        value = self.headers.get(name)
        if not value or not self.site.proxies.any or not self.site.proxies.trusts(self.channel.peer):
            return None
        return value.rpartition(",")[2].strip()

    @lazy
    def query(self) -> list[tuple[str, str]]:
        """The query's name and value pairs, in order."""
        return decode_pairs(self.raw_query) if self.raw_query else []

    # typing note: Twisted keeps Set-Cookie values under this name; ours are `response_cookies`.
    @lazy
    def cookies(self) -> dict[str, str]:
        """The cookies sent, by name."""
        return parse_cookies(self.headers.get("cookie"))

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"" if self._body is None else self._body.raw

    @property
    def json(self) -> Any:
        """The parsed body of a JSON type, else None (parsed anew at each access)."""
        if self._body is None or self._body.kind != "json" or not self._body.size:
            return None
        return msgspec.json.decode(self._body.raw)

    @property
    def body_kind(self) -> str:
        """``"form"``, ``"multipart"``, ``"json"`` or ``"other"``; ``""`` without a body."""
        return "" if self._body is None else self._body.kind or "other"

    @property
    def is_json(self) -> bool:
        """Whether there is a body of a JSON type; it is well-formed then."""
        return self._body is not None and self._body.kind == "json" and self._body.size > 0

    def form(self) -> list[tuple[str, str]]:
        """Give the text fields of a form (urlencoded or multipart), in order."""
        return [] if self._body is None else self._body.pairs

    @property
    def files(self) -> list[UploadedFile]:
        """The files of a multipart form, in order."""
        return [] if self._body is None else self._body.files

    def _cookies(self) -> dict[str, str]:
        return self.cookies

    def _query(self) -> list[tuple[str, str]]:
        return self.query

    def _form(self) -> list[tuple[str, str]]:
        return self.form()

    def _is_secure(self) -> bool:
        return self.secure

    # How it is served

    def expect_body(self, limit: int, limit_key: str, max_fields: int, max_field: int) -> Body:
        """Give the sink for the body (called by the channel). Raises `HTTPProblem` 400 or 415."""
        fields = self.headers
        content_type, encoding = fields.get("content-type"), fields.get("content-encoding")
        if self.raw_body:
            content_type = None
        self._body = Body(content_type, encoding, limit, limit_key, max_fields, max_field)
        return self._body

    def received(self) -> None:
        """Hand the whole request to the application (called by the channel)."""
        try:
            if self._body is not None:
                self._body.close()
            self.site.application.dispatch(self)
        except Exception as error:
            self.refuse(error)

    def on_disconnect(self, hook: Hook) -> None:
        """Have ``hook(request)`` called if the client goes before the answer is complete."""
        if self._hooks is None:
            self._hooks = []
        self._hooks.append(hook)

    def set_deadline(self, seconds: float, expired: Hook) -> None:
        """
        Have ``expired(request)`` called if nothing was answered ``seconds`` from now.

        The site's one sweep looks at it (within a quarter second), so it costs no timer of its own.
        """
        self._expired = expired
        self.channel.set_deadline(self.site.seconds() + seconds)

    def expire(self) -> None:
        """Call the deadline's hook (the channel's sweep does)."""
        expired, self._expired = self._expired, None
        if expired is not None and not self.answered:
            try:
                expired(self)
            except Exception as error:
                self.refuse(error)

    # How it is answered

    def answer(self, status: int, headers: Pairs, body: bytes) -> None:
        """
        Send a whole answer: gates amend its headers, the engine adds Date, X-Request-Id and its framing.

        Raises RuntimeError when it was answered before; does nothing once the client has left.
        """
        if not self._open():
            return
        status, lines, body = self._compose(status, headers, body)
        length = len(body)
        if status in _BODILESS or self.method == b"HEAD":
            length = length or declared_length(headers) or 0
            framing = _bodiless_framing(status, length)
            body = b""
        else:
            framing = b"Content-Length: %d\r\n" % length
        head = self._head(status, lines, framing)
        if length > _BIG_BODY:
            self.send(head)
            if body:
                self.send(body)
        else:
            data = head + body
            self.record.response_bytes += len(data)
            self.channel.write_now(data)
        self._done()

    def refuse(self, problem: BaseException, *, logged: bool = False) -> None:
        """
        Answer by the error table; what is not in it is logged, and so are the details of 5xx answers.

        With ``logged`` the caller has told the log.
        """
        if self.disconnected:
            return
        known = is_expected(problem)
        if not known:
            _log.failure("request {request_id} failed", Failure(problem), request_id=self.request_id)
        if self.answered:
            if self._stream is not None:
                self._stream.abort(f"the source of the body failed: {problem}")
            return
        shown = problem_of(problem)
        if known and shown.status >= 500 and not logged:
            _log.error(
                "request {request_id}: {problem} {details}",
                request_id=self.request_id,
                problem=shown,
                details=shown.details or "",
            )
        self.record.error_code = shown.code
        self.answer(shown.status, *self.error_content(shown))

    def error_content(self, problem: HTTPProblem) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Give headers and body of the answer to a problem, in the form the client prefers."""
        rendered: tuple[list[tuple[bytes, bytes]], bytes] = self.site.errors.render(
            problem,
            request_id=self.request_id,
            path=self.path_text,
            method=self.method.decode("latin-1"),
            accept=self.headers.get("accept"),
            now=self.site.seconds(),
        )
        return rendered

    def stream(self, status: int, headers: Pairs) -> BodyStream:
        """
        Start an answer whose body comes in pieces; its head is sent at once.

        A Content-Length among the headers frames it, else it is chunked (on HTTP/1.0 ended by closing). For
        HEAD, 204 and 304 the stream takes pieces and sends none. Raises RuntimeError when answered before.
        """
        if not self._open():
            return BodyStream(self, closed=True)
        final, lines, failed = self._compose(status, headers, b"")
        length = len(failed) if final != status else declared_length(headers)
        muted = self.method == b"HEAD" or final in _BODILESS
        chunked = False
        if length is not None or final in _BODILESS:
            framing = _bodiless_framing(final, length or 0)
        elif self.clientproto == b"HTTP/1.1":
            chunked, framing = not muted, b"Transfer-Encoding: chunked\r\n"
        else:
            self.channel.persistent, framing = False, b""
        stream = self._stream = BodyStream(self, chunked=chunked, length=length, muted=muted)
        self.send(self._head(final, lines, framing))
        self.channel.streaming(stream)
        if final != status:
            stream.write(failed)
            stream.finish()
        return stream

    def upgrade(self, headers: Pairs, protocol: IProtocol) -> None:
        """
        Answer 101 with these headers (Upgrade and Connection among them) and hand the connection over.

        From then on the protocol has the transport, and no limit of the engine applies to it. For a
        WebSocket: gates have run before, their ``after`` is not called.
        """
        if not self._open():
            return
        self.record.status = 101
        out = [*headers, (b"Date", self.site.date), (b"X-Request-Id", self.request_id.encode("ascii"))]
        self.send(_STATUS_LINES[101] + _lines(out) + b"\r\n\r\n")
        self._end("answered")
        self.channel.hand_over(protocol)

    def send(self, data: bytes) -> None:
        """Write to the connection and count (for the answer's own parts)."""
        self.record.response_bytes += len(data)
        self.channel.transport.write(data)

    def stream_done(self) -> None:
        """Take note that the stream wrote its last byte."""
        self._done()

    def cut(self, reason: str, *, at_once: bool = True) -> None:
        """Break the connection off amid an answer, ``at_once`` or when what was written is sent."""
        _log.warn("request {request_id} was cut off: {reason}", request_id=self.request_id, reason=reason)
        if at_once:
            self.channel.cut()
        else:
            self.channel.end_unfinished()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """Take note that the client has left before the answer was complete (called by the channel)."""
        self.disconnected = self._disconnected = True
        if self._stream is not None:
            self._stream.stopProducing()
        hooks, self._hooks = self._hooks or (), None
        for hook in hooks:
            try:
                hook(self)
            except Exception:
                _log.failure("a disconnect hook of request {request_id} failed", request_id=self.request_id)
        waiting = self.__dict__.pop("notifications", ())
        self._end("disconnected")
        for deferred in waiting:
            deferred.errback(reason)

    def _open(self) -> bool:
        """Take the right to answer; False when nobody listens any more."""
        if self.disconnected:
            return False
        if self.answered:
            raise RuntimeError(f"request {self.request_id} was answered before")
        self.answered = True
        self._expired = None
        return True

    def _compose(self, status: int, headers: Pairs, body: bytes) -> tuple[int, bytes, bytes]:
        """
        Give status, header lines and body once the gates have seen them.

        When a gate fails, or status or headers cannot be sent, that is logged and a plain 500 given instead.
        """
        own = [(b"Date", self.site.date), (b"X-Request-Id", self.request_id.encode("ascii"))]
        out = [pair for pair in headers if pair[0].lower() not in OWNED]
        out += own
        if self.site.gates.after(self, status, out):
            lines = _lines(out)
            ends = len(out) - 1
            if (
                100 <= status < 600
                and lines.count(b"\n") == ends
                and lines.count(b"\r") == ends
                and b"\x00" not in lines
            ):
                self.record.status = status
                return status, lines, body
            _log.error(
                "request {request_id}: its answer cannot be sent: status {status}, headers {headers}",
                request_id=self.request_id,
                status=status,
                headers=out,
            )
        self.record.status = 500
        problem = internal_error()
        self.record.error_code = problem.code
        headers, body = self.error_content(problem)
        return 500, _lines([*headers, *own]), body

    def _head(self, status: int, lines: bytes, framing: bytes) -> bytes:
        channel = self.channel
        if not channel.persistent or self.site.draining or status in _INTERIM:
            channel.persistent = False
            framing += b"Connection: close\r\n"
        elif self.clientproto == b"HTTP/1.0":
            framing += b"Connection: keep-alive\r\n"
        return b"%b%b\r\n%b\r\n" % (_STATUS_LINES[status], lines, framing)

    def _done(self) -> None:
        self._end("answered")
        self.channel.request_done(self)

    def _end(self, outcome: str) -> None:
        self.finished = 1
        self._hooks = self._expired = None
        record = self.record
        record.outcome = outcome
        record.wall_ms = (self.site.seconds() - self.started) * 1000
        record.client_ip = self.client_ip
        self.site.gates.finished(self)
        for deferred in self.__dict__.pop("notifications", ()):
            deferred.callback(None)


def declared_length(headers: Pairs) -> int | None:
    """Give the Content-Length among raw headers, None when there is none or it is not a number."""
    for name, value in headers:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return None


def _bodiless_framing(status: int, length: int) -> bytes:
    if status == 204 or status in _INTERIM or (status == 304 and not length):
        return b""
    if status == 205:
        return b"Content-Length: 0\r\n"
    return b"Content-Length: %d\r\n" % length


def _lines(pairs: Pairs) -> bytes:
    return b"\r\n".join(map(b": ".join, pairs))
