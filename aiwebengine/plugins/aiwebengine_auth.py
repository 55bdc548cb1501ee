"""The ``auth`` plugin's descriptor."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin


@implementer(IPlugin)
@attrs.frozen
class AuthPlugin:
    """The auth object of scripts: who asks, and what they may do."""

    name: str = "auth"
    summary: str = "The auth object of scripts: who asks, and what they may do."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: Any) -> object:
        """Make the provider."""
        from aiwebengine.subsystems.auth.provider import AuthGlobals

        return AuthGlobals()


auth = AuthPlugin()
