"""What a script sees of a request (REQ-HTTP-002, REQ-HTTP-005)."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import quote

from aiwebengine.testing.client import Answer, read_answers
from tests.http.support import EngineCase

SCRIPT = """
// In a list, for an object with a body would be taken for an answer.
const echo = req => [{
  method: req.method, path: req.path, url: req.url, httpVersion: req.httpVersion, query: req.query,
  queryAll: req.queryAll, params: req.params, headers: req.headers, cookies: req.cookies, form: req.form,
  body: typeof req.body === "string" ? req.body : { bytes: Array.from(req.body) },
  json: req.json === undefined ? "undefined" : req.json, ip: req.ip, requestId: req.requestId,
  files: req.files.map(f => ({ field: f.field, filename: f.filename, contentType: f.contentType, size: f.size,
    bytes: f.size < 100 ? Array.from(f.bytes()) : null })),
}];
for (const method of ["GET", "POST", "PUT"]) {
  register("/echo", echo, method);
  register("/echo/:one/x/:two", echo, method);
}
function adler32(bytes) {
  let a = 1, b = 0;
  for (let i = 0; i < bytes.length; i++) { a = (a + bytes[i]) % 65521; b = (b + a) % 65521; }
  return (b * 65536) + a;
}
register("/sums", req => req.files.map(f => [f.filename, f.size, adler32(f.bytes())]), "POST");
register("/standard", async req => ({
  text: await req.text(), buffer: (await req.arrayBuffer()).byteLength, type: req.headers.get("Content-Type"),
}), "POST");
register("/form-data", async req => {
  const form = await req.formData();
  const file = form.get("file");
  return { names: [...form.keys()], all: form.getAll("a"), file: [file.name, file.type, await file.text()] };
}, "POST");
"""

BOUNDARY = "----boundary"


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """Put together a body of (disposition and further headers, content) parts."""
    body = b""
    for head, content in parts:
        head_bytes = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        body += head_bytes + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class RequestTests(EngineCase):
    """Everything that is in a request reaches the handler."""

    scripts = {"echo.js": SCRIPT}
    settings = {
        "server.max_upload_bytes": 25_000_000,
        "server.request_timeout_ms": 30_000,
        "javascript.memory_limit_bytes": 134_217_728,
        "javascript.execution_timeout_ms": 20_000,
    }

    def seen(self, answer: Answer) -> dict[str, Any]:
        """Give what the echo saw."""
        self.assertEqual(answer.status, 200, answer)
        (seen,) = answer.json
        return dict(seen)

    def test_req_http_002_parts(self) -> None:
        answer = self.get("/echo/a%20b/x/%C3%BC?q=1&q=2&empty=&plus=a+b", X_Request_Id="mine.1", X_Two="z")
        seen = self.seen(answer)
        self.assertEqual(seen["method"], "GET")
        self.assertEqual(seen["path"], "/echo/a b/x/ü")
        self.assertEqual(seen["url"], f"{self.engine.url}/echo/a%20b/x/%C3%BC?q=1&q=2&empty=&plus=a+b")
        self.assertEqual(seen["httpVersion"], "1.1")
        self.assertEqual(seen["query"], {"q": "2", "empty": "", "plus": "a b"})
        self.assertEqual(seen["queryAll"], {"q": ["1", "2"], "empty": [""], "plus": ["a b"]})
        self.assertEqual(seen["params"], {"one": "a b", "two": "ü"})
        self.assertEqual(seen["headers"]["x-two"], "z")
        self.assertEqual((seen["body"], seen["json"], seen["form"], seen["files"]), ("", "undefined", {}, []))
        self.assertEqual((seen["ip"], seen["requestId"]), ("127.0.0.1", "mine.1"))
        self.assertEqual(answer.header("x-request-id"), "mine.1")

    def test_req_http_002_http_version(self) -> None:
        with self.client.raw(b"GET /echo HTTP/1.0\r\n\r\n") as connection:
            (answer,) = read_answers(connection.read_all())
        self.assertEqual(self.seen(answer)["httpVersion"], "1.0")

    def test_req_http_002_names_of_prototypes(self) -> None:
        """A field named __proto__ is a field."""
        seen = self.seen(self.get("/echo?__proto__=x&constructor=y&hasOwnProperty=z&toString=1"))
        expected = {"__proto__": "x", "constructor": "y", "hasOwnProperty": "z", "toString": "1"}
        self.assertEqual(seen["query"], expected)

    def test_req_http_002_cookies(self) -> None:
        seen = self.seen(self.get("/echo", Cookie='a=1; b="two"; c=x=y; a%20=3'))
        self.assertEqual((seen["cookies"]["a"], seen["cookies"]["c"]), ("1", "x=y"))
        self.assertIn("two", seen["cookies"]["b"])

    def test_req_http_002_urlencoded_form(self) -> None:
        body = "a=1&a=2&b=%C3%BC&c=x+y"
        answer = self.client.post("/echo", body, "application/x-www-form-urlencoded")
        seen = self.seen(answer)
        self.assertEqual(seen["form"], {"a": "2", "b": "ü", "c": "x y"})
        self.assertEqual(seen["body"], body)

    def test_req_http_002_json(self) -> None:
        data = {"a": [1, None, {"ü": "\x00😀"}], "n": 1.5}
        self.assertEqual(self.seen(self.client.post_json("/echo", data))["json"], data)
        typed = self.seen(self.client.post("/echo", "[1]", "application/problem+json; charset=utf-8"))
        self.assertEqual((typed["json"], typed["body"]), ([1], "[1]"))
        self.assertIsNone(self.seen(self.client.post_json("/echo", None))["json"])

    def test_req_http_002_malformed_json_never_runs_the_script(self) -> None:
        answer = self.client.post("/echo", '{"a":', "application/json")
        self.assert_error(answer, 400, "BAD_REQUEST")
        self.assertEqual(self.logged(answer.header("x-request-id") or ""), [])

    def test_req_http_002_text_and_bytes(self) -> None:
        self.assertEqual(self.seen(self.client.post("/echo", "tëxt"))["body"], "tëxt")
        raw = bytes(range(256))
        self.assertEqual(self.seen(self.client.post("/echo", raw))["body"], {"bytes": list(raw)})
        self.assertEqual(self.seen(self.client.post("/echo", b"\x00"))["body"], "\x00")

    def test_req_http_002_multipart(self) -> None:
        body = multipart(
            ('name="a"', b"1"),
            ('name="a"', b"zwei"),
            ('name="file"; filename="n.txt"\r\nContent-Type: text/plain', b"abc"),
            ('name="file"; filename="\u00fc.bin"\r\nContent-Type: application/x-odd', b"\x00\xff"),
            ('name="none"; filename="empty"', b""),
        )
        seen = self.seen(self.client.post("/echo", body, MULTIPART))
        self.assertEqual(seen["form"], {"a": "zwei"})
        shown = [(f["field"], f["filename"], f["contentType"], f["size"], f["bytes"]) for f in seen["files"]]
        self.assertEqual(shown[0], ("file", "n.txt", "text/plain", 3, [97, 98, 99]))
        self.assertEqual(shown[1], ("file", "ü.bin", "application/x-odd", 2, [0, 255]))
        self.assertEqual((shown[2][:2], shown[2][3:]), (("none", "empty"), (0, [])))

    def test_req_http_002_big_uploads(self) -> None:
        """Several files, one of 10 MB of every byte value, arrive as they were sent."""
        big = bytes(range(256)) * 40_960
        small = b"--" + BOUNDARY.encode() + b" not a boundary\r\n" * 3
        body = multipart(
            ('name="f"; filename="big"\r\nContent-Type: application/octet-stream', big),
            ('name="f"; filename="small"', small),
        )
        answer = self.client.post("/sums", body, MULTIPART)
        self.assertEqual(answer.status, 200, answer)
        expected = [[n, len(d), zlib.adler32(d)] for n, d in (("big", big), ("small", small))]
        self.assertEqual(answer.json, expected)

    def test_req_http_002_standard_request(self) -> None:
        seen = self.client.post("/standard", "tëxt", "text/x-own").json
        self.assertEqual(seen, {"text": "tëxt", "buffer": 5, "type": "text/x-own"})
        body = multipart(('name="a"', b"1"), ('name="a"', b"2"), ('name="file"; filename="n.txt"', b"abc"))
        seen = self.client.post("/form-data", body, MULTIPART).json
        self.assertEqual((seen["names"], seen["all"]), (["a", "a", "file"], ["1", "2"]))
        self.assertEqual((seen["file"][0], seen["file"][2]), ("n.txt", "abc"))

    def test_req_http_002_chunked_body(self) -> None:
        body = b'4\r\n{"a"\r\n3;x=y\r\n:1}\r\n0\r\n\r\n'
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        with self.client.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + body) as connection:
            (answer,) = read_answers(connection.read_all())
        self.assertEqual(self.seen(answer)["json"], {"a": 1})

    def test_req_http_002_body_of_a_get(self) -> None:
        self.assertEqual(self.seen(self.client.request("GET", "/echo", "x"))["body"], "x")

    def test_deep_json_is_refused_or_served(self) -> None:
        deep = "[" * 100_000 + "]" * 100_000
        answer = self.client.post("/echo", deep, "application/json")
        self.assertIn((answer.status, answer.code), ((400, "BAD_REQUEST"), (500, "SCRIPT_STACK_OVERFLOW")))

    def test_long_path_parameters(self) -> None:
        name = "ü/" * 100
        answer = self.get(f"/echo/{quote(name, safe='')}/x/y")
        self.assertEqual(self.seen(answer)["params"]["one"], name)

    def test_json_numbers_keep_what_javascript_keeps(self) -> None:
        answer = self.client.post("/echo", '{"n": 1e400, "big": 12345678901234567890}', "application/json")
        if answer.status == 200:
            self.assertEqual(self.seen(answer)["json"]["big"], 12345678901234567000)
        else:
            self.assert_error(answer, 400, "BAD_REQUEST")


class DefaultLimitTests(EngineCase):
    """With nothing configured an upload of the size allowed reaches the script."""

    scripts = {"a.js": 'register("/sizes", req => req.files.map(f => [f.size, f.bytes().at(-1)]), "POST");'}

    def test_req_http_002_largest_upload(self) -> None:
        body = multipart(('name="f"; filename="big"', b"x" * (10_485_760 - 200)))
        answer = self.client.post("/sizes", body, MULTIPART)
        self.assertEqual((answer.status, answer.text), (200, f"[[{10_485_760 - 200},120]]"))


class BodyLimitTests(EngineCase):
    """REQ-HTTP-005 as far as scripts see it: what is refused never reaches them."""

    scripts = {"a.js": 'register("/size", req => String(req.body.length), "POST");'}
    settings = {"server.max_body_bytes": 1000, "server.max_upload_bytes": 5000}

    def test_req_http_005_body_limit(self) -> None:
        self.assertEqual(self.client.post("/size", b"x" * 1000).text, "1000")
        error = self.assert_error(self.client.post("/size", b"x" * 1001), 413, "PAYLOAD_TOO_LARGE")
        self.assertEqual(error["details"]["config_key"], "server.max_body_bytes")

    def test_req_http_005_upload_limit(self) -> None:
        body = multipart(('name="f"; filename="x"', b"y" * 6000))
        error = self.assert_error(self.client.post("/size", body, MULTIPART), 413, "PAYLOAD_TOO_LARGE")
        self.assertEqual(error["details"]["config_key"], "server.max_upload_bytes")

    def test_req_http_005_chunked(self) -> None:
        head = b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with self.client.raw(head + b"3e9\r\n" + b"x" * 1001 + b"\r\n") as connection:
            (answer,) = read_answers(connection.read_all())
        self.assertEqual((answer.status, answer.code), (413, "PAYLOAD_TOO_LARGE"))

    def test_unsupported_encoding(self) -> None:
        answer = self.client.post("/size", b"x", Content_Encoding="br")
        self.assertEqual(answer.status, 415)
