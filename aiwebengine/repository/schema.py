"""The SQLite schema: numbered migrations, applied forward only, all in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from importlib.resources import files

from aiwebengine.repository.errors import RepositoryUnusable

__all__ = ["APPLICATION_ID", "migrate", "migrations"]

#: Marks a database file as ours ("AIWE").
APPLICATION_ID = 0x41495745


def migrations() -> list[str]:
    """Give the migrations' SQL in order; the first takes a new file to schema version 1."""
    folder = files("aiwebengine.repository") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def migrate(link: sqlite3.Connection, url: str, steps: Sequence[str], *, automatic: bool = True) -> None:
    """
    Bring the database to the newest schema.

    Raises `RepositoryUnusable` when the file belongs to another program, was written by a newer engine, or
    is older and ``automatic`` is false.
    """
    # Read under the write lock: two processes started together must not both migrate.
    link.execute("BEGIN IMMEDIATE")
    try:
        version = _checked_version(link, url, len(steps), automatic)
        for step in steps[version:]:
            for statement in _statements(step):
                link.execute(statement)
        if version < len(steps):
            link.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            link.execute(f"PRAGMA user_version = {len(steps)}")
        link.execute("COMMIT")
    except BaseException:
        if link.in_transaction:
            link.execute("ROLLBACK")
        raise


def _checked_version(link: sqlite3.Connection, url: str, newest: int, automatic: bool) -> int:
    owner = link.execute("PRAGMA application_id").fetchone()[0]
    version = int(link.execute("PRAGMA user_version").fetchone()[0])
    tables = link.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (owner or tables):
        raise RepositoryUnusable(url, "the file is a database of another program; name another file")
    if version > newest:
        raise RepositoryUnusable(
            url,
            f"written by a newer aiwebengine (schema {version}, this one knows {newest}); "
            "upgrade aiwebengine or name another file",
        )
    if 0 < version < newest and not automatic:
        raise RepositoryUnusable(
            url, f"schema {version} must be migrated to {newest}; set repository.auto_migrate = true"
        )
    return version


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
