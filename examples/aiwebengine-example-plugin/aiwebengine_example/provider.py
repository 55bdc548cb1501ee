"""What the example plugin provides: one object may provide several interfaces."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import attrs
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from zope.interface import implementer

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange, IFeature, IRequestGate, IScriptGlobals
from aiwebengine.sandbox.model import HostCall
from aiwebengine.sandbox.prelude import Piece

__all__ = ["Example"]


@implementer(IFeature, IScriptGlobals, IRequestGate)
@attrs.frozen(eq=False)
class Example:
    """Counts the visits of scripts, shows them at ``/example``, and marks every answer."""

    header: str
    _visits: Counter[str] = attrs.field(factory=Counter, init=False)

    # IFeature

    prefixes: Sequence[str] = ("example",)

    def resource(self) -> IResource:
        """Give the page of ``/example``."""
        return _Visits(self._visits)

    # IScriptGlobals

    def pieces(self) -> Sequence[Piece]:
        """Give the piece with ``exampleGreeting`` and ``exampleVisits``."""
        return [Piece.parse(_text("example.js"))]

    def typings(self) -> str:
        """Give their declarations."""
        return _text("example.d.ts")

    def operations(self) -> Mapping[str, Any]:
        """Give the operation behind ``exampleVisits``."""
        return {"example.visits": self._count}

    def registrations(self) -> Mapping[str, Any]:
        """Nothing of ours is registered by scripts."""
        return {}

    async def _count(self, call: HostCall, argument: object) -> int:
        self._visits[call.script] += 1
        return self._visits[call.script]

    # IRequestGate

    order: int = 900

    def before(self, exchange: IExchange) -> None:
        """Refuse a request that asks for it."""
        if exchange.header("x-example-refuse") is not None:
            raise HTTPProblem(403, "FORBIDDEN", "refused by the example plugin")

    def after(self, exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Mark the answer."""
        headers.append((b"X-Example", self.header.encode("ascii")))


class _Visits(Resource):
    """The visits of each script as JSON."""

    isLeaf = True  # noqa: N815 - twisted.web calls it so

    def __init__(self, visits: Counter[str]) -> None:
        super().__init__()
        self._visits = visits

    def render_GET(self, request: Request) -> bytes:  # noqa: N802 - twisted.web calls it so
        request.setHeader(b"Content-Type", b"application/json")
        return json.dumps({"visits": self._visits}).encode()


def _text(name: str) -> str:
    return (files("aiwebengine_example") / name).read_text("utf-8")
