"""The script log of one engine and the repository's, which others may write to as well, kept together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.logger import Logger

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.repository.log_retention import LogRetention
from aiwebengine.repository.log_writer import LogWriter
from aiwebengine.repository.model import LogQuery
from aiwebengine.scripts.log import LogEntry, ScriptLog, matcher

__all__ = ["LogKeeper"]

_READ_AT_ONCE = 500
# Further behind than this, a log that nobody followed until now goes on at the end.
_MOST_CAUGHT_UP = 2000
_RETRY_S = 1.0
_PATIENCE_S = 1.0
_FILTERS = ("script", "level", "request_id", "contains", "since", "kind")


class LogKeeper:
    """
    Keeps what a `ScriptLog` is given (see `LogWriter` for when), and answers queries about all that is kept.

    An entry gets its number when it is appended to the repository, so there is one order of all engines'
    entries. While the log has followers, others' entries are read as they come: numbers have no gaps, so a
    number above the next one says that something is to be read. ``options`` are those of `LogWriter`;
    ``retention`` removes what is old.
    """

    _log = Logger()

    def __init__(
        self,
        script_log: ScriptLog,
        repository: ILogRepository,
        clock: Any,
        *,
        retention: LogRetention | None = None,
        random: Callable[[int], bytes] = os.urandom,
        **options: Any,
    ) -> None:
        self._script_log = script_log
        self._repository = repository
        self._clock = clock
        self._retention = retention or LogRetention(repository, clock)
        #: Appends.
        self.writer = LogWriter(
            repository,
            clock,
            front=random(6).hex(),
            written=self._written,
            announce=script_log.announce,
            last_seq=lambda: script_log.last_seq,
            **options,
        )
        self._reading: Deferred[None] | None = None
        self._again = False
        self._retry: Any = None
        self._announced: set[int] = set()
        self._stop_watching: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Keep entries from now on, those logged before too. Raises as the repository does."""
        self._script_log.begin_keeping(self, await self._repository.last_seq())
        self._stop_watching = self._repository.watch(self.look)
        self._retention.start()

    async def stop(self) -> None:
        """Keep what is waiting, trying once, and end; the log numbers what comes later itself."""
        self._stop_watching()
        self._retention.stop()
        self._script_log.keeper = None
        await self.writer.stop()
        await self._until_read()
        if self._retry is not None and self._retry.active():
            self._retry.cancel()

    def take(self, entry: LogEntry) -> None:
        """Keep an entry soon."""
        self.writer.take(entry)

    def flush(self) -> Deferred[bool]:
        """Keep now what was taken until now; fires, within a second, with whether it is kept."""
        return self.writer.flush()

    def announced(self) -> Sequence[LogEntry]:
        """Give the entries that followers have heard of and that have no number yet."""
        return self.writer.unnumbered[: self.writer.announced]

    def look(self) -> None:
        """Read what the repository has after the newest entry known, if anybody follows."""
        if self._script_log.followed:
            self._begin_reading()

    def _begin_reading(self) -> None:
        if self._reading is not None:
            self._again = True
        else:
            if self._retry is not None and self._retry.active():
                self._retry.cancel()
            self._reading = Deferred()
            Deferred.fromCoroutine(self._read()).addErrback(
                lambda failure: self._log.failure("reading new log entries failed", failure)
            ).addBoth(self._ended)

    async def catch_up(self) -> bool:
        """Bring the log to the newest entry that is kept; tell whether the repository could be asked."""
        if not await self.flush() and self.writer.busy:
            return False
        try:
            head = await self._head()
        except RepositoryUnusable:
            return False
        if head > self._script_log.last_seq + _MOST_CAUGHT_UP and not self._script_log.followed:
            self._script_log.skip(head)
        elif head > self._script_log.last_seq:
            self._begin_reading()
            await self._until_read()
        return True

    async def after(self, seq: int) -> Sequence[LogEntry]:
        """Give the first some hundred entries after a number; raises as the repository does."""
        return await self._repository.query(LogQuery(after=seq, limit=_READ_AT_ONCE))

    async def query(self, **filters: Any) -> dict[str, Any]:
        """
        Give what `ScriptLog.query` gives, of all that is kept, what this engine logged until now included.

        Without the repository's help memory alone answers, and ``"partial": True`` says so: entries that have
        no number yet have the ``seq`` 0, come last, and come again with their number later.
        """
        limit, after = filters.get("limit", 100), filters.get("after")
        tests = {name: filters.get(name) for name in _FILTERS}
        wanted = matcher(**tests)
        kept = await self.flush()
        if not kept and self.writer.busy:
            # What takes a second may take for ever.
            return self._from_memory(filters, wanted)
        try:
            # First, so that what is appended meanwhile comes with the next page and not twice.
            head = await self._head()
            after = 0 if after is not None and after > head else after
            found = await self._repository.query(
                LogQuery(
                    **{name: value or "" for name, value in tests.items() if name != "since"},
                    since=tests["since"],
                    limit=limit,
                    after=after,
                    before=head + 1,
                )
            )
        except RepositoryUnusable as error:
            self._log.warn("the script log is read from memory only: {reason}", reason=str(error))
            return self._from_memory(filters, wanted)
        full = after is not None and len(found) >= limit
        following = found[-1].seq if full and found else head
        if full and not found:
            following = after or 0
        entries = [entry.as_json() for entry in found]
        if kept or full:
            return {"entries": entries, "next": following}
        late = [entry.as_json() for entry in self.writer.unnumbered if wanted(entry)]
        shown = (entries + late)[-limit:] if after is None else (entries + late)[:limit]
        return {"entries": shown, "next": following, "partial": True}

    async def _head(self) -> int:
        """Give the highest number there is; raises as the repository does, also when it takes a second."""
        asking = Deferred.fromCoroutine(self._repository.last_seq())
        asking.addTimeout(_PATIENCE_S, self._clock)
        try:
            return await asking
        except TimeoutError:
            raise RepositoryUnavailable("the log", f"no answer within {_PATIENCE_S:g} s") from None

    def _from_memory(self, filters: dict[str, Any], wanted: Callable[[LogEntry], bool]) -> dict[str, Any]:
        limit, after = filters.get("limit", 100), filters.get("after")
        answer = self._script_log.query(**filters)
        if after is not None and self._script_log.entries_after(after) is None:
            # Some of those in between are not in memory: they must come another time.
            answer["next"] = after
        late = [entry.as_json() for entry in self.writer.unnumbered if wanted(entry)]
        entries = answer["entries"] + late
        answer["entries"] = (entries[-limit:] if limit else []) if after is None else entries[:limit]
        return {**answer, "partial": True}

    def _written(self, entries: Sequence[LogEntry], first: int, announced: int) -> None:
        script_log = self._script_log
        if self._reading is not None or (first > script_log.last_seq + 1 and script_log.followed):
            self._announced.update(range(first, first + announced))
            self._begin_reading()
        else:
            numbered = [entry.numbered(seq) for seq, entry in enumerate(entries, first)]
            script_log.add(numbered, range(first, first + announced))

    async def _read(self) -> None:
        more = True
        while more or self._again:
            self._again = False
            if self.writer.announced:
                # What is found may have been announced: its numbers must be known first.
                if not await self.flush():
                    return
                continue
            try:
                found = await self.after(self._script_log.last_seq)
            except RepositoryUnusable as error:
                self._log.warn("new log entries cannot be read: {reason}", reason=str(error))
                self._retry = self._clock.callLater(_RETRY_S, self.look)
                return
            if self.writer.announced:
                continue
            self._script_log.add(found, self._announced)
            more = len(found) == _READ_AT_ONCE
        self._announced.clear()

    def _ended(self, _: object) -> None:
        done, self._reading = self._reading, None
        if done is not None:
            done.callback(None)

    async def _until_read(self) -> None:
        if self._reading is not None:
            waiting: Deferred[None] = Deferred()
            self._reading.addBoth(lambda _: waiting.callback(None))
            await waiting
