"""The contract of keys with values as a test-case mixin, for every back end."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.repository.errors import NotANumber, QuotaExceeded
from aiwebengine.repository.model import ABSENT, Quota
from aiwebengine.testing.repository import RepositoryCase

__all__ = ["KeyValueContract"]


class KeyValueContract(RepositoryCase):
    """What every `IKeyValueRepository` does."""

    def value(self, key: str, namespace: str = "n") -> Any:
        """Give the value, ABSENT without one."""
        found = self.wait(self.repository.key_values.get(namespace, key))
        return ABSENT if found is None else found.value

    def set(self, key: str, value: Any, **fields: Any) -> None:
        """Set a value in namespace ``n``."""
        self.wait(self.repository.key_values.set("n", key, value, **fields))

    def keys(self, **fields: Any) -> list[str]:
        """Give the keys listed in namespace ``n``."""
        return [one.key for one in self.wait(self.repository.key_values.list("n", **fields))]

    def test_values_kept(self) -> None:
        """Any JSON data comes back as it was."""
        verifyObject(IKeyValueRepository, self.repository.key_values)
        for value in (None, True, 0, -1.5, 2**70, "", "a\0b", "\ud800", [1, [None]], {"b": {"a": []}, "": 1}):
            self.set("k", value)
            self.assertEqual(self.value("k"), value)
            self.assertIs(type(self.value("k")), type(value))
        self.set("k", {"b": 1, "a": 2})
        self.assertEqual(list(self.value("k")), ["b", "a"])

    def test_values_are_copies(self) -> None:
        """What is given in or out can be changed without an effect on what is kept."""
        value = {"list": [1]}
        self.set("k", value)
        value["list"].append(2)
        self.value("k")["list"].append(3)
        self.assertEqual(self.value("k"), {"list": [1]})

    def test_namespaces(self) -> None:
        """The same key in two namespaces is two keys; the empty one is one too."""
        self.set("k", 1)
        self.wait(self.repository.key_values.set("", "k", 2))
        self.assertEqual((self.value("k"), self.value("k", ""), self.value("k", "N")), (1, 2, ABSENT))

    def test_values_deleted(self) -> None:
        """Deleting tells whether it was there."""
        self.set("k", 1)
        delete = self.repository.key_values.delete
        self.assertEqual([self.wait(delete("n", "k")), self.wait(delete("n", "k"))], [True, False])
        self.assertIs(self.value("k"), ABSENT)

    def test_values_listed(self) -> None:
        """By key, with a prefix, page after page, with their values."""
        for key in ("b", "a:2", "a:1", "é", "a\ud7ff", "a"):
            self.set(key, key.upper())
        self.assertEqual(self.keys(), ["a", "a:1", "a:2", "a\ud7ff", "b", "é"])
        self.assertEqual(self.keys(prefix="a\ud7ff"), ["a\ud7ff"])
        (one,) = self.wait(self.repository.key_values.list("n", prefix="a:", after="a:1"))
        self.assertEqual((one.key, one.value, one.expires_at), ("a:2", "A:2", None))
        self.assertEqual(self.keys(limit=2), ["a", "a:1"])
        self.assertEqual(self.wait(self.repository.key_values.list("other")), [])

    def test_values_expire(self) -> None:
        """After its time to live a key is gone everywhere, and is removed by pruning."""
        self.set("k", 1, ttl_s=1.5)
        self.set("stays", 1)
        found = self.wait(self.repository.key_values.get("n", "k"))
        self.assertEqual(found.expires_at, int(self.time * 1000) + 1500)
        self.time += 1.499
        self.assertEqual(self.value("k"), 1)
        self.assertEqual(self.wait(self.repository.key_values.prune()), 0)
        self.time += 0.002
        self.assertIs(self.value("k"), ABSENT)
        self.assertEqual(self.keys(), ["stays"])
        self.assertFalse(self.wait(self.repository.key_values.delete("n", "k")))
        self.set("k2", 1, ttl_s=0.0001)
        self.time += 0.002
        self.assertGreaterEqual(self.wait(self.repository.key_values.prune()), 1)
        self.assertEqual(self.wait(self.repository.key_values.prune()), 0)
        self.set("k", 2, ttl_s=1)
        self.set("k", 3)
        self.time += 100
        self.assertEqual(self.value("k"), 3)

    def test_incremented(self) -> None:
        """Sums are given and kept; a time to live counts from the first."""
        increment = self.repository.key_values.increment
        self.assertEqual(self.wait(increment("n", "k", ttl_s=10)), 1)
        self.time += 5
        self.assertEqual(self.wait(increment("n", "k", 4, ttl_s=10)), 5)
        self.assertEqual(self.wait(increment("n", "k", -0.5)), 4.5)
        self.assertEqual(self.value("k"), 4.5)
        self.time += 5
        self.assertIs(self.value("k"), ABSENT)
        self.assertEqual(self.wait(increment("n", "k", 2)), 2)
        self.time += 1000
        self.assertEqual(self.value("k"), 2)

    def test_not_a_number(self) -> None:
        """What is no number cannot be incremented and stays as it is."""
        for value in ("1", None, True, [1]):
            self.set("k", value)
            error = self.fails(self.repository.key_values.increment("n", "k"), NotANumber)
            self.assertIn("'k'", str(error))
            self.assertEqual(self.value("k"), value)
        self.set("k", 1.7e308)
        error = self.fails(self.repository.key_values.increment("n", "k", 1.7e308), ValueError)
        self.assertIn("the sum is larger than a number can be", str(error))
        self.assertEqual(self.value("k"), 1.7e308)
        self.set("k", 10**400)
        self.fails(self.repository.key_values.increment("n", "k", 0.5), ValueError)
        self.assertEqual(self.value("k"), 10**400)

    def compare(self, expected: Any, value: Any, **fields: Any) -> Any:
        """Compare and set the key ``k``."""
        return self.wait(self.repository.key_values.compare_and_set("n", "k", expected, value, **fields))

    def test_compared(self) -> None:
        """Only the expected value is replaced; nothing there, null and values are told apart."""
        self.assertFalse(self.compare(None, 1))
        self.assertIs(self.value("k"), ABSENT)
        self.assertTrue(self.compare(ABSENT, {"a": 1, "b": [True]}))
        self.assertFalse(self.compare(ABSENT, 2))
        self.assertFalse(self.compare({"a": True, "b": [True]}, 2))
        self.assertTrue(self.compare({"b": [True], "a": 1.0}, None))
        self.assertFalse(self.compare(ABSENT, 2))
        self.assertTrue(self.compare(None, 3, ttl_s=1))
        self.assertTrue(self.compare(3, ABSENT))
        self.assertIs(self.value("k"), ABSENT)
        self.assertTrue(self.compare(ABSENT, ABSENT))
        self.assertEqual(self.keys(), [])

    def test_compared_with_expired(self) -> None:
        """What has expired is not there."""
        self.set("k", 1, ttl_s=1)
        self.time += 2
        self.assertFalse(self.compare(1, 2))
        self.assertTrue(self.compare(ABSENT, 3, ttl_s=1))
        self.assertEqual(self.value("k"), 3)

    def test_key_refused(self) -> None:
        """A key, value or time to live that cannot be kept is refused in words."""
        values = self.repository.key_values
        for namespace, key, said in (
            ("n", "", "a key must not be empty"),
            ("n", "a\0", "a key must not contain NUL"),
            ("n", "é" * 513, "a key has 1026 bytes, at most 1024"),
            ("n" * 513, "k", "a namespace has 513 bytes"),
        ):
            for call in (
                values.set(namespace, key, 1),
                values.increment(namespace, key),
                values.compare_and_set(namespace, key, ABSENT, 1),
            ):
                self.assertIn(said, str(self.fails(call, ValueError)))
        for ttl_s in (0, -1, float("nan"), float("inf")):
            self.fails(values.set("n", "k", 1, ttl_s=ttl_s), ValueError)
        self.fails(values.set("n", "k", float("nan")), ValueError)
        self.fails(values.set("n", "k", object()), TypeError)
        self.assertEqual(self.keys(), [])

    def test_several_values(self) -> None:
        """Several are set as one change and read as one; what is not there is left out."""
        values = self.repository.key_values
        many = {f"k{number:03}": [number] for number in range(250)}
        self.wait(values.set_many("n", many, 10))
        self.set("stays", None)
        found = self.wait(values.get_many("n", [*many, "stays", "no", "\0", "\ud800"]))
        self.assertEqual({key: one.value for key, one in found.items()}, many | {"stays": None})
        self.assertEqual(found["k007"].expires_at, int(self.time * 1000) + 10_000)
        self.fails(values.set_many("n", {"a": 1, "": 2}), ValueError)
        self.fails(values.set_many("n", {"a": 1, "b": float("nan")}), ValueError)
        self.assertIs(self.value("a"), ABSENT)
        self.time += 11
        self.assertEqual(list(self.wait(values.get_many("n", [*many, "stays"]))), ["stays"])
        self.assertEqual(self.wait(values.get_many("n", [])), {})
        self.wait(values.set_many("n", {}))

    def test_keys_listed(self) -> None:
        """Keys are listed as values are, with the bytes both take and when they expire."""
        self.set("ab", "é", ttl_s=5)
        self.set("é", [1])
        self.set("gone", 1, ttl_s=1)
        self.time += 2
        keys = self.repository.key_values.keys
        first, second = self.wait(keys("n"))
        self.assertEqual((first.key, first.bytes), ("ab", 2 + len('"\\u00e9"')))
        self.assertEqual(first.expires_at, int(self.time * 1000) + 3000)
        self.assertEqual((second.key, second.bytes, second.expires_at), ("é", 2 + 3, None))
        self.assertEqual([one.key for one in self.wait(keys("n", prefix="a"))], ["ab"])
        self.assertEqual([one.key for one in self.wait(keys("n", after="ab", limit=1))], ["é"])
        self.assertEqual([one.key for one in self.wait(keys("n", limit=1))], ["ab"])

    def used(self, namespace: str = "n") -> tuple[int, int]:
        """Give keys and bytes of a namespace."""
        usage = self.wait(self.repository.key_values.usage_of(namespace))
        self.assertEqual(usage.namespace, namespace)
        return usage.keys, usage.bytes

    def test_counted(self) -> None:
        """Each way of changing a namespace is counted, to its owner as well."""
        values = self.repository.key_values
        self.assertEqual(self.used(), (0, 0))
        self.set("k", "abc")
        self.assertEqual(self.used(), (1, 6))
        self.set("k", "a")
        self.assertEqual(self.used(), (1, 4))
        self.wait(values.increment("n", "c"))
        self.wait(values.increment("n", "c", 9))
        self.assertEqual(self.used(), (2, 4 + 3))
        self.wait(values.compare_and_set("n", "c", 10, ABSENT))
        self.wait(values.compare_and_set("n", "c", 10, 11))
        self.assertEqual(self.used(), (1, 4))
        self.wait(values.compare_and_set("n", "d", ABSENT, [1]))
        self.wait(values.set_many("n#u", {"é": 1, "b": 22}))
        self.assertEqual((self.used("n#u"), self.used()), ((2, 6), (4, 8 + 6)))
        self.assertTrue(self.wait(values.delete("n#u", "b")))
        self.assertFalse(self.wait(values.delete("n#u", "b")))
        self.assertEqual((self.used("n#u"), self.used()), ((1, 3), (3, 8 + 3)))
        self.assertEqual(self.wait(values.clear("n")), 2)
        self.assertEqual((self.keys(), self.used("n#u"), self.used()), ([], (1, 3), (1, 3)))
        self.set("x", 1, ttl_s=1)
        self.time += 2
        self.assertEqual(self.wait(values.prune()), 1)
        self.assertEqual(self.used(), (1, 3))

    def test_counts_listed(self) -> None:
        """Namespaces that hold something are listed by name."""
        usage = self.repository.key_values.usage
        for namespace in ("b", "a#2", "a#1", "c"):
            self.wait(self.repository.key_values.set(namespace, "k", 1))
        self.wait(self.repository.key_values.delete("c", "k"))
        found = [(one.namespace, one.keys, one.bytes) for one in self.wait(usage())]
        self.assertEqual(found, [("a", 2, 4), ("a#1", 1, 2), ("a#2", 1, 2), ("b", 1, 2)])
        self.assertEqual([one.namespace for one in self.wait(usage(prefix="a#"))], ["a#1", "a#2"])
        self.assertEqual([one.namespace for one in self.wait(usage(after="a", limit=1))], ["a#1"])

    def test_quota(self) -> None:
        """What would hold too much is refused with the figures and changes nothing; getting less never is."""
        values = self.repository.key_values
        quota = Quota(max_keys=3, max_bytes=20)
        self.set("a", "1234567", quota=quota)
        self.wait(values.set("n#u", "b", "12", quota=quota))
        for work in (
            values.set("n", "c", "123456", quota=quota),
            values.set_many("n", {"a": "12345678", "c": "1234"}, quota=quota),
            values.compare_and_set("n", "a", "1234567", "1" * 20, quota=quota),
        ):
            error = self.fails(work, QuotaExceeded)
            self.assertEqual((error.namespace, error.unit, error.value), ("n", "bytes", 20))
            self.assertGreater(error.used, 20)
            self.assertEqual((self.keys(), self.value("a"), self.used()), (["a"], "1234567", (2, 15)))
        self.wait(values.increment("n", "c", quota=quota))
        for work in (
            values.set("n", "d", 1, quota=quota),
            values.increment("n#v", "d", quota=quota),
            values.compare_and_set("n", "d", ABSENT, 1, quota=quota),
        ):
            error = self.fails(work, QuotaExceeded)
            self.assertEqual((error.unit, error.value, error.used), ("keys", 3, 4))
        self.assertEqual(self.used("n#v"), (0, 0))
        self.set("a", "1", quota=Quota(1, 1))
        self.assertEqual(self.used(), (3, 11))

    def test_quota_and_expired(self) -> None:
        """What has expired does not stand in the way of something new."""
        values = self.repository.key_values
        quota = Quota(max_keys=2, max_bytes=100)
        self.set("a", 1, ttl_s=1)
        self.wait(values.set("n#u", "b", 1, ttl_s=1))
        self.wait(values.set("m", "b", 1, ttl_s=1))
        self.fails(values.set("n", "c", 1, quota=quota), QuotaExceeded)
        self.time += 2
        self.set("c", 1, quota=quota)
        self.wait(values.increment("n", "d", quota=quota))
        self.assertEqual((self.keys(), self.used(), self.used("m")), (["c", "d"], (2, 4), (1, 2)))
