"""What the plugin ``assets`` provides."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IExchange, IManagementExtension, IServices
from aiwebengine.subsystems.assets.settings import AssetSettings
from aiwebengine.subsystems.assets.store import AssetStore

__all__ = ["Assets", "build"]

# So that an asset which is a little too large is refused by its name.
_ROOM = 65_536


@implementer(IManagementExtension)
class Assets:
    """The operations below ``/engine/assets``."""

    segment = "assets"

    def __init__(self, services: IServices) -> None:
        self._services = services
        self.store = AssetStore(services.repository.assets, self._settings, self._most_upload_bytes)

    def _settings(self) -> AssetSettings:
        settings: AssetSettings = self._services.configuration.section("assets")
        return settings

    def _most_upload_bytes(self) -> int:
        most: int = self._services.configuration.section("server").max_upload_bytes
        return most

    # IManagementExtension

    def endpoints(self, hub: Any) -> Any:
        """Give the operations."""
        from aiwebengine.subsystems.assets.endpoints import AssetEndpoints

        return AssetEndpoints(self._services, hub, self.store)

    def raw_body(self, exchange: IExchange) -> bool:
        """Tell whether the body is an asset's bytes."""
        return exchange.method == b"PUT"

    def body_limit(self, exchange: IExchange) -> int | None:
        """Give the most bytes of an asset, or of a form with some."""
        if exchange.method == b"PUT":
            return min(self.store.most_bytes[0] + _ROOM, self._most_upload_bytes())
        return self._most_upload_bytes() if exchange.method == b"POST" else None


def build(services: IServices) -> Assets:
    """Make the provider."""
    return Assets(services)
