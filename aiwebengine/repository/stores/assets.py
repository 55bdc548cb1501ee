"""Assets in a database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IAssetRepository
from aiwebengine.repository.errors import AssetConflict, AssetNotFound, AssetsFull
from aiwebengine.repository.link import Calls, Link, Row
from aiwebengine.repository.model import PUBLIC_MARK, Asset, AssetPut
from aiwebengine.repository.texts import check_name, cleaned, encoded, prefix_end

__all__ = ["MOST_NAME_BYTES", "DatabaseAssets", "asset_of", "check_expected", "put_asset", "touch_assets"]

MOST_NAME_BYTES = 1024
_COLUMNS = "name, content_type, size, sha256, created_at, updated_at, metadata"


@implementer(IAssetRepository)
class DatabaseAssets:
    """See `IAssetRepository`; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def put(
        self,
        name: str,
        content: bytes,
        content_type: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        expected_sha256: str | None = None,
    ) -> Asset:
        """Keep a file, replacing the one of that name. Raises ValueError, `AssetConflict`."""
        put = AssetPut(name, content, content_type, metadata or {}, expected_sha256)
        return (await self.put_all([put]))[0]

    async def put_all(
        self, puts: Sequence[AssetPut], *, most_total_bytes: int | None = None
    ) -> Sequence[Asset]:
        """Keep all files or none. Raises ValueError, `AssetConflict`, `AssetsFull`."""
        if not puts:
            return []
        return await self._calls.write(_put_all, tuple(puts), int(self._now() * 1000), most_total_bytes)

    async def get(self, name: str) -> tuple[Asset, bytes]:
        """Give a file with its bytes. Raises `AssetNotFound`."""
        return await self._calls.read(_get, name)

    async def part(self, name: str, start: int, length: int) -> tuple[Asset, bytes]:
        """Give a file with some of its bytes. Raises `AssetNotFound`."""
        return await self._calls.read(_part, name, start, length)

    async def stat(self, name: str) -> Asset:
        """Give a file without its bytes. Raises `AssetNotFound`."""
        return await self._calls.read(_stat, name)

    async def amend(
        self, name: str, change: Callable[[Asset], Asset], *, expected_sha256: str | None = None
    ) -> Asset:
        """Change content type and metadata. Raises `AssetNotFound`, `AssetConflict`."""
        return await self._calls.write(_amend, name, change, expected_sha256, int(self._now() * 1000))

    async def delete(self, name: str, *, expected_sha256: str | None = None) -> Asset:
        """Forget a file. Raises `AssetNotFound`, `AssetConflict`."""
        return await self._calls.write(_delete, name, expected_sha256)

    async def list(
        self, prefix: str = "", after: str = "", limit: int = 100, *, public: bool = False
    ) -> Sequence[Asset]:
        """Give, by name, at most ``limit`` files with that ``prefix`` beyond ``after``."""
        return await self._calls.read(_list, cleaned(prefix), cleaned(after), limit, public)

    async def revision(self) -> int:
        """Give a number that is raised with each change of something public."""
        return await self._calls.read(_revision)


def asset_of(put: AssetPut, moment: int) -> Asset:
    """Give the asset that ``put`` makes where there was none. Raises ValueError."""
    check_name("an asset's name", put.name, MOST_NAME_BYTES)
    metadata = {} if callable(put.metadata) else dict(put.metadata)
    encoded(metadata)
    sha256 = hashlib.sha256(put.content).hexdigest()
    return Asset(put.name, cleaned(put.content_type), len(put.content), sha256, moment, moment, metadata)


def check_expected(name: str, expected: str | None, present: Asset | None) -> None:
    """Raise `AssetConflict` unless the present content is the expected one."""
    current = present.sha256 if present is not None else ""
    if expected is not None and expected != current:
        raise AssetConflict(name, expected, current)


def touch_assets(link: Link) -> None:
    """Raise the revision."""
    link.run(
        "INSERT INTO revisions (name, number) VALUES ('assets', 1)"
        " ON CONFLICT (name) DO UPDATE SET number = revisions.number + 1"
    )


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


def _put_all(
    link: Link, puts: Sequence[AssetPut], moment: int, most_total_bytes: int | None
) -> Sequence[Asset]:
    link.lock("assets")
    kept, public = [], False
    for put in puts:
        new = asset_of(put, moment)
        present = _found(link, put.name)
        check_expected(put.name, put.expected_sha256, present)
        created_at = present.created_at if present is not None else new.created_at
        asset = attrs.evolve(new, created_at=created_at, metadata=put.metadata_over(present))
        put_asset(link, asset, bytes(put.content))
        kept.append(asset)
        public = public or asset.public or (present is not None and present.public)
    if most_total_bytes is not None:
        row = link.one("SELECT sum(size) FROM assets")
        used = int(row[0] or 0) if row else 0
        if used > most_total_bytes:
            raise AssetsFull(most_total_bytes, used)
    if public:
        touch_assets(link)
    return kept


def _amend(
    link: Link, name: str, change: Callable[[Asset], Asset], expected: str | None, moment: int
) -> Asset:
    link.lock("assets")
    present = _stat(link, name)
    check_expected(name, expected, present)
    changed = change(present)
    asset = attrs.evolve(
        present,
        content_type=cleaned(changed.content_type),
        metadata=dict(changed.metadata),
        updated_at=moment,
    )
    link.run(
        "UPDATE assets SET content_type = ?, metadata = ?, updated_at = ? WHERE name = ?",
        asset.content_type,
        encoded(asset.metadata),
        asset.updated_at,
        asset.name,
    )
    if asset.public or present.public:
        touch_assets(link)
    return asset


def _get(link: Link, name: str) -> tuple[Asset, bytes]:
    row = link.one(f"SELECT {_COLUMNS}, content FROM assets WHERE name = ?", cleaned(name))  # noqa: S608
    if row is None:
        raise AssetNotFound(name)
    return _asset(row[:-1]), bytes(row[-1])


def _part(link: Link, name: str, start: int, length: int) -> tuple[Asset, bytes]:
    statement = f"SELECT {_COLUMNS}, substr(content, ?, ?) FROM assets WHERE name = ?"  # noqa: S608
    row = link.one(statement, start + 1, length, cleaned(name))
    if row is None:
        raise AssetNotFound(name)
    return _asset(row[:-1]), bytes(row[-1])


def _stat(link: Link, name: str) -> Asset:
    asset = _found(link, name)
    if asset is None:
        raise AssetNotFound(name)
    return asset


def _found(link: Link, name: str) -> Asset | None:
    row = link.one(f"SELECT {_COLUMNS} FROM assets WHERE name = ?", cleaned(name))  # noqa: S608
    return None if row is None else _asset(row)


def _delete(link: Link, name: str, expected: str | None) -> Asset:
    link.lock("assets")
    present = _stat(link, name)
    check_expected(name, expected, present)
    link.run("DELETE FROM assets WHERE name = ?", cleaned(name))
    if present.public:
        touch_assets(link)
    return present


def _revision(link: Link) -> int:
    row = link.one("SELECT number FROM revisions WHERE name = 'assets'")
    return int(row[0]) if row else 0


def _list(link: Link, prefix: str, after: str, limit: int, public: bool) -> Sequence[Asset]:
    end = prefix_end(prefix)
    bound, values = ("", []) if end is None else (" AND name < ?", [end])
    if public:
        bound += " AND metadata LIKE ?"
        values.append(f'%"{PUBLIC_MARK}":true%')
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
