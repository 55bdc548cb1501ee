"""The plugin ``script_logging``."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices


@implementer(IPlugin)
@attrs.frozen
class ScriptLoggingPlugin:
    """Descriptor of the logging names."""

    name: str = "script_logging"
    summary: str = "writeLog and console for scripts."
    section: None = None
    settings: None = None
    requires: tuple[str, ...] = ()

    def build(self, settings: Any, services: IServices) -> object:
        """Make the provider."""
        from aiwebengine.sandbox.globals import PackagedGlobals

        return PackagedGlobals("aiwebengine.subsystems.script_logging")


script_logging = ScriptLoggingPlugin()
