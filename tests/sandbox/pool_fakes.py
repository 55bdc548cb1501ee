"""Sandboxes and sinks under a test's control."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.loading import call_payload
from aiwebengine.sandbox.model import Program
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.scripts.log import ScriptLog
from tests.sandbox.rig import python_settings


class FakeProcess:
    """A sandbox that does what the test says, with the members that the pool uses of a real one."""

    def __init__(self, on_frame: Callable[..., None], on_end: Callable[..., None]) -> None:
        self._on_frame = on_frame
        self._on_end = on_end
        self._buffer = frames.FrameBuffer()
        self.pid = 4242
        self.ready = False
        self.layers = ""
        self.retiring = False
        self.kill_reason = ""
        self.served = 0
        self.programs: set[int] = set()
        self.jobs: dict[int, Job] = {}
        self.cancelled: dict[int, Job] = {}
        self.holder = ""
        self.running: dict[Job, None] = {}
        # the test's side
        self.sent: list[tuple[int, int, bytes]] = []
        self.ended = False
        self.retired = 0

    def send(self, data: bytes) -> None:
        """Keep what the pool says."""
        self.sent.extend(self._buffer.feed(data))

    def retire(self) -> None:
        """Note it; ends when the test says so."""
        self.retiring = True
        self.retired += 1

    def kill(self, reason: str) -> None:
        """Note why; ends when the test says so, as a real one does a little later."""
        self.kill_reason = self.kill_reason or reason
        self.retiring = True

    # -- for tests --

    def say(self, kind: int, ident: int, payload: bytes = b"") -> None:
        """Send a frame to the pool."""
        self._on_frame(self, kind, ident, payload)

    def say_ready(self) -> None:
        """Get ready."""
        self.say(frames.READY, 0, b"on: everything")

    def answer(self, job: Job, text: str = "x", *, cpu_us: int = 100) -> None:
        """Answer a job."""
        head = ["t", 200, None, [], None, text, None, None]
        self.say(frames.RESULT, job.ident, usage(head, cpu_us))

    def wait(self, job: Job, calls: Any = None, effects: Any = None) -> None:
        """Have a job await something."""
        payload = b"" if calls is None else msgspec.json.encode([calls, effects])
        self.say(frames.WAIT, job.ident, payload)

    def end(self, exit_code: int | None = None, signal: int | None = None) -> None:
        """Come to an end."""
        self.ended = True
        self._on_end(self, exit_code, signal)

    def kinds(self) -> list[int]:
        """Give the kinds of the frames sent so far, and forget them."""
        found = [kind for kind, _, _ in self.sent]
        self.sent.clear()
        return found


def usage(head: Any, cpu_us: int = 100, heap_kb: int = 1) -> bytes:
    """Give a frame's payload with usage and JSON head."""
    text = head if isinstance(head, bytes) else msgspec.json.encode(head)
    return frames.USAGE.pack(cpu_us, heap_kb, len(text)) + text


class Sink:
    """Keeps what comes of a job."""

    def __init__(self) -> None:
        self.heads: list[Any] = []
        self.streams: list[Any] = []
        self.chunks: list[Any] = []
        self.failures: list[Any] = []
        self.done: Deferred[Any] = Deferred()

    def answered(self, head: list[Any], raw: bytes | None) -> None:
        self.heads.append(head)
        self.done.callback(head)

    def streaming(self, head: list[Any]) -> None:
        self.streams.append(head)

    def chunk(self, chunks: list[Any], ended: bool, failure: Any) -> None:
        self.chunks.append((chunks, ended, failure))

    def failed(self, failure: Any) -> None:
        self.failures.append(failure)
        self.done.callback(failure)


class Stage:
    """A pool on a clock, its processes fakes."""

    def __init__(
        self, *, request_timeout_ms: float = 5000, start: bool = True, operations: Any = None, **changes: Any
    ) -> None:
        self.clock = Clock()
        self.spawned: list[FakeProcess] = []
        self.script_log = ScriptLog()
        self.settings = python_settings(**{"workers": 2, **changes})
        self.pool = SandboxPool(
            self.clock,
            self.settings,
            self.script_log,
            request_timeout_ms=request_timeout_ms,
            spawn=self._spawn,
            random=bytes,
        )
        self.pool.equip(self.pool.prelude, operations or {})
        self.started: list[Any] = []
        self._programs: dict[str, Program] = {}
        if start:
            self.start()

    def _spawn(self, reactor: Any, argv: list[str], env: dict[str, str], on_frame: Any, on_end: Any) -> Any:
        process = FakeProcess(on_frame, on_end)
        self.spawned.append(process)
        return process

    def start(self) -> None:
        """Start the pool; its processes get ready at once."""
        started: Deferred[None] = Deferred.fromCoroutine(self.pool.start())
        started.addBoth(self.started.append)
        self.get_ready()

    def get_ready(self) -> None:
        """Have all processes that start be ready."""
        for process in self.spawned:
            if not process.ready and not process.ended:
                process.say_ready()
                process.sent.clear()
        if any(not p.ready and not p.ended for p in self.spawned):
            self.get_ready()

    def program(self, uri: str) -> Program:
        """Give the program of a script."""
        if uri not in self._programs:
            self._programs[uri] = self.pool.make_program(uri, 1, "", (), None, ())
        return self._programs[uri]

    def call(self, uri: str = "a.js", route: str = "GET /x") -> tuple[Job | None, Sink]:
        """Call a script."""
        sink = Sink()
        program = self.program(uri)
        job = self.pool.call(
            program, call_payload(program.ident, b"[]"), sink, request_id="r", route=route, facts={}
        )
        return job, sink

    def job(self, uri: str = "a.js", route: str = "GET /x") -> Job:
        """Call a script that is taken; give the job."""
        job, _ = self.call(uri, route)
        assert job is not None
        return job

    def where(self, job: Job) -> int | None:
        """Give the number of the process a job is in, None while it waits."""
        return None if job.process is None else self.spawned.index(job.process)  # type: ignore[arg-type]

    def process(self, job: Job) -> FakeProcess:
        """Give the process a job is in."""
        process: Any = job.process
        assert process is not None, "it waits"
        return process  # type: ignore[no-any-return]

    def advance(self, seconds: float) -> None:
        """Let time pass, in the pool's own steps."""
        self.clock.pump([0.05] * round(seconds / 0.05))

    def make_quick(self, uri: str = "a.js") -> None:
        """Let the pool learn that a script's calls are quick."""
        job = self.job(uri)
        self.process(job).answer(job, cpu_us=10)


def told(process: FakeProcess) -> dict[str, Any]:
    """Give what a process was told in its SETTINGS frame."""
    payload = next(payload for kind, _, payload in process.sent if kind == frames.SETTINGS)
    return marshal.loads(payload)  # type: ignore[no-any-return]
