# ruff: noqa: E501 - scripts read best as they are
"""Limits of requests, each reached (REQ-JS-002, REQ-JS-003, REQ-JS-004)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.failures import LimitHit, ScriptThrew
from tests.sandbox.rig import Answer, BothModes, Rig, in_runtime, request

FILL = "const a = []; for (;;) a.push(new Array(1000).fill(1));"


class LimitTests(BothModes, SynchronousTestCase):
    """Each limit, and that the next request is served."""

    def call(self, body: str, kind: str = "", **changes: int) -> tuple[Rig, Answer]:
        rig = self.rig(**{"execution_timeout_ms": 100, **changes})
        program = rig.live(f"register('/x', {kind}() => {{ {body} }});\nregister('/y', () => 'y');")
        answer = rig.call(program)
        self.assertEqual(rig.call(program, "GET /y").text, "y")
        return rig, answer

    def hit(self, body: str, kind: str = "", **changes: int) -> LimitHit:
        failure = self.call(body, kind, **changes)[1].failure
        assert isinstance(failure, LimitHit), failure
        return failure

    def test_req_js_003_loop(self) -> None:
        """An endless loop ends at the CPU limit, and the error names the place."""
        hit = self.hit("\nfor (;;);")
        self.assertEqual((hit.limit, hit.value, hit.unit), ("cpu", 100, "ms"))
        self.assertEqual(hit.config_key, "javascript.execution_timeout_ms")
        self.assertGreaterEqual(hit.used, 100)
        self.assertIn("app.js:", hit.stack)

    def test_req_js_003_loop_cannot_be_caught(self) -> None:
        """Neither catch nor finally goes on after it."""
        for body in (
            "try { for (;;); } catch { return 'caught' }",
            "try { for (;;); } finally { return 'finally' }",
            "for (;;) { try { for (;;); } catch {} }",
        ):
            self.assertEqual(self.hit(body).limit, "cpu", body)

    def test_req_js_003_across_awaits(self) -> None:
        """The budget is the request's, not each slice's."""
        hit = self.hit(
            "for (;;) { await new Promise((resolve) => setTimeout(resolve, 0)); for (let i = 0; i < 1e5; i++); }",
            "async ",
        )
        self.assertEqual(hit.limit, "cpu")

    def test_req_js_003_across_host_calls(self) -> None:
        """Also over answers of the host: slices that each are short."""
        rig = self.rig(execution_timeout_ms=50)
        program = rig.add("register('/x', () => ask());", pieces=self.with_ask(rig))
        program = rig.add(
            "register('/x', async () => { for (;;) { for (let i = 0; i < 1e5; i++); await ask(); } });",
            pieces=self.with_ask(rig),
        )
        ident = rig.start(program)
        answer = rig.outcome(ident)
        calls = 0
        while answer is None and calls < 1000:
            calls += 1
            rig.answer(ident, calls)
            answer = rig.outcome(ident)
        assert answer is not None and isinstance(answer.failure, LimitHit)
        self.assertEqual(answer.failure.limit, "cpu")
        self.assertGreater(calls, 1)

    def with_ask(self, rig: Rig) -> tuple[str, ...]:
        rig.add_piece("ask", "ask", "(function (host) { return { ask: () => host.call('ask', null) }; })")
        return ("request-shape", "routing", "ask")

    def test_req_js_003_promise_flood(self) -> None:
        """Promise jobs without end reach the CPU limit or the limit of jobs, whichever comes first."""
        flood = "await (async () => { for (;;) await null; })()"
        most = 1_000_000  # no machine gets there within the CPU limit
        self.assertEqual(self.hit(flood, "async ", max_pending_jobs=most).limit, "cpu")
        hit = self.hit(flood, "async ", max_pending_jobs=500)
        self.assertEqual((hit.limit, hit.value, hit.config_key), ("jobs", 500, "javascript.max_pending_jobs"))

    def test_jobs_left_behind(self) -> None:
        """Jobs that go on after the answer are the request's too."""
        self.assertEqual(
            self.hit("(async () => { for (;;) await null; })(); return 'x'", max_pending_jobs=500).limit,
            "jobs",
        )

    def test_req_js_003_regular_expression(self) -> None:
        """A catastrophic regular expression ends at the limit."""
        self.assertEqual(self.hit("return String(/^(a+)+$/.test('a'.repeat(40) + 'b'))").limit, "cpu")

    def test_req_js_002_memory(self) -> None:
        """Growth without end ends at the memory limit."""
        for body in (FILL, "let s = 'x'; for (;;) s = [s, s, s].join('');", "return new Uint8Array(1e9)"):
            hit = self.hit(body, execution_timeout_ms=5000)
            self.assertEqual(
                (hit.limit, hit.value, hit.config_key),
                ("memory", 16_777_216, "javascript.memory_limit_bytes"),
                body,
            )

    def test_req_js_002_smaller(self) -> None:
        """The limit is the configured one."""
        self.assertEqual(
            self.hit("return String(new Uint8Array(3e6).length)", memory_limit_bytes=3_000_000).value,
            3_000_000,
        )
        self.assertEqual(self.call("return String(new Uint8Array(3e6).length)")[1].text, "3000000")

    def test_req_js_002_caught(self) -> None:
        """Memory that runs out can be caught, but the realm serves no further request."""
        rig, answer = self.call(
            "try { new Uint8Array(1e9) } catch (e) { return 'caught ' + e.name }", execution_timeout_ms=5000
        )
        self.assertEqual(answer.text, "caught InternalError")
        program = rig.live("register('/x', () => { try { new Uint8Array(1e9) } catch {} return 'x' });")
        before = len(rig.worker.stock)
        rig.call(program)
        self.assertEqual(len(rig.worker.stock), before)

    def test_req_js_004_recursion(self) -> None:
        """Recursion without end ends at the stack limit, which can be caught."""
        hit = self.hit("function f() { return 1 + f() } return String(f())")
        self.assertEqual(
            (hit.limit, hit.value, hit.config_key), ("stack", 65_536, "javascript.stack_size_bytes")
        )
        self.assertEqual(
            self.call("function f() { return 1 + f() } try { f() } catch (e) { return e.name }")[1].text,
            "RangeError",
        )

    def test_req_js_004_plain_depth(self) -> None:
        """The default stack is enough for some thirty plain frames; a larger one for more."""
        body = "function f(n) { return n ? 1 + f(n - 1) : 0 } return String(f(%d))"
        self.assertEqual(self.call(body % 30)[1].text, "30")
        self.assertEqual(self.call(body % 500, stack_size_bytes=1_048_576)[1].text, "500")

    def test_timers(self) -> None:
        """Too many timers at once are refused by the key's name."""
        answer = self.call(
            "for (let i = 0; i < 11; i++) setTimeout(() => {}, 1e6); return 'x'", max_timers=10
        )[1]
        assert isinstance(answer.failure, ScriptThrew)
        self.assertEqual(answer.failure.name, "RangeError")
        self.assertIn("javascript.max_timers", answer.failure.message)

    def test_host_calls(self) -> None:
        """So are too many host calls."""
        rig = self.rig(max_host_calls=2)
        program = rig.add(
            "register('/x', () => { ask(); ask(); ask(); return 'x' });", pieces=self.with_ask(rig)
        )
        failure = rig.call(program).failure
        assert isinstance(failure, ScriptThrew)
        self.assertIn("javascript.max_host_calls", failure.message)

    def test_realms_are_dropped(self) -> None:
        """A realm that met a limit is not used again; another is built."""
        rig, _ = self.call("for (;;);")
        self.assertLessEqual(len(rig.worker.stock), 1)

    def test_prelude_that_does_not_fit(self) -> None:
        """Where the limit is too small for the realm itself, that is what is said."""
        report = self.rig(memory_limit_bytes=262_144).load("globalThis; register('/x', () => 'x');")
        assert report.error is not None
        self.assertIn("javascript.memory_limit_bytes", report.error.message)

    def test_large_bodies_count(self) -> None:
        """A body that does not fit into the realm's memory is the memory limit's."""
        rig = self.rig(memory_limit_bytes=3_000_000)
        program = rig.live("register('/x', (req) => String(req.body.length));")
        answer = rig.call(program, data=request(bodyAt=0), parts=[b"\xff" * 5_000_000])
        assert isinstance(answer.failure, LimitHit)
        self.assertEqual(answer.failure.limit, "memory")


class TimerTests(BothModes, SynchronousTestCase):
    """Timers of requests."""

    def test_order(self) -> None:
        """Timers fire by time, then by age; what each leaves to be done is done before the next."""
        rig = self.rig()
        program = rig.live("""
            register("/x", async () => {
                const seen = [];
                const began = Date.now();
                setTimeout(() => seen.push("late"), 3);
                setTimeout(() => { seen.push("a"); Promise.resolve().then(() => seen.push("a's job")); });
                setTimeout((x, y) => seen.push(x + y), 0, "b", "c");
                const gone = setTimeout(() => seen.push("never"), 1);
                setTimeout(() => clearTimeout(gone), 0);
                let n = 0;
                const every = setInterval(() => { seen.push(n); if (++n === 2) clearInterval(every) }, 1);
                const took = Date.now() - began;
                await new Promise((resolve) => setInterval(() => { if (seen.length >= 6) resolve(); }, 1));
                return { took, seen };
            });
        """)
        # Only timers set within the same millisecond are due at the times they say.
        while (answer := rig.call(program).json)["took"]:
            pass
        found = answer["seen"]
        self.assertEqual(found[:3], ["a", "a's job", "bc"])
        self.assertEqual(sorted(map(str, found[3:])), ["0", "1", "late"])

    def test_end_with_the_request(self) -> None:
        """Timers left at the end never fire."""
        rig = self.rig()
        program = rig.live(
            "register('/x', () => { setTimeout(() => console.log('never'), 0); setInterval(() => console.log('never'), 0); return 'x' });"
        )
        self.assertEqual(rig.call(program).text, "x")
        self.assertIsNone(rig.worker.next_due())
        rig.worker.fire_due()
        self.assertEqual(rig.call(program).text, "x")
        self.assertEqual(rig.logs, [])


LimitTestsInRuntime = in_runtime(LimitTests)
TimerTestsInRuntime = in_runtime(TimerTests)
