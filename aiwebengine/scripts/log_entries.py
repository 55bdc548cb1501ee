"""Entries of the script log: what they are, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs

from aiwebengine.scripts.model import Script, ScriptChange, iso_time

__all__ = ["LEVELS", "ChangeNote", "LogEntry", "known_level", "level_rank", "matcher", "parse_since"]

#: Levels in ascending order; ``log`` is another name of ``info``, ``warning`` of ``warn``.
LEVELS = ("trace", "debug", "info", "warn", "error")
# The year 10000 (and one as long before 1970): beyond it a database's whole numbers end, and NaN is none.
_FURTHEST_MS = 253_402_300_800_000.0
_OTHER_NAMES = {"log": "info", "warning": "warn", "critical": "error"}


@attrs.frozen
class LogEntry:
    """
    One entry; ``timestamp`` is in ms since the epoch.

    ``seq`` counts up from 1; an entry that a repository is to number has 0 until it did.
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

    def numbered(self, seq: int) -> LogEntry:
        """Give the entry with another number."""
        return LogEntry(
            seq,
            self.timestamp,
            self.level,
            self.script,
            self.request_id,
            self.route,
            self.kind,
            self.message,
            self.line,
        )

    def as_json(self) -> dict[str, Any]:
        """Give the entry as ``GET /engine/logs`` shows it."""
        data = attrs.asdict(self)
        data["timestamp"] = iso_time(self.timestamp)
        return data


ChangeNote = Callable[[ScriptChange, int, Script | None], LogEntry]
"""``note(change, previous, script)`` gives the entry that tells of a change of a script: ``previous`` is the
version that was live (0: none), ``script`` what is stored now (None: it is deleted). Called on any thread."""


def known_level(level: str) -> str:
    """Give a level by its own name; an unknown one counts as ``info``."""
    name = _OTHER_NAMES.get(level.lower(), level.lower())
    return name if name in LEVELS else "info"


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

    Raises ValueError, also for a time that is further away than ISO 8601 can say.
    """
    try:
        moment = float(text)
    except ValueError:
        moment = _iso_ms(text)
    if not abs(moment) <= _FURTHEST_MS:  # which is so of NaN too
        raise _no_time(text)
    return moment


def _iso_ms(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _no_time(text) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() * 1000


def _no_time(text: str) -> ValueError:
    return ValueError(f"not a time in ms or ISO 8601: {text[:40]!r}")
