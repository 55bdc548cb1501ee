"""A repository by its URL."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiwebengine.config.secret import mask_url
from aiwebengine.repository.calls import WorkerCalls
from aiwebengine.repository.changes import NotifiedChanges, PolledChanges, Watchers
from aiwebengine.repository.database import DatabaseRepository
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.link import Database
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.repository.sqlite import SQLiteDatabase
from aiwebengine.repository.worker import ThreadWorker, Worker

__all__ = ["open_database", "open_repository"]

_KNOWN = {
    "memory": "memory:",
    "sqlite": "sqlite:///path/to/file.db",
    "postgresql": "postgresql://user:password@host/database",
}
_OTHER_NAMES = {"postgres": "postgresql"}
_MOST_READERS = 4


def open_repository(
    url: str,
    *,
    reactor: Any = None,
    worker: Worker | None = None,
    directory: Path | None = None,
    now: Callable[[], float] = time.time,
    auto_migrate: bool = True,
    pool_size: int = 10,
    call_timeout_s: float = 60.0,
) -> DatabaseRepository | MemoryRepository:
    """
    Make the repository that ``url`` names; nothing is opened before its first use.

    ``memory:``; ``sqlite:///relative.db`` (to ``directory``, default the working directory);
    ``sqlite:////absolute.db``; ``postgresql://user:password@host/database``. Databases need the ``reactor``,
    for their threads, or a ``worker`` (then nobody is told of others' changes); ``pool_size`` is the most
    connections, and threads; ``call_timeout_s`` is how long a PostgreSQL server may take to answer a
    statement. Raises `RepositoryUnusable` for a URL that names nothing usable.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "memory" and colon and not rest.strip("/"):
        return MemoryRepository(now)
    database = open_database(
        url,
        directory=directory,
        auto_migrate=auto_migrate,
        pool_size=pool_size,
        call_timeout_s=call_timeout_s,
    )
    shared = database.backend == "postgresql"
    if worker is not None:
        return DatabaseRepository(database, WorkerCalls(database, worker, worker), shared=shared, now=now)
    if isinstance(database, SQLiteDatabase):
        readers = ThreadWorker(reactor, "repository-read", min(_MOST_READERS, pool_size))
        calls = WorkerCalls(database, ThreadWorker(reactor, "repository-write"), readers)
        watchers = Watchers(reactor, PolledChanges(reactor, calls, lambda: database.told))
    else:
        threads = ThreadWorker(reactor, "repository", pool_size)
        calls = WorkerCalls(database, threads, threads)
        watchers = Watchers(reactor, NotifiedChanges(reactor, database))
    return DatabaseRepository(database, calls, watchers=watchers, shared=shared, now=now)


def open_database(
    url: str,
    *,
    directory: Path | None = None,
    auto_migrate: bool = True,
    pool_size: int = 10,
    call_timeout_s: float = 60.0,
) -> Database:
    """Make the database that ``url`` names, whose calls block. Raises `RepositoryUnusable` as above."""
    scheme, _, rest = url.partition(":")
    scheme = _OTHER_NAMES.get(scheme, scheme)
    if scheme == "sqlite" and rest.startswith("///") and rest != "///":
        if rest == "///:memory:":
            raise RepositoryUnusable(url, "write 'memory:' for a repository in memory")
        return SQLiteDatabase((directory or Path()) / unquote(rest[3:]), url=url, auto_migrate=auto_migrate)
    if scheme == "postgresql" and rest.startswith("//"):
        if importlib.util.find_spec("psycopg") is None or importlib.util.find_spec("psycopg_pool") is None:
            raise RepositoryUnusable(
                mask_url(url), "PostgreSQL needs psycopg: pip install 'aiwebengine[postgres]'"
            )
        from aiwebengine.repository.postgresql import PostgreSQLDatabase

        return PostgreSQLDatabase(
            url,
            shown=mask_url(url),
            pool_size=pool_size,
            auto_migrate=auto_migrate,
            call_timeout_s=call_timeout_s,
        )
    raise RepositoryUnusable(mask_url(url), _what_is_wrong(scheme))


def _what_is_wrong(scheme: str) -> str:
    if scheme in _KNOWN:
        return f"not a complete URL; write {_KNOWN[scheme]}"
    from difflib import get_close_matches  # for mistakes only: half a megabyte

    near = get_close_matches(scheme, [*_KNOWN, *_OTHER_NAMES], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown scheme {scheme!r}; known are {', '.join(_KNOWN.values())}.{hint}"
