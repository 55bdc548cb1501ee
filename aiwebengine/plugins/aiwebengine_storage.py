"""The plugin ``storage``: the descriptor only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.subsystems.storage.settings import StorageSettings


@implementer(IPlugin)
class _Storage:
    name = "storage"
    summary = "The storage object of scripts: JSON values by key that last, per script and per user."
    section = "storage"
    settings = StorageSettings
    requires: Sequence[str] = ()

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the provider."""
        from aiwebengine.subsystems.storage.feature import Storage

        storage = Storage(services, settings)
        services.configuration.on_reload(lambda old, new: storage.apply(new.section("storage")))
        return storage


storage = _Storage()
