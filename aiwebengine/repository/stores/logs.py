"""The script log in a database."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.link import Calls, Link, Row
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.texts import cleaned
from aiwebengine.scripts.log import LEVELS, LogEntry, level_rank

__all__ = ["PRUNED_AT_ONCE", "DatabaseLogs", "import_rows", "insert_entries", "log_rows", "logs_revision"]

#: Most entries removed in one transaction, so that others need not wait long.
PRUNED_AT_ONCE = 5000
_SCANNED_AT_ONCE = 5000
_MOST_SHORT = 300
_COLUMNS = "seq, front, logged_at, level, script, request_id, route, kind, message, line"
_INSERT = f"INSERT INTO logs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


@implementer(ILogRepository)
class DatabaseLogs:
    """See `ILogRepository`; ``watch`` calls its argument when another engine may have appended entries."""

    def __init__(
        self, calls: Calls, watch: Callable[[Callable[[], None]], Callable[[], None]] | None = None
    ) -> None:
        self._calls = calls
        self._watch = watch

    async def append(self, entries: Sequence[LogEntry], front: str = "", since: int | None = None) -> int:
        """Keep entries and give the number of the first; with ``since``, unless they are kept already."""
        return await self._calls.write(_append, tuple(entries), front, since)

    async def query(self, query: LogQuery) -> Sequence[LogEntry]:
        """Give what is asked for, oldest first."""
        level_rank(query.level)
        return await self._calls.read(_query, query)

    async def last_seq(self) -> int:
        """Give the highest number ever given, 0 before the first."""
        return await self._calls.read(logs_revision)

    async def prune(self, before: float, keep: int) -> int:
        """Remove old entries, some thousand at a time; give how many were removed, 0 when none is left."""
        return await self._calls.write(_prune, int(before), keep)

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener()`` when others may have appended, until the returned function is called."""
        return self._watch(listener) if self._watch is not None else lambda: None


def logs_revision(link: Link) -> int:
    """Give the highest number ever given to an entry, 0 before the first."""
    row = link.one("SELECT number FROM revisions WHERE name = 'logs'")
    return int(row[0]) if row else 0


def insert_entries(link: Link, entries: Sequence[LogEntry], front: str = "") -> int:
    """
    Add entries, numbered in their order after all others, and give the number of the first.

    Whoever adds entries holds the counter until the end of the transaction, so numbers become visible in
    their order and none is left out.
    """
    link.run("UPDATE revisions SET number = number + ? WHERE name = 'logs'", len(entries))
    first = logs_revision(link) - len(entries) + 1
    if entries:
        link.many(_INSERT, [_row(seq, entry, front) for seq, entry in enumerate(entries, first)])
        link.tell("logs")
    return first


def import_rows(link: Link, rows: Iterable[Row]) -> None:
    """
    Add rows as `log_rows` gives them, with their numbers.

    An entry that is there already is left alone; one whose number another entry has comes after all others.
    """
    rows = list(rows)
    link.run("UPDATE revisions SET number = number WHERE name = 'logs'")  # others wait from here on
    last = logs_revision(link)
    lowest, highest = (limit((row[0] for row in rows), default=0) for limit in (min, max))
    known = {
        row[0]: row[1:]
        for row in link.all(
            "SELECT seq, front, logged_at FROM logs WHERE seq BETWEEN ? AND ?", lowest, highest
        )
    }
    last = max(last, highest)
    added: list[Row] = []
    for row in rows:
        seq, identity = row[0], row[1:3]
        if known.get(seq) == identity:
            continue
        if seq in known:
            last += 1
            row = (last, *row[1:])
        known[row[0]] = identity
        added.append(row)
    if added:
        link.many(_INSERT, added)
        link.run("UPDATE revisions SET number = ? WHERE name = 'logs'", last)
        link.tell("logs")


def log_rows(link: Link) -> str:
    """Give the statement of all rows as `import_rows` takes them, oldest first."""
    return f"SELECT {_COLUMNS} FROM logs ORDER BY seq"  # noqa: S608


def _append(link: Link, entries: Sequence[LogEntry], front: str, since: int | None) -> int:
    if since is not None:
        # Whoever may still be saving them has the counter.
        link.run("UPDATE revisions SET number = number WHERE name = 'logs'")
        row = link.one("SELECT min(seq) FROM logs WHERE seq > ? AND front = ?", since, front)
        if row is not None and row[0] is not None:
            return int(row[0])
    return insert_entries(link, entries, front)


def _row(seq: int, entry: LogEntry, front: str) -> Row:
    short = (cleaned(text)[:_MOST_SHORT] for text in (entry.script, entry.request_id))
    return (
        seq,
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
    return found[: query.limit]


def _page(link: Link, query: LogQuery) -> list[Row]:
    conditions, values = _conditions(query, link.like)
    if query.since is not None:
        first = _first_since(link, query.since)
        if first is None:
            return []
        conditions += ["logged_at >= ?", "seq >= ?"]
        values += [math.ceil(query.since), first]
    order = "DESC" if query.after is None else "ASC"
    return link.all(
        f"SELECT {_COLUMNS} FROM logs WHERE "  # noqa: S608
        + " AND ".join(conditions)
        + f" ORDER BY seq {order} LIMIT ?",
        *values,
        query.limit,
    )


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
    link.lock("prune logs")
    some = f"SELECT seq FROM logs WHERE {{}} ORDER BY {{}} LIMIT {PRUNED_AT_ONCE}"  # noqa: S608
    removed = link.run(
        f"DELETE FROM logs WHERE seq IN ({some.format('seq <= ?', 'seq')})",  # noqa: S608
        logs_revision(link) - keep,
    )
    if removed < PRUNED_AT_ONCE:
        removed += link.run(
            f"DELETE FROM logs WHERE seq IN ({some.format('logged_at < ?', 'logged_at')})",  # noqa: S608
            before,
        )
    return removed
