"""Forms, uploads and JSON (REQ-HTTP-002, REQ-SEC-001)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.web.body import media_type
from tests.web.support import Answer, Server

MULTIPART = "Content-Type: multipart/form-data; boundary=B"


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    head = "\r\n".join(["--B", f"Content-Disposition: {disposition}", *headers])
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


class BodyCase(SynchronousTestCase):
    def post(self, content_type: str, body: bytes, *headers: str, **settings: Any) -> Any:
        self.server = Server(**settings)
        answer = self.server.get("/x", content_type, *headers, method="POST", body=body).answer
        return self.server.requests[0] if self.server.requests else answer

    def refused(self, content_type: str, body: bytes, status: int, *headers: str, **settings: Any) -> Answer:
        answer = self.post(content_type, body, *headers, **settings)
        self.assertIsInstance(answer, Answer, "it was taken")
        self.assertEqual(answer.status, status)
        assert isinstance(answer, Answer)
        return answer


class FormTests(BodyCase):
    def test_urlencoded(self) -> None:
        kind = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"
        request = self.post(kind, b"a=1&b=caf%C3%A9+x&a=2&c")
        self.assertEqual(request.form(), [("a", "1"), ("b", "café x"), ("a", "2"), ("c", "")])
        self.assertEqual(request.body, b"a=1&b=caf%C3%A9+x&a=2&c")
        self.assertEqual(request.files, [])
        self.assertIsNone(request.json)

    def test_bad_escape(self) -> None:
        self.refused("Content-Type: application/x-www-form-urlencoded", b"a=%zz", 400)

    def test_too_many_fields(self) -> None:
        kind = "Content-Type: application/x-www-form-urlencoded"
        self.assertEqual(len(self.post(kind, b"a&" * 9 + b"a", max_multipart_parts=10).form()), 10)
        answer = self.refused(kind, b"a&" * 10 + b"a", 413, max_multipart_parts=10)
        self.assertEqual(answer.json["error"]["details"]["limit"], "max_multipart_parts")

    def test_other_types_are_left_alone(self) -> None:
        request = self.post("Content-Type: text/plain; charset=iso-8859-1", b"\xe9%zz{")
        self.assertEqual((request.body, request.form()), (b"\xe9%zz{", []))


class JsonTests(BodyCase):
    def test_parsed(self) -> None:
        for kind in ("application/json", "application/ld+json", 'Application/JSON; charset="utf-8"'):
            request = self.post(f"Content-Type: {kind}", b'{"a": [1, "\xc3\xa9"]}')
            self.assertEqual(request.json, {"a": [1, "é"]})
            self.assertTrue(request.is_json)

    def test_malformed_never_reaches_the_application(self) -> None:
        for body in (b"{", b"[1,]", b"nul", b"NaN", b"1 2", b'"\xff"', b'{"a":1}x', b"[" * 100_000, b"'a'"):
            self.assertEqual(self.refused("Content-Type: application/json", body, 400).code, "BAD_REQUEST")

    def test_empty_is_no_body(self) -> None:
        request = self.post("Content-Type: application/json", b"")
        self.assertIsNone(request.json)
        self.assertFalse(request.is_json)


class UnsupportedTests(BodyCase):
    def test_415(self) -> None:
        for kind in (
            "multipart/mixed; boundary=B",
            "multipart/related; boundary=B",
            "application/json; charset=utf-16",
            "application/x-www-form-urlencoded; charset=shift_jis",
        ):
            answer = self.refused(f"Content-Type: {kind}", b"{}", 415)
            self.assertEqual(answer.code, "UNSUPPORTED_MEDIA_TYPE")
        for coding in ("gzip", "br", "identity, gzip"):
            answer = self.refused("Content-Type: text/plain", b"x", 415, f"Content-Encoding: {coding}")
            self.assertEqual(answer.headers["accept-encoding"], "identity")
        self.assertEqual(self.post("Content-Type: text/plain", b"x", "Content-Encoding: identity").body, b"x")

    def test_refused_before_the_body_arrives(self) -> None:
        server = Server()
        wire = server.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/mixed\r\nContent-Length: 9\r\n\r\n"
        )
        self.assertEqual(wire.answer.status, 415)


class MultipartTests(BodyCase):
    BODY = (
        part('form-data; name="title"', "Grüße".encode())
        + part(
            'form-data; name="doc"; filename="a \\"b\\".txt"',
            b"one\r\n--Bx\r\ntwo",
            "Content-Type: text/plain",
        )
        + part('form-data; name="doc"; filename="empty.bin"', b"")
        + b"--B--\r\n"
    )

    def check(self, request: Any) -> None:
        self.assertEqual(request.form(), [("title", "Grüße")])
        found = [(f.field, f.filename, f.content_type, f.size, f.bytes()) for f in request.files]
        self.assertEqual(
            found,
            [
                ("doc", 'a "b".txt', "text/plain", 14, b"one\r\n--Bx\r\ntwo"),
                ("doc", "empty.bin", "application/octet-stream", 0, b""),
            ],
        )
        self.assertEqual(request.body, self.BODY)

    def test_req_http_002_files(self) -> None:
        self.check(self.post(MULTIPART, self.BODY))
        self.check(self.post('Content-Type: multipart/form-data; charset=utf-8; boundary="B"', self.BODY))

    def test_byte_by_byte(self) -> None:
        server = Server()
        head = f"PUT / HTTP/1.1\r\nHost: a\r\n{MULTIPART}\r\nContent-Length: {len(self.BODY)}\r\n\r\n"
        wire = server.send(head.encode())
        for byte in self.BODY:
            wire.send(bytes([byte]))
        self.check(server.requests[0])

    @given(st.lists(st.integers(1, 60), max_size=12))
    def test_any_split(self, sizes: list[int]) -> None:
        server = Server()
        head = f"POST / HTTP/1.1\r\nHost: a\r\n{MULTIPART}\r\nContent-Length: {len(self.BODY)}\r\n\r\n"
        wire, rest = server.send(head.encode()), self.BODY
        for size in sizes:
            if rest:
                wire.send(rest[:size])
                rest = rest[size:]
        if rest:
            wire.send(rest)
        self.check(server.requests[0])

    def test_malformed(self) -> None:
        good = part('form-data; name="a"', b"x")
        for body in (
            b"nonsense",
            good,
            good + b"--B-",
            b"--B\r\n\r\nx\r\n--B--\r\n",
            part('attachment; name="a"', b"x") + b"--B--\r\n",
            part("form-data", b"x") + b"--B--\r\n",
            part('form-data; name="a"', b"x", "Content-Transfer-Encoding: base64") + b"--B--\r\n",
            part('form-data; name="a"', b"x", "Content-Disposition: form-data") + b"--B--\r\n",
            part('form-data; name="a"', b"x", "Bad Header: 1") + b"--B--\r\n",
            part('form-data; name="a"', b"x", "X: " + "a" * 5000) + b"--B--\r\n",
            part('form-data; name="a"', b"x", *[f"X-{n}: a" for n in range(9)]) + b"--B--\r\n",
        ):
            self.assertEqual(self.refused(MULTIPART, body, 400).code, "BAD_REQUEST", body[:80])

    def test_boundary(self) -> None:
        for kind in (
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=" + "b" * 71,
        ):
            self.refused(f"Content-Type: {kind}", b"--B--\r\n", 400)

    def test_too_many_parts(self) -> None:
        body = part('form-data; name="a"', b"x") * 4 + b"--B--\r\n"
        self.assertEqual(len(self.post(MULTIPART, body, max_multipart_parts=4).form()), 4)
        self.refused(MULTIPART, body, 413, max_multipart_parts=3)

    def test_text_fields_have_the_body_limit(self) -> None:
        body = part('form-data; name="a"', b"x" * 600) * 2 + b"--B--\r\n"
        self.assertEqual(len(self.post(MULTIPART, body, max_body_bytes=1200).form()), 2)
        answer = self.refused(MULTIPART, body, 413, max_body_bytes=1199)
        self.assertEqual(answer.json["error"]["details"]["config_key"], "server.max_body_bytes")

    def test_files_share_the_received_bytes(self) -> None:
        body = part('form-data; name="f"; filename="x"', b"d" * 50_000) + b"--B--\r\n"
        request = self.post(MULTIPART, body)
        (piece, *_) = request.files[0]._pieces
        self.assertIs(piece.obj, request._body._chunks[0])


class MediaTypeTests(SynchronousTestCase):
    def test_parameters(self) -> None:
        self.assertEqual(media_type(None), ("", {}))
        self.assertEqual(media_type("Text/HTML"), ("text/html", {}))
        self.assertEqual(media_type('a/b; X=1; y="q\\"; z=2"; x=3'), ("a/b", {"x": "1", "y": 'q"; z=2'}))
