"""Gives scripts the web platform's names; everything is JavaScript, nothing asks the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IScriptGlobals
from aiwebengine.sandbox.prelude import Piece

__all__ = ["WebPlatform"]


@implementer(IScriptGlobals)
@attrs.frozen
class WebPlatform:
    """URL, Headers, Request, Response, streams, events, timers and what belongs to them (REQ-JSAPI-005)."""

    def pieces(self) -> Sequence[Piece]:
        """Give the prelude pieces, by file name."""
        texts = sorted(files(__package__).joinpath("js").iterdir(), key=lambda each: each.name)
        return [Piece.parse(each.read_text("utf-8")) for each in texts if each.name.endswith(".js")]

    def typings(self) -> str:
        """Give the TypeScript declarations of all names."""
        return files(__package__).joinpath("typings.d.ts").read_text("utf-8")

    def operations(self) -> Mapping[str, Any]:
        """Give no operations: the pieces use only what every realm offers."""
        return {}

    def registrations(self) -> Mapping[str, Any]:
        """Give no checkers: these names register nothing."""
        return {}
