"""`storage` as one part of the engine: the names of scripts, and what operators see of what they keep."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IManagementExtension, IServices
from aiwebengine.subsystems.storage.provider import StorageGlobals
from aiwebengine.subsystems.storage.settings import StorageSettings

__all__ = ["Storage"]


@implementer(IManagementExtension)
class Storage(StorageGlobals):
    """Gives scripts `storage`, and the management API ``/engine/storage``."""

    segment = "storage"

    def __init__(self, services: IServices, settings: StorageSettings) -> None:
        super().__init__(services.repository, settings)
        self._services = services

    def endpoints(self, hub: Any) -> Any:
        """Give the operations."""
        from aiwebengine.subsystems.storage.endpoints import StorageEndpoints

        return StorageEndpoints(self._services, hub)
