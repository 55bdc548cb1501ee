"""The management feature: its resource, its start (the key is announced) and its stop."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService, IFeature, IServices
from aiwebengine.subsystems.management.guard import Guard
from aiwebengine.subsystems.management.sse import EventHub

__all__ = ["Management", "build"]

_BATCH_FACTOR = 32


@implementer(IFeature, IEngineService)
class Management:
    """Answers below ``/engine``."""

    prefixes = ("engine",)

    def __init__(self, services: IServices, guard: Guard, hub: EventHub) -> None:
        self._services = services
        self._guard = guard
        self._hub = hub
        self._log = Logger()

    def resource(self) -> Any:
        """Give the guarded resource."""
        from aiwebengine.subsystems.management.api import ManagementAPI
        from aiwebengine.subsystems.management.mount import GuardedApp

        api = ManagementAPI(self._services, self._hub)
        return GuardedApp(api.app.resource(), self._guard.admit)

    def raw_body(self, request: Any) -> bool:
        """Tell whether the body is a script's source, whatever its Content-Type says."""
        path: str = request.path_text
        return (path.startswith("/engine/scripts/") and request.method == b"PUT") or path == "/engine/check"

    def body_limit(self, request: Any) -> int | None:
        """Give the most bytes a request's body may have: room for one script, in a batch for many."""
        longest: int = self._services.configuration.section("javascript").max_script_bytes
        # The registry refuses a script that is too long in its own words, so a little more may come in.
        return longest * _BATCH_FACTOR if request.path_text == "/engine/batch" else longest * 2 + 65536

    async def start(self) -> None:
        """Say where the key of this development engine is, if it made one."""
        key = self._guard.own_key
        if key is not None:
            server = self._services.configuration.section("server")
            bound = next((url for url in self._services.urls if url.startswith("http")), "")
            origin = server.public_url.rstrip("/") or bound
            origin = origin or f"http://{_authority(server.host, server.port)}"
            self._log.info(
                "no security.api_key is set; this development engine made one: {url}",
                url=f"{origin}/engine/editor#key={key}",
            )

    def drain(self) -> None:
        """End the event streams, which would hold up a shutdown."""
        self._hub.end_all()

    async def stop(self) -> None:
        """End the event streams."""
        self._hub.end_all()


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def build(services: IServices) -> Management:
    """Make the feature by the sections ``security``, ``server`` and, if it is there, ``streams``."""
    return Management(services, Guard(services.configuration), make_hub(services))


def make_hub(services: IServices) -> EventHub:
    """Give a hub with the heartbeat and buffer of ``[streams]``, or the same defaults without it."""
    try:
        streams = services.configuration.section("streams")
    except KeyError:
        streams = None
    reactor: Any = services.reactor
    return EventHub(
        reactor,
        heartbeat_s=getattr(streams, "heartbeat_s", 15),
        buffer=getattr(streams, "client_buffer", 1000),
    )
