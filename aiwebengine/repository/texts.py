"""Texts and JSON data in the form that every back end can keep."""

from __future__ import annotations

import json
import math
import re
from typing import Any

__all__ = ["check_name", "cleaned", "encoded", "prefix_end", "same", "sum_of"]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Replace NUL and lone surrogates, which databases do not take, by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def check_name(what: str, name: str, most_bytes: int, *, empty: bool = False) -> str:
    """Give ``name`` back if it can be a key. Raises ValueError saying what is wrong with ``what``."""
    if not name and not empty:
        raise ValueError(f"{what} must not be empty")
    if _UNSTORABLE.search(name):
        raise ValueError(f"{what} must not contain NUL or lone surrogates")
    size = len(name.encode("utf-8"))
    if size > most_bytes:
        raise ValueError(f"{what} has {size} bytes, at most {most_bytes} are allowed")
    return name


def encoded(value: Any) -> str:
    """Give JSON text, ASCII only. Raises ValueError or TypeError for what is no JSON data, such as NaN."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def sum_of(one: int | float, other: int | float) -> int | float:
    """Add two numbers. Raises ValueError when the sum is beyond what a JavaScript number can be."""
    try:
        total = one + other
        if math.isfinite(total):
            return total
    except OverflowError:
        pass
    raise ValueError("the sum is larger than a number can be")


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON data are equal, keys in any order; ``1`` equals ``1.0``, not ``true``."""
    return bool(_canonical(one) == _canonical(other))


def prefix_end(prefix: str) -> str | None:
    """Give the least text above all that start with ``prefix``, by code points; None if there is none."""
    for length in range(len(prefix), 0, -1):
        point = ord(prefix[length - 1]) + 1
        if point == 0xD800:
            point = 0xE000
        if point <= 0x10FFFF:
            return prefix[: length - 1] + chr(point)
    return None


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _canonical(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(one) for one in value]
    # True == 1 for Python, not for JSON.
    return (type(value) is bool, value)
