"""The schema: numbered migrations of each back end, applied forward only, all in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from aiwebengine.repository.errors import RepositoryUnusable

__all__ = ["check_version", "migrations", "statements"]


def migrations(dialect: str) -> list[str]:
    """Give the SQL of the migrations of ``sqlite`` or ``postgresql`` in order; the first makes schema 1."""
    folder = files("aiwebengine.repository") / "migrations" / dialect
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def check_version(url: str, found: int, newest: int, *, automatic: bool) -> None:
    """Raise `RepositoryUnusable` for a schema of a newer engine, or an older one unless ``automatic``."""
    if found > newest:
        raise RepositoryUnusable(
            url,
            f"written by a newer aiwebengine (schema {found}, this one knows {newest}); "
            "upgrade aiwebengine or name another database",
        )
    if 0 < found < newest and not automatic:
        raise RepositoryUnusable(
            url,
            f"schema {found} must be migrated to {newest}; "
            "run `aiwebengine migrate`, or set repository.auto_migrate = true",
        )


def statements(script: str) -> Iterator[str]:
    """Give each statement of an SQLite script."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
