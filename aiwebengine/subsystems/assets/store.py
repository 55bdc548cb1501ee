"""Assets as the management API and scripts put them: limits, types, public or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IAssetRepository
from aiwebengine.repository.model import PUBLIC_MARK, Asset, AssetPut
from aiwebengine.scripts.model import iso_time
from aiwebengine.scripts.turns import Turns
from aiwebengine.subsystems.assets.media_types import check_media_type, is_allowed, said_type
from aiwebengine.subsystems.assets.names import check_asset_name, served_at
from aiwebengine.subsystems.assets.settings import AssetSettings
from aiwebengine.web.refusals import unsupported_media_type

__all__ = ["MOST_METADATA_BYTES", "AssetStore", "NewAsset", "Stored", "plain_metadata"]

MOST_METADATA_BYTES = 8192
# Metadata that begin like this are the engine's own, and not shown.
_OWN = "aiwebengine:"


@attrs.frozen
class NewAsset:
    """
    What somebody wants to keep.

    ``content_type`` is what they say it is, if anything. ``public`` and ``metadata`` of None stand for those
    of the asset which is replaced; ``public_by_default`` counts where there is none.
    """

    name: str
    content: bytes = attrs.field(repr=False)
    content_type: str | None = None
    public: bool | None = None
    public_by_default: bool = True
    metadata: Mapping[str, Any] | None = None
    expected_sha256: str | None = None


@attrs.frozen
class Stored:
    """An asset as stored, and whether there was none of that name before."""

    asset: Asset
    new: bool


def plain_metadata(asset: Asset) -> dict[str, Any]:
    """Give the metadata that somebody gave to an asset."""
    return {key: value for key, value in asset.metadata.items() if not key.startswith(_OWN)}


class AssetStore:
    """
    Keeps assets in the repository within the limits of ``[assets]``.

    ``settings`` gives the section in force, ``most_upload_bytes`` the limit ``server.max_upload_bytes``.
    ``changed`` is called once for each call that changed something, with what is there now by name, None for
    what was deleted; and with whether the repository's revision was raised. ``reserved`` gives the prefixes
    of paths at which the engine itself answers.
    """

    def __init__(
        self,
        repository: IAssetRepository,
        settings: Callable[[], AssetSettings],
        most_upload_bytes: Callable[[], int],
        changed: Callable[[Mapping[str, Asset | None], bool], None] = lambda assets, raised: None,
        reserved: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.repository = repository
        self._settings = settings
        self._most_upload_bytes = most_upload_bytes
        self._changed = changed
        self._reserved = reserved
        # Those who write to one asset wait for each other: of two answers of the repository that come at
        # the same time nobody could tell which change was the later one.
        self._turns = Turns()

    @property
    def most_bytes(self) -> tuple[int, str]:
        """The most bytes of one asset, and the configuration key that says so."""
        own, upload = self._settings().max_bytes, self._most_upload_bytes()
        return (own, "assets.max_bytes") if own <= upload else (upload, "server.max_upload_bytes")

    async def put(self, new: NewAsset) -> Stored:
        """Keep one asset. Raises as `put_all` does."""
        return (await self.put_all([new]))[0]

    async def put_all(self, several: Sequence[NewAsset]) -> Sequence[Stored]:
        """
        Keep all or none; where two have the same name the last counts.

        Raises `HTTPProblem` 413 and 415 naming the asset, ValueError for bad names, types and metadata,
        `AssetConflict`, `AssetsFull`.
        """
        replaced: dict[str, Asset] = {}
        puts = {new.name: self._put_of(new, replaced) for new in several}
        most = self._settings().max_total_bytes or None
        async with self._turns.of(puts):
            stored = await self.repository.put_all(list(puts.values()), most_total_bytes=most)
            raised = any(asset.public for asset in (*stored, *replaced.values()))
            self._changed({asset.name: asset for asset in stored}, raised)
        return [Stored(asset, asset.name not in replaced) for asset in stored]

    async def amend(
        self,
        name: str,
        *,
        public: bool | None = None,
        content_type: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expected_sha256: str | None = None,
    ) -> Asset:
        """Change what is not None. Raises as `put_all` does, and `AssetNotFound`."""
        if content_type is not None:
            content_type = self._checked_type(check_media_type(content_type), name)
        if metadata is not None:
            check_metadata(metadata)

        before: list[Asset] = []

        def changed(asset: Asset) -> Asset:
            before.append(asset)
            kept = plain_metadata(asset) if metadata is None else metadata
            wanted = asset.public if public is None else public
            return attrs.evolve(
                asset, content_type=content_type or asset.content_type, metadata=_marked(kept, wanted)
            )

        async with self._turns.of([name]):
            asset = await self.repository.amend(name, changed, expected_sha256=expected_sha256)
            self._changed({name: asset}, asset.public or before[-1].public)
        return asset

    async def delete(self, name: str, *, expected_sha256: str | None = None) -> None:
        """Forget an asset. Raises `AssetNotFound`, `AssetConflict`."""
        async with self._turns.of([name]):
            deleted = await self.repository.delete(name, expected_sha256=expected_sha256)
            self._changed({name: None}, deleted.public)

    def url(self, asset: Asset) -> str | None:
        """Give the path at which an asset is served (unless a script answers there), None when it is not."""
        path = served_at(self._settings().path, asset.name) if asset.public else None
        if path is None or any(f"{path}/".startswith(f"/{prefix}/") for prefix in self._reserved()):
            return None
        return path

    def record(self, asset: Asset) -> dict[str, Any]:
        """Give an asset as the management API shows it."""
        return {
            "name": asset.name,
            "content_type": asset.content_type,
            "size": asset.size,
            "sha256": asset.sha256,
            "created_at": iso_time(asset.created_at),
            "updated_at": iso_time(asset.updated_at),
            "public": asset.public,
            "url": self.url(asset),
            "metadata": plain_metadata(asset),
        }

    def _put_of(self, new: NewAsset, replaced: dict[str, Asset]) -> AssetPut:
        """Give what the repository is to keep; what is there before will be in ``replaced``."""
        name = check_asset_name(new.name)
        most, key = self.most_bytes
        if len(new.content) > most:
            raise too_large(name, most, len(new.content), key)
        try:
            said = said_type(new.content_type, name)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        content_type = self._checked_type(said, name)
        if new.metadata is not None:
            check_metadata(new.metadata)

        def metadata(present: Asset | None) -> dict[str, Any]:
            before, public = {}, new.public_by_default
            if present is not None:
                replaced[name] = present
                before, public = plain_metadata(present), present.public
            kept = before if new.metadata is None else new.metadata
            return _marked(kept, public if new.public is None else new.public)

        return AssetPut(name, new.content, content_type, metadata, new.expected_sha256)

    def _checked_type(self, content_type: str, name: str) -> str:
        allowed = self._settings().allowed_types
        if not is_allowed(content_type, allowed):
            plain = content_type.partition(";")[0]
            raise unsupported_media_type(
                f"{name}: the type {plain} is not allowed; allowed are {', '.join(allowed)}."
            )
        return content_type


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raise ValueError for metadata that cannot be kept."""
    try:
        size = len(json.dumps(metadata, allow_nan=False, ensure_ascii=False).encode("utf-8"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"metadata must be JSON data: {error}") from None
    if size > MOST_METADATA_BYTES:
        raise ValueError(f"metadata have {size} bytes, at most {MOST_METADATA_BYTES} are allowed")
    for key in metadata:
        if key.startswith(_OWN):
            raise ValueError(f"metadata must not have keys that begin with {_OWN}")


def too_large(name: str, limit: int, used: int, config_key: str) -> HTTPProblem:
    """Give 413 for an asset over the limit."""
    return HTTPProblem(
        413,
        "PAYLOAD_TOO_LARGE",
        f"{name} is larger than {limit} bytes.",
        {
            "name": name,
            "limit": config_key.rpartition(".")[2],
            "value": limit,
            "used": used,
            "unit": "bytes",
            "config_key": config_key,
        },
    )


def _marked(metadata: Mapping[str, Any], public: bool) -> dict[str, Any]:
    return {**metadata, PUBLIC_MARK: True} if public else dict(metadata)
