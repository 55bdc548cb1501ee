"""Tests for aiwebengine.repository.sqlite, .schema, .calls and .worker."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

import aiwebengine
from aiwebengine.repository import open_repository
from aiwebengine.repository.calls import WorkerCalls
from aiwebengine.repository.database import DatabaseRepository
from aiwebengine.repository.errors import QuotaExceeded, RepositoryUnavailable, RepositoryUnusable
from aiwebengine.repository.model import Quota
from aiwebengine.repository.schema import migrations
from aiwebengine.repository.sqlite import SQLiteDatabase, SQLiteLink, migrate
from aiwebengine.repository.worker import InlineWorker, ThreadWorker
from aiwebengine.scripts.model import ScriptChange
from aiwebengine.testing.repository import ScriptRepositoryContract
from aiwebengine.testing.stores import (
    AssetContract,
    KeyValueContract,
    LogContract,
    SettingsContract,
    UserContract,
)

SQLITE_TABLES = [
    "assets", "identities", "key_value_usage", "key_values", "logs",
    "revisions", "scripts", "settings", "users", "versions",
]  # fmt: skip


class InSQLite:
    """Makes repositories."""

    def make_repository(self, now):
        self.path = Path(self.mktemp()) / "deep" / "scripts.db"
        self.now = now
        return self.open()

    def open(self, **keywords):
        self.database = SQLiteDatabase(self.path, lock_timeout_s=0.0, **keywords)
        worker = InlineWorker()
        return DatabaseRepository(self.database, WorkerCalls(self.database, worker, worker), now=self.now)


class SQLiteAssetTests(InSQLite, AssetContract, SynchronousTestCase):
    """Assets in SQLite."""


class PruningTests(InSQLite, SynchronousTestCase):
    """Expired keys are found by their times."""

    def test_not_every_key_is_looked_at(self):
        """However many keys there are, those that have not expired cost nothing."""
        asked = []
        ask = SQLiteLink.all

        def watched(link, statement, *values):
            asked.append((statement, values))
            return ask(link, statement, *values)

        repository = self.make_repository(lambda: 100.0)
        self.wait(repository.key_values.set("n", "a", 1, 1))
        self.wait(repository.key_values.set("n", "b", 1))
        repository.key_values._now = lambda: 200.0
        self.patch(SQLiteLink, "all", watched)
        self.assertEqual(self.wait(repository.key_values.prune()), 1)
        # A script that keeps as much as it may has its expired keys looked for with each write.
        full = self.failureResultOf(
            Deferred.fromCoroutine(repository.key_values.set("n", "c", 1, quota=Quota(1, 1000)))
        )
        full.trap(QuotaExceeded)
        self.assertEqual(len(asked), 2)
        for statement, values in asked:
            plan = self.database.read(ask, f"EXPLAIN QUERY PLAN {statement}", *values)
            steps = [row[-1] for row in plan]
            self.assertTrue(any("key_values_expiry" in step for step in steps), steps)
            self.assertFalse(any(step.startswith("SCAN") for step in steps), steps)
        self.wait(repository.close())

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))


class SQLiteUserTests(InSQLite, UserContract, SynchronousTestCase):
    """Users in SQLite."""


class SQLiteKeyValueTests(InSQLite, KeyValueContract, SynchronousTestCase):
    """Keys in SQLite."""


class SQLiteSettingsTests(InSQLite, SettingsContract, SynchronousTestCase):
    """Settings in SQLite."""


class SQLiteLogTests(InSQLite, LogContract, SynchronousTestCase):
    """Logs in SQLite."""


class SQLiteRepositoryTests(InSQLite, ScriptRepositoryContract, SynchronousTestCase):
    """REQ-DATA-002: the contract in an SQLite file."""

    def reopened(self):
        self.wait(self.repository.close())
        other = self.open()
        self.addCleanup(lambda: self.wait(other.close()))
        return other

    def test_req_data_004_persistent(self):
        """Everything is there after the file was closed and opened again."""
        self.save("a", "one", author="ann", message="m")
        self.save("a", "two")
        self.save("b", "gone")
        self.save("b", None)
        before = self.wait(self.repository.scripts()), self.wait(self.repository.versions("a"))
        other = self.reopened()
        self.assertEqual((self.wait(other.scripts()), self.wait(other.versions("a"))), before)
        self.assertEqual(self.wait(other.save([ScriptChange("b", "x")]))[0].version, 2)

    def test_durability_settings(self):
        """The log is written ahead and synced at each commit."""
        self.save("a", "one")
        link = self.database._writer
        self.assertEqual(link.execute("PRAGMA journal_mode").fetchone(), ("wal",))
        self.assertEqual(link.execute("PRAGMA synchronous").fetchone(), (2,))

    def test_req_sec_005_private(self):
        """The files are their owner's only, whatever the process's mask is."""
        self.addCleanup(os.umask, os.umask(0))
        self.save("a", "one")
        modes = {one.name: one.stat().st_mode & 0o777 for one in self.path.parent.iterdir()}
        self.assertEqual(modes, dict.fromkeys(("scripts.db", "scripts.db-shm", "scripts.db-wal"), 0o600))

    def test_what_is_no_database_stays(self):
        """A file too short to be a database is refused, not taken for an empty one."""
        self.path.parent.mkdir(parents=True)
        for content in (b"x", b"note to self\n" * 30):
            self.path.write_bytes(content)
            failure = self.failureResultOf(Deferred.fromCoroutine(self.open().scripts()), RepositoryUnusable)
            self.assertIn("is no SQLite database", failure.value.reason)
            self.assertEqual(self.path.read_bytes(), content)

    def test_two_at_once(self):
        """Two engines on one file see each other's changes and refuse stale ones."""
        other = self.open()
        self.addCleanup(lambda: self.wait(other.close()))
        self.save("a", "one")
        self.wait(other.save([ScriptChange("a", "two", expected_version=1)]))
        self.assertEqual(self.wait(self.repository.script("a")).source, "two")

    def test_locked(self):
        """A file that another program holds is refused in words, and usable afterwards."""
        self.save("a", "one")
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        error = self.fails(self.repository.save([ScriptChange("a", "two")]), RepositoryUnavailable)
        self.assertIn("locked by another process", str(error))
        other.execute("ROLLBACK")
        self.assertEqual(self.save("a", "two").version, 2)

    def refused(self, **keywords):
        repository = self.open(**keywords)
        self.addCleanup(lambda: self.wait(repository.close()))
        error = self.fails(repository.scripts(), RepositoryUnusable)
        self.assertIn(str(self.path), error.url)
        return error.reason

    def test_not_a_database(self):
        """A file of another kind is refused and left as it is."""
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(b"hello" * 1000)
        self.assertIn("not an SQLite database", self.refused())
        self.assertEqual(self.path.read_bytes(), b"hello" * 1000)

    def test_damaged(self):
        """A damaged database is refused in words."""
        for number in range(50):
            self.save(f"s{number}", "x" * 4000)
        self.wait(self.repository.close())
        size = self.path.stat().st_size
        with self.path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        self.assertIn("damaged", self.refused())

    def test_other_program(self):
        """Another program's database is refused."""
        self.path.parent.mkdir(parents=True)
        link = sqlite3.connect(self.path)
        link.execute("CREATE TABLE theirs (x)")
        link.close()
        self.assertIn("another program", self.refused())

    def test_directory_in_the_way(self):
        """A path that cannot be a file is refused in words."""
        self.path.mkdir(parents=True)
        self.assertIn("cannot be opened for writing", self.refused())
        self.path = self.path.parent / "file" / "x.db"
        self.path.parent.write_text("")
        self.assertIn("cannot make its directory", self.refused())

    def test_newer(self):
        """A database of a newer engine is refused, with both numbers, and not touched."""
        self.save("a", "one")
        self.database._writer.execute("PRAGMA user_version = 99")
        self.wait(self.repository.close())
        reason = self.refused()
        self.assertIn("newer aiwebengine (schema 99", reason)
        link = sqlite3.connect(self.path)
        self.addCleanup(link.close)
        self.assertEqual(link.execute("SELECT count(*) FROM versions").fetchone(), (1,))

    def test_closed(self):
        """A closed repository says so; closing again is harmless."""
        self.wait(self.repository.close())
        self.wait(self.repository.close())
        self.assertIn("closed", str(self.fails(self.repository.scripts(), RepositoryUnusable)))

    def test_other_database_errors(self):
        """Any other error of SQLite is passed on in its own words."""
        self.save("a", "one")
        self.database._writer.execute("DROP TABLE versions")
        self.assertIn("no such table", self.fails(self.repository.script("a"), RepositoryUnusable).reason)


class MigrationTests(SynchronousTestCase):
    """Migrations run forward, in one transaction."""

    def link(self):
        link = sqlite3.connect(":memory:", isolation_level=None)
        self.addCleanup(link.close)
        return link

    def tables(self, link):
        return [
            row[0] for row in link.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")
        ]

    def test_shipped(self):
        """The migrations shipped make the tables."""
        link = self.link()
        migrate(link, "u", migrations("sqlite"))
        self.assertEqual(self.tables(link), SQLITE_TABLES)
        migrate(link, "u", migrations("sqlite"))

    def test_steps(self):
        """Only the steps that are missing run; a step may have several statements and comments."""
        link = self.link()
        migrate(link, "u", ["CREATE TABLE a (x);"])
        link.execute("INSERT INTO a VALUES (1)")
        migrate(link, "u", ["not run", "-- more;\nCREATE TABLE b (x);\nCREATE TABLE c (y DEFAULT ';')"])
        self.assertEqual(self.tables(link), ["a", "b", "c"])
        self.assertEqual(link.execute("PRAGMA user_version").fetchone(), (2,))

    def test_broken_step(self):
        """A step that fails leaves the database as it was."""
        link = self.link()
        migrate(link, "u", ["CREATE TABLE a (x);"])
        steps = ["", "CREATE TABLE b (x);", "CREATE TABLE b (x);"]
        self.assertRaises(sqlite3.OperationalError, migrate, link, "u", steps)
        self.assertEqual(self.tables(link), ["a"])
        self.assertEqual(link.execute("PRAGMA user_version").fetchone(), (1,))

    def test_not_automatic(self):
        """With auto_migrate off an older database is refused, a new one is made."""
        link = self.link()
        migrate(link, "u", ["CREATE TABLE a (x);"], automatic=False)
        error = self.assertRaises(RepositoryUnusable, migrate, link, "u", ["", ""], automatic=False)
        self.assertIn("repository.auto_migrate = true", str(error))


class ThreadTests(TestCase):
    """The worker's thread."""

    def test_never_on_the_reactor_thread(self):
        """Calls run in one other thread, one after the other, and their errors come back."""
        worker = ThreadWorker(reactor)
        self.addCleanup(worker.stop)

        async def scenario():
            first = worker.run(threading.get_ident)
            second = worker.run(threading.get_ident)
            idents = {await first, await second}
            self.assertEqual(len(idents), 1)
            self.assertNotIn(threading.get_ident(), idents)
            with self.assertRaises(ZeroDivisionError):
                await worker.run(lambda: 1 / 0)

        return Deferred.fromCoroutine(scenario())

    def test_repository_in_a_thread(self):
        """A repository works with a real thread and ends it when closed."""
        path = Path(self.mktemp()) / "x.db"
        repository = open_repository(f"sqlite:///{path.absolute()}", reactor=reactor)

        async def scenario():
            saves = [Deferred.fromCoroutine(repository.save([ScriptChange("a", str(n))])) for n in range(20)]
            for save in saves:
                await save
            self.assertEqual((await repository.script("a")).version, 20)
            await repository.close()

        return Deferred.fromCoroutine(scenario())

    def test_never_started(self):
        """Stopping a worker that never worked is harmless."""
        ThreadWorker(reactor).stop()


_CHILD = """
import sys
from pathlib import Path
from twisted.internet.defer import Deferred
from aiwebengine.repository import open_repository
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.model import ScriptChange

repository = open_repository(sys.argv[1], worker=InlineWorker())
number = 0
def done(saved):
    print(saved[0].version, saved[1].version, flush=True)
while True:
    number += 1
    text = f"version {number} " + "x" * 3000
    changes = [ScriptChange("a", text), ScriptChange("b", text)]
    Deferred.fromCoroutine(repository.save(changes)).addCallbacks(done, lambda f: f.raiseException())
"""


class KillTests(SynchronousTestCase):
    """REQ-DATA-004: what was acknowledged survives ``kill -9``."""

    def test_req_data_004_kill(self):
        """After each SIGKILL amid writing, all acknowledged saves are there, whole, and no half one."""
        url = f"sqlite:///{Path(self.mktemp()).absolute()}/x.db"
        environment = {**os.environ, "PYTHONPATH": str(Path(aiwebengine.__file__).parent.parent)}
        last = 0
        for wanted in (3, 10, 25):
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, url], stdout=subprocess.PIPE, env=environment
            )
            lines = [child.stdout.readline() for _ in range(wanted)]
            child.send_signal(signal.SIGKILL)
            rest, _ = child.communicate()
            self.assertEqual(child.returncode, -signal.SIGKILL)
            lines += [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
            acknowledged = int(lines[-1].split()[0])
            self.assertGreaterEqual(acknowledged, last + wanted)
            repository = open_repository(url, worker=InlineWorker())
            first, second = self.wait(repository.scripts())
            self.assertEqual(first.version, second.version)
            self.assertIn(first.version, (acknowledged, acknowledged + 1))
            for number in range(1, first.version + 1):
                self.assertEqual(self.wait(repository.version("a", number)).size > 3000, True)
            last = first.version
            self.wait(repository.close())

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))
