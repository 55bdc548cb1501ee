"""Route paths: their grammar, and the checks made when a script registers one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from urllib.parse import unquote

import attrs

__all__ = ["RESERVED_PREFIXES", "Pattern", "parse_method", "parse_path", "reserved_by"]

#: First path segments that scripts can never claim.
RESERVED_PREFIXES = ("health", "metrics", "graphql", "auth", "engine", ".well-known/acme-challenge")

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[\x00-\x20\x7f?#\\]")
_MAX_PATH = 2000
_MAX_SEGMENTS = 64


@attrs.frozen
class Pattern:
    """
    A parsed route path.

    ``segments`` holds a decoded literal for a literal segment and None for a parameter; ``names`` are the
    parameters' names in order, the wildcard's last (``"*"`` when it has none).
    """

    path: str
    segments: tuple[str | None, ...]
    names: tuple[str, ...]
    wildcard: bool

    @property
    def literal(self) -> bool:
        """Whether it matches one path only."""
        return not self.names


def parse_path(path: object) -> Pattern:
    """
    Read a route path. Raises ValueError saying what is wrong with it.

    ``/x`` and ``/x/`` are the same path. A percent-escape in a literal segment stands for its character.
    """
    if not isinstance(path, str):
        raise ValueError(f"path must be a string, not {type(path).__name__}")
    if not path.startswith("/"):
        raise ValueError(f"path must start with '/': {path!r}")
    if len(path) > _MAX_PATH:
        raise ValueError(f"path must have at most {_MAX_PATH} characters, this has {len(path)}")
    unsafe = _UNSAFE.search(path)
    if unsafe:
        raise ValueError(f"path must not contain {unsafe.group()!r}: {path!r}")
    if _BAD_ESCAPE.search(path):
        raise ValueError(f"path has a '%' that is not followed by two hexadecimal digits: {path!r}")
    parts = path.split("/")[1:]
    if parts[-1] == "":
        parts.pop()
    if len(parts) > _MAX_SEGMENTS:
        raise ValueError(f"path must have at most {_MAX_SEGMENTS} segments, this has {len(parts)}")
    segments: list[str | None] = []
    names: list[str] = []
    wildcard = False
    for position, part in enumerate(parts):
        if part.startswith("*"):
            if position != len(parts) - 1 or path.endswith("/"):
                raise ValueError(f"a wildcard {part!r} must be the last segment: {path!r}")
            wildcard = True
            names.append(_name(part, path) if len(part) > 1 else "*")
        elif part.startswith(":"):
            segments.append(None)
            names.append(_name(part, path))
        else:
            segments.append(_literal(part, path))
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"parameter {name!r} occurs twice: {path!r}")
    return Pattern(path, tuple(segments), tuple(names), wildcard)


def parse_method(method: object) -> str:
    """Give the method in upper case. Raises ValueError unless it is an HTTP token."""
    if not isinstance(method, str) or not _TOKEN.match(method) or len(method) > 40:
        raise ValueError(f"method must be an HTTP method such as 'GET', not {method!r}")
    return method.upper()


def reserved_by(segments: Sequence[str | None], prefixes: Collection[tuple[str, ...]]) -> str | None:
    """Give the reserved prefix that a path of these segments lies under, or None."""
    for prefix in prefixes:
        if tuple(segments[: len(prefix)]) == prefix:
            return "/".join(prefix)
    return None


def _name(part: str, path: str) -> str:
    name = part[1:]
    if not _NAME.match(name):
        raise ValueError(f"{part!r} needs a name of letters, digits, '_' and '$' after {part[0]!r}: {path!r}")
    return name


def _literal(part: str, path: str) -> str:
    if part == "":
        raise ValueError(f"path must not have an empty segment ('//'): {path!r}")
    if part in (".", ".."):
        raise ValueError(f"path must not have a segment {part!r}: {path!r}")
    if "*" in part:
        raise ValueError(f"'*' stands for the rest of the path and must be a segment of its own: {path!r}")
    try:
        text = unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"the percent-escapes of {part!r} are not UTF-8: {path!r}") from None
    if "\0" in text or text in (".", ".."):
        raise ValueError(f"path must not have a segment {part!r}: {path!r}")
    return text
