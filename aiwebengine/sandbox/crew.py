"""The life of sandbox processes: started, ready, spare, recycled, ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from aiwebengine.sandbox.process import SandboxProcess, command, environment
from aiwebengine.sandbox.wire import address_space_bytes

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from aiwebengine.config.sections import JavaScriptSettings
    from aiwebengine.sandbox.schedule import Schedule

__all__ = ["FAILED_STARTS", "START_GRACE_S", "Crew"]

START_GRACE_S = 20.0
FAILED_STARTS = 3  # so many in a row, and the first start is given up
LONGEST_PAUSE_S = 30.0


class Crew:
    """Keeps ``workers`` processes in ``schedule.members`` and spares that take the place of one that ends."""

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        settings: JavaScriptSettings,
        workers: int,
        schedule: Schedule,
        *,
        spawn: Callable[..., SandboxProcess],
        on_frame: Callable[[SandboxProcess, int, int, bytes], None],
        on_end: Callable[[SandboxProcess, int | None, int | None], None],
    ) -> None:
        """``on_end`` deals with the jobs of a process that has ended, before another takes its place."""
        self._reactor = reactor
        self._settings = settings
        self._workers = workers
        self._schedule = schedule
        self._spawn = spawn
        self._on_frame = on_frame
        self._jobs_of = on_end
        self._starting: dict[SandboxProcess, float] = {}
        self._retired: set[SandboxProcess] = set()
        self._waiting: list[Deferred[None]] = []
        self._failed_starts = 0
        self._pauses: set[IDelayedCall] = set()
        self._all_ended: Deferred[None] | None = None
        self.spares: list[SandboxProcess] = []
        self.stopping = False
        self.settings_frame = b""
        self.layers = ""
        self.counts = {"started": 0, "crashed": 0, "killed": 0, "recycled": 0}

    def everyone(self) -> Iterator[SandboxProcess]:
        """Give every process there is, also those starting and those that finish their last jobs."""
        yield from self._schedule.members
        yield from self.spares
        yield from self._retired
        yield from self._starting

    async def start(self) -> None:
        """Start the processes; done when each is ready. Raises `RuntimeError` when they do not start."""
        ready: Deferred[None] = Deferred()
        self._waiting.append(ready)
        for _ in range(self._workers):
            self._start_one()
        await ready
        for _ in range(self._settings.spare_sandboxes):
            self._start_one()

    async def stop(self) -> None:
        """End all processes; done when they are gone."""
        self.stopping = True
        for pause in self._pauses:
            pause.cancel()
        self._pauses.clear()
        self._tell_waiting(RuntimeError("the sandboxes were stopped while they started"))
        everyone = list(self.everyone())
        if everyone:
            self._all_ended = Deferred()
            for process in everyone:
                process.kill("engine stop")
            await self._all_ended

    def _start_one(self) -> None:
        s = self._settings
        process = self._spawn(
            self._reactor,
            command(s.sandbox, address_space_bytes(s)),
            environment(),
            self._on_frame,
            self.ended,
        )
        self._starting[process] = self._reactor.seconds()
        self.counts["started"] += 1

    def ready(self, process: SandboxProcess, report: bytes) -> None:
        """Take in a process that has said it is ready; ``report`` names its hardening layers."""
        if self._starting.pop(process, None) is None:
            return
        self._failed_starts = 0
        process.ready = True
        process.layers = self.layers = report.decode("utf-8", "replace")
        process.send(self.settings_frame)
        members = self._schedule.members
        if len(members) < self._workers:
            members.append(process)
            if len(members) == self._workers:
                self._tell_waiting(None)
            self._schedule.feed(process)
        else:
            self.spares.append(process)

    def _tell_waiting(self, problem: Exception | None) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if problem is None:
                one.callback(None)
            else:
                one.errback(problem)

    def ended(self, process: SandboxProcess, exit_code: int | None, signal_number: int | None) -> None:
        """Deal with the end of a process, wanted or not: its jobs, and who takes its place."""
        started = self._starting.pop(process, None)
        self._retired.discard(process)
        members = self._schedule.members
        was_member = process in members
        if was_member:
            members.remove(process)
        elif process in self.spares:
            self.spares.remove(process)
        self._jobs_of(process, exit_code, signal_number)
        self._schedule.ended(process)
        if self.stopping:
            if self._all_ended is not None and next(self.everyone(), None) is None:
                done, self._all_ended = self._all_ended, None
                done.callback(None)
            return
        if not process.kill_reason:
            self.counts["recycled" if process.retiring else "crashed"] += 1
        if started is not None:
            self._failed_start(exit_code, signal_number)
            return
        if was_member and self.spares:
            self._promote()
        self._schedule.feed_idle()  # with what was queued anew
        self._start_one()

    def _promote(self) -> None:
        spare = self.spares.pop(0)
        self._schedule.members.append(spare)
        self._schedule.feed(spare)

    def _failed_start(self, exit_code: int | None, signal_number: int | None) -> None:
        self._failed_starts += 1
        self._log.error(
            "a sandbox process ended before it was ready (exit {code}, signal {signal})",
            code=exit_code,
            signal=signal_number,
        )
        if self._failed_starts >= FAILED_STARTS and self._waiting:
            self._tell_waiting(
                RuntimeError("sandbox processes do not start; see the log above for what they said")
            )
            return

        def retry() -> None:
            self._pauses.discard(pause)
            self._start_one()

        pause = self._reactor.callLater(min(LONGEST_PAUSE_S, 0.1 * 2**self._failed_starts), retry)
        self._pauses.add(pause)

    def recycle_when_due(self, process: SandboxProcess) -> None:
        """Replace a member that has served its share; it finishes what it has."""
        most = self._settings.recycle_after_requests
        if 0 < most <= process.served and not process.retiring and self.spares:
            self._schedule.members.remove(process)
            self._retired.add(process)
            process.retire()
            self._promote()

    def kill(self, process: SandboxProcess, reason: str) -> None:
        """End a process that must not go on."""
        self.counts["killed"] += 1
        process.kill(reason)

    def sweep(self, now: float) -> None:
        """Kill processes that do not get ready."""
        for process, since in self._starting.items():
            if now - since > START_GRACE_S and not process.kill_reason:
                self.kill(process, "did not start")
