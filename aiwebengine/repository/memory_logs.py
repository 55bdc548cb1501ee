"""The script log kept in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zope.interface import implementer

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.stores.logs import PRUNED_AT_ONCE
from aiwebengine.scripts.log import LogEntry, matcher

__all__ = ["MemoryLogs"]


@implementer(ILogRepository)
class MemoryLogs:
    """See `ILogRepository`; ``fault`` is called with each operation's name before it."""

    def __init__(self, fault: Callable[[str], None]) -> None:
        self._fault = fault
        self._kept: dict[tuple[int, str], LogEntry] = {}
        self._last = 0

    async def append(self, entries: Sequence[LogEntry], front: str = "") -> int:
        """Keep entries of one engine; give the highest ``seq`` of all engines."""
        self._fault("logs.append")
        for entry in entries:
            self._kept.setdefault((entry.seq, front), entry)
            self._last = max(self._last, entry.seq)
        return self._last

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
        after, before = query.after or 0, query.before
        found = [
            self._kept[key]
            for key in sorted(self._kept, reverse=query.after is None)
            if key[0] > after and (before is None or key[0] < before) and wanted(self._kept[key])
        ]
        end = min(max(query.limit, 0), len(found))
        while 0 < end < len(found) and found[end].seq == found[end - 1].seq:
            end += 1
        return found[:end] if query.after is not None else found[:end][::-1]

    async def last_seq(self) -> int:
        """Give the highest ``seq`` ever appended, 0 before the first."""
        self._fault("logs.last_seq")
        return self._last

    async def prune(self, before: float, keep: int) -> int:
        """Remove old entries, some thousand at a time; give how many were removed, 0 when none is left."""
        self._fault("logs.prune")
        old = [
            key
            for key, entry in sorted(self._kept.items())
            if key[0] <= self._last - keep or entry.timestamp < before
        ][:PRUNED_AT_ONCE]
        for key in old:
            del self._kept[key]
        return len(old)
