"""Assets in a database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IAssetRepository
from aiwebengine.repository.errors import AssetNotFound
from aiwebengine.repository.link import Calls, Link, Row
from aiwebengine.repository.model import Asset
from aiwebengine.repository.texts import check_name, cleaned, encoded, prefix_end

__all__ = ["MOST_NAME_BYTES", "DatabaseAssets", "put_asset"]

MOST_NAME_BYTES = 1024
_COLUMNS = "name, content_type, size, sha256, created_at, updated_at, metadata"


@implementer(IAssetRepository)
class DatabaseAssets:
    """See `IAssetRepository`; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def put(
        self, name: str, content: bytes, content_type: str, metadata: Mapping[str, Any] | None = None
    ) -> Asset:
        """Keep a file, replacing the one of that name."""
        check_name("an asset's name", name, MOST_NAME_BYTES)
        moment = int(self._now() * 1000)
        sha256 = hashlib.sha256(content).hexdigest()
        asset = Asset(name, cleaned(content_type), len(content), sha256, moment, moment, dict(metadata or {}))
        encoded(asset.metadata)
        return await self._calls.write(_put, asset, bytes(content))

    async def get(self, name: str) -> tuple[Asset, bytes]:
        """Give a file with its bytes. Raises `AssetNotFound`."""
        return await self._calls.read(_get, name)

    async def stat(self, name: str) -> Asset:
        """Give a file without its bytes. Raises `AssetNotFound`."""
        return await self._calls.read(_stat, name)

    async def delete(self, name: str) -> None:
        """Forget a file. Raises `AssetNotFound`."""
        await self._calls.write(_delete, name)

    async def list(self, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[Asset]:
        """Give, by name, at most ``limit`` files with that ``prefix`` beyond ``after``."""
        return await self._calls.read(_list, cleaned(prefix), cleaned(after), limit)


def put_asset(link: Link, asset: Asset, content: bytes) -> None:
    """Store an asset exactly as given."""
    link.run(
        f"INSERT INTO assets ({_COLUMNS}, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        " ON CONFLICT (name) DO UPDATE SET content_type = excluded.content_type, size = excluded.size,"
        " sha256 = excluded.sha256, created_at = excluded.created_at, updated_at = excluded.updated_at,"
        " metadata = excluded.metadata, content = excluded.content",
        asset.name,
        asset.content_type,
        asset.size,
        asset.sha256,
        asset.created_at,
        asset.updated_at,
        encoded(dict(asset.metadata)),
        content,
    )


def _put(link: Link, asset: Asset, content: bytes) -> Asset:
    row = link.one("SELECT created_at FROM assets WHERE name = ?" + link.locking, asset.name)  # noqa: S608
    if row is not None:
        asset = Asset(
            asset.name,
            asset.content_type,
            asset.size,
            asset.sha256,
            row[0],
            asset.updated_at,
            asset.metadata,
        )
    put_asset(link, asset, content)
    return asset


def _get(link: Link, name: str) -> tuple[Asset, bytes]:
    row = link.one(f"SELECT {_COLUMNS}, content FROM assets WHERE name = ?", cleaned(name))  # noqa: S608
    if row is None:
        raise AssetNotFound(name)
    return _asset(row[:-1]), bytes(row[-1])


def _stat(link: Link, name: str) -> Asset:
    row = link.one(f"SELECT {_COLUMNS} FROM assets WHERE name = ?", cleaned(name))  # noqa: S608
    if row is None:
        raise AssetNotFound(name)
    return _asset(row)


def _delete(link: Link, name: str) -> None:
    if not link.run("DELETE FROM assets WHERE name = ?", cleaned(name)):
        raise AssetNotFound(name)


def _list(link: Link, prefix: str, after: str, limit: int) -> Sequence[Asset]:
    end = prefix_end(prefix)
    bound, values = ("", []) if end is None else (" AND name < ?", [end])
    rows = link.all(
        f"SELECT {_COLUMNS} FROM assets WHERE name >= ? AND name > ?{bound} ORDER BY name LIMIT ?",  # noqa: S608
        prefix,
        after,
        *values,
        limit,
    )
    return [_asset(row) for row in rows]


def _asset(row: Row) -> Asset:
    return Asset(*(*row[:-1], json.loads(row[-1])))
