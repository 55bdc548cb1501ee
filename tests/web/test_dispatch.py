"""From requests to scripts and back, with a sandbox pool that does as it is told."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.failures import LimitHit, ScriptThrew, TimedOut, Unavailable
from aiwebengine.sandbox.model import Program
from aiwebengine.scripts.log import ScriptLog
from aiwebengine.scripts.routes import Match, OtherMethods
from aiwebengine.web.dispatch import ScriptDispatch
from tests.web.support import Server, parse_answers

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


class FakeJob:
    """A job that counts what is asked of it."""

    cpu_us, heap_kb, host_calls, queue_wait_ms = 1500, 2, 3, 4.5

    def __init__(self) -> None:
        self.pulls = self.pauses = self.cancels = 0

    def pull(self) -> None:
        self.pulls += 1

    def paused(self) -> None:
        self.pauses += 1

    def cancel(self) -> None:
        self.cancels += 1


class FakePool:
    """Keeps the sinks of calls."""

    def __init__(self) -> None:
        self.sinks: list[Any] = []
        self.job: FakeJob | None = FakeJob()
        self.at_once: Any = None

    def seed(self) -> str:
        return "5eed"

    def call(self, program: Program, payload: bytes, sink: Any, **about: Any) -> Any:
        self.sinks.append(sink)
        self.about = about
        if self.at_once is not None:
            sink.failed(self.at_once)
            return None
        return self.job


class FakeRoute:
    uri, key, handler, fork = "a.js", "GET /x", "", None
    program = Program(1, "a.js", 4, "one\ntwo", pieces=("entropy",))


class FakeScripts:
    found: Any = Match(FakeRoute(), {})  # type: ignore[arg-type]

    def match(self, method: bytes, path: str) -> Any:
        return self.found


class DispatchTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.pool, self.log, self.scripts = FakePool(), ScriptLog(), FakeScripts()
        self.server = Server(development=True)
        dispatch = ScriptDispatch(self.scripts, self.pool, self.log)  # type: ignore[arg-type]
        self.server.scripts.reply = dispatch.dispatch

    def ask(self, data: bytes = GET) -> tuple[Any, Any]:
        wire = self.server.send(data)
        return wire, self.pool.sinks[-1] if self.pool.sinks else None

    def logged(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.log.query()["entries"]
        return entries

    def test_answer(self) -> None:
        wire, sink = self.ask()
        sink.answered(["t", 201, "text/plain", [["X-A", "1"]], None, "body", None, None], None)
        self.assertEqual(
            (wire.answer.status, wire.answer.body, wire.answer.headers["x-a"]), (201, b"body", "1")
        )
        record = self.server.requests[0].record
        self.assertEqual((record.script, record.route, record.version), ("a.js", "GET /x", 4))
        self.assertEqual((record.cpu_ms, record.memory_peak_bytes), (1.5, 2048))
        self.assertEqual((record.host_calls, record.queue_wait_ms), (3, 4.5))
        self.assertEqual(self.pool.about["request_id"], self.server.requests[0].request_id)

    def test_bad_headers_are_500(self) -> None:
        wire, sink = self.ask()
        sink.answered(["t", 200, "a\nb", [], None, "secret", None, None], None)
        self.assertEqual((wire.answer.status, wire.answer.code), (500, "SCRIPT_ERROR"))
        self.assertNotIn(b"secret", wire.raw)
        self.assertIn("line break", self.logged()[0]["message"])

    def test_unknown_path_and_method(self) -> None:
        self.scripts.found = None
        self.assertEqual(self.ask()[0].answer.code, "NOT_FOUND")
        self.scripts.found = OtherMethods(("GET", "HEAD", "OPTIONS"))
        answer = self.ask(GET.replace(b"GET", b"POST"))[0].answer
        self.assertEqual((answer.code, answer.headers["allow"]), ("METHOD_NOT_ALLOWED", "GET, HEAD, OPTIONS"))
        answer = self.ask(GET.replace(b"GET", b"OPTIONS"))[0].answer
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_refused_at_once(self) -> None:
        self.pool.at_once = Unavailable("full", 3)
        answer = self.ask()[0].answer
        self.assertEqual((answer.status, answer.headers["retry-after"]), (503, "3"))
        self.assertEqual(self.logged()[0]["level"], "warn")

    def test_failures_are_logged_once(self) -> None:
        for failure, status in (
            (ScriptThrew("Error", "no", "at a.js:2:1"), 500),
            (LimitHit("cpu", 1000, 1000, "ms", "", "javascript.execution_timeout_ms"), 504),
            (TimedOut(5000, 5000), 408),
        ):
            wire, sink = self.ask()
            sink.failed(failure)
            self.assertEqual(wire.answer.status, status)
        entries = self.logged()
        self.assertEqual([entry["level"] for entry in entries], ["error"] * 3)
        self.assertEqual(
            {entry["request_id"] for entry in entries}, {r.request_id for r in self.server.requests}
        )

    def test_permissions_are_not_logged(self) -> None:
        wire, sink = self.ask()
        sink.failed(ScriptThrew("PermissionError", "no"))
        self.assertEqual(wire.answer.status, 403)
        self.assertEqual(self.logged(), [])

    def test_client_that_leaves_cancels(self) -> None:
        wire, _ = self.ask()
        wire.hang_up()
        self.assertEqual(self.pool.job.cancels, 1)  # type: ignore[union-attr]
        self.assertEqual(self.server.requests[0].record.outcome, "disconnected")

    def start_stream(self, data: bytes = GET) -> tuple[Any, Any, FakeJob]:
        wire, sink = self.ask(data)
        sink.streaming(["s", 200, "text/plain", [], None, None, None, None])
        assert self.pool.job is not None
        return wire, sink, self.pool.job

    def test_stream(self) -> None:
        wire, sink, job = self.start_stream()
        self.assertEqual(job.pulls, 1)
        sink.chunk([["t", "ab"]], False, None)
        sink.chunk([["b", "/w=="]], True, None)
        self.assertEqual(job.pulls, 2)
        self.assertEqual(wire.answer.body, b"ab\xff")

    def test_stream_waits_for_the_client(self) -> None:
        wire, sink, job = self.start_stream()
        wire.channel.pauseProducing()
        sink.chunk([["t", "ab"]], False, None)
        self.assertEqual((job.pulls, job.pauses), (1, 1))
        wire.channel.resumeProducing()
        self.assertEqual(job.pulls, 2)
        wire.channel.resumeProducing()
        self.assertEqual(job.pulls, 2)

    def test_stream_that_fails_is_cut(self) -> None:
        wire, sink, _ = self.start_stream()
        sink.chunk([["t", "ab"]], True, ScriptThrew("Error", "half way"))
        self.assertTrue(wire.closed)
        self.assertIn(b"ab", wire.raw)
        self.assertFalse(wire.raw.endswith(b"0\r\n\r\n"))
        self.assertIn("half way", self.logged()[0]["message"])

    def test_stream_of_a_head(self) -> None:
        wire, _, job = self.start_stream(GET.replace(b"GET", b"HEAD"))
        self.assertEqual((job.cancels, job.pulls), (1, 0))
        (answer,) = parse_answers(wire.raw, head_only=True)
        self.assertEqual((answer.status, answer.headers["transfer-encoding"]), (200, "chunked"))

    def test_stream_with_bad_headers(self) -> None:
        wire, sink = self.ask()
        sink.streaming(["s", 200, "text/plain", [["X\n", ""]], None, None, None, None])
        self.assertEqual((wire.answer.code, self.pool.job.cancels), ("SCRIPT_ERROR", 1))  # type: ignore[union-attr]

    def test_chunks_after_the_client_has_left(self) -> None:
        wire, sink, job = self.start_stream()
        wire.hang_up()
        self.assertEqual(job.cancels, 1)
        sink.chunk([["t", "ab"]], False, None)
        self.assertEqual(job.pulls, 1)
