"""What scripts ask of assets: the host operations behind the name ``assets``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from aiwebengine.errors import HTTPProblem
from aiwebengine.repository.errors import AssetConflict, AssetNotFound, AssetsFull
from aiwebengine.repository.model import Asset
from aiwebengine.sandbox.dry_run import safe_in_dry_run
from aiwebengine.sandbox.model import HostCall
from aiwebengine.subsystems.assets.images import Images
from aiwebengine.subsystems.assets.names import check_asset_name
from aiwebengine.subsystems.assets.store import AssetStore, NewAsset
from aiwebengine.subsystems.assets.uploads import Uploads

__all__ = ["WITH_THE_RECORD_BYTES", "AssetOperations"]

#: Contents up to this size come along with the record; larger ones are read in parts.
WITH_THE_RECORD_BYTES = 524_288
_MOST_LISTED = 1000

T = TypeVar("T")
Pixels = Annotated[int, Meta(ge=1, le=8192)]


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Part(_Named, frozen=True):
    sha256: str
    at: Annotated[int, Meta(ge=0)]
    length: Annotated[int, Meta(ge=1, le=4_194_304)]


class _Content(_Named, frozen=True):
    text: str | None
    base64: str | None
    upload: int | None

    def bytes(self) -> bytes:
        """Give what came with this call. Raises TypeError."""
        if self.text is not None:
            return self.text.encode("utf-8", "replace")
        try:
            return base64.b64decode(self.base64 or "", validate=True)
        except (binascii.Error, ValueError):
            raise TypeError("assets.put: the content is not base64") from None


class _Put(_Content, frozen=True):
    contentType: str | None  # noqa: N815 - as the script says it
    public: bool
    metadata: dict[str, Any] | None
    ifMatch: str | None  # noqa: N815
    ifNoneMatch: str | None  # noqa: N815


class _Image(_Named, frozen=True):
    width: Pixels | None
    height: Pixels | None
    fit: Literal["inside", "cover"]
    format: Literal["avif", "gif", "jpeg", "png", "webp"] | None
    quality: Annotated[int, Meta(ge=1, le=100)]


class _List(msgspec.Struct, frozen=True):
    prefix: str
    after: str
    limit: Annotated[int, Meta(ge=1, le=_MOST_LISTED)]


class AssetOperations:
    """The operations by name; in a dry run those that change something are refused."""

    def __init__(self, store: AssetStore, uploads: Uploads, images: Images) -> None:
        self._store = store
        self._uploads = uploads
        self._images = images

    def by_name(self) -> Mapping[str, Callable[[HostCall, Any], Coroutine[Any, Any, Any]]]:
        """Give them as `aiwebengine.interfaces.IScriptGlobals.operations` does."""
        return {
            "assets.get": self.get,
            "assets.read": self.read,
            "assets.stat": self.stat,
            "assets.list": self.list,
            "assets.upload": self.upload,
            "assets.put": self.put,
            "assets.delete": self.delete,
            "assets.image": self.image,
        }

    @safe_in_dry_run
    async def get(self, call: HostCall, argument: Any) -> Any:
        """Give ``{"record", "content"}``, the content ``{"text"}``, ``{"base64"}`` or None if it is large."""
        name = _name("assets.get", _read(argument, _Named).name)
        try:
            asset = await self._store.repository.stat(name)
            if asset.size > WITH_THE_RECORD_BYTES:
                return {"record": self._shown(asset), "content": None}
            asset, content = await self._store.repository.get(name)
        except AssetNotFound:
            return None
        return {"record": self._shown(asset), "content": _content(content)}

    @safe_in_dry_run
    async def read(self, call: HostCall, argument: Any) -> str:
        """Give a part of a content as base64. Raises ValueError when it is not the wanted content."""
        asked = _read(argument, _Part)
        try:
            asset, part = await self._store.repository.part(asked.name, asked.at, asked.length)
        except AssetNotFound:
            raise ValueError(f"assets.get: {asked.name} was deleted while it was read") from None
        if asset.sha256 != asked.sha256 or not part:
            raise ValueError(f"assets.get: {asked.name} was changed while it was read")
        return base64.b64encode(part).decode("ascii")

    @safe_in_dry_run
    async def stat(self, call: HostCall, argument: Any) -> Any:
        """Give an asset's record, None when there is none."""
        name = _name("assets.stat", _read(argument, _Named).name)
        try:
            return self._shown(await self._store.repository.stat(name))
        except AssetNotFound:
            return None

    @safe_in_dry_run
    async def list(self, call: HostCall, argument: Any) -> dict[str, Any]:
        """Give ``{"assets", "cursor"}``."""
        asked = _read(argument, _List)
        found = await self._store.repository.list(asked.prefix, asked.after, asked.limit + 1)
        shown = [self._shown(asset) for asset in found[: asked.limit]]
        return {"assets": shown, "cursor": shown[-1]["name"] if len(found) > asked.limit else None}

    async def upload(self, call: HostCall, argument: Any) -> int:
        """Keep a part of a content to come; give the upload's number."""
        asked = _read(argument, _Content)
        return self._uploads.add(call, asked.upload, asked.bytes(), self._store.most_bytes[0])

    async def put(self, call: HostCall, argument: Any) -> dict[str, Any] | None:
        """Keep an asset and give its record, None when its condition does not hold."""
        asked = _read(argument, _Put)
        name = _name("assets.put", asked.name)
        before = self._uploads.take(call, asked.upload) if asked.upload is not None else b""
        content = before + asked.bytes()
        expected = "" if asked.ifNoneMatch is not None else None
        if asked.ifMatch is not None:
            expected = asked.ifMatch.strip('"')
        new = NewAsset(
            name,
            content,
            asked.contentType,
            asked.public,
            metadata=asked.metadata or {},
            expected_sha256=expected,
        )
        try:
            return self._shown((await self._store.put(new)).asset)
        except AssetConflict:
            return None
        except AssetsFull as error:
            raise ValueError(f"assets.put: {error}") from None
        except HTTPProblem as problem:
            kind = TypeError if problem.status == 415 else ValueError
            raise kind(f"assets.put: {problem.message}") from None
        except ValueError as error:
            raise ValueError(f"assets.put: {error}") from None

    async def delete(self, call: HostCall, argument: Any) -> bool:
        """Forget an asset; tell whether there was one."""
        name = _name("assets.delete", _read(argument, _Named).name)
        try:
            await self._store.delete(name)
        except AssetNotFound:
            return False
        return True

    @safe_in_dry_run
    async def image(self, call: HostCall, argument: Any) -> Any:
        """Give ``{"record", "content"}`` of a picture made of an asset, None when there is none."""
        asked = _read(argument, _Image)
        name = _name("assets.image", asked.name)
        wish = {key: getattr(asked, key) for key in ("width", "height", "fit", "format", "quality")}
        try:
            made = await self._images.make(name, **wish)
        except AssetNotFound:
            return None
        except ValueError as error:
            raise ValueError(f"assets.image: {name} {error}") from None
        record = {
            "contentType": made.content_type,
            "width": made.width,
            "height": made.height,
            "size": len(made.content),
        }
        return {"record": record, "content": {"base64": base64.b64encode(made.content).decode("ascii")}}

    def _shown(self, asset: Asset) -> dict[str, Any]:
        record = self._store.record(asset)
        camel = {"content_type": "contentType", "created_at": "createdAt", "updated_at": "updatedAt"}
        return {camel.get(key, key): value for key, value in record.items()}


def _read(argument: Any, kind: type[T]) -> T:
    """Read what the sandbox sent, which need not be what our piece sends. Raises TypeError."""
    try:
        return msgspec.convert(argument, kind)
    except msgspec.ValidationError as error:
        raise TypeError(f"assets: {error}") from None


def _name(where: str, name: str) -> str:
    try:
        return check_asset_name(name)
    except ValueError as error:
        raise ValueError(f"{where}: name: {error}") from None


def _content(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}
