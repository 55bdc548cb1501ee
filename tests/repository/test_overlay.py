"""Tests for aiwebengine.repository.overlay: the key-value contract over it, and that nothing gets through."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository import MemoryRepository
from aiwebengine.repository.errors import QuotaExceeded, RepositoryUnavailable
from aiwebengine.repository.memory_key_values import MemoryKeyValues
from aiwebengine.repository.model import ABSENT, Quota
from aiwebengine.repository.overlay import OverlayKeyValues
from aiwebengine.testing.repository import RepositoryCase
from aiwebengine.testing.stores import KeyValueContract


class OverlayContractTests(KeyValueContract, SynchronousTestCase):
    """REQ-DATA-001: the contract over an overlay; what is below stays as it was."""

    def make_repository(self, now: Any) -> Any:
        repository = MemoryRepository(now)
        self.below = repository.key_values
        repository.key_values = OverlayKeyValues(self.below, now)  # type: ignore[assignment]
        self.addCleanup(self.unchanged)
        return repository

    def unchanged(self) -> None:
        """Nothing has got through."""
        self.assertEqual(self.wait(self.below.usage()), [])


class OverOverlayTests(KeyValueContract, SynchronousTestCase):
    """The same over an overlay whose keys hide some below, so that everything is looked at thrice."""

    def make_repository(self, now: Any) -> Any:
        repository = MemoryRepository(now)
        for key in ("k", "a", "b", "é", "k007", "c", "x"):
            self.wait(repository.key_values.set("n", key, "below"))
            self.wait(repository.key_values.set("n#u", key, "below"))
        middle = OverlayKeyValues(repository.key_values, now)
        for namespace in ("n", "n#u"):
            self.wait(middle.clear(namespace))
        repository.key_values = OverlayKeyValues(middle, now)  # type: ignore[assignment]
        return repository


class SlowKeyValues(MemoryKeyValues):
    """Answers when told to."""

    waiting: list[Deferred[None]]

    async def get_many(self, namespace: str, keys: Any) -> Any:
        """Wait, then give the values."""
        found = await super().get_many(namespace, keys)
        self.waiting.append(Deferred())
        await self.waiting[-1]
        return found


class OverlayTests(RepositoryCase, SynchronousTestCase):
    """What an overlay shows of what lies below, and hides."""

    def make_repository(self, now: Any) -> Any:
        repository = MemoryRepository(now)
        self.below = repository.key_values
        self.over = OverlayKeyValues(self.below, now)
        return repository

    def below_set(self, key: str, value: Any, **fields: Any) -> None:
        self.wait(self.below.set("n", key, value, **fields))

    def shown(self, values: Any, **fields: Any) -> dict[str, Any]:
        """Give what a store lists."""
        return {one.key: one.value for one in self.wait(values.list("n", **fields))}

    def test_reads_through(self) -> None:
        """What is below is seen, later changes of it too, until it is changed here."""
        self.below_set("a", 1)
        self.assertEqual(self.wait(self.over.get("n", "a")).value, 1)
        self.below_set("a", 2)
        self.assertEqual(self.wait(self.over.get("n", "a")).value, 2)
        self.assertEqual(self.wait(self.over.increment("n", "a", 5)), 7)
        self.below_set("a", 3)
        self.assertEqual(self.wait(self.over.get("n", "a")).value, 7)
        self.assertEqual(self.wait(self.below.get("n", "a")).value, 3)

    def test_hides(self) -> None:
        """Deleted, compared, expired and cleared keys are gone here and there below."""
        for key in "abcde":
            self.below_set(key, key)
        self.assertTrue(self.wait(self.over.delete("n", "a")))
        self.assertFalse(self.wait(self.over.delete("n", "a")))
        self.assertTrue(self.wait(self.over.compare_and_set("n", "b", "b", ABSENT)))
        self.wait(self.over.set("n", "c", 1, ttl_s=1))
        self.assertEqual(self.shown(self.over), {"c": 1, "d": "d", "e": "e"})
        self.time += 2
        self.assertEqual(self.wait(self.over.prune()), 1)
        self.assertEqual(self.shown(self.over), {"d": "d", "e": "e"})
        self.assertEqual(self.shown(self.over, after="d"), {"e": "e"})
        self.wait(self.over.set("n", "d2", 2))
        self.assertEqual(self.shown(self.over, limit=2), {"d": "d", "d2": 2})
        self.assertEqual(self.wait(self.over.clear("n")), 3)
        self.below_set("f", "f")
        self.assertEqual(self.shown(self.over), {})
        self.assertEqual(self.shown(self.below), {key: key for key in "abcdef"})

    def test_time_to_live_from_below(self) -> None:
        """A key below expires here as well, also when it was counted up here."""
        self.below_set("a", 1, ttl_s=10)
        self.wait(self.over.increment("n", "a"))
        self.assertEqual(self.wait(self.over.get("n", "a")).expires_at, int(self.time * 1000) + 10_000)
        self.time += 11
        self.assertIsNone(self.wait(self.over.get("n", "a")))

    def test_counts_and_quota(self) -> None:
        """What is below counts against the quota, but for what was removed here."""
        for key in ("a", "b"):
            self.below_set(key, 1)
        self.wait(self.below.set("n#u", "c", 1))
        self.wait(self.below.set("other", "c", 1))
        quota = Quota(max_keys=3, max_bytes=7)
        self.fails(self.over.set("n", "d", 1, quota=quota), QuotaExceeded)
        error = self.fails(self.over.set("n", "a", 123, quota=quota), QuotaExceeded)
        self.assertEqual((error.unit, error.used), ("bytes", 8))
        self.wait(self.over.delete("n#u", "c"))
        self.wait(self.over.set("n", "d", 1, quota=quota))
        self.assertEqual(
            (self.wait(self.over.usage_of("n")).keys, self.wait(self.below.usage_of("n")).keys), (3, 3)
        )
        found = [(one.namespace, one.keys, one.bytes) for one in self.wait(self.over.usage())]
        self.assertEqual(found, [("n", 3, 6), ("other", 1, 2)])
        self.assertEqual([one.namespace for one in self.wait(self.over.usage(limit=1))], ["n"])

    def test_several_at_once(self) -> None:
        """Changes made while others wait for what is below are not lost."""
        slow = SlowKeyValues(lambda: self.time)
        slow.waiting = []
        self.wait(slow.set("n", "a", 10))
        over = OverlayKeyValues(slow, lambda: self.time)
        sums = [Deferred.fromCoroutine(over.increment("n", "a")) for _ in range(3)]
        reading = Deferred.fromCoroutine(over.get("n", "a"))
        for waiting in slow.waiting:
            waiting.callback(None)
        self.assertEqual([self.successResultOf(one) for one in sums], [11, 12, 13])
        self.assertEqual(self.successResultOf(reading).value, 13)

    def test_unavailable(self) -> None:
        """What the repository below raises is raised."""

        def away(operation: str) -> None:
            raise RepositoryUnavailable("memory:", operation)

        self.repository.fault = away
        self.fails(self.over.get("n", "a"), RepositoryUnavailable)
        self.fails(self.over.set("n", "a", 1), RepositoryUnavailable)
        self.repository.fault = lambda operation: None
        self.wait(self.over.set("n", "a", 1))
        self.assertEqual(self.wait(self.over.get("n", "a")).value, 1)
