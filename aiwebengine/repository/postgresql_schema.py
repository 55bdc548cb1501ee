"""The schema in PostgreSQL: found, made and migrated."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.postgresql_link import lock_number
from aiwebengine.repository.schema import check_version

__all__ = ["found_version", "migrate"]


def found_version(connection: psycopg.Connection, url: str) -> int:
    """Give the number of the schema, 0 when there is none. Raises `RepositoryUnusable` for one not ours."""
    there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'aiwebengine'").fetchone()
    if there is None:
        return 0
    if connection.execute("SELECT to_regclass('aiwebengine.schema_version')").fetchone() == (None,):
        count = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'aiwebengine'::regnamespace"
        ).fetchone()
        if count != (0,):
            raise RepositoryUnusable(
                url, "its schema 'aiwebengine' belongs to another program; name another database"
            )
        return 0
    row = connection.execute("SELECT number FROM aiwebengine.schema_version").fetchone()
    return int(row[0]) if row else 0


def migrate(
    connection: psycopg.Connection, url: str, steps: Sequence[str], *, automatic: bool = True
) -> None:
    """Bring the database to the newest schema. Raises `RepositoryUnusable`, see `check_version`."""
    with connection.transaction():
        # Two processes started together must not both migrate.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("migrate"),))
        version = found_version(connection, url)
        check_version(url, version, len(steps), automatic=automatic)
        if version == len(steps):
            return
        connection.execute("SET LOCAL statement_timeout = 0")
        if version == 0:
            if connection.execute("SELECT to_regnamespace('aiwebengine')").fetchone() == (None,):
                connection.execute("CREATE SCHEMA aiwebengine")
            connection.execute("CREATE TABLE aiwebengine.schema_version (number INTEGER NOT NULL)")
            connection.execute("INSERT INTO aiwebengine.schema_version VALUES (0)")
        for step in steps[version:]:
            connection.execute(step)
        connection.execute("UPDATE aiwebengine.schema_version SET number = %s", (len(steps),))
