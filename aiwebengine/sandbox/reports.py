"""What sandboxes say: frames in, effects and calls carried out, sinks told."""

from __future__ import annotations

import signal
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.logger import Logger

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.failures import CONFIG_KEYS, LimitHit, ScriptThrew, Unavailable, WorkerLost
from aiwebengine.sandbox.outcomes import decode, failure_of, threw, threw_or_limit

if TYPE_CHECKING:
    from aiwebengine.config.sections import JavaScriptSettings
    from aiwebengine.sandbox.circuit import CircuitBreaker
    from aiwebengine.sandbox.crew import Crew
    from aiwebengine.sandbox.hostcalls import HostCalls
    from aiwebengine.sandbox.job import Job
    from aiwebengine.sandbox.process import SandboxProcess
    from aiwebengine.sandbox.schedule import Schedule

__all__ = ["Reports"]

SIGKILL = getattr(signal, "SIGKILL", -1)
SIGPROF = getattr(signal, "SIGPROF", -1)
SIGXCPU = getattr(signal, "SIGXCPU", -1)
# Signals with which the system answers what a process has done itself.
_OWN_DOING = {
    SIGPROF,
    SIGXCPU,
    *(getattr(signal, name, -1) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS")),
}


class Reports:
    """Takes the frames of all sandboxes, and what is left when one ends."""

    _log = Logger()

    def __init__(
        self,
        settings: JavaScriptSettings,
        schedule: Schedule,
        circuit: CircuitBreaker,
        host_calls: HostCalls,
        crew: Callable[[], Crew],
    ) -> None:
        """``crew`` gives the crew, which is made after this."""
        self._settings = settings
        self._schedule = schedule
        self._circuit = circuit
        self._host_calls = host_calls
        self._crew = crew

    # -- frames --

    def frame(self, process: SandboxProcess, kind: int, ident: int, payload: bytes) -> None:
        """Act on one frame; a sandbox that sends what no sandbox sends is killed."""
        job = process.jobs.get(ident)
        try:
            if job is not None:
                if kind == frames.EFFECTS:
                    job.noisy = True
                    self._host_calls.effects(job, decode(payload))
                    return
                self._frame_of(process, job, kind, payload)
            elif kind == frames.READY:
                self._crew().ready(process, payload)
                return
            else:
                self._leftover(process, kind, ident, payload)
        except (msgspec.MsgspecError, struct.error, ValueError, TypeError, LookupError) as problem:
            self._log.failure(
                "sandbox {pid} sent what no sandbox sends: {problem}", pid=process.pid, problem=problem
            )
            if job is not None:
                process.jobs[ident] = job  # its sink has heard nothing yet
            self._crew().kill(process, "sent nonsense")
            return
        if self._schedule.queue.count:
            if process.retiring:
                self._schedule.feed_idle()
            else:
                self._schedule.feed(process)
        if process.retiring and not process.jobs:
            process.retire()

    def _frame_of(self, process: SandboxProcess, job: Job, kind: int, payload: bytes) -> None:
        job.untouched = False
        self._schedule.rested(job)
        if kind == frames.WAIT:
            if payload:
                job.noisy = True
                calls, effects = decode(payload)
                self._host_calls.effects(job, effects)
                self._host_calls.calls(job, calls)
            return
        job.cpu_us, job.heap_kb, length = frames.USAGE.unpack_from(payload)
        text = payload[12 : 12 + length]
        if kind == frames.CHUNK:
            self._chunk(process, job, text)
            return
        head = decode(text)
        if kind == frames.STREAM:
            job.streaming = True
            self._host_calls.effects(job, head[6])
            self._tell(job, job.sink.streaming, head)
            return
        self._over(process, job)
        if kind == frames.FAILED:
            self._tell(job, job.sink.failed, failure_of(self._settings, job.uri, head, self._cpu_key(job)))
        elif head[0] == "!":
            self._host_calls.effects(job, head[2])
            self._tell(job, job.sink.failed, threw_or_limit(self._settings, head[1]))
        else:
            self._host_calls.effects(job, head[6] if len(head) == 8 else head[-1])
            self._tell(job, job.sink.answered, head, payload[12 + length :] or None)

    def _chunk(self, process: SandboxProcess, job: Job, text: bytes) -> None:
        chunks, failure, effects, calls = decode(text[1:])
        ended = text[:1] != b"0"
        self._host_calls.effects(job, effects)
        if ended:
            self._over(process, job)
        else:
            self._host_calls.calls(job, calls)
        self._tell(job, job.sink.chunk, chunks, ended, None if failure is None else threw(failure))

    def _tell(self, job: Job, take: Callable[..., None], *what: Any) -> None:
        """Hand something to the sink; what goes wrong there is not the sandbox's fault."""
        try:
            take(*what)
        except Exception:
            self._log.failure("taking in the answer of {script} failed", script=job.uri)
            if take != job.sink.failed:
                self._tell(job, job.sink.failed, ScriptThrew("Error", "the answer could not be sent"))

    def _over(self, process: SandboxProcess, job: Job) -> None:
        del process.jobs[job.ident]
        self._circuit.answered(job.key)
        self._schedule.finished(job)
        self._crew().recycle_when_due(process)

    def _leftover(self, process: SandboxProcess, kind: int, ident: int, payload: bytes) -> None:
        """Act on a frame of a job that was cancelled meanwhile: what it had done is done."""
        job = process.cancelled.get(ident)
        if job is None:
            return
        if kind == frames.EFFECTS:
            # The answer to CANCEL; or it crossed with it, and the job was at its end anyway.
            if payload:
                self._host_calls.effects(job, decode(payload))
            del process.cancelled[ident]
            self._schedule.stopped(job)
        elif kind in (frames.RESULT, frames.FAILED, frames.LOADED):
            self._schedule.stopped(job)

    # -- ends --

    def ended(self, process: SandboxProcess, exit_code: int | None, signal_number: int | None) -> None:
        """Tell the sinks of a process that has ended; what it cannot have begun is queued anew."""
        stopping = self._crew().stopping
        runner = next(iter(process.running), None)
        jobs, process.jobs = list(process.jobs.values()), {}
        if runner is None and len(jobs) == 1 and signal_number in _OWN_DOING:
            runner = jobs[0]  # a timer of it fired
        process.cancelled.clear()
        # SIGKILL that is not ours came from outside (kill -9, the memory killer): no fault of the route.
        if runner is not None and not process.kill_reason and signal_number != SIGKILL:
            self._circuit.crashed(runner.key)
        for job in reversed(jobs):
            if stopping:
                job.sink.failed(Unavailable("the engine is stopping"))
            elif job is not runner and job.untouched:
                self._schedule.again(job)
        for job in jobs:
            if job.process is process and not stopping:
                self._lose(job, process, exit_code, signal_number, job is runner)

    def _lose(
        self,
        job: Job,
        process: SandboxProcess,
        exit_code: int | None,
        signal_number: int | None,
        running: bool,
    ) -> None:
        self._schedule.stopped(job)
        if running and signal_number in (SIGPROF, SIGXCPU):
            job.cpu_us = int(job.budget_s * 1e6)
            most = job.budget_s * 1000
            key = CONFIG_KEYS[self._cpu_key(job)]
            job.sink.failed(LimitHit("cpu", most, most, "ms", config_key=key))
        else:
            job.sink.failed(WorkerLost(signal_number, exit_code, running, process.kill_reason))

    @staticmethod
    def _cpu_key(job: Job) -> str:
        return "cpu" if job.program is not None else "load_cpu"
