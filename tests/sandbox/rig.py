"""A sandbox's worker in this process, all prelude pieces in it, for tests to talk to in frames."""

from __future__ import annotations

import json
import marshal
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec

from aiwebengine.config.sections import JavaScriptSettings
from aiwebengine.engine import core_piece
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.failures import LimitHit, ScriptThrew
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.loading import Loader, call_payload
from aiwebengine.sandbox.model import LoadReport, Program
from aiwebengine.sandbox.outcomes import decode, failure_of, threw_or_limit
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.sandbox.prelude import Piece, Prelude, pieces_of
from aiwebengine.sandbox.wire import sandbox_settings
from aiwebengine.sandbox.worker import Worker
from aiwebengine.web.from_script import body_of, chunk_bytes

SUBSYSTEMS = ("routing", "script_logging", "encoding", "crypto", "auth", "web_platform", "storage")
SEED = "07" * 32
MODES = ("realm", "runtime")


def all_pieces() -> tuple[Piece, ...]:
    """Give the prelude pieces of every subsystem, and the core's own."""
    found = [core_piece()]
    for name in SUBSYSTEMS:
        found.extend(pieces_of(f"aiwebengine.subsystems.{name}"))
    return tuple(found)


PIECES = all_pieces()


def python_settings(**changes: Any) -> JavaScriptSettings:
    """Give ``[javascript]`` settings that let tests end quickly."""
    values: dict[str, Any] = {"workers": 1, "spare_sandboxes": 0, "execution_timeout_ms": 300, **changes}
    return JavaScriptSettings(**values)


def request(path: str = "/x", **changes: Any) -> dict[str, Any]:
    """Give a request's data as the front sends it (aiwebengine/web/to_script.py)."""
    return {
        "method": "GET",
        "path": path,
        "url": f"http://example.com{path}",
        "httpVersion": "1.1",
        "query": [],
        "params": {},
        "headers": {},
        "cookies": {},
        "form": None,
        "files": [],
        "body": "",
        "isJson": False,
        "ip": "192.0.2.1",
        "requestId": "r1",
        **changes,
    }


@attrs.define
class Answer:
    """What came of one call: the last frame, and what was asked for and done on the way."""

    kind: int
    head: Any
    raw: bytes | None = None
    cpu_us: int = 0
    heap_kb: int = 0
    failure: LimitHit | ScriptThrew | None = None

    @property
    def status(self) -> int:
        """The status of a whole answer."""
        return int(self.head[1])

    @property
    def content_type(self) -> str | None:
        """The type of a whole answer."""
        return self.head[2]  # type: ignore[no-any-return]

    @property
    def body(self) -> bytes:
        """The body of a whole answer."""
        return body_of(self.head[0], self.head[5], self.raw)

    @property
    def text(self) -> str:
        """The body as text; what failed instead, which no test takes for a body."""
        return self.body.decode() if self.failure is None else f"<failed: {self.failure}>"

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class _Pool:
    """What `Loader` needs of a pool; the one sandbox is the rig's worker."""

    def __init__(self, rig: Rig) -> None:
        self.prelude = rig.prelude
        self.settings = rig.settings
        self._rig = rig

    def now(self) -> float:
        return 0.0

    def seed(self) -> str:
        return SEED

    def submit(self, job: Job) -> None:
        rig = self._rig
        ident = rig.next_ident()
        rig.worker.take(frames.LOAD, ident, job.payload)
        answer = rig.outcome(ident, loading=True)
        if answer is None:
            rig.loading = (ident, job)
        else:
            rig.settle(job, answer)

    def make_program(
        self,
        uri: str,
        version: int,
        source: str,
        names: Sequence[str],
        handler: str | None,
        pieces: Sequence[str],
    ) -> Program:
        return self._rig.add(source, tuple(names), tuple(pieces), uri=uri, error_handler=handler)


class Rig:
    """One worker; load scripts into it and call them."""

    def __init__(self, isolation: str = "realm", **changes: Any) -> None:
        self.settings = python_settings(isolation=isolation, **changes)
        self.prelude = Prelude(PIECES, always=("request-shape",))
        self.frames: list[tuple[int, int, bytes]] = []
        self.effects: list[Any] = []
        self.waits: list[list[Any]] = []
        self.loading: Any = None
        self._buffer = frames.FrameBuffer()
        self._ident = 0
        self._programs = 0
        self.worker = Worker(self._wrote)
        self._tell()

    def _tell(self) -> None:
        told = marshal.dumps(sandbox_settings(self.settings, self.prelude))
        self.worker.take(frames.SETTINGS, 0, told)

    def _wrote(self, data: bytes) -> None:
        self.frames.extend(self._buffer.feed(data))

    def next_ident(self) -> int:
        """Give a fresh number for a request."""
        self._ident += 1
        return self._ident

    # -- loading --

    def load(self, source: str, uri: str = "app.js", **options: Any) -> LoadReport:
        """Load a script as the engine does; ``init`` must not await the host."""
        found: list[LoadReport] = []
        arguments = {"is_startup": False, "run_init": True, **options}
        self.start_load(source, uri, **arguments).addCallback(found.append)
        assert found, "the load awaits something"
        return found[0]

    def start_load(self, source: str, uri: str = "app.js", **options: Any) -> Any:
        """Begin to load; give a Deferred of the report."""
        from twisted.internet.defer import Deferred

        arguments = {"is_startup": False, "run_init": True, **options}
        pool: Any = _Pool(self)
        return Deferred.fromCoroutine(Loader(pool).load(uri, source, 1, **arguments))

    def settle(self, job: Job, answer: Answer) -> None:
        """End a load with what came of it."""
        if answer.failure is not None:
            job.sink.failed(answer.failure)
        else:
            job.sink.answered(answer.head, None)

    def live(self, source: str, uri: str = "app.js") -> Program:
        """Load a script that must load; give its program."""
        report = self.load(source, uri)
        assert report.error is None, f"{report.error}\n{report.error.stack}"
        assert report.program is not None
        return report.program

    def add(
        self,
        source: str,
        names: tuple[str, ...] = (),
        pieces: tuple[str, ...] | None = None,
        uri: str = "app.js",
        error_handler: str | None = None,
    ) -> Program:
        """Tell the worker of a program without loading it."""
        self._programs += 1
        if pieces is None:
            pieces = self.prelude.pick(frozenset(["globalThis"]))
        program = Program(self._programs, uri, 1, source, names, pieces, error_handler)
        self.worker.take(
            frames.PROGRAM, program.ident, marshal.dumps((program.uri, program.source, names, pieces))
        )
        return program

    def add_piece(self, name: str, names: str, source: str) -> None:
        """Add a prelude piece and tell the worker."""
        pieces = [piece for piece in self.prelude.pieces.values() if piece.name != name]
        pieces.append(Piece(name, tuple(names.split()), (), (), source))
        self.prelude = Prelude(pieces, always=("request-shape",))
        self._tell()

    # -- calling --

    def start(
        self,
        program: Program,
        key: str = "GET /x",
        handler: str | None = None,
        data: Mapping[str, Any] | Sequence[Any] | None = None,
        parts: Sequence[bytes] = (),
        kind: str = "route",
        auth: Mapping[str, Any] | None = None,
    ) -> int:
        """Send a call; give its number."""
        ident = self.next_ident()
        facts = {"requestId": f"r{ident}", "script": program.uri, "auth": auth or {}}
        payload = [
            kind,
            key,
            handler,
            program.error_handler,
            request() if data is None else data,
            facts,
            SEED,
        ]
        self.worker.take(frames.CALL, ident, call_payload(program.ident, msgspec.json.encode(payload), parts))
        return ident

    def call(self, program: Program, key: str = "GET /x", **options: Any) -> Answer:
        """Call a program that answers without the host; let its timers fire."""
        ident = self.start(program, key, **options)
        answer = self.outcome(ident)
        assert answer is not None, "the call awaits the host"
        return answer

    def answer(
        self, ident: int, call: int, value: Any = None, *, error: Mapping[str, Any] | None = None
    ) -> None:
        """Settle a host call."""
        packed = [call, True, value] if error is None else [call, False, dict(error)]
        self.worker.take(frames.ANSWER, ident, msgspec.json.encode(packed))

    def pull(self, ident: int) -> tuple[bytes, bool, ScriptThrew | None]:
        """Ask for a stream's next chunks: their bytes, whether it ended, what failed."""
        self.worker.take(frames.PULL, ident, b"")
        answer = self.outcome(ident)
        assert answer is not None, "the stream awaits the host"
        assert answer.kind == frames.CHUNK, answer
        chunks, ended, failed = answer.head
        return chunk_bytes(chunks), ended, failed

    def read(self, ident: int) -> tuple[bytes, ScriptThrew | None]:
        """Pull a stream to its end."""
        whole = b""
        while True:
            data, ended, failed = self.pull(ident)
            whole += data
            if ended:
                return whole, failed

    def cancel(self, ident: int) -> None:
        """Drop a request; its effects are taken in."""
        self.worker.take(frames.CANCEL, ident, b"")
        self.outcome(ident)

    def outcome(self, ident: int, *, loading: bool = False) -> Answer | None:
        """Take in the frames so far; fire timers while nothing else is to come. None while it waits."""
        while True:
            taken, self.frames = self.frames, []
            for kind, number, payload in taken:
                answer = self._take(kind, payload, loading)
                if number == ident and answer is not None:
                    return answer
            due = self.worker.next_due()
            if due is None:
                return None
            self.worker.fire_due()

    def _take(self, kind: int, payload: bytes, loading: bool) -> Answer | None:
        if kind == frames.EFFECTS:
            self.effects.extend(decode(payload) if payload else [])
            return None
        if kind == frames.WAIT:
            if payload:
                calls, effects = decode(payload)
                self.waits.extend(calls)
                self.effects.extend(effects or [])
            return None
        cpu_us, heap_kb, length = frames.USAGE.unpack_from(payload)
        text = payload[12 : 12 + length]
        if kind == frames.CHUNK:
            chunks, failure, effects, calls = decode(text[1:])
            self.effects.extend(effects or [])
            self.waits.extend(calls)
            failed = None if failure is None else threw_or_limit(self.settings, failure)
            return Answer(kind, (chunks, text[:1] != b"0", failed), None, cpu_us, heap_kb)
        head = decode(text)
        raw = payload[12 + length :] or None
        if kind == frames.FAILED:
            failed = failure_of(self.settings, "app.js", head, "load_cpu" if loading else "cpu")
            return Answer(kind, head, None, cpu_us, heap_kb, failed)
        if head[0] == "!":
            self.effects.extend(head[2] or [])
            return Answer(kind, head, None, cpu_us, heap_kb, threw_or_limit(self.settings, head[1]))
        self.effects.extend((head[6] if len(head) == 8 else head[-1]) or [])
        return Answer(kind, head, raw, cpu_us, heap_kb)

    @property
    def logs(self) -> list[tuple[str, str, int]]:
        """What was logged so far: level, message, line."""
        return [(e[1], e[2], e[3]) for e in self.effects if e[0] == "log"]


class BothModes:
    """Mixed into a test case to make it run in realm isolation; `both` makes the other half."""

    isolation = "realm"

    def rig(self, **changes: Any) -> Rig:
        """Make a rig in this case's isolation."""
        return Rig(self.isolation, **changes)


def in_runtime(case: type) -> type:
    """Give the same test case for runtime isolation."""
    made = type(f"{case.__name__}InRuntime", (case,), {"isolation": "runtime", "__module__": case.__module__})
    made.__doc__ = f"{case.__doc__} The same in runtime isolation."
    return made


__all__ = [
    "MODES",
    "PIECES",
    "SEED",
    "Answer",
    "BothModes",
    "Rig",
    "SandboxPool",
    "in_runtime",
    "python_settings",
    "request",
]
