"""Reading Accept headers (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["prefers_html", "quality"]


def quality(accept: str, media_type: str) -> float:
    """Give the weight, 0 to 1, that an Accept header gives to a media type (most specific range)."""
    main = media_type.partition("/")[0]
    ranges: Sequence[str] = ("*/*", f"{main}/*", media_type)
    best, weight = -1, 0.0
    for entry in accept.split(","):
        name, *parameters = entry.split(";")
        name = name.strip().lower()
        if name in ranges and ranges.index(name) > best:
            best, weight = ranges.index(name), _weight(parameters)
    return weight


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value.strip())))
            except ValueError:
                return 0.0
    return 1.0


def prefers_html(accept: str | None) -> bool:
    """Tell whether HTML is wanted more than JSON; with no wish either way, JSON it is."""
    if not accept or "text/" not in accept.lower():
        return False
    return quality(accept, "text/html") > quality(accept, "application/json")
