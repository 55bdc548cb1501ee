"""The script log kept in this process."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.stores.logs import PRUNED_AT_ONCE
from aiwebengine.repository.texts import cleaned
from aiwebengine.scripts.log import LogEntry, matcher

__all__ = ["MemoryLogs"]

_SEQ = attrgetter("seq")


@implementer(ILogRepository)
class MemoryLogs:
    """See `ILogRepository`; ``fault`` is called with each operation's name before it."""

    def __init__(self, fault: Callable[[str], None]) -> None:
        self._fault = fault
        #: In the order of their numbers, each with who logged it.
        self._kept: list[LogEntry] = []
        self._fronts: dict[int, str] = {}
        self._last = 0

    async def append(self, entries: Sequence[LogEntry], front: str = "", since: int | None = None) -> int:
        """Keep entries and give the number of the first; with ``since``, unless they are kept already."""
        self._fault("logs.append")
        if since is not None:
            for entry in self._after(since):
                if self._fronts[entry.seq] == front:
                    return entry.seq
        return self.insert(entries, front)

    def insert(self, entries: Sequence[LogEntry], front: str = "") -> int:
        """Add entries, numbered after all others, and give the number of the first."""
        first = self._last + 1
        for entry in entries:
            self._last += 1
            message = cleaned(entry.message)
            kept = entry if message == entry.message else attrs.evolve(entry, message=message)
            self._kept.append(kept.numbered(self._last))
            self._fronts[self._last] = front
        return first

    async def query(self, query: LogQuery) -> Sequence[LogEntry]:
        """Give what is asked for, oldest first."""
        self._fault("logs.query")
        wanted = matcher(
            script=query.script,
            level=query.level,
            request_id=query.request_id,
            contains=query.contains,
            since=query.since,
            kind=query.kind,
        )
        found: list[LogEntry] = []
        for entry in self._between(query):
            if len(found) >= query.limit:
                break
            if wanted(entry):
                found.append(entry)
        return found if query.after is not None else found[::-1]

    async def last_seq(self) -> int:
        """Give the highest number ever given, 0 before the first."""
        self._fault("logs.last_seq")
        return self._last

    async def prune(self, before: float, keep: int) -> int:
        """Remove old entries, some thousand at a time; give how many were removed, 0 when none is left."""
        self._fault("logs.prune")
        old = [
            entry.seq for entry in self._kept if entry.seq <= self._last - keep or entry.timestamp < before
        ]
        gone = frozenset(old[:PRUNED_AT_ONCE])
        self._kept = [entry for entry in self._kept if entry.seq not in gone]
        for seq in gone:
            del self._fronts[seq]
        return len(gone)

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Do nothing: nobody else can append what is here."""
        return lambda: None

    def _after(self, seq: int) -> Iterator[LogEntry]:
        for position in range(bisect_right(self._kept, seq, key=_SEQ), len(self._kept)):
            yield self._kept[position]

    def _between(self, query: LogQuery) -> Iterator[LogEntry]:
        first = bisect_right(self._kept, query.after or 0, key=_SEQ)
        end = len(self._kept) if query.before is None else bisect_left(self._kept, query.before, key=_SEQ)
        positions = range(first, end)
        for position in positions if query.after is not None else reversed(positions):
            yield self._kept[position]
