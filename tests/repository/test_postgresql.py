"""Tests for aiwebengine.repository.postgresql and what belongs to it, on a real server."""

from __future__ import annotations

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from aiwebengine.repository import open_repository
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.testing.repository import ScriptRepositoryContract
from aiwebengine.testing.stores import (
    AssetContract,
    KeyValueContract,
    LogContract,
    SettingsContract,
    UserContract,
)
from tests.repository.postgresql_server import shared_server

try:
    import psycopg
except ImportError:
    psycopg = None

_database = ""


def empty_database() -> str:
    """Give the URL of a database made once and emptied for each caller."""
    global _database
    if psycopg is None:
        raise SkipTest("no psycopg: pip install 'aiwebengine[postgres]'")
    server = shared_server()
    if not _database:
        _database = server.new_database()
    with psycopg.connect(server.url(_database), autocommit=True) as link:
        link.execute("DROP SCHEMA IF EXISTS aiwebengine CASCADE")
    return server.url(_database)


class OnPostgreSQL:
    """Makes repositories."""

    def make_repository(self, now):
        self.url = empty_database()
        self.now = now
        return self.open()

    def open(self, **keywords):
        return open_repository(self.url, worker=InlineWorker(), now=self.now, **{"pool_size": 2, **keywords})


class PostgreSQLRepositoryTests(OnPostgreSQL, ScriptRepositoryContract, SynchronousTestCase):
    """REQ-DATA-002: the contract in PostgreSQL."""


class PostgreSQLAssetTests(OnPostgreSQL, AssetContract, SynchronousTestCase):
    """Assets in PostgreSQL."""


class PostgreSQLUserTests(OnPostgreSQL, UserContract, SynchronousTestCase):
    """Users in PostgreSQL."""


class PostgreSQLKeyValueTests(OnPostgreSQL, KeyValueContract, SynchronousTestCase):
    """Keys in PostgreSQL."""


class PostgreSQLSettingsTests(OnPostgreSQL, SettingsContract, SynchronousTestCase):
    """Settings in PostgreSQL."""


class PostgreSQLLogTests(OnPostgreSQL, LogContract, SynchronousTestCase):
    """Logs in PostgreSQL."""
