"""Deadlines, draining, and real sockets where the socket is the point (REQ-HTTP-004, REQ-PERF-004)."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ClientEndpoint, TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import CertificateOptions, DistinguishedName, KeyPair, PrivateCertificate
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from aiwebengine.errors import ConfigurationInvalid
from aiwebengine.web.refusals import request_timeout
from aiwebengine.web.root import Root
from aiwebengine.web.site import EngineSite
from tests.web.support import Scripts, Server, hello, make_settings, parse_answers

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


class DeadlineTests(SynchronousTestCase):
    def test_dripping_headers_are_408(self) -> None:
        server = Server()
        wire = server.connect()
        for byte in b"GET /slow HTTP/1.1":
            wire.send(bytes([byte]))
            server.advance(0.5)
        self.assertEqual(wire.raw, b"")
        server.advance(2)
        self.assertEqual((wire.answer.status, wire.answer.code), (408, "REQUEST_TIMEOUT"))
        self.assertEqual(wire.answer.json["error"]["details"]["config_key"], "server.header_timeout_ms")
        self.assertEqual(wire.answer.json["error"]["path"], "/slow")
        self.assertTrue(wire.closed)

    def test_silent_connection_is_closed_silently(self) -> None:
        server = Server()
        wire = server.connect()
        server.advance(11)
        self.assertEqual((wire.raw, wire.closed), (b"", True))

    def test_idle_keep_alive(self) -> None:
        server = Server()
        wire = server.send(GET)
        server.advance(59)
        wire.send(GET)
        server.advance(59)
        self.assertFalse(wire.closed)
        server.advance(2)
        self.assertTrue(wire.closed)
        self.assertEqual(len(wire.answers), 2)

    def test_later_heads_have_the_deadline_too(self) -> None:
        server = Server()
        wire = server.send(GET)
        server.advance(30)
        wire.send(b"GET /")
        server.advance(11)
        self.assertEqual([answer.status for answer in wire.answers], [200, 408])

    def test_dripping_body_is_408(self) -> None:
        server = Server()
        wire = server.send(POST)
        for _ in range(30):
            server.advance(0.5)
            if not wire.closed:
                wire.send(b"x" * 200)
        self.assertEqual(wire.answer.status, 408)
        self.assertEqual(
            wire.answer.json["error"]["details"]["config_key"], "server.min_body_rate_bytes_per_s"
        )
        self.assertEqual(server.requests, [])

    def test_slow_but_steady_body_is_taken(self) -> None:
        server = Server()
        wire = server.send(POST)
        for _ in range(100):
            server.advance(1)
            wire.send(b"x" * 1000)
        self.assertEqual(wire.answer.status, 200)

    def test_req_http_004_request_deadline(self) -> None:
        def slow(request: Any) -> None:
            problem = request_timeout("no answer", 5000, "server.request_timeout_ms")
            request.set_deadline(5, lambda request: request.refuse(problem))

        server = Server(reply=slow)
        wire = server.send(GET)
        server.advance(4.75)
        self.assertEqual(wire.raw, b"")
        server.advance(0.5)
        self.assertEqual((wire.answer.status, wire.answer.code), (408, "REQUEST_TIMEOUT"))

    def test_deadline_that_fails_is_500(self) -> None:
        server = Server(reply=lambda request: request.set_deadline(1, lambda request: 1 / 0))
        wire = server.send(GET)
        server.advance(2)
        self.assertEqual(wire.answer.status, 500)
        self.flushLoggedErrors(ZeroDivisionError)

    def test_answered_in_time_has_no_deadline(self) -> None:
        late: list[Any] = []
        server = Server(reply=None)
        wire = server.send(GET)
        server.requests[0].set_deadline(1, late.append)
        server.requests[0].answer(200, [], b"")
        server.advance(5)
        self.assertEqual((late, wire.closed), ([], False))

    def test_big_answer_in_flight_is_not_idle(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET)
        wire.channel.pauseProducing()
        server.requests[0].answer(200, [], b"x" * 500_000)
        server.advance(600)
        self.assertFalse(wire.closed)
        wire.channel.resumeProducing()
        server.advance(61)
        self.assertTrue(wire.closed)


class SiteTests(SynchronousTestCase):
    def test_no_timers_per_connection_or_request(self) -> None:
        server = Server(reply=None)
        before = len(server.clock.getDelayedCalls())
        for _ in range(5):
            server.send(GET)
            server.send(POST)
        self.assertEqual(len(server.clock.getDelayedCalls()), before)

    def test_drain(self) -> None:
        server = Server(reply=None)
        idle, busy = server.connect(), server.send(GET)
        drained = server.site.drain()
        self.assertTrue(idle.closed)
        self.assertNoResult(drained)
        server.requests[0].answer(200, [], b"")
        self.assertEqual(busy.answer.headers["connection"], "close")
        self.successResultOf(drained)
        self.successResultOf(server.site.drain())
        self.assertEqual(server.clock.getDelayedCalls(), [])

    def test_drain_does_not_wait_for_those_who_come_later(self) -> None:
        """While the port stays open new requests are refused, and their connections not waited for."""
        server = Server(reply=None)
        busy = server.send(GET)
        drained = server.site.drain()
        late = server.connect()
        answer = server.send(GET).answer
        self.assertEqual((answer.status, answer.code), (503, "SERVICE_UNAVAILABLE"))
        self.assertEqual((answer.headers["retry-after"], answer.headers["connection"]), ("1", "close"))
        server.requests[0].answer(200, [], b"")
        self.assertEqual(busy.answer.status, 200)
        self.successResultOf(drained)
        server.site.close()
        self.assertTrue(late.closed)

    def test_drain_again(self) -> None:
        server = Server(reply=None)
        server.send(GET)
        first, second = server.site.drain(), server.site.drain()
        server.requests[0].answer(200, [], b"")
        self.successResultOf(first)
        self.successResultOf(second)

    def test_features_that_answer_while_draining(self) -> None:
        from twisted.web.static import Data

        class Feature:
            prefixes = ("health",)
            while_draining = True

            def resource(self) -> Any:
                resource = Data(b"still here", "text/plain")
                resource.isLeaf = True
                return resource

        server = Server(features=[Feature()])
        server.site.drain()
        self.assertEqual(server.get("/health").answer.body, b"still here")
        self.assertEqual(server.get("/other").answer.status, 503)

    def test_abort(self) -> None:
        server = Server(reply=None)
        wire = server.send(GET)
        server.site.stopFactory()
        server.site.abort()
        self.assertTrue(wire.closed)

    def test_alpn_offers_http_1_1_only(self) -> None:
        self.assertEqual(Server().site.acceptableProtocols(), [b"http/1.1"])

    def test_sweep_survives_a_broken_connection(self) -> None:
        server = Server()
        broken, other = server.connect(), server.connect()
        broken.channel.expired = lambda: 1 / 0  # type: ignore[assignment,method-assign,return-value]
        server.advance(11)
        self.assertTrue(broken.closed)
        self.assertTrue(other.closed)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_apply(self) -> None:
        server = Server()
        server.site.apply(make_settings(max_uri_bytes=10))
        server.root.apply(make_settings(max_body_bytes=1))
        self.assertEqual(server.get("/" + "a" * 20).answer.status, 414)
        self.assertEqual(server.get("/", method="POST", body=b"ab").answer.status, 413)

    def test_bad_trusted_proxies(self) -> None:
        self.assertRaises(ConfigurationInvalid, Server, trusted_proxies=["nonsense"])


class _Client(Protocol):
    def __init__(self) -> None:
        self.data = b""
        self.closed: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        self.closed.callback(self.data)


class SocketTests(TestCase):
    """A real listening socket; time is a Clock, so nothing here waits."""

    def serve(self, reply: Any = hello, **changes: Any) -> EngineSite:
        self.scripts = Scripts(reply)
        settings = make_settings(**changes)
        self.clock = Clock()
        self.clock.callLater = real_reactor.callLater  # type: ignore[attr-defined,method-assign]
        site = EngineSite(settings, Root(self.scripts, settings=settings), self.clock)
        port = real_reactor.listenTCP(0, site, interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(port.stopListening)
        self.addCleanup(site.drain)
        self.addCleanup(site.abort)
        self.endpoint = TCP4ClientEndpoint(real_reactor, "127.0.0.1", port.getHost().port)
        return site

    async def connect(self) -> Any:
        return await connectProtocol(self.endpoint, _Client())

    async def test_pipelining(self) -> None:
        self.serve()
        client = await self.connect()
        client.transport.write(GET * 50 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        self.assertEqual(len(parse_answers(await client.closed)), 51)

    async def test_refusal_survives_unread_input(self) -> None:
        """A client in the middle of a big upload reads its 413: the connection is not reset under it."""
        self.serve(max_body_bytes=10)
        client = await self.connect()
        client.transport.write(POST + b"x" * 100_000)
        client.transport.write(b"x" * 100_000)
        (answer,) = parse_answers(await client.closed)
        self.assertEqual(answer.status, 413)

    async def test_too_many_connections(self) -> None:
        self.serve(max_connections=0)
        client = await self.connect()
        client.transport.write(GET)
        (answer,) = parse_answers(await client.closed)
        self.assertEqual(answer.status, 503)

    async def test_tls(self) -> None:
        """Over TLS requests are secure, refusals arrive and connections end in good order."""
        site = self.serve(lambda request: request.answer(200, [], b"%d" % request.secure))
        certificate = _self_signed()
        port = real_reactor.listenSSL(0, site, certificate.options(), interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(port.stopListening)
        endpoint = SSL4ClientEndpoint(real_reactor, "127.0.0.1", port.getHost().port, CertificateOptions())
        client: Any = await connectProtocol(endpoint, _Client())
        client.transport.write(GET + b"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n")
        first, second = parse_answers(await client.closed)
        self.assertEqual((first.body, second.status), (b"1", 400))

    async def test_half_close(self) -> None:
        held: list[Any] = []

        def later(request: Any) -> None:
            held.append(request)
            real_reactor.callLater(0.01, request.answer, 200, [], b"late")  # type: ignore[attr-defined]

        self.serve(later)
        client = await self.connect()
        client.transport.write(GET)
        client.transport.loseWriteConnection()
        (answer,) = parse_answers(await client.closed)
        self.assertEqual(answer.body, b"late")

    async def test_smuggled_request_is_never_served(self) -> None:
        self.serve()
        client = await self.connect()
        client.transport.write(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        (answer,) = parse_answers(await client.closed)
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.scripts.requests, [])

    async def test_slowloris_connections_end(self) -> None:
        site = self.serve()
        clients = [await self.connect() for _ in range(5)]
        for client in clients:
            client.transport.write(b"GET / HTTP/1.1\r\nX-Drip: ")
        while sum(bool(channel._held) for channel in site.channels) < 5:
            await _turn()
        self.clock.rightNow += 10.5
        site.sweep()
        for client in clients:
            (answer,) = parse_answers(await client.closed)
            self.assertEqual(answer.status, 408)

    async def test_slow_reader_holds_the_source(self) -> None:
        """A stream to a client that does not read is paused, and goes on when it reads."""
        streams: list[Any] = []
        self.serve(lambda request: streams.append(request.stream(200, [])))
        client = await self.connect()
        client.transport.pauseProducing()
        client.transport.write(GET)
        while not streams:
            await _turn()
        written = 0
        while not streams[0].paused:
            streams[0].write(b"x" * 65536)
            written += 65536
            await _turn()
        ready = streams[0].when_ready()
        client.transport.resumeProducing()
        await ready
        # Not read to the end: the system trickles what waits for a small window, which would take a minute.
        client.transport.abortConnection()
        await client.closed
        self.assertGreater(written, 65536)


def _self_signed() -> PrivateCertificate:
    key = KeyPair.generate(size=2048)
    name = DistinguishedName(CN="localhost")
    request = key.certificateRequest(name)
    signed = key.signCertificateRequest(name, request, lambda _: True, 1)
    return PrivateCertificate.load(signed, key)


def _turn() -> Deferred[None]:
    turned: Deferred[None] = Deferred()
    real_reactor.callLater(0, turned.callback, None)  # type: ignore[attr-defined]
    return turned
