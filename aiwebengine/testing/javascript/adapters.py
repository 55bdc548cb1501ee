"""The workbench as the engine's own parts want to see it: sandboxes, routes, a gate, host operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zope.interface import implementer

from aiwebengine.interfaces import IRequestGate
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.job import Job, Sink
from aiwebengine.sandbox.model import HostCall, LoadReport, Program

if TYPE_CHECKING:
    from aiwebengine.testing.javascript.workbench import Workbench

__all__ = ["Admission", "Front", "Loading", "Routes", "guarded"]


class Loading:
    """The sandboxes as the examiner sees them."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def load(self, uri: str, source: str, version: int, **options: Any) -> LoadReport:
        """See `aiwebengine.interfaces.ISandboxPool.load`."""
        report: LoadReport = await self._bench.load_script(uri, source, version, **options)
        return report


class Routes:
    """The routes of the current test's scripts, as the dispatch asks for them."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def match(self, method: bytes, path: str) -> Any:
        """Give what answers."""
        world = self._bench.current
        return None if world is None else world.index.match(method, path)


class Front:
    """The sandboxes as the dispatch sees them: each call gets the test's clock and its ``fetch``."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def seed(self) -> str:
        """Give random bytes in hex."""
        return self._bench.pool.seed()

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
        """Have a program run; see `aiwebengine.sandbox.pool.SandboxPool.call`."""
        pool, world = self._bench.pool, self._bench.current
        assert world is not None  # noqa: S101 - requests come from tests only
        world.requests.add(request_id)
        wanted = world.program(program)
        _, length, count = frames.USAGE.unpack_from(payload)
        at = frames.USAGE.size + count * frames.HEAD.size
        message = json.loads(payload[at : at + length])
        message[5]["clock"] = world.now
        if message[6] is None and "entropy" in wanted.pieces:
            message[6] = pool.seed()
        text = json.dumps(message).encode()
        head = frames.USAGE.pack(wanted.ident, len(text), count)
        renewed = head + payload[frames.USAGE.size : at] + text + payload[at + length :]
        job = pool.call(wanted, renewed, sink, request_id=request_id, route=route, facts=facts)
        world.note_job(job)
        return job


@implementer(IRequestGate)
class Admission:
    """Gives a request the user that the test named."""

    order = 0

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def before(self, exchange: Any) -> None:
        """Let it pass."""
        if self._bench.current is not None:
            self._bench.current.admit(exchange)

    def after(self, exchange: Any, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Leave the answer as it is."""


def guarded(bench: Workbench, perform: Any) -> Any:
    """Have an operation of a plugin count as work under way, so that the clock waits for it."""

    async def operation(call: HostCall, argument: Any) -> Any:
        world = bench.current
        if world is None:
            return await perform(call, argument)
        if not world.owns(call):
            return None  # the test is over, and what it kept is gone
        with world.working():
            return await perform(call, argument)

    return operation
