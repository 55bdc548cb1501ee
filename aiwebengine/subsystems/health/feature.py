"""The health endpoints: a small leaf resource over all `IHealthCheck` providers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, TimeoutError, gatherResults
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from aiwebengine._version import VERSION
from aiwebengine.interfaces import IEngineService, IFeature, IHealthCheck
from aiwebengine.web.errors import timestamp
from aiwebengine.web.refusals import not_found

__all__ = ["Health"]

_RANK = {"healthy": 0, "degraded": 1, "unhealthy": 2}
_HEADERS = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")]
_log = Logger()


@implementer(IFeature, IEngineService)
class Health:
    """
    Answers ``/health`` and ``/health/ready`` from all checks, ``/health/live`` from none (it is alive if it
    answers). The worst check is the whole's status; ``unhealthy`` and draining are 503, ``degraded`` is 200.

    ``checks`` gives the providers at the time of asking; ``clock`` is an IReactorTime.
    """

    prefixes: Sequence[str] = ("health",)
    while_draining = True

    def __init__(
        self, checks: Callable[[], Sequence[IHealthCheck]], clock: Any, timeout_ms: int = 2000
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._timeout = timeout_ms / 1000
        self._started = clock.seconds()
        self.draining = False

    def resource(self) -> Resource:
        """Give the leaf resource."""
        return _HealthResource(self)

    async def start(self) -> None:
        """Begin to count the uptime."""
        self._started = self._clock.seconds()

    def drain(self) -> None:
        """Be unready from now on, so that a load balancer looks elsewhere."""
        self.draining = True

    async def stop(self) -> None:
        """Be unready, if nobody said so before."""
        self.draining = True

    async def report(self, *, live_only: bool = False) -> dict[str, Any]:
        """Give the body of an answer; ``checks`` by name, each with ``status`` and ``latency_ms``."""
        checks: dict[str, Any] = {}
        if not live_only:
            providers = list(self._checks())
            looks = [Deferred.fromCoroutine(self._look(provider)) for provider in providers]
            found = await gatherResults(looks)
            checks = {provider.name: result for provider, result in zip(providers, found, strict=True)}
            if self.draining:
                checks["draining"] = {"status": "unhealthy", "message": "the server is shutting down"}
        worst = max((_RANK[check["status"]] for check in checks.values()), default=0)
        now = self._clock.seconds()
        return {
            "status": list(_RANK)[worst],
            "timestamp": timestamp(now),
            "version": VERSION,
            "uptime_s": round(now - self._started, 3),
            "checks": checks,
        }

    async def _look(self, provider: IHealthCheck) -> dict[str, object]:
        began = self._clock.seconds()
        try:
            waiting = Deferred.fromCoroutine(provider.check())
            waiting.addTimeout(self._timeout, self._clock)
            result = dict(await waiting)
            if result.get("status") not in _RANK:
                result["status"] = "unhealthy"
        except TimeoutError:
            result = {"status": "unhealthy", "message": f"no answer within {self._timeout:g} s"}
        except Exception:
            # The error's text may hold addresses or credentials, and this endpoint is public.
            _log.failure("the health check {name} failed", name=provider.name)
            result = {"status": "unhealthy", "message": "the check failed"}
        result["latency_ms"] = round((self._clock.seconds() - began) * 1000, 3)
        return result


class _HealthResource(Resource):
    isLeaf = True  # noqa: N815

    def __init__(self, health: Health) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._health = health

    def render_GET(self, request: Any) -> int:  # noqa: N802
        """Answer; HEAD too."""
        if request.path_text.rstrip("/") not in ("/health", "/health/live", "/health/ready"):
            request.refuse(not_found(request.path_text))
        else:
            Deferred.fromCoroutine(self._answer(request))
        return NOT_DONE_YET

    async def _answer(self, request: Any) -> None:
        try:
            live_only = request.path_text.rstrip("/") == "/health/live"
            report = await self._health.report(live_only=live_only)
            status = 503 if report["status"] == "unhealthy" else 200
            request.answer(status, _HEADERS, msgspec.json.encode(report))
        except Exception as error:
            request.refuse(error)
