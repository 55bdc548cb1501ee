"""One test's world: the scripts it loaded, its clock, who answers its fetch, what was logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.internet.task import deferLater

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.model import Program
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.routes import Route, RouteIndex
from aiwebengine.testing.javascript.wire import BadRequest, Wire, read_answer, request_bytes
from aiwebengine.web.errors import source_frame

if TYPE_CHECKING:
    from aiwebengine.testing.javascript.workbench import Workbench

__all__ = ["World"]

# How often a test that advances its clock looks whether everybody has come to rest, in seconds.
_LOOK_S = 0.001


@attrs.frozen
class _Loaded:
    uri: str
    routes: tuple[Route, ...] = ()
    problem: Mapping[str, str] | None = None


@attrs.define(eq=False)
class _Timer:
    due: float
    order: int
    fired: Deferred[dict[str, float]]


class World:
    """Lives as long as one test. ``ident`` is the test's own request id."""

    def __init__(self, bench: Workbench, ident: str, directory: Path) -> None:
        self.bench = bench
        self.ident = ident
        self.now: float | None = None
        self.own_job: Job | None = None
        self.index = RouteIndex(bench.reserved)
        self.auth: dict[str, Mapping[str, Any]] = {}
        self.faking = False
        self.logs: list[LogEntry] = []
        self._directory = directory
        self._told: dict[str, int] = {}
        self._scripts: dict[tuple[str, str, str], _Loaded] = {}
        self._lock = DeferredLock()
        self._programs: list[Program] = []
        self._with_fetch: dict[int, Program] = {}
        self._jobs: list[Job] = []
        self._wires: dict[Any, tuple[Wire, Mapping[str, Any]]] = {}
        self._busy = 0
        self._timers: list[_Timer] = []
        self._timer_count = 0
        self._asked: dict[int, Deferred[dict[str, Any]]] = {}
        self._waiting_requests: list[dict[str, Any]] = []
        self._server: Deferred[dict[str, Any] | None] | None = None
        self._restore_assets = bench.repository.assets.checkpoint()

    def close(self) -> None:
        """End what is still under way, undo what was stored; sandboxes forget the test's scripts."""
        for wire, _ in tuple(self._wires.values()):
            wire.cut()
        for timer in self._timers:
            timer.fired.cancel()
        if self._server is not None:
            self._server.callback(None)
            self._server = None
        for asked in tuple(self._asked.values()):
            asked.callback({"error": "fetch: the test is over"})
        for program in (*self._programs, *self._with_fetch.values()):
            self.bench.pool.forget(program)
        self._restore_assets()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count as work under way, for which `advance` waits."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    # -- scripts --

    async def script(self, argument: Mapping[str, Any]) -> dict[str, Any]:
        """Load a script (once) and, if asked, have it answer a request; see ``js/scripts.js``."""
        self.set_clock(argument["clock"])
        with self.working():
            loaded = await self._load(argument)
        if loaded.problem is not None:
            return {"problem": dict(loaded.problem), "logs": self._new_logs(loaded.uri)}
        if "request" not in argument:
            routes = [{"method": route.method, "path": route.path} for route in loaded.routes]
            return {"routes": routes, "logs": self._new_logs(loaded.uri)}
        try:
            response = await self._request(argument["request"])
        except BadRequest as problem:
            return {"failure": str(problem), "logs": self._new_logs(loaded.uri)}
        return {"response": response, "logs": self._new_logs(loaded.uri)}

    async def _load(self, argument: Mapping[str, Any]) -> _Loaded:
        key = (argument["path"], argument["uri"] or "", argument["source"] or "")
        await self._lock.acquire()
        try:
            if key not in self._scripts:
                self._scripts[key] = await self._load_new(*key)
            return self._scripts[key]
        finally:
            self._lock.release()

    async def _load_new(self, path: str, uri: str, source: str) -> _Loaded:
        file = (self._directory / path).resolve()
        uri = uri or self.bench.uri_of(file)
        if not source:
            try:
                source = self.bench.read(file)
            except ValueError as error:
                return _Loaded(uri, problem={"message": f"{self.bench.shown(file)}: {error}", "stack": ""})
        self.bench.note_file(uri, file)
        try:
            found = await self.bench.examine(uri, source, fetching=self.faking)
            if found.error is not None:
                raise found.error
            assert found.live is not None  # noqa: S101 - an examination without error has it
            self._programs.append(found.live.program)
            self.index = self.index.replace({uri: found.routes})
        except ScriptInvalid as error:
            place = ":".join(str(part) for part in (self.bench.shown(file), error.line, error.column) if part)
            frame = f"\n{source_frame(source, error.line, error.column)}" if error.line else ""
            return _Loaded(uri, problem={"message": f"{place}: {error.message}{frame}", "stack": error.stack})
        except (RouteConflict, HTTPProblem) as error:
            return _Loaded(uri, problem={"message": f"{self.bench.shown(file)}: {error}", "stack": ""})
        return _Loaded(uri, found.routes)

    async def _request(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        data = request_bytes(asked)
        wire = Wire(self.bench.site, asked["ip"] or "127.0.0.1")
        self._wires[wire.channel] = (wire, asked)
        try:
            return read_answer(await wire.ask(data), asked["method"])
        finally:
            del self._wires[wire.channel]

    def admit(self, exchange: Any) -> None:
        """Take note of a request that came in: who asks (a gate of the front calls this)."""
        asked = self._wires.get(exchange.channel)
        if asked is not None and asked[1]["auth"] is not None:
            exchange.auth = dict(asked[1]["auth"])

    def program(self, program: Program) -> Program:
        """Give the program to run instead: with ``fetch`` when the test fakes it."""
        if not self.faking:
            return program
        if program.ident not in self._with_fetch:
            self._with_fetch[program.ident] = self.bench.with_fetch(program)
        return self._with_fetch[program.ident]

    def note_job(self, job: Job | None) -> None:
        """Take note of a request under way in a sandbox."""
        if job is not None:
            self._jobs.append(job)

    # -- logs --

    def note(self, entry: LogEntry) -> None:
        """Keep a log entry."""
        self.logs.append(entry)

    def _new_logs(self, uri: str) -> list[dict[str, Any]]:
        """Give the entries of a script that the test has not been given yet."""
        seen = self._told.get(uri, 0)
        mine = [entry for entry in self.logs if entry.script == uri]
        self._told[uri] = len(mine)
        return [
            {"level": one.level, "message": one.message, "line": one.line, "requestId": one.request_id}
            for one in mine[seen:]
        ]

    # -- time --

    async def timer(self, delay: float) -> dict[str, float]:
        """Wait until the test's clock has gone on by ``delay`` ms; give the time it then shows."""
        self._timer_count += 1
        timer = _Timer((self.now or 0.0) + delay, self._timer_count, Deferred())
        self._timers.append(timer)
        try:
            return await timer.fired
        except CancelledError:
            return {"now": self.now or 0.0}

    def set_clock(self, now: float | None) -> None:
        """Show another time; timers wait as long as before. None is the real time."""
        if self.now is not None and now is not None:
            for timer in self._timers:
                timer.due += now - self.now
        self.now = now

    async def advance(self, now: float, ms: float) -> dict[str, float]:
        """Let ``ms`` pass: timers fire in the order in which they are due, each once all is at rest."""
        if self.now is None:
            self.now = now
        end = self.now + ms
        while True:
            await self._rest()
            due = [timer for timer in self._timers if timer.due <= end]
            if not due:
                break
            timer = min(due, key=lambda one: (one.due, one.order))
            self._timers.remove(timer)
            self.now = max(self.now, timer.due)
            timer.fired.callback({"now": self.now})
        self.now = end
        return {"now": end}

    async def _rest(self) -> None:
        """Wait until neither the test nor its scripts run: they all wait for something."""
        while self._busy or any(map(_runs, self._under_way())):
            await deferLater(self.bench.reactor, _LOOK_S)

    def _under_way(self) -> list[Job]:
        self._jobs = [job for job in self._jobs if job.process is None or job.ident in job.process.jobs]
        return self._jobs if self.own_job is None else [self.own_job, *self._jobs]

    # -- fetch --

    async def fetch(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Have the test answer a fetch of its script."""
        if not self.faking:
            return {"error": f"fetch: no fake answers {asked['method']} {asked['url']} (fakes: none)"}
        ident = max(self._asked, default=0) + 1
        self._asked[ident] = Deferred()
        self._waiting_requests.append({"id": ident, **asked})
        self._hand_over()
        try:
            return await self._asked[ident]
        finally:
            del self._asked[ident]

    async def next_fetch(self, reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Take the test's reply to the last fetch it was given, and give it the next one."""
        self.faking = True
        if reply is not None and reply["id"] in self._asked:
            self._asked[reply["id"]].callback(dict(reply))
        self._server = Deferred()
        waiting = self._server
        self._hand_over()
        return await waiting

    def _hand_over(self) -> None:
        if self._server is not None and self._waiting_requests:
            server, self._server = self._server, None
            server.callback(self._waiting_requests.pop(0))


def _runs(job: Job) -> bool:
    """Tell whether a job is queued or runs, rather than waits for an answer of the host."""
    return job.process is None or job.outstanding > 0
