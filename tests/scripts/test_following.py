"""Tests for aiwebengine.scripts.following, and two engines on one repository."""

from pathlib import Path

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.errors import HTTPProblem, ScriptInvalid, VersionConflict
from aiwebengine.interfaces import IEngineService, IPlugin
from aiwebengine.plugins.aiwebengine_following import following
from aiwebengine.repository import RepositoryUnavailable
from aiwebengine.repository.calls import WorkerCalls
from aiwebengine.repository.changes import PolledChanges, Watchers
from aiwebengine.repository.database import DatabaseRepository
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.repository.model import LogQuery
from aiwebengine.repository.sqlite import SQLiteDatabase
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.following import RepositoryFollower
from aiwebengine.scripts.model import ScriptChange
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Services


class Registry:
    """Counts how often it is asked to read."""

    read = 0
    behind = False

    def refresh_soon(self):
        self.read += 1


class Watching:
    """A repository that tells."""

    listener = None

    def watch(self, listener):
        self.listener = listener
        return self.stop

    def stop(self):
        self.listener = None


class Polled:
    """A repository with a revision; an error is raised instead."""

    revision_ = 1

    async def revision(self):
        if isinstance(self.revision_, Exception):
            raise self.revision_
        return self.revision_


class FollowerTests(SynchronousTestCase):
    """How it is noticed that something changed."""

    def follow(self, repository):
        self.clock, self.registry = Clock(), Registry()
        self.follower = RepositoryFollower(self.clock, repository, self.registry)
        self.wait(self.follower.start())

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def test_watch(self):
        """A repository that tells is listened to until the end."""
        repository = Watching()
        self.follow(repository)
        verifyObject(IEngineService, self.follower)
        repository.listener()
        self.assertEqual(self.registry.read, 1)
        self.wait(self.follower.stop())
        self.assertIsNone(repository.listener)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_req_data_004_behind(self):
        """What could not be read or loaded is tried again each second, although nobody tells of it."""
        self.follow(Watching())
        self.clock.advance(1)
        self.assertEqual(self.registry.read, 0)
        self.registry.behind = True
        self.clock.pump([1, 1])
        self.assertEqual(self.registry.read, 2)
        self.wait(self.follower.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_poll(self):
        """Another revision is noticed within a second, and only once; a failure is not the end."""
        repository = Polled()
        self.follow(repository)
        self.clock.advance(1)
        self.assertEqual(self.registry.read, 0)
        repository.revision_ = 2
        self.clock.pump([1, 1])
        self.assertEqual(self.registry.read, 1)
        repository.revision_ = OSError("away")
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        repository.revision_ = 3
        self.clock.advance(1)
        self.assertEqual(self.registry.read, 2)
        self.wait(self.follower.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_neither(self):
        """A repository in memory has no other writer."""
        self.follow(object())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.wait(self.follower.stop())

    def test_plugin(self):
        """The plugin makes a follower."""
        verifyObject(IPlugin, following)
        services = Services(RegistryHelper(self), Clock())
        self.assertIsInstance(following.build(None, services), RepositoryFollower)


class TwoEnginesTests(SynchronousTestCase):
    """REQ-DATA-004: two engines share one SQLite file."""

    def setUp(self):
        path = Path(self.mktemp()) / "scripts.db"
        self.clock = Clock()
        self.one, self.two = (self.make(path) for _ in range(2))

    def make(self, path):
        database = SQLiteDatabase(path, lock_timeout_s=0.0)
        calls = WorkerCalls(database, InlineWorker(), InlineWorker())
        changes = PolledChanges(self.clock, calls, lambda: database.told)
        watchers = Watchers(self.clock, changes, delay_s=0.0)
        repository = DatabaseRepository(database, calls, watchers=watchers, now=lambda: 1.0)
        helper = RegistryHelper(self, repository=repository)
        follower = RepositoryFollower(self.clock, repository, helper.registry)
        helper.wait(follower.start())
        self.addCleanup(lambda: (helper.wait(follower.stop()), helper.wait(repository.close())))
        return helper

    def test_changes_arrive(self):
        """What one engine stores or deletes goes live in the other."""
        self.one.put("a", "GET /x")
        self.assertIsNone(self.two.answers("GET", "/x"))
        self.clock.advance(1)
        self.assertEqual(self.two.answers("GET", "/x"), ("a", 1, {}))
        self.two.wait(self.two.registry.delete("a"))
        self.clock.advance(1)
        self.assertIsNone(self.one.answers("GET", "/x"))

    def test_exactly_one_wins(self):
        """Of two engines that store a version on top of the same one, one wins; the other learns of it."""
        self.one.put("a", "GET /x")
        self.clock.advance(1)
        for round_ in range(1, 4):
            helpers = (self.one, self.two)
            gates = []
            for helper in helpers:
                helper.pool.gates["a"] = Deferred()
                gates.append(helper.pool.gates["a"])
            puts = [
                helper.begin(helper.registry.put("a", f"GET /{name}{round_}", expected_version=round_))
                for helper, name in zip(helpers, ("one", "two"), strict=True)
            ]
            order = (0, 1) if round_ % 2 else (1, 0)
            for number in order:
                gates[number].callback(None)
            winner, loser = (puts[number] for number in order)
            self.assertEqual(self.successResultOf(winner).script.version, round_ + 1)
            conflict = self.failureResultOf(loser, VersionConflict).value
            self.assertEqual((conflict.expected, conflict.current), (round_, round_ + 1))
            self.clock.advance(1)
            path = f"/{('one', 'two')[order[0]]}{round_}"
            for helper in helpers:
                self.assertEqual(helper.answers("GET", path), ("a", round_ + 1, {}))

    def test_exactly_one_creates(self):
        """Of two engines that create the same script one wins."""
        self.one.put("a", "GET /x", expected_version=0)
        self.two.fails(self.two.registry.put("a", "GET /y", expected_version=0), VersionConflict)
        self.assertEqual(self.two.answers("GET", "/x"), ("a", 1, {}))

    def test_reading_again_meanwhile(self):
        """A change that comes while scripts are read leads to one more reading."""
        self.one.put("a", "GET /x")
        gate = self.two.pool.gates["a"] = Deferred()
        self.clock.advance(1)
        self.one.put("a", "GET /y")
        self.clock.advance(1)
        self.one.put("a", "GET /z")
        self.clock.advance(1)
        gate.callback(None)
        self.assertEqual(self.two.answers("GET", "/z"), ("a", 3, {}))
        self.assertIsNone(self.two.answers("GET", "/x"))
        self.assertEqual([load[1] for load in self.two.pool.loads], [1, 3])

    def test_repository_away(self):
        """A failed reading is logged, and the next one works."""
        self.one.put("a", "GET /x")
        scripts = self.two.repository.scripts

        async def fail():
            raise OSError("away")

        self.two.repository.scripts = fail
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.two.repository.scripts = scripts
        self.one.put("a", "GET /y")
        self.clock.advance(1)
        self.assertEqual(self.two.answers("GET", "/y"), ("a", 2, {}))


class SlowlyRead(MemoryRepository):
    """A repository whose answers to readers are under way for as long as there is a ``gate``."""

    gate = None

    async def scripts(self):
        found = await super().scripts()
        if self.gate is not None:
            await self.gate
        return found


class ConvergenceTests(SynchronousTestCase):
    """REQ-DATA-004: whatever happens while others' changes are read, engines end up with the same."""

    def setUp(self):
        self.repository = SlowlyRead(lambda: self.moment)
        self.moment = 1.0
        self.one, self.two = (RegistryHelper(self, repository=self.repository) for _ in range(2))
        for helper in (self.one, self.two):
            helper.registry.canaries.enable()

    def save(self, *changes):
        """Store something as another engine does, later than all before."""
        self.moment += 1
        self.one.wait(self.repository.save([ScriptChange(uri, source) for uri, source in changes]))

    def begin_reading(self, helper):
        """Have an engine read; what it is given then it gets when the returned is called."""
        self.repository.gate = gate = Deferred()
        reading = Deferred.fromCoroutine(helper.registry.refresh())
        self.repository.gate = None

        def go_on():
            gate.callback(None)
            self.successResultOf(reading)

        return go_on

    def test_req_data_004_put_while_reading(self):
        """What was put after others' changes were read, and before they were taken over, stays."""
        go_on = self.begin_reading(self.one)
        self.one.put("a", "GET /a")
        go_on()
        self.assertEqual(self.one.answers("GET", "/a"), ("a", 1, {}))

    def test_req_data_004_deleted_while_reading(self):
        """What was deleted meanwhile does not come back."""
        self.one.put("a", "GET /a")
        go_on = self.begin_reading(self.one)
        self.one.wait(self.one.registry.delete("a"))
        go_on()
        self.assertIsNone(self.one.answers("GET", "/a"))

    def test_req_data_004_put_again_while_reading(self):
        """An older version that was read before does not replace what was put meanwhile; it is read again."""
        self.one.put("a", "GET /a")
        self.save(("a", "GET /theirs"))
        go_on = self.begin_reading(self.one)
        self.one.put("a", "GET /mine")
        go_on()
        self.assertEqual(self.one.answers("GET", "/mine"), ("a", 3, {}))
        self.save(("a", "GET /theirs"))
        go_on = self.begin_reading(self.one)
        self.one.registry.stored(["a"])
        go_on()
        self.assertEqual(self.one.answers("GET", "/theirs"), ("a", 4, {}))

    def test_req_data_004_canary_while_reading(self):
        """The same for canaries: one that was begun stays, one that was ended does not come back."""
        canaries = self.one.registry.canaries
        self.one.put("a", "GET /a")
        go_on = self.begin_reading(self.one)
        self.one.wait(canaries.begin("a", "GET /a new", 10))
        go_on()
        self.assertEqual(canaries.get("a").percent, 10)
        go_on = self.begin_reading(self.one)
        self.one.wait(canaries.end("a"))
        go_on()
        self.assertIsNone(canaries.get("a"))

    def test_req_data_004_canary_of_a_newer_version(self):
        """What was read of a canary that is over does not delete the one that came after it."""
        canaries = self.one.registry.canaries
        self.one.put("a", "GET /a")
        self.two.wait(self.two.registry.refresh())
        self.two.wait(self.two.registry.canaries.begin("a", "GET /a", 10))
        go_on = self.begin_reading(self.one)
        self.one.put("a", "GET /a 2")
        self.one.wait(canaries.begin("a", "GET /a 3", 20))
        go_on()
        self.assertEqual(canaries.get("a").percent, 20)
        self.two.wait(self.two.registry.refresh())
        self.assertEqual(self.two.registry.canaries.get("a").percent, 20)

    def test_req_data_004_canary_replaced_elsewhere(self):
        """An engine forgets the stored canary that it knows of, not what another engine made of it."""
        canaries = self.one.registry.canaries
        self.one.put("a", "GET /a")
        self.one.wait(canaries.begin("a", "GET /a", 10))
        known = canaries.get("a").holder
        self.two.wait(self.two.registry.refresh())
        self.two.wait(self.two.registry.canaries.change("a", 30))
        self.one.wait(canaries.forget_stored({"a": known}))
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(canaries.get("a").percent, 30)

    def test_req_data_004_routes_exchanged(self):
        """Two scripts that exchange their routes in one batch do so everywhere."""
        self.save(("a", "GET /x"), ("b", "GET /y"))
        self.one.wait(self.one.registry.refresh())
        self.save(("a", "GET /y"), ("b", "GET /x"))
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(self.one.answers("GET", "/x"), ("b", 2, {}))
        self.assertEqual(self.one.answers("GET", "/y"), ("a", 2, {}))

    def test_req_data_004_route_moved(self):
        """A route that went from one script to another goes there, also when the one was changed again."""
        self.save(("a", "GET /x"))
        self.one.wait(self.one.registry.refresh())
        self.save(("a", "GET /y"))
        self.save(("b", "GET /x"))
        self.save(("a", "GET /z"))
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(self.one.answers("GET", "/x"), ("b", 1, {}))
        self.assertEqual(self.one.answers("GET", "/z"), ("a", 3, {}))

    def test_req_data_004_route_refused(self):
        """Where a route is taken, the version before goes on; once it is free the newer one serves."""
        self.save(("a", "GET /x"), ("b", "GET /y"), ("c", "GET /z"))
        self.one.wait(self.one.registry.refresh())
        self.save(("b", "GET /x"), ("c", "GET /y"))
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(self.one.answers("GET", "/x"), ("a", 1, {}))
        self.assertEqual(self.one.answers("GET", "/y"), ("b", 1, {}))
        self.assertEqual(self.one.answers("GET", "/z"), ("c", 1, {}))
        self.assertEqual([one.status for one in self.one.registry.records()], ["live", "failed", "failed"])
        said = len(self.one.logged())
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(len(self.one.logged()), said)
        self.save(("a", None))
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(self.one.answers("GET", "/x"), ("b", 2, {}))
        self.assertEqual(self.one.answers("GET", "/y"), ("c", 2, {}))
        self.assertEqual([one.status for one in self.one.registry.records()], ["live", "live"])

    def test_req_data_004_route_left_here(self):
        """The same when this engine itself takes out of service what had the route."""
        self.one.put("a", "GET /x")
        self.save(("b", "GET /x"))
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(self.one.registry.record("b").status, "failed")
        self.one.wait(self.one.registry.delete("a"))
        self.assertEqual(self.one.answers("GET", "/x"), ("b", 1, {}))
        self.assertEqual(self.one.registry.record("b").status, "live")

    def test_req_data_004_restored(self):
        """A backup that is restored under a running engine goes live, older versions and canaries too."""
        canaries = self.one.registry.canaries
        self.one.put("a", "GET /a")
        self.one.wait(canaries.begin("a", "GET /a", 10))
        (script, holder) = self.one.wait(self.repository.scripts())
        self.assertEqual((script.uri, holder.version), ("a", 1))
        self.one.put("a", "GET /b")
        self.moment += 1
        self.one.wait(canaries.begin("a", "GET /b", 20))
        backup = MemoryRepository(lambda: 1.0)
        for one in (script, holder):
            change = ScriptChange(one.uri, one.source, one.author, one.message)
            self.one.wait(backup.save([change]))
        self.repository.scripts = backup.scripts
        self.one.wait(self.one.registry.refresh())
        self.assertEqual(self.one.registry.record("a").script.version, 1)
        self.assertEqual(self.one.registry.routes()[0].path, "/a")
        self.assertEqual(canaries.get("a").percent, 10)

    def test_req_data_004_read_again(self):
        """News that could not be read are read later, also when the repository tells no more of them."""

        def broken(operation):
            raise RepositoryUnavailable("memory:", "one connection broke")

        self.save(("a", "GET /a"))
        self.repository.fault = broken
        self.one.registry.refresh_soon()
        self.assertTrue(self.one.registry.behind)
        self.repository.fault = lambda operation: None
        self.one.registry.refresh_soon()
        self.assertFalse(self.one.registry.behind)
        self.assertEqual(self.one.answers("GET", "/a"), ("a", 1, {}))

    def test_req_data_004_loaded_again(self):
        """So is a script that needs in ``init`` what is away for the moment, or finds no sandbox."""
        away = ScriptInvalid("a", "ServiceUnavailableError: storage.get: the repository is not available")
        busy = HTTPProblem(503, "SERVICE_UNAVAILABLE", "no sandbox is free")
        self.save(("a", "GET /a"), ("b", "GET /b"), ("c", "throw for good"))
        for _ in range(2):
            self.one.pool.gates = {"a": fail(away), "b": fail(busy)}
            self.one.wait(self.one.registry.refresh())
            self.assertTrue(self.one.registry.behind)
            self.assertEqual({one.status for one in self.one.registry.records()}, {"failed"})
            self.assertEqual(len(self.one.logged()), 3)
        self.one.pool.gates = {}
        self.one.wait(self.one.registry.refresh())
        self.assertFalse(self.one.registry.behind)
        self.assertEqual(self.one.answers("GET", "/a"), ("a", 1, {}))
        self.assertEqual(self.one.answers("GET", "/b"), ("b", 1, {}))
        self.assertEqual(self.one.registry.record("c").status, "failed")

    def test_req_data_004_canary_loaded_again(self):
        """So is a canary."""
        self.one.put("a", "GET /a")
        self.two.wait(self.two.registry.refresh())
        self.two.wait(self.two.registry.canaries.begin("a", "GET /a", 10))
        self.one.pool.gates = {"a": fail(HTTPProblem(503, "SERVICE_UNAVAILABLE", "no sandbox is free"))}
        self.one.wait(self.one.registry.refresh())
        self.assertTrue(self.one.registry.behind)
        self.one.pool.gates = {}
        self.one.wait(self.one.registry.refresh())
        self.assertFalse(self.one.registry.behind)
        self.assertEqual(self.one.registry.canaries.get("a").percent, 10)

    def begin_everywhere(self):
        """Have a canary that both engines know."""
        self.one.put("a", "GET /a")
        self.one.wait(self.one.registry.canaries.begin("a", "GET /a", 10))
        self.two.wait(self.two.registry.refresh())

    def end(self, helper, state):
        """End the canary on one engine."""
        note = lambda canary: helper.script_log.entry("info", f"{state} {canary.version}")  # noqa: E731
        helper.wait(helper.registry.canaries.end("a", state=state, note=note))

    def told(self):
        """Give what the repository's log has."""
        return [one.message for one in self.one.wait(self.repository.logs.query(LogQuery()))]

    def test_req_data_004_withdrawn_everywhere(self):
        """Of engines that take a canary back at the same moment one tells of it, and it does not return."""
        self.begin_everywhere()
        go_on = self.begin_reading(self.two)
        self.end(self.one, "rolled_back")
        self.end(self.two, "rolled_back")
        go_on()
        self.assertEqual(self.told(), ["rolled_back 2"])
        self.assertIsNone(self.two.registry.canaries.get("a"))

    def test_req_data_004_ended_while_changed(self):
        """A canary that another engine gave another share is ended all the same."""
        self.begin_everywhere()
        self.two.wait(self.two.registry.canaries.change("a", 20))
        self.end(self.one, "aborted")
        self.two.wait(self.two.registry.refresh())
        self.assertIsNone(self.one.registry.canaries.get("a"))
        self.assertIsNone(self.two.registry.canaries.get("a"))
        self.assertEqual(self.told(), ["aborted 2"])

    def test_req_data_004_ended_while_replaced(self):
        """One that another engine has put in its place stays, on all of them."""
        self.begin_everywhere()
        self.two.time += 1
        self.two.wait(self.two.registry.canaries.begin("a", "GET /a other", 20))
        self.end(self.one, "rolled_back")
        self.assertEqual(self.one.registry.canaries.get("a").percent, 20)
        self.assertEqual(self.two.registry.canaries.get("a").percent, 20)
        self.assertEqual(self.told(), ["rolled_back 2"])
