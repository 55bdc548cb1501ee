"""Requests as scripts get them: the CALL frame (REQ-HTTP-002)."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.model import Program
from aiwebengine.web.to_script import route_call
from tests.web.support import Server

PROGRAM = Program(7, "a.js", 3, "", error_handler="sorry")


def unpack(payload: bytes) -> tuple[int, Any, list[bytes]]:
    """Give program number, JSON data and binary parts."""
    number, length, count = frames.USAGE.unpack_from(payload)
    sizes = [frames.HEAD.unpack_from(payload, 12 + 9 * i)[0] for i in range(count)]
    at = 12 + 9 * count
    text, at = payload[at : at + length], at + length
    parts = []
    for size in sizes:
        parts.append(payload[at : at + size])
        at += size
    assert at == len(payload)
    return number, json.loads(text), parts


class CallTests(SynchronousTestCase):
    """`route_call`, on requests that came over a wire."""

    def call(self, target: str, *headers: str, **options: Any) -> tuple[Any, list[bytes]]:
        server = Server(reply=None)
        server.get(target, *headers, **options)
        (request,) = server.requests
        payload = route_call(PROGRAM, "GET /x", "", request, {"id": "1"}, {"f": 1}, "5eed")
        number, (kind, key, handler, error_handler, data, facts, seed), parts = unpack(payload)
        self.assertEqual((number, kind, key, handler, error_handler), (7, "route", "GET /x", None, "sorry"))
        self.assertEqual((facts, seed, data["params"]), ({"f": 1}, "5eed", {"id": "1"}))
        return data, parts

    def test_req_http_002_head(self) -> None:
        data, parts = self.call("/a%20b?x=1&x=2", "Cookie: c=d", "X-Request-Id: r1")
        self.assertEqual(data["url"], "http://example.com/a%20b?x=1&x=2")
        self.assertEqual((data["path"], data["method"], data["httpVersion"]), ("/a b", "GET", "1.1"))
        self.assertEqual((data["query"], data["cookies"]), ([["x", "1"], ["x", "2"]], {"c": "d"}))
        self.assertEqual((data["form"], data["files"], data["body"], data["isJson"]), (None, [], "", False))
        self.assertEqual((data["requestId"], parts), ("r1", []))

    def test_handler_by_name(self) -> None:
        server = Server(reply=None)
        server.get("/")
        payload = route_call(PROGRAM, "GET /", "named", server.requests[0], {}, {}, None)
        self.assertEqual(unpack(payload)[1][2], "named")
        self.assertEqual(unpack(payload)[1][6], None)

    def test_req_http_002_bodies(self) -> None:
        post: dict[str, Any] = {"method": "POST"}
        data, parts = self.call("/", "Content-Type: text/plain", body="é".encode(), **post)
        self.assertEqual((data["body"], data["isJson"], parts), ("é", False, []))
        data, parts = self.call("/", body=b"\xff", **post)
        self.assertEqual((data["bodyAt"], parts), (0, [b"\xff"]))
        data, _ = self.call("/", "Content-Type: application/json", body=b'{"a":1}', **post)
        self.assertEqual((data["body"], data["isJson"]), ('{"a":1}', True))
        data, _ = self.call("/", "Content-Type: application/x-www-form-urlencoded", body=b"a=1&a=2", **post)
        self.assertEqual((data["form"], data["body"]), ([["a", "1"], ["a", "2"]], "a=1&a=2"))

    def test_req_http_002_files(self) -> None:
        body = (
            b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n'
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="e"\r\n\r\n\r\n'
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n\xff\r\n--b--\r\n'
        )
        data, parts = self.call(
            "/", "Content-Type: multipart/form-data; boundary=b", body=body, method="POST"
        )
        self.assertEqual(data["form"], [["t", "text"]])
        self.assertEqual(
            [(f["filename"], f["size"], f["at"]) for f in data["files"]], [("e", 0, -1), ("x", 1, 0)]
        )
        self.assertEqual(parts, [b"\xff"])
