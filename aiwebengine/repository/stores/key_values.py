"""Keys with JSON values, by namespace, in a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from zope.interface import implementer

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.repository.errors import QuotaExceeded
from aiwebengine.repository.link import Calls
from aiwebengine.repository.model import ABSENT, KeyValue, Quota, StoredKey, Usage
from aiwebengine.repository.stores import key_value_rows as rows
from aiwebengine.repository.stores.key_value_usage import owner_of, usage_listed, usage_of
from aiwebengine.repository.texts import check_name, cleaned, encoded

__all__ = ["MOST_KEY_BYTES", "MOST_NAMESPACE_BYTES", "DatabaseKeyValues", "check_key", "expiry"]

MOST_KEY_BYTES = 1024
MOST_NAMESPACE_BYTES = 512
_REMOVED_AT_ONCE = 1000

T = TypeVar("T")


@implementer(IKeyValueRepository)
class DatabaseKeyValues:
    """See `IKeyValueRepository`; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def get(self, namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""
        return (await self.get_many(namespace, [key])).get(key)

    async def get_many(self, namespace: str, keys: Sequence[str]) -> Mapping[str, KeyValue]:
        """Give the values there are, by key, as they were at one moment."""
        storable = tuple(key for key in keys if cleaned(key) == key)
        return await self._calls.read(rows.values, cleaned(namespace), storable, self._moment())

    async def set(
        self,
        namespace: str,
        key: str,
        value: Any,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Set a value, for ``ttl_s`` seconds or for good. Raises `QuotaExceeded`."""
        await self.set_many(namespace, {key: value}, ttl_s, quota)

    async def set_many(
        self,
        namespace: str,
        values: Mapping[str, Any],
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Set several values or none. Raises `QuotaExceeded`."""
        for key in values:
            check_key(namespace, key)
        until = expiry(self._moment(), ttl_s)
        texts = {key: encoded(value) for key, value in values.items()}
        await self._within(quota, namespace, rows.put, namespace, texts, until, quota)

    async def delete(self, namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""
        return await self._calls.write(rows.remove, cleaned(namespace), cleaned(key), self._moment())

    async def clear(self, namespace: str) -> int:
        """Forget all keys of a namespace; give how many."""
        return await self._remove(namespace=cleaned(namespace))

    async def list(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""
        return await self._calls.read(
            rows.listed, cleaned(namespace), cleaned(prefix), cleaned(after), limit, self._moment()
        )

    async def keys(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[StoredKey]:
        """Give what `list` gives, without the values."""
        return await self._calls.read(
            rows.keys_listed, cleaned(namespace), cleaned(prefix), cleaned(after), limit, self._moment()
        )

    async def increment(
        self,
        namespace: str,
        key: str,
        by: int | float = 1,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> int | float:
        """Add to a number (0 when there is none) and give the sum. Raises `NotANumber`, `QuotaExceeded`."""
        check_key(namespace, key)
        moment = self._moment()
        until = expiry(moment, ttl_s)
        return await self._within(quota, namespace, rows.add, namespace, key, by, moment, until, quota)

    async def compare_and_set(
        self,
        namespace: str,
        key: str,
        expected: Any,
        value: Any,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> bool:
        """Set a value if the present one is ``expected``; tell whether it was. Raises `QuotaExceeded`."""
        check_key(namespace, key)
        moment = self._moment()
        until = expiry(moment, ttl_s)
        new = None if value is ABSENT else encoded(value)
        return await self._within(
            quota, namespace, rows.compare, namespace, key, expected, new, moment, until, quota
        )

    async def usage_of(self, namespace: str) -> Usage:
        """Give what a namespace holds, with what is counted to it."""
        return await self._calls.read(usage_of, cleaned(namespace))

    async def usage(self, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[Usage]:
        """Give, by name, at most ``limit`` namespaces with that ``prefix`` beyond ``after``."""
        return await self._calls.read(usage_listed, cleaned(prefix), cleaned(after), limit)

    async def prune(self) -> int:
        """Remove what has expired; give how much that was."""
        return await self._remove(expired_at=self._moment())

    async def _remove(self, **which: Any) -> int:
        total = 0
        while True:
            removed = await self._calls.write(
                lambda link: rows.remove_some(link, _REMOVED_AT_ONCE, **which),
            )
            total += removed
            if removed < _REMOVED_AT_ONCE:
                return total

    async def _within(
        self, quota: Quota | None, namespace: str, work: Callable[..., T], *arguments: Any
    ) -> T:
        """Give what ``work`` gives; when that is too much, remove what has expired and try once more."""
        try:
            return await self._calls.write(work, *arguments)
        except QuotaExceeded:
            if not await self._remove(expired_at=self._moment(), owner=owner_of(namespace)):
                raise
        return await self._calls.write(work, *arguments)

    def _moment(self) -> int:
        return int(self._now() * 1000)


def check_key(namespace: str, key: str) -> None:
    """Raise ValueError for a namespace or a key that cannot be stored."""
    check_name("a namespace", namespace, MOST_NAMESPACE_BYTES, empty=True)
    check_name("a key", key, MOST_KEY_BYTES)


def expiry(moment: int, ttl_s: float | None) -> int | None:
    """Give the time (ms) at which a value of that age expires. Raises ValueError for an age that is none."""
    if ttl_s is None:
        return None
    if not 0 < ttl_s < 1e11:
        raise ValueError(f"a time to live must be a positive number of seconds, not {ttl_s!r}")
    return moment + max(1, int(ttl_s * 1000))
