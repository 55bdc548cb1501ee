"""New versions on trial: the descriptor only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.subsystems.canary.settings import CanarySettings


@implementer(IPlugin)
class _Canary:
    name = "canary"
    summary = (
        "New versions on trial: a share of the requests, taken back by itself when they fail more often."
    )
    section = "canary"
    settings = CanarySettings
    requires: Sequence[str] = ("management",)

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the watch."""
        from aiwebengine.subsystems.canary.watch import CanaryWatch

        watch = CanaryWatch(services, settings)
        services.configuration.on_reload(lambda old, new: watch.apply(new.section("canary")))
        return watch


canary = _Canary()
