"""Which job runs in which sandbox, and which waits."""

from __future__ import annotations

import itertools
import marshal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.fair_queue import FairQueue

if TYPE_CHECKING:
    from aiwebengine.config.sections import JavaScriptSettings
    from aiwebengine.sandbox.job import Job
    from aiwebengine.sandbox.model import Program
    from aiwebengine.sandbox.process import SandboxProcess

__all__ = ["PIPELINE_DEPTH", "QUICK_CPU_US", "Schedule"]

# A sandbox may be sent this many calls of one quick script ahead of its answers, which saves the round trip.
PIPELINE_DEPTH = 16
QUICK_CPU_US = 1000


class Schedule:
    """
    Gives jobs to sandboxes: an idle one first, each script in its turn, none holding all of them.

    A sandbox *runs* a job from the frame that makes it run until the answer to it; between those, while
    the job awaits the host or its client, the sandbox is free for others.
    """

    def __init__(self, settings: JavaScriptSettings, workers: int, now: Callable[[], float]) -> None:
        """``workers`` is how many sandboxes there will be in ``members``."""
        self.members: list[SandboxProcess] = []
        self.queue = FairQueue()
        self._now = now
        self._most_realms = settings.realms_per_sandbox
        self._most_per_script = settings.max_per_script or max(1, workers - 1)
        self._held: dict[str, int] = {}  # by URI, the sandboxes that run it
        self._costs: dict[int, int] = {}  # by program, its usual CPU microseconds
        self._forgotten: set[int] = set()
        self._idents = itertools.count(1)

    # -- placing --

    def place(self, job: Job) -> bool:
        """Have a new job run now if a sandbox may take it; it is not queued here."""
        # What an answer sets off may come before the sandbox is fed again: those who wait go first.
        self.feed_idle()
        if self.queue.count == 0 or job.uri not in self.queue:
            process = self._process_for(job)
            if process is not None:
                self._begin(job, process)
                return True
        return False

    def feed(self, process: SandboxProcess) -> None:
        """Give waiting jobs to a sandbox that has room, each script in its turn."""
        queue = self.queue
        while queue.count and not process.retiring:
            if process.running:
                # Ahead of its answers only while nobody else waits, and only what is quick.
                job = queue.alone(process.holder)
                if job is None or len(process.running) >= PIPELINE_DEPTH or not self._is_quick(job):
                    return
                uri: str | None = process.holder
            elif len(process.jobs) < self._most_realms:
                uri = queue.next_uri(self._held, self._most_per_script)
            else:
                return
            if uri is None:
                return
            self._begin(queue.take(uri), process)

    def feed_idle(self) -> None:
        """Give waiting jobs to idle sandboxes, after one that takes nothing more has let go of its script."""
        for process in self.members:
            if not self.queue.count:
                return
            if not process.running:
                self.feed(process)

    def _process_for(self, job: Job) -> SandboxProcess | None:
        """Give a sandbox that may take the job now: idle, or running quick calls of the same script."""
        uri = job.uri
        if self._held.get(uri, 0) < self._most_per_script:
            ident = 0 if job.program is None else job.program.ident
            best = None
            for process in self.members:
                if not process.running and not process.retiring and len(process.jobs) < self._most_realms:
                    if not process.jobs and ident in process.programs:
                        return process
                    if best is None or len(process.jobs) < len(best.jobs):
                        best = process
            if best is not None:
                return best
        if self.queue.count or not self._is_quick(job):
            return None
        for process in self.members:
            if process.holder == uri and 0 < len(process.running) < PIPELINE_DEPTH and not process.retiring:
                return process
        return None

    def _is_quick(self, job: Job) -> bool:
        return job.program is not None and self._costs.get(job.program.ident, QUICK_CPU_US) < QUICK_CPU_US

    # -- running --

    def _begin(self, job: Job, process: SandboxProcess) -> None:
        job.ident = next(self._idents) & 0xFFFFFFFF
        job.process = process
        job.started_at = self._now()
        process.jobs[job.ident] = job
        process.served += 1
        program = job.program
        if program is None:
            self._run(job, process, frames.LOAD, job.payload)
            return
        if program.ident not in process.programs:
            told = marshal.dumps((program.uri, program.source, program.names, program.pieces))
            process.programs.add(program.ident)
            process.send(frames.pack(frames.PROGRAM, program.ident, told))
        self._run(job, process, frames.CALL, job.payload)
        if program.ident in self._forgotten:
            # It was replaced while this job waited; no sandbox is to keep it.
            self._drop(program, process)

    def push(self, job: Job, kind: int, payload: bytes) -> None:
        """Send a further frame to the sandbox that has the job; nothing when it is over."""
        process = job.process
        if process is not None and job.ident in process.jobs:
            self._run(job, process, kind, payload)

    def _run(self, job: Job, process: SandboxProcess, kind: int, payload: bytes) -> None:
        job.outstanding += 1
        if job.outstanding == 1:
            if not process.running:
                process.holder = job.uri
                self._held[job.uri] = self._held.get(job.uri, 0) + 1
            process.running[job] = None
        process.send(frames.pack(kind, job.ident, payload))

    def rested(self, job: Job) -> None:
        """Note that a sandbox has said what came of one frame that made the job run."""
        if job.outstanding > 1:
            job.outstanding -= 1
        else:
            self.stopped(job)

    def stopped(self, job: Job) -> None:
        """Note that a job runs no more, whatever was sent to it."""
        job.outstanding = 0
        process = job.process
        if process is None or job not in process.running:
            return
        del process.running[job]
        if not process.running:
            self._release(process)

    def _release(self, process: SandboxProcess) -> None:
        left = self._held.get(process.holder, 1) - 1
        if left:
            self._held[process.holder] = left
        else:
            self._held.pop(process.holder, None)

    def finished(self, job: Job) -> None:
        """Learn from a job that has ended what its program usually costs."""
        program = job.program
        if program is None or program.ident in self._forgotten:
            return
        known = self._costs.get(program.ident)
        self._costs[program.ident] = job.cpu_us if known is None else (7 * known + job.cpu_us) >> 3

    def again(self, job: Job) -> None:
        """Queue a job anew which its sandbox, as it works in order, cannot have begun."""
        self.stopped(job)
        job.process = None
        self.queue.put_back(job)

    def ended(self, process: SandboxProcess) -> None:
        """Note that a sandbox is no more; its jobs have been dealt with."""
        if process.running:  # what ran had been cancelled
            process.running.clear()
            self._release(process)

    # -- dropping --

    def cancel(self, job: Job) -> None:
        """Drop a job; its sink hears nothing more. Its sandbox is told, and watched until it confirms."""
        process = job.process
        if process is None:
            self.queue.remove(job)
        elif process.jobs.pop(job.ident, None) is not None:
            job.cancelled_at = self._now()
            process.cancelled[job.ident] = job
            process.send(frames.pack(frames.CANCEL, job.ident))

    def forget(self, program: Program, processes: Iterator[SandboxProcess]) -> None:
        """Have sandboxes drop a program that is no longer live."""
        self._forgotten.add(program.ident)
        self._costs.pop(program.ident, None)
        for process in processes:
            if program.ident in process.programs:
                self._drop(program, process)

    def _drop(self, program: Program, process: SandboxProcess) -> None:
        process.programs.discard(program.ident)
        process.send(frames.pack(frames.FORGET, program.ident))
