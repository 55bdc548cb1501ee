"""Pictures of assets for scripts: a few made at a time, small ones remembered."""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import DeferredSemaphore

from aiwebengine.errors import AIWebEngineError
from aiwebengine.interfaces import IAssetRepository
from aiwebengine.subsystems.assets.settings import AssetSettings

if TYPE_CHECKING:
    from aiwebengine.subsystems.assets.pictures import Picture, Wish

__all__ = ["MOST_BYTES", "Images", "ImagesBusy", "ImagesUnusable"]

#: The largest picture that a script is given.
MOST_BYTES = 2_097_152
# Each may take hundreds of megabytes while it is decoded.
_AT_ONCE = 2
_PACKAGE = "PIL"
# Requests end after some seconds, what they have asked for does not: a crowd must not keep others out.
_MOST_WAITING = 50
# Thumbnails, mostly: 8 MiB at the very most.
_MOST_KEPT = 128
_KEPT_BYTES_EACH = 65_536


class ImagesUnusable(AIWebEngineError):
    """Pillow is not installed."""

    script_name = "Error"

    def __str__(self) -> str:
        return "assets.image needs Pillow on the server: pip install 'aiwebengine[images]'"


class ImagesBusy(AIWebEngineError):
    """Too many pictures are waited for; uncaught in a script it is answered with 503."""

    script_name = "ServiceUnavailableError"

    def __str__(self) -> str:
        return f"assets.image: {_MOST_WAITING} pictures are waiting to be made already"


class Images:
    """
    Makes pictures of assets.

    ``blocking(function, *arguments)`` has a function called in a thread and gives an awaitable of its result.
    """

    def __init__(
        self,
        repository: IAssetRepository,
        settings: Callable[[], AssetSettings],
        blocking: Callable[..., Awaitable[Any]],
    ) -> None:
        self._repository = repository
        self._settings = settings
        self._blocking = blocking
        self._turns = DeferredSemaphore(_AT_ONCE)
        self._kept: OrderedDict[str, Picture] = OrderedDict()

    async def make(self, name: str, **wish: Any) -> Picture:
        """
        Give the picture that is wished (see `aiwebengine.subsystems.assets.pictures.Wish`).

        Raises `AssetNotFound`, `ImagesUnusable`, `ImagesBusy`, ValueError for what is no picture or too
        large.
        """
        if importlib.util.find_spec(_PACKAGE) is None:
            raise ImagesUnusable
        from aiwebengine.subsystems.assets.pictures import Wish

        wanted = Wish(**wish)
        asset = await self._repository.stat(name)
        key = f"{asset.sha256} {wanted}"
        known = self._known(key)
        if known is not None:
            return known
        if len(self._turns.waiting) >= _MOST_WAITING:
            raise ImagesBusy
        await self._turns.acquire()
        try:
            # Whoever had its turn before may have wished for the same.
            return self._known(key) or await self._make_new(name, wanted)
        finally:
            self._turns.release()

    def _known(self, key: str) -> Picture | None:
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
        return known

    async def _make_new(self, name: str, wanted: Wish) -> Picture:
        from aiwebengine.subsystems.assets.pictures import convert

        settings = self._settings()
        asset, content = await self._repository.get(name)
        made: Picture = await self._blocking(convert, content, wanted, settings.max_image_pixels)
        if len(made.content) > MOST_BYTES:
            raise ValueError(f"would have {len(made.content)} bytes, at most {MOST_BYTES} are given")
        self._keep(f"{asset.sha256} {wanted}", made)
        return made

    def _keep(self, key: str, made: Picture) -> None:
        if len(made.content) > _KEPT_BYTES_EACH:
            return
        self._kept[key] = made
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
