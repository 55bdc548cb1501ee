"""Prelude pieces: the JavaScript files that give scripts their names."""

from __future__ import annotations

import re
from typing import Self

import attrs

__all__ = ["Piece"]

_HEADER = re.compile(r"^// (piece|names|needs|triggers): *(.*)$", re.MULTILINE)


@attrs.frozen
class Piece:
    """One prelude file; see docs/architecture.md, "Prelude pieces"."""

    name: str
    names: tuple[str, ...]
    needs: tuple[str, ...]
    triggers: tuple[str, ...]
    source: str = attrs.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the header comments of a piece. Raises ValueError without a ``// piece:`` line."""
        found: dict[str, tuple[str, ...]] = {}
        for key, value in _HEADER.findall(text):
            found[key] = found.get(key, ()) + tuple(value.split())
        if len(found.get("piece", ())) != 1:
            raise ValueError("a prelude piece starts with '// piece: NAME'")
        return cls(
            found["piece"][0], found.get("names", ()), found.get("needs", ()), found.get("triggers", ()), text
        )
