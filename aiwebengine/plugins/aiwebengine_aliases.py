"""The paths of existing deployers: the descriptor only."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin


@implementer(IPlugin)
@attrs.frozen
class AliasesPlugin:
    """Answer the paths that existing deployers use, such as /upsert_script."""

    name: str = "aliases"
    summary: str = "Answer the paths that existing deployers use, such as /upsert_script."
    section: str | None = None
    settings: Any = None
    requires: tuple[str, ...] = ("management",)

    def build(self, settings: Any, services: Any) -> object | None:
        """Make the feature."""
        from aiwebengine.subsystems.aliases.feature import build

        return build(services)


aliases = AliasesPlugin()
