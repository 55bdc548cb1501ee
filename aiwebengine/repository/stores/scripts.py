"""Scripts and all their versions in a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiwebengine.errors import ScriptNotFound, VersionConflict
from aiwebengine.repository.link import Calls, Link, Row
from aiwebengine.repository.stores.logs import insert_entries
from aiwebengine.repository.texts import cleaned
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import Script, ScriptChange, ScriptVersion, digest

__all__ = ["DatabaseScripts", "count_scripts", "insert_version", "scripts_revision", "touch_scripts"]

_CURRENT = """
SELECT s.uri, s.version, v.size, v.sha256, s.created_at, v.created_at, v.author, v.message, v.source
FROM scripts AS s JOIN versions AS v ON v.uri = s.uri AND v.version = s.version
WHERE s.deleted = 0
"""
_VERSION = (
    "SELECT uri, version, created_at, author, message, sha256, size{source} FROM versions WHERE uri = ?"
)


class DatabaseScripts:
    """`IScriptRepository` but for ``close``; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def scripts(self) -> Sequence[Script]:
        """Give the current state of every script, by URI."""
        return await self._calls.read(_scripts)

    async def script(self, uri: str) -> Script:
        """Give one script. Raises `ScriptNotFound`."""
        return await self._calls.read(_script, uri)

    async def version(self, uri: str, number: int) -> ScriptVersion:
        """Give one version with its source. Raises `ScriptNotFound`."""
        return await self._calls.read(_version, uri, number)

    async def versions(self, uri: str) -> Sequence[ScriptVersion]:
        """Give all versions, newest first, sources empty. Raises `ScriptNotFound`."""
        return await self._calls.read(_versions, uri)

    async def save(
        self,
        changes: Sequence[ScriptChange],
        entries: Callable[[Sequence[Script | None]], Sequence[LogEntry]] | None = None,
    ) -> Sequence[Script | None]:
        """Apply all changes or none; durable when it returns. Raises `VersionConflict`, `ScriptNotFound`."""
        if not changes and entries is None:
            return []
        return await self._calls.write(_save, tuple(changes), int(self._now() * 1000), entries)


def count_scripts(link: Link) -> int:
    """Give how many scripts there are."""
    row = link.one("SELECT count(*) FROM scripts WHERE deleted = 0")
    return int(row[0]) if row else 0


def scripts_revision(link: Link) -> int:
    """Give a number that is raised with each change of scripts."""
    row = link.one("SELECT number FROM revisions WHERE name = 'scripts'")
    return int(row[0]) if row else 0


def touch_scripts(link: Link) -> None:
    """Raise the revision, and tell other processes."""
    link.run("UPDATE revisions SET number = number + 1 WHERE name = 'scripts'")
    link.tell("scripts")


def insert_version(link: Link, one: ScriptVersion) -> None:
    """Add a version with its source."""
    link.run(
        "INSERT INTO versions (uri, version, created_at, author, message, sha256, size, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        one.uri,
        one.version,
        one.created_at,
        cleaned(one.author),
        cleaned(one.message),
        one.sha256,
        one.size,
        link.pack(one.source),
    )


def _scripts(link: Link) -> Sequence[Script]:
    return [_as_script(link, row) for row in link.all(_CURRENT + " ORDER BY s.uri")]


def _script(link: Link, uri: str) -> Script:
    row = link.one(_CURRENT + " AND s.uri = ?", cleaned(uri))
    if row is None:
        raise ScriptNotFound(uri)
    return _as_script(link, row)


def _version(link: Link, uri: str, number: int) -> ScriptVersion:
    row = link.one(_VERSION.format(source=", source") + " AND version = ?", cleaned(uri), number)
    if row is None:
        raise ScriptNotFound(uri, number)
    return ScriptVersion(*(*row[:-1], link.unpack(row[-1])))


def _versions(link: Link, uri: str) -> Sequence[ScriptVersion]:
    rows = link.all(_VERSION.format(source="") + " ORDER BY version DESC", cleaned(uri))
    if not rows:
        raise ScriptNotFound(uri)
    return [ScriptVersion(*row) for row in rows]


def _save(
    link: Link,
    changes: Sequence[ScriptChange],
    moment: int,
    entries: Callable[[Sequence[Script | None]], Sequence[LogEntry]] | None,
) -> Sequence[Script | None]:
    outcome: list[Script | None] = []
    if changes:
        link.lock("scripts")
        outcome = [_apply(link, change, moment) for change in changes]
        touch_scripts(link)
    if entries is not None:
        # Last, since all who log wait for whoever has the counter.
        insert_entries(link, entries(outcome))
    return outcome


def _apply(link: Link, change: ScriptChange, moment: int) -> Script | None:
    uri = change.uri
    row = link.one("SELECT version, created_at, deleted FROM scripts WHERE uri = ?", uri)
    last, created_at, deleted = row or (0, moment, 1)
    current = 0 if deleted else last
    if change.expected_version is not None and change.expected_version != current:
        raise VersionConflict(uri=uri, expected=change.expected_version, current=current)
    if change.source is None:
        if deleted:
            raise ScriptNotFound(uri)
        link.run("UPDATE scripts SET deleted = 1 WHERE uri = ?", uri)
        return None
    size, sha256 = len(change.source.encode("utf-8")), digest(change.source)
    new = ScriptVersion(uri, last + 1, moment, change.author, change.message, sha256, size, change.source)
    insert_version(link, new)
    link.run(
        "INSERT INTO scripts (uri, version, created_at, deleted) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (uri) DO UPDATE"
        " SET version = excluded.version, created_at = excluded.created_at, deleted = 0",
        uri,
        last + 1,
        moment if deleted else created_at,
    )
    return _script(link, uri)


def _as_script(link: Link, row: Row) -> Script:
    return Script(*(*row[:-1], link.unpack(row[-1])))
