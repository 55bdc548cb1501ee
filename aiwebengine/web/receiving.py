"""From a head's bytes to a request: what it asks for, and how its body will come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiwebengine.web.head import parse_fields, parse_request_line, split_head, valid_authority
from aiwebengine.web.refusals import (
    bad_request,
    expectation_failed,
    headers_too_large,
    not_implemented,
    uri_too_long,
)
from aiwebengine.web.target import decode_path, split_target

if TYPE_CHECKING:
    from aiwebengine.web.request import EngineRequest
    from aiwebengine.web.site import ServerLimits

__all__ = ["CHUNKED", "METHODS", "describe_fragment", "read_head"]

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""The methods that can have routes; any other is answered 501."""

CHUNKED = -1
"""In place of a length: the body says by itself where it ends."""


def read_head(request: EngineRequest, head: bytes, limits: ServerLimits) -> int | None:
    """
    Fill in what a head (without its final empty line) says.

    Gives the length of the body that follows, `CHUNKED`, or None for no body. Raises `HTTPProblem`; the
    request then has all that could be read, for the error's body and the log.
    """
    lines = split_head(head)
    method, target, version = parse_request_line(lines[0])
    modern = version == "HTTP/1.1"
    request.method = method.encode("ascii")
    request.clientproto = b"HTTP/1.1" if modern else b"HTTP/1.0"
    request.uri = target.encode("latin-1")
    request.path_text = target.partition("?")[0][:200]
    fields = request.headers = parse_fields(lines, limits.max_header_count)
    request.keep_alive = _keep_alive(fields.get("connection"), modern)
    if len(target) > limits.max_uri_bytes:
        raise uri_too_long(limits.max_uri_bytes, len(target))
    size = len(head) - len(lines[0])
    if size > limits.max_header_bytes:
        raise headers_too_large(limits.max_header_bytes, size)
    if method not in METHODS:
        raise not_implemented(method)
    raw_path, raw_query, authority = split_target(target)
    host = fields.get("host")
    if host is None:
        if modern:
            raise bad_request("The Host header is missing.")
    elif not valid_authority(host):
        raise bad_request("The Host header is malformed.")
    if authority is not None and not valid_authority(authority):
        raise bad_request("The request target's host is malformed.")
    request.authority = authority
    request.raw_path, request.raw_query = raw_path, raw_query
    if raw_path != "*":
        request.path_text = decode_path(raw_path)
    elif method != "OPTIONS":
        raise bad_request("The request target * is for OPTIONS only.")
    return _framing(fields, modern)


def describe_fragment(request: EngineRequest, line: bytes) -> None:
    """Have an unfinished request's error body and record say what was asked, as far as the line tells."""
    method, _, rest = line.partition(b" ")
    if method.isalpha() and len(method) <= 20:
        request.method = method
        request.record.method = method.decode("ascii")
        path = rest.partition(b" ")[0].partition(b"?")[0][:200].decode("latin-1")
        request.path_text = request.record.path = path or "/"


def _keep_alive(connection: str | None, modern: bool) -> bool:
    if connection is None:
        return modern
    options = [option.strip() for option in connection.lower().split(",")]
    return "close" not in options and (modern or "keep-alive" in options)


def _framing(fields: dict[str, str], modern: bool) -> int | None:
    """Give the body's length; what could be read in two ways is refused, so nothing can be smuggled."""
    expect = fields.get("expect")
    if expect is not None and modern and expect.lower() != "100-continue":
        raise expectation_failed(expect)
    coding, declared = fields.get("transfer-encoding"), fields.get("content-length")
    if coding is not None:
        if declared is not None:
            raise bad_request("The request has both Content-Length and Transfer-Encoding.")
        if not modern:
            raise bad_request("Transfer-Encoding is for HTTP/1.1 only.")
        if coding.lower() != "chunked":
            raise bad_request("The only transfer encoding taken is chunked.")
        return CHUNKED
    if declared is None:
        return None
    if not (declared.isascii() and declared.isdigit()) or len(declared) > 18:
        raise bad_request("The Content-Length is malformed.")
    return int(declared) or None
