"""What `twisted.web.resource.Resource` objects (Klein's among them) expect of a request."""

# typing note: Twisted assigns in its constructor what is made on demand here, under the same names.
# mypy: disable-error-code="override"

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web import http, pages, resource, server
from twisted.web.error import UnsupportedMethod
from twisted.web.http_headers import Headers

from aiwebengine.web.lazy import lazy
from aiwebengine.web.refusals import problem_for_status

if TYPE_CHECKING:
    from aiwebengine.web.stream import BodyStream

__all__ = ["ResourceRequest"]

_ERROR_RESOURCES = (resource._UnsafeErrorPageBase, pages._ErrorPage)


class _CookieSink:
    """Stands in for a request while Twisted's ``addCookie`` makes a Set-Cookie value."""

    def __init__(self) -> None:
        self.cookies: list[bytes] = []


class ResourceRequest(server.Request):
    """
    The Twisted face of `EngineRequest`: everything is made when first used, so scripts' requests pay nothing.

    What a resource writes becomes one answer of known length if it finishes in the same turn of the reactor,
    else a stream; either way gates, request id and error bodies are those of every other answer.
    """

    defaultContentType = b"text/html; charset=utf-8"  # noqa: N815
    _pending: list[bytes] | None = None
    _stream: BodyStream | None = None
    answered: bool
    disconnected: bool
    headers: dict[str, str]
    raw_query: str
    raw_path: str
    body: bytes
    site: Any
    channel: Any

    # What was asked

    @lazy
    def requestHeaders(self) -> Headers:  # noqa: N802
        """The headers as Twisted has them."""
        return Headers(
            {name.encode("ascii"): [value.encode("latin-1")] for name, value in self.headers.items()}
        )

    @lazy
    def responseHeaders(self) -> Headers:  # noqa: N802
        """Headers that a resource set."""
        return Headers()

    @lazy
    def received_cookies(self) -> dict[bytes, bytes]:
        """The cookies sent, as bytes."""
        return {name.encode("latin-1"): value.encode("latin-1") for name, value in self._cookies().items()}

    @lazy
    def args(self) -> dict[bytes, list[bytes]]:
        """Query and form fields, all values of each."""
        args: dict[bytes, list[bytes]] = {}
        for name, value in (*self._query(), *self._form()):
            args.setdefault(name.encode("utf-8"), []).append(value.encode("utf-8"))
        return args

    @lazy
    def content(self) -> BytesIO:
        """The body as a file."""
        return BytesIO(self.body)

    @lazy
    def path(self) -> bytes:
        """The undecoded path."""
        return self.raw_path.encode("ascii", "replace")

    @lazy
    def notifications(self) -> list[Deferred[None]]:
        """Those who wait for the end of the answer, see ``notifyFinish``."""
        return []

    @lazy
    def response_cookies(self) -> list[bytes]:
        """Set-Cookie values of ``addCookie``."""
        return []

    @property
    def transport(self) -> Any:
        """The connection."""
        return self.channel.transport

    @property
    def client(self) -> IAddress:
        """The peer's address (not X-Forwarded-For's)."""
        address: IAddress = self.channel.transport.getPeer()
        return address

    def getHost(self) -> IAddress:  # noqa: N802
        """Give the local address."""
        address: IAddress = self.channel.transport.getHost()
        return address

    def isSecure(self) -> bool:  # noqa: N802
        """Tell whether the client used https."""
        return self._is_secure()

    # How it is answered

    def addCookie(self, *args: Any, **options: Any) -> None:  # noqa: N802
        """Set a cookie (``twisted.web.iweb.IRequest``)."""
        sink: Any = _CookieSink()
        http.Request.addCookie(sink, *args, **options)
        self.response_cookies += sink.cookies

    def render(self, resrc: Any) -> None:
        """Have a resource answer; error pages of Twisted become answers of the error table."""
        if isinstance(resrc, _ERROR_RESOURCES):
            code: int = getattr(resrc, "code", 0) or getattr(resrc, "_code", 500)
            self.refuse(problem_for_status(code))
            return
        try:
            body = resrc.render(self)
        except UnsupportedMethod as error:
            allowed = b", ".join(sorted({*error.allowedMethods, b"OPTIONS"}))
            if self.method == b"OPTIONS":
                self.answer(204, [(b"Allow", allowed)], b"")
            else:
                self.refuse(problem_for_status(405, (("Allow", allowed.decode("ascii")),)))
            return
        if isinstance(body, bytes):
            if not self.answered:
                self.startedWriting = 1
                self._pending = [*(self._pending or ()), body]
            self.finish()
        elif body != server.NOT_DONE_YET:
            self.refuse(TypeError(f"{resrc!r} rendered {type(body).__name__} instead of bytes"))

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        if self._stream is not None:
            self._stream.write(data)
        elif not self.answered and not self.disconnected:
            if self._pending is None:
                self._pending = []
                self.startedWriting = 1
                self.site.reactor.callLater(0, self._start)
            self._pending.append(data)

    def finish(self) -> None:
        """End the answer; a second call, or one after the client left, does nothing."""
        if self._stream is not None:
            self._stream.finish()
        elif not self.answered and not self.disconnected:
            body = b"".join(self._pending or ())
            self._pending = None
            self.answer(self.code, self._resource_headers(bool(body)), body)

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        """Have a producer write the body."""
        self._start()
        if self._stream is None or self._stream.closed:
            producer.stopProducing()
            return
        self.channel.replace_producer(producer, streaming)

    def unregisterProducer(self) -> None:  # noqa: N802
        """Go on without the producer."""
        if self._stream is not None and not self._stream.closed:
            self.channel.replace_producer(self._stream, True)

    def processingFailed(self, reason: Failure) -> Failure:  # noqa: N802
        """Answer by the error table."""
        self.refuse(reason.value or RuntimeError("failed"))
        return reason

    def _start(self) -> None:
        """Turn what was written so far into a stream, unless all of it has been answered since."""
        if self.answered or self.disconnected:
            return
        pending, self._pending = self._pending or (), None
        stream = self.stream(self.code, self._resource_headers(True))
        stream.write(b"".join(pending))

    def _resource_headers(self, has_body: bool) -> list[tuple[bytes, bytes]]:
        pairs = [
            (name, value) for name, values in self.responseHeaders.getAllRawHeaders() for value in values
        ]
        if self.lastModified is not None:
            pairs.append((b"Last-Modified", http.datetimeToString(self.lastModified)))
        if self.etag is not None:
            pairs.append((b"ETag", self.etag))
        if has_body and not self.responseHeaders.hasHeader(b"content-type"):
            pairs.append((b"Content-Type", self.defaultContentType))
        return pairs + [(b"Set-Cookie", cookie) for cookie in self.response_cookies]

    # What the subclass knows

    def answer(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer."""
        raise NotImplementedError

    def refuse(self, problem: BaseException) -> None:
        """Answer by the error table."""
        raise NotImplementedError

    def stream(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> BodyStream:
        """Start a streamed answer."""
        raise NotImplementedError

    def _cookies(self) -> dict[str, str]:
        raise NotImplementedError

    def _query(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def _form(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def _is_secure(self) -> bool:
        raise NotImplementedError
