"""An SQLite file: one connection that writes, some that read; what was committed survives a crash."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.repository.link import Link, Row
from aiwebengine.repository.schema import check_version, migrations, statements

__all__ = ["APPLICATION_ID", "SQLiteDatabase", "SQLiteLink", "migrate"]

#: Marks a database file as ours ("AIWE").
APPLICATION_ID = 0x41495745
# A database has at least one page.
_SMALLEST_BYTES = 512

T = TypeVar("T")


class SQLiteLink:
    """See `Link`; ``told`` counts the news by topic."""

    locking = ""
    like = "LIKE"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.told: Counter[str] = Counter()

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Give every row."""
        return self._connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> Row | None:
        """Give the first row, None without one."""
        row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def each(self, statement: str, *values: Any) -> Iterator[Row]:
        """Give row after row."""
        return self._connection.execute(statement, values)

    def run(self, statement: str, *values: Any) -> int:
        """Make a change and give how many rows it was made to."""
        return self._connection.execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Row]) -> None:
        """Make a change once per row of values."""
        self._connection.executemany(statement, rows)

    def lock(self, name: str) -> None:
        """Do nothing: a transaction that writes is alone."""

    def tell(self, topic: str) -> None:
        """Count it; others find out by the revision."""
        self.told[topic] += 1

    def pack(self, source: str) -> str:
        """Give the text itself."""
        return source

    def unpack(self, stored: Any) -> str:
        """Give the text itself."""
        return str(stored)


class SQLiteDatabase:
    """
    A `Database` in one SQLite file (write-ahead log, ``synchronous=FULL``).

    The file, with its directory, is made at first use. ``lock_timeout_s`` is how long to wait for another
    process's transaction. Every method may raise `RepositoryUnusable` or `RepositoryUnavailable`.
    """

    backend = "sqlite"

    def __init__(
        self, path: Path, *, url: str = "", auto_migrate: bool = True, lock_timeout_s: float = 5.0
    ) -> None:
        self.url = url or f"sqlite:///{path}"
        #: How often this process changed scripts, as far as it knows.
        self.told = 0
        self._path = path
        self._auto_migrate = auto_migrate
        self._lock_timeout_s = lock_timeout_s
        self._opening = Lock()
        self._writing = Lock()
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []

    def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, which only reads."""
        with self._explained(), self._reader() as connection:
            return work(SQLiteLink(connection), *arguments)

    def write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, done in one transaction; durable when this returns."""
        with self._explained():
            connection = self._opened()
            link = SQLiteLink(connection)
            with self._writing:
                with _transaction(connection):
                    result = work(link, *arguments)
                # Not before it is known to be saved: what turns out to be saved all the same is news.
                self.told += link.told["scripts"]
            return result

    @contextmanager
    def snapshot(self) -> Iterator[Link]:
        """Give a link that sees the database as it was at one moment, however long it is used."""
        with self._explained(), self._reader() as connection:
            connection.execute("BEGIN")
            try:
                # A deferred transaction begins with its first look.
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                yield SQLiteLink(connection)
            finally:
                connection.execute("ROLLBACK")

    def schema(self) -> tuple[int, int]:
        """Give the number of the schema found (0 without a file) and of the newest."""
        newest = len(migrations("sqlite"))
        if not self._path.exists():
            return 0, newest
        with self._explained(), closing(self._connect()) as connection:
            return _version(connection, self.url), newest

    def facts(self) -> Mapping[str, object]:
        """Give nothing more."""
        return {}

    def hurry(self, seconds: float) -> None:
        """Do nothing: there is no server to wait for."""

    def close(self) -> None:
        """Close every connection."""
        with self._writing, self._opening:
            for connection in (*self._readers, self._writer):
                if connection is not None:
                    connection.close()
            self._readers.clear()
            self._writer = None

    def backup(self, target: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Write a consistent copy to a new file, while others go on reading and writing."""
        with self._explained(), self._reader() as source, closing(sqlite3.connect(target)) as copy:
            # In a transaction of its own, or it would begin anew whenever something is written.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=1000, progress=lambda _, left, total: progress(total - left, total))
            source.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode = DELETE")

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        self._opened()
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            self._readers.append(connection)

    def _opened(self) -> sqlite3.Connection:
        """Give the connection that writes, made and migrated if need be."""
        with self._opening:
            if self._writer is None:
                self._writer = self._open()
            return self._writer

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RepositoryUnusable(self.url, f"cannot make its directory: {error}") from error
        self._make_private()
        connection = self._connect()
        try:
            self._write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, self.url, migrations("sqlite"), automatic=self._auto_migrate)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_private(self) -> None:
        """Make a new file that only its owner reads: users and logs are in it. SQLite's others follow it."""
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            size = self._path.stat().st_size if self._path.exists() else 0
            if 0 < size < _SMALLEST_BYTES:
                # SQLite takes some such for empty, and would write over it.
                reason = f"the file ({size} bytes) is no SQLite database; restore a backup or move it away"
                raise RepositoryUnusable(self.url, reason) from None
        except OSError as error:
            raise RepositoryUnusable(self.url, _not_writable(error, self._path)) from error

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        # SQLite's own timeout does not cover this change, which needs the file for itself.
        deadline = time.monotonic() + self._lock_timeout_s
        while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path, timeout=self._lock_timeout_s, isolation_level=None, check_same_thread=False
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(error, self.url, self._path) from error


def migrate(link: sqlite3.Connection, url: str, steps: Sequence[str], *, automatic: bool = True) -> None:
    """
    Bring the database to the newest schema.

    Raises `RepositoryUnusable` when the file belongs to another program, was written by a newer engine, or
    is older and ``automatic`` is false.
    """
    # Looked at under the write lock: two processes started together must not both migrate.
    with _transaction(link):
        version = _version(link, url)
        check_version(url, version, len(steps), automatic=automatic)
        for step in steps[version:]:
            for statement in statements(step):
                link.execute(statement)
        if version < len(steps):
            link.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            link.execute(f"PRAGMA user_version = {len(steps)}")


def _version(link: sqlite3.Connection, url: str) -> int:
    owner = link.execute("PRAGMA application_id").fetchone()[0]
    version = int(link.execute("PRAGMA user_version").fetchone()[0])
    tables = link.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (owner or tables):
        raise RepositoryUnusable(url, "the file is a database of another program; name another file")
    return version


@contextmanager
def _transaction(link: sqlite3.Connection) -> Iterator[None]:
    # The lock is taken at once: a deferred transaction that turns into a write fails without waiting.
    link.execute("BEGIN IMMEDIATE")
    try:
        yield
        link.execute("COMMIT")
    except BaseException:
        if link.in_transaction:
            link.execute("ROLLBACK")
        raise


def _explain(error: sqlite3.Error, url: str, path: Path) -> RepositoryUnusable:
    text = str(error)
    if "locked" in text:
        return RepositoryUnavailable(url, "locked by another process; is another program writing to it?")
    if "disk is full" in text or "disk I/O" in text:
        return RepositoryUnavailable(url, f"cannot be written ({text}); is there room on the disk?")
    if "not a database" in text or "malformed" in text:
        reason = f"the file is damaged or not an SQLite database ({text}); restore a backup or move it away"
    elif "unable to open" in text or "readonly" in text:
        reason = _not_writable(text, path)
    else:
        reason = text
    return RepositoryUnusable(url, reason)


def _not_writable(why: object, path: Path) -> str:
    return f"cannot be opened for writing ({why}); check that {path} and its directory are writable"
