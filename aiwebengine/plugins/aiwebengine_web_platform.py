"""Offers the web platform's names to scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class WebPlatformPlugin:
    """URL, Headers, Request, Response, FormData, Blob, streams, events, timers, structuredClone."""

    name: str = "web_platform"
    summary: str = (
        "URL, Request, Response, streams, events, timers and the rest of the web platform for scripts."
    )
    section: None = None
    settings: None = None
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider of the names; it needs no settings and cannot fail."""
        from aiwebengine.subsystems.web_platform.provider import WebPlatform

        return WebPlatform()


web_platform = WebPlatformPlugin()
