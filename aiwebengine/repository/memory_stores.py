"""Assets, users and settings kept in this process."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IAssetRepository, ISettingsRepository, IUserRepository
from aiwebengine.repository.errors import AssetNotFound, UserConflict, UserNotFound
from aiwebengine.repository.model import Asset, Setting, User
from aiwebengine.repository.stores import assets, settings
from aiwebengine.repository.stores.users import checked_user
from aiwebengine.repository.texts import check_name, cleaned, encoded

__all__ = ["MemoryAssets", "MemorySettings", "MemoryUsers"]


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

    async def put(
        self, name: str, content: bytes, content_type: str, metadata: Mapping[str, Any] | None = None
    ) -> Asset:
        """Keep a file, replacing the one of that name."""
        moment = self.moment("assets.put")
        check_name("an asset's name", name, assets.MOST_NAME_BYTES)
        encoded(dict(metadata or {}))
        created_at = self._kept[name][0].created_at if name in self._kept else moment
        asset = Asset(
            name,
            cleaned(content_type),
            len(content),
            hashlib.sha256(content).hexdigest(),
            created_at,
            moment,
            copy.deepcopy(dict(metadata or {})),
        )
        self._kept[name] = asset, bytes(content)
        return asset

    async def get(self, name: str) -> tuple[Asset, bytes]:
        """Give a file with its bytes. Raises `AssetNotFound`."""
        self.fault("assets.get")
        return self._found(name)

    async def stat(self, name: str) -> Asset:
        """Give a file without its bytes. Raises `AssetNotFound`."""
        self.fault("assets.stat")
        return self._found(name)[0]

    async def delete(self, name: str) -> None:
        """Forget a file. Raises `AssetNotFound`."""
        self.fault("assets.delete")
        self._found(name)
        del self._kept[name]

    async def list(self, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[Asset]:
        """Give, by name, at most ``limit`` files with that ``prefix`` beyond ``after``."""
        self.fault("assets.list")
        return [self._kept[name][0] for name in _chosen(self._kept, prefix, after, limit)]

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
