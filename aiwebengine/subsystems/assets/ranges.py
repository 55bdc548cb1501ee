"""Byte ranges (RFC 9110 section 14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import attrs

__all__ = ["MOST_RANGES", "RangeUnsatisfiable", "parse_ranges"]

MOST_RANGES = 16
_SPEC = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


@attrs.define(auto_exc=True, str=False)
class RangeUnsatisfiable(Exception):
    """None of the ranges asked for lies within ``size`` bytes."""

    size: int

    def __str__(self) -> str:
        return f"no range lies within {self.size} bytes"


def parse_ranges(header: str, size: int) -> Sequence[tuple[int, int]] | None:
    """
    Give the ranges that a Range header asks for of ``size`` bytes, each from ``start`` to before ``end``.

    None where the header is to be ignored: another unit, malformed, more than `MOST_RANGES` of them, or
    ranges that overlap, which only make work. Raises `RangeUnsatisfiable`.
    """
    unit, equals, rest = header.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    found: list[tuple[int, int]] = []
    specs = [one.strip(" \t") for one in rest.split(",")]
    specs = [one for one in specs if one]
    if not specs or len(specs) > MOST_RANGES:
        return None
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None or spec == "-":
            return None
        first, last = match.groups()
        if not first:
            start, end = max(0, size - int(last)), size
        else:
            start, end = int(first), size if not last else min(int(last) + 1, size)
            if last and int(last) < int(first):
                return None
        if start < end:
            found.append((start, end))
    if not found:
        raise RangeUnsatisfiable(size)
    ordered = sorted(found)
    if any(one[1] > other[0] for one, other in pairwise(ordered)):
        return None
    return found
