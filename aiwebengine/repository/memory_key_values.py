"""Keys with JSON values kept in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.repository.errors import NotANumber, QuotaExceeded
from aiwebengine.repository.model import ABSENT, KeyValue, Quota, StoredKey, Usage
from aiwebengine.repository.stores.key_value_usage import owner_of, refuse_over, size_of
from aiwebengine.repository.stores.key_values import check_key, expiry
from aiwebengine.repository.texts import encoded, same, sum_of

__all__ = ["MemoryKeyValues", "chosen"]


@attrs.frozen
class _Row:
    """A value as JSON text, so that nobody shares it with us."""

    text: str
    expires_at: int | None

    def alive(self, moment: int) -> bool:
        return self.expires_at is None or self.expires_at > moment


@implementer(IKeyValueRepository)
class MemoryKeyValues:
    """
    See `IKeyValueRepository`; ``now`` gives seconds since the epoch.

    ``fault`` is called with the name of each operation before it is done, and may raise an error instead.
    """

    def __init__(
        self, now: Callable[[], float], fault: Callable[[str], None] = lambda operation: None
    ) -> None:
        self._now = now
        self._fault = fault
        self._kept: dict[str, dict[str, _Row]] = {}
        self._used: dict[str, Usage] = {}

    async def get(self, namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""
        return self._values(namespace, [key], self._moment("get")).get(key)

    async def get_many(self, namespace: str, keys: Sequence[str]) -> Mapping[str, KeyValue]:
        """Give the values there are, by key."""
        return self._values(namespace, keys, self._moment("get_many"))

    async def set(
        self,
        namespace: str,
        key: str,
        value: Any,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Set a value, for ``ttl_s`` seconds or for good. Raises `QuotaExceeded`."""
        self._set(namespace, {key: value}, self._moment("set"), ttl_s, quota)

    async def set_many(
        self,
        namespace: str,
        values: Mapping[str, Any],
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Set several values or none. Raises `QuotaExceeded`."""
        self._set(namespace, values, self._moment("set_many"), ttl_s, quota)

    async def delete(self, namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""
        there = self._alive(namespace, key, self._moment("delete")) is not None
        self._put(namespace, {key: None})
        return there

    async def clear(self, namespace: str) -> int:
        """Forget all keys of a namespace; give how many."""
        self._moment("clear")
        keys = list(self._kept.get(namespace, ()))
        self._put(namespace, dict.fromkeys(keys))
        return len(keys)

    async def list(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""
        moment = self._moment("list")
        keys = chosen(self._living(namespace, moment), prefix, after, limit)
        return list(self._values(namespace, keys, moment).values())

    async def keys(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[StoredKey]:
        """Give what `list` gives, without the values."""
        living = self._living(namespace, self._moment("keys"))
        return [
            StoredKey(key, size_of(key, living[key].text), living[key].expires_at)
            for key in chosen(living, prefix, after, limit)
        ]

    async def increment(
        self,
        namespace: str,
        key: str,
        by: int | float = 1,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> int | float:
        """Add to a number (0 when there is none) and give the sum. Raises `NotANumber`, `QuotaExceeded`."""
        moment = self._moment("increment")
        check_key(namespace, key)
        row = self._alive(namespace, key, moment) or _Row("0", expiry(moment, ttl_s))
        present = json.loads(row.text)
        if isinstance(present, bool) or not isinstance(present, int | float):
            raise NotANumber(namespace, key)
        total = sum_of(present, by)
        self._put(namespace, {key: _Row(encoded(total), row.expires_at)}, quota)
        return total

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
        moment = self._moment("compare_and_set")
        check_key(namespace, key)
        until = expiry(moment, ttl_s)
        new = None if value is ABSENT else _Row(encoded(value), until)
        present = self._alive(namespace, key, moment)
        if present is None or expected is ABSENT:
            if present is not None or expected is not ABSENT:
                return False
        elif not same(json.loads(present.text), expected):
            return False
        self._put(namespace, {key: new}, quota)
        return True

    async def usage_of(self, namespace: str) -> Usage:
        """Give what a namespace holds, with what is counted to it."""
        self._moment("usage_of")
        return self._usage(namespace)

    async def usage(self, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[Usage]:
        """Give, by name, at most ``limit`` namespaces with that ``prefix`` beyond ``after``."""
        self._moment("usage")
        return [self._usage(namespace) for namespace in chosen(self._used, prefix, after, limit)]

    async def prune(self) -> int:
        """Remove what has expired; give how much that was."""
        return self._remove_expired(self._moment("prune"))

    def _moment(self, operation: str) -> int:
        """Give the time in milliseconds, unless the operation is to fail."""
        self._fault(f"key_values.{operation}")
        return int(self._now() * 1000)

    def _usage(self, namespace: str) -> Usage:
        return self._used.get(namespace, Usage(namespace))

    def _set(
        self,
        namespace: str,
        values: Mapping[str, Any],
        moment: int,
        ttl_s: float | None,
        quota: Quota | None,
    ) -> None:
        for key in values:
            check_key(namespace, key)
        until = expiry(moment, ttl_s)
        self._put(namespace, {key: _Row(encoded(value), until) for key, value in values.items()}, quota)

    def _put(self, namespace: str, rows: Mapping[str, _Row | None], quota: Quota | None = None) -> None:
        """Put rows in their places (None: nothing), or raise `QuotaExceeded`."""
        kept = self._kept.setdefault(namespace, {})
        keys = size = 0
        for key, row in rows.items():
            old = kept.get(key)
            keys += (row is not None) - (old is not None)
            size += (row is not None and size_of(key, row.text)) - (
                old is not None and size_of(key, old.text)
            )
        owner = owner_of(namespace)
        if quota is not None:
            known = self._usage(owner)
            try:
                refuse_over(quota, Usage(owner, known.keys + keys, known.bytes + size), keys, size)
            except QuotaExceeded:
                if not self._remove_expired(int(self._now() * 1000), owner):
                    raise
                self._put(namespace, rows, quota)
                return
        for key, row in rows.items():
            if row is None:
                kept.pop(key, None)
            else:
                kept[key] = row
        for one in {namespace, owner}:
            self._count(one, keys, size)

    def _keep(self, namespace: str, found: KeyValue) -> None:
        """Put a value in its place as it is."""
        self._put(namespace, {found.key: _Row(encoded(found.value), found.expires_at)})

    def _count(self, namespace: str, keys: int, size: int) -> None:
        known = self._used.pop(namespace, Usage(namespace))
        if known.keys + keys or known.bytes + size:
            self._used[namespace] = Usage(namespace, known.keys + keys, known.bytes + size)

    def _remove_expired(self, moment: int, owner: str | None = None) -> int:
        removed = 0
        for namespace, rows in self._kept.items():
            if owner is None or owner_of(namespace) == owner:
                gone = [key for key, row in rows.items() if not row.alive(moment)]
                self._put(namespace, dict.fromkeys(gone))
                removed += len(gone)
        return removed

    def _alive(self, namespace: str, key: str, moment: int) -> _Row | None:
        row = self._kept.get(namespace, {}).get(key)
        return row if row is not None and row.alive(moment) else None

    def _living(self, namespace: str, moment: int) -> dict[str, _Row]:
        return {key: row for key, row in self._kept.get(namespace, {}).items() if row.alive(moment)}

    def _values(self, namespace: str, keys: Iterable[str], moment: int) -> dict[str, KeyValue]:
        rows = {key: self._alive(namespace, key, moment) for key in keys}
        return {key: KeyValue(key, json.loads(row.text), row.expires_at) for key, row in rows.items() if row}


def chosen(names: Iterable[str], prefix: str, after: str, limit: int) -> Sequence[str]:
    """Give in order at most ``limit`` names with that ``prefix`` beyond ``after``."""
    wanted = (name for name in names if name.startswith(prefix) and name > after)
    return list(islice(sorted(wanted), limit))
