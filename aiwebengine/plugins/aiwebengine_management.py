"""The management API: the descriptor only."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin
from aiwebengine.subsystems.management.settings import ManagementSettings


@implementer(IPlugin)
@attrs.frozen
class ManagementPlugin:
    """Manage scripts and read logs over HTTP, below /engine."""

    name: str = "management"
    summary: str = "Manage scripts and read logs over HTTP, below /engine."
    section: str | None = "management"
    settings: Any = ManagementSettings
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: Any) -> object | None:
        """Make the feature."""
        from aiwebengine.subsystems.management.feature import build

        return build(services)


management = ManagementPlugin()
