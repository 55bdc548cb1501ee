# ruff: noqa: E501 - scripts read best unbroken
"""Limits of scripts over HTTP (REQ-HTTP-004, REQ-JS-001 to REQ-JS-005)."""

from __future__ import annotations

from tests.http.support import EngineCase, all_at_once

SCRIPT = """
register("/fine", () => "fine");
register("/never", () => new Promise(() => {}));
register("/later", async () => { await new Promise(r => setTimeout(r, 60000)); return "late"; });
register("/soon", async () => { await new Promise(r => setTimeout(r, 20)); return "soon"; });
register("/loop", () => { for (;;); });
register("/loop-after-await", async () => { await null; for (;;); });
register("/jobs", async () => { for (;;) await null; });
register("/regexp", () => String(/^(a+)+$/.test("a".repeat(40) + "!")));
register("/native", () => new Array(1e9) + "");
register("/memory", () => { const all = []; for (;;) all.push(new Uint8Array(100000).fill(1)); });
register("/string", () => { let s = "x"; for (;;) s += s; });
register("/deep", () => deep(0));
function deep(n) { return deep(n + 1) + 1; }
register("/caught", () => { try { deep(0); } catch (error) { return error.name; } });
register("/output", () => "x".repeat(2000));
register("/modern", () => [
  [1, 2, 3].at(-1), Object.groupBy([1, 2], x => x % 2 ? "odd" : "even").odd.length, [3, 1].toSorted()[0], 2n ** 64n + "",
  "a".padStart(2), (() => { class A { #x = 1; static has(o) { return #x in o; } } return A.has(new A()); })(),
  new Set([1]).union(new Set([2])).size, [..."ab"].entries().map(([i, c]) => i + c).toArray().join(),
].join());
"""


class LimitCase(EngineCase):
    """Ask for what hits a limit."""

    def limited(self, path: str, status: int, code: str, key: str) -> dict[str, object]:
        error = self.assert_error(self.get(path), status, code)
        details: dict[str, object] = error["details"]
        self.assertEqual(details["config_key"], key)
        self.assertEqual(details["limit"], key.rpartition(".")[2])
        self.assertEqual(details["script"], "limits.js")
        self.assertTrue({"value", "used", "unit", "line", "stack"} <= details.keys())
        (*_, entry) = self.logged(error["request_id"])
        self.assertEqual((entry["level"], entry["kind"], entry["script"]), ("error", "error", "limits.js"))
        self.assertEqual(self.get("/fine").text, "fine")
        return details


class LimitTests(LimitCase):
    """Each limit answers as the contract says, explains itself, and leaves the others served."""

    scripts = {"limits.js": SCRIPT}
    settings = {
        "server.request_timeout_ms": 60_000,
        "javascript.execution_timeout_ms": 300,
        "javascript.memory_limit_bytes": 8_388_608,
        "javascript.max_output_bytes": 1000,
    }

    def test_req_js_003_cpu(self) -> None:
        for path in ("/loop", "/loop-after-await", "/jobs"):
            error = self.assert_error(self.get(path), 504, "SCRIPT_TIMEOUT")
            self.assertEqual(error["details"]["script"], "limits.js")
        details = self.limited("/loop", 504, "SCRIPT_TIMEOUT", "javascript.execution_timeout_ms")
        self.assertEqual((details["value"], details["unit"], details["line"]), (300, "ms", 6))

    def test_req_js_003_regular_expression(self) -> None:
        self.limited("/regexp", 504, "SCRIPT_TIMEOUT", "javascript.execution_timeout_ms")

    def test_req_js_003_natives_that_never_look_up(self) -> None:
        """What ignores the time limit inside the engine is ended from outside."""
        answer = self.get("/native")
        self.assertIn((answer.status, answer.code), ((504, "SCRIPT_TIMEOUT"), (408, "REQUEST_TIMEOUT")))
        self.assertEqual(self.get("/fine").text, "fine")

    def test_req_js_002_memory(self) -> None:
        details = self.limited("/memory", 500, "SCRIPT_MEMORY_LIMIT", "javascript.memory_limit_bytes")
        self.assertEqual((details["value"], details["unit"]), (8_388_608, "bytes"))
        self.assertIn(self.get("/string").code, ("SCRIPT_MEMORY_LIMIT", "SCRIPT_ERROR", "SCRIPT_TIMEOUT"))
        self.assertEqual(self.get("/fine").text, "fine")

    def test_req_js_004_stack(self) -> None:
        details = self.limited("/deep", 500, "SCRIPT_STACK_OVERFLOW", "javascript.stack_size_bytes")
        self.assertEqual((details["value"], details["unit"]), (262_144, "bytes"))
        self.assertEqual(self.get("/caught").text, "RangeError")

    def test_output(self) -> None:
        self.limited("/output", 500, "SCRIPT_ERROR", "javascript.max_output_bytes")

    def test_messages_have_plain_numbers(self) -> None:
        self.assertIn("8388608 bytes", self.get("/memory").json["error"]["message"])

    def test_req_js_001_modern_javascript(self) -> None:
        self.assertEqual(self.get("/modern").text, "3,1,1,18446744073709551616, a,true,2,0a,1b")

    def test_req_js_003_others_stay_fast_enough(self) -> None:
        """While one script loops, another is answered each time: it never holds all sandboxes."""
        self.engine.put_script("other.js", 'register("/other", () => "other");')
        answers = all_at_once([lambda: self.get("/loop")] * 6 + [lambda: self.get("/other")] * 20)
        self.assertEqual({answer.text for answer in answers[6:]}, {"other"})
        self.assertEqual({answer.status for answer in answers[:6]}, {504})

    def test_server_timing_shows_the_cost(self) -> None:
        timing = self.get("/loop").header("server-timing") or ""
        cpu = next(part for part in timing.split(", ") if part.startswith("cpu;dur="))
        self.assertGreaterEqual(float(cpu.partition("=")[2]), 300)

    def test_engine_requests(self) -> None:
        """Every request leaves a record with what it cost."""
        self.get("/deep", X_Request_Id="recorded-1")
        records = self.engine.admin.get("/engine/requests?limit=50").json["requests"]
        (record,) = [record for record in records if record["request_id"] == "recorded-1"]
        self.assertEqual(
            (record["status"], record["script"], record["route"]), (500, "limits.js", "GET /deep")
        )
        self.assertEqual(record["error_code"], "SCRIPT_STACK_OVERFLOW")
        for name in ("wall_ms", "cpu_ms", "memory_peak_bytes", "host_calls", "queue_wait_ms"):
            self.assertIn(name, record)


class WallTests(LimitCase):
    """The limit of the whole request's time."""

    scripts = {"limits.js": SCRIPT}
    settings = {"server.request_timeout_ms": 2000}

    def test_req_http_004_never_resolving(self) -> None:
        for path in ("/never", "/later"):
            details = self.limited(path, 408, "REQUEST_TIMEOUT", "server.request_timeout_ms")
            self.assertEqual((details["value"], details["unit"]), (2000, "ms"))

    def test_req_http_004_the_sandbox_is_free_afterwards(self) -> None:
        """More requests that never end than there are sandboxes, then one that does."""
        for answer in all_at_once([lambda: self.get("/never")] * 12):
            self.assertIn(answer.status, (408, 503))
        self.assertEqual(self.get("/soon").text, "soon")
        self.assertEqual(self.get("/health").status, 200)
        self.assertEqual(self.get("/fine").text, "fine")


class QueueTests(EngineCase):
    """A full queue."""

    scripts = {
        "a.js": 'register("/slow", async () => { await new Promise(r => setTimeout(r, 300)); return "s"; });'
        'register("/loop", () => { for (;;); });'
    }
    settings = {"javascript.max_queue": 2, "javascript.workers": 1, "javascript.execution_timeout_ms": 400}

    def test_full_queue_is_503(self) -> None:
        answers = all_at_once([lambda: self.get("/loop")] * 12)
        refused = [answer for answer in answers if answer.status == 503]
        self.assertTrue(refused)
        for answer in refused:
            self.assert_error(answer, 503, "SERVICE_UNAVAILABLE")
            self.assertGreaterEqual(int(answer.header("retry-after") or 0), 1)
            self.assertIn("javascript.max_queue", answer.json["error"]["message"])
        self.assertTrue({answer.status for answer in answers} <= {503, 504, 408})


class ScriptSizeTests(EngineCase):
    """REQ-JS-005."""

    settings = {"javascript.max_script_bytes": 1000}

    def test_req_js_005_script_size(self) -> None:
        source = 'register("/x", () => "x");'
        self.assertEqual(self.engine.put_script("a.js", source.ljust(1000)).status, 201)
        error = self.assert_error(
            self.engine.put_script("a.js", source.ljust(1001)), 413, "PAYLOAD_TOO_LARGE"
        )
        self.assertEqual(error["details"]["config_key"], "javascript.max_script_bytes")
        self.assertEqual(self.get("/x").text, "x")
