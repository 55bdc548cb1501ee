"""The pool of sandbox processes as the engine uses it: calls, loads, deadlines, start and stop."""

from __future__ import annotations

import itertools
import marshal
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.task import LoopingCall
from zope.interface import implementer

from aiwebengine.interfaces import ISandboxPool, IScriptLog
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.circuit import CircuitBreaker
from aiwebengine.sandbox.crew import Crew
from aiwebengine.sandbox.dry_run import DryRun
from aiwebengine.sandbox.failures import TimedOut, Unavailable
from aiwebengine.sandbox.hostcalls import HostCalls
from aiwebengine.sandbox.job import Job, Sink
from aiwebengine.sandbox.loading import Loader
from aiwebengine.sandbox.model import LoadReport, Program
from aiwebengine.sandbox.prelude import Prelude
from aiwebengine.sandbox.process import SandboxProcess
from aiwebengine.sandbox.reports import Reports
from aiwebengine.sandbox.schedule import Schedule
from aiwebengine.sandbox.wire import sandbox_settings

if TYPE_CHECKING:
    from aiwebengine.config.sections import JavaScriptSettings

__all__ = ["CANCEL_GRACE_S", "SWEEP_S", "Job", "SandboxPool", "Sink"]

SWEEP_S = 0.05
CANCEL_GRACE_S = 1.0


@implementer(ISandboxPool)
class SandboxPool:
    """Keeps ``workers`` sandboxes and spares, and gives each request to an idle one."""

    def __init__(
        self,
        reactor: Any,
        settings: JavaScriptSettings,
        script_log: IScriptLog,
        *,
        request_timeout_ms: float = 5000,
        cores: int = 2,
        random: Callable[[int], bytes] = os.urandom,
        spawn: Callable[..., SandboxProcess] = SandboxProcess.start,
    ) -> None:
        """``settings`` is the ``[javascript]`` section. `equip` it before `start`."""
        self._reactor = reactor
        self.settings = settings
        self.request_timeout_ms = request_timeout_ms
        self.prelude = Prelude(())
        self.now: Callable[[], float] = reactor.seconds
        self._random = random
        self._workers = settings.workers or max(1, cores)
        self._program_idents = itertools.count(1)
        self._sweeper: LoopingCall | None = None
        self._refused = 0
        self.host_calls = HostCalls({}, script_log, self._answer_call)
        self.circuit = CircuitBreaker(self.now)
        self._schedule = Schedule(settings, self._workers, self.now)
        reports = Reports(settings, self._schedule, self.circuit, self.host_calls, lambda: self._crew)
        self._crew = Crew(
            reactor,
            settings,
            self._workers,
            self._schedule,
            spawn=spawn,
            on_frame=reports.frame,
            on_end=reports.ended,
        )
        self.loader = Loader(self)
        self.push = self._schedule.push
        self.cancel = self._schedule.cancel

    # -- life --

    def equip(self, prelude: Prelude, operations: Mapping[str, Any]) -> None:
        """Say which prelude pieces there are and what host operations their calls reach."""
        self.prelude = prelude
        self.host_calls.operations = dict(operations)
        told = marshal.dumps(sandbox_settings(self.settings, prelude))
        self._crew.settings_frame = frames.pack(frames.SETTINGS, 0, told)

    async def start(self) -> None:
        """Start the sandboxes; done when each is ready. Raises `RuntimeError` when they do not start."""
        self._sweeper = LoopingCall(self._sweep)
        self._sweeper.clock = self._reactor
        self._sweeper.start(SWEEP_S, now=False)
        await self._crew.start()

    async def stop(self) -> None:
        """End all sandboxes; jobs still in them fail with 503."""
        if self._sweeper is not None and self._sweeper.running:
            self._sweeper.stop()
        self._crew.stopping = True
        for job in self._schedule.queue.clear():
            job.sink.failed(Unavailable("the engine is stopping"))
        await self._crew.stop()

    @property
    def layers(self) -> str:
        """What a sandbox said of its hardening."""
        return self._crew.layers

    def status(self) -> dict[str, Any]:
        """Give figures for /health and metrics."""
        members = self._schedule.members
        return {
            "sandboxes": len(members),
            "spares": len(self._crew.spares),
            "wanted": self._workers,
            "queued": self._schedule.queue.count,
            "running": sum(1 for process in members if process.running),
            "requests": sum(len(process.jobs) for process in members),
            "refused": self._refused,
            **self._crew.counts,
        }

    # -- requests --

    def call(
        self,
        program: Program,
        payload: bytes,
        sink: Sink,
        *,
        request_id: str,
        route: str,
        facts: Mapping[str, Any],
    ) -> Job | None:
        """
        Have a program run; ``payload`` is what `aiwebengine.sandbox.loading.call_payload` made.

        What comes of it goes to ``sink``, perhaps before this returns (then None is given).
        """
        job = Job(
            self,
            program.uri,
            program,
            payload,
            sink,
            self.request_timeout_ms,
            self.settings.execution_timeout_ms / 1000,
            request_id,
            route,
            facts,
        )
        return self.submit(job)

    def submit(self, job: Job) -> Job | None:
        """Give a job to an idle sandbox or queue it; refuse it when the queue is full."""
        if self._crew.stopping:
            job.sink.failed(Unavailable("the engine is stopping"))
            return None
        paused = self.circuit.retry_after(job.key)
        if paused:
            job.sink.failed(Unavailable("this route keeps ending its sandbox process and is paused", paused))
            return None
        if self._schedule.place(job):
            return job
        queue = self._schedule.queue
        if queue.count >= self.settings.max_queue:
            self._refused += 1
            job.sink.failed(Unavailable(f"{queue.count} requests are waiting (javascript.max_queue)"))
            return None
        queue.add(job)
        return job

    def _answer_call(self, job: Job, packed: bytes) -> None:
        self.push(job, frames.ANSWER, packed)

    # -- time --

    def _sweep(self) -> None:
        now = self.now()
        self._crew.sweep(now)
        for process in list(self._crew.everyone()):
            for job in [job for job in process.jobs.values() if now >= job.deadline]:
                self.cancel(job)
                job.sink.failed(TimedOut(job.wall_ms, (now - job.queued_at) * 1000))
            stuck = [job for job in process.cancelled.values() if now - job.cancelled_at > CANCEL_GRACE_S]
            if stuck and not process.kill_reason:
                for job in stuck:
                    if job.outstanding:
                        self.circuit.crashed(job.key)
                self._crew.kill(process, "deadline")
        for job in self._schedule.queue.expired(now):
            job.sink.failed(TimedOut(job.wall_ms, (now - job.queued_at) * 1000, queued=True))

    # -- programs and loading --

    def make_program(
        self,
        uri: str,
        version: int,
        source: str,
        names: Sequence[str],
        error_handler: str | None,
        pieces: Sequence[str],
    ) -> Program:
        """Give a script version a number under which sandboxes know it."""
        return Program(
            next(self._program_idents), uri, version, source, tuple(names), tuple(pieces), error_handler
        )

    def seed(self) -> str:
        """Give 32 fresh random bytes in hex, from which a realm derives a request's randomness."""
        return self._random(32).hex()

    def forget(self, program: Program) -> None:
        """Have sandboxes drop a program that is no longer live."""
        self._schedule.forget(program, self._crew.everyone())

    async def load(
        self,
        uri: str,
        source: str,
        version: int,
        *,
        is_startup: bool = False,
        run_init: bool = True,
        dry_run: DryRun | None = None,
    ) -> LoadReport:
        """See `ISandboxPool.load`."""
        return await self.loader.load(
            uri, source, version, is_startup=is_startup, run_init=run_init, dry_run=dry_run
        )
