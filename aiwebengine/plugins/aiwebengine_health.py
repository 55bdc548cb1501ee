"""Plugin descriptor: /health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IHealthCheck, IPlugin, IServices
from aiwebengine.subsystems.health.settings import HealthSettings


@implementer(IPlugin)
class _Health:
    name = "health"
    summary = "/health, /health/live and /health/ready over all health checks."
    section = "health"
    settings = HealthSettings
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the feature, None when it is switched off."""
        if not settings.enabled:
            return None
        from aiwebengine.subsystems.health.feature import Health

        return Health(
            lambda: services.providers(IHealthCheck), services.reactor, timeout_ms=settings.check_timeout_ms
        )


health = _Health()
