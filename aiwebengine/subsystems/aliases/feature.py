"""The feature of the aliases."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IEngineService, IFeature, IServices
from aiwebengine.subsystems.management.feature import make_guard, make_hub
from aiwebengine.subsystems.management.guard import Guard
from aiwebengine.subsystems.management.sse import EventHub

__all__ = ["Aliases", "build"]


@implementer(IFeature, IEngineService)
class Aliases:
    """Answers the paths of existing deployers."""

    prefixes = (
        "api/scripts",
        "upsert_script",
        "delete_script",
        "read_script",
        "script_logs",
        "script_updates",
    )

    def __init__(self, services: IServices, guard: Guard, hub: EventHub) -> None:
        self._services = services
        self._guard = guard
        self._hub = hub

    def resource(self) -> Any:
        """Give the guarded resource."""
        from aiwebengine.subsystems.aliases.api import AliasAPI
        from aiwebengine.subsystems.management.mount import GuardedApp

        api = AliasAPI(self._services, self._hub)
        return GuardedApp(api.app.resource(), self._guard.admit_deployer)

    def raw_body(self, request: Any) -> bool:
        """Tell whether the body is a script's source, whatever its Content-Type says."""
        path: str = request.path_text
        return path.startswith("/api/scripts/")

    def body_limit(self, request: Any) -> int | None:
        """Give the most bytes a request's body may have: a script may be percent-encoded in a form."""
        longest: int = self._services.configuration.section("javascript").max_script_bytes
        return longest * 3 + 65536

    async def start(self) -> None:
        """Do nothing: it works from the first request on."""

    async def stop(self) -> None:
        """End the event streams."""
        self._hub.end_all()


def build(services: IServices) -> Aliases:
    """Make the feature."""
    return Aliases(services, make_guard(services), make_hub(services))
