"""The plugin ``web_platform``."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class WebPlatformPlugin:
    """Descriptor of the web platform names."""

    name: str = "web_platform"
    summary: str = "URL, Headers, Request, Response, streams, events, timers and the like for scripts."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider."""
        from aiwebengine.sandbox.globals import PackagedGlobals

        return PackagedGlobals("aiwebengine.subsystems.web_platform")


web_platform = WebPlatformPlugin()
