"""A ready-made provider for script names that need nothing from outside the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IScriptGlobals
from aiwebengine.sandbox.prelude import Piece, pieces_of

__all__ = ["PackagedGlobals"]


@implementer(IScriptGlobals)
@attrs.frozen
class PackagedGlobals:
    """Names whose pieces (``*.js``) and ``typings.d.ts`` lie in ``package``; without host operations."""

    package: str

    def pieces(self) -> Sequence[Piece]:
        """Give the package's pieces."""
        return pieces_of(self.package)

    def typings(self) -> str:
        """Give the package's TypeScript declarations."""
        return (resources.files(self.package) / "typings.d.ts").read_text("utf-8")

    def operations(self) -> Mapping[str, Any]:
        """Give no operations: everything is computed inside the sandbox."""
        return {}

    def registrations(self) -> Mapping[str, Any]:
        """Give no checkers: nothing is registered, or the engine itself checks it."""
        return {}
