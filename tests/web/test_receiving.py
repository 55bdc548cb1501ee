"""Heads and bodies: what is taken, each refusal (REQ-HTTP-002, REQ-HTTP-005, REQ-SEC-001, REQ-STD-001)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.web.support import Server

HOST = b"Host: example.com\r\n"


class RequestPartsTests(SynchronousTestCase):
    def test_req_http_002_parts(self) -> None:
        server = Server()
        server.get(
            "/caf%C3%A9/./x//y?a=1&b=%20z+w&a=2&flag",
            'Cookie: sid=abc; sid=later; q="quoted"; bad; =x',
            "X-Twice: one",
            "x-twice: two",
        )
        (request,) = server.requests
        self.assertEqual(request.method, b"GET")
        self.assertEqual(request.path_text, "/café/x/y")
        self.assertEqual(request.uri, b"/caf%C3%A9/./x//y?a=1&b=%20z+w&a=2&flag")
        self.assertEqual(request.query, [("a", "1"), ("b", " z w"), ("a", "2"), ("flag", "")])
        self.assertEqual(request.http_version, "1.1")
        self.assertEqual(request.cookies, {"sid": "abc", "q": "quoted"})
        self.assertEqual(request.headers["x-twice"], "one, two")
        self.assertEqual(request.header("X-Twice"), "one, two")
        self.assertIsNone(request.header("X-None"))
        self.assertEqual(request.host, "example.com")
        self.assertEqual(request.body, b"")
        self.assertFalse(request.secure)

    def test_head_split_into_bytes(self) -> None:
        server = Server()
        wire = server.connect()
        for byte in b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n":
            wire.send(bytes([byte]))
        self.assertEqual(wire.answer.status, 200)

    def test_one_leading_empty_line_is_forgiven(self) -> None:
        self.assertEqual(Server().send(b"\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n").answer.status, 200)
        self.assertEqual(
            Server().connect().send(b"\r\n").send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").answer.status, 200
        )
        self.assertEqual(Server().send(b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n").answer.status, 400)

    def test_absolute_form(self) -> None:
        server = Server()
        server.send(b"GET http://other.example:81/a?b=c HTTP/1.1\r\n" + HOST + b"\r\n")
        (request,) = server.requests
        self.assertEqual(
            (request.host, request.path_text, request.raw_query), ("other.example:81", "/a", "b=c")
        )

    def test_options_star(self) -> None:
        server = Server()
        answer = server.send(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n").answer
        self.assertEqual(answer.status, 204)
        self.assertIn("PATCH", answer.headers["allow"])
        self.assertEqual(server.requests, [])

    def test_request_id(self) -> None:
        kept = Server().get("/", "X-Request-Id: abc.DEF-1_2")
        self.assertEqual(kept.answer.headers["x-request-id"], "abc.DEF-1_2")
        for bad in ("has space", "x" * 129, "é"):
            made = Server().get("/", f"X-Request-Id: {bad}").answer.headers["x-request-id"]
            self.assertEqual(made, "010101010101-1")


class MalformedHeadTests(SynchronousTestCase):
    """Each of these is 400 BAD_REQUEST with the common body, and the connection is closed."""

    def refused(self, data: bytes, status: int = 400, code: str = "BAD_REQUEST") -> None:
        server = Server()
        wire = server.send(data)
        answer = wire.answer
        self.assertEqual((answer.status, answer.code), (status, code), data)
        self.assertEqual(answer.headers["connection"], "close")
        self.assertTrue(wire.closed)
        self.assertEqual(server.requests, [])

    def line(self, line: bytes, status: int = 400, code: str = "BAD_REQUEST") -> None:
        self.refused(line + b"\r\n" + HOST + b"\r\n", status, code)

    def field(self, field: bytes) -> None:
        self.refused(b"POST /x HTTP/1.1\r\n" + HOST + field + b"\r\n\r\n0\r\n\r\n")

    def test_request_line(self) -> None:
        for line in (
            b"GET /",
            b"GET  / HTTP/1.1",
            b"GET / HTTP/1.1 ",
            b"GET / HTTP/2.0",
            b"GET / http/1.1",
            b"G@T / HTTP/1.1",
            b"GET /a#b HTTP/1.1",
            b"GET x HTTP/1.1",
            b"GET ftp://x/ HTTP/1.1",
            b"GET /\xc3\xa9 HTTP/1.1",
            b"GET * HTTP/1.1",
            b"GET http://a b/ HTTP/1.1",
            b"GET http://us@er/ HTTP/1.1",
            b"\x16\x03\x01\x02\x00\x01",
        ):
            self.line(line)

    def test_unknown_methods_are_501(self) -> None:
        for method in (b"TRACE", b"CONNECT", b"PROPFIND", b"get"):
            self.line(method + b" /x HTTP/1.1", 501, "NOT_IMPLEMENTED")

    def test_req_sec_001_paths(self) -> None:
        for path in (
            b"/a/../b",
            b"/..",
            b"/%2e%2e/etc/passwd",
            b"/a/%2E./b",
            b"/..%2fetc",
            b"/a%5c..%5cb",
            b"/a\\b",
            b"/a%00b",
            b"/a%0ab",
            b"/a%7f",
            b"/%",
            b"/%4",
            b"/%zz",
            b"/%ff",
            b"/%c0%ae%c0%ae/",
            b"/?a=%",
            b"/?a=%2",
            b"/?%gg=1",
        ):
            self.line(b"GET " + path + b" HTTP/1.1")

    def test_fields(self) -> None:
        for field in (
            b"No-Colon",
            b"Bad Name: x",
            b"Name : x",
            b": x",
            b"X: a\r\n folded",
            b"X: a\x00b",
            b"X: a\x0bb",
            b"X: a\nY: b",
            b"X: a\rY: b",
            b"Content-Length: 1\r\nContent-Length: 1",
            b"Content-Length: +1",
            b"Content-Length: -1",
            b"Content-Length: 1, 1",
            b"Content-Length: 0x1",
            b"Content-Length: \xb2",
            b"Content-Length: " + b"9" * 19,
            b"Content-Length: ",
            b"Content-Type: a/b\r\nContent-Type: c/d",
        ):
            self.field(field)

    def test_req_std_001_smuggling(self) -> None:
        for field in (
            b"Transfer-Encoding: chunked\r\nContent-Length: 5",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: gzip, chunked",
            b"Transfer-Encoding: chunked, identity",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: xchunked",
            b"Transfer-Encoding : chunked",
            b"Transfer-Encoding: \x0bchunked",
            b"Transfer-Encoding:",
        ):
            self.field(field)
        self.refused(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

    def test_host(self) -> None:
        self.refused(b"GET / HTTP/1.1\r\n\r\n")
        for host in (b"a\r\nHost: b", b"a b", b"a/b", b"", b"[::1", b"a:b", b"u@a", b"a:123456", b"a,b"):
            self.refused(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        for host in ("example.com", "example.com:80", "[::1]:8080", "127.0.0.1", "a:"):
            server = Server()
            answer = server.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).answer
            self.assertEqual(answer.status, 200, host)

    def test_expectation(self) -> None:
        self.refused(
            b"POST / HTTP/1.1\r\n" + HOST + b"Expect: miracles\r\nContent-Length: 1\r\n\r\n",
            417,
            "EXPECTATION_FAILED",
        )

    def test_error_body_names_the_request(self) -> None:
        answer = Server().get("/a/../b?x=1", method="DELETE").answer
        error = answer.json["error"]
        self.assertEqual(answer.json["status"], 400)
        self.assertEqual((error["path"], error["method"]), ("/a/../b", "DELETE"))
        self.assertEqual(error["request_id"], answer.headers["x-request-id"])
        self.assertEqual(error["timestamp"], "2023-11-14T22:13:20.000Z")
        self.assertEqual(set(answer.json), {"error", "status"})
        self.assertEqual(set(error), {"code", "message", "request_id", "timestamp", "path", "method"})


class SizeLimitTests(SynchronousTestCase):
    def test_uri_too_long(self) -> None:
        long = "/" + "a" * 8192
        for wire in (Server().get(long), Server().send(b"GET " + long.encode() + b"a" * 100)):
            self.assertEqual((wire.answer.status, wire.answer.code), (414, "URI_TOO_LONG"))
            self.assertEqual(wire.answer.json["error"]["details"]["config_key"], "server.max_uri_bytes")
            self.assertEqual(wire.answer.json["error"]["method"], "GET")
            self.assertTrue(wire.closed)
        self.assertEqual(Server().get("/" + "a" * 8191).answer.status, 200)

    def test_headers_too_large(self) -> None:
        whole = Server().get("/", "X: " + "a" * 16400)
        growing = Server().send(b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 16500)
        for wire in (whole, growing):
            self.assertEqual((wire.answer.status, wire.answer.code), (431, "REQUEST_HEADER_FIELDS_TOO_LARGE"))
            self.assertTrue(wire.closed)
        self.assertEqual(Server().get("/", "X: " + "a" * 16000).answer.status, 200)

    def test_too_many_headers(self) -> None:
        self.assertEqual(Server().get("/", *[f"X-{n}: 1" for n in range(199)]).answer.status, 200)
        wire = Server().get("/", *[f"X-{n}: 1" for n in range(200)])
        self.assertEqual(wire.answer.status, 431)
        self.assertEqual(wire.answer.json["error"]["details"]["used"], 201)

    def test_req_http_005_content_length_at_once(self) -> None:
        server = Server(max_body_bytes=100)
        wire = server.send(b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 101\r\n\r\n")
        self.assertEqual((wire.answer.status, wire.answer.code), (413, "PAYLOAD_TOO_LARGE"))
        self.assertEqual(
            wire.answer.json["error"]["details"],
            {
                "limit": "max_body_bytes",
                "value": 100,
                "used": 101,
                "unit": "bytes",
                "config_key": "server.max_body_bytes",
            },
        )
        self.assertTrue(wire.closed)
        self.assertEqual(server.requests, [])

    def test_req_http_005_chunked_as_soon_as_it_passes(self) -> None:
        server = Server(max_body_bytes=100)
        wire = server.send(
            b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n50\r\n" + b"a" * 80
        )
        self.assertEqual(wire.raw, b"")
        wire.send(b"\r\n50\r\n" + b"a" * 20)
        self.assertEqual(wire.raw, b"")
        wire.send(b"a")
        self.assertEqual(wire.answer.status, 413)
        self.assertTrue(wire.closed)
        self.assertEqual(server.requests, [])

    def test_multipart_has_the_upload_limit(self) -> None:
        server = Server(max_body_bytes=10, max_upload_bytes=1000)
        kind = "Content-Type: multipart/form-data; boundary=B"
        part = (
            b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
            + b"d" * 500
            + b"\r\n--B--\r\n"
        )
        self.assertEqual(server.get("/", kind, method="POST", body=part).answer.status, 200)
        answer = server.get("/", kind, method="POST", body=b"x" * 1001).answer
        self.assertEqual(answer.status, 413)
        self.assertEqual(answer.json["error"]["details"]["config_key"], "server.max_upload_bytes")

    def test_413_comes_before_100_continue(self) -> None:
        server = Server(max_body_bytes=10)
        head = b"PUT /x HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: "
        self.assertEqual([a.status for a in server.send(head + b"11\r\n\r\n").answers], [413])
        wire = server.send(head + b"5\r\n\r\n")
        self.assertEqual(wire.raw, b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.send(b"12345")
        self.assertEqual([a.status for a in wire.answers], [100, 200])
        self.assertEqual(server.requests[0].body, b"12345")

    def test_no_100_when_the_body_is_there_already(self) -> None:
        server = Server()
        data = b"PUT /x HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab"
        self.assertEqual([a.status for a in server.send(data).answers], [200])


class BodyArrivalTests(SynchronousTestCase):
    def test_identity_in_pieces(self) -> None:
        server = Server()
        wire = server.send(b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\n")
        for piece in (b"01", b"234", b"56789GET /y HTTP/1.1\r\n" + HOST + b"\r\n"):
            wire.send(piece)
        self.assertEqual([request.body for request in server.requests], [b"0123456789", b""])
        self.assertEqual(len(wire.answers), 2)

    def test_chunked_byte_by_byte(self) -> None:
        server = Server()
        data = (
            b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: Chunked\r\n\r\n"
            b'3\r\nabc\r\nA;name="v"\r\n0123456789\r\n000\r\nX-Trailer: t\r\n\r\n'
            b"GET /y HTTP/1.1\r\n" + HOST + b"\r\n"
        )
        wire = server.connect()
        for byte in data:
            wire.send(bytes([byte]))
        self.assertEqual([request.body for request in server.requests], [b"abc0123456789", b""])
        whole = Server()
        whole.send(data)
        self.assertEqual([request.body for request in whole.requests], [b"abc0123456789", b""])

    def test_req_std_001_bad_chunks(self) -> None:
        head = b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        for body in (
            b"xyz\r\n",
            b"\r\n",
            b"-1\r\n",
            b"+1\r\n",
            b"0x1\r\n",
            b"1 \r\n",
            b"1\r\nab\r\n",
            b"1;a\x00\r\n",
            b"1\n",
            b"f" * 16 + b"\r\n",
            b"1;" + b"a" * 2000,
            b"1;" + b"a" * 2000 + b"\r\n",
            b"0\r\nbad trailer\r\n\r\n",
            b"0\r\nX: a\x00\r\n\r\n",
            (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 17,
        ):
            server = Server()
            wire = server.send(head + body + b"\r\n" * (b"\n" in body and b"\r\n" not in body))
            self.assertEqual(wire.answer.status, 400, body[:20])
            self.assertTrue(wire.closed)
            self.assertEqual(server.requests, [])

    def test_content_length_zero(self) -> None:
        server = Server()
        server.send(b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n")
        self.assertEqual(server.requests[0].body, b"")


_PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [
            b"GET /x HTTP/1.1\r\n",
            b"POST /%2e HTTP/1.1\r\n",
            b"GET / HTTP/1.0\r\n",
            HOST,
            b"Content-Length: 3\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Type: application/json\r\n",
            b"Content-Type: multipart/form-data; boundary=B\r\n",
            b"Expect: 100-continue\r\n",
            b"Connection: close\r\n",
            b"\r\n",
            b"\n",
            b"3\r\n",
            b"0\r\n",
            b"abc",
            b"{}",
            b"--B--\r\n",
        ]
    ),
)


class AnythingTests(SynchronousTestCase):
    @given(st.lists(_PIECES, max_size=25))
    def test_any_input_gets_well_formed_answers_and_no_error(self, pieces: list[bytes]) -> None:
        server = Server()
        wire = server.connect()
        for piece in pieces:
            if not wire.closed:
                wire.send(piece)
        for answer in wire.answers:
            self.assertIn(answer.status, (100, 200, 400, 415, 417, 501))
        whole = server.send(b"".join(pieces))
        self.assertEqual(
            [answer.status for answer in whole.answers if answer.status != 100],
            [answer.status for answer in wire.answers if answer.status != 100],
        )
        self.assertEqual(self.flushLoggedErrors(), [])


class ConnectionTests(SynchronousTestCase):
    def test_keep_alive_and_close(self) -> None:
        cases = (
            (b"HTTP/1.1", b"", False, None),
            (b"HTTP/1.1", b"Connection: close\r\n", True, "close"),
            (b"HTTP/1.1", b"Connection: x, Close\r\n", True, "close"),
            (b"HTTP/1.0", b"", True, "close"),
            (b"HTTP/1.0", b"Connection: Keep-Alive\r\n", False, "keep-alive"),
        )
        for version, field, closed, header in cases:
            wire = Server().send(b"GET / " + version + b"\r\n" + HOST + field + b"\r\n")
            self.assertEqual((wire.closed, wire.answer.headers.get("connection")), (closed, header))

    def test_http_1_0_needs_no_host(self) -> None:
        self.assertEqual(Server().send(b"GET / HTTP/1.0\r\n\r\n").answer.status, 200)

    def test_pipelined_requests_are_answered_in_order(self) -> None:
        server = Server(reply=None)
        wire = server.send(b"".join(b"GET /%d HTTP/1.1\r\n%b\r\n" % (n, HOST) for n in range(3)))
        for number in range(3):
            self.assertEqual(len(server.requests), number + 1)
            server.requests[-1].answer(200, [], b"%d" % number)
        self.assertEqual([answer.body for answer in wire.answers], [b"0", b"1", b"2"])

    def test_many_pipelined_requests_do_not_recurse(self) -> None:
        wire = Server().send((b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 3000)
        self.assertEqual(len(wire.answers), 3000)

    def test_pipelining_beyond_measure_pauses_reading(self) -> None:
        server = Server(reply=None)
        wire = server.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        wire.send(b"GET /" + b"a" * 40_000)
        self.assertEqual(wire.transport.producerState, "producing")
        wire.send(b"a" * 40_000)
        self.assertEqual(wire.transport.producerState, "paused")
        server.requests[0].answer(200, [], b"")
        self.assertEqual(wire.transport.producerState, "producing")
        self.assertEqual([answer.status for answer in wire.answers], [200, 414])

    def test_nothing_is_served_after_close(self) -> None:
        server = Server()
        request = b"GET / HTTP/1.1\r\n" + HOST
        server.send(request + b"Connection: close\r\n\r\n" + request + b"\r\n")
        self.assertEqual(len(server.requests), 1)

    def test_too_many_connections(self) -> None:
        server = Server(max_connections=2)
        first, second = server.connect(), server.connect()
        third = server.connect()
        self.assertEqual((third.answer.status, third.answer.code), (503, "SERVICE_UNAVAILABLE"))
        self.assertEqual(third.answer.headers["retry-after"], "1")
        self.assertTrue(third.closed)
        first.hang_up()
        self.assertEqual(server.get("/").answer.status, 200)
        self.assertFalse(second.closed)

    def test_far_too_many_connections_are_closed_at_once(self) -> None:
        server = Server(max_connections=0)
        server.site.channels.update(object() for _ in range(64))  # type: ignore[misc]
        self.assertIsNone(server.site.buildProtocol(None))
