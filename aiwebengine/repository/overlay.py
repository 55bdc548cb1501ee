"""Changes of keys kept apart from a repository, as if they had been made in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.repository.memory_key_values import MemoryKeyValues, chosen
from aiwebengine.repository.model import KeyValue, Quota, StoredKey, Usage
from aiwebengine.repository.stores.key_value_usage import owner_of

__all__ = ["OverlayKeyValues"]

_PAGE = 1000


@implementer(IKeyValueRepository)
class OverlayKeyValues(MemoryKeyValues):
    """
    An `IKeyValueRepository` over another, ``base``, which is read and never changed.

    What is set, deleted or expired here hides what ``base`` has; drop the object and nothing has happened.
    A key's state is taken from ``base`` when it is first to be changed; later changes there are not seen.
    """

    def __init__(self, base: IKeyValueRepository, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._base = base
        self._taken: dict[str, set[str]] = {}
        self._cleared: set[str] = set()
        # What is held by ``base`` alone, by namespace and by what it is counted to.
        self._below: dict[str, Usage] = {}

    async def get(self, namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""
        return (await self.get_many(namespace, [key])).get(key)

    async def get_many(self, namespace: str, keys: Sequence[str]) -> Mapping[str, KeyValue]:
        """Give the values there are, by key."""
        below = [key for key in keys if not self._hides(namespace, key)]
        found = dict(await self._base.get_many(namespace, below)) if below else {}
        own = self._values(namespace, keys, self._moment("get_many"))
        # A key may have been changed while the others were read.
        return {key: one for key, one in found.items() if not self._hides(namespace, key)} | own

    async def set(
        self,
        namespace: str,
        key: str,
        value: Any,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Set a value, for ``ttl_s`` seconds or for good. Raises `QuotaExceeded`."""
        await self._take(namespace, [key])
        await super().set(namespace, key, value, ttl_s, quota)

    async def set_many(
        self,
        namespace: str,
        values: Mapping[str, Any],
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Set several values or none. Raises `QuotaExceeded`."""
        await self._take(namespace, values)
        await super().set_many(namespace, values, ttl_s, quota)

    async def delete(self, namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""
        await self._take(namespace, [key])
        return await super().delete(namespace, key)

    async def clear(self, namespace: str) -> int:
        """Forget all keys of a namespace; give how many."""
        await self._take(namespace, [one.key for one in await self._below_keys(namespace)])
        self._cleared.add(namespace)
        return await super().clear(namespace)

    async def list(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""
        keys = [one.key for one in await self.keys(namespace, prefix, after, limit)]
        found = await self.get_many(namespace, keys)
        return [found[key] for key in keys if key in found]

    async def keys(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[StoredKey]:
        """Give what `list` gives, without the values."""
        below = await self._below_keys(namespace, prefix, after, limit)
        found = {one.key: one for one in below if not self._hides(namespace, one.key)}
        found |= {one.key: one for one in await super().keys(namespace, prefix, after, limit)}
        return [found[key] for key in chosen(found, prefix, after, limit)]

    async def increment(
        self,
        namespace: str,
        key: str,
        by: int | float = 1,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> int | float:
        """Add to a number (0 when there is none) and give the sum. Raises `NotANumber`, `QuotaExceeded`."""
        await self._take(namespace, [key])
        return await super().increment(namespace, key, by, ttl_s, quota)

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
        await self._take(namespace, [key])
        return await super().compare_and_set(namespace, key, expected, value, ttl_s, quota)

    async def usage_of(self, namespace: str) -> Usage:
        """Give what a namespace holds, with what is counted to it."""
        await self._weigh(namespace)
        return self._usage(namespace)

    async def usage(self, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[Usage]:
        """Give, by name, at most ``limit`` namespaces with that ``prefix`` beyond ``after``."""
        found: list[Usage] = []
        while len(found) < limit:
            # As many as are wanted lie among so many of each.
            below = [one.namespace for one in await self._base.usage(prefix, after, limit)]
            names = chosen({*below, *self._used}, prefix, after, limit)
            if not names:
                break
            found += [one for one in [await self.usage_of(name) for name in names] if one.keys]
            after = names[-1]
        return found[:limit]

    def _hides(self, namespace: str, key: str) -> bool:
        return namespace in self._cleared or key in self._taken.get(namespace, ())

    async def _take(self, namespace: str, keys: Iterable[str]) -> None:
        """Make keys our own, as they are below, before they are changed."""
        wanted = [key for key in keys if not self._hides(namespace, key)]
        for one in dict.fromkeys((namespace, owner_of(namespace))):
            await self._weigh(one)
        found = await self._base.get_many(namespace, wanted) if wanted else {}
        taken = self._taken.setdefault(namespace, set())
        for key in wanted:
            # Somebody else may have taken it in the meantime.
            if not self._hides(namespace, key):
                taken.add(key)
                if key in found:
                    self._adopt(namespace, found[key])

    def _adopt(self, namespace: str, found: KeyValue) -> None:
        """Keep a value of ``base`` as our own: it is counted here from now on."""
        before = {one: self._used.get(one, Usage(one)) for one in (namespace, owner_of(namespace))}
        self._keep(namespace, found)
        for one, known in before.items():
            now, below = self._used.get(one, Usage(one)), self._below[one]
            self._below[one] = Usage(
                one, below.keys - (now.keys - known.keys), below.bytes - (now.bytes - known.bytes)
            )

    async def _weigh(self, namespace: str) -> None:
        if namespace not in self._below:
            found = await self._base.usage_of(namespace)
            self._below.setdefault(namespace, found)

    def _usage(self, namespace: str) -> Usage:
        own, below = super()._usage(namespace), self._below.get(namespace, Usage(namespace))
        return Usage(namespace, own.keys + below.keys, own.bytes + below.bytes)

    async def _below_keys(
        self, namespace: str, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Sequence[StoredKey]:
        """Give keys of ``base`` that are not hidden, in order; all without a limit."""
        found: list[StoredKey] = []
        page = _PAGE if limit is None else limit
        while page > 0 and namespace not in self._cleared and (limit is None or len(found) < limit):
            some = await self._base.keys(namespace, prefix, after, page)
            found += [one for one in some if not self._hides(namespace, one.key)]
            if len(some) < page:
                break
            after = some[-1].key
        return found[:limit]
