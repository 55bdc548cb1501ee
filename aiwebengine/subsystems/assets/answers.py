"""What a GET or HEAD of a file is answered: whole, in part, or not at all, as its conditions say."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate, parsedate_to_datetime

import attrs

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange
from aiwebengine.subsystems.assets.ranges import RangeUnsatisfiable, parse_ranges

__all__ = ["Plan", "Representation", "answer_bytes", "entity_tags", "plan_answer"]

Headers = Sequence[tuple[bytes, bytes]]


@attrs.frozen
class Representation:
    """
    A file as it is sent: ``etag`` with its quotes, ``modified`` seconds since the epoch (None: not said).

    ``headers`` are further ones, sent with 304 too.
    """

    size: int
    content_type: str
    etag: str
    modified: int | None = None
    headers: Headers = ()


@attrs.frozen
class Plan:
    """
    An answer: ``parts`` are bytes to send as they are, or ``(start, end)`` of the file.

    ``length`` is the body's, also where none is sent (HEAD).
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    parts: Sequence[bytes | tuple[int, int]] = ()
    length: int = 0


def plan_answer(
    exchange: IExchange,
    one: Representation,
    boundary: Callable[[], str] = lambda: secrets.token_hex(16),
) -> Plan:
    """
    Give what is to be sent for a GET or HEAD.

    Raises `HTTPProblem` 412 (If-Match, If-Unmodified-Since) and 416. ``boundary`` gives a text that no
    content has, for several ranges.
    """
    headers = [(b"ETag", one.etag.encode("latin-1")), *one.headers]
    if one.modified is not None:
        headers.append((b"Last-Modified", formatdate(one.modified, usegmt=True).encode("ascii")))
    if _unchanged(exchange, one):
        return Plan(304, headers)
    headers.append((b"Accept-Ranges", b"bytes"))
    content_type = (b"Content-Type", one.content_type.encode("latin-1", "replace"))
    ranges = _ranges(exchange, one)
    if ranges is None:
        return Plan(200, [content_type, *headers], [(0, one.size)] if one.size else [], one.size)
    if len(ranges) == 1:
        start, end = ranges[0]
        headers.append((b"Content-Range", _content_range(start, end, one.size)))
        return Plan(206, [content_type, *headers], ranges, end - start)
    mark = boundary().encode("ascii")
    parts = list(_multipart(ranges, one.size, content_type[1], mark))
    length = sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)
    multipart = (b"Content-Type", b"multipart/byteranges; boundary=" + mark)
    return Plan(206, [multipart, *headers], parts, length)


def answer_bytes(exchange: IExchange, one: Representation, content: bytes) -> None:
    """Answer a GET or HEAD with a content that is in memory. Raises as `plan_answer` does."""
    plan = plan_answer(exchange, one)
    if exchange.method == b"HEAD":
        length = (b"Content-Length", b"%d" % plan.length)
        exchange.answer(plan.status, [*plan.headers, length] if plan.status != 304 else plan.headers, b"")
        return
    if plan.status == 200:
        exchange.answer(200, plan.headers, content)
        return
    body = b"".join(part if isinstance(part, bytes) else content[part[0] : part[1]] for part in plan.parts)
    exchange.answer(plan.status, plan.headers, body)


def entity_tags(header: str) -> list[str]:
    """Give the tags of an If-Match or If-None-Match value, weak ones without their mark."""
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _unchanged(exchange: IExchange, one: Representation) -> bool:
    if_match, if_none_match = exchange.header("if-match"), exchange.header("if-none-match")
    if if_match is not None:
        # Here tags are compared strongly (RFC 9110 section 13.1.1).
        if not {one.etag, "*"} & {tag.strip() for tag in if_match.split(",")}:
            raise HTTPProblem(412, "PRECONDITION_FAILED", f"If-Match is {if_match}, the ETag is {one.etag}.")
    elif _since(exchange, "if-unmodified-since", one, False):
        raise HTTPProblem(412, "PRECONDITION_FAILED", "The file was changed since If-Unmodified-Since.")
    if if_none_match is not None:
        return bool({one.etag, "*"} & set(entity_tags(if_none_match)))
    return _since(exchange, "if-modified-since", one, True)


def _since(exchange: IExchange, name: str, one: Representation, unchanged: bool) -> bool:
    """Tell whether the file is unchanged (or changed) since the date in a header; no date is no answer."""
    value = exchange.header(name)
    moment = _date(value) if value is not None and one.modified is not None else None
    if moment is None or one.modified is None:
        return False
    return (one.modified <= moment) is unchanged


def _ranges(exchange: IExchange, one: Representation) -> Sequence[tuple[int, int]] | None:
    asked, condition = exchange.header("range"), exchange.header("if-range")
    if asked is None or exchange.method != b"GET":
        return None
    if condition is not None and condition.strip() != one.etag:
        # A date must be the exact one, and a weak tag never holds.
        moment = _date(condition)
        if moment is None or moment != one.modified:
            return None
    try:
        return parse_ranges(asked, one.size)
    except RangeUnsatisfiable as error:
        raise HTTPProblem(
            416,
            "RANGE_NOT_SATISFIABLE",
            f"The file has {error.size} bytes; nothing of it lies in {asked[:100]!r}.",
            headers=(("Content-Range", f"bytes */{error.size}"),),
        ) from None


def _multipart(
    ranges: Sequence[tuple[int, int]], size: int, content_type: bytes, mark: bytes
) -> Iterator[bytes | tuple[int, int]]:
    for start, end in ranges:
        yield b"\r\n--%b\r\nContent-Type: %b\r\nContent-Range: %b\r\n\r\n" % (
            mark,
            content_type,
            _content_range(start, end, size),
        )
        yield start, end
    yield b"\r\n--%b--\r\n" % mark


def _content_range(start: int, end: int, size: int) -> bytes:
    return b"bytes %d-%d/%d" % (start, end - 1, size)


def _date(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None
