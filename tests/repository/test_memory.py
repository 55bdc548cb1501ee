"""Tests for aiwebengine.repository.memory and what belongs to it."""

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.repository.model import LogQuery, User
from aiwebengine.scripts.model import ScriptChange
from aiwebengine.testing.repository import ScriptRepositoryContract
from aiwebengine.testing.stores import (
    AssetContract,
    KeyValueContract,
    LogContract,
    SettingsContract,
    UserContract,
)


class InMemory:
    """Makes repositories."""

    def make_repository(self, now):
        return MemoryRepository(now)


class MemoryRepositoryTests(InMemory, ScriptRepositoryContract, SynchronousTestCase):
    """REQ-DATA-001: the contract in memory."""

    def test_req_data_001_still_readable_when_closed(self):
        """Closing loses nothing."""
        self.save("a", "1")
        self.wait(self.repository.close())
        self.assertEqual(self.wait(self.repository.script("a")).source, "1")

    def test_watch(self):
        """Nobody else can change it."""
        self.repository.watch(self.fail)()
        self.assertFalse(self.repository.shared)

    def test_faults(self):
        """Every operation can be made to fail, by name, and then changes nothing."""
        seen = []

        def fault(operation):
            seen.append(operation)
            raise RepositoryUnavailable("memory:", "on purpose")

        one = self.repository
        one.fault = fault
        calls = {
            "scripts": lambda: one.scripts(),
            "script": lambda: one.script("a"),
            "version": lambda: one.version("a", 1),
            "versions": lambda: one.versions("a"),
            "save": lambda: one.save([ScriptChange("a", "x")]),
            "check": lambda: one.check(),
            "assets.put": lambda: one.assets.put("a", b"", "t"),
            "assets.get": lambda: one.assets.get("a"),
            "assets.part": lambda: one.assets.part("a", 0, 1),
            "assets.stat": lambda: one.assets.stat("a"),
            "assets.put_all": lambda: one.assets.put_all([]),
            "assets.amend": lambda: one.assets.amend("a", lambda asset: asset),
            "assets.revision": lambda: one.assets.revision(),
            "assets.delete": lambda: one.assets.delete("a"),
            "assets.list": lambda: one.assets.list(),
            "users.get": lambda: one.users.get("a"),
            "users.by_email": lambda: one.users.by_email("a"),
            "users.by_identity": lambda: one.users.by_identity("a", "b"),
            "users.list": lambda: one.users.list(),
            "users.save": lambda: one.users.save(User("a")),
            "key_values.get": lambda: one.key_values.get("n", "k"),
            "key_values.set": lambda: one.key_values.set("n", "k", 1),
            "key_values.delete": lambda: one.key_values.delete("n", "k"),
            "key_values.list": lambda: one.key_values.list("n"),
            "key_values.increment": lambda: one.key_values.increment("n", "k"),
            "key_values.compare_and_set": lambda: one.key_values.compare_and_set("n", "k", 1, 2),
            "key_values.prune": lambda: one.key_values.prune(),
            "settings.all": lambda: one.settings.all(),
            "settings.get": lambda: one.settings.get("a"),
            "settings.set": lambda: one.settings.set("a", 1),
            "settings.delete": lambda: one.settings.delete("a"),
            "logs.append": lambda: one.logs.append([]),
            "logs.query": lambda: one.logs.query(LogQuery()),
            "logs.last_seq": lambda: one.logs.last_seq(),
            "logs.prune": lambda: one.logs.prune(0, 0),
        }
        for call in calls.values():
            self.fails(call(), RepositoryUnavailable)
        self.assertEqual(seen, list(calls))
        one.fault = lambda operation: None
        self.assertEqual(self.wait(one.scripts()), [])
        self.assertEqual(self.wait(one.settings.all()), [])


class MemoryAssetTests(InMemory, AssetContract, SynchronousTestCase):
    """Assets in memory."""


class MemoryUserTests(InMemory, UserContract, SynchronousTestCase):
    """Users in memory."""


class MemoryKeyValueTests(InMemory, KeyValueContract, SynchronousTestCase):
    """Keys in memory."""


class MemorySettingsTests(InMemory, SettingsContract, SynchronousTestCase):
    """Settings in memory."""


class MemoryLogTests(InMemory, LogContract, SynchronousTestCase):
    """Logs in memory."""
