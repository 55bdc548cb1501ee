"""Media types: of a name, of what a client says, and which are allowed."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

__all__ = ["DEFAULT_TYPE", "check_media_type", "guess_type", "is_allowed", "said_type", "with_charset"]

DEFAULT_TYPE = "application/octet-stream"
# What clients send when they do not know: curl for --data, forms, and browsers.
_USELESS = frozenset(("", DEFAULT_TYPE, "application/x-www-form-urlencoded", "binary/octet-stream"))
_WORD = r"[A-Za-z0-9!#$&^_.+%*'`|~-]+"
_MEDIA_TYPE = re.compile(rf'{_WORD}/{_WORD}(?:[ \t]*;[ \t]*{_WORD}=(?:{_WORD}|"[^"\\\x00-\x1f\x7f]*"))*')
_MOST_CHARACTERS = 255
# Not the system's tables: the same name must have the same type everywhere.
_KNOWN = mimetypes.MimeTypes(filenames=())
_OURS = {
    ".avif": "image/avif",
    ".cjs": "text/javascript",
    ".ico": "image/x-icon",
    ".jxl": "image/jxl",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".rss": "application/rss+xml",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
for _suffix, _type in _OURS.items():
    _KNOWN.add_type(_type, _suffix)


def guess_type(name: str) -> str:
    """Give the type of a file by its name, texts with ``charset=utf-8``."""
    found, encoding = _KNOWN.guess_type(name.rpartition("/")[2], strict=False)
    if encoding is not None:
        # A .tar.gz is sent as what it is, and not as a tar that the client would unpack.
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}.get(encoding, DEFAULT_TYPE)
    return with_charset(found or DEFAULT_TYPE)


def with_charset(content_type: str) -> str:
    """Give the type, ``charset=utf-8`` added to a text that says none."""
    if content_type.startswith("text/") and "charset" not in content_type.lower():
        return f"{content_type}; charset=utf-8"
    return content_type


def check_media_type(content_type: str) -> str:
    """Give a type as it is kept. Raises ValueError for what is no media type."""
    text = content_type.strip()
    if len(text) > _MOST_CHARACTERS or not _MEDIA_TYPE.fullmatch(text):
        raise ValueError(f"{content_type[:60]!r} is no media type such as image/png")
    name, semicolon, rest = text.partition(";")
    return name.strip().lower() + semicolon + rest


def said_type(content_type: str | None, name: str) -> str:
    """Give the type a client says, by the name where it says none that means anything. Raises ValueError."""
    said = (content_type or "").strip()
    if said.partition(";")[0].strip().lower() in _USELESS:
        return guess_type(name)
    return check_media_type(said)


def is_allowed(content_type: str, patterns: Sequence[str]) -> bool:
    """Tell whether a type fits one of the patterns; without patterns every type does."""
    plain = content_type.partition(";")[0].strip().lower()
    return not patterns or any(fnmatchcase(plain, pattern) for pattern in patterns)
