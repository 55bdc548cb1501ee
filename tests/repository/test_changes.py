"""Tests for aiwebengine.repository.changes and .calls with SQLite."""

from __future__ import annotations

import threading
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from aiwebengine.repository import MemoryRepository, open_repository
from aiwebengine.repository.calls import WorkerCalls
from aiwebengine.repository.changes import PolledChanges, Watchers
from aiwebengine.repository.database import DatabaseRepository
from aiwebengine.repository.sqlite import SQLiteDatabase
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.model import ScriptChange


class PolledTests(SynchronousTestCase):
    """Changes by other processes on the same file are noticed."""

    def setUp(self):
        self.clock = Clock()
        self.path = Path(self.mktemp())
        self.told = []

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def open(self):
        database = SQLiteDatabase(self.path, lock_timeout_s=0)
        calls = WorkerCalls(database, InlineWorker(), InlineWorker())
        watchers = Watchers(self.clock, PolledChanges(self.clock, calls, lambda: database.told))
        repository = DatabaseRepository(database, calls, watchers=watchers)
        self.addCleanup(lambda: self.wait(repository.close()))
        return repository

    def save(self, repository):
        self.wait(repository.save([ScriptChange("a", "x")]))

    def test_goes_on(self):
        """An error nobody has foreseen does not end the looking."""
        other = self.open()
        broken = self.patch(WorkerCalls, "read", self.fail_)
        one = self.open()
        one.watch(lambda: self.told.append("one"))
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)
        broken.restore()
        self.clock.advance(1)
        self.save(other)
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, ["one"])

    async def fail_(self, *arguments):
        raise OSError("broken")

    def test_told(self):
        """Another's change is told once, within a second; one's own is not."""
        one, other = self.open(), self.open()
        self.save(other)
        cancel = one.watch(lambda: self.told.append("one"))
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, [])
        self.save(one)
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, [])
        self.save(other)
        self.save(one)
        self.save(other)
        self.clock.pump([1, 0.1, 1, 0.1])
        self.assertEqual(self.told, ["one"])
        cancel()
        cancel()
        self.save(other)
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, ["one"])
        one.watch(lambda: self.told.append("again"))
        self.save(other)
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, ["one", "again"])

    def test_req_data_004_nobody_yet(self):
        """What comes after an engine has read scripts, and before it follows them, is told when it does."""
        one, other = self.open(), self.open()
        self.save(other)
        one.logs.watch(lambda: None)
        self.clock.pump([1, 0.1])
        self.save(other)
        self.clock.pump([1, 0.1])
        one.watch(lambda: self.told.append("one"))
        self.clock.pump([0.1])
        self.assertEqual(self.told, ["one"])
        one.watch(lambda: self.told.append("two"))
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, ["one"])

    def test_other_changes(self):
        """Log lines and values of others are no news about scripts."""
        one, other = self.open(), self.open()
        one.watch(lambda: self.told.append(True))
        self.wait(other.key_values.set("n", "k", 1))
        self.wait(other.logs.append([]))
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, [])

    def test_failing_listener(self):
        """One listener's error is logged and does not keep others from hearing."""
        one, other = self.open(), self.open()
        one.watch(lambda: 1 / 0)
        one.watch(lambda: self.told.append(True))
        self.save(other)
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, [True])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_closed(self):
        """After closing nothing is told and no timer is left."""
        one, other = self.open(), self.open()
        one.watch(lambda: self.told.append(True))
        self.save(other)
        self.clock.advance(1)
        self.wait(one.close())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(5)
        self.assertEqual(self.told, [])

    def test_without_news(self):
        """A repository made for commands tells nothing."""
        repository = open_repository(f"sqlite:///{self.path.absolute()}", worker=InlineWorker())
        repository.watch(self.fail)()
        MemoryRepository().watch(self.fail)()
        self.wait(repository.close())

    def test_broken(self):
        """A repository that fails does not end the looking."""
        one, other = self.open(), self.open()
        one.watch(lambda: self.told.append(True))
        self.save(other)
        self.clock.pump([1, 0.1])
        read = one._worker_calls._database.read

        def broken(*arguments):
            one._worker_calls._database.read = read
            from aiwebengine.repository import RepositoryUnavailable

            raise RepositoryUnavailable("u", "on purpose")

        one._worker_calls._database.read = broken
        self.save(other)
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, [True])
        self.clock.pump([1, 0.1])
        self.assertEqual(self.told, [True, True])


class ReadersTests(TestCase):
    """Reading and writing at the same time."""

    def test_readers_do_not_wait_for_the_writer(self):
        """While a transaction is under way, others read what was there before it."""
        url = f"sqlite:///{Path(self.mktemp()).absolute()}/x.db"
        repository = open_repository(url, reactor=reactor, pool_size=3)
        self.addCleanup(lambda: Deferred.fromCoroutine(repository.close()))
        entered, leave = threading.Event(), threading.Event()

        def slowly(link):
            link.run("INSERT INTO settings VALUES ('x', '1', '', 0)")
            entered.set()
            leave.wait(30)

        async def scenario():
            await repository.settings.set("a", 1)
            writing = Deferred.fromCoroutine(repository._calls.write(slowly))
            await repository._calls._readers.run(entered.wait, 30)
            reads = [Deferred.fromCoroutine(repository.settings.all()) for _ in range(8)]
            seen = await gatherResults(reads)
            self.assertEqual({len(settings) for settings in seen}, {1})
            leave.set()
            await writing
            self.assertEqual(len(await repository.settings.all()), 2)

        return Deferred.fromCoroutine(scenario())

    def test_increments_at_once(self):
        """Increments by several threads are all counted."""
        url = f"sqlite:///{Path(self.mktemp()).absolute()}/x.db"
        repositories = [open_repository(url, reactor=reactor) for _ in range(2)]
        for repository in repositories:
            self.addCleanup(lambda one=repository: Deferred.fromCoroutine(one.close()))

        async def scenario():
            jobs = [
                Deferred.fromCoroutine(repository.key_values.increment("n", "k"))
                for _ in range(20)
                for repository in repositories
            ]
            self.assertEqual(sorted(await gatherResults(jobs)), list(range(1, 41)))

        return Deferred.fromCoroutine(scenario())
