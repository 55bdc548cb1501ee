"""Tests for aiwebengine.repository.log_writer."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import RepositoryUnavailable
from aiwebengine.repository.log_writer import LogWriter
from aiwebengine.scripts.log import LogEntry


class Logs:
    """Keeps batches; ``append`` waits for ``gate``, fails with ``error``, or keeps and fails (``doubt``)."""

    def __init__(self):
        self.kept = []
        self.calls = []
        self.gate = self.error = None
        self.doubt = False

    async def append(self, entries, front="", since=None):
        self.calls.append(("".join(one.message for one in entries), since))
        if self.gate is not None:
            await self.gate
        if self.error is not None:
            raise self.error
        messages = [one.message for one in entries]
        if since is not None and self.kept[since : since + len(messages)] == messages:
            return since + 1
        self.kept += messages
        if self.doubt:
            raise RepositoryUnavailable("memory:", "not known", unknown=True)
        return len(self.kept) - len(messages) + 1


class LogWriterTests(SynchronousTestCase):
    """Entries are appended soon after they were logged, in order, each once."""

    def setUp(self):
        self.clock = Clock()
        self.logs = Logs()
        self.written = []
        self.announced = []
        self.writer = self.make()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def make(self, **options):
        return LogWriter(
            self.logs,
            self.clock,
            front="f",
            written=self.note,
            announce=lambda entry: self.announced.append(entry.message),
            last_seq=lambda: len(self.logs.kept),
            **options,
        )

    def note(self, entries, first, announced):
        self.written.append((first, "".join(one.message for one in entries), announced))

    def log(self, messages, writer=None):
        for message in messages:
            (writer or self.writer).take(LogEntry(0, 0, "info", "a", "", "", "log", message))

    def break_down(self):
        self.logs.error = RepositoryUnavailable("memory:", "on purpose")

    def repair(self):
        self.logs.error = None

    def formats(self, text):
        return [event for event in self.events if text in (event.get("log_format") or "")]

    def test_req_log_003_written_behind(self):
        """A batch is appended 50 ms after its first entry, and it is told which numbers it got."""
        self.log("12")
        self.clock.advance(0.04)
        self.assertEqual(self.logs.kept, [])
        self.clock.advance(0.02)
        self.log("3")
        self.clock.advance(0.05)
        self.assertEqual(self.written, [(1, "12", 0), (3, "3", 0)])
        self.assertEqual((self.announced, self.clock.getDelayedCalls()), ([], []))

    def test_full_batch(self):
        """A full batch is appended at once, one at a time; what came meanwhile follows."""
        writer = self.make(batch=3)
        self.logs.gate = gate = Deferred()
        self.log("1234567", writer)
        self.assertEqual(self.logs.calls, [("123", None)])
        self.logs.gate = None
        gate.callback(None)
        self.clock.advance(0)
        self.assertEqual(self.logs.calls, [("123", None), ("456", None)])
        self.clock.advance(0.05)
        self.assertEqual(self.logs.kept, list("1234567"))

    def test_flush(self):
        """What came until now is appended at once; what comes later is not waited for."""
        self.assertTrue(self.successResultOf(self.writer.flush()))
        self.log("12")
        self.assertTrue(self.successResultOf(self.writer.flush()))
        self.assertEqual(self.logs.kept, ["1", "2"])
        self.logs.gate = gate = Deferred()
        self.log("3")
        first = self.writer.flush()
        self.log("4")
        second = self.writer.flush()
        self.logs.gate = None
        gate.callback(None)
        self.assertTrue(self.successResultOf(first))
        self.assertNoResult(second)
        self.clock.advance(0)
        self.assertTrue(self.successResultOf(second))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_flush_in_vain(self):
        """Within a second it is said that entries are not kept, at once when the repository is away."""
        self.logs.gate = gate = Deferred()
        self.log("1")
        flushed = self.writer.flush()
        self.clock.advance(0.9)
        self.assertNoResult(flushed)
        self.clock.advance(0.1)
        self.assertFalse(self.successResultOf(flushed))
        self.assertTrue(self.writer.busy)
        self.break_down()
        self.logs.gate = None
        gate.callback(None)
        self.assertFalse(self.successResultOf(self.writer.flush()))
        self.assertFalse(self.writer.busy)

    def test_unavailable(self):
        """While the repository is away entries are announced at once and wait; then they are kept."""
        self.break_down()
        self.log("1")
        self.clock.advance(0.05)
        self.assertEqual(self.announced, ["1"])
        self.log("23")
        self.assertEqual(self.announced, ["1", "2", "3"])
        self.clock.pump([1.0, 1.0])
        self.assertEqual((self.written, self.writer.announced), ([], 3))
        self.repair()
        self.clock.advance(1.0)
        self.assertEqual((self.written, self.writer.announced), ([(1, "123", 3)], 0))
        self.log("4")
        self.assertEqual(self.announced, ["1", "2", "3"])
        self.assertEqual(len(self.formats("cannot be kept")), 1)
        self.assertEqual(len(self.formats("kept again")), 1)
        self.assertEqual(self.writer.dropped, 0)

    def test_slow(self):
        """What is not kept after a second is announced, and so is what comes until it is."""
        self.logs.gate = gate = Deferred()
        self.log("1")
        self.clock.advance(0.05)
        self.log("2")
        self.clock.advance(0.99)
        self.assertEqual(self.announced, [])
        self.clock.advance(0.02)
        self.log("3")
        self.assertEqual(self.announced, ["1", "2", "3"])
        self.logs.gate = None
        gate.callback(None)
        self.clock.advance(0.05)
        self.assertEqual(self.written, [(1, "1", 1), (2, "23", 2)])

    def test_not_known_whether_kept(self):
        """When it is not known whether a batch was kept, it is tried again as it was, and found."""
        self.log("0")
        self.clock.advance(0.05)
        self.logs.doubt = True
        self.log("12")
        self.clock.advance(0.05)
        self.log("3")
        self.clock.advance(1.0)
        self.logs.doubt = False
        self.clock.advance(1.0)
        self.clock.advance(0.05)
        self.assertEqual(self.logs.calls, [("0", None), ("12", None), ("12", 1), ("3", None)])
        self.assertEqual(self.written, [(1, "0", 0), (2, "12", 2), (4, "3", 1)])
        self.assertEqual(self.logs.kept, list("0123"))

    def test_not_known_while_behind(self):
        """The same when the log does not know the numbers of the batch before yet: that is another one."""
        writer = LogWriter(
            self.logs,
            self.clock,
            front="f",
            written=self.note,
            announce=lambda entry: None,
            last_seq=lambda: 0,
        )
        self.log("0", writer)
        self.clock.advance(0.05)
        self.logs.doubt = True
        self.log("1", writer)
        self.clock.advance(0.05)
        self.logs.doubt = False
        self.clock.advance(1.0)
        self.assertEqual(self.logs.calls, [("0", None), ("1", None), ("1", 1)])
        self.assertEqual((self.written[-1], self.logs.kept), ((2, "1", 1), ["0", "1"]))

    def test_unexpected_error(self):
        """Any other error is logged, and the batch is tried again."""
        self.logs.error = RuntimeError("broken")
        self.log("1")
        self.clock.advance(0.05)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.repair()
        self.clock.advance(1.0)
        self.assertEqual(self.logs.kept, ["1"])

    def test_dropped(self):
        """Beyond a number of waiting entries the oldest are dropped, counted and said."""
        writer = self.make(most_waiting=3)
        self.break_down()
        self.log("12345", writer)
        self.clock.advance(0.05)
        self.log("6", writer)
        self.assertEqual(writer.dropped, 3)
        self.repair()
        self.clock.advance(1.0)
        self.assertEqual(self.written, [(1, "456", 3)])
        self.assertEqual([event["dropped"] for event in self.formats("dropped")], [3])
        self.assertTrue(self.successResultOf(writer.flush()))

    def test_dropped_while_written(self):
        """A batch that fails while more came than may wait is dropped first."""
        writer = self.make(most_waiting=3)
        self.logs.gate = gate = Deferred()
        self.log("123", writer)
        self.clock.advance(0.05)
        self.log("45", writer)
        self.break_down()
        self.logs.gate = None
        gate.callback(None)
        self.assertEqual(writer.dropped, 2)
        self.assertEqual([one.message for one in writer.unnumbered], ["3", "4", "5"])
        self.assertEqual((self.announced, writer.announced), (["3", "4", "5"], 3))

    def test_stop(self):
        """What is waiting is appended at the end, in batches, also after one that is under way."""
        writer = self.make(batch=2)
        self.logs.gate = gate = Deferred()
        self.log("12345", writer)
        stopping = Deferred.fromCoroutine(writer.stop())
        self.assertNoResult(stopping)
        self.logs.gate = None
        gate.callback(None)
        self.clock.pump([0, 0])
        self.successResultOf(stopping)
        self.assertEqual(self.logs.kept, list("12345"))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_while_unavailable(self):
        """A repository that is away does not keep the engine from stopping; what is lost is counted."""
        self.log("12")
        self.break_down()
        flushed = self.writer.flush()
        self.successResultOf(Deferred.fromCoroutine(self.writer.stop()))
        self.assertFalse(self.successResultOf(flushed))
        self.assertEqual([event["count"] for event in self.formats("are lost")], [2])
        self.assertEqual(self.clock.getDelayedCalls(), [])
