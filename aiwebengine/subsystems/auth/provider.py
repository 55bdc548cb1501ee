"""The provider of the auth names: prelude pieces and typings, no host operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IScriptGlobals
from aiwebengine.sandbox.prelude import Piece, pieces_of

__all__ = ["AuthGlobals"]


@implementer(IScriptGlobals)
@attrs.frozen
class AuthGlobals:
    """What a script learns about who asks."""

    def pieces(self) -> Sequence[Piece]:
        """Give the pieces of ``js/``."""
        return pieces_of(__package__)

    def typings(self) -> str:
        """Give the TypeScript declarations of the names."""
        return files(__package__).joinpath("typings.d.ts").read_text("utf-8")

    def operations(self) -> Mapping[str, Any]:
        """Give no operations: everything is computed inside the sandbox."""
        return {}

    def registrations(self) -> Mapping[str, Any]:
        """Give no checkers: nothing is registered."""
        return {}
