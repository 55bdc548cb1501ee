"""Plugin descriptor: assets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.subsystems.assets.settings import AssetSettings


@implementer(IPlugin)
class _Assets:
    name = "assets"
    summary = "Files in the repository and in directories: served, managed below /engine, used by scripts."
    section = "assets"
    settings = AssetSettings
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the provider."""
        from aiwebengine.subsystems.assets.provider import build

        return build(services)


assets = _Assets()
