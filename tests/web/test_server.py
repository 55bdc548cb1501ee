"""The server service: binding, starting, draining, stopping, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from aiwebengine.config.sections import ServerSettings
from aiwebengine.interfaces import IServices
from aiwebengine.testing.client import Answer, Client
from aiwebengine.testing.engine import LocalEngine
from aiwebengine.web.server import endpoint_strings, url_of, write_whole
from tests.http.support import PATIENT_MS

SCRIPTS = {
    "a.js": 'register("/hello", () => "hello");'
    'register("/slow", async () => { await new Promise(r => setTimeout(r, 200)); return "slow"; });'
}


class HelperTests(SynchronousTestCase):
    def test_endpoints(self) -> None:
        self.assertEqual(endpoint_strings(ServerSettings()), ("tcp:8080:interface=127.0.0.1:backlog=1024",))
        self.assertEqual(
            endpoint_strings(ServerSettings(host="::1", port=1, backlog=5)),
            (r"tcp6:1:interface=\:\:1:backlog=5",),
        )
        self.assertEqual(endpoint_strings(ServerSettings(listen=("tcp:1", "unix:x"))), ("tcp:1", "unix:x"))

    def test_urls(self) -> None:
        self.assertEqual(url_of(IPv4Address("TCP", "127.0.0.1", 80)), "http://127.0.0.1:80")
        self.assertEqual(url_of(IPv6Address("TCP", "::1", 80)), "http://[::1]:80")
        self.assertEqual(url_of(UNIXAddress("/run/x")), "unix:/run/x")

    def test_write_whole(self) -> None:
        path = Path(self.mktemp()) / "sub" / "port"
        write_whole(path, "one")
        write_whole(path, "two")
        self.assertEqual(path.read_text(), "two")
        self.assertEqual(list(path.parent.iterdir()), [path])


class ServerTests(TestCase):
    """A whole engine on trial's reactor."""

    async def start(self, **settings: object) -> LocalEngine:
        named = {key.replace("__", "."): value for key, value in settings.items()}
        patient = {"server.request_timeout_ms": PATIENT_MS, "health.check_timeout_ms": PATIENT_MS}
        engine = await LocalEngine.start(reactor, settings={**patient, **named}, scripts=SCRIPTS)
        self.addCleanup(lambda: Deferred.fromCoroutine(engine.stop()))
        return engine

    async def get(self, engine: LocalEngine, path: str) -> Answer:
        answer: Answer = await deferToThread(Client(engine.url).get, path)
        return answer

    async def test_serves(self) -> None:
        engine = await self.start()
        self.assertTrue(IServices.providedBy(engine.services))
        self.assertEqual((await self.get(engine, "/hello")).text, "hello")
        checks = (await self.get(engine, "/health")).json["checks"]
        self.assertEqual(
            {name: check["status"] for name, check in checks.items()},
            {"javascript": "healthy", "repository": "healthy"},
        )

    async def test_port_file(self) -> None:
        path = Path(self.mktemp()).absolute()
        engine = await self.start(server__port_file=str(path))
        self.assertEqual(path.read_text(), engine.url + "\n")
        await engine.stop()
        self.assertFalse(path.exists())

    async def test_unix_socket(self) -> None:
        path = f"/tmp/{Path(self.mktemp()).name}"
        engine = await self.start(server__listen=["tcp:0:interface=127.0.0.1", f"unix:{path}"])
        self.assertEqual(engine.services.urls[1], f"unix:{path}")

    async def test_stop_waits_for_requests_under_way(self) -> None:
        engine = await self.start()
        answer = deferToThread(Client(engine.url).get, "/slow")
        # A look in each turn of the reactor cannot miss it.
        while not engine.services.sandboxes.status()["requests"]:
            await deferLater(reactor, 0)
        await engine.stop()
        self.assertEqual((await answer).text, "slow")

    async def test_port_in_use_is_said(self) -> None:
        engine = await self.start()
        port = int(engine.url.rpartition(":")[2])
        error = await self.assertFailure(
            Deferred.fromCoroutine(LocalEngine.start(reactor, settings={"server.port": port})), SystemExit
        )
        self.assertIn(f"cannot listen on tcp:{port}", str(error))

    async def test_reconfigured(self) -> None:
        engine = await self.start()
        old = engine.services.configuration.snapshot

        class New:
            def section(self, name: str) -> Any:
                return ServerSettings(request_timeout_ms=77, max_uri_bytes=100)

        engine.server._reconfigured(old, New())
        self.assertEqual(engine.services.sandboxes.request_timeout_ms, 77)
        self.assertEqual((await self.get(engine, "/" + "x" * 200)).status, 414)
