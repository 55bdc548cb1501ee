"""Sending files: at the client's pace, to GET and HEAD only, or elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from twisted.internet.error import ConnectionAborted

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange
from aiwebengine.repository.errors import AssetNotFound, RepositoryUnusable
from aiwebengine.subsystems.assets.answers import Plan

__all__ = ["reads", "redirect", "stream_plan"]

_ALLOW = "GET, HEAD, OPTIONS"
# What the access log and metrics call it; a name for each file would be too many.
_ROUTE = "assets"


def reads(exchange: IExchange) -> bool:
    """Tell whether it is for a file's content; answer OPTIONS. Raises `HTTPProblem` 405."""
    exchange.record.route = _ROUTE
    if exchange.method in (b"GET", b"HEAD"):
        return True
    if exchange.method == b"OPTIONS":
        exchange.answer(204, [(b"Allow", _ALLOW.encode("ascii"))], b"")
        return False
    method = exchange.method.decode("latin-1")
    raise HTTPProblem(
        405,
        "METHOD_NOT_ALLOWED",
        f"{exchange.path_text} does not take {method}.",
        {"allow": _ALLOW},
        (("Allow", _ALLOW),),
    )


def redirect(exchange: IExchange) -> bool:
    """Send a client to the directory, so that relative links on its page are right."""
    if reads(exchange):
        _, mark, query = exchange.uri.decode("latin-1").partition("?")
        location = quote(exchange.path_text, safe="/!$&'()*+,;=:@~") + "/" + mark + query
        exchange.answer(301, [(b"Location", location.encode("ascii")), (b"Cache-Control", b"no-cache")], b"")
    return True


async def stream_plan(
    exchange: Any, plan: Plan, read: Callable[[int, int], Awaitable[bytes]], most_bytes: int
) -> None:
    """Send what is planned at the client's pace: one piece of up to ``most_bytes`` is in memory at a time."""
    if plan.status == 304:
        exchange.answer(304, plan.headers, b"")
        return
    stream = exchange.stream(plan.status, [*plan.headers, (b"Content-Length", b"%d" % plan.length)])
    try:
        for part in plan.parts:
            if isinstance(part, bytes):
                stream.write(part)
                continue
            at, end = part
            while at < end:
                await stream.when_ready()
                piece = await read(at, min(most_bytes, end - at))
                if not piece:
                    stream.abort("the file was changed while it was sent")
                    return
                stream.write(piece)
                at += len(piece)
        stream.finish()
    except ConnectionAborted:
        return  # the client has left
    except (OSError, AssetNotFound, RepositoryUnusable) as error:
        stream.abort(f"the file cannot be read: {error}")
