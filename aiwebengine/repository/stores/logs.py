"""The script log in a database."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.link import Calls, Link, Row
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.texts import cleaned
from aiwebengine.scripts.log import LEVELS, LogEntry, level_rank

__all__ = ["PRUNED_AT_ONCE", "DatabaseLogs", "insert_entries", "log_rows"]

#: Most entries removed in one transaction, so that others need not wait long.
PRUNED_AT_ONCE = 5000
_SCANNED_AT_ONCE = 5000
_MOST_SHORT = 300
_COLUMNS = "seq, front, logged_at, level, script, request_id, route, kind, message, line"
_INSERT = (
    f"INSERT INTO logs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT (seq, front) DO NOTHING"
)


@implementer(ILogRepository)
class DatabaseLogs:
    """See `ILogRepository`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def append(self, entries: Sequence[LogEntry], front: str = "") -> int:
        """Keep entries of one engine; give the highest ``seq`` of all engines."""
        return await self._calls.write(insert_entries, [_row(entry, front) for entry in entries])

    async def query(self, query: LogQuery) -> Sequence[LogEntry]:
        """Give what is asked for, oldest first."""
        level_rank(query.level)
        return await self._calls.read(_query, query)

    async def last_seq(self) -> int:
        """Give the highest ``seq`` ever appended, 0 before the first."""
        return await self._calls.read(_last_seq)

    async def prune(self, before: float, keep: int) -> int:
        """Remove old entries, some thousand at a time; give how many were removed, 0 when none is left."""
        return await self._calls.write(_prune, int(before), keep)


def insert_entries(link: Link, rows: Sequence[Row]) -> int:
    """Add rows of the log (those that are there already are left alone); give the highest number."""
    link.many(_INSERT, rows)
    highest = max((row[0] for row in rows), default=0)
    link.run("UPDATE revisions SET number = ? WHERE name = 'logs' AND number < ?", highest, highest)
    return _last_seq(link)


def log_rows(link: Link) -> str:
    """Give the statement of all rows as `insert_entries` takes them, oldest first."""
    return f"SELECT {_COLUMNS} FROM logs ORDER BY seq, front"  # noqa: S608


def _row(entry: LogEntry, front: str) -> Row:
    short = (cleaned(text)[:_MOST_SHORT] for text in (entry.script, entry.request_id))
    return (
        entry.seq,
        front,
        entry.timestamp,
        LEVELS.index(entry.level),
        *short,
        cleaned(entry.route),
        cleaned(entry.kind),
        cleaned(entry.message),
        entry.line,
    )


def _entry(row: Row) -> LogEntry:
    seq, _, moment, level, *others = row
    return LogEntry(seq, moment, LEVELS[level], *others)


def _last_seq(link: Link) -> int:
    row = link.one("SELECT number FROM revisions WHERE name = 'logs'")
    return int(row[0]) if row else 0


def _query(link: Link, query: LogQuery) -> Sequence[LogEntry]:
    if query.limit < 1:
        return []
    found = _rows(link, query)
    if query.after is None:
        found.reverse()
    return [_entry(row) for row in found]


def _rows(link: Link, query: LogQuery) -> list[Row]:
    """Give the rows wanted, in the order they were looked for."""
    if query.contains.isascii():
        return _page(link, query)
    # Databases differ in the case of other letters: look through the text here.
    needle = cleaned(query.contains).lower()
    scan = attrs.evolve(query, contains="", limit=_SCANNED_AT_ONCE)
    found: list[Row] = []
    while len(found) < query.limit:
        page = _page(link, scan)
        found += [row for row in page if needle in row[8].lower()]
        if len(page) < scan.limit:
            break
        last = page[-1][0]
        scan = attrs.evolve(scan, **({"before": last} if query.after is None else {"after": last}))
    end = min(query.limit, len(found))
    while 0 < end < len(found) and found[end][0] == found[end - 1][0]:
        end += 1
    return found[:end]


def _page(link: Link, query: LogQuery) -> list[Row]:
    conditions, values = _conditions(query, link.like)
    if query.since is not None:
        first = _first_since(link, query.since)
        if first is None:
            return []
        conditions += ["logged_at >= ?", "seq >= ?"]
        values += [math.ceil(query.since), first]
    order, beyond = ("DESC", "<") if query.after is None else ("ASC", ">")
    select = f"SELECT {_COLUMNS} FROM logs WHERE "  # noqa: S608
    rows = link.all(
        select + " AND ".join(conditions) + f" ORDER BY seq {order}, front {order} LIMIT ?",
        *values,
        query.limit,
    )
    if len(rows) == query.limit:
        # Who goes on from the last number must not miss what other engines gave the same number.
        seq, front = rows[-1][:2]
        conditions += ["seq = ?", f"front {beyond} ?"]
        rows += link.all(select + " AND ".join(conditions) + f" ORDER BY front {order}", *values, seq, front)
    return rows


def _conditions(query: LogQuery, like: str) -> tuple[list[str], list[object]]:
    conditions: list[str] = ["seq > ?"]
    values: list[object] = [query.after or 0]
    if query.before is not None:
        conditions.append("seq < ?")
        values.append(query.before)
    if query.script:
        conditions.append("script = ?")
        values.append(cleaned(query.script))
    level = level_rank(query.level)
    if level >= LEVELS.index("warn"):
        conditions.append("level >= 3")  # as the partial indexes say it
    if level not in (0, LEVELS.index("warn")):
        conditions.append(f"level >= {level}")
    if query.request_id:
        conditions.append("request_id = ? AND request_id <> ''")
        values.append(cleaned(query.request_id))
    if query.kind:
        conditions.append("kind = ?")
        values.append(cleaned(query.kind))
    if query.contains:
        conditions.append(f"message {like} ? ESCAPE '!'")
        values.append(f"%{_escaped(query.contains)}%")
    return conditions, values


def _escaped(text: str) -> str:
    for special in "!%_":
        text = text.replace(special, "!" + special)
    return cleaned(text)


def _first_since(link: Link, since: float) -> int | None:
    """Give a number no entry since then is below, even if the clock was set back in between a little."""
    row = link.one(
        "SELECT min(seq) FROM"
        " (SELECT seq FROM logs WHERE logged_at >= ? ORDER BY logged_at, seq LIMIT 1000) AS first",
        math.ceil(since),
    )
    return None if row is None else row[0]


def _prune(link: Link, before: int, keep: int) -> int:
    some = f"SELECT seq, front FROM logs WHERE {{}} ORDER BY {{}} LIMIT {PRUNED_AT_ONCE}"  # noqa: S608
    removed = link.run(
        f"DELETE FROM logs WHERE (seq, front) IN ({some.format('seq <= ?', 'seq')})",  # noqa: S608
        _last_seq(link) - keep,
    )
    if removed < PRUNED_AT_ONCE:
        removed += link.run(
            f"DELETE FROM logs WHERE (seq, front) IN ({some.format('logged_at < ?', 'logged_at')})",  # noqa: S608
            before,
        )
    return removed
