"""What tests run on: sandboxes with the names of all plugins and those of tests, and the HTTP front."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.engine import Engine, core_piece
from aiwebengine.interfaces import IFeature, IScriptGlobals
from aiwebengine.offline import offline_engine, script_directories
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.job import Job, Sink
from aiwebengine.sandbox.model import HostCall, LoadReport, Program
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.sandbox.prelude import Piece, Prelude, pieces_of
from aiwebengine.scripts.examine import Examination, Examiner
from aiwebengine.scripts.lint import lint
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.tokens import identifiers
from aiwebengine.subsystems.script_directories.files import read_source
from aiwebengine.testing.javascript.adapters import Admission, Front, Loading, Routes, guarded
from aiwebengine.testing.javascript.world import World
from aiwebengine.web.dispatch import ScriptDispatch
from aiwebengine.web.errors import ErrorPages
from aiwebengine.web.gates import Gates
from aiwebengine.web.root import Root
from aiwebengine.web.site import EngineSite

__all__ = ["Workbench", "testing_typings"]

_CLOCK, _FETCH = "test-clock", "test-fetch"
#: Two sandboxes, so that a script which ends its process does not end the test that watches it.
_OVERRIDES = ("javascript.workers=2", "javascript.spare_sandboxes=0", "javascript.max_per_script=0")


def testing_typings() -> str:
    """Give the TypeScript declarations of the names that only tests see."""
    return (Path(__file__).parent / "typings.d.ts").read_text("utf-8")


class Workbench:
    """
    Runs one test at a time; ``current`` is the world of the test that runs.

    Make it with `from_sources`, then `start` it; `stop` it in the end. Paths are shown relative to ``root``.
    """

    def __init__(
        self, reactor: Any, engine: Engine, *, root: Path, script_roots: Sequence[Path] = ()
    ) -> None:
        services = engine.services
        self.reactor = reactor
        self.root = root
        self.pool: SandboxPool = services.sandboxes
        #: Of `offline_engine`, hence in memory.
        self.repository: Any = services.repository
        self.current: World | None = None
        self.script_files: set[Path] = set()
        self._globals = services.providers(IScriptGlobals)
        self._script_roots = [directory.resolve() for directory in script_roots]
        self._files: dict[str, Path] = {}
        self._preludes: dict[str, Prelude] = {}
        self._fetch_always = False
        self.reserved = [prefix for feature in services.providers(IFeature) for prefix in feature.prefixes]
        configuration = services.configuration
        javascript, security = configuration.section("javascript"), configuration.section("security")
        self._examiner = Examiner(
            Loading(self),  # type: ignore[arg-type]
            lint,
            security.dangerous_patterns,
            javascript.max_script_bytes,
        )
        server = configuration.section("server")
        gates = Gates([Admission(self)])
        dispatch = ScriptDispatch(Routes(self), Front(self), services.script_log)  # type: ignore[arg-type]
        root_ = Root(dispatch, settings=server, gates=gates)
        self.site = EngineSite(server, root_, reactor, gates=gates, errors=ErrorPages(development=True))
        self._script_log = services.script_log
        self._unfollow: Any = None

    @classmethod
    def from_sources(cls, reactor: Any, sources: ConfigurationSources) -> Workbench:
        """
        Make one by a configuration; in development unless the sources name another environment.

        Its limits and plugins count; data are kept in memory, nothing is loaded and no port bound.
        Raises `ConfigurationInvalid`, `PluginUnusable`.
        """
        engine = offline_engine(reactor, sources, _OVERRIDES)
        roots = script_directories(sources)
        return cls(reactor, engine, root=sources.directory, script_roots=roots)

    async def start(self) -> None:
        """Start the sandboxes. Raises `RuntimeError` when they do not start."""
        engine_pieces: list[Piece] = [core_piece()]
        operations: dict[str, Any] = {}
        for provider in self._globals:
            engine_pieces.extend(provider.pieces())
            operations.update(provider.operations())
        names = {piece.name for piece in engine_pieces}
        own = {piece.name: piece for piece in pieces_of(__package__)}
        clock, fetch = own.pop(_CLOCK), own.pop(_FETCH)
        # Without the web platform (javascript.allowed_apis) there is no Response to give, hence no fetch.
        fetches = [fetch] if names.issuperset(fetch.needs) else []
        # An engine with a fetch of its own must never use it here: no test reaches the network.
        self._fetch_always = any("fetch" in piece.names for piece in engine_pieces)
        always = (_CLOCK, "request-shape")
        base = [clock, *engine_pieces]
        self._preludes = {
            "script": Prelude(base, always),
            "fetching": Prelude([*base, *fetches], always),
            "test": Prelude([*base, *own.values()], always),
        }
        self.pool.equip(
            Prelude([*base, *own.values(), *fetches], always),
            {name: guarded(self, perform) for name, perform in operations.items()} | self._operations(),
        )
        self._unfollow = self._script_log.follow(self._logged)
        await self.pool.start()

    async def stop(self) -> None:
        """End the sandboxes."""
        if self._unfollow is not None:
            self._unfollow()
        self.site.abort()
        await self.pool.stop()

    # -- tests --

    async def load_tests(self, uri: str, source: str) -> LoadReport:
        """Load a test file: its registrations of kind ``test`` are its tests."""
        self.pool.prelude = self._preludes["test"]
        return await self.pool.load(uri, source, 0)

    def run_test(self, program: Program, key: str, world: World, wall_ms: float, sink: Sink) -> None:
        """Have one test run; what comes of it goes to ``sink``."""
        facts: dict[str, Any] = {"requestId": world.ident, "script": program.uri, "auth": {}}
        seed = self.pool.seed() if "entropy" in program.pieces else None
        text = json.dumps(("test", key, None, program.error_handler, [], facts, seed)).encode()
        payload = frames.USAGE.pack(program.ident, len(text), 0) + text
        budget_s = self.pool.settings.execution_timeout_ms / 1000
        route = f"test {key}"
        job = Job(
            self.pool, program.uri, program, payload, sink, wall_ms, budget_s, world.ident, route, facts
        )
        world.own_job = job
        self.pool.submit(job)

    # -- scripts --

    async def examine(self, uri: str, source: str, *, fetching: bool) -> Examination:
        """Load a script as a deployment would, with ``fetch`` when it is faked. Raises `HTTPProblem`."""
        self._fetching = fetching or self._fetch_always
        return await self._examiner.examine(uri, source, 1)

    def load_script(self, uri: str, source: str, version: int, **options: Any) -> Any:
        """Load a script with the names that the engine gives (the examiner calls this)."""
        self.pool.prelude = self._preludes["fetching" if self._fetching else "script"]
        return self.pool.load(uri, source, version, **options)

    def with_fetch(self, program: Program) -> Program:
        """Give the program again, with ``fetch`` if it uses that."""
        pieces = self._preludes["fetching"].pick(identifiers(program.source))
        return self.pool.make_program(
            program.uri, program.version, program.source, program.names, program.error_handler, pieces
        )

    # -- files --

    def read(self, file: Path) -> str:
        """Give a script's source. Raises ValueError saying why it cannot be read."""
        self.script_files.add(file)
        return read_source(file)

    def uri_of(self, file: Path) -> str:
        """Give a script's URI: its path below a directory of ``scripts.directories``, else its name."""
        for directory in self._script_roots:
            if file.is_relative_to(directory):
                return file.relative_to(directory).as_posix()
        return file.name

    def note_file(self, uri: str, file: Path) -> None:
        """Remember which file a URI stands for, to show places in it."""
        self._files[uri] = file

    def file_of(self, uri: str) -> str:
        """Give the shown path of the file that a URI stands for, the URI itself for an unknown one."""
        known = self._files.get(uri)
        return self.shown(known) if known else uri

    def shown(self, file: Path) -> str:
        """Give a path as people read it: relative to the root when it is below it."""
        file, root = file.resolve(), self.root.resolve()
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)

    # -- what scripts and tests ask the host --

    def _operations(self) -> dict[str, Any]:
        async def script(call: HostCall, argument: Any) -> Any:
            return await self._world(call).script(argument)

        async def clock(call: HostCall, argument: Any) -> None:
            self._world(call).set_clock(argument["now"])

        async def advance(call: HostCall, argument: Any) -> Any:
            return await self._world(call).advance(argument["now"], argument["ms"])

        async def timer(call: HostCall, argument: Any) -> Any:
            return await self._world(call).timer(argument["delay"])

        async def fetch(call: HostCall, argument: Any) -> Any:
            return await self._world(call).fetch(argument)

        async def fakes(call: HostCall, argument: Any) -> Any:
            return await self._world(call).next_fetch(argument["reply"])

        named: Mapping[str, Any] = {
            "script": script,
            "clock": clock,
            "advance": advance,
            "timer": timer,
            "fetch": fetch,
            "fakes": fakes,
        }
        return {f"testing.{name}": operation for name, operation in named.items()}

    def _world(self, call: HostCall) -> World:
        world = self.current
        if world is None:
            raise ValueError("no test runs")
        return world

    def _logged(self, entry: LogEntry) -> None:
        if self.current is not None:
            self.current.note(entry)
