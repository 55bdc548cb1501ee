"""What scripts have logged: the newest in memory, queries, followers; all of it goes to the server's log."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger, LogLevel
from zope.interface import implementer

from aiwebengine.interfaces import IScriptLog
from aiwebengine.scripts.log_entries import (
    LEVELS,
    ChangeNote,
    LogEntry,
    known_level,
    level_rank,
    matcher,
    parse_since,
)

__all__ = ["LEVELS", "ChangeNote", "Keeper", "LogEntry", "ScriptLog", "level_rank", "matcher", "parse_since"]

_TWISTED = {"trace": "debug", "debug": "debug", "info": "info", "warn": "warn", "error": "error"}
_OVERHEAD_BYTES = 200


def _where(script: str, line: int | None, request_id: str) -> str:
    place = f"{script or 'engine'}:{line}" if line else script or "engine"
    return f"{place} [{request_id}]" if request_id else place


class Keeper(Protocol):
    """What keeps and numbers a log's entries, such as `aiwebengine.repository.log_keeper.LogKeeper`."""

    def take(self, entry: LogEntry) -> None:
        """Keep an entry soon, and give it back numbered by `ScriptLog.add`."""

    def look(self) -> None:
        """Take note that the repository has entries which did not come by `take`."""

    def flush(self) -> Deferred[bool]:
        """Keep now what was taken until now; fires, within a second, with whether it is kept."""

    async def query(self, **filters: Any) -> dict[str, Any]:
        """Give what `ScriptLog.query` gives, of all that is kept."""

    def announced(self) -> Sequence[LogEntry]:
        """Give the entries that followers have heard of and that have no number yet."""

    async def catch_up(self) -> bool:
        """Bring the log to the newest entry that is kept; tell whether the repository could be asked."""

    async def after(self, seq: int) -> Sequence[LogEntry]:
        """Give the first some hundred entries after a number; raises as the repository does."""


@implementer(IScriptLog)
class ScriptLog:
    """
    The newest entries, at most ``max_entries`` of about ``max_bytes`` together; older ones are forgotten.

    With a ``keeper`` all are kept, and it says which number an entry has: only then it is here, and only then
    followers hear of it. Without one entries are numbered as they come. A message longer than ``max_message``
    characters is cut and says so. ``now`` gives seconds since the epoch.
    """

    def __init__(
        self,
        *,
        max_entries: int = 10_000,
        max_bytes: int = 8 * 1024 * 1024,
        max_message: int = 64 * 1024,
        now: Callable[[], float] = time.time,
        logger: Logger | None = None,
    ) -> None:
        self._entries: deque[LogEntry] = deque()
        self._bytes = 0
        self._seq = 0
        self._whole_after = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._max_message = max_message
        self._now = now
        self._log = logger or Logger(namespace="aiwebengine.script")
        self._followers: list[_Follower] = []
        self._echoes: dict[str, Callable[[LogEntry], None]] = {}
        self.keeper: Keeper | None = None

    @property
    def last_seq(self) -> int:
        """The ``seq`` of the newest entry, 0 before the first."""
        return self._seq

    @property
    def whole_after(self) -> int:
        """The ``seq`` after which every entry is in memory."""
        return self._whole_after

    @property
    def followed(self) -> bool:
        """Whether there is a follower."""
        return bool(self._followers)

    def append(
        self,
        level: str,
        message: str,
        *,
        script: str = "",
        request_id: str = "",
        route: str = "",
        kind: str = "log",
        line: int | None = None,
    ) -> None:
        """Keep an entry and tell followers. An unknown level counts as ``info``."""
        entry = self.entry(
            level, message, script=script, request_id=request_id, route=route, kind=kind, line=line
        )
        self._emit(entry)
        if self.keeper is not None:
            self.keeper.take(entry)
        else:
            self._number([entry])

    def entry(
        self,
        level: str,
        message: str,
        *,
        script: str = "",
        request_id: str = "",
        route: str = "",
        kind: str = "log",
        line: int | None = None,
    ) -> LogEntry:
        """Make an entry of this moment, without a number, that is to be `stored` with what it tells of."""
        level = known_level(level)
        if len(message) > self._max_message:
            message = message[: self._max_message] + f"… (cut, {len(message)} characters)"
        return LogEntry(0, int(self._now() * 1000), level, script, request_id, route, kind, message, line)

    def stored(self, entries: Sequence[LogEntry]) -> None:
        """Take note of entries that the repository has already, committed with the change they tell of."""
        for entry in entries:
            self._emit(entry)
        if self.keeper is not None:
            self.keeper.look()
        else:
            self._number(entries)

    def flush(self) -> Deferred[bool]:
        """Keep now what was appended until now; fires, within a second, with whether it is kept."""
        return self.keeper.flush() if self.keeper is not None else succeed(True)

    def query(
        self,
        *,
        script: str | None = None,
        level: str | None = None,
        request_id: str | None = None,
        contains: str | None = None,
        since: float | None = None,
        kind: str | None = None,
        limit: int = 100,
        after: int | None = None,
    ) -> dict[str, Any]:
        """
        Give ``{"entries": [...], "next": seq}``, entries oldest first, of what is in memory.

        ``level`` is the least severe one wanted; ``contains`` ignores case; ``since`` is in ms since the
        epoch. With ``after`` the first ``limit`` entries after that ``seq``, else the newest ``limit``;
        ``next`` is the ``after`` that continues. Raises ValueError for an unknown level.
        """
        if after is not None and after > self._seq:
            # Without a keeper numbers begin anew: the reader has seen nothing of this run.
            after = 0 if self.keeper is None else after
        chosen: list[LogEntry] = []
        wanted = matcher(
            script=script, level=level, request_id=request_id, contains=contains, since=since, kind=kind
        )
        continued = after is not None
        for entry in self._after(after or 0) if continued else reversed(self._entries):
            if len(chosen) >= limit:
                break
            if wanted(entry):
                chosen.append(entry)
        if not continued:
            chosen.reverse()
        full = len(chosen) >= limit and continued
        following = chosen[-1].seq if full and chosen else max(self._seq, after or 0)
        return {"entries": [entry.as_json() for entry in chosen], "next": following}

    async def search(self, **filters: Any) -> dict[str, Any]:
        """Give what `query` gives, from the keeper's repository; raises as `query` does."""
        return self.query(**filters) if self.keeper is None else await self.keeper.query(**filters)

    def entries_after(self, seq: int) -> list[LogEntry] | None:
        """Give the entries after ``seq``, oldest first; None when not all of them are in memory."""
        if self.keeper is not None and seq < self._whole_after:
            return None
        return list(self._after(seq if seq <= self._seq or self.keeper is not None else 0))

    def unnumbered(self) -> Sequence[LogEntry]:
        """Give the entries that followers have heard of and that have no number yet."""
        return self.keeper.announced() if self.keeper is not None else ()

    def follow(
        self, listener: Callable[[LogEntry], None], moved: Callable[[int], None] = lambda seq: None
    ) -> Callable[[], None]:
        """
        Call ``listener(entry)`` for each new entry until the returned function is called.

        While the repository is away entries come with the ``seq`` 0; when they are numbered later,
        ``moved(seq)`` says up to where everything has been heard.
        """
        follower = _Follower(listener, moved)
        self._followers.append(follower)
        return lambda: self._unfollow(follower)

    def echo(self, kind: str, listener: Callable[[LogEntry], None]) -> None:
        """Call ``listener(entry)`` as well when an entry of this kind goes to the server's log."""
        self._echoes[kind] = listener

    # For the keeper

    def begin_keeping(self, keeper: Keeper, last_seq: int) -> None:
        """Have a keeper number all entries, those in memory too, after ``last_seq``."""
        early, self._entries, self._bytes = self._entries, deque(), 0
        self.keeper = keeper
        self._seq = self._whole_after = last_seq
        for entry in early:
            keeper.take(entry.numbered(0))

    def add(self, entries: Sequence[LogEntry], announced: Container[int] = ()) -> None:
        """Take numbered entries, in order; followers have heard of those ``announced`` (numbers) before."""
        moved = 0
        for entry in entries:
            if entry.seq <= self._seq:
                continue
            if entry.seq > self._seq + 1:
                self._whole_after = entry.seq - 1
            self._seq = entry.seq
            self._entries.append(entry)
            self._bytes += _size(entry)
            while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
                forgotten = self._entries.popleft()
                self._bytes -= _size(forgotten)
                self._whole_after = max(self._whole_after, forgotten.seq)
            if not self._followers:
                continue
            if entry.seq in announced:
                moved = entry.seq
                continue
            self._move(moved)
            moved = 0
            self.announce(entry)
        self._move(moved)

    def skip(self, seq: int) -> None:
        """Go on after ``seq``; what comes before it is not in memory."""
        self._seq = max(self._seq, seq)
        self._whole_after = self._seq

    def announce(self, entry: LogEntry) -> None:
        """Tell followers of an entry."""
        for follower in tuple(self._followers):
            self._tell(follower, follower.listener, entry)

    def _move(self, seq: int) -> None:
        if seq:
            for follower in tuple(self._followers):
                self._tell(follower, follower.moved, seq)

    def _tell(self, follower: _Follower, call: Callable[[Any], None], argument: object) -> None:
        try:
            call(argument)
        except Exception:
            self._log.failure("a follower of the script log failed and was dropped")
            self._unfollow(follower)

    def _number(self, entries: Sequence[LogEntry]) -> None:
        self.add([entry.numbered(seq) for seq, entry in enumerate(entries, self._seq + 1)])

    def _emit(self, entry: LogEntry) -> None:
        self._log.emit(
            LogLevel.levelWithName(_TWISTED[entry.level]),
            "{where}: {message}",
            where=_where(entry.script, entry.line, entry.request_id),
            script=entry.script or "engine",
            message=entry.message,
            request_id=entry.request_id,
            route=entry.route,
            kind=entry.kind,
            line=entry.line,
        )
        echo = self._echoes.get(entry.kind)
        if echo is not None:
            echo(entry)

    def _unfollow(self, follower: _Follower) -> None:
        if follower in self._followers:
            self._followers.remove(follower)

    def _after(self, seq: int) -> Iterator[LogEntry]:
        start = bisect_right(self._entries, seq, key=lambda entry: entry.seq)
        for position in range(start, len(self._entries)):
            yield self._entries[position]


@attrs.frozen(eq=False)
class _Follower:
    listener: Callable[[LogEntry], None]
    moved: Callable[[int], None]


def _size(entry: LogEntry) -> int:
    return _OVERHEAD_BYTES + len(entry.message) * 2 + len(entry.route)
