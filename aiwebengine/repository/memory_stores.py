"""Assets, users, keys and settings kept in this process."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import (
    IAssetRepository,
    IKeyValueRepository,
    ISettingsRepository,
    IUserRepository,
)
from aiwebengine.repository.errors import AssetNotFound, AssetsFull, NotANumber, UserConflict, UserNotFound
from aiwebengine.repository.model import ABSENT, Asset, AssetPut, KeyValue, Setting, User
from aiwebengine.repository.stores import assets, settings
from aiwebengine.repository.stores.key_values import check_key, expiry
from aiwebengine.repository.stores.users import checked_user
from aiwebengine.repository.texts import check_name, cleaned, encoded, same

__all__ = ["MemoryAssets", "MemoryKeyValues", "MemorySettings", "MemoryUsers"]


@attrs.define
class _Store:
    """Knows the time (seconds since the epoch), and the function to call before each operation."""

    now: Callable[[], float]
    fault: Callable[[str], None]

    def moment(self, operation: str) -> int:
        """Give the time in milliseconds, unless the operation is to fail."""
        self.fault(operation)
        return int(self.now() * 1000)


@implementer(IAssetRepository)
class MemoryAssets(_Store):
    """See `IAssetRepository`."""

    def __init__(self, now: Callable[[], float], fault: Callable[[str], None]) -> None:
        super().__init__(now, fault)
        self._kept: dict[str, tuple[Asset, bytes]] = {}
        self._revision = 0

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
        moment = self.moment("assets.put")
        put = AssetPut(name, content, content_type, metadata or {}, expected_sha256)
        return self._put_all([put], moment, None)[0]

    async def put_all(
        self, puts: Sequence[AssetPut], *, most_total_bytes: int | None = None
    ) -> Sequence[Asset]:
        """Keep all files or none. Raises ValueError, `AssetConflict`, `AssetsFull`."""
        return self._put_all(puts, self.moment("assets.put_all"), most_total_bytes)

    async def amend(
        self, name: str, change: Callable[[Asset], Asset], *, expected_sha256: str | None = None
    ) -> Asset:
        """Change content type and metadata. Raises `AssetNotFound`, `AssetConflict`."""
        moment = self.moment("assets.amend")
        present, content = self._found(name)
        assets.check_expected(name, expected_sha256, present)
        changed = change(present)
        encoded(changed.metadata)
        asset = attrs.evolve(
            present,
            content_type=cleaned(changed.content_type),
            metadata=copy.deepcopy(dict(changed.metadata)),
            updated_at=moment,
        )
        self._kept[name] = asset, content
        self._revision += asset.public or present.public
        return asset

    async def get(self, name: str) -> tuple[Asset, bytes]:
        """Give a file with its bytes. Raises `AssetNotFound`."""
        self.fault("assets.get")
        return self._found(name)

    async def part(self, name: str, start: int, length: int) -> tuple[Asset, bytes]:
        """Give a file with some of its bytes. Raises `AssetNotFound`."""
        self.fault("assets.part")
        asset, content = self._found(name)
        return asset, content[start : start + length]

    async def stat(self, name: str) -> Asset:
        """Give a file without its bytes. Raises `AssetNotFound`."""
        self.fault("assets.stat")
        return self._found(name)[0]

    async def delete(self, name: str, *, expected_sha256: str | None = None) -> Asset:
        """Forget a file. Raises `AssetNotFound`, `AssetConflict`."""
        self.fault("assets.delete")
        present = self._found(name)[0]
        assets.check_expected(name, expected_sha256, present)
        del self._kept[name]
        self._revision += present.public
        return present

    async def list(
        self, prefix: str = "", after: str = "", limit: int = 100, *, public: bool = False
    ) -> Sequence[Asset]:
        """Give, by name, at most ``limit`` files with that ``prefix`` beyond ``after``."""
        self.fault("assets.list")
        wanted = [name for name, (asset, _) in self._kept.items() if asset.public or not public]
        return [self._kept[name][0] for name in _chosen(wanted, prefix, after, limit)]

    async def revision(self) -> int:
        """Give a number that is raised with each change of something public."""
        self.fault("assets.revision")
        return self._revision

    def checkpoint(self) -> Callable[[], None]:
        """Give a function that makes everything as it is now again."""
        kept = self._kept.copy()

        def restore() -> None:
            self._kept = kept
            self._revision += 1

        return restore

    def _put_all(
        self, puts: Sequence[AssetPut], moment: int, most_total_bytes: int | None
    ) -> Sequence[Asset]:
        kept, stored, public = dict(self._kept), [], False
        for put in puts:
            asset = assets.asset_of(put, moment)
            present = kept[put.name][0] if put.name in kept else None
            assets.check_expected(put.name, put.expected_sha256, present)
            metadata = copy.deepcopy(put.metadata_over(present))
            encoded(metadata)
            created_at = present.created_at if present is not None else moment
            asset = attrs.evolve(asset, created_at=created_at, metadata=metadata)
            kept[put.name] = asset, bytes(put.content)
            stored.append(asset)
            public = public or asset.public or (present is not None and present.public)
        used = sum(asset.size for asset, _ in kept.values())
        if most_total_bytes is not None and used > most_total_bytes:
            raise AssetsFull(most_total_bytes, used)
        self._kept = kept
        self._revision += public
        return stored

    def _found(self, name: str) -> tuple[Asset, bytes]:
        if name not in self._kept:
            raise AssetNotFound(name)
        return self._kept[name]


@implementer(IUserRepository)
class MemoryUsers(_Store):
    """See `IUserRepository`."""

    def __init__(self, now: Callable[[], float], fault: Callable[[str], None]) -> None:
        super().__init__(now, fault)
        self._kept: dict[str, User] = {}

    async def get(self, ident: str) -> User:
        """Give a user. Raises `UserNotFound`."""
        self.fault("users.get")
        if ident not in self._kept:
            raise UserNotFound(ident)
        return self._kept[ident]

    async def by_email(self, email: str) -> User | None:
        """Give the user who has this e-mail address, letter case ignored."""
        self.fault("users.by_email")
        key = email.casefold()
        return self._first(one for one in self._kept.values() if key and one.email.casefold() == key)

    async def by_identity(self, provider: str, subject: str) -> User | None:
        """Give the user who is ``subject`` for ``provider``."""
        self.fault("users.by_identity")
        return self._first(one for one in self._kept.values() if (provider, subject) in one.identities)

    async def list(self, after: str = "", limit: int = 100) -> Sequence[User]:
        """Give, by id, at most ``limit`` users beyond ``after``; their ``data`` is left out."""
        self.fault("users.list")
        return [attrs.evolve(self._kept[ident], data={}) for ident in _chosen(self._kept, "", after, limit)]

    async def save(self, user: User) -> User:
        """Store a user whose ``version`` is the current one. Raises `UserConflict`, `UserNotFound`."""
        moment = self.moment("users.save")
        user = checked_user(user)
        known = self._kept.get(user.ident)
        if known is None and user.version:
            raise UserNotFound(user.ident)
        version = known.version if known else 0
        if version != user.version:
            raise UserConflict(user.ident, "version", version)
        others = [one for one in self._kept.values() if one.ident != user.ident]
        key = user.email.casefold()
        if key and any(one.email.casefold() == key for one in others):
            raise UserConflict(user.ident, "email", user.email)
        for identity in user.identities:
            if any(identity in one.identities for one in others):
                raise UserConflict(user.ident, "identity", identity)
        stored = attrs.evolve(
            user,
            data=copy.deepcopy(dict(user.data)),
            version=version + 1,
            created_at=known.created_at if known else moment,
            updated_at=moment,
        )
        self._kept[user.ident] = stored
        return stored

    async def delete(self, ident: str) -> None:
        """Forget a user. Raises `UserNotFound`."""
        await self.get(ident)
        self.fault("users.delete")
        del self._kept[ident]

    def _first(self, found: Iterable[User]) -> User | None:
        return next(iter(found), None)


@implementer(IKeyValueRepository)
class MemoryKeyValues(_Store):
    """See `IKeyValueRepository`."""

    def __init__(self, now: Callable[[], float], fault: Callable[[str], None]) -> None:
        super().__init__(now, fault)
        self._kept: dict[str, dict[str, KeyValue]] = {}

    async def get(self, namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""
        return copy.deepcopy(self._alive(namespace, key, self.moment("key_values.get")))

    async def set(self, namespace: str, key: str, value: Any, ttl_s: float | None = None) -> None:
        """Set a value, for ``ttl_s`` seconds or for good."""
        self._put(namespace, key, value, expiry(self.moment("key_values.set"), ttl_s))

    async def delete(self, namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""
        there = self._alive(namespace, key, self.moment("key_values.delete")) is not None
        self._kept.get(namespace, {}).pop(key, None)
        return there

    async def list(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""
        moment = self.moment("key_values.list")
        alive = {key for key in self._kept.get(namespace, ()) if self._alive(namespace, key, moment)}
        return [copy.deepcopy(self._kept[namespace][key]) for key in _chosen(alive, prefix, after, limit)]

    async def increment(
        self, namespace: str, key: str, by: int | float = 1, ttl_s: float | None = None
    ) -> int | float:
        """Add to a number (0 when there is none) and give the sum. Raises `NotANumber`."""
        moment = self.moment("key_values.increment")
        present = self._alive(namespace, key, moment) or KeyValue(key, 0, expiry(moment, ttl_s))
        if isinstance(present.value, bool) or not isinstance(present.value, int | float):
            raise NotANumber(namespace, key)
        total: int | float = present.value + by
        self._put(namespace, key, total, present.expires_at)
        return total

    async def compare_and_set(
        self, namespace: str, key: str, expected: Any, value: Any, ttl_s: float | None = None
    ) -> bool:
        """Set a value if the present one is ``expected``; tell whether it was."""
        moment = self.moment("key_values.compare_and_set")
        until = expiry(moment, ttl_s)
        present = self._alive(namespace, key, moment)
        if present is None or expected is ABSENT:
            if present is not None or expected is not ABSENT:
                return False
        elif not same(present.value, expected):
            return False
        if value is ABSENT:
            self._kept.get(namespace, {}).pop(key, None)
        else:
            self._put(namespace, key, value, until)
        return True

    async def prune(self) -> int:
        """Remove what has expired; give how much that was."""
        moment = self.moment("key_values.prune")
        removed = 0
        for namespace, values in self._kept.items():
            for key in [key for key in values if self._alive(namespace, key, moment) is None]:
                del values[key]
                removed += 1
        return removed

    def _put(self, namespace: str, key: str, value: Any, expires_at: int | None) -> None:
        check_key(namespace, key)
        encoded(value)
        self._kept.setdefault(namespace, {})[key] = KeyValue(key, copy.deepcopy(value), expires_at)

    def _alive(self, namespace: str, key: str, moment: int) -> KeyValue | None:
        found = self._kept.get(namespace, {}).get(key)
        if found is None or (found.expires_at is not None and found.expires_at <= moment):
            return None
        return found


@implementer(ISettingsRepository)
class MemorySettings(_Store):
    """See `ISettingsRepository`."""

    def __init__(self, now: Callable[[], float], fault: Callable[[str], None]) -> None:
        super().__init__(now, fault)
        self._kept: dict[str, Setting] = {}

    async def all(self) -> Sequence[Setting]:
        """Give every setting, by name."""
        self.fault("settings.all")
        return [copy.deepcopy(self._kept[name]) for name in sorted(self._kept)]

    async def get(self, name: str) -> Setting | None:
        """Give a setting, None when it is not set."""
        self.fault("settings.get")
        return copy.deepcopy(self._kept.get(name))

    async def set(self, name: str, value: Any, author: str = "") -> None:
        """Set a setting to any JSON data."""
        moment = self.moment("settings.set")
        check_name("a setting's name", name, settings.MOST_NAME_BYTES)
        encoded(value)
        self._kept[name] = Setting(name, copy.deepcopy(value), cleaned(author), moment)

    async def delete(self, name: str) -> bool:
        """Forget a setting; tell whether it was there."""
        self.fault("settings.delete")
        return self._kept.pop(name, None) is not None


def _chosen(names: Iterable[str], prefix: str, after: str, limit: int) -> Iterable[str]:
    wanted = (name for name in names if name.startswith(prefix) and name > after)
    return list(islice(sorted(wanted), limit))
