"""The plugin ``auth``."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class AuthPlugin:
    """Descriptor of the auth names."""

    name: str = "auth"
    summary: str = "The auth object of scripts: who asks, and what they may do."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider."""
        from aiwebengine.sandbox.globals import PackagedGlobals

        return PackagedGlobals("aiwebengine.subsystems.auth")


auth = AuthPlugin()
