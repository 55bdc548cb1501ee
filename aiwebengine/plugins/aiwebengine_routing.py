"""The plugin ``routing``."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class RoutingPlugin:
    """Descriptor of the routing names."""

    name: str = "routing"
    summary: str = "register and registerErrorHandler for scripts."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider."""
        from aiwebengine.sandbox.globals import PackagedGlobals

        return PackagedGlobals("aiwebengine.subsystems.routing")


routing = RoutingPlugin()
