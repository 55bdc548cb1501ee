# ruff: noqa: E501 - scripts read best as they are
"""The pool with real sandbox processes: started, serving, ended in every way."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import msgspec
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from aiwebengine.sandbox.failures import LimitHit, TimedOut, Unavailable, WorkerLost
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.loading import call_payload
from aiwebengine.sandbox.model import Program
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.sandbox.prelude import Prelude
from aiwebengine.sandbox.process import SandboxProcess
from aiwebengine.scripts.log import ScriptLog
from tests.sandbox.pool_fakes import Sink
from tests.sandbox.rig import PIECES, python_settings, request

SCRIPT = """
register("/x", (req) => "hello " + req.path);
register("/ask", async () => await new Promise((resolve) => setTimeout(resolve, 100000)));
register("/native", () => String(Array.prototype.reverse.call({ length: 2 ** 53 - 1 })));
register("/native-later", async () => { await new Promise((r) => setTimeout(r, 1)); Array.prototype.reverse.call({ length: 2 ** 53 - 1 }) });
register("/bomb", () => { const a = []; for (;;) a.push(new Uint8Array(1e6)) });
register("/loop", () => { for (;;); });
register("/stream", function* () { try { for (;;) yield "x".repeat(30000) } finally { console.log("closed") } });
"""


class RealPoolTests(TestCase):
    """`SandboxPool` on the real reactor."""

    timeout = 300

    async def make(self, *, request_timeout_ms: float = 20_000, **changes: Any) -> SandboxPool:
        """Start a pool."""
        self.script_log = ScriptLog()
        self.processes: list[SandboxProcess] = []

        def spawn(*arguments: Any) -> SandboxProcess:
            process = SandboxProcess.start(*arguments)
            self.processes.append(process)
            return process

        settings = python_settings(**{"execution_timeout_ms": 200, "init_timeout_ms": 20_000, **changes})
        pool = SandboxPool(
            reactor, settings, self.script_log, request_timeout_ms=request_timeout_ms, spawn=spawn
        )
        pool.equip(Prelude(PIECES, always=("request-shape",)), {})
        self.addCleanup(lambda: Deferred.fromCoroutine(pool.stop()))
        await pool.start()
        report = await pool.load("app.js", SCRIPT, 1)
        assert report.error is None and report.program is not None, report.error
        self.pool, self.program = pool, report.program
        return pool

    def call(self, key: str, program: Program | None = None) -> tuple[Job, Sink]:
        """Send a call."""
        program = program or self.program
        sink = Sink()
        facts = {"requestId": "r", "script": program.uri, "auth": {}}
        text = msgspec.json.encode(["route", f"GET {key}", None, None, request(key), facts, None])
        job = self.pool.call(
            program, call_payload(program.ident, text), sink, request_id="r", route=key, facts=facts
        )
        assert job is not None
        return job, sink

    async def answer(self, key: str) -> Any:
        """Call and wait for what comes of it."""
        return await self.call(key)[1].done

    async def serves(self) -> None:
        """The pool serves."""
        head = await self.answer("/x")
        self.assertEqual(head[5], "hello /x")

    async def until(self, true: Any) -> None:
        """Wait until something is so; the test's time limit ends the wait."""
        while not true():
            await deferLater(reactor, 0.01, lambda: None)  # type: ignore[arg-type]

    async def test_start_and_serve(self) -> None:
        """Sandboxes start, say which layers protect them, load and serve."""
        pool = await self.make(workers=2, spare_sandboxes=1)
        self.assertTrue(pool.layers.startswith("on: "), pool.layers)
        for _ in range(20):
            await self.serves()
        await self.until(lambda: pool.status()["spares"] == 1)
        self.assertEqual(pool.status()["sandboxes"], 2)

    async def test_repeatable_loads(self) -> None:
        """What a script leaves to be done after its top level counts too."""
        pool = await self.make(workers=1)
        later = '(async () => { await 0; console.log("late"); })();'
        quiet = "(async () => { await 0; })();"
        for source, expected in ((later, False), (quiet, True), (SCRIPT, True)):
            report = await pool.load("app.js", source, 1)
            self.assertIsNone(report.error)
            self.assertIs(report.repeatable, expected, source)
        self.assertEqual(self.script_log.query()["entries"][-1]["message"], "late")

    async def test_killed_while_it_runs(self) -> None:
        """A sandbox killed in the middle of a request costs that request; the next is served."""
        pool = await self.make(execution_timeout_ms=20_000)
        _, sink = self.call("/loop")
        os.kill(self.processes[0].pid or 0, signal.SIGKILL)
        self.assertEqual(await sink.done, WorkerLost(9, None, True))
        await self.serves()
        self.assertEqual(pool.status()["crashed"], 1)

    async def test_killed_while_idle(self) -> None:
        """One killed while idle is replaced."""
        pool = await self.make(workers=2)
        os.kill(self.processes[0].pid or 0, signal.SIGKILL)
        await self.until(lambda: pool.status()["crashed"] == 1)
        await self.serves()
        await self.until(lambda: pool.status()["sandboxes"] == 2)

    async def test_killed_with_a_request_waiting(self) -> None:
        """A request that awaited something in it is lost without blame."""
        await self.make(workers=1)
        _, sink = self.call("/ask")
        await self.until(lambda: self.pool.status()["running"] == 0)
        os.kill(self.processes[0].pid or 0, signal.SIGKILL)
        self.assertEqual(await sink.done, WorkerLost(9, None, False))

    async def test_req_js_003_native_loop(self) -> None:
        """A native that never looks at the time limit is ended by the kernel: the CPU limit's error."""
        pool = await self.make(workers=1, spare_sandboxes=1)
        for key in ("/native", "/native-later"):
            failure = await self.answer(key)
            assert isinstance(failure, LimitHit), failure
            self.assertEqual((failure.limit, failure.config_key), ("cpu", "javascript.execution_timeout_ms"))
            await self.serves()
        self.assertEqual(pool.status()["crashed"], 2)

    async def test_native_loop_while_loading(self) -> None:
        """So it is while a script loads."""
        pool = await self.make(workers=1, init_timeout_ms=300)
        report = await pool.load("bad.js", "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })", 1)
        assert report.error is not None
        self.assertIn("javascript.init_timeout_ms", report.error.message)
        await self.serves()

    async def test_native_loop_of_a_client_that_left(self) -> None:
        """If its client has left meanwhile, the sandbox still ends, and is replaced."""
        pool = await self.make(workers=1, spare_sandboxes=1)
        job, sink = self.call("/native")
        job.cancel()
        await self.until(lambda: pool.status()["crashed"] + pool.status()["killed"] == 1)
        await self.serves()
        self.assertEqual(sink.failures, [])

    async def test_req_js_002_memory_bomb(self) -> None:
        """Memory without end is the memory limit's error; the process lives on."""
        pool = await self.make(execution_timeout_ms=20_000)
        failure = await self.answer("/bomb")
        assert isinstance(failure, LimitHit), failure
        self.assertEqual(failure.limit, "memory")
        await self.serves()
        self.assertEqual(pool.status()["crashed"], 0)

    async def test_wall_clock(self) -> None:
        """A request that awaits what never comes ends at its deadline; the sandbox goes on."""
        pool = await self.make(workers=1, request_timeout_ms=300)
        failure = await self.answer("/ask")
        self.assertIsInstance(failure, TimedOut)
        pool.request_timeout_ms = 20_000
        await self.serves()
        self.assertEqual(pool.status()["killed"], 0)

    async def test_others_are_served_meanwhile(self) -> None:
        """While one script loops, another is served."""
        pool = await self.make(workers=2, execution_timeout_ms=60_000, request_timeout_ms=60_000)
        report = await pool.load("other.js", 'register("/x", () => "other")', 1)
        assert report.program is not None
        loops = [self.call("/loop")[1] for _ in range(3)]
        head = await self.call("/x", report.program)[1].done
        self.assertEqual(head[5], "other")
        self.assertEqual([sink.failures for sink in loops], [[], [], []])

    async def test_stream_dropped(self) -> None:
        """A stream whose client leaves is told so, and its `finally` runs."""
        await self.make(workers=1)
        job, sink = self.call("/stream")
        await self.until(lambda: sink.streams)
        job.pull()
        await self.until(lambda: sink.chunks)
        job.cancel()
        await self.until(lambda: self.script_log.query()["entries"])
        self.assertEqual(self.script_log.query()["entries"][0]["message"], "closed")
        await self.serves()

    async def test_end_of_input_ends_the_child(self) -> None:
        """A sandbox whose standard input ends, ends."""
        pool = await self.make(workers=1)
        self.processes[0].retire()
        await self.until(lambda: pool.status()["recycled"] == 1)
        await self.serves()

    async def test_nonsense_ends_the_child(self) -> None:
        """One that is sent what no front sends ends with an error in the log, and is replaced."""
        pool = await self.make(workers=1)
        self.processes[0].send(b"\0\0\0\0\xc8\0\0\0\0")
        await self.until(lambda: pool.status()["crashed"] == 1)
        await self.serves()

    async def test_large_frames(self) -> None:
        """Bodies larger than a pipe's buffer go through both ways."""
        await self.make(workers=1, execution_timeout_ms=5000)
        report = await self.pool.load("echo.js", 'register("/x", (req) => req.body)', 1)
        assert report.program is not None
        body = "a\U0001f600" * 300_000
        sink = Sink()
        raws: list[Any] = []
        sink.answered = lambda head, raw: (raws.append(raw), sink.done.callback(head))  # type: ignore[method-assign, assignment, func-returns-value]
        text = msgspec.json.encode(["route", "GET /x", None, None, request(body=body), {}, None])
        program = report.program
        self.pool.call(program, call_payload(program.ident, text), sink, request_id="r", route="/x", facts={})
        await sink.done
        self.assertEqual(raws[0].decode(), body)

    async def test_stop(self) -> None:
        """While the pool stops, requests are refused and those under way fail as unavailable; no child is left."""
        pool = await self.make(workers=2, spare_sandboxes=1)
        _, sink = self.call("/ask")
        stopped: Deferred[None] = Deferred.fromCoroutine(pool.stop())
        late = Sink()
        self.assertIsNone(self.pool.call(self.program, b"", late, request_id="", route="", facts={}))
        self.assertEqual([type(f) for f in late.failures], [Unavailable])
        await stopped
        self.assertEqual(sink.failures, [Unavailable("the engine is stopping")])
        self.assertTrue(all(getattr(p.transport, "pid", None) is None for p in self.processes))

    async def test_that_cannot_start(self) -> None:
        """Where the interpreter does not come up, the start fails and says so."""
        settings = python_settings(workers=1)

        def spawn(reactor: Any, argv: list[str], env: dict[str, str], *args: Any) -> SandboxProcess:
            return SandboxProcess.start(
                reactor, [sys.executable, "-c", "raise SystemExit('broken')"], env, *args
            )

        pool = SandboxPool(reactor, settings, ScriptLog(), spawn=spawn)
        with self.assertRaises(RuntimeError):
            await pool.start()
        await pool.stop()
