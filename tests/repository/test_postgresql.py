"""Tests for aiwebengine.repository.postgresql and what belongs to it, on a real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from aiwebengine.repository import open_database, open_repository
from aiwebengine.repository.model import Quota
from aiwebengine.repository.stores import key_value_rows, key_value_usage
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


class PostgreSQLAtOnceTests(SynchronousTestCase):
    """REQ-DATA-002: keys changed by many connections at once."""

    def test_req_data_002_counts_stay_right(self) -> None:
        """Sums are exact, no change waits for another for ever, and what is counted is what is there."""
        database = open_database(empty_database())
        self.addCleanup(database.close)
        quota = Quota(max_keys=30, max_bytes=100_000)

        def work(number: int) -> None:
            for turn in range(12):
                space = f"n#{(number + turn) % 3}"
                texts = {f"k{(number * turn + n) % 7}": str(turn) * (1 + number) for n in range(4)}
                database.write(key_value_rows.add, "n", "sum", 1, 10, None, quota)
                database.write(key_value_rows.put, space, texts, 20 if turn % 2 else None, quota)
                database.write(key_value_rows.remove, space, f"k{turn % 7}", 10)
                database.write(lambda link: key_value_rows.remove_some(link, 5, expired_at=30))

        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(work, number) for number in range(6)]:
                done.result()
        values = database.read(key_value_rows.values, "n", ("sum",), 10)
        self.assertEqual(values["sum"].value, 6 * 12)
        counted = database.read(key_value_usage.usage_listed, "", "", 100)
        database.write(key_value_usage.recount)
        self.assertEqual(database.read(key_value_usage.usage_listed, "", "", 100), counted)


class PostgreSQLSettingsTests(OnPostgreSQL, SettingsContract, SynchronousTestCase):
    """Settings in PostgreSQL."""


class PostgreSQLLogTests(OnPostgreSQL, LogContract, SynchronousTestCase):
    """Logs in PostgreSQL."""
