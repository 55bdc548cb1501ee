"""Reading the Cookie header the way browsers' servers do (RFC 6265 section 5.4, leniently)."""

from __future__ import annotations

__all__ = ["parse_cookies"]

_MAX_COOKIES = 300


def parse_cookies(header: str | None) -> dict[str, str]:
    """
    Give cookies by name; of a repeated name the first counts (browsers send the most specific path first).

    Quotes around a value are dropped, percent-escapes are left as they are; pieces without a name are
    skipped and what follows the 300th piece is ignored.
    """
    cookies: dict[str, str] = {}
    if not header:
        return cookies
    for piece in header.split(";", _MAX_COOKIES)[:_MAX_COOKIES]:
        name, equals, value = piece.partition("=")
        name = name.strip(" \t")
        if not equals or not name or name in cookies:
            continue
        value = value.strip(" \t")
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        cookies[name] = value
    return cookies
