"""Migrations from every earlier schema, and what is refused, on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import RepositoryUnusable, open_database, open_repository
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.schema import migrations
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import ScriptChange
from tests.repository.support import environment
from tests.repository.test_postgresql import empty_database, psycopg

FIXTURES = Path(__file__).parent / "fixtures"
NEWEST = 4


class MigrationCase:
    """The same on both back ends; ``make(number)`` gives the URL of a database of an earlier schema."""

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def open(self, url, **keywords):
        repository = open_repository(url, worker=InlineWorker(), **keywords)
        self.addCleanup(lambda: self.wait(repository.close()))
        return repository

    def refused(self, url, **keywords):
        repository = self.open(url, **keywords)
        return self.failureResultOf(
            Deferred.fromCoroutine(repository.scripts()), RepositoryUnusable
        ).value.reason

    def test_numbers(self):
        """Both back ends count alike, and every earlier schema has a fixture to be tested from."""
        self.assertEqual(len(migrations(self.dialect)), NEWEST)
        for number in range(1, NEWEST):
            self.assertTrue((FIXTURES / f"{self.dialect}-{number}.sql").exists())

    def test_req_data_002_from_each_schema(self):
        """Every earlier schema becomes the newest, with all that was in it."""
        for number in range(1, NEWEST):
            url = self.make(number)
            self.assertEqual(open_database(url).schema(), (number, NEWEST))
            repository = self.open(url)
            script = self.wait(repository.script("a.js"))
            self.assertEqual((script.version, script.source, script.author), (2, "// two\n", "bob"))
            self.assertEqual((script.created_at, script.updated_at), (1_700_000_000_000, 1_700_000_002_000))
            self.assertEqual(self.wait(repository.version("a.js", 1)).source, "// one\n")
            self.assertEqual([one.version for one in self.wait(repository.versions("gone.js"))], [1])
            self.assertEqual(self.wait(repository.save([ScriptChange("gone.js", "y")]))[0].version, 2)
            self.wait(repository.key_values.set("n", "k", 1))
            entry = LogEntry(0, 1, "info", "a.js", "r", "", "log", "new")
            last = self.wait(repository.logs.last_seq())
            self.assertEqual(self.wait(repository.logs.append([entry])), last + 1)
            self.assertEqual(open_database(url).schema(), (NEWEST, NEWEST))
            self.assertEqual(len(self.wait(self.open(url).scripts())), len(self.wait(repository.scripts())))

    def test_log_numbers(self):
        """Entries to which several engines gave the same number get numbers of their own, in their order."""
        repository = self.open(self.make(2))
        entries = self.wait(repository.logs.query(LogQuery(after=0)))
        self.assertEqual(
            [(one.seq, one.message) for one in entries],
            [
                (1, "one"),
                (2, "two"),
                (3, "two of another engine"),
                (4, "three"),
                (5, "three of a third"),
                (9, "grüße"),
            ],
        )
        self.assertEqual(
            entries[1],
            LogEntry(2, 1_700_000_002_000, "error", "a.js", "r1", "GET /x", "error", "two", 3),
        )
        self.assertEqual(self.wait(repository.logs.last_seq()), 9)
        found = self.wait(repository.logs.query(LogQuery(script="b/c.js", level="info")))
        self.assertEqual([one.seq for one in found], [3, 4])

    def test_keys_are_counted(self):
        """Keys that were there before they were counted are."""
        url = self.make(2)
        self.keep(url, [("script:a.js", "é", "[1]"), ("script:a.js#u", "k", '"x"'), ("other", "k", "1")])
        values = self.open(url).key_values
        held = [(one.namespace, one.keys, one.bytes) for one in self.wait(values.usage())]
        self.assertEqual(held, [("other", 1, 2), ("script:a.js", 2, 9), ("script:a.js#u", 1, 4)])

    def test_not_automatic(self):
        """Switched off, an older schema is refused naming the command, and left as it is."""
        url = self.make(1)
        reason = self.refused(url, auto_migrate=False)
        self.assertIn("schema 1 must be migrated to 4", reason)
        self.assertIn("`aiwebengine migrate`", reason)
        self.assertEqual(open_database(url).schema(), (1, NEWEST))
        self.wait(self.open(url).scripts())
        self.wait(self.open(url, auto_migrate=False).scripts())

    def test_newer(self):
        """A schema of a newer engine is refused with both numbers."""
        url = self.make(1)
        self.number(url, 99)
        reason = self.refused(url)
        self.assertIn("written by a newer aiwebengine (schema 99, this one knows 4)", reason)
        self.assertEqual(open_database(url).schema(), (99, NEWEST))

    def test_several_at_once(self):
        """Engines started at the same time on an old database all work; each step runs once."""
        url = self.make(1)
        code = (
            "import sys\n"
            "from aiwebengine.repository import open_database\n"
            "from aiwebengine.repository.stores.scripts import count_scripts\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "database = open_database(sys.argv[1])\n"
            "print(database.read(count_scripts))\n"
            "database.close()\n"
        )
        children = [
            subprocess.Popen(
                [sys.executable, "-c", code, url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                text=True,
            )
            for _ in range(4)
        ]
        for child in children:
            self.assertEqual(child.stdout.readline(), "ready\n")
        for child in children:
            child.stdin.write("\n")
            child.stdin.flush()
        for child in children:
            output, errors = child.communicate()
            self.assertEqual((output.strip(), errors, child.returncode), (str(self.live), "", 0))


class SQLiteMigrationTests(MigrationCase, SynchronousTestCase):
    """In SQLite."""

    dialect = "sqlite"
    live = 2

    def make(self, number):
        path = Path(self.mktemp()).absolute()
        link = sqlite3.connect(path)
        link.executescript((FIXTURES / f"sqlite-{number}.sql").read_bytes().decode())
        link.close()
        return f"sqlite:///{path}"

    def number(self, url, number):
        link = sqlite3.connect(url.removeprefix("sqlite:///"))
        link.execute(f"PRAGMA user_version = {number}")
        link.close()

    def keep(self, url, rows):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as link:
            link.executemany("INSERT INTO key_values (namespace, name, value) VALUES (?, ?, ?)", rows)
        link.close()

    def test_schema_without_a_file(self):
        """Asking for the schema makes no file."""
        path = Path(self.mktemp()).absolute()
        self.assertEqual(open_database(f"sqlite:///{path}").schema(), (0, NEWEST))
        self.assertFalse(path.exists())


class PostgreSQLMigrationTests(MigrationCase, SynchronousTestCase):
    """In PostgreSQL."""

    dialect = "postgresql"
    live = 1

    def make(self, number):
        url = empty_database()
        with psycopg.connect(url, autocommit=True) as link:
            link.execute((FIXTURES / f"postgresql-{number}.sql").read_text())
        return url

    def number(self, url, number):
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("UPDATE aiwebengine.schema_version SET number = %s", (number,))

    def keep(self, url, rows):
        with psycopg.connect(url) as link, link.cursor() as cursor:
            statement = "INSERT INTO aiwebengine.key_values (namespace, name, value) VALUES (%s, %s, %s)"
            cursor.executemany(statement, rows)

    def test_other_program(self):
        """A schema of that name which is not ours is refused; an empty one is used."""
        url = empty_database()
        self.assertEqual(open_database(url).schema(), (0, NEWEST))
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("CREATE SCHEMA aiwebengine")
            self.assertEqual(open_database(url).schema(), (0, NEWEST))
            link.execute("CREATE TABLE aiwebengine.theirs (x INTEGER)")
            self.assertIn("belongs to another program", self.refused(url))
            link.execute("DROP TABLE aiwebengine.theirs")
        self.assertEqual(self.wait(self.open(url).scripts()), [])
