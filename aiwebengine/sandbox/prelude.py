"""The JavaScript pieces that make up a realm, and which of them a script needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources

import attrs

from aiwebengine.errors import PluginUnusable

__all__ = ["Piece", "Prelude", "core_sources", "pieces_of"]

_HEADER = re.compile(r"^// (piece|names|needs|triggers):(.*)$")


@attrs.frozen
class Piece:
    """
    One prelude file: a function expression that takes ``host`` and returns an object of names.

    ``names`` become globals of scripts; ``needs`` are pieces evaluated before; ``triggers`` are further
    identifiers which, seen in a script, make the piece load (docs/architecture.md, "Prelude pieces").
    """

    name: str
    names: tuple[str, ...]
    needs: tuple[str, ...]
    triggers: tuple[str, ...]
    source: str = attrs.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Piece:
        """Read a piece's file. Raises ValueError when its header or expression is missing."""
        found: dict[str, str] = {}
        lines = text.splitlines()
        count = 0
        for line in lines:
            match = _HEADER.match(line)
            if match is not None:
                found[match[1]] = f"{found.get(match[1], '')} {match[2]}"
            elif not line.startswith("//") and line.strip():
                break
            count += 1
        name = found.get("piece", "").strip()
        if not name:
            raise ValueError("a prelude piece must start with the line '// piece: NAME'")
        source = "\n".join(lines[count:]).strip().rstrip(";")
        if not source.startswith("(function"):
            raise ValueError(f"prelude piece {name!r} must be one '(function (host) {{…}})' expression")
        return cls(
            name,
            tuple(found.get("names", "").split()),
            tuple(found.get("needs", "").split()),
            tuple(found.get("triggers", "").split()),
            source,
        )


def pieces_of(package: str) -> tuple[Piece, ...]:
    """Give the pieces in a package's ``js`` folder (or, without one, beside its modules), by file name."""
    root = resources.files(package)
    folder = root / "js" if (root / "js").is_dir() else root
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".js")), key=lambda e: e.name)
    return tuple(Piece.parse(entry.read_text("utf-8")) for entry in files)


def core_sources() -> tuple[str, str]:
    """Give the text of the realm's core and of its lockdown."""
    folder = resources.files("aiwebengine.sandbox") / "js"
    return tuple((folder / name).read_text("utf-8").strip() for name in ("core.js", "lockdown.js"))  # type: ignore[return-value]


class Prelude:
    """All pieces of an engine; picks those a script needs, in the order of their needs."""

    def __init__(self, pieces: Iterable[Piece], always: Sequence[str] = ()) -> None:
        self.pieces: Mapping[str, Piece] = {}
        found: dict[str, Piece] = {}
        self._by_identifier: dict[str, list[str]] = {}
        for piece in pieces:
            if piece.name in found:
                raise PluginUnusable(piece.name, "prelude", "two prelude pieces have this name")
            found[piece.name] = piece
            for identifier in (*piece.names, *piece.triggers):
                self._by_identifier.setdefault(identifier, []).append(piece.name)
        self.pieces = found
        self.always = tuple(always)
        for piece in found.values():
            for need in piece.needs:
                if need not in found:
                    raise PluginUnusable(
                        piece.name, "prelude", f"needs the prelude piece {need!r}, which no plugin gives"
                    )

    def pick(self, identifiers: frozenset[str]) -> tuple[str, ...]:
        """
        Give the names of the pieces for a script in which these identifiers occur.

        A script that mentions ``globalThis`` or ``self`` may reach any name, so it gets all of them.
        """
        order: dict[str, None] = {}

        def add(name: str) -> None:
            if name not in order:
                for need in self.pieces[name].needs:
                    add(need)
                order[name] = None

        for name in self.always:
            add(name)
        if "globalThis" in identifiers or "self" in identifiers:
            for name in self.pieces:
                add(name)
        else:
            for identifier in sorted(identifiers & self._by_identifier.keys()):
                for name in self._by_identifier[identifier]:
                    add(name)
        return tuple(order)
