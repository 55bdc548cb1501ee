"""The access log, Server-Timing, recent requests (REQ-LOG-004)."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IEngineService, IPlugin, IRequestGate, IRequestObserver
from aiwebengine.plugins.aiwebengine_request_log import request_log
from aiwebengine.subsystems.request_log.journal import RequestJournal
from aiwebengine.subsystems.request_log.settings import RequestLogSettings
from tests.web.support import Server, hello


class JournalTests(SynchronousTestCase):
    def serve(self, reply: Any = hello, **options: Any) -> Server:
        self.events: list[Any] = []
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        log = Logger(namespace="aiwebengine.access", observer=self.events.append)
        self.journal = RequestJournal(self.clock, log=log, **({"flush_ms": 0} | options))
        for interface in (IRequestGate, IRequestObserver, IEngineService):
            verifyObject(interface, self.journal)
        return Server(reply=reply, gates=[self.journal], observers=[self.journal])

    @property
    def lines(self) -> list[str]:
        return [line for event in self.events for line in event.get("access_lines", ())]

    def test_req_log_004_combined(self) -> None:
        server = self.serve()
        wire = server.get("/a%20b?x=1", "User-Agent: test/1", "Referer: http://r/")
        size = len(wire.raw)
        self.assertEqual(
            self.lines,
            [
                f'192.168.1.1 - - [14/Nov/2023:22:13:20 +0000] "GET /a%20b?x=1 HTTP/1.1" 200 {size} '
                '"http://r/" "test/1" 0.0ms 010101010101-1'
            ],
        )

    def test_common(self) -> None:
        server = self.serve(format="common")
        wire = server.get("/", method="POST")
        self.assertEqual(
            self.lines,
            [f'192.168.1.1 - - [14/Nov/2023:22:13:20 +0000] "POST / HTTP/1.1" 200 {len(wire.raw)}'],
        )

    def test_json(self) -> None:
        def reply(request: Any) -> None:
            request.record.script, request.record.cpu_ms = "a.js", 1.23456
            request.answer(201, [], b"")

        self.serve(reply, format="json").get("/x?y", "User-Agent: t")
        (line,) = self.lines
        entry = json.loads(line)
        self.assertEqual(
            (entry["method"], entry["uri"], entry["status"], entry["script"]), ("GET", "/x?y", 201, "a.js")
        )
        self.assertEqual((entry["cpu_ms"], entry["timestamp"]), (1.235, "2023-11-14T22:13:20.000Z"))
        self.assertEqual((entry["user_agent"], entry["outcome"]), ("t", "answered"))

    def test_off(self) -> None:
        server = self.serve(format="off")
        server.get("/")
        self.assertEqual(self.events, [])
        self.assertEqual(len(self.journal.recent()), 1)

    def test_early_refusals_and_disconnects_are_logged(self) -> None:
        server = self.serve(reply=None)
        server.send(b"BAD\r\n\r\n")
        server.get("/gone").hang_up()
        self.assertIn('"- - HTTP/1.1" 400', self.lines[0].replace('"-  HTTP', '"- - HTTP'))
        self.assertIn('"GET /gone HTTP/1.1" 0 -', self.lines[1])
        self.assertEqual(self.journal.recent()[0]["outcome"], "disconnected")

    def test_entries_cannot_be_forged(self) -> None:
        self.serve().get("/", 'User-Agent: a" 200 \\ \xe9\x85', 'Referer: "')
        self.assertIn('"\\x22" "a\\x22 200 \\x5c \\xc3\\xa9\\xc2\\x85"', self.lines[0])

    def test_lines_are_handed_over_together(self) -> None:
        server = self.serve(flush_ms=200)
        for _ in range(3):
            server.get("/")
        self.assertEqual(self.events, [])
        self.clock.advance(0.2)
        self.assertEqual([len(event["access_lines"]) for event in self.events], [3])
        self.clock.advance(1)
        self.assertEqual(len(self.events), 1)

    def test_many_lines_do_not_wait(self) -> None:
        server = self.serve(flush_ms=200)
        for _ in range(512):
            server.get("/")
        self.assertEqual(len(self.lines), 512)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_writes_what_is_left(self) -> None:
        server = self.serve(flush_ms=200)
        self.successResultOf(Deferred.fromCoroutine(self.journal.start()))
        server.get("/")
        self.successResultOf(Deferred.fromCoroutine(self.journal.stop()))
        self.assertEqual(len(self.lines), 1)

    def test_recent_is_bounded_and_newest_first(self) -> None:
        server = self.serve(keep=3)
        for number in range(5):
            server.get(f"/{number}")
        self.assertEqual([record["path"] for record in self.journal.recent()], ["/4", "/3", "/2"])
        self.assertEqual(len(self.journal.recent(1)), 1)
        self.assertEqual(self.journal.count, 5)

    def test_server_timing_in_development(self) -> None:
        def reply(request: Any) -> None:
            record = request.record
            record.script, record.cpu_ms, record.queue_wait_ms, record.host_calls = "a.js", 1.5, 0.25, 2
            record.memory_peak_bytes = 1000
            request.answer(200, [], b"")

        self.assertEqual(
            self.serve(development=True).get("/").answer.headers["server-timing"], "total;dur=0.00"
        )
        self.assertEqual(
            self.serve(reply, development=True).get("/").answer.headers["server-timing"],
            'total;dur=0.00, queue;dur=0.25, cpu;dur=1.50, memory;desc="1000 bytes", hostcalls;desc="2"',
        )
        self.assertNotIn("server-timing", self.serve().get("/").answer.headers)

    def test_debug_hides_credentials(self) -> None:
        server = self.serve(debug=True)
        server.get("/", "Authorization: Bearer s3cr3t", "Cookie: sid=s3cr3t", "X-Plain: shown")
        asked, answered, _ = self.events
        self.assertEqual(asked["headers"]["authorization"], "(hidden)")
        self.assertEqual(asked["headers"]["x-plain"], "shown")
        self.assertEqual(answered["headers"]["content-type"], "text/plain; charset=utf-8")
        self.assertNotIn("s3cr3t", repr(self.events[:2]))


class PluginTests(SynchronousTestCase):
    def test_build(self) -> None:
        verifyObject(IPlugin, request_log)
        sections = {
            "logging": SimpleNamespace(access_log="off", level="info"),
            "security": SimpleNamespace(mode="development"),
        }
        configuration = SimpleNamespace(section=sections.__getitem__)
        services: Any = SimpleNamespace(reactor=Clock(), configuration=configuration)
        journal: Any = request_log.build(RequestLogSettings(keep=1), services)
        answer = Server(gates=[journal], observers=[journal]).get("/").answer
        self.assertIn("server-timing", answer.headers)
