"""What scripts have logged: a bounded ring, queries, followers; each entry also goes to the server's log."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
from twisted.logger import Logger, LogLevel
from zope.interface import implementer

from aiwebengine.interfaces import IScriptLog
from aiwebengine.scripts.model import iso_time

__all__ = ["LEVELS", "LogEntry", "ScriptLog", "level_rank", "matcher", "parse_since"]

#: Levels in ascending order; ``log`` is another name of ``info``, ``warning`` of ``warn``.
LEVELS = ("trace", "debug", "info", "warn", "error")
_OTHER_NAMES = {"log": "info", "warning": "warn", "critical": "error"}
_TWISTED = {"trace": "debug", "debug": "debug", "info": "info", "warn": "warn", "error": "error"}
_OVERHEAD_BYTES = 200


@attrs.frozen
class LogEntry:
    """
    One entry; ``timestamp`` is in ms since the epoch.

    ``seq`` counts up from 1; numbers are left out where other engines on the same repository have given them.
    """

    seq: int
    timestamp: int
    level: str
    script: str
    request_id: str
    route: str
    kind: str
    message: str
    line: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the entry as ``GET /engine/logs`` shows it."""
        data = attrs.asdict(self)
        data["timestamp"] = iso_time(self.timestamp)
        return data


def _where(script: str, line: int | None, request_id: str) -> str:
    place = f"{script or 'engine'}:{line}" if line else script or "engine"
    return f"{place} [{request_id}]" if request_id else place


@implementer(IScriptLog)
class ScriptLog:
    """
    The newest entries, at most ``max_entries`` of about ``max_bytes`` together; older ones are forgotten,
    unless a ``keeper`` (`aiwebengine.repository.log_writer.LogWriter`) follows and keeps them.

    A message longer than ``max_message`` characters is cut and says so. ``now`` gives seconds since the
    epoch.
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
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._max_message = max_message
        self._now = now
        self._log = logger or Logger(namespace="aiwebengine.script")
        self._followers: list[Callable[[LogEntry], None]] = []
        self.keeper: Any = None

    @property
    def first_seq(self) -> int:
        """The ``seq`` of the oldest entry in the ring; what the next one will have while it is empty."""
        return self._entries[0].seq if self._entries else self._seq + 1

    @property
    def last_seq(self) -> int:
        """The ``seq`` of the newest entry, 0 before the first."""
        return self._seq

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
        level = _OTHER_NAMES.get(level.lower(), level.lower())
        if level not in LEVELS:
            level = "info"
        if len(message) > self._max_message:
            message = message[: self._max_message] + f"… (cut, {len(message)} characters)"
        self._seq += 1
        moment = int(self._now() * 1000)
        entry = LogEntry(self._seq, moment, level, script, request_id, route, kind, message, line)
        self._entries.append(entry)
        self._bytes += _size(entry)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= _size(self._entries.popleft())
        self._log.emit(
            LogLevel.levelWithName(_TWISTED[level]),
            "{where}: {message}",
            where=_where(script, line, request_id),
            script=script or "engine",
            message=message,
            request_id=request_id,
            route=route,
            kind=kind,
            line=line,
        )
        for listener in tuple(self._followers):
            try:
                listener(entry)
            except Exception:
                self._log.failure("a follower of the script log failed and was dropped")
                self._unfollow(listener)

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
        Give ``{"entries": [...], "next": seq}``, entries oldest first.

        ``level`` is the least severe one wanted; ``contains`` ignores case; ``since`` is in ms since the
        epoch. With ``after`` the first ``limit`` entries after that ``seq``, else the newest ``limit``;
        ``next`` is the ``after`` that continues. Raises ValueError for an unknown level.
        """
        if after is not None and after > self._seq:
            after = 0  # numbers of an earlier run: the reader has seen nothing of this one
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
        """Give what `query` gives, from the keeper's repository too; raises as `query` does."""
        answer: dict[str, Any] = (
            self.query(**filters) if self.keeper is None else await self.keeper.query(**filters)
        )
        return answer

    def advance(self, seq: int) -> None:
        """Go on after ``seq`` if that is higher than the newest entry's."""
        self._seq = max(self._seq, seq)

    def renumber(self, seq: int) -> None:
        """Go on after ``seq``, which an earlier run reached; what is in the ring is numbered after it too."""
        self._entries = deque(attrs.evolve(entry, seq=entry.seq + seq) for entry in self._entries)
        self._seq += seq

    def entries_after(self, seq: int) -> list[LogEntry]:
        """Give the entries still kept after ``seq``, oldest first (all, if it is of an earlier run)."""
        return list(self._after(seq if seq <= self._seq else 0))

    def follow(self, listener: Callable[[LogEntry], None]) -> Callable[[], None]:
        """Call ``listener(entry)`` for each new entry until the returned function is called."""
        self._followers.append(listener)
        return lambda: self._unfollow(listener)

    def _unfollow(self, listener: Callable[[LogEntry], None]) -> None:
        if listener in self._followers:
            self._followers.remove(listener)

    def _after(self, seq: int) -> Iterator[LogEntry]:
        start = bisect_right(self._entries, seq, key=lambda entry: entry.seq)
        for position in range(start, len(self._entries)):
            yield self._entries[position]


def matcher(
    *,
    script: str | None = None,
    level: str | None = None,
    request_id: str | None = None,
    contains: str | None = None,
    since: float | None = None,
    kind: str | None = None,
) -> Callable[[LogEntry], bool]:
    """Give the test that an entry passes all filters given. Raises ValueError for an unknown level."""
    levels = frozenset(LEVELS[level_rank(level) :])
    needle = contains.lower() if contains else ""

    def wanted(entry: LogEntry) -> bool:
        return (
            entry.level in levels
            and (not script or entry.script == script)
            and (not kind or entry.kind == kind)
            and (not request_id or entry.request_id == request_id)
            and (not needle or needle in entry.message.lower())
            and (since is None or entry.timestamp >= since)
        )

    return wanted


def level_rank(level: str | None) -> int:
    """Give a level's place in `LEVELS`, 0 for none named. Raises ValueError for an unknown one."""
    name = _OTHER_NAMES.get(level.lower(), level.lower()) if level else LEVELS[0]
    if name not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    return LEVELS.index(name)


def parse_since(text: str) -> float:
    """
    Read a time as ms since the epoch: a number (ms), or ISO 8601 (UTC unless it says otherwise).

    Raises ValueError.
    """
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not a time in ms or ISO 8601: {text!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() * 1000


def _size(entry: LogEntry) -> int:
    return _OVERHEAD_BYTES + len(entry.message) * 2 + len(entry.route)
