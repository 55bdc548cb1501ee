"""Parsing and checking a request's head: request line and header fields (RFC 9112 sections 2 to 5)."""

from __future__ import annotations

import re

from aiwebengine.web.refusals import bad_request, headers_too_large

__all__ = ["parse_fields", "parse_request_line", "split_head", "valid_authority"]

_FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\r\n") + b"\x7f"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_AUTHORITY = re.compile(
    # Narrower than RFC 3986's reg-name: no host that resolves has other characters, and links are made of it.
    r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?"
)
# Of these a second one is an attack or a mistake; other repeated fields are joined.
_SINGLE = frozenset(("host", "content-length", "transfer-encoding", "content-type", "authorization"))
_KNOWN_NAMES_LIMIT = 1000

# Field names repeat from request to request: checking and lower-casing each once is a measured gain.
_known_names: dict[str, str] = {}


def split_head(head: bytes) -> list[str]:
    """
    Split a head (without its final empty line) into lines.

    Raises `HTTPProblem` 400 for control characters, and for CR or LF not in a CRLF, which the next server
    or proxy might take as a line's end.
    """
    text = head.decode("latin-1")
    lines = text.split("\r\n")
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") != ends:
        raise bad_request("The request's head has a CR or LF that does not end a line.")
    if len(head.translate(None, _FORBIDDEN)) != len(head):
        raise bad_request("The request's head has a control character.")
    return lines


def parse_request_line(line: str) -> tuple[str, str, str]:
    """Give method, target and version (``HTTP/1.0`` or ``HTTP/1.1``). Raises `HTTPProblem` 400."""
    parts = line.split(" ")
    if len(parts) != 3 or not parts[1]:
        raise bad_request("The request line is malformed.")
    method, target, version = parts
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise bad_request("The request line is malformed: only HTTP/1.1 and HTTP/1.0 are spoken here.")
    if not _TOKEN.fullmatch(method):
        raise bad_request("The request's method is malformed.")
    return method, target, version


def parse_fields(lines: list[str], max_count: int) -> dict[str, str]:
    """
    Give the header fields after the request line by lower-case name; repeated ones are joined.

    Values are text of one character per byte (latin-1), as the Fetch standard has them. Raises `HTTPProblem`
    400 for what is malformed (obsolete line folding too) and 431 for too many fields.
    """
    if len(lines) - 1 > max_count:
        raise headers_too_large(max_count, len(lines) - 1, count=True)
    fields: dict[str, str] = {}
    known = _known_names
    for line in lines[1:]:
        raw, colon, value = line.partition(":")
        name = known.get(raw) or _learn_name(raw)
        if not colon:
            raise bad_request("A header line has no colon.")
        value = value.strip(" \t")
        if name in fields:
            if name in _SINGLE:
                raise bad_request(f"The header {name} occurs more than once.")
            value = fields[name] + ("; " if name == "cookie" else ", ") + value
        fields[name] = value
    return fields


def valid_authority(text: str) -> bool:
    """Tell whether a Host value (or an absolute target's authority) is a host with an optional port."""
    return _AUTHORITY.fullmatch(text) is not None


def _learn_name(raw: str) -> str:
    if not _TOKEN.fullmatch(raw):
        raise bad_request(
            "A header line is folded." if raw[:1] in (" ", "\t") else "A header name is malformed."
        )
    name = raw.lower()
    if len(_known_names) < _KNOWN_NAMES_LIMIT and len(raw) <= 64:
        _known_names[raw] = name
    return name
