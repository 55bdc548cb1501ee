"""Tests for aiwebengine.repository.log_keeper and what ScriptLog does with it."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import MemoryRepository, RepositoryUnavailable
from aiwebengine.repository.log_keeper import LogKeeper
from aiwebengine.repository.log_retention import LogRetention
from aiwebengine.repository.model import LogQuery
from aiwebengine.scripts.log import ScriptLog


class SharedLogs:
    """Logs that tell their watchers, as those of a database do; every call may be made to wait."""

    def __init__(self, logs):
        self.logs = logs
        self.listeners = []
        self.gates = {}

    async def append(self, entries, front="", since=None):
        first = await self.logs.append(entries, front, since)
        for listener in tuple(self.listeners):
            listener()
        await self.passed("append")
        return first

    async def query(self, query):
        found = await self.logs.query(query)
        await self.passed("query")
        return found

    async def last_seq(self):
        last = await self.logs.last_seq()
        await self.passed("last_seq")
        return last

    async def prune(self, before, keep):
        return await self.logs.prune(before, keep)

    def watch(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def passed(self, name):
        gate = self.gates.get(name)
        if gate is not None:
            await gate

    def open(self, name):
        self.gates.pop(name).callback(None)


class KeeperCase(SynchronousTestCase):
    """A log, or several, on one repository."""

    def setUp(self):
        self.clock = Clock()
        self.clock.advance(1000)
        self.repository = MemoryRepository(self.clock.seconds)
        self.logs = SharedLogs(self.repository.logs)
        self.log, self.keeper = self.make()
        self.heard = []

    def make(self, size=5, **options):
        quiet = Logger(observer=lambda event: None)
        log = ScriptLog(max_entries=size, now=self.clock.seconds, logger=quiet)
        keeper = LogKeeper(log, self.logs, self.clock, **options)
        return log, keeper

    def start(self, *keepers):
        for keeper in keepers or [self.keeper]:
            self.wait(keeper.start())
            self.addCleanup(lambda keeper=keeper: self.wait(keeper.stop()))

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def append(self, messages, log=None, **fields):
        for message in messages:
            (log or self.log).append(fields.get("level", "info"), message, script="a")

    def tick(self):
        self.clock.advance(0.05)

    def page(self, log=None, **filters):
        answer = self.wait((log or self.log).search(**filters))
        shown = "".join(entry["message"] for entry in answer["entries"])
        return (shown, answer["next"], "partial") if answer.get("partial") else (shown, answer["next"])

    def kept(self):
        return "".join(one.message for one in self.wait(self.repository.logs.query(LogQuery(limit=1000))))

    def follow(self, log=None, heard=None):
        heard = self.heard if heard is None else heard
        return (log or self.log).follow(
            lambda entry: heard.append((entry.seq, entry.message)), lambda seq: heard.append(seq)
        )

    def break_down(self):
        def fail(operation):
            raise RepositoryUnavailable("memory:", "on purpose")

        self.repository.fault = fail

    def repair(self):
        self.repository.fault = lambda operation: None


class QueryTests(KeeperCase):
    """What is asked for comes from the repository."""

    def test_req_log_003_asked_at_once(self):
        """What was logged just now is there, though it was not kept yet."""
        self.start()
        self.append("12")
        self.assertEqual(self.kept(), "")
        self.assertEqual(self.page(), ("12", 2))
        self.assertEqual(self.kept(), "12")

    def test_numbers_go_on(self):
        """After a restart numbers go on, and what was logged before the start is numbered after them too."""
        self.wait(self.keeper.start())
        self.append("12")
        self.wait(self.keeper.stop())
        log, keeper = self.make()
        self.append("3", log)
        self.start(keeper)
        self.append("4", log)
        self.assertEqual(self.page(log), ("1234", 4))
        self.assertEqual(log.last_seq, 4)

    def test_beyond_memory(self):
        """What is not in memory any more comes too; pages continue without a gap."""
        self.start()
        self.append("123456789")
        self.tick()
        self.append("ABCDEF", level="warn")
        self.assertEqual(self.page(limit=3), ("DEF", 15))
        self.assertEqual(self.page(), ("123456789ABCDEF", 15))
        self.assertEqual(self.page(after=0, limit=4), ("1234", 4))
        self.assertEqual(self.page(after=4, limit=8), ("56789ABC", 12))
        self.assertEqual(self.page(after=12, limit=8), ("DEF", 15))
        self.assertEqual(self.page(after=15, limit=8), ("", 15))
        self.assertEqual(self.page(after=1, limit=3, level="warn"), ("ABC", 12))
        self.assertEqual(self.page(contains="7"), ("7", 15))
        self.assertEqual(self.page(limit=0), ("", 15))
        self.assertEqual(self.page(after=3, limit=0), ("", 3))
        self.assertEqual(self.page(after=99, limit=2), ("12", 2))
        self.failureResultOf(Deferred.fromCoroutine(self.log.search(level="loud")), ValueError)

    def test_appended_meanwhile(self):
        """What is appended while the repository is asked comes with the next page, once."""
        self.start()
        self.append("12")
        self.tick()
        self.logs.gates["query"] = Deferred()
        asking = Deferred.fromCoroutine(self.log.search())
        self.append("3")
        self.tick()
        self.logs.open("query")
        answer = self.successResultOf(asking)
        self.assertEqual(([e["message"] for e in answer["entries"]], answer["next"]), (["1", "2"], 2))
        self.assertEqual(self.page(after=2), ("3", 3))

    def test_away(self):
        """While the repository is away memory answers and says so; numbers come later."""
        self.start()
        self.append("12")
        self.tick()
        self.break_down()
        self.append("34")
        self.assertEqual(self.page(), ("1234", 2, "partial"))
        answer = self.wait(self.log.search(limit=2, after=1))
        self.assertEqual([(e["message"], e["seq"]) for e in answer["entries"]], [("2", 2), ("3", 0)])
        self.assertEqual(answer["next"], 2)
        self.assertEqual(self.page(contains="4"), ("4", 2, "partial"))
        self.assertEqual(self.page(after=7), ("34", 7, "partial"))
        self.assertEqual(self.page(limit=0), ("", 2, "partial"))
        self.repair()
        self.assertEqual(self.page(after=2), ("34", 4))

    def test_away_beyond_memory(self):
        """A page from memory with something missing before it does not move the reader on."""
        self.start()
        self.append("1234567")
        self.tick()
        self.break_down()
        self.assertEqual(self.page(after=1), ("34567", 1, "partial"))
        self.assertEqual(self.page(after=2), ("34567", 7, "partial"))
        self.repair()
        self.assertEqual(self.page(after=1), ("234567", 7))

    def test_slow(self):
        """A repository that takes its time is waited for a second; then memory answers."""
        self.start()
        self.append("1")
        self.logs.gates["append"] = Deferred()
        asking = Deferred.fromCoroutine(self.log.search())
        self.clock.advance(0.9)
        self.assertNoResult(asking)
        self.clock.advance(0.1)
        answer = self.successResultOf(asking)
        self.assertEqual(([e["message"] for e in answer["entries"]], answer["partial"]), (["1"], True))
        self.logs.open("append")
        self.assertEqual(self.page(), ("1", 1))

    def test_silent(self):
        """A repository that does not say the highest number within a second counts as away."""
        self.start()
        self.append("1")
        self.tick()
        for ask, shown in (
            (self.log.search, lambda answer: answer["partial"]),
            (self.keeper.catch_up, lambda answer: not answer),
        ):
            self.logs.gates["last_seq"] = Deferred()
            asking = Deferred.fromCoroutine(ask())
            self.clock.advance(0.9)
            self.assertNoResult(asking)
            self.clock.advance(0.1)
            self.assertTrue(shown(self.successResultOf(asking)))
            del self.logs.gates["last_seq"]
        self.assertEqual(self.page(), ("1", 1))

    def test_without_a_keeper(self):
        """The log alone answers `search` like `query`; nothing is waited for."""
        self.append("1")
        self.assertEqual(self.wait(self.log.search(limit=1)), self.log.query(limit=1))
        self.assertTrue(self.successResultOf(self.log.flush()))
        self.assertEqual(self.log.unnumbered(), ())

    def test_stopped(self):
        """After the end the log goes on by itself, and no timer is left."""
        self.wait(self.keeper.start())
        self.append("1")
        self.wait(self.keeper.stop())
        self.append("2")
        self.assertEqual((self.kept(), self.log.last_seq), ("1", 2))
        self.assertEqual((self.clock.getDelayedCalls(), self.logs.listeners), ([], []))


class FollowTests(KeeperCase):
    """Followers hear of every entry once, with its number."""

    def test_numbered(self):
        """Entries come when they are kept."""
        self.start()
        self.follow()
        self.append("12")
        self.assertEqual(self.heard, [])
        self.tick()
        self.append("3")
        self.tick()
        self.assertEqual(self.heard, [(1, "1"), (2, "2"), (3, "3")])

    def test_req_log_003_other_engines(self):
        """Followers on every engine hear the entries of all, in one order."""
        other, second = self.make()
        self.start(self.keeper, second)
        elsewhere = []
        self.follow()
        self.follow(other, elsewhere)
        self.append("12")
        self.append("x", other)
        self.tick()
        self.append("3")
        self.tick()
        self.append("yz", other)
        self.tick()
        self.assertEqual("".join(message for _, message in self.heard), "12x3yz")
        self.assertEqual([seq for seq, _ in self.heard], [1, 2, 3, 4, 5, 6])
        self.assertEqual(elsewhere, self.heard)
        self.assertEqual(self.page(other, after=2), ("x3yz", 6))
        self.assertEqual(self.page(self.log, after=2, limit=2), ("x3", 4))

    def test_not_read_for_nobody(self):
        """Without a follower nothing is read; what is in memory is then not all."""
        other, second = self.make()
        self.start(self.keeper, second)
        self.append("1")
        self.tick()
        self.append("abc", other)
        self.tick()
        self.assertEqual(self.log.last_seq, 1)
        self.append("2")
        self.tick()
        self.assertEqual((self.log.last_seq, self.log.entries_after(1)), (5, None))
        self.assertEqual([one.message for one in self.log.entries_after(4)], ["2"])
        self.assertEqual(self.page(after=0), ("1abc2", 5))

    def test_stored_with_a_change(self):
        """What was committed together with a change is heard, in its place among the others."""
        self.start()
        self.follow()
        self.append("1")
        self.tick()
        entry = self.log.entry("info", "audit", kind="audit")
        self.repository.logs.insert([entry])
        self.append("2")
        self.tick()
        self.log.stored([entry])
        self.assertEqual(self.heard, [(1, "1"), (2, "audit"), (3, "2")])

    def test_caught_up(self):
        """Who begins to follow has the log brought to the end, or, far behind, begin there."""
        other, second = self.make()
        self.start(self.keeper, second)
        self.append("abc", other)
        self.tick()
        self.assertTrue(self.wait(self.keeper.catch_up()))
        self.assertEqual((self.log.last_seq, len(self.log.entries_after(0))), (3, 3))
        self.append(["x"] * 2001, other)
        self.tick()
        self.clock.pump([0, 0, 0, 0])
        self.assertTrue(self.wait(self.keeper.catch_up()))
        self.assertEqual((self.log.last_seq, self.log.entries_after(2003)), (2004, None))
        self.assertEqual(self.log.entries_after(2004), [])
        self.break_down()
        self.assertFalse(self.wait(self.keeper.catch_up()))

    def test_away(self):
        """While the repository is away entries come without numbers; these are told later."""
        self.start()
        self.follow()
        self.append("1")
        self.tick()
        self.break_down()
        self.append("2")
        self.tick()
        self.append("3")
        self.assertEqual(self.heard, [(1, "1"), (0, "2"), (0, "3")])
        self.assertEqual([one.message for one in self.log.unnumbered()], ["2", "3"])
        self.repair()
        self.clock.advance(1)
        self.append("4")
        self.tick()
        self.assertEqual(self.heard, [(1, "1"), (0, "2"), (0, "3"), 3, (4, "4")])
        self.assertEqual(self.log.unnumbered(), ())

    def test_away_with_others(self):
        """The same when another engine wrote first after the outage: ours are not heard twice."""
        other, second = self.make()
        self.start(self.keeper, second)
        self.follow()
        self.break_down()
        self.append("12")
        self.tick()
        self.repair()
        self.append("x", other)
        self.tick()
        self.clock.advance(1)
        self.tick()
        self.assertEqual(self.heard, [(0, "1"), (0, "2"), (1, "x"), 3])
        self.append("3")
        self.tick()
        self.assertEqual(self.heard[-1], (4, "3"))

    def test_reading_fails(self):
        """What could not be read is read a second later."""
        other, second = self.make()
        self.start(self.keeper, second)
        self.follow()

        def fail(operation):
            if operation == "logs.query":
                raise RepositoryUnavailable("memory:", "on purpose")

        self.repository.fault = fail
        self.append("x", other)
        self.tick()
        self.assertEqual(self.heard, [])
        self.repair()
        self.clock.advance(1)
        self.assertEqual(self.heard, [(1, "x")])


class RetentionTests(KeeperCase):
    """Old entries are removed."""

    def begin(self, **options):
        retention = LogRetention(self.logs, self.clock, **options)
        self.log, self.keeper = self.make(retention=retention)
        self.append("12")
        self.start()

    def test_retention(self):
        """Old entries and those beyond a number are removed at the start and each hour."""
        self.begin(days=1, rows=4)
        self.tick()
        self.clock.advance(86_400)
        self.append("345")
        self.tick()
        self.clock.advance(3600)
        self.assertEqual(self.kept(), "345")
        self.append("6789")
        self.tick()
        self.break_down()
        self.clock.advance(3600)
        self.repair()
        self.clock.advance(3600)
        self.assertEqual(self.kept(), "6789")

    def test_goes_on(self):
        """An error nobody has foreseen does not end it: the next hour is another try."""
        self.begin(rows=2)

        def fail(operation):
            raise OSError("broken")

        self.append("34")
        self.tick()
        self.repository.fault = fail
        self.clock.advance(3600)
        self.repair()
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.clock.advance(3600)
        self.assertEqual(self.kept(), "34")

    def test_without_age(self):
        """With 0 days age does not matter."""
        self.begin(days=0)
        self.tick()
        self.clock.advance(86_400 * 1000)
        self.assertEqual(self.kept(), "12")
