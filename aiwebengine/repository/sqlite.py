"""Scripts in an SQLite file, reached from one thread of its own; what was saved survives a crash."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from zope.interface import implementer

from aiwebengine.errors import ScriptNotFound, VersionConflict
from aiwebengine.interfaces import IHealthCheck, IScriptRepository
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.schema import migrate, migrations
from aiwebengine.repository.worker import Worker
from aiwebengine.scripts.model import Script, ScriptChange, ScriptVersion, digest

__all__ = ["SQLiteRepository"]

T = TypeVar("T")

_CURRENT = """
SELECT s.uri, s.version, v.size, v.sha256, s.created_at, v.created_at, v.author, v.message, v.source
FROM scripts AS s JOIN versions AS v ON v.uri = s.uri AND v.version = s.version
WHERE s.deleted = 0
"""
_VERSION = (
    "SELECT uri, version, created_at, author, message, sha256, size, {source} FROM versions WHERE uri = ?"
)


@implementer(IScriptRepository, IHealthCheck)
class SQLiteRepository:
    """
    A repository in one SQLite file (write-ahead log, ``synchronous=FULL``).

    The file, with its directory, is made at first use. ``worker`` runs every statement; ``now`` gives seconds
    since the epoch; ``lock_timeout_s`` is how long to wait for another process's transaction. Every method
    may raise `RepositoryUnusable`.
    """

    name = "repository"

    def __init__(
        self,
        path: Path,
        worker: Worker,
        *,
        url: str = "",
        now: Callable[[], float] = time.time,
        auto_migrate: bool = True,
        lock_timeout_s: float = 5.0,
    ) -> None:
        self._path = path
        self._worker = worker
        self._url = url or f"sqlite:///{path}"
        self._now = now
        self._auto_migrate = auto_migrate
        self._lock_timeout_s = lock_timeout_s
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def scripts(self) -> Sequence[Script]:
        """Give the current state of every script, by URI."""
        return await self._run(
            lambda link: [Script(*row) for row in link.execute(_CURRENT + " ORDER BY s.uri")]
        )

    async def script(self, uri: str) -> Script:
        """Give one script. Raises `ScriptNotFound`."""
        return await self._run(lambda link: _script(link, uri))

    async def version(self, uri: str, number: int) -> ScriptVersion:
        """Give one version with its source. Raises `ScriptNotFound`."""

        def find(link: sqlite3.Connection) -> ScriptVersion:
            row = link.execute(
                _VERSION.format(source="source") + " AND version = ?", (uri, number)
            ).fetchone()
            if row is None:
                raise ScriptNotFound(uri, number)
            return ScriptVersion(*row)

        return await self._run(find)

    async def versions(self, uri: str) -> Sequence[ScriptVersion]:
        """Give all versions, newest first, sources empty. Raises `ScriptNotFound`."""

        def find(link: sqlite3.Connection) -> Sequence[ScriptVersion]:
            rows = link.execute(_VERSION.format(source="''") + " ORDER BY version DESC", (uri,)).fetchall()
            if not rows:
                raise ScriptNotFound(uri)
            return [ScriptVersion(*row) for row in rows]

        return await self._run(find)

    async def save(self, changes: Sequence[ScriptChange]) -> Sequence[Script | None]:
        """Apply all changes or none; durable when it returns. Raises `VersionConflict`, `ScriptNotFound`."""

        def apply(link: sqlite3.Connection) -> Sequence[Script | None]:
            # Taken at once: a deferred transaction that turns into a write fails without waiting.
            link.execute("BEGIN IMMEDIATE")
            try:
                outcome = [_apply(link, change, int(self._now() * 1000)) for change in changes]
                link.execute("COMMIT")
            except BaseException:
                if link.in_transaction:
                    link.execute("ROLLBACK")
                raise
            return outcome

        return await self._run(apply)

    async def revision(self) -> int:
        """Give a number that changes when another connection (another process, say) commits."""
        return await self._run(lambda link: int(link.execute("PRAGMA data_version").fetchone()[0]))

    async def close(self) -> None:
        """Close the file and end the thread; no method may be called afterwards."""
        if self._closed:
            return

        def close() -> None:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

        await self._worker.run(close)
        self._closed = True
        self._worker.stop()

    async def check(self) -> Mapping[str, object]:
        """Read from the file; an error raised means unhealthy."""
        count = await self._run(
            lambda link: int(link.execute("SELECT count(*) FROM scripts WHERE deleted = 0").fetchone()[0])
        )
        return {"status": "healthy", "backend": "sqlite", "scripts": count}

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise RepositoryUnusable(self._url, "it has been closed")
        return await self._worker.run(self._guarded, work)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Open the file if needed and work on it; runs in the worker."""
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except sqlite3.Error as error:
            raise RepositoryUnusable(self._url, _explain(error, self._path)) from error

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RepositoryUnusable(self._url, f"cannot make its directory: {error}") from error
        link = sqlite3.connect(
            self._path, timeout=self._lock_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            link.execute("PRAGMA journal_mode = WAL")
            link.execute("PRAGMA synchronous = FULL")
            migrate(link, self._url, migrations(), automatic=self._auto_migrate)
        except BaseException:
            link.close()
            raise
        return link


def _explain(error: sqlite3.Error, path: Path) -> str:
    text = str(error)
    if "locked" in text:
        return "locked by another process; is another program writing to it?"
    if "not a database" in text or "malformed" in text:
        return f"the file is damaged or not an SQLite database ({text}); restore a backup or move it away"
    if "unable to open" in text or "readonly" in text:
        return f"cannot be opened for writing ({text}); check that {path} and its directory are writable"
    return text


def _script(link: sqlite3.Connection, uri: str) -> Script:
    row = link.execute(_CURRENT + " AND s.uri = ?", (uri,)).fetchone()
    if row is None:
        raise ScriptNotFound(uri)
    return Script(*row)


def _apply(link: sqlite3.Connection, change: ScriptChange, moment: int) -> Script | None:
    uri = change.uri
    row = link.execute("SELECT version, created_at, deleted FROM scripts WHERE uri = ?", (uri,)).fetchone()
    last, created_at, deleted = row or (0, moment, 1)
    current = 0 if deleted else last
    if change.expected_version is not None and change.expected_version != current:
        raise VersionConflict(uri=uri, expected=change.expected_version, current=current)
    if change.source is None:
        if deleted:
            raise ScriptNotFound(uri)
        link.execute("UPDATE scripts SET deleted = 1 WHERE uri = ?", (uri,))
        return None
    size, sha256 = len(change.source.encode("utf-8")), digest(change.source)
    link.execute(
        "INSERT INTO versions (uri, version, created_at, author, message, sha256, size, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (uri, last + 1, moment, change.author, change.message, sha256, size, change.source),
    )
    link.execute(
        "INSERT INTO scripts (uri, version, created_at, deleted) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (uri) DO UPDATE"
        " SET version = excluded.version, created_at = excluded.created_at, deleted = 0",
        (uri, last + 1, moment if deleted else created_at),
    )
    return _script(link, uri)
