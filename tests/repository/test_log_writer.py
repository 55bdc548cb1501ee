"""Tests for aiwebengine.repository.log_writer and what ScriptLog does with it."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import MemoryRepository, RepositoryUnavailable
from aiwebengine.repository.log_writer import LogWriter
from aiwebengine.repository.model import LogQuery
from aiwebengine.scripts.log import ScriptLog


class GatedLogs:
    """Logs whose ``append`` waits for ``gate``, when there is one."""

    def __init__(self, logs):
        self.logs = logs
        self.gate = None
        self.batches = []

    async def append(self, entries, front=""):
        self.batches.append([entry.seq for entry in entries])
        if self.gate is not None:
            await self.gate
        return await self.logs.append(entries, front)

    def __getattr__(self, name):
        return getattr(self.logs, name)


class LogWriterTests(SynchronousTestCase):
    """Entries are kept soon after they were logged, and found again."""

    def setUp(self):
        self.clock = Clock()
        self.clock.advance(1000)
        self.repository = MemoryRepository(self.clock.seconds)
        self.logs = GatedLogs(self.repository.logs)
        self.ring, self.writer = self.make()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def make(self, ring_size=5, front=b"\1", **keywords):
        quiet = Logger(observer=lambda event: None)
        ring = ScriptLog(max_entries=ring_size, now=self.clock.seconds, logger=quiet)
        return ring, LogWriter(ring, self.logs, self.clock, random=lambda n: front * n, **keywords)

    def wait(self, coroutine):
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def log(self, *messages, ring=None, **fields):
        for message in messages:
            (ring or self.ring).append(fields.get("level", "info"), message, script=fields.get("script", "a"))

    def found(self, ring=None, **filters):
        return [one["message"] for one in self.wait((ring or self.ring).search(**filters))["entries"]]

    def kept(self):
        return [entry.message for entry in self.wait(self.repository.logs.query(LogQuery(limit=1000)))]

    def broken(self, operation):
        raise RepositoryUnavailable("memory:", "on purpose")

    def test_req_log_003_kept_behind(self):
        """A batch is written 200 ms after its first entry."""
        self.wait(self.writer.start())
        self.log("1", "2")
        self.clock.advance(0.19)
        self.assertEqual(self.kept(), [])
        self.clock.advance(0.02)
        self.assertEqual(self.kept(), ["1", "2"])
        self.log("3")
        self.clock.advance(0.2)
        self.assertEqual(self.logs.batches, [[1, 2], [3]])

    def test_full_batch(self):
        """A full batch is written at once, one at a time; what came meanwhile follows."""
        ring, writer = self.make(batch=3)
        self.wait(writer.start())
        self.logs.gate = gate = Deferred()
        self.log("1", "2", "3", "4", "5", "6", "7", ring=ring)
        self.assertEqual(self.logs.batches, [[1, 2, 3]])
        self.logs.gate = None
        gate.callback(None)
        self.clock.advance(0)
        self.assertEqual(self.logs.batches, [[1, 2, 3], [4, 5, 6]])
        self.clock.advance(0.2)
        self.assertEqual(self.kept(), list("1234567"))

    def test_numbers_go_on(self):
        """After a restart numbers go on, and what was logged before the start is numbered after them too."""
        self.wait(self.writer.start())
        self.log("1", "2")
        self.wait(self.writer.stop())
        ring, writer = self.make()
        self.log("3", ring=ring)
        self.wait(writer.start())
        self.log("4", ring=ring)
        self.assertEqual(ring.last_seq, 4)
        self.assertEqual(self.found(ring), ["1", "2", "3", "4"])
        self.wait(writer.stop())
        self.assertEqual(self.kept(), ["1", "2", "3", "4"])

    def test_query_beyond_the_ring(self):
        """What the ring has forgotten comes from the repository, what is not written yet from the queue."""
        self.wait(self.writer.start())
        self.log(*"123456789")
        self.clock.advance(0.2)
        self.log(*"ABCDEF", level="warn")
        self.assertEqual(self.found(limit=3), list("DEF"))
        self.assertEqual(self.found(limit=8), list("89ABCDEF"))
        self.assertEqual(self.found(), list("123456789ABCDEF"))
        answer = self.wait(self.ring.search(after=0, limit=4))
        self.assertEqual(([e["message"] for e in answer["entries"]], answer["next"]), (list("1234"), 4))
        answer = self.wait(self.ring.search(after=answer["next"], limit=8))
        self.assertEqual(([e["message"] for e in answer["entries"]], answer["next"]), (list("56789ABC"), 12))
        answer = self.wait(self.ring.search(after=12, limit=8))
        self.assertEqual(([e["message"] for e in answer["entries"]], answer["next"]), (list("DEF"), 15))
        answer = self.wait(self.ring.search(after=1, limit=3, level="warn"))
        self.assertEqual(([e["message"] for e in answer["entries"]], answer["next"]), (list("ABC"), 12))
        self.assertEqual(self.found(contains="7"), ["7"])
        self.assertEqual(self.found(limit=0), [])
        self.assertEqual(self.found(after=99, limit=2), ["1", "2"])
        entry = self.wait(self.ring.search(contains="7"))["entries"][0]
        self.assertEqual((entry["seq"], entry["script"]), (7, "a"))
        self.failureResultOf(Deferred.fromCoroutine(self.ring.search(level="loud")), ValueError)

    def test_queue_beyond_the_ring(self):
        """Entries that the ring has forgotten before they were written are found too."""
        self.wait(self.writer.start())
        self.logs.gate = Deferred()
        self.log(*"123456789")
        self.clock.advance(0.2)
        self.assertEqual(self.found(), list("123456789"))
        self.logs.gate.callback(None)
        self.assertEqual(self.found(), list("123456789"))

    def test_without_a_keeper(self):
        """The ring alone answers `search` like `query`."""
        self.log("1")
        self.assertEqual(self.wait(self.ring.search(limit=1)), self.ring.query(limit=1))

    def test_unavailable(self):
        """While the repository is away entries wait, the ring answers, and all is written when it is back."""
        self.wait(self.writer.start())
        self.log("1")
        self.repository.fault = self.broken
        self.clock.advance(0.2)
        self.log(*"234567")
        answer = self.wait(self.ring.search())
        self.assertEqual([e["message"] for e in answer["entries"]], list("34567"))
        self.assertTrue(answer["partial"])
        self.clock.pump([1.0, 1.0])
        self.assertEqual(self.kept_later(), list("1234567"))
        formats = [event["log_format"] for event in self.events if event.get("log_format")]
        self.assertEqual(len([one for one in formats if "cannot be kept" in one]), 1)
        self.assertEqual(len([one for one in formats if "kept again" in one]), 1)
        self.assertEqual(self.writer.dropped, 0)
        self.assertNotIn("partial", self.wait(self.ring.search()))

    def kept_later(self):
        self.repository.fault = lambda operation: None
        self.clock.advance(1.0)
        return self.kept()

    def test_dropped(self):
        """Beyond a number of waiting entries the oldest are dropped, counted and said."""
        ring, writer = self.make(most_waiting=3)
        self.wait(writer.start())
        self.repository.fault = self.broken
        self.log(*"12345", ring=ring)
        self.clock.advance(0.2)
        self.log("6", ring=ring)
        self.assertEqual(writer.dropped, 3)
        self.assertEqual(self.kept_later(), list("456"))
        warning = [event for event in self.events if "dropped" in event]
        self.assertEqual([event["dropped"] for event in warning], [3])

    def test_dropped_while_written(self):
        """What is dropped while its batch is being written is written once."""
        ring, writer = self.make(most_waiting=3)
        self.wait(writer.start())
        self.logs.gate = gate = Deferred()
        self.log(*"123", ring=ring)
        self.clock.advance(0.2)
        self.log(*"45", ring=ring)
        self.logs.gate = None
        gate.callback(None)
        self.clock.advance(0.2)
        self.assertEqual(self.kept(), list("12345"))

    def test_stop(self):
        """What is waiting is written at the end, in batches, also after one that is under way."""
        ring, writer = self.make(batch=2)
        self.wait(writer.start())
        self.logs.gate = gate = Deferred()
        self.log(*"12345", ring=ring)
        stopping = Deferred.fromCoroutine(writer.stop())
        self.assertNoResult(stopping)
        self.logs.gate = None
        gate.callback(None)
        self.successResultOf(stopping)
        self.assertEqual(self.kept(), list("12345"))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.log("6", ring=ring)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNone(ring.keeper)

    def test_stop_while_unavailable(self):
        """A repository that is away does not keep the engine from stopping; what is lost is counted."""
        self.wait(self.writer.start())
        self.log("1", "2")
        self.repository.fault = self.broken
        self.wait(self.writer.stop())
        self.assertEqual([event["count"] for event in self.events if "are lost" in event["log_format"]], [2])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_retention(self):
        """Old entries and those beyond a number are removed at the start and each hour."""
        ring, writer = self.make(retention_days=1, max_rows=4)
        self.log(*"12", ring=ring)
        self.wait(writer.start())
        self.clock.advance(0.2)
        self.clock.advance(86_400)
        self.log(*"345", ring=ring)
        self.clock.advance(0.2)
        self.clock.advance(3600)
        self.assertEqual(self.kept(), list("345"))
        self.log(*"6789", ring=ring)
        self.clock.advance(0.2)
        self.repository.fault = self.broken
        self.clock.advance(3600)
        self.repository.fault = lambda operation: None
        self.clock.advance(3600)
        self.assertEqual(self.kept(), list("6789"))
        self.wait(writer.stop())

    def test_retention_without_age(self):
        """With 0 days age does not matter."""
        ring, writer = self.make(retention_days=0)
        self.wait(writer.start())
        self.log("1", ring=ring)
        self.clock.advance(0.2)
        self.clock.advance(86_400 * 1000)
        self.assertEqual(self.kept(), ["1"])

    def test_several_engines(self):
        """Two engines on one repository see each other's entries, in the order they were numbered."""
        one, first = self.make(shared=True, front=b"\1")
        other, second = self.make(shared=True, front=b"\2")
        self.wait(first.start())
        self.wait(second.start())
        self.log(*"123", ring=one)
        self.log("x", ring=other)
        self.clock.advance(0.2)
        self.log("y", ring=other)
        self.clock.advance(0.2)
        self.assertEqual(self.found(one, limit=2), ["3", "y"])
        self.assertEqual(self.found(other, limit=5), self.found(one, limit=5))
        self.assertEqual(sorted(self.found(one, limit=5)), sorted("123xy"))
        self.assertEqual(self.found(one, after=0, limit=1), ["1", "x"])


class RingTests(SynchronousTestCase):
    """What the ring offers to the writer."""

    def test_gaps(self):
        """Numbers left out do not confuse what comes after one."""
        ring = ScriptLog(logger=Logger(observer=lambda event: None))
        self.assertEqual(ring.first_seq, 1)
        ring.append("info", "1")
        ring.advance(10)
        ring.append("info", "11")
        ring.advance(5)
        ring.append("info", "12")
        self.assertEqual([entry.seq for entry in ring.entries_after(0)], [1, 11, 12])
        self.assertEqual([entry.seq for entry in ring.entries_after(4)], [11, 12])
        self.assertEqual([entry.seq for entry in ring.entries_after(11)], [12])
        self.assertEqual(ring.entries_after(12), [])
        self.assertEqual(ring.first_seq, 1)
