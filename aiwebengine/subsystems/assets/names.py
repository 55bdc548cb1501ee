"""Names of assets, and the paths at which they are served."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["MOST_NAME_BYTES", "check_asset_name", "is_hidden", "served_at", "serving_prefix"]

MOST_NAME_BYTES = 512
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")


def check_asset_name(name: str) -> str:
    """
    Give ``name`` back if it can be an asset's: a relative path of 1 to 512 bytes, such as ``css/site.css``.

    Raises ValueError saying what is wrong: empty, ``.`` or ``..`` segments, control characters, backslashes.
    """
    if not name:
        raise ValueError("an asset's name must not be empty")
    if _FORBIDDEN.search(name):
        raise ValueError("an asset's name must not have control characters, backslashes or lone surrogates")
    size = len(name.encode("utf-8"))
    if size > MOST_NAME_BYTES:
        raise ValueError(f"an asset's name has {size} bytes, at most {MOST_NAME_BYTES} are allowed")
    for segment in name.split("/"):
        if segment in ("", ".", ".."):
            what = f"segment {segment!r}" if segment else "empty segment"
            raise ValueError(f"an asset's name must not have the {what}; it is like css/site.css")
    return name


def is_hidden(name: str) -> bool:
    """Tell whether a segment begins with a dot; such files are never served."""
    return name.startswith(".") or "/." in name


def serving_prefix(path: str) -> str:
    """Give a configured serving path with the slash it ends with."""
    return path if path.endswith("/") else path + "/"


def served_at(path: str, name: str) -> str | None:
    """Give the URL path at which a public asset is served below ``path``, None for a hidden one."""
    if is_hidden(name):
        return None
    return quote(serving_prefix(path) + name, safe="/!$&'()*+,;=:@~")
