# ruff: noqa: E501 - scripts read best unbroken
"""What handlers can answer (REQ-HTTP-003)."""

from __future__ import annotations

import hashlib

from aiwebengine.testing.client import read_answers
from tests.http.support import EngineCase

SCRIPT = """
register("/status/:n", req => ({ status: Number(req.params.n), body: "b" }));
register("/none/:n", req => ({ status: Number(req.params.n) }));
register("/json", () => ({ a: [1, "ü"], b: null }));
register("/array", () => [1, { status: 5 }]);
register("/text", () => "tëxt");
register("/empty", () => "");
register("/html", () => ({ body: "<p>", contentType: "text/html; charset=utf-8" }));
register("/tag", () => html`<p>${"<b>"}</p>`);
register("/bytes", () => new Uint8Array([0, 255, 10]));
register("/buffer", () => ({ body: new Uint8Array([1, 2]).buffer, contentType: "image/x-own" }));
register("/object", () => ({ status: 202, body: { deep: { x: 1 } } }));
register("/false", () => ({ body: false }));
register("/null", () => ({ body: null, contentType: "application/json" }));
register("/big-binary", () => {
  const bytes = new Uint8Array(5 * 1024 * 1024);
  for (let i = 0; i < bytes.length; i++) bytes[i] = i * 7;
  return bytes;
});
register("/big-text", () => "äb\\u0000".repeat(500000));
register("/headers", () => ({ body: "", headers: { "X-One": "1", "X-List": ["a", "b"], "x-empty": "",
  "X-Number": 5, "X-Undefined": undefined, "Content-Type": "text/x-own" } }));
register("/pairs", () => ({ body: "", headers: [["X-A", "1"], ["X-A", "2"]] }));
register("/latin", () => ({ body: "", headers: { "X-L": "café", "X-U": "snow\\u2603man" } }));
register("/owned", () => ({ body: "abc", headers: { "Content-Length": "99", "Connection": "upgrade",
  "Transfer-Encoding": "chunked", "X-Request-Id": "forged", "Date": "never" } }));
register("/response", () => new Response("r", { status: 203, headers: { "X-R": "1", "Content-Type": "a/b" } }));
register("/response-json", () => Response.json({ r: 1 }, { status: 201 }));
register("/redirect", () => Response.redirect("http://example.com/x", 307));
register("/response-cookies", () => {
  const headers = new Headers();
  headers.append("Set-Cookie", "a=1"); headers.append("Set-Cookie", "b=2");
  return new Response(null, { headers });
});
register("/async", async () => { await new Promise(r => setTimeout(r, 5)); return { late: true }; });
register("/thenable", () => ({ then(resolve) { resolve("from a thenable"); } }));
register("/cookies", () => ({ body: "", cookies: {
  plain: "v", number: 5, "with-options": { value: "a b;ü", path: "/p", domain: "example.com", maxAge: 60,
    expires: 0, httpOnly: false, secure: true, sameSite: "strict", partitioned: true },
  cross: { value: "x", sameSite: "none" }, gone: null, bare: { value: "y", sameSite: false } } }));
register("/cookie-list", () => ({ body: "", cookies: [{ name: "a", value: "1" }, { name: "a", value: "2", path: "/x" }] }));
const bad = {
  nothing: () => undefined, null: () => null, number: () => 5, fn: () => () => 1, symbol: () => Symbol("x"), big: () => 5n,
  "status-low": () => ({ status: 99 }), "status-high": () => ({ status: 600 }), "status-half": () => ({ status: 200.5 }),
  "status-text": () => ({ status: "200" }), "status-nan": () => ({ status: NaN }),
  "header-lf": () => ({ body: "", headers: { "X-A": "a\\nSet-Cookie: x=1" } }),
  "header-cr": () => ({ body: "", headers: { "X-A": "a\\rb" } }), "header-nul": () => ({ body: "", headers: { "X-A": "a\\0b" } }),
  "header-name": () => ({ body: "", headers: { "X A": "1" } }), "header-name-lf": () => ({ body: "", headers: { "X\\n": "1" } }),
  "header-list": () => ({ body: "", headers: { "X-A": ["fine", "not\\r\\nfine"] } }), "headers-text": () => ({ body: "", headers: "X: 1" }),
  "type-lf": () => ({ body: "", contentType: "text/plain\\r\\nX: 1" }), "type-number": () => ({ body: "", contentType: 5 }),
  "cookie-name": () => ({ body: "", cookies: { "a b": "1" } }), "cookie-path": () => ({ body: "", cookies: { a: { value: "1", path: "/;x" } } }),
  "cookie-attribute": () => ({ body: "", cookies: { a: { value: "1", httponly: true } } }),
  "cookie-site": () => ({ body: "", cookies: { a: { value: "1", sameSite: "lux" } } }),
  "cookie-age": () => ({ body: "", cookies: { a: { value: "1", maxAge: "soon" } } }),
  "cookie-expires": () => ({ body: "", cookies: { a: { value: "1", expires: "soon" } } }),
  "cookie-text": () => ({ body: "", cookies: "a=1" }), "cookie-list": () => ({ body: "", cookies: [1] }),
  cycle: () => { const a = {}; a.a = a; return a; }, tojson: () => ({ toJSON() { throw new Error("no") } }),
  getter: () => ({ get status() { throw new Error("gotcha") } }), body: () => ({ body: Symbol("s") }),
};
for (const name in bad) register("/bad/" + name, bad[name]);
"""


class ResponseTests(EngineCase):
    """Statuses, headers, bodies and cookies."""

    scripts = {"responses.js": SCRIPT}

    def test_req_http_003_every_status(self) -> None:
        for status in range(200, 600):
            answer = self.get(f"/status/{status}")
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.body, b"" if status in (204, 205, 304) else b"b")

    def test_req_http_003_interim_statuses(self) -> None:
        """Status 100 to 199 goes out as the script wants it and ends the connection, as no client waits on."""
        for status in (100, 101, 102, 103, 199):
            with self.client.raw(b"GET /status/%d HTTP/1.1\r\nHost: x\r\n\r\n" % status) as connection:
                (answer,) = read_answers(connection.read_all())
            self.assertEqual((answer.status, answer.header("connection")), (status, "close"))

    def test_req_http_003_bodiless_keep_alive(self) -> None:
        with self.client.keep_alive() as connection:
            for status in (204, 304, 205, 200):
                answer = self.client.request("GET", f"/status/{status}", on=connection)
                self.assertEqual(answer.status, status)

    def test_req_http_003_status_alone(self) -> None:
        answer = self.get("/none/404")
        self.assertEqual((answer.status, answer.body), (404, b""))

    def test_req_http_003_kinds(self) -> None:
        text = "text/plain; charset=utf-8"
        for path, content_type, body in (
            ("/json", "application/json", '{"a":[1,"ü"],"b":null}'.encode()),
            ("/array", "application/json", b'[1,{"status":5}]'),
            ("/text", text, "tëxt".encode()),
            ("/empty", text, b""),
            ("/html", "text/html; charset=utf-8", b"<p>"),
            ("/tag", "text/html; charset=utf-8", b"<p>&lt;b&gt;</p>"),
            ("/bytes", "application/octet-stream", b"\x00\xff\n"),
            ("/buffer", "image/x-own", b"\x01\x02"),
            ("/false", "application/json", b"false"),
            ("/null", "application/json", b"null"),
            ("/response", "a/b", b"r"),
            ("/response-json", "application/json", b'{"r":1}'),
            ("/async", "application/json", b'{"late":true}'),
            ("/thenable", text, b"from a thenable"),
        ):
            answer = self.get(path)
            self.assertEqual((answer.header("content-type"), answer.body), (content_type, body), path)
            self.assertEqual(answer.all("content-length"), [str(len(body))], path)
        self.assertEqual(self.get("/object").json, {"deep": {"x": 1}})
        self.assertEqual(
            [self.get(p).status for p in ("/object", "/response", "/response-json")], [202, 203, 201]
        )

    def test_req_http_003_big_bodies(self) -> None:
        expected = bytes(i * 7 & 255 for i in range(256)) * (5 * 4096)
        answer = self.get("/big-binary")
        self.assertEqual(len(answer.body), len(expected))
        self.assertEqual(hashlib.sha256(answer.body).digest(), hashlib.sha256(expected).digest())
        self.assertEqual(self.get("/big-text").body, "äb\0".encode() * 500_000)

    def test_req_http_003_headers(self) -> None:
        answer = self.get("/headers")
        self.assertEqual((answer.all("x-one"), answer.all("x-list")), (["1"], ["a", "b"]))
        self.assertEqual((answer.all("x-empty"), answer.all("x-number")), ([""], ["5"]))
        self.assertEqual((answer.all("x-undefined"), answer.all("content-type")), ([], ["text/x-own"]))
        self.assertEqual(self.get("/pairs").all("x-a"), ["1", "2"])
        self.assertEqual(self.get("/latin").header("x-l"), "café")
        self.assertEqual(self.get("/response").header("x-r"), "1")

    def test_req_http_003_framing_is_the_engines(self) -> None:
        with self.client.keep_alive() as connection:
            for _ in range(2):
                answer = self.client.request("GET", "/owned", on=connection, headers={"X-Request-Id": "own"})
                self.assertEqual((answer.body, answer.all("content-length")), (b"abc", ["3"]))
                self.assertEqual((answer.all("transfer-encoding"), answer.all("x-request-id")), ([], ["own"]))
                self.assertNotIn("never", answer.all("date"))

    def test_req_http_003_redirect(self) -> None:
        answer = self.get("/redirect")
        self.assertEqual((answer.status, answer.header("location")), (307, "http://example.com/x"))

    def test_req_http_003_cookies(self) -> None:
        cookies = dict(text.split("=", 1) for text in self.get("/cookies").all("set-cookie"))
        self.assertEqual(cookies["plain"], "v; Path=/; SameSite=Lax; HttpOnly")
        self.assertTrue(cookies["number"].startswith("5; "))
        self.assertEqual(
            cookies["with-options"],
            "a%20b%3B%C3%BC; Path=/p; Domain=example.com; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT;"
            " SameSite=Strict; Secure; Partitioned",
        )
        self.assertIn("SameSite=None; HttpOnly; Secure", cookies["cross"])
        self.assertIn("Max-Age=0", cookies["gone"])
        self.assertNotIn("SameSite", cookies["bare"])
        self.assertEqual(len(self.get("/cookie-list").all("set-cookie")), 2)
        self.assertEqual(self.get("/response-cookies").all("set-cookie"), ["a=1", "b=2"])

    def test_req_http_003_bad_results_are_500_with_the_reason(self) -> None:
        """What cannot be sent is refused, with the reason in the log; not a byte of it gets out."""
        for name, reason in {
            "nothing": "returned nothing",
            "null": "returned null",
            "number": "returned a number",
            "fn": "returned a function",
            "symbol": "returned a symbol",
            "big": "returned a bigint",
            "status-low": "100 to 599",
            "status-high": "100 to 599",
            "status-half": "100 to 599",
            "status-text": "100 to 599",
            "status-nan": "100 to 599",
            "header-lf": "line break",
            "header-cr": "line break",
            "header-nul": "NUL",
            "header-name": "not a token",
            "header-name-lf": "not a token",
            "header-list": "line break",
            "headers-text": "headers must be",
            "type-lf": "line break",
            "type-number": "contentType must be a string",
            "cookie-name": "not a token",
            "cookie-path": "path",
            "cookie-attribute": "httponly",
            "cookie-site": "sameSite",
            "cookie-age": "maxAge",
            "cookie-expires": "expires",
            "cookie-text": "cookies must be",
            "cookie-list": "object with a name",
            "cycle": "circular",
            "tojson": "no",
            "getter": "gotcha",
            "body": "symbol",
        }.items():
            answer = self.get(f"/bad/{name}")
            error = self.assert_error(answer, 500, "SCRIPT_ERROR")
            self.assertIn(reason, error["message"], name)
            self.assertEqual(error["details"]["script"], "responses.js", name)
            self.assertIsNone(answer.header("set-cookie"), name)
            self.assertIn(reason, self.logged(error["request_id"])[-1]["message"], name)

    def test_every_answer_has_a_request_id(self) -> None:
        for path in ("/text", "/nowhere", "/bad/null", "/health"):
            self.assertEqual(len(self.get(path).all("x-request-id")), 1, path)
        answer = self.get("/text", X_Request_Id="bad id\x7f")
        self.assertNotEqual(answer.header("x-request-id"), "bad id\x7f")

    def test_server_timing_in_development(self) -> None:
        timing = self.get("/text").header("server-timing") or ""
        for part in ("total;dur=", "queue;dur=", "cpu;dur=", "memory;", "hostcalls;"):
            self.assertIn(part, timing)
