"""What engines on one repository tell each other of a canary: each writes its counts and reads the others."""

from __future__ import annotations

from typing import Any

import attrs

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.scripts.canary import HOLDER_PREFIX, Canary
from aiwebengine.subsystems.canary.tally import Counts

__all__ = ["Figures", "SharedFigures"]

_MOST_ENGINES = 1000


@attrs.frozen
class Figures:
    """Of one or several engines: ``total`` since the canary began there, ``recent`` within the window."""

    total: Counts = attrs.field(factory=Counts)
    recent: Counts = attrs.field(factory=Counts)

    def __add__(self, other: Figures) -> Figures:
        """Give both together."""
        return Figures(self.total + other.total, self.recent + other.recent)


@attrs.frozen
class SharedFigures:
    """
    Kept in ``key_values``, under a namespace which no script has.

    ``front`` is this engine's own name; what an engine wrote counts for ``lifetime_s``.
    """

    key_values: IKeyValueRepository
    front: str
    lifetime_s: float = 10.0

    async def exchange(self, canary: Canary, mine: Figures) -> Figures:
        """Tell ``mine`` and give those of all other engines together. Raises `RepositoryUnusable`."""
        place = HOLDER_PREFIX + canary.uri
        told = {
            "canary": _identity(canary),
            "total": attrs.astuple(mine.total),
            "recent": attrs.astuple(mine.recent),
        }
        await self.key_values.set(place, self.front, told, self.lifetime_s)
        others = Figures()
        for one in await self.key_values.list(place, limit=_MOST_ENGINES):
            if one.key != self.front:
                others += _figures(one.value, canary)
        return others


def _identity(canary: Canary) -> list[int]:
    return [canary.version, canary.base, canary.started_at]


def _figures(told: Any, canary: Canary) -> Figures:
    """Read what an engine told; nothing, if it was of another canary or if that engine tells it otherwise."""
    try:
        numbers = (*told["total"], *told["recent"])
        if told["canary"] == _identity(canary) and all(isinstance(one, int) for one in numbers):
            return Figures(Counts(*told["total"]), Counts(*told["recent"]))
    except (KeyError, TypeError):
        pass
    return Figures()
