"""Tests for aiwebengine.repository.factory."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import (
    MemoryRepository,
    RepositoryUnavailable,
    RepositoryUnusable,
    open_database,
    open_repository,
)
from aiwebengine.repository.database import DatabaseRepository
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.model import ScriptChange


class FactoryTests(SynchronousTestCase):
    """A repository by its URL."""

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_memory(self):
        """``memory:`` is in memory, with the given time."""
        repository = open_repository("memory:", now=lambda: 5.0)
        self.assertIsInstance(repository, MemoryRepository)
        self.assertEqual(self.wait(repository.save([ScriptChange("a", "")]))[0].created_at, 5000)
        self.assertIsInstance(open_repository("memory://"), MemoryRepository)

    def test_req_data_002_sqlite(self):
        """Three slashes are relative to the directory given, four are absolute; escapes are undone."""
        base = Path(self.mktemp()).absolute()
        for url in ("sqlite:///var/a%20b.db", f"sqlite:///{base}/var/a%20b.db"):
            repository = open_repository(url, worker=InlineWorker(), directory=base)
            self.assertIsInstance(repository, DatabaseRepository)
            self.wait(repository.scripts())
            self.wait(repository.close())
        self.assertEqual([p.name for p in (base / "var").iterdir()], ["a b.db"])

    def test_nothing_opened(self):
        """Making the repository touches no file."""
        base = Path(self.mktemp())
        open_repository("sqlite:///var/x.db", worker=InlineWorker(), directory=base)
        self.assertFalse(base.exists())

    def test_refused(self):
        """Each URL that cannot be used is refused with what to write instead."""
        for url, said in (
            ("sqlite", "write sqlite:///path/to/file.db"),
            ("sqlite://x.db", "write sqlite:///path/to/file.db"),
            ("sqlite:///", "write sqlite:///path/to/file.db"),
            ("sqlite:///:memory:", "write 'memory:'"),
            ("memory", "write memory:"),
            ("memory:x", "write memory:"),
            ("postgresql:host/db", "write postgresql://user:password@host/database"),
            ("postgressql://host/db", "Did you mean 'postgresql'?"),
            ("sqllite:///x.db", "Did you mean 'sqlite'?"),
            ("mysql://h/x", "unknown scheme 'mysql'"),
            ("", "unknown scheme ''"),
        ):
            error = self.assertRaises(RepositoryUnusable, open_repository, url)
            self.assertIn(said, str(error), url)

    def test_no_descriptor_left(self):
        """Where this process has no file descriptor left the repository is unavailable, not broken."""
        import psycopg

        database = open_database("postgresql://localhost/none")
        self.addCleanup(database.close)
        self.patch(psycopg, "connect", lambda **_: SimpleNamespace(fileno=lambda: 3, close=lambda: None))

        def dup(descriptor):
            raise OSError(errno.EMFILE, "Too many open files")

        self.patch(os, "dup", dup)
        error = self.assertRaises(RepositoryUnavailable, database.read, lambda link: None)
        self.assertIn("Too many open files", error.reason)

    def test_no_password(self):
        """A password in the URL is not shown."""
        error = self.assertRaises(RepositoryUnusable, open_repository, "postgresq://me:secret@host/db")
        self.assertNotIn("secret", str(error))
        self.assertIn("@host/db", str(error))
