"""Methods and routes over HTTP (REQ-HTTP-001)."""

from __future__ import annotations

from aiwebengine.testing.client import read_answers
from tests.http.support import EngineCase

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
SCRIPT = """
for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) register("/all", req => req.method, method);
register("/get", req => req.method);
register("/named", "named", "POST");
function named(req) { return "by name: " + req.body; }
register("/head", () => ({ status: 201, body: "head's own", headers: { "X-Own": "1" } }), "HEAD");
register("/head", () => "get");
register("/options", () => "my options", "OPTIONS");
register("/options", () => "get");
register("/lower", () => "lower", "post");
register("/a/literal", () => "literal");
register("/a/:name", req => "parameter " + req.params.name);
register("/a/*", req => "wildcard");
register("/a/*rest", req => "POST rest " + req.params.rest, "POST");
register("/stream", async function* () { yield "a"; yield "b"; });
"""


class MethodTests(EngineCase):
    """What each method does on routes that take it and on those that do not."""

    scripts = {"methods.js": SCRIPT}

    def test_req_http_001_each_method(self) -> None:
        for method in METHODS:
            answer = self.client.request(method, "/all")
            self.assertEqual((answer.status, answer.text), (200, method))

    def test_req_http_001_handler_by_name(self) -> None:
        self.assertEqual(self.client.post("/named", "x").text, "by name: x")
        self.assertEqual(self.client.post("/lower").text, "lower")

    def test_req_http_001_head_falls_back_to_get(self) -> None:
        answer = self.client.request("HEAD", "/get")
        self.assertEqual((answer.status, answer.body, answer.header("content-length")), (200, b"", "4"))

    def test_req_http_001_head_of_its_own(self) -> None:
        answer = self.client.request("HEAD", "/head")
        self.assertEqual((answer.status, answer.header("x-own"), answer.body), (201, "1", b""))
        self.assertEqual(self.get("/head").text, "get")

    def test_req_http_001_head_of_a_stream_runs_no_body(self) -> None:
        with self.client.keep_alive() as connection:
            for _ in range(3):
                answer = self.client.request("HEAD", "/stream", on=connection)
                self.assertEqual((answer.status, answer.body), (200, b""))
                self.assertEqual(self.client.request("GET", "/stream", on=connection).text, "ab")

    def test_req_http_001_options(self) -> None:
        answer = self.client.request("OPTIONS", "/all")
        self.assertEqual(answer.status, 204)
        allow = set((answer.header("allow") or "").split(", "))
        self.assertEqual(allow, {*METHODS, "HEAD", "OPTIONS"})
        self.assertEqual(self.client.request("OPTIONS", "/options").text, "my options")
        self.assertEqual(self.client.request("OPTIONS", "/nowhere").status, 404)

    def test_req_http_001_method_not_allowed(self) -> None:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = self.client.request(method, "/get")
            self.assert_error(answer, 405, "METHOD_NOT_ALLOWED")
            self.assertEqual(set((answer.header("allow") or "").split(", ")), {"GET", "HEAD", "OPTIONS"})
        self.assertEqual(self.client.request("HEAD", "/named").status, 405)

    def test_req_http_001_unknown_method(self) -> None:
        self.assertIn(self.client.request("BREW", "/get").status, (405, 501))

    def test_not_found(self) -> None:
        error = self.assert_error(self.get("/nowhere?x=1"), 404, "NOT_FOUND")
        self.assertEqual((error["path"], error["method"]), ("/nowhere", "GET"))

    def test_route_precedence(self) -> None:
        self.assertEqual(self.get("/a/literal").text, "literal")
        self.assertEqual(self.get("/a/other").text, "parameter other")
        self.assertEqual(self.get("/a/b/c").text, "wildcard")
        self.assertEqual(self.client.post("/a/b/c%20d").text, "POST rest b/c d")

    def test_http_1_0(self) -> None:
        """A stream to an HTTP/1.0 client ends with the connection; other answers have their length."""
        with self.client.raw(b"GET /stream HTTP/1.0\r\n\r\n") as connection:
            (answer,) = read_answers(connection.read_all())
            self.assertEqual((answer.body, answer.header("transfer-encoding")), (b"ab", None))
        with self.client.raw(b"GET /get HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2) as connection:
            connection.half_close()
            answers = read_answers(connection.read_all())
            self.assertEqual([answer.body for answer in answers], [b"GET", b"GET"])

    def test_pipelined_requests_are_answered_in_order(self) -> None:
        request = b"GET /a/%d HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /get HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with self.client.raw(b"".join(request % number for number in range(20)) + last) as connection:
            answers = read_answers(connection.read_all())
        self.assertEqual([a.text for a in answers], [*(f"parameter {n}" for n in range(20)), "GET"])
