"""The contracts of assets, users, keys, settings and logs as test-case mixins, for every back end."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import attrs
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import (
    IAssetRepository,
    IKeyValueRepository,
    ILogRepository,
    ISettingsRepository,
    IUserRepository,
)
from aiwebengine.repository.errors import (
    AssetConflict,
    AssetNotFound,
    AssetsFull,
    NotANumber,
    UserConflict,
    UserNotFound,
)
from aiwebengine.repository.model import ABSENT, PUBLIC_MARK, AssetPut, LogQuery, User
from aiwebengine.scripts.log import LogEntry
from aiwebengine.testing.repository import RepositoryCase

__all__ = [
    "AssetContract",
    "KeyValueContract",
    "LogContract",
    "SettingsContract",
    "UserContract",
]


class AssetContract(RepositoryCase):
    """What every `IAssetRepository` does."""

    def put(self, name: str, content: bytes = b"x", **fields: Any) -> Any:
        """Put an asset and give it."""
        return self.wait(self.repository.assets.put(name, content, "text/plain", **fields))

    def names(self, **fields: Any) -> list[str]:
        """Give the names listed."""
        return [one.name for one in self.wait(self.repository.assets.list(**fields))]

    def test_asset_kept(self) -> None:
        """Bytes and metadata come back as they were, with size, hash and times."""
        verifyObject(IAssetRepository, self.repository.assets)
        content = bytes(range(256)) * 1000
        put = self.wait(
            self.repository.assets.put("img/ä.png", content, "image/png", {"width": 3, "tags": ["a\0", None]})
        )
        self.assertEqual((put.size, put.content_type, put.name), (256_000, "image/png", "img/ä.png"))
        self.assertEqual(len(put.sha256), 64)
        self.assertEqual((put.created_at, put.updated_at), (int(self.time * 1000),) * 2)
        self.assertEqual(put.metadata, {"width": 3, "tags": ["a\0", None]})
        self.assertEqual(self.wait(self.repository.assets.get("img/ä.png")), (put, content))
        self.assertEqual(self.wait(self.repository.assets.stat("img/ä.png")), put)

    def test_asset_part(self) -> None:
        """A part of the bytes is given, less where there are fewer."""
        put = self.put("a", bytes(range(256)) * 100)
        for start, length, wanted in (
            (0, 2, b"\0\1"),
            (255, 2, b"\xff\0"),
            (25_599, 9, b"\xff"),
            (25_600, 1, b""),
        ):
            self.assertEqual(self.wait(self.repository.assets.part("a", start, length)), (put, wanted))
        self.fails(self.repository.assets.part("no", 0, 1), AssetNotFound)

    def test_asset_replaced(self) -> None:
        """Putting again replaces; the time of creation stays."""
        first = self.put("a", b"one", metadata={"x": 1})
        self.time += 1
        second = self.put("a", b"")
        self.assertEqual((second.size, second.metadata), (0, {}))
        self.assertEqual(second.created_at, first.created_at)
        self.assertEqual(second.updated_at, first.updated_at + 1000)
        self.assertEqual(self.wait(self.repository.assets.get("a")), (second, b""))

    def test_asset_missing(self) -> None:
        """What is not there is refused by name."""
        assets = self.repository.assets
        for call in (assets.get, assets.stat, assets.delete):
            self.assertEqual(self.fails(call("no"), AssetNotFound).name, "no")
        self.put("a")
        self.wait(assets.delete("a"))
        self.fails(assets.get("a"), AssetNotFound)
        self.fails(assets.delete("a"), AssetNotFound)

    def test_assets_listed(self) -> None:
        """By name, with a prefix, page after page."""
        for name in ("b", "a/2", "a/1", "a", "a%", "a_", "A", "a0", "a/\U0010ffff"):
            self.put(name)
        listed = ["A", "a", "a%", "a/1", "a/2", "a/\U0010ffff", "a0", "a_", "b"]
        self.assertEqual(self.names(), listed)
        self.assertEqual(self.names(prefix="a/"), ["a/1", "a/2", "a/\U0010ffff"])
        self.assertEqual(self.names(prefix="a/\U0010ffff"), ["a/\U0010ffff"])
        self.assertEqual(self.names(prefix="\U0010ffff"), [])
        self.assertEqual(self.names(limit=2), listed[:2])
        self.assertEqual(self.names(limit=2, after="a%"), listed[3:5])
        self.assertEqual(self.names(prefix="a/", after="a/1"), ["a/2", "a/\U0010ffff"])

    def test_asset_refused(self) -> None:
        """A name or metadata that cannot be kept is refused in words."""
        for name in ("", "a\0b", "\ud800", "x" * 1025):
            error = self.fails(self.repository.assets.put(name, b"", "t"), ValueError)
            self.assertIn("an asset's name", str(error))
        self.fails(self.repository.assets.put("a", b"", "t", {"x": float("nan")}), ValueError)
        self.assertEqual(self.names(), [])

    def test_asset_expected(self) -> None:
        """A change that expects another content is refused with both; "" stands for no asset."""
        assets = self.repository.assets
        first = self.put("a", b"one", expected_sha256="")
        error = self.fails(assets.put("a", b"two", "t", expected_sha256=""), AssetConflict)
        self.assertEqual((error.name, error.expected, error.current), ("a", "", first.sha256))
        self.put("a", b"two", expected_sha256=first.sha256)
        for call in (
            assets.put("a", b"three", "t", expected_sha256=first.sha256),
            assets.delete("a", expected_sha256=first.sha256),
            assets.amend("a", lambda asset: asset, expected_sha256=first.sha256),
        ):
            self.fails(call, AssetConflict)
        self.assertEqual(self.wait(assets.get("a"))[1], b"two")
        error = self.fails(assets.put("b", b"", "t", expected_sha256=first.sha256), AssetConflict)
        self.assertEqual(error.current, "")
        self.fails(assets.delete("b", expected_sha256=first.sha256), AssetNotFound)
        self.wait(assets.delete("a", expected_sha256=self.wait(assets.stat("a")).sha256))
        self.assertEqual(self.names(), [])

    def test_assets_put_together(self) -> None:
        """All files are kept or none, up to the size that all assets may have together."""
        assets = self.repository.assets
        self.assertEqual(self.wait(assets.put_all([])), [])
        puts = [AssetPut(name, name.encode() * 4, "t", {"n": name}) for name in ("a", "b")]
        kept = self.wait(assets.put_all(puts, most_total_bytes=8))
        self.assertEqual(kept, self.wait(assets.list()))
        for bad, error in (
            (AssetPut("c", b"", "t", expected_sha256="0" * 64), AssetConflict),
            (AssetPut("", b"", "t"), ValueError),
            (AssetPut("c", b"", "t", {"x": float("nan")}), ValueError),
        ):
            self.fails(assets.put_all([AssetPut("a", b"new", "t"), bad]), error)
        full = self.fails(assets.put_all([AssetPut("a", b"12345", "t")], most_total_bytes=8), AssetsFull)
        self.assertEqual((full.limit, full.used), (8, 9))
        self.assertEqual(self.wait(assets.list()), kept)
        self.wait(assets.put_all([AssetPut("a", b"1234", "t")], most_total_bytes=8))

    def test_asset_metadata_over(self) -> None:
        """Metadata may be made of those that are replaced."""

        def counted(present: Any) -> dict[str, int]:
            return {"puts": present.metadata["puts"] + 1 if present else 1}

        for number in (1, 2):
            (kept,) = self.wait(self.repository.assets.put_all([AssetPut("a", b"x", "t", counted)]))
            self.assertEqual(kept.metadata, {"puts": number})
        self.assertEqual(self.wait(self.repository.assets.stat("a")), kept)

    def test_asset_amended(self) -> None:
        """Type and metadata can change without the bytes; nothing else does."""
        assets = self.repository.assets
        first = self.put("a", b"one", metadata={"x": 1})
        self.time += 1
        change = lambda asset: attrs.evolve(asset, content_type="b/c", metadata={"y": 2}, size=9)  # noqa: E731
        changed = self.wait(assets.amend("a", change, expected_sha256=first.sha256))
        expected = attrs.evolve(
            first, content_type="b/c", metadata={"y": 2}, updated_at=first.updated_at + 1000
        )
        self.assertEqual(changed, expected)
        self.assertEqual(self.wait(assets.get("a")), (expected, b"one"))
        self.assertEqual(self.fails(assets.amend("b", change), AssetNotFound).name, "b")

    def test_assets_revision(self) -> None:
        """A call that changes something public raises the revision by one; others and reading do not."""
        assets = self.repository.assets
        public = {PUBLIC_MARK: True}

        def raised(call: Any) -> int:
            before = self.wait(assets.revision())
            self.wait(call)
            return int(self.wait(assets.revision()) - before)

        together = [AssetPut(name, b"", "t", public) for name in ("b", "c")]
        for call, wanted in (
            (assets.put("a", b"1", "t"), 0),
            (assets.put("a", b"2", "t", public), 1),
            (assets.put("a", b"2", "t"), 1),
            (assets.amend("a", lambda asset: attrs.evolve(asset, metadata=public)), 1),
            (assets.amend("a", lambda asset: attrs.evolve(asset, metadata={})), 1),
            (assets.amend("a", lambda asset: asset), 0),
            (assets.delete("a"), 0),
            (assets.put_all(together), 1),
            (assets.delete("b"), 1),
            (assets.list(), 0),
        ):
            self.assertEqual(raised(call), wanted)
        before = self.wait(assets.revision())
        self.fails(assets.put("c", b"", "t", public, expected_sha256="0" * 64), AssetConflict)
        self.fails(assets.delete("b"), AssetNotFound)
        self.assertEqual(self.wait(assets.revision()), before)

    def test_assets_public(self) -> None:
        """Public ones can be listed alone."""
        for name, mark in (("a", True), ("b", False), ("c", True), ("d", "true"), ("e", True)):
            self.put(name, metadata={PUBLIC_MARK: mark, "x": 1})
        self.put("f", metadata={"x": f'"{PUBLIC_MARK}":true'})
        self.assertEqual(self.names(public=True), ["a", "c", "e"])
        self.assertEqual(self.names(public=True, after="a", limit=1), ["c"])
        self.assertEqual(self.names(public=True, prefix="e"), ["e"])
        deleted = self.wait(self.repository.assets.delete("a"))
        self.assertEqual((deleted.name, deleted.public, deleted.metadata["x"]), ("a", True, 1))


class UserContract(RepositoryCase):
    """What every `IUserRepository` does."""

    def save(self, ident: str, **fields: Any) -> Any:
        """Save a user and give it as stored."""
        return self.wait(self.repository.users.save(User(ident, **fields)))

    def test_user_kept(self) -> None:
        """Everything comes back, by id, address (any case) and identity."""
        users = self.repository.users
        verifyObject(IUserRepository, users)
        saved = self.save(
            "u1",
            email="Ann@Example.com",
            name="Ann",
            roles=("admin", "editor"),
            identities=(("google", "7"), ("github", "x")),
            data={"mfa": {"secret": "s"}},
        )
        self.assertEqual((saved.version, saved.created_at), (1, int(self.time * 1000)))
        for found in (
            users.get("u1"),
            users.by_email("ann@EXAMPLE.com"),
            users.by_identity("google", "7"),
            users.by_identity("github", "x"),
        ):
            self.assertEqual(self.wait(found), saved)
        self.assertIsNone(self.wait(users.by_email("other@example.com")))
        self.assertIsNone(self.wait(users.by_email("")))
        self.assertIsNone(self.wait(users.by_identity("google", "8")))
        self.assertNotIn("secret", repr(saved))

    def test_user_changed(self) -> None:
        """A change raises the version; what was dropped is free for others."""
        saved = self.save("u1", email="a@x", identities=(("p", "1"),))
        self.time += 1
        changed = self.wait(
            self.repository.users.save(attrs.evolve(saved, email="b@x", identities=(("p", "2"),)))
        )
        self.assertEqual((changed.version, changed.created_at), (2, saved.created_at))
        self.assertEqual(changed.updated_at, saved.updated_at + 1000)
        self.assertIsNone(self.wait(self.repository.users.by_email("a@x")))
        self.save("u2", email="a@x", identities=(("p", "1"),))

    def test_user_conflicts(self) -> None:
        """A stale change, and an address or identity of another, are refused and change nothing."""
        saved = self.save("u1", email="a@x", identities=(("p", "1"),))
        users = self.repository.users
        error = self.fails(users.save(User("u1", name="new")), UserConflict)
        self.assertEqual((error.ident, error.field, error.value), ("u1", "version", 1))
        self.assertEqual(self.fails(users.save(User("u2", email="A@X")), UserConflict).field, "email")
        other = User("u2", identities=(("p", "1"),))
        self.assertEqual(self.fails(users.save(other), UserConflict).field, "identity")
        self.fails(users.get("u2"), UserNotFound)
        self.assertEqual(self.wait(users.get("u1")), saved)
        self.save("u3")
        self.save("u4")

    def test_user_deleted(self) -> None:
        """A deleted user is gone, and cannot be saved as if it were there."""
        saved = self.save("u1", email="a@x", identities=(("p", "1"),))
        users = self.repository.users
        self.wait(users.delete("u1"))
        self.fails(users.get("u1"), UserNotFound)
        self.fails(users.delete("u1"), UserNotFound)
        self.fails(users.save(saved), UserNotFound)
        self.assertIsNone(self.wait(users.by_identity("p", "1")))
        self.save("u2", email="a@x", identities=(("p", "1"),))

    def test_users_listed(self) -> None:
        """By id, page after page, without their data."""
        for ident in ("c", "a", "b"):
            self.save(ident, data={"secret": ident})
        users = self.repository.users
        listed = self.wait(users.list())
        self.assertEqual([(one.ident, one.data) for one in listed], [("a", {}), ("b", {}), ("c", {})])
        self.assertEqual([one.ident for one in self.wait(users.list(after="a", limit=1))], ["b"])

    def test_user_refused(self) -> None:
        """What cannot be kept is refused in words."""
        for user, said in (
            (User(""), "a user's id must not be empty"),
            (User("a", email="x\0"), "an e-mail address must not contain NUL"),
            (User("a", identities=(("p", "x" * 600),)), "an identity has 600 bytes"),
            (User("a", data={"x": float("inf")}), "JSON"),
        ):
            self.assertIn(said, str(self.fails(self.repository.users.save(user), ValueError)))


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
        self.fails(self.repository.key_values.increment("n", "k", 1.7e308), ValueError)
        self.assertEqual(self.value("k"), 1.7e308)

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


class SettingsContract(RepositoryCase):
    """What every `ISettingsRepository` does."""

    def test_settings(self) -> None:
        """Set, read, changed, listed by name, deleted."""
        settings = self.repository.settings
        verifyObject(ISettingsRepository, settings)
        self.assertIsNone(self.wait(settings.get("x")))
        self.wait(settings.set("x", {"a": [1, None]}, "ann"))
        self.time += 1
        self.wait(settings.set("b", None))
        found = self.wait(settings.get("x"))
        self.assertEqual((found.value, found.author), ({"a": [1, None]}, "ann"))
        self.assertEqual(found.updated_at, int(self.time * 1000) - 1000)
        self.wait(settings.set("x", 2, "b\0b"))
        listed = self.wait(settings.all())
        self.assertEqual(
            [(s.name, s.value, s.author) for s in listed], [("b", None, ""), ("x", 2, "b\ufffdb")]
        )
        self.assertTrue(self.wait(settings.delete("x")))
        self.assertFalse(self.wait(settings.delete("x")))
        self.assertIsNone(self.wait(settings.get("x")))

    def test_setting_refused(self) -> None:
        """What cannot be kept is refused."""
        self.fails(self.repository.settings.set("", 1), ValueError)
        self.fails(self.repository.settings.set("x", float("nan")), ValueError)


class LogContract(RepositoryCase):
    """What every `ILogRepository` does."""

    def entry(self, seq: int, **fields: Any) -> LogEntry:
        """Give an entry logged ``seq`` seconds after 1970."""
        plain = {"level": "info", "script": "a", "request_id": "", "route": "", "kind": "log", "message": "m"}
        return LogEntry(seq, **{"timestamp": seq * 1000, **plain, **fields})

    def append(self, *entries: LogEntry, front: str = "f") -> Any:
        """Append entries and give the highest number."""
        return self.wait(self.repository.logs.append(entries, front))

    def found(self, **fields: Any) -> list[int]:
        """Give the numbers of what a query gives."""
        return [one.seq for one in self.wait(self.repository.logs.query(LogQuery(**fields)))]

    def test_entries_kept(self) -> None:
        """Entries come back whole; NUL and lone surrogates are replaced."""
        verifyObject(ILogRepository, self.repository.logs)
        entry = self.entry(
            1, level="warn", request_id="r", route="GET /x", kind="console", message="ü\n", line=3
        )
        self.assertEqual(self.append(entry), 1)
        self.assertEqual(list(self.wait(self.repository.logs.query(LogQuery()))), [entry])
        self.assertEqual(self.append(), 1)

    def test_last_seq(self) -> None:
        """The highest number is remembered, even when its entry is gone."""
        logs = self.repository.logs
        self.assertEqual(self.wait(logs.last_seq()), 0)
        self.append(self.entry(7), self.entry(3))
        self.assertEqual(self.append(self.entry(5)), 7)
        self.assertEqual(self.wait(logs.prune(1e15, 10)), 3)
        self.assertEqual((self.found(), self.wait(logs.last_seq())), ([], 7))

    def test_appended_again(self) -> None:
        """Trying again adds nothing; another engine's entries of the same numbers are others."""
        self.append(self.entry(1), self.entry(2))
        self.append(self.entry(2, message="other"), self.entry(3))
        self.assertEqual(self.found(), [1, 2, 3])
        self.append(self.entry(2, script="b"), front="g")
        self.assertEqual(self.found(), [1, 2, 2, 3])
        self.assertEqual(self.found(script="b"), [2])

    def test_same_numbers_stay_together(self) -> None:
        """A page does not end between entries of the same number, so that none is missed."""
        for front in "fgh":
            self.append(self.entry(1), self.entry(2, message="é"), self.entry(3), front=front)
        self.assertEqual(self.found(after=0, limit=1), [1, 1, 1])
        self.assertEqual(self.found(after=1, limit=2), [2, 2, 2])
        self.assertEqual(self.found(limit=4), [2, 2, 2, 3, 3, 3])
        self.assertEqual(self.found(contains="É", limit=1), [2, 2, 2])

    def test_filters(self) -> None:
        """By script, level, request and kind."""
        levels = ("trace", "debug", "info", "warn", "error")
        for number, level in enumerate(levels, 1):
            self.append(
                self.entry(number, level=level, script="ab"[number % 2], request_id=f"r{number}", kind=level)
            )
        for number, level in enumerate(levels, 1):
            self.assertEqual(self.found(level=level), list(range(number, 6)))
            self.assertEqual(self.found(request_id=f"r{number}"), [number])
        self.assertEqual(self.found(script="b"), [1, 3, 5])
        self.assertEqual(self.found(script="b", level="warn"), [5])
        self.assertEqual(self.found(level="error", request_id="r4"), [])
        self.assertEqual(self.found(script="c"), [])
        self.assertEqual(self.found(kind="warn"), [4])
        self.assertEqual(self.found(limit=0), [])
        self.fails(self.repository.logs.query(LogQuery(level="loud")), ValueError)

    def test_contains(self) -> None:
        """Text is found whatever its case, and no character is special."""
        for number, message in enumerate(("Hello 100% W_rld!", "hello 1000 World", "ÄPFEL\\n", "straße"), 1):
            self.append(self.entry(number, message=message))
        for text, found in (
            ("hELLO", [1, 2]),
            ("100%", [1]),
            ("w_r", [1]),
            ("d!", [1]),
            ("äpfel", [3]),
            ("\\N", [3]),
            ("STRAß", [4]),
            ("no", []),
        ):
            self.assertEqual(self.found(contains=text), found, text)

    def test_pages(self) -> None:
        """The newest, those after a number, those before one."""
        self.append(*(self.entry(number, message="ä" if number % 3 else "x") for number in range(1, 10)))
        self.assertEqual(self.found(limit=3), [7, 8, 9])
        self.assertEqual(self.found(limit=3, before=7), [4, 5, 6])
        self.assertEqual(self.found(limit=3, after=0), [1, 2, 3])
        self.assertEqual(self.found(limit=3, after=7), [8, 9])
        self.assertEqual(self.found(after=9), [])
        self.assertEqual(self.found(contains="Ä", limit=3), [5, 7, 8])
        self.assertEqual(self.found(contains="Ä", limit=3, after=2), [4, 5, 7])

    def test_since(self) -> None:
        """From a time on, also when the clock was set back in between."""
        for number, moment in enumerate((1000, 5000, 3000, 4000, 6000), 1):
            self.append(self.entry(number, timestamp=moment))
        self.assertEqual(self.found(since=4000), [2, 4, 5])
        self.assertEqual(self.found(since=3999.5, limit=2), [4, 5])
        self.assertEqual(self.found(since=4000.5, after=0), [2, 5])
        self.assertEqual(self.found(since=7000), [])

    def test_pruned(self) -> None:
        """By age and by number."""
        logs = self.repository.logs
        self.append(*(self.entry(number) for number in range(1, 21)))
        self.assertEqual(self.wait(logs.prune(0, 100)), 0)
        self.assertEqual(self.wait(logs.prune(6000, 100)), 5)
        self.assertEqual(self.found(limit=3, after=0), [6, 7, 8])
        self.assertEqual(self.wait(logs.prune(6000, 10)), 5)
        self.assertEqual(self.found(), list(range(11, 21)))
        self.assertEqual(self.wait(logs.prune(6000, 10)), 0)
