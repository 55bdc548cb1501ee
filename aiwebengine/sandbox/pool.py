"""The pool of sandbox processes: a bounded, fair queue, deadlines, spares, recycling, crash accounting."""

from __future__ import annotations

import itertools
import json
import marshal
import os
import signal
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import ISandboxPool, IScriptLog
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.circuit import CircuitBreaker
from aiwebengine.sandbox.dry_run import DryRun
from aiwebengine.sandbox.failures import CONFIG_KEYS, LimitHit, ScriptThrew, TimedOut, Unavailable, WorkerLost
from aiwebengine.sandbox.hostcalls import HostCalls
from aiwebengine.sandbox.job import Job, Sink
from aiwebengine.sandbox.loading import Loader
from aiwebengine.sandbox.model import LoadReport, Program
from aiwebengine.sandbox.outcomes import own_lines, threw, threw_or_limit
from aiwebengine.sandbox.prelude import Prelude, core_sources
from aiwebengine.sandbox.process import SandboxProcess, command, environment

__all__ = ["Job", "SandboxPool", "Sink"]

_decode = msgspec.json.Decoder().decode
SWEEP_S = 0.05
CANCEL_GRACE_S = 1.0
START_GRACE_S = 20.0
# A sandbox may be sent this many calls of one quick script ahead of its answers, which saves the round trip.
PIPELINE_DEPTH = 16
QUICK_CPU_US = 1000
SIGPROF = getattr(signal, "SIGPROF", -1)
SIGXCPU = getattr(signal, "SIGXCPU", -1)


@implementer(ISandboxPool)
class SandboxPool:
    """Keeps ``workers`` sandboxes and spares, and gives each request to an idle one."""

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        settings: Any,
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
        self.prelude = Prelude(())
        self.host_calls = HostCalls({}, script_log, self._answer_call)
        self.request_timeout_ms = request_timeout_ms
        self._spawn = spawn
        self._random = random
        self._workers = settings.workers or max(1, cores)
        self._most_per_script = settings.max_per_script or max(1, self._workers - 1)
        self.now: Callable[[], float] = reactor.seconds
        self.circuit = CircuitBreaker(self.now)
        self._processes: list[SandboxProcess] = []
        self._starting: dict[SandboxProcess, float] = {}
        self._spares: list[SandboxProcess] = []
        self._queues: OrderedDict[str, deque[Job]] = OrderedDict()
        self._queued = 0
        self._held: dict[str, int] = {}  # by URI, the sandboxes that run it
        self._costs: dict[int, int] = {}  # by program, its usual CPU microseconds
        self._cancelled: dict[Job, SandboxProcess] = {}
        self._idents = itertools.count(1)
        self._program_idents = itertools.count(1)
        self._sweeper: LoopingCall | None = None
        self._ready_waiters: list[Deferred[None]] = []
        self._stopping = False
        self._failed_starts = 0
        self._settings_frame = b""
        self.counts = {"started": 0, "crashed": 0, "killed": 0, "recycled": 0, "refused": 0}
        self.layers = ""
        self.loader = Loader(self)

    def _sandbox_settings(self) -> dict[str, Any]:
        s = self.settings
        core, lockdown = core_sources()
        allowed = s.allowed_apis
        config = {
            "evalAllowed": "eval" in allowed,
            "console": s.console,
            "limits": {
                "logBytes": s.max_log_bytes,
                "outputBytes": s.max_output_bytes,
                "hostCalls": s.max_host_calls,
                "timers": s.max_timers,
            },
        }
        return {
            "pieces": {p.name: (json.dumps(p.names), p.source) for p in self.prelude.pieces.values()},
            "core": core,
            "lockdown": lockdown,
            "memory_bytes": s.memory_limit_bytes,
            "stack_bytes": s.stack_size_bytes,
            "cpu_seconds": s.execution_timeout_ms / 1000,
            "jobs": s.max_pending_jobs,
            "isolation": s.isolation,
            "realms": s.realms_per_sandbox,
            "realm_bytes": max(64 * 1024 * 1024, 2 * s.memory_limit_bytes),
            "config": json.dumps(config)[1:-1],
        }

    # -- life --

    def equip(self, prelude: Prelude, operations: Mapping[str, Any]) -> None:
        """Say which prelude pieces there are and what host operations their calls reach."""
        self.prelude = prelude
        self.host_calls.operations = dict(operations)
        self._settings_frame = frames.pack(frames.SETTINGS, 0, marshal.dumps(self._sandbox_settings()))

    async def start(self) -> None:
        """Start the sandboxes; done when each has said it is ready. Raises `RuntimeError` when they do not start."""
        self._sweeper = LoopingCall(self._sweep)
        self._sweeper.clock = self._reactor
        self._sweeper.start(SWEEP_S, now=False)
        ready: Deferred[None] = Deferred()
        self._ready_waiters.append(ready)
        for _ in range(self._workers):
            self._start_one()
        await ready
        for _ in range(self.settings.spare_sandboxes):
            self._start_one()

    async def stop(self) -> None:
        """End all sandboxes; jobs still in them fail with 503."""
        self._stopping = True
        if self._sweeper is not None and self._sweeper.running:
            self._sweeper.stop()
        for queue in self._queues.values():
            for job in queue:
                job.sink.failed(Unavailable("the engine is stopping"))
        self._queues.clear()
        everyone = [*self._processes, *self._spares, *self._starting]
        if not everyone:
            return
        self._all_ended: Deferred[None] = Deferred()
        self._ending = set(everyone)
        for process in everyone:
            process.kill("engine stop")
        await self._all_ended

    def _start_one(self) -> None:
        s = self.settings
        memory = (
            4 * s.memory_limit_bytes + 2 * max(64 * 1024 * 1024, 2 * s.memory_limit_bytes) + 256 * 1024 * 1024
        )
        process = self._spawn(
            self._reactor, command(s.sandbox, memory), environment(), self._on_frame, self._on_end
        )
        self._starting[process] = self.now()
        self.counts["started"] += 1

    def _on_ready(self, process: SandboxProcess, payload: bytes) -> None:
        self._starting.pop(process, None)
        self._failed_starts = 0
        process.ready = True
        process.layers = self.layers = payload.decode("utf-8", "replace")
        process.send(self._settings_frame)
        if len(self._processes) < self._workers:
            self._processes.append(process)
            if len(self._processes) == self._workers:
                waiters, self._ready_waiters = self._ready_waiters, []
                for waiter in waiters:
                    waiter.callback(None)
            self._feed(process)
        else:
            self._spares.append(process)

    def _on_end(self, process: SandboxProcess, exit_code: int | None, signal_number: int | None) -> None:
        if self._stopping:
            ending = getattr(self, "_ending", set())
            ending.discard(process)
            for job in list(process.jobs.values()):
                job.sink.failed(Unavailable("the engine is stopping"))
            process.jobs.clear()
            if not ending and hasattr(self, "_all_ended") and not self._all_ended.called:
                self._all_ended.callback(None)
            return
        started = self._starting.pop(process, None)
        was_member = process in self._processes
        if was_member:
            self._processes.remove(process)
        elif process in self._spares:
            self._spares.remove(process)
        for job in [job for job, owner in self._cancelled.items() if owner is process]:
            del self._cancelled[job]
        runner = next(iter(process.running), None)
        for job in list(process.jobs.values()):
            if job is not runner and job.untouched:
                self._again(job)
            else:
                self._lose(job, process, exit_code, signal_number, job is runner)
        process.jobs.clear()
        if process.running:
            # What ran was cancelled before.
            process.running.clear()
            self._release(process)
        if process.retiring:
            self.counts["recycled"] += 1
        elif not process.kill_reason:
            self.counts["crashed"] += 1
        if started is not None:
            self._failed_start(exit_code, signal_number)
            return
        if was_member and self._spares:
            self._processes.append(self._spares.pop(0))
        self._feed_idle()
        self._start_one()

    def _failed_start(self, exit_code: int | None, signal_number: int | None) -> None:
        self._failed_starts += 1
        self._log.error(
            "a sandbox process ended before it was ready (exit {code}, signal {signal})",
            code=exit_code,
            signal=signal_number,
        )
        if self._failed_starts >= 3 and self._ready_waiters:
            waiters, self._ready_waiters = self._ready_waiters, []
            for waiter in waiters:
                waiter.errback(
                    RuntimeError("sandbox processes do not start; see the log above for what they said")
                )
            return
        self._reactor.callLater(
            min(30.0, 0.1 * 2**self._failed_starts), lambda: self._stopping or self._start_one()
        )

    def _again(self, job: Job) -> None:
        """Queue a job anew which its sandbox, as it works in order, cannot have begun."""
        self._finish_slices(job)
        job.process = None
        self._queues.setdefault(job.uri, deque()).appendleft(job)
        self._queued += 1

    def _lose(
        self,
        job: Job,
        process: SandboxProcess,
        exit_code: int | None,
        signal_number: int | None,
        running: bool,
    ) -> None:
        self._finish_slices(job)
        if running:
            self.circuit.crashed(job.key)
        if running and signal_number in (SIGPROF, SIGXCPU):
            job.cpu_us = int(job.budget_s * 1e6)
            job.sink.failed(
                LimitHit("cpu", job.budget_s * 1000, job.budget_s * 1000, "ms", config_key=self._cpu_key(job))
            )
            return
        if process.kill_reason == "deadline" and running:
            job.sink.failed(TimedOut(job.wall_ms, (self.now() - job.queued_at) * 1000))
            return
        job.sink.failed(WorkerLost(signal_number, exit_code, running, process.kill_reason))

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
        if self._stopping:
            job.sink.failed(Unavailable("the engine is stopping"))
            return None
        paused = self.circuit.retry_after(job.key)
        if paused:
            job.sink.failed(Unavailable("this route keeps ending its sandbox process and is paused", paused))
            return None
        if self._queued == 0 or job.uri not in self._queues:
            process = self._process_for(job)
            if process is not None:
                self._begin(job, process)
                return job
        if self._queued >= self.settings.max_queue:
            self.counts["refused"] += 1
            job.sink.failed(Unavailable(f"{self._queued} requests are waiting (javascript.max_queue)"))
            return None
        self._queues.setdefault(job.uri, deque()).append(job)
        self._queued += 1
        return job

    def _process_for(self, job: Job) -> SandboxProcess | None:
        """Give a sandbox that may take the job now: an idle one, or one that runs quick calls of the same script."""
        uri = job.uri
        if self._held.get(uri, 0) < self._most_per_script:
            best = None
            for process in self._processes:
                if (
                    not process.running
                    and not process.retiring
                    and len(process.jobs) < self.settings.realms_per_sandbox
                ):
                    if job.program is not None and job.program.ident in process.programs and not process.jobs:
                        return process
                    if best is None or len(process.jobs) < len(best.jobs):
                        best = process
            if best is not None:
                return best
        if self._queued or not self._is_quick(job):
            return None
        for process in self._processes:
            if process.holder == uri and 0 < len(process.running) < PIPELINE_DEPTH and not process.retiring:
                return process
        return None

    def _is_quick(self, job: Job) -> bool:
        return job.program is not None and self._costs.get(job.program.ident, QUICK_CPU_US) < QUICK_CPU_US

    def _begin(self, job: Job, process: SandboxProcess) -> None:
        job.ident = next(self._idents) & 0xFFFFFFFF
        job.process = process
        job.started_at = self.now()
        process.jobs[job.ident] = job
        process.served += 1
        program = job.program
        if program is None:
            self._push(job, frames.LOAD, job.payload)
            return
        if program.ident not in process.programs:
            process.programs.add(program.ident)
            process.send(
                frames.pack(
                    frames.PROGRAM,
                    program.ident,
                    marshal.dumps((program.uri, program.source, program.names, program.pieces)),
                )
            )
        self._push(job, frames.CALL, job.payload)

    def _push(self, job: Job, kind: int, payload: bytes) -> None:
        process = job.process
        if process is None:
            return
        job.outstanding += 1
        if job.outstanding == 1:
            if not process.running:
                process.holder = job.uri
                self._held[job.uri] = self._held.get(job.uri, 0) + 1
            process.running[job] = None
        process.send(frames.pack(kind, job.ident, payload))

    def push(self, job: Job, kind: int, payload: bytes) -> None:
        """Send a further frame to the sandbox that has the job; nothing when it is over."""
        if job.process is not None and job.ident in job.process.jobs:
            self._push(job, kind, payload)

    def _finish_slices(self, job: Job) -> None:
        job.outstanding = 0
        process = job.process
        if process is None or job not in process.running:
            return
        del process.running[job]
        if not process.running:
            self._release(process)

    def _release(self, process: SandboxProcess) -> None:
        """Note that a sandbox no longer runs its script."""
        left = self._held.get(process.holder, 1) - 1
        if left:
            self._held[process.holder] = left
        else:
            self._held.pop(process.holder, None)

    def _feed(self, process: SandboxProcess) -> None:
        """Give waiting jobs to a sandbox that has room, each script in its turn."""
        while self._queued and not process.retiring:
            if process.running:
                queue = self._queues.get(process.holder)
                # Ahead of its answers only while nobody else waits, and only what is quick.
                if (
                    queue is None
                    or len(queue) < self._queued
                    or len(process.running) >= PIPELINE_DEPTH
                    or not self._is_quick(queue[0])
                ):
                    return
                uri = process.holder
            else:
                for uri, queue in self._queues.items():
                    if self._held.get(uri, 0) < self._most_per_script:
                        break
                else:
                    return
            job = queue.popleft()
            self._queued -= 1
            if queue:
                self._queues.move_to_end(uri)
            else:
                del self._queues[uri]
            self._begin(job, process)

    def _feed_idle(self) -> None:
        """Give waiting jobs to idle sandboxes, after one that is going has let go of its script."""
        for process in self._processes:
            if not self._queued:
                return
            if not process.running:
                self._feed(process)

    def _feed_after(self, process: SandboxProcess) -> None:
        """Give waiting jobs to a sandbox that has answered; to the idle ones if it is going."""
        if self._queued:
            if process.retiring:
                self._feed_idle()
            else:
                self._feed(process)
        if process.retiring and not process.jobs:
            process.retire()

    def cancel(self, job: Job) -> None:
        """Drop a job whose client is gone; the sink hears nothing more of it."""
        process = job.process
        if process is None:
            queue = self._queues.get(job.uri)
            if queue is not None and job in queue:
                queue.remove(job)
                self._queued -= 1
                if not queue:
                    del self._queues[job.uri]
            return
        if process.jobs.pop(job.ident, None) is None:
            return
        self._tell_cancel(job, process)

    def _tell_cancel(self, job: Job, process: SandboxProcess) -> None:
        job.cancelled_at = self.now()
        self._cancelled[job] = process
        process.send(frames.pack(frames.CANCEL, job.ident))

    # -- frames from sandboxes --

    def _on_frame(self, process: SandboxProcess, kind: int, ident: int, payload: bytes) -> None:
        if kind == frames.READY:
            self._on_ready(process, payload)
            return
        job = process.jobs.get(ident)
        if job is None:
            self._on_leftover(process, kind, ident, payload)
            return
        try:
            if kind == frames.EFFECTS:
                self.host_calls.effects(job, _decode(payload))
                return
            job.untouched = False
            if job.outstanding > 1:
                job.outstanding -= 1
            else:
                self._finish_slices(job)
            if kind == frames.WAIT:
                if payload:
                    calls, effects = _decode(payload)
                    self.host_calls.effects(job, effects)
                    self.host_calls.calls(job, calls)
            else:
                self._on_outcome(process, job, kind, payload)
        except (msgspec.MsgspecError, ValueError, TypeError, IndexError, KeyError) as problem:
            self._log.error(
                "sandbox {pid} sent what no sandbox sends: {problem}", pid=process.pid, problem=problem
            )
            process.kill("sent nonsense")
            return
        self._feed_after(process)

    def _on_outcome(self, process: SandboxProcess, job: Job, kind: int, payload: bytes) -> None:
        job.cpu_us, job.heap_kb, length = frames.USAGE.unpack_from(payload)
        text = payload[12 : 12 + length]
        if kind == frames.CHUNK:
            chunks, failure, effects, calls = _decode(text[1:])
            ended = text[:1] != b"0"
            if effects:
                self.host_calls.effects(job, effects)
            if ended:
                self._over(process, job)
            elif calls:
                self.host_calls.calls(job, calls)
            job.sink.chunk(chunks, ended, None if failure is None else threw(failure))
            return
        head = _decode(text)
        if kind == frames.STREAM:
            job.streaming = True
            if head[6]:
                self.host_calls.effects(job, head[6])
            job.sink.streaming(head)
            return
        self._over(process, job)
        if kind == frames.FAILED:
            job.sink.failed(self._failure(job, head))
            return
        if head[0] == "!":
            if head[2]:
                self.host_calls.effects(job, head[2])
            job.sink.failed(threw_or_limit(self.settings, job.heap_kb, head[1]))
            return
        effects = head[-2] if len(head) == 8 else head[-1]
        if effects:
            self.host_calls.effects(job, effects)
        job.sink.answered(head, payload[12 + length :] or None)

    def _over(self, process: SandboxProcess, job: Job) -> None:
        del process.jobs[job.ident]
        self.circuit.answered(job.key)
        if job.program is not None:
            known = self._costs.get(job.program.ident)
            self._costs[job.program.ident] = job.cpu_us if known is None else (7 * known + job.cpu_us) >> 3
        if (
            0 < self.settings.recycle_after_requests <= process.served
            and not process.retiring
            and self._spares
        ):
            self._recycle(process)

    def _recycle(self, process: SandboxProcess) -> None:
        self._processes.remove(process)
        self._processes.append(self._spares.pop(0))
        process.retire()

    def _on_leftover(self, process: SandboxProcess, kind: int, ident: int, payload: bytes) -> None:
        for job, owner in self._cancelled.items():
            if owner is process and job.ident == ident:
                break
        else:
            return
        if kind == frames.EFFECTS:
            if payload:
                self.host_calls.effects(job, _decode(payload))
            if job.cancelled_at:
                del self._cancelled[job]
                self._finish_slices(job)
        elif kind in (frames.RESULT, frames.FAILED, frames.LOADED):
            self._finish_slices(job)
        self._feed_after(process)

    def _answer_call(self, job: Job, packed: bytes) -> None:
        self.push(job, frames.ANSWER, packed)

    def _cpu_key(self, job: Job) -> str:
        return CONFIG_KEYS["cpu" if job.program is not None else "load_cpu"]

    def _failure(self, job: Job, head: Mapping[str, Any]) -> Any:
        if "limit" in head:
            limit = head["limit"]
            key = self._cpu_key(job) if limit == "cpu" else CONFIG_KEYS[limit]
            return LimitHit(
                limit, head["value"], head["used"], head["unit"], own_lines(head["stack"], job.uri), key
            )
        if "thrown" in head:
            return threw(head["thrown"])
        return ScriptThrew("SyntaxError", head["syntax"], "", {"prefix": head["prefix"]})

    # -- time --

    def _sweep(self) -> None:
        now = self.now()
        for process in [p for p, since in self._starting.items() if now - since > START_GRACE_S]:
            process.kill("did not start")
        for job, process in list(self._cancelled.items()):
            if now - job.cancelled_at > CANCEL_GRACE_S:
                del self._cancelled[job]
                self.counts["killed"] += 1
                if job.outstanding:
                    self.circuit.crashed(job.key)
                process.kill("deadline")
        for process in self._processes:
            for job in list(process.jobs.values()):
                if now >= job.deadline:
                    del process.jobs[job.ident]
                    self._tell_cancel(job, process)
                    job.sink.failed(TimedOut(job.wall_ms, (now - job.queued_at) * 1000))
        if self._queued:
            self._sweep_queue(now)

    def _sweep_queue(self, now: float) -> None:
        for uri in list(self._queues):
            queue = self._queues[uri]
            while queue and now >= queue[0].deadline:
                job = queue.popleft()
                self._queued -= 1
                job.sink.failed(TimedOut(job.wall_ms, (now - job.queued_at) * 1000, queued=True))
            if not queue:
                del self._queues[uri]

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
        self._costs.pop(program.ident, None)
        for process in [*self._processes, *self._spares]:
            if program.ident in process.programs:
                process.programs.discard(program.ident)
                process.send(frames.pack(frames.FORGET, program.ident))

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

    def status(self) -> dict[str, Any]:
        """Give figures for /health and metrics."""
        return {
            "sandboxes": len(self._processes),
            "spares": len(self._spares),
            "wanted": self._workers,
            "queued": self._queued,
            "running": sum(1 for p in self._processes if p.running),
            **self.counts,
        }
