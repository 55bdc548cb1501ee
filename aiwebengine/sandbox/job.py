"""One request (or load) on its way through the pool, and who gets what comes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from aiwebengine.sandbox import frames

if TYPE_CHECKING:
    from aiwebengine.sandbox.dry_run import DryRun
    from aiwebengine.sandbox.failures import ScriptThrew
    from aiwebengine.sandbox.model import Program
    from aiwebengine.sandbox.pool import SandboxPool
    from aiwebengine.sandbox.process import SandboxProcess

__all__ = ["Job", "Sink"]


class Sink(Protocol):
    """Who gets what comes of a job; exactly one of ``answered``, ``failed`` and a last ``chunk`` ends it."""

    def answered(self, head: list[Any], raw: bytes | None) -> None:
        """Take the whole answer."""

    def streaming(self, head: list[Any]) -> None:
        """Take the head of a streamed answer; ask for chunks with ``Job.pull``."""

    def chunk(self, chunks: list[Any], ended: bool, failure: ScriptThrew | None) -> None:
        """Take chunks asked for."""

    def failed(self, failure: Any) -> None:
        """Take one of the values of `aiwebengine.sandbox.failures`."""


class Job:
    """One request (or load) on its way through the pool."""

    __slots__ = (
        "budget_s",
        "calls_under_way",
        "calls_waiting",
        "cancelled_at",
        "cpu_us",
        "deadline",
        "dry_run",
        "facts",
        "heap_kb",
        "host_calls",
        "ident",
        "key",
        "noisy",
        "outstanding",
        "payload",
        "pool",
        "process",
        "program",
        "queued_at",
        "request_id",
        "route",
        "sink",
        "started_at",
        "streaming",
        "untouched",
        "uri",
        "wall_ms",
    )

    def __init__(
        self,
        pool: SandboxPool,
        uri: str,
        program: Program | None,
        payload: bytes,
        sink: Sink,
        wall_ms: float,
        budget_s: float,
        request_id: str,
        route: str,
        facts: Mapping[str, Any],
    ) -> None:
        self.pool = pool
        self.uri = uri
        self.program = program
        self.payload = payload
        self.sink = sink
        self.wall_ms = wall_ms
        self.budget_s = budget_s
        self.request_id = request_id
        self.route = route
        self.facts = facts
        self.ident = 0
        # By version, so that a crashing trial or an earlier version does not pause the one that works.
        self.key = (uri, route, 0 if program is None else program.version)
        self.process: SandboxProcess | None = None
        self.outstanding = 0
        self.queued_at = pool.now()
        self.started_at = 0.0
        self.deadline = self.queued_at + wall_ms / 1000
        self.cancelled_at = 0.0
        self.streaming = False
        self.untouched = True  # no frame has come back for it yet
        self.cpu_us = 0
        self.heap_kb = 0
        self.host_calls = 0
        self.calls_under_way = 0
        self.calls_waiting: deque[tuple[int, str, Any]] = deque()
        self.noisy = False  # whether it has logged, sent or asked for anything
        self.dry_run: DryRun | None = None

    @property
    def queue_wait_ms(self) -> float:
        """How long it waited for a sandbox."""
        return ((self.started_at or self.pool.now()) - self.queued_at) * 1000

    def pull(self) -> None:
        """Ask for the next chunks of a streamed answer."""
        self.deadline = self.pool.now() + self.wall_ms / 1000
        self.pool.push(self, frames.PULL, b"")

    def paused(self) -> None:
        """The client is slow: time spent waiting for it is not the script's."""
        self.deadline = float("inf")

    def cancel(self) -> None:
        """The client is gone: drop the job."""
        self.pool.cancel(self)
