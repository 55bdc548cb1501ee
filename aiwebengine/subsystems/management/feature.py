"""The management feature: its resource, the announcement of the key, and its stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService, IFeature, IManagementExtension, IServices
from aiwebengine.subsystems.management.guard import Guard
from aiwebengine.subsystems.management.sse import EventHub

__all__ = ["Management", "build", "make_guard", "make_hub"]

_BATCH_FACTOR = 32


@implementer(IFeature, IEngineService)
class Management:
    """Answers below ``/engine``."""

    prefixes = ("engine",)

    def __init__(self, services: IServices, guard: Guard, hub: EventHub) -> None:
        self._services = services
        #: Who may use it.
        self.guard = guard
        self._hub = hub
        self._log = Logger()

    def resource(self) -> Any:
        """Give the guarded resource."""
        from aiwebengine.subsystems.management.api import OPEN_PATHS, ManagementAPI
        from aiwebengine.subsystems.management.mount import GuardedApp

        further = {one.segment: one.endpoints(self._hub) for one in self._extensions()}
        operations = [operation for endpoints in further.values() for operation in endpoints.operations]
        api = ManagementAPI(self._services, self._hub, operations)
        resources = {segment: endpoints.app.resource() for segment, endpoints in further.items()}
        return GuardedApp(api.app.resource(), self.guard.admit, OPEN_PATHS, resources)

    def _extensions(self) -> Sequence[Any]:
        return self._services.providers(IManagementExtension)

    def _asked_of_extension(self, request: Any, method: str) -> Any:
        """Give what the extension whose segment it is says of a request, None where it says nothing."""
        path: str = request.path_text
        segment = path.split("/", 3)[2] if path.count("/") > 1 else ""
        for one in self._extensions():
            if one.segment == segment and hasattr(one, method):
                return getattr(one, method)(request)
        return None

    def raw_body(self, request: Any) -> bool:
        """Tell whether the body is taken as bytes, such as a script's source, whatever its type says."""
        path: str = request.path_text
        if self._asked_of_extension(request, "raw_body"):
            return True
        return (path.startswith("/engine/scripts/") and request.method == b"PUT") or path == "/engine/check"

    def body_limit(self, request: Any) -> int | None:
        """Give the most bytes a request's body may have: room for one script, in a batch for many."""
        other: int | None = self._asked_of_extension(request, "body_limit")
        if other is not None:
            return other
        longest: int = self._services.configuration.section("javascript").max_script_bytes
        # The registry refuses a script that is too long in its own words, so a little more may come in.
        return longest * _BATCH_FACTOR if request.path_text == "/engine/batch" else longest * 2 + 65536

    async def start(self) -> None:
        """Say how to get in with the key of this development engine, if it made one."""
        key = self.guard.own_key
        if key is None:
            return
        server = self._services.configuration.section("server")
        bound = next((url for url in self._services.urls if url.startswith("http")), "")
        origin = server.public_url.rstrip("/") or bound
        prefixes = [prefix for one in self._services.providers(IFeature) for prefix in one.prefixes]
        if not origin:
            self._log.info("no security.api_key is set; this development engine made one: {key}", key=key)
        elif "engine/editor" in prefixes:
            self._log.info(
                "no security.api_key is set; this development engine made one: {url}",
                url=f"{origin}/engine/editor#key={key}",
            )
        else:
            self._log.info(
                "no security.api_key is set; this development engine made one:"
                # Not as "Authorization: …": the log's scrubber would blot the key out.
                " {key} (send it as a Bearer credential, to {url} say)",
                key=key,
                url=f"{origin}/engine/scripts",
            )

    def drain(self) -> None:
        """End the event streams, which would hold up a shutdown."""
        self._hub.end_all()

    async def stop(self) -> None:
        """End the event streams."""
        self._hub.end_all()


def build(services: IServices) -> Management:
    """Make the feature by the sections ``management``, ``security``, ``server`` and ``streams``."""
    return Management(services, make_guard(services), make_hub(services))


def make_guard(services: IServices) -> Guard:
    """Give the guard of the management feature if it was built, so that wrong keys are counted once."""
    for feature in services.providers(IFeature):
        if isinstance(feature, Management):
            return feature.guard
    reactor: Any = services.reactor
    return Guard(services.configuration, seconds=reactor.seconds)


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
