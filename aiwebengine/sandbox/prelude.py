"""Pieces: the JavaScript files that give scripts their names."""

from __future__ import annotations

import re

import attrs

__all__ = ["Piece"]

_HEADER = re.compile(r"^// (piece|names|needs|triggers):(.*)$")


@attrs.frozen
class Piece:
    """One prelude piece: a function expression and what its header comments say."""

    name: str
    names: tuple[str, ...]
    needs: tuple[str, ...]
    triggers: tuple[str, ...]
    source: str = attrs.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Piece:
        """Read a piece from its file's text. Raises ValueError when it has no ``// piece:`` header."""
        found: dict[str, tuple[str, ...]] = {}
        for line in text.splitlines():
            match = _HEADER.match(line)
            if match is None:
                break
            found[match[1]] = tuple(match[2].split())
        if len(found.get("piece", ())) != 1:
            raise ValueError("a piece starts with '// piece: NAME'")
        return cls(
            name=found["piece"][0],
            names=found.get("names", ()),
            needs=found.get("needs", ()),
            triggers=found.get("triggers", ()),
            source=text,
        )
