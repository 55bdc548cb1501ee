"""The script log written behind: entries are kept in a repository soon after they were logged."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.texts import cleaned
from aiwebengine.scripts.log import LogEntry, ScriptLog, matcher

__all__ = ["LogWriter"]

_RETRY_S = 1.0
_DAY_MS = 86_400_000
_PRUNE_EACH_S = 3600.0


class LogWriter:
    """
    Follows a `ScriptLog` and keeps its entries; answers queries about all of them.

    A batch is written ``delay_s`` after its first entry was logged, or when it has ``batch`` entries; one
    after the other. While the repository is away up to ``most_waiting`` entries wait; then the oldest are
    dropped, counted in ``dropped``, and a warning is logged. Entries older than ``retention_days`` (0: no
    limit) and all but the newest ``max_rows`` are removed each hour. ``shared`` says that other engines write
    to the repository too.
    What was logged in the last moments before a crash is lost.
    """

    _log = Logger()

    def __init__(
        self,
        ring: ScriptLog,
        repository: ILogRepository,
        clock: Any,
        *,
        shared: bool = False,
        delay_s: float = 0.2,
        batch: int = 500,
        most_waiting: int = 50_000,
        retention_days: int = 14,
        max_rows: int = 1_000_000,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.dropped = 0
        self._ring = ring
        self._repository = repository
        self._clock = clock
        self._shared = shared
        self._delay_s = delay_s
        self._batch = batch
        self._most_waiting = most_waiting
        self._retention_days = retention_days
        self._max_rows = max_rows
        self._front = random(6).hex()
        self._waiting: deque[LogEntry] = deque()
        self._due: Any = None
        self._writing: Deferred[None] | None = None
        self._failing = False
        self._unreported = 0
        self._stop_following: Callable[[], None] = lambda: None
        self._pruning = LoopingCall(self._prune)
        self._pruning.clock = clock

    async def start(self) -> None:
        """Go on with the numbers of earlier runs, and write from now on. Raises as the repository does."""
        self._ring.renumber(await self._repository.last_seq())
        self._stop_following = self._ring.follow(self._take)
        self._ring.keeper = self
        for entry in self._ring.entries_after(0):
            self._take(entry)
        self._pruning.start(_PRUNE_EACH_S).addErrback(
            lambda failure: self._log.failure("removing old log entries ended", failure)
        )

    async def stop(self) -> None:
        """Write what is waiting, once, and stop."""
        self._stop_following()
        if self._pruning.running:
            self._pruning.stop()
        if self._writing is not None:
            await self._writing
        self._cancel()
        while self._waiting:
            before = len(self._waiting)
            await self._write()
            if len(self._waiting) == before:
                self._log.error("{count} entries of the script log are lost", count=before)
                break
        self._ring.keeper = None
        self._cancel()

    async def query(self, **filters: Any) -> dict[str, Any]:
        """
        Give what `ScriptLog.query` gives, of all that is kept and what waits to be.

        Without the repository's help the ring alone answers, and ``"partial": True`` says so.
        """
        limit, after = filters.get("limit", 100), filters.get("after")
        recent = self._ring.query(**filters)
        if not self._shared and self._ring_suffices(len(recent["entries"]), limit, after):
            return recent
        if after is not None and after > self._ring.last_seq:
            after = 0
        waiting = tuple(self._waiting)
        query = LogQuery(
            script=filters.get("script") or "",
            level=filters.get("level") or "",
            request_id=filters.get("request_id") or "",
            contains=filters.get("contains") or "",
            kind=filters.get("kind") or "",
            since=filters.get("since"),
            limit=limit,
            after=after,
        )
        try:
            kept = await self._repository.query(query)
        except RepositoryUnusable as error:
            self._log.warn("the script log is read from memory only: {reason}", reason=str(error))
            return {**recent, "partial": True}
        return self._merged(kept, waiting, filters, limit, after)

    def _ring_suffices(self, found: int, limit: int, after: int | None) -> bool:
        if after is None:
            return found >= limit or self._ring.first_seq == 1
        return self._ring.first_seq - 1 <= after <= self._ring.last_seq

    def _merged(
        self,
        kept: Iterable[LogEntry],
        waiting: Iterable[LogEntry],
        filters: dict[str, Any],
        limit: int,
        after: int | None,
    ) -> dict[str, Any]:
        tests = {
            name: filters.get(name) for name in ("script", "level", "request_id", "contains", "since", "kind")
        }
        wanted = matcher(**tests)
        found = list(kept)
        # An entry may have been written while the repository was asked.
        seen = {_identity(one) for one in found}
        found += [
            one for one in waiting if one.seq > (after or 0) and wanted(one) and _identity(one) not in seen
        ]
        entries = sorted(found, key=lambda one: one.seq)
        if after is None:
            entries = entries[-limit:] if limit else []
            following = self._ring.last_seq
        else:
            full = len(entries) >= limit
            while limit < len(entries) and entries[limit].seq == entries[limit - 1].seq:
                limit += 1
            entries = entries[:limit]
            following = entries[-1].seq if full and entries else max(self._ring.last_seq, after)
        return {"entries": [one.as_json() for one in entries], "next": following}

    def _take(self, entry: LogEntry) -> None:
        self._waiting.append(entry)
        while len(self._waiting) > self._most_waiting:
            self._waiting.popleft()
            self.dropped += 1
            self._unreported += 1
        if len(self._waiting) >= self._batch and not self._failing:
            self._cancel()
            self._flush()
        elif self._due is None and self._writing is None:
            self._due = self._clock.callLater(self._delay_s, self._flush)

    def _flush(self) -> None:
        self._cancel()
        if self._writing is None and self._waiting:
            self._writing = Deferred()
            Deferred.fromCoroutine(self._write()).addErrback(
                lambda failure: self._log.failure("writing the script log failed", failure)
            ).addBoth(self._written)

    def _written(self, _: object) -> None:
        done, self._writing = self._writing, None
        if self._waiting:
            delay = _RETRY_S if self._failing else 0 if len(self._waiting) >= self._batch else self._delay_s
            self._due = self._clock.callLater(delay, self._flush)
        if done is not None:
            done.callback(None)

    async def _write(self) -> None:
        batch = list(islice(self._waiting, self._batch))
        try:
            highest = await self._repository.append(batch, self._front)
        except RepositoryUnusable as error:
            if not self._failing:
                self._failing = True
                self._log.error("the script log cannot be kept: {reason}", reason=str(error))
            return
        # Some of them may have been dropped meanwhile.
        while self._waiting and self._waiting[0].seq <= batch[-1].seq:
            self._waiting.popleft()
        self._ring.advance(highest)
        if self._failing or self._unreported:
            self._failing = False
            dropped, self._unreported = self._unreported, 0
            self._log.warn("the script log is kept again; {dropped} entries were dropped", dropped=dropped)

    def _cancel(self) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None

    def _prune(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._remove_old())

    async def _remove_old(self) -> None:
        before = 0.0
        if self._retention_days:
            before = self._clock.seconds() * 1000 - self._retention_days * _DAY_MS
        try:
            while await self._repository.prune(before, self._max_rows):
                pass
        except RepositoryUnusable as error:
            self._log.warn("old log entries were not removed: {reason}", reason=str(error))


def _identity(entry: LogEntry) -> tuple[object, ...]:
    return entry.seq, entry.timestamp, entry.script, cleaned(entry.message)
