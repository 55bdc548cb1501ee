# ruff: noqa: E501 - scripts read best unbroken
"""Errors that explain themselves, in development; that tell nothing, in production (REQ-JS-006, REQ-DEV-004)."""

from __future__ import annotations

from tests.http.support import EngineCase

SCRIPT = """
function thrower() {
  throw new Error("the key is tuna");
}
register("/throw", () => thrower());
register("/rejected", async () => { await null; throw new TypeError("later <b>tuna</b>"); });
register("/text", () => { throw "just tuna"; });
register("/nothing", () => { throw undefined; });
register("/odd", () => { throw { get message() { throw 1; }, toString() { throw 2; } }; });
register("/subclass", () => { class Own extends Error { name = "Own"; } throw new Own("mine"); });
register("/cause", () => { throw new Error("outer", { cause: new Error("inner") }); });
register("/undeclared", () => { total = 1; return "x"; });
register("/private", () => { auth.requireAuth(); });
register("/role", () => { auth.requireRole("admin"); });
register("/denied", () => { const e = new Error("not for you"); e.name = "PermissionError"; throw e; });
register("/loop", () => { for (;;); });
register("/deep", function deep() { return deep() + 1; });
register("/log", req => {
  console.log("plain", { a: 1 }); console.error("bad"); console.warn("hm"); console.debug("fine"); writeLog("written");
  return req.requestId;
});
register("/bad-header", () => ({ body: "", headers: { "X-A": "tuna\\r\\nX: 1" } }));
"""
HANDLED = """
registerErrorHandler((error, req) => ({ status: 418, body: { handled: error.message, path: req.path } }));
register("/handled/throw", () => { throw new Error("teapot"); });
register("/handled/async", async () => { await null; throw new Error("async teapot"); });
register("/handled/bad", () => 5);
"""
HANDLER_FAILS = """
registerErrorHandler(error => { throw new Error("handler: " + error.message); });
register("/twice", () => { throw new Error("first"); });
"""
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


class DevelopmentTests(EngineCase):
    """In development an error says where it comes from."""

    scripts = {"errors.js": SCRIPT, "handled.js": HANDLED, "twice.js": HANDLER_FAILS}
    settings = {"javascript.execution_timeout_ms": 300}

    def test_req_js_006_uncaught(self) -> None:
        error = self.assert_error(self.get("/throw"), 500, "SCRIPT_ERROR")
        self.assertEqual(error["message"], "Error: the key is tuna")
        details = error["details"]
        self.assertEqual((details["script"], details["line"], details["name"]), ("errors.js", 3, "Error"))
        self.assertIn("thrower (errors.js:3:", details["stack"])
        self.assertIn("errors.js:5:", details["stack"])

    def test_req_dev_004_source_frame(self) -> None:
        frame = self.get("/throw").json["error"]["details"]["source_frame"]
        self.assertIn('> 3 |   throw new Error("the key is tuna");', frame)
        self.assertIn("  2 | function thrower() {", frame)
        self.assertIn("^", frame)

    def test_req_js_006_rejected(self) -> None:
        error = self.assert_error(self.get("/rejected"), 500, "SCRIPT_ERROR")
        self.assertEqual(error["message"], "TypeError: later <b>tuna</b>")
        self.assertEqual(error["details"]["line"], 6)

    def test_req_js_006_whatever_is_thrown(self) -> None:
        for path, text in (
            ("/text", "just tuna"),
            ("/nothing", "undefined"),
            ("/odd", ""),
            ("/subclass", "Own: mine"),
            ("/cause", "outer"),
        ):
            self.assertIn(text, self.assert_error(self.get(path), 500, "SCRIPT_ERROR")["message"], path)

    def test_undeclared_assignment_is_explained(self) -> None:
        error = self.assert_error(self.get("/undeclared"), 500, "SCRIPT_ERROR")
        self.assertIn("let total", error["message"])

    def test_refused_permissions(self) -> None:
        self.assert_error(self.get("/private"), 401, "UNAUTHORIZED")
        self.assert_error(self.get("/denied"), 403, "FORBIDDEN")
        self.assertIn(self.get("/role").status, (401, 403))

    def test_req_dev_004_html_page(self) -> None:
        answer = self.get("/rejected", Accept=PAGE)
        self.assertEqual(answer.status, 500)
        self.assertTrue((answer.header("content-type") or "").startswith("text/html"))
        self.assertIn("later &lt;b&gt;tuna&lt;/b&gt;", answer.text)
        self.assertNotIn("<b>tuna", answer.text)
        self.assertIn("errors.js", answer.text)
        self.assertIn(answer.header("x-request-id") or "?", answer.text)
        self.assertEqual(self.get("/nowhere", Accept=PAGE).status, 404)
        self.assertEqual(
            self.get("/throw", Accept="application/json, text/html").header("content-type"),
            "application/json",
        )

    def test_custom_error_handlers(self) -> None:
        for path, message in (("/handled/throw", "teapot"), ("/handled/async", "async teapot")):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.json), (418, {"handled": message, "path": path}))

    def test_failing_error_handler(self) -> None:
        error = self.assert_error(self.get("/twice"), 500, "SCRIPT_ERROR")
        self.assertIn("first", error["message"])
        messages = "\n".join(entry["message"] for entry in self.logged(error["request_id"]))
        self.assertIn("handler: first", messages)

    def test_req_log_003_entries(self) -> None:
        """What a script logs has its script, request, route, level and line."""
        request_id = self.get("/log").text
        line = SCRIPT[: SCRIPT.index("console.log")].count("\n") + 1
        entries = self.logged(request_id)
        self.assertEqual([entry["level"] for entry in entries], ["info", "error", "warn", "debug", "info"])
        self.assertEqual(entries[0]["message"], "plain { a: 1 }")
        for entry in entries:
            self.assertEqual(
                (entry["script"], entry["route"], entry["line"]), ("errors.js", "GET /log", line)
            )
        self.assertIn(f"errors.js:{line} [{request_id}]: bad", self.engine.log)

    def test_req_js_006_error_is_logged_under_the_request_id(self) -> None:
        answer = self.get("/throw", X_Request_Id="trace-me")
        (entry,) = self.logged("trace-me")
        self.assertEqual((entry["level"], entry["kind"], entry["line"]), ("error", "error", 3))
        self.assertIn("the key is tuna", entry["message"])
        self.assertIn("errors.js:3:", entry["message"])
        self.assertEqual(answer.json["error"]["request_id"], "trace-me")


class ProductionTests(EngineCase):
    """In production nothing of a script or of the engine's inside leaves by a 5xx answer."""

    scripts = {"errors.js": SCRIPT, "handled.js": HANDLED}
    settings = {"javascript.execution_timeout_ms": 300}
    environment = "production"

    def test_req_dev_004_nothing_leaks(self) -> None:
        for path, status, code in (
            ("/throw", 500, "SCRIPT_ERROR"),
            ("/rejected", 500, "SCRIPT_ERROR"),
            ("/text", 500, "SCRIPT_ERROR"),
            ("/bad-header", 500, "SCRIPT_ERROR"),
            ("/loop", 504, "SCRIPT_TIMEOUT"),
            ("/deep", 500, "SCRIPT_STACK_OVERFLOW"),
        ):
            for accept in ("*/*", PAGE):
                answer = self.get(path, Accept=accept)
                self.assertEqual(answer.status, status)
                seen = answer.text + repr(answer.headers)
                for secret in ("tuna", "errors.js", "thrower", "javascript.", "stack"):
                    self.assertNotIn(secret, seen, path)
            error = self.assert_error(self.get(path), status, code)
            self.assertNotIn("details", error)
            (*_, entry) = self.logged(error["request_id"])
            self.assertEqual((entry["script"], entry["kind"]), ("errors.js", "error"), path)

    def test_req_dev_004_the_log_has_it(self) -> None:
        request_id = self.get("/throw").header("x-request-id")
        self.assertIn(f"errors.js:3 [{request_id}]: Error: the key is tuna", self.engine.log)

    def test_no_server_timing(self) -> None:
        self.assertIsNone(self.get("/log").header("server-timing"))

    def test_own_error_pages_are_the_scripts(self) -> None:
        self.assertEqual(self.get("/handled/throw").status, 418)

    def test_client_errors_are_explained(self) -> None:
        self.assertIn("/nowhere", self.assert_error(self.get("/nowhere"), 404, "NOT_FOUND")["message"])


class InputTests(EngineCase):
    """REQ-SEC-001, REQ-SEC-003: what is malformed is refused before a script sees it."""

    scripts = {
        "a.js": 'register("/files/*path", req => req.params.path); register("/echo", req => req.query.q ?? "");'
    }

    def test_req_sec_001_malformed(self) -> None:
        for target in (
            "/files/../../etc/passwd",
            "/files/%2e%2e/%2e%2e/x",
            "/files/a%00b",
            "/files/%zz",
            "/files/%",
            "/files/%ff",
            "/echo?q=%zz",
        ):
            with self.client.raw(
                f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            ) as connection:
                data = connection.read_all()
            self.assertTrue(data.startswith(b"HTTP/1.1 400 "), (target, data[:300]))
            self.assertIn(b'"BAD_REQUEST"', data)

    def test_req_sec_003_text_stays_text(self) -> None:
        """Nothing of a request is taken for code, a header or a log line of its own."""
        text = "'; process.exit(); //\r\nX-Forged: 1\r\n${1+1}"
        answer = self.client.get("/echo?q=%27%3B%20process.exit()%3B%20//%0D%0AX-Forged:%201%0D%0A$%7B1+1%7D")
        self.assertEqual(answer.text, text.replace("1+1", "1 1"))
        self.assertIsNone(answer.header("x-forged"))

    def test_req_sec_004_no_way_out(self) -> None:
        """The names by which scripts elsewhere reach the machine are not there."""
        names = [
            "require",
            "process",
            "std",
            "os",
            "print",
            "Deno",
            "Bun",
            "WebAssembly",
            "scriptArgs",
            "load",
            "importScripts",
            "XMLHttpRequest",
            "__filename",
            "module",
            "exports",
            "quickjs",
            "Worker",
        ]
        source = f'register("/names", () => {names!r}.filter(name => globalThis[name] !== undefined));'
        self.engine.put_script("names.js", source)
        self.assertEqual(self.get("/names").json, [])

    def test_req_sec_004_no_imports(self) -> None:
        source = 'register("/import", async () => { const fs = await import("fs"); return "escaped"; });'
        answer = self.engine.put_script("import.js", source)
        if answer.status == 201:
            self.assert_error(self.get("/import"), 500, "SCRIPT_ERROR")
        else:
            self.assertEqual(answer.status, 422)
