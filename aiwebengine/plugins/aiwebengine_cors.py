"""Plugin descriptor: CORS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.errors import ConfigurationInvalid, PluginUnusable
from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.subsystems.cors.settings import CorsSettings


@implementer(IPlugin)
class _Cors:
    name = "cors"
    summary = "Cross-Origin Resource Sharing: preflights and Access-Control headers."
    section = "cors"
    settings = CorsSettings
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the gate, None when it is not enabled."""
        if not settings.enabled:
            return None
        from aiwebengine.subsystems.cors.gate import CorsGate

        try:
            return CorsGate(settings)
        except ConfigurationInvalid as error:
            raise PluginUnusable(self.name, __name__, str(error)) from error


cors = _Cors()
