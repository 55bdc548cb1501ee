"""Assets and files answer where no script does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IAssetRepository, IExchange, IFallback
from aiwebengine.repository.errors import AssetNotFound
from aiwebengine.repository.model import Asset
from aiwebengine.subsystems.assets.answers import Representation, answer_bytes, plan_answer
from aiwebengine.subsystems.assets.contents import MOST_BYTES_EACH, Contents
from aiwebengine.subsystems.assets.files import FoundFile, find_file, is_directory_with
from aiwebengine.subsystems.assets.index import PublicAssets
from aiwebengine.subsystems.assets.media_types import guess_type, with_charset
from aiwebengine.subsystems.assets.names import is_hidden, serving_prefix
from aiwebengine.subsystems.assets.sending import reads, redirect, stream_plan
from aiwebengine.subsystems.assets.settings import AssetSettings

__all__ = ["AssetServing"]

_CHUNK_BYTES = 131_072
# A database reads more than it is asked for.
_PART_BYTES = 1_048_576


@implementer(IFallback)
class AssetServing:
    """
    Answers with public assets of the repository, then with files of the directories.

    ``settings`` gives the section in force. ``blocking(function, *arguments)`` has a function called in a
    thread and gives an awaitable of its result.
    """

    def __init__(
        self,
        repository: IAssetRepository,
        public: PublicAssets,
        settings: Callable[[], AssetSettings],
        blocking: Callable[..., Awaitable[Any]],
    ) -> None:
        self._repository = repository
        self._public = public
        self._settings = settings
        self._blocking = blocking
        self._contents = Contents()

    def answer(self, exchange: IExchange) -> Any:
        """Answer GET and HEAD of what there is, other methods of it with 405; see `IFallback`."""
        settings = self._settings()
        names = _names_of(exchange.path_text, settings)
        if names is None:
            return False
        name, wanted = names
        asset = self._public.get(wanted)
        if asset is not None:
            content = self._contents.get(asset.sha256)
            if content is None and exchange.method == b"GET":
                return self._fetch(exchange, asset, settings)
            return self._answer_asset(exchange, asset, content or b"", settings)
        below = _directory_index(name, settings)
        if below is not None and self._public.get(below) is not None:
            return redirect(exchange)
        if settings.directories:
            return self._answer_file(exchange, name, wanted, settings)
        return False

    async def claim(self, path: str) -> str | None:
        """Tell which asset or file a path asks for, None for none; see `IFallback`."""
        settings = self._settings()
        names = _names_of(path, settings)
        if names is None:
            return None
        _, wanted = names
        if self._public.get(wanted) is not None:
            return f"asset {wanted}"
        directories = [Path(directory) for directory in settings.directories]
        found: FoundFile | None = await self._blocking(find_file, directories, wanted)
        if found is None:
            return None
        found.close()
        return f"file {wanted}"

    # From the repository

    async def _fetch(self, exchange: IExchange, asset: Asset, settings: AssetSettings) -> bool:
        """Answer with a content that is not in memory; what the client has needs none."""
        if plan_answer(exchange, _shown(asset, settings)).status == 304:
            return self._answer_asset(exchange, asset, b"", settings)
        try:
            if asset.size > MOST_BYTES_EACH:
                return await self._send_large(exchange, asset.name, settings)
            asset, content = await self._repository.get(asset.name)
        except AssetNotFound:
            return False
        if not asset.public:
            return False
        self._contents.keep(asset.sha256, content, settings.memory_cache_bytes)
        return self._answer_asset(exchange, asset, content, settings)

    async def _send_large(self, exchange: IExchange, name: str, settings: AssetSettings) -> bool:
        """Send an asset in parts, so that little of it is in memory at a time."""
        asset = await self._repository.stat(name)
        if not asset.public:
            return False

        async def read(at: int, length: int) -> bytes:
            now, part = await self._repository.part(name, at, length)
            return part if now.sha256 == asset.sha256 else b""

        if reads(exchange):
            await stream_plan(exchange, plan_answer(exchange, _shown(asset, settings)), read, _PART_BYTES)
        return True

    def _answer_asset(
        self, exchange: IExchange, asset: Asset, content: bytes, settings: AssetSettings
    ) -> bool:
        if not reads(exchange):
            return True
        answer_bytes(exchange, _shown(asset, settings), content)
        return True

    # From directories

    async def _answer_file(
        self, exchange: IExchange, name: str, wanted: str, settings: AssetSettings
    ) -> bool:
        directories = [Path(directory) for directory in settings.directories]
        found: FoundFile | None = await self._blocking(find_file, directories, wanted)
        if found is None:
            if _directory_index(name, settings) is None or not await self._blocking(
                is_directory_with, directories, name, settings.index
            ):
                return False
            return redirect(exchange)
        try:
            await self._send(exchange, found, wanted, settings)
        finally:
            found.close()
        return True

    async def _send(self, exchange: IExchange, found: FoundFile, name: str, settings: AssetSettings) -> None:
        if not reads(exchange):
            return
        headers = [(b"Cache-Control", _cache_control(name, settings))]
        shown = Representation(found.size, guess_type(name), found.tag, found.modified, headers)
        if found.small is not None or exchange.method == b"HEAD":
            answer_bytes(exchange, shown, found.small or b"")
            return

        async def read(at: int, length: int) -> bytes:
            content: bytes = await self._blocking(found.read, at, length)
            return content

        await stream_plan(exchange, plan_answer(exchange, shown), read, _CHUNK_BYTES)


def _names_of(path: str, settings: AssetSettings) -> tuple[str, str] | None:
    """
    Give the name that a path asks for, with a slash at its end for a directory, and that of the file wanted.

    None for what is not served in any case.
    """
    prefix = serving_prefix(settings.path)
    if not path.startswith(prefix):
        return None
    name = wanted = path[len(prefix) :]
    if not name or name.endswith("/"):
        if not settings.index:
            return None
        wanted = name + settings.index
    return None if is_hidden(wanted) else (name, wanted)


def _directory_index(name: str, settings: AssetSettings) -> str | None:
    """Give the index file of a directory that was asked for without its slash."""
    if not settings.index or not name or name.endswith("/"):
        return None
    return f"{name}/{settings.index}"


def _shown(asset: Asset, settings: AssetSettings) -> Representation:
    return Representation(
        asset.size,
        with_charset(asset.content_type),
        f'"{asset.sha256}"',
        asset.updated_at // 1000,
        [(b"Cache-Control", _cache_control(asset.name, settings))],
    )


def _cache_control(name: str, settings: AssetSettings) -> bytes:
    for pattern, value in settings.cache.items():
        if fnmatchcase(name, pattern):
            return value.encode("ascii")
    return settings.cache_control.encode("ascii")
