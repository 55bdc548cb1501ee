"""A repository by its URL."""

from __future__ import annotations

import time
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiwebengine.interfaces import IScriptRepository
from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.repository.worker import ThreadWorker, Worker

__all__ = ["open_repository"]

_KNOWN = {"memory": "memory:", "sqlite": "sqlite:///path/to/file.db"}
_PLANNED = ("postgresql", "postgres")


def open_repository(
    url: str,
    *,
    reactor: Any = None,
    worker: Worker | None = None,
    directory: Path | None = None,
    now: Callable[[], float] = time.time,
    auto_migrate: bool = True,
) -> IScriptRepository:
    """
    Make the repository that ``url`` names; nothing is opened before its first use.

    ``memory:``; ``sqlite:///relative.db`` (to ``directory``, default the working directory);
    ``sqlite:////absolute.db``. SQLite needs the ``reactor``, for its thread, or a ``worker``.
    Raises `RepositoryUnusable` for a URL that names nothing usable.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "memory" and colon and not rest.strip("/"):
        return MemoryRepository(now)
    if scheme == "sqlite" and rest.startswith("///") and rest != "///":
        if rest == "///:memory:":
            raise RepositoryUnusable(url, "write 'memory:' for a repository in memory")
        from aiwebengine.repository.sqlite import SQLiteRepository

        path = (directory or Path()) / unquote(rest[3:])
        return SQLiteRepository(
            path, worker or ThreadWorker(reactor), url=url, now=now, auto_migrate=auto_migrate
        )
    raise RepositoryUnusable(_without_password(url), _what_is_wrong(scheme))


def _what_is_wrong(scheme: str) -> str:
    if scheme in _KNOWN:
        return f"not a complete URL; write {_KNOWN[scheme]}"
    if scheme in _PLANNED:
        return "PostgreSQL is not supported by this version of aiwebengine; use sqlite:///path or memory:"
    near = get_close_matches(scheme, [*_KNOWN, *_PLANNED], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown scheme {scheme!r}; known are {', '.join(_KNOWN.values())}.{hint}"


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}://…@{rest.rpartition('@')[2]}" if mark and "@" in rest else url
