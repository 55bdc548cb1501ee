"""The provider of the encoding names: prelude pieces and typings, no host operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IScriptGlobals
from aiwebengine.sandbox.prelude import Piece

__all__ = ["EncodingGlobals"]

_PIECES = ("text-bytes", "text-codec", "forgiving-base64", "escape", "html", "base64", "digest", "hash", "dates")


@implementer(IScriptGlobals)
@attrs.frozen
class EncodingGlobals:
    """Escaping, templates, text encodings, base64, hashes and dates for scripts."""

    def pieces(self) -> Sequence[Piece]:
        """Give the pieces of ``js/``, each after those it needs."""
        folder = files(__package__).joinpath("js")
        return tuple(Piece.parse(folder.joinpath(f"{name}.js").read_text("utf-8")) for name in _PIECES)

    def typings(self) -> str:
        """Give the TypeScript declarations of the names."""
        return files(__package__).joinpath("typings.d.ts").read_text("utf-8")

    def operations(self) -> Mapping[str, Any]:
        """Give no operations: everything is computed inside the sandbox."""
        return {}

    def registrations(self) -> Mapping[str, Any]:
        """Give no checkers: nothing is registered."""
        return {}
