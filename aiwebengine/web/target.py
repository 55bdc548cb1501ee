"""Request targets: the path made plain and checked, the query's pairs (RFC 9112 section 3.2, RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus, unquote_to_bytes

from aiwebengine.web.refusals import bad_request

__all__ = ["decode_pairs", "decode_path", "has_bad_escape", "split_target"]

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9_~!$&'()*+,;=:@.-]*)+/?|/")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_ABSOLUTE = re.compile(r"https?://([^/?]*)(/[^?]*)?(?:\?(.*))?", re.IGNORECASE | re.DOTALL)


def split_target(target: str) -> tuple[str, str, str | None]:
    """
    Split a target into raw path, raw query and, for the absolute form, the authority (else None).

    ``*`` (of ``OPTIONS *``) is given as the path ``*``. Raises `HTTPProblem` 400.
    """
    if target[:1] == "/":
        path, _, query = target.partition("?")
        authority = None
    elif target == "*":
        return "*", "", None
    else:
        match = _ABSOLUTE.fullmatch(target)
        if match is None:
            raise bad_request("The request target is malformed.")
        authority, path, query = match[1], match[2] or "/", match[3] or ""
    if "#" in target or not target.isascii():
        raise bad_request("The request target has a character which must be percent-encoded.")
    if "%" in query and _BAD_ESCAPE.search(query):
        raise bad_request("The query has a malformed percent-escape.")
    return path, query, authority


def decode_path(raw: str) -> str:
    """
    Decode and normalise a raw path: one ``/`` where several follow each other, no ``.`` segments.

    Raises `HTTPProblem` 400 for a malformed percent-escape, bytes that are not UTF-8, NUL and other control
    characters, a backslash, and ``..`` segments, however they are encoded.
    """
    if _PLAIN.fullmatch(raw):
        return raw
    text = raw
    if "%" in raw:
        if _BAD_ESCAPE.search(raw):
            raise bad_request("The path has a malformed percent-escape.")
        try:
            text = unquote_to_bytes(raw).decode("utf-8")
        except UnicodeDecodeError:
            raise bad_request("The path is not UTF-8.") from None
    if _CONTROLS.search(text):
        raise bad_request("The path has a control character.")
    if "\\" in text:
        raise bad_request("The path has a backslash.")
    segments = text.split("/")
    if ".." in segments:
        raise bad_request("The path has a '..' segment.")
    kept = [segment for segment in segments if segment and segment != "."]
    directory = "/" if kept and segments[-1] in ("", ".") else ""
    return "/" + "/".join(kept) + directory


def decode_pairs(encoded: str) -> list[tuple[str, str]]:
    """
    Give the name and value pairs of a query or urlencoded form, in order, as the URL standard decodes them.

    Bytes that are not UTF-8 become U+FFFD; a name without ``=`` has the value ``""``.
    """
    pairs = []
    for piece in encoded.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def has_bad_escape(encoded: str) -> bool:
    """Tell whether a ``%`` is not followed by two hexadecimal digits."""
    return "%" in encoded and _BAD_ESCAPE.search(encoded) is not None


def _decode(text: str) -> str:
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text
