"""Scripts from directories: the descriptor only."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin


@implementer(IPlugin)
@attrs.frozen
class ScriptDirectoriesPlugin:
    """Load the scripts of directories and reload them when they change."""

    name: str = "script_directories"
    summary: str = "Load the scripts of directories and reload them when they change."
    section: str | None = None
    settings: Any = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: Any) -> object | None:
        """Make the service, or None without directories."""
        from aiwebengine.subsystems.script_directories.service import build

        return build(services)


script_directories = ScriptDirectoriesPlugin()
