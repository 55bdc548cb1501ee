"""Who answers requests, and who looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.web.resource import IResource

__all__ = ["IExchange", "IFallback", "IFeature", "IRequestGate", "IRequestObserver"]


class IFeature(Interface):
    """An engine endpoint subtree, such as ``/health`` or ``/engine``."""

    prefixes: Sequence[str] = Attribute("First path segments it answers for; reserved from scripts.")

    def resource() -> IResource:
        """
        Give the resource that answers below the prefixes (a Klein app's, say); called once.

        It sees whole paths: a Klein route is ``/health/live``, not ``/live``. The feature may also have a
        method ``body_limit(exchange) -> int | None``: most bytes of a request's body, None for the default;
        and an attribute ``while_draining = True`` to go on answering while the server shuts down.
        """


class IFallback(Interface):
    """
    Someone who answers what no route of a script and no feature does, such as files.

    It may also have ``async def claim(path: str) -> str | None``, which tells with what it would answer a GET
    of that path (decoded), such as ``asset css/site.css``: `/engine/routes?path=` shows it.
    """

    def answer(exchange: IExchange) -> Any:
        """
        Answer a request now or later and give True, or leave it to the next one by giving False.

        May give an awaitable of either, which may raise what the error table knows. Asked in build order when
        a script has no route for the path, and for GET and HEAD also when it has one for other methods only;
        at last the answer is 404 (or 405).
        """


class IRequestGate(Interface):
    """A look at every request before it is answered and at every answer before it is sent."""

    order: int = Attribute("Gates run in ascending order before and descending order after; 0-1000.")

    def before(exchange: IExchange) -> Any:
        """
        Let the request pass by returning None, or raise `HTTPProblem` to refuse it.

        May answer by itself with ``exchange.answer(...)`` and return True. May return an awaitable of
        either. Any other raised error is a 500: a gate fails closed.
        """

    def after(exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Amend ``headers`` (raw name and value pairs) in place just before they are sent."""


class IRequestObserver(Interface):
    """Someone told of every exchange's end, such as the access log or metrics."""

    def finished(exchange: IExchange) -> None:
        """
        Take note that the exchange ended: answered whole, or cut off (``exchange.record.outcome``).

        Its record is complete, but for what the client's system still buffers. Must not block.
        """


class IExchange(Interface):
    """One HTTP request and its answer, as gates and features see it."""

    method: bytes = Attribute("As sent, upper case.")
    path_text: str = Attribute(
        "Decoded, normalised path; starts with ``/``, no ``.``/``..`` segments, no NUL."
    )
    uri: bytes = Attribute("The request target as it was sent.")
    headers: Mapping[str, str] = Attribute("Request headers by lower-case name, repeated ones joined.")
    host: str = Attribute("The authority asked for, such as ``example.com:8080``; may be empty on HTTP/1.0.")
    request_id: str = Attribute("Also sent as X-Request-Id.")
    client_ip: str = Attribute("The peer, or the rightmost untrusted X-Forwarded-For entry.")
    secure: bool = Attribute("Whether the client used https (directly or by a trusted proxy's word).")
    record: Any = Attribute("The request's mutable record: route, script, timings, sizes (web.record).")

    def header(name: str) -> str | None:
        """Give a request header's value (joined by ``, `` when repeated), or None."""

    def answer(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer; gates' ``after`` and Content-Length are added. Once per exchange."""

    def refuse(problem: Exception) -> None:
        """Answer by the error table: `HTTPProblem`, or anything else as a logged 500."""
