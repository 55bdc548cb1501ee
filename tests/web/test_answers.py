"""Answers: framing, HEAD, streams at the client's pace, disconnects, upgrades (REQ-HTTP-003)."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionAborted
from twisted.internet.protocol import Protocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange
from tests.web.support import Server, parse_answers

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
GET_OLD = b"GET /x HTTP/1.0\r\n\r\n"
HEAD = b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n"


class WholeAnswerTests(SynchronousTestCase):
    def test_request_is_an_exchange(self) -> None:
        server = Server()
        server.get("/")
        verifyObject(IExchange, server.requests[0])

    def test_head_and_body_go_in_one_write(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET)
        writes: list[bytes] = []
        wire.transport.write = writes.append  # type: ignore[method-assign]
        server.requests[0].answer(200, [(b"Content-Type", b"text/plain")], b"Hello")
        (written,) = writes
        self.assertEqual(
            written,
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
            b"X-Request-Id: 010101010101-1\r\nContent-Length: 5\r\n\r\nHello",
        )

    def test_big_bodies_are_not_copied_into_the_head(self) -> None:
        body = b"x" * 100_000
        answer = Server(reply=lambda request: request.answer(200, [], body)).send(GET).answer
        self.assertEqual(answer.body, body)

    def test_date_changes_with_the_second(self) -> None:
        server = Server()
        server.advance(2)
        self.assertEqual(server.send(GET).answer.headers["date"], "Tue, 14 Nov 2023 22:13:22 GMT")

    def test_no_server_header(self) -> None:
        self.assertNotIn("server", Server().send(GET).answer.headers)

    def test_engine_owned_headers_are_the_engines(self) -> None:
        wrong = [
            (b"content-length", b"99"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Connection", b"close"),
            (b"Date", b"never"),
            (b"X-Request-ID", b"forged"),
        ]
        wire = Server(reply=lambda request: request.answer(200, wrong, b"ok")).send(GET)
        self.assertEqual(wire.answer.body, b"ok")
        self.assertEqual([name for name, _ in wire.answer.pairs], ["Date", "X-Request-Id", "Content-Length"])
        self.assertFalse(wire.closed)

    def test_head_has_the_length_and_no_body(self) -> None:
        wire = Server().send(HEAD)
        (answer,) = parse_answers(wire.raw, head_only=True)
        self.assertEqual((answer.headers["content-length"], answer.body), ("5", b""))
        declared = Server(reply=lambda request: request.answer(200, [(b"Content-Length", b"77")], b"")).send(
            HEAD
        )
        (answer,) = parse_answers(declared.raw, head_only=True)
        self.assertEqual(answer.headers["content-length"], "77")

    def test_bodiless_statuses(self) -> None:
        for status in (204, 304):
            wire = Server(reply=lambda request, status=status: request.answer(status, [], b"")).send(GET)
            self.assertTrue(wire.raw.endswith(b"\r\n\r\n"))
            self.assertNotIn("content-length", wire.answer.headers)

    def test_interim_status_ends_the_connection(self) -> None:
        """Status 100 to 199 is no final answer to a client, so the connection's end is."""
        for status in (100, 101, 103, 199):
            wire = Server(reply=lambda request, status=status: request.answer(status, [], b"x")).send(GET)
            self.assertTrue(wire.raw.startswith(b"HTTP/1.1 %d " % status))
            self.assertTrue(wire.raw.endswith(b"\r\n\r\n"))
            self.assertNotIn("content-length", wire.answer.headers)
            self.assertEqual(wire.answer.headers["connection"], "close")
            self.assertTrue(wire.closed)

    def test_reset_content_is_empty(self) -> None:
        wire = Server(reply=lambda request: request.answer(205, [], b"x")).send(GET)
        self.assertEqual((wire.answer.headers["content-length"], wire.answer.body), ("0", b""))

    def test_second_answer_is_an_error(self) -> None:
        server = Server()
        server.send(GET)
        self.assertRaises(RuntimeError, server.requests[0].answer, 200, [], b"")
        self.assertRaises(RuntimeError, server.requests[0].stream, 200, [])

    def test_what_cannot_be_sent_is_500(self) -> None:
        bad: list[tuple[int, Any]] = [
            (200, [(b"X", b"a\r\nSet-Cookie: x=1")]),
            (200, [(b"X\n", b"a")]),
            (200, [(b"X", b"a\x00")]),
            (99, []),
            (600, []),
        ]
        for status, headers in bad:
            server = Server(reply=lambda request, s=status, h=headers: request.answer(s, h, b"secret"))
            answer = server.send(GET).answer
            self.assertEqual((answer.status, answer.code), (500, "INTERNAL_ERROR"))
            self.assertEqual(server.requests[0].record.status, 500)

    def test_unknown_status_has_a_reason(self) -> None:
        raw = Server(reply=lambda request: request.answer(299, [], b"")).send(GET).raw
        self.assertTrue(raw.startswith(b"HTTP/1.1 299 Status\r\n"))

    def test_raised_errors(self) -> None:
        def broken(request: Any) -> None:
            raise KeyError("secret text")

        answer = Server(reply=broken).send(GET).answer
        self.assertEqual((answer.status, answer.code), (500, "INTERNAL_ERROR"))
        self.assertNotIn(b"secret text", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_problem_headers(self) -> None:
        problem = HTTPProblem(429, "TOO_MANY_REQUESTS", "Slow down.", {"limit": 3}, (("Retry-After", "7"),))
        server = Server(reply=lambda request: request.refuse(problem))
        answer = server.send(GET).answer
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "7"))
        self.assertEqual(answer.json["error"]["details"], {"limit": 3})
        self.assertEqual(server.requests[0].record.error_code, "TOO_MANY_REQUESTS")

    def test_record(self) -> None:
        server = Server(reply=None)
        wire = server.get("/x", method="POST", body=b"12345")
        server.clock.advance(0.2)
        server.requests[0].answer(201, [], b"ok")
        record = server.requests[0].record
        self.assertAlmostEqual(record.wall_ms, 200, 3)
        self.assertEqual(record.response_bytes, len(wire.raw))
        self.assertEqual(
            record.request_bytes,
            len(b"POST /x HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n12345"),
        )
        self.assertEqual((record.status, record.outcome, record.method), (201, "answered", "POST"))
        self.assertEqual(record.as_dict()["path"], "/x")


class StreamTests(SynchronousTestCase):
    def start(self, data: bytes, headers: Any = (), status: int = 200) -> Any:
        server = Server(reply=None)
        wire = server.send(data)
        return server, wire, server.requests[0].stream(status, headers)

    def test_chunked(self) -> None:
        _, wire, stream = self.start(GET)
        self.assertIn(b"Transfer-Encoding: chunked\r\n\r\n", wire.raw)
        for piece in (b"a", b"", b"b" * 20_000, b"c"):
            stream.write(piece)
        stream.finish()
        stream.finish()
        stream.write(b"late")
        self.assertEqual(wire.answer.body, b"a" + b"b" * 20_000 + b"c")
        self.assertFalse(wire.closed)
        self.assertEqual(wire.send(GET).channel.site.application._scripts.requests[-1].path_text, "/x")

    def test_http_1_0_is_ended_by_closing(self) -> None:
        _, wire, stream = self.start(GET_OLD)
        stream.write(b"abc")
        self.assertFalse(wire.closed)
        stream.finish()
        self.assertTrue(wire.closed)
        self.assertTrue(wire.raw.endswith(b"Connection: close\r\n\r\nabc"))

    def test_declared_length(self) -> None:
        _, wire, stream = self.start(GET, [(b"Content-Length", b"4")])
        stream.write(b"ab")
        stream.write(b"cd")
        stream.finish()
        self.assertEqual(wire.answer.body, b"abcd")
        self.assertFalse(wire.closed)

    def test_wrong_declared_length_cuts_the_connection(self) -> None:
        _, wire, stream = self.start(GET, [(b"Content-Length", b"4")])
        self.assertRaises(ValueError, stream.write, b"abcde")
        self.assertTrue(wire.closed)
        _, wire, stream = self.start(GET, [(b"Content-Length", b"4")])
        stream.write(b"ab")
        stream.finish()
        self.assertTrue(wire.closed)

    def test_head_and_204_send_no_body(self) -> None:
        _, wire, stream = self.start(HEAD)
        stream.write(b"abc")
        stream.finish()
        self.assertTrue(wire.raw.endswith(b"Transfer-Encoding: chunked\r\n\r\n"))
        _, wire, stream = self.start(GET, (), 204)
        stream.write(b"abc")
        stream.finish()
        self.assertEqual(wire.answer.body, b"")
        self.assertFalse(wire.closed)

    def test_slow_client_pauses_the_source(self) -> None:
        _, wire, stream = self.start(GET)
        seen: list[str] = []
        stream.on_pause = lambda: seen.append("pause")
        stream.on_drain = lambda: seen.append("drain")
        self.successResultOf(stream.when_ready())
        wire.channel.pauseProducing()
        ready = stream.when_ready()
        self.assertTrue(stream.paused)
        self.assertNoResult(ready)
        wire.channel.resumeProducing()
        self.successResultOf(ready)
        self.assertEqual(seen, ["pause", "drain"])
        self.assertFalse(stream.paused)

    def test_stalled_client_is_cut_off(self) -> None:
        server, wire, stream = self.start(GET)
        wire.channel.pauseProducing()
        waiting = stream.when_ready()
        server.advance(59)
        self.assertFalse(wire.closed)
        server.advance(2)
        self.assertTrue(wire.closed)
        self.failureResultOf(waiting, ConnectionAborted)
        self.assertTrue(stream.closed)
        self.failureResultOf(stream.when_ready(), ConnectionAborted)

    def test_quiet_streams_last(self) -> None:
        server, wire, stream = self.start(GET)
        server.advance(3600)
        stream.write(b"still here")
        self.assertFalse(wire.closed)

    def test_abort(self) -> None:
        server, wire, stream = self.start(GET)
        stream.abort("because")
        self.assertTrue(wire.closed)
        self.assertFalse(wire.raw.endswith(b"0\r\n\r\n"))
        self.assertEqual(server.requests[0].record.outcome, "disconnected")

    def test_error_after_the_head_cuts_the_connection(self) -> None:
        server, wire, _ = self.start(GET)
        server.requests[0].refuse(HTTPProblem(500, "SCRIPT_ERROR", "too late"))
        self.assertTrue(wire.closed)

    def test_stream_that_cannot_start_is_500(self) -> None:
        _, wire, stream = self.start(GET, [(b"X", b"\n")])
        self.assertEqual(wire.answer.status, 500)
        self.assertTrue(stream.closed)
        self.assertFalse(wire.closed)


class DisconnectTests(SynchronousTestCase):
    def test_hooks_and_silence(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET)
        (request,) = server.requests
        gone: list[Any] = []
        request.on_disconnect(lambda request: 1 / 0)
        request.on_disconnect(gone.append)
        finished = request.notifyFinish()
        wire.hang_up()
        self.assertEqual(gone, [request])
        self.assertTrue(request.disconnected)
        self.failureResultOf(finished)
        request.answer(200, [], b"nobody listens")
        request.refuse(HTTPProblem(500, "X", "x"))
        self.assertTrue(request.stream(200, []).closed)
        request.write(b"x")
        request.finish()
        self.assertNotIn(b"nobody", wire.raw)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_hooks_are_not_called_after_the_answer(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET)
        gone: list[Any] = []
        server.requests[0].on_disconnect(gone.append)
        server.requests[0].answer(200, [], b"")
        wire.hang_up()
        self.assertEqual(gone, [])

    def test_half_closed_client_gets_its_answer(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET + GET)
        wire.channel.readConnectionLost()
        for number in range(2):
            self.assertFalse(wire.closed)
            server.requests[number].answer(200, [], b"")
        self.assertEqual(len(wire.answers), 2)
        self.assertTrue(wire.closed)

    def test_half_closed_client_is_asked_whether_it_is_there(self) -> None:
        """One that left looks the same until something is written: a write, then another that notices."""
        server = Server(reply=None)
        wire = server.send(GET)
        wire.channel.readConnectionLost()
        server.advance(0.25)
        self.assertEqual(wire.raw, b"")
        server.advance(10)
        self.assertEqual(wire.raw, b"HTTP/1.1 100 Continue\r\n\r\n" * 2)
        server.requests[0].answer(200, [], b"")
        self.assertEqual(wire.answers[-1].status, 200)
        self.assertTrue(wire.closed)

    def test_half_closed_client_of_http_1_0_is_not_asked(self) -> None:
        server = Server(reply=None)
        wire = server.send(b"GET / HTTP/1.0\r\n\r\n")
        wire.channel.readConnectionLost()
        server.advance(10)
        self.assertEqual(wire.raw, b"")

    def test_deadline_of_a_half_closed_client(self) -> None:
        for before in (True, False):
            server = Server(reply=None)
            wire = server.send(GET)
            if not before:
                wire.channel.readConnectionLost()
            server.requests[0].set_deadline(3, lambda request: request.answer(503, [], b""))
            if before:
                wire.channel.readConnectionLost()
            server.advance(2.75)
            self.assertEqual([answer.status for answer in wire.answers], [100, 100])
            server.advance(0.5)
            self.assertEqual(wire.answers[-1].status, 503)

    def test_half_closed_otherwise_is_closed(self) -> None:
        server = Server(reply=None)
        idle = server.connect()
        idle.channel.readConnectionLost()
        self.assertTrue(idle.closed)
        streaming = server.send(GET)
        server.requests[0].stream(200, [])
        streaming.channel.readConnectionLost()
        self.assertTrue(streaming.closed)

    def test_disconnect_in_the_middle_of_a_body(self) -> None:
        server = Server()
        wire = server.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        wire.hang_up()
        self.assertEqual(server.requests, [])
        self.assertEqual(server.site.channels, set())


class UpgradeTests(SynchronousTestCase):
    def test_bytes_that_came_with_the_request(self) -> None:
        received: list[bytes] = []

        class Other(Protocol):
            def dataReceived(self, data: bytes) -> None:
                received.append(data)

        server = Server(reply=lambda request: request.upgrade([(b"Upgrade", b"other")], Other()))
        server.send(GET + b"frames")
        self.assertEqual(received, [b"frames"])

    def test_the_protocol_gets_the_connection(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET)
        wire.send(b"early")
        received: list[bytes] = []

        class Other(Protocol):
            def dataReceived(self, data: bytes) -> None:
                received.append(data)

            def connectionLost(self, reason: Any = None) -> None:
                received.append(b"lost")

        server.requests[0].upgrade([(b"Upgrade", b"other"), (b"Connection", b"Upgrade")], Other())
        wire.send(b" late")
        self.assertTrue(wire.raw.startswith(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n"))
        server.advance(120)
        self.assertFalse(wire.closed)
        wire.hang_up()
        self.assertEqual(received, [b"early", b" late", b"lost"])
        self.assertEqual(server.requests[0].record.status, 101)
