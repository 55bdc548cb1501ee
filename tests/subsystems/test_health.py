"""/health, /health/live and /health/ready."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from aiwebengine._version import VERSION
from aiwebengine.interfaces import IEngineService, IFeature, IHealthCheck, IPlugin
from aiwebengine.plugins.aiwebengine_health import health
from aiwebengine.subsystems.health.feature import Health
from aiwebengine.subsystems.health.settings import HealthSettings
from tests.web.support import Server


@implementer(IHealthCheck)
class Check:
    def __init__(self, name: str, result: Any) -> None:
        self.name = name
        self.result = result

    async def check(self) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        if isinstance(self.result, Deferred):
            return await self.result
        return {"status": self.result, "extra": 1}


class HealthTests(SynchronousTestCase):
    def serve(self, **results: Any) -> Server:
        clock = Clock()
        self.feature = Health(lambda: [Check(name, result) for name, result in results.items()], clock)
        verifyObject(IFeature, self.feature)
        verifyObject(IEngineService, self.feature)
        self.clock = clock
        return Server(features=[self.feature])

    def test_healthy(self) -> None:
        server = self.serve(javascript="healthy", repository="healthy")
        self.successResultOf(Deferred.fromCoroutine(self.feature.start()))
        self.clock.advance(12.5)
        for path in ("/health", "/health/ready"):
            answer = server.get(path).answer
            self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "no-store"))
            self.assertEqual(
                answer.json,
                {
                    "status": "healthy",
                    "timestamp": "1970-01-01T00:00:12.500Z",
                    "version": VERSION,
                    "uptime_s": 12.5,
                    "checks": {
                        "javascript": {"status": "healthy", "extra": 1, "latency_ms": 0.0},
                        "repository": {"status": "healthy", "extra": 1, "latency_ms": 0.0},
                    },
                },
            )

    def test_the_worst_counts(self) -> None:
        answer = self.serve(a="healthy", b="degraded").get("/health").answer
        self.assertEqual((answer.status, answer.json["status"]), (200, "degraded"))
        answer = self.serve(a="unhealthy", b="degraded").get("/health").answer
        self.assertEqual((answer.status, answer.json["status"]), (503, "unhealthy"))
        answer = self.serve(a="nonsense").get("/health").answer
        self.assertEqual(answer.json["checks"]["a"]["status"], "unhealthy")

    def test_failing_check_tells_no_secrets(self) -> None:
        answer = self.serve(db=ValueError("postgres://user:password@host")).get("/health").answer
        self.assertEqual(answer.status, 503)
        self.assertNotIn(b"password", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_hanging_check(self) -> None:
        server = self.serve(db=Deferred(), other="healthy")
        wire = server.get("/health/ready")
        self.assertEqual(wire.raw, b"")
        self.clock.advance(2)
        answer = wire.answer
        self.assertEqual(answer.status, 503)
        self.assertEqual(
            answer.json["checks"]["db"],
            {"status": "unhealthy", "message": "no answer within 2 s", "latency_ms": 2000.0},
        )

    def test_live_asks_nobody(self) -> None:
        answer = self.serve(db=ValueError()).get("/health/live").answer
        self.assertEqual((answer.status, answer.json["checks"]), (200, {}))

    def test_draining_is_unready_but_alive(self) -> None:
        server = self.serve(a="healthy")
        self.successResultOf(Deferred.fromCoroutine(self.feature.stop()))
        self.assertEqual(server.get("/health/ready").answer.status, 503)
        self.assertEqual(server.get("/health").answer.json["checks"]["draining"]["status"], "unhealthy")
        self.assertEqual(server.get("/health/live").answer.status, 200)

    def test_other_paths_and_methods(self) -> None:
        server = self.serve()
        self.assertEqual(server.get("/health/x").answer.code, "NOT_FOUND")
        self.assertEqual(server.get("/health", method="POST").answer.status, 405)
        self.assertEqual(server.get("/health/").answer.status, 200)

    def test_client_gone(self) -> None:
        waiting: Deferred[Any] = Deferred()
        server = self.serve(db=waiting)
        server.get("/health").hang_up()
        waiting.callback({"status": "healthy"})

    def test_broken_provider_list(self) -> None:
        server = Server(features=[Health(lambda: 1 / 0, Clock())])  # type: ignore[arg-type,return-value]
        self.assertEqual(server.get("/health").answer.status, 500)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class PluginTests(SynchronousTestCase):
    def test_build(self) -> None:
        verifyObject(IPlugin, health)
        asked: list[Any] = []
        services: Any = SimpleNamespace(reactor=Clock(), providers=lambda kind: asked.append(kind) or ())
        self.assertIsNone(health.build(HealthSettings(enabled=False), services))
        feature: Any = health.build(HealthSettings(), services)
        self.assertEqual(Server(features=[feature]).get("/health").answer.status, 200)
        self.assertEqual(asked, [IHealthCheck])
