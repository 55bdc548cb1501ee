"""`storage` as one part of the engine: the names of scripts, and what operators see of what they keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IFeature, IServices
from aiwebengine.subsystems.storage.provider import StorageGlobals
from aiwebengine.subsystems.storage.settings import StorageSettings

__all__ = ["Storage"]


@implementer(IFeature)
class Storage(StorageGlobals):
    """Gives scripts `storage` and answers below ``/engine/storage``."""

    prefixes: Sequence[str] = ("engine/storage",)

    def __init__(self, services: IServices, settings: StorageSettings) -> None:
        super().__init__(services.repository, settings)
        self._services = services

    def resource(self) -> Any:
        """Give the resource, guarded as all of ``/engine`` is."""
        from aiwebengine.subsystems.management.feature import make_guard
        from aiwebengine.subsystems.management.mount import GuardedApp
        from aiwebengine.subsystems.storage.api import StorageAPI

        api = StorageAPI(self._services.repository, self._services.script_log)
        return GuardedApp(api.app.resource(), make_guard(self._services).admit)

    def management_operations(self) -> Sequence[Any]:
        """Give the descriptions of what it answers, for the OpenAPI document."""
        from aiwebengine.subsystems.storage.api import operation

        return operation.all
