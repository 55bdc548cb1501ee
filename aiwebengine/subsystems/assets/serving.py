"""Assets and files answer where no script does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

from twisted.internet.error import ConnectionAborted
from zope.interface import implementer

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IAssetRepository, IExchange, IFallback
from aiwebengine.repository.errors import AssetNotFound, RepositoryUnusable
from aiwebengine.repository.model import Asset
from aiwebengine.subsystems.assets.answers import Plan, Representation, answer_bytes, plan_answer
from aiwebengine.subsystems.assets.contents import MOST_BYTES_EACH, Contents
from aiwebengine.subsystems.assets.files import FoundFile, find_file, is_directory_with
from aiwebengine.subsystems.assets.index import PublicAssets
from aiwebengine.subsystems.assets.media_types import guess_type, with_charset
from aiwebengine.subsystems.assets.names import is_hidden, serving_prefix
from aiwebengine.subsystems.assets.settings import AssetSettings

__all__ = ["AssetServing"]

_ALLOW = "GET, HEAD, OPTIONS"
_CHUNK_BYTES = 131_072
# A database reads more than it is asked for.
_PART_BYTES = 1_048_576
# What the access log and metrics call it; a name for each file would be too many.
_ROUTE = "assets"


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
        name = _name_of(exchange.path_text, serving_prefix(settings.path))
        if name is None:
            return False
        wanted = name
        if not name or name.endswith("/"):
            if not settings.index:
                return False
            wanted = name + settings.index
        if is_hidden(wanted):
            return False
        asset = self._public.get(wanted)
        if asset is not None:
            content = self._contents.get(asset.sha256)
            if content is None and exchange.method == b"GET":
                return self._fetch(exchange, asset, settings)
            return self._answer_asset(exchange, asset, content or b"", settings)
        below = _directory_index(name, settings)
        if below is not None and self._public.get(below) is not None:
            return _redirect(exchange)
        if settings.directories:
            return self._answer_file(exchange, name, wanted, settings)
        return False

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

        exchange.record.route = _ROUTE
        plan = plan_answer(exchange, _shown(asset, settings))
        await _stream(exchange, plan, read, _PART_BYTES)
        return True

    def _answer_asset(
        self, exchange: IExchange, asset: Asset, content: bytes, settings: AssetSettings
    ) -> bool:
        if not _reads(exchange):
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
            return _redirect(exchange)
        try:
            await self._send(exchange, found, wanted, settings)
        finally:
            found.close()
        return True

    async def _send(self, exchange: IExchange, found: FoundFile, name: str, settings: AssetSettings) -> None:
        if not _reads(exchange):
            return
        headers = [(b"Cache-Control", _cache_control(name, settings))]
        shown = Representation(found.size, guess_type(name), found.tag, found.modified, headers)
        if found.small is not None or exchange.method == b"HEAD":
            answer_bytes(exchange, shown, found.small or b"")
            return

        async def read(at: int, length: int) -> bytes:
            content: bytes = await self._blocking(found.read, at, length)
            return content

        await _stream(exchange, plan_answer(exchange, shown), read, _CHUNK_BYTES)


async def _stream(
    exchange: Any, plan: Plan, read: Callable[[int, int], Awaitable[bytes]], most_bytes: int
) -> None:
    """Send what is planned at the client's pace: one piece of up to ``most_bytes`` is in memory at a time."""
    if plan.status == 304:
        exchange.answer(304, plan.headers, b"")
        return
    stream = exchange.stream(plan.status, [*plan.headers, (b"Content-Length", b"%d" % plan.length)])
    try:
        for part in plan.parts:
            if isinstance(part, bytes):
                stream.write(part)
                continue
            at, end = part
            while at < end:
                await stream.when_ready()
                piece = await read(at, min(most_bytes, end - at))
                if not piece:
                    stream.abort("the file was changed while it was sent")
                    return
                stream.write(piece)
                at += len(piece)
        stream.finish()
    except ConnectionAborted:
        return  # the client has left
    except (OSError, AssetNotFound, RepositoryUnusable) as error:
        stream.abort(f"the file cannot be read: {error}")


def _name_of(path: str, prefix: str) -> str | None:
    """Give the name that a path below ``prefix`` asks for, with a slash at its end for a directory."""
    if path.startswith(prefix):
        return path[len(prefix) :]
    return None


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


def _reads(exchange: IExchange) -> bool:
    """Tell whether it is for a file's content; answer OPTIONS. Raises `HTTPProblem` 405."""
    exchange.record.route = _ROUTE
    if exchange.method in (b"GET", b"HEAD"):
        return True
    if exchange.method == b"OPTIONS":
        exchange.answer(204, [(b"Allow", _ALLOW.encode("ascii"))], b"")
        return False
    method = exchange.method.decode("latin-1")
    raise HTTPProblem(
        405,
        "METHOD_NOT_ALLOWED",
        f"{exchange.path_text} does not take {method}.",
        {"allow": _ALLOW},
        (("Allow", _ALLOW),),
    )


def _redirect(exchange: IExchange) -> bool:
    """Send a client to the directory, so that relative links on its page are right."""
    if _reads(exchange):
        _, mark, query = exchange.uri.decode("latin-1").partition("?")
        location = quote(exchange.path_text, safe="/!$&'()*+,;=:@~") + "/" + mark + query
        exchange.answer(301, [(b"Location", location.encode("ascii")), (b"Cache-Control", b"no-cache")], b"")
    return True
