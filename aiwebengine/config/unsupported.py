"""Settings of the schema that this version cannot honour: said at once instead of ignored."""

from __future__ import annotations

import importlib.util

from aiwebengine.errors import ConfigurationInvalid, Problem
from aiwebengine.interfaces import IConfiguration

__all__ = ["refuse_unsupported"]


def refuse_unsupported(configuration: IConfiguration) -> None:
    """Raise `ConfigurationInvalid` naming each setting that would have no effect."""
    problems = []
    processes = configuration.section("server").processes
    if processes != 1:
        problems.append(
            Problem("configuration", "server.processes", processes, "1: this version runs one front process")
        )
    bus = configuration.section("bus").url
    if bus:
        problems.append(
            Problem(
                "configuration",
                "bus.url",
                str(bus),
                "empty: this version has only the bus within one process",
            )
        )
    database = configuration.section("repository").database_url
    if database.scheme not in ("memory", "sqlite", "postgresql", "postgres"):
        problems.append(
            Problem(
                "configuration",
                "repository.database_url",
                str(database),
                "memory:, sqlite:///path or postgresql://user:password@host/database",
            )
        )
    elif database.scheme.startswith("postgres") and not _has_psycopg():
        problems.append(
            Problem(
                "configuration",
                "repository.database_url",
                str(database),
                "psycopg installed: pip install 'aiwebengine[postgres]'",
            )
        )
    if problems:
        raise ConfigurationInvalid(problems)


def _has_psycopg() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("psycopg", "psycopg_pool"))
