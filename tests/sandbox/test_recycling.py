"""A sandbox that retires or dies leaves nobody waiting."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.sections import JavaScriptSettings
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.sandbox.process import SandboxProcess
from aiwebengine.sandbox.schedule import PIPELINE_DEPTH
from aiwebengine.scripts.log import ScriptLog

_ANSWER = msgspec.json.encode(["r", 200, None, [], None, "", [], 0])


class _Pipe:
    """A process's transport that keeps what is written and notes how it is ended."""

    pid = 1

    def __init__(self) -> None:
        self.frames = frames.FrameBuffer()
        self.sent: list[tuple[int, int]] = []
        self.closed = False

    def writeToChild(self, descriptor: int, data: bytes) -> None:
        self.sent += [(kind, ident) for kind, ident, _ in self.frames.feed(data)]

    def closeStdin(self) -> None:
        self.closed = True

    def signalProcess(self, number: object) -> None:
        self.closed = True

    def calls(self) -> list[int]:
        """Give the calls received since this was last asked, and forget them."""
        found = [ident for kind, ident in self.sent if kind == frames.CALL]
        self.sent = []
        return found


class _Sink:
    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers

    def answered(self, head: list[Any], raw: bytes | None) -> None:
        self.answers.append(head[1])

    def failed(self, failure: object) -> None:
        self.answers.append(failure)


class RecyclingTests(SynchronousTestCase):
    """One script, more requests than a sandbox takes at once, and the sandbox goes."""

    def setUp(self) -> None:
        self.processes: list[SandboxProcess] = []
        self.answers: list[Any] = []

    def make_pool(self, **settings: Any) -> SandboxPool:
        """Give a started pool of two workers and a spare."""

        def spawn(reactor: object, argv: object, env: object, *callbacks: Any) -> SandboxProcess:
            process = SandboxProcess(*callbacks)
            process.makeConnection(_Pipe())
            self.processes.append(process)
            return process

        pool = SandboxPool(Clock(), JavaScriptSettings(workers=2, **settings), ScriptLog(), spawn=spawn)
        pool.equip(pool.prelude, {})
        started = ensureDeferred(pool.start())
        self.greet()
        self.successResultOf(started)
        self.greet()
        return pool

    def greet(self) -> None:
        """Have every process that has not yet done so say it is ready."""
        for process in self.processes:
            if not process.ready:
                process.outReceived(frames.pack(frames.READY, 0, b"on: all"))

    def work(self, process: SandboxProcess) -> int:
        """Answer the calls a process has received; give their number."""
        calls = process.transport.calls()
        for ident in calls:
            usage = frames.USAGE.pack(10, 100, len(_ANSWER))
            process.outReceived(frames.pack(frames.RESULT, ident, usage + _ANSWER))
        return len(calls)

    def call(self, pool: SandboxPool, count: int) -> None:
        """Call one program several times."""
        program = pool.make_program("a.js", 1, "", (), None, ())
        for number in range(count):
            sink = _Sink(self.answers)
            pool.call(program, b"", sink, request_id=str(number), route="GET /", facts={})

    def drive(self) -> None:
        """Let all processes work until none has anything to do."""
        while sum(self.work(process) for process in list(self.processes)):
            pass

    def test_recycled_under_load(self) -> None:
        """Requests that wait while their sandbox is replaced are answered by another."""
        pool = self.make_pool(recycle_after_requests=PIPELINE_DEPTH + 1)
        self.call(pool, 4 * PIPELINE_DEPTH)
        self.assertGreater(pool.status()["queued"], 0)
        self.drive()
        self.assertEqual(self.answers, [200] * (4 * PIPELINE_DEPTH))
        retired = [process for process in self.processes if process.retiring]
        self.assertTrue(retired)
        self.assertTrue(all(process.transport.closed for process in retired))

    def test_ended_without_a_spare(self) -> None:
        """Requests that wait while their sandbox dies need not wait for its successor."""
        pool = self.make_pool(spare_sandboxes=0)
        self.call(pool, 3 * PIPELINE_DEPTH)
        self.processes[0].processEnded(Failure(ProcessTerminated(exitCode=1)))
        self.drive()
        self.assertEqual(len(self.answers), 3 * PIPELINE_DEPTH)
        self.assertEqual(self.answers.count(200), 3 * PIPELINE_DEPTH - 1)
