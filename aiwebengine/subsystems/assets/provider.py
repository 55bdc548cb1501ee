"""What the plugin ``assets`` provides."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import (
    IEngineService,
    IExchange,
    IFallback,
    IFeature,
    IManagementExtension,
    IRequestObserver,
    IScriptGlobals,
    IServices,
)
from aiwebengine.sandbox.prelude import Piece, pieces_of
from aiwebengine.subsystems.assets.images import Images
from aiwebengine.subsystems.assets.index import PublicAssets
from aiwebengine.subsystems.assets.script_api import AssetOperations
from aiwebengine.subsystems.assets.serving import AssetServing
from aiwebengine.subsystems.assets.settings import AssetSettings
from aiwebengine.subsystems.assets.store import AssetStore
from aiwebengine.subsystems.assets.uploads import Uploads

__all__ = ["Assets", "build"]

# So that an asset which is a little too large is refused by its name.
_ROOM = 65_536


@implementer(IManagementExtension, IFallback, IEngineService)
class Assets:
    """Serves assets, and the operations below ``/engine/assets``."""

    segment = "assets"
    _log = Logger()

    def __init__(self, services: IServices) -> None:
        self._services = services
        repository = services.repository.assets
        interval_s = self._settings().refresh_ms / 1000
        self._public = PublicAssets(services.reactor, repository, interval_s)
        self.store = AssetStore(
            repository, self._settings, self._most_upload_bytes, self._public.changed, self._reserved
        )
        reactor: Any = services.reactor
        self._uploads = Uploads(reactor.seconds)
        self._serving = AssetServing(repository, self._public, self._settings, self._blocking)

    def _settings(self) -> AssetSettings:
        settings: AssetSettings = self._services.configuration.section("assets")
        return settings

    def _most_upload_bytes(self) -> int:
        most: int = self._services.configuration.section("server").max_upload_bytes
        return most

    def _reserved(self) -> list[str]:
        return [prefix for feature in self._services.providers(IFeature) for prefix in feature.prefixes]

    def _blocking(self, function: Any, *arguments: Any) -> Awaitable[Any]:
        reactor: Any = self._services.reactor
        return deferToThreadPool(reactor, reactor.getThreadPool(), function, *arguments)

    # IFallback

    def answer(self, exchange: IExchange) -> Any:
        """Answer with an asset or a file, if there is one."""
        return self._serving.answer(exchange)

    async def claim(self, path: str) -> str | None:
        """Tell which asset or file a path asks for, None for none."""
        return await self._serving.claim(path)

    # IEngineService

    async def start(self) -> None:
        """Read which assets are public; say which directories are not there (they may come later)."""
        for directory in self._settings().directories:
            if not Path(directory).is_dir():
                self._log.warn("assets.directories: {directory} is no directory", directory=directory)
        await self._public.start()

    async def stop(self) -> None:
        """Look at the repository no more."""
        await self._public.stop()

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


@implementer(IScriptGlobals, IRequestObserver)
class AssetsForScripts(Assets):
    """The same, with the name ``assets`` for scripts."""

    # IScriptGlobals

    def pieces(self) -> Sequence[Piece]:
        """Give the piece with ``assets``."""
        return pieces_of(__package__)

    def typings(self) -> str:
        """Give its declarations."""
        return files(__package__).joinpath("typings.d.ts").read_text("utf-8")

    def operations(self) -> Mapping[str, Any]:
        """Give the operations behind it."""
        images = Images(self._services.repository.assets, self._settings, self._blocking)
        return AssetOperations(self.store, self._uploads, images).by_name()

    def registrations(self) -> Mapping[str, Any]:
        """Give no checkers: nothing is registered."""
        return {}

    # IRequestObserver

    def finished(self, exchange: IExchange) -> None:
        """Forget what the request has handed over in part."""
        if self._uploads.size:
            self._uploads.request_ended(exchange.request_id)


def build(services: IServices) -> Assets:
    """Make the provider, without the name for scripts where ``javascript.allowed_apis`` leaves it out."""
    allowed = services.configuration.section("javascript").allowed_apis
    return AssetsForScripts(services) if not allowed or "assets" in allowed else Assets(services)
