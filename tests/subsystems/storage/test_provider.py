"""Tests for aiwebengine.subsystems.storage.provider, .limits and .settings: whatever a sandbox may send."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import LimitExceeded
from aiwebengine.repository import MemoryRepository
from aiwebengine.repository.stores.key_values import MOST_KEY_BYTES
from aiwebengine.sandbox.dry_run import DryRun, is_safe_in_dry_run
from aiwebengine.sandbox.model import HostCall
from aiwebengine.subsystems.storage.limits import SignInRequired
from aiwebengine.subsystems.storage.provider import StorageGlobals
from aiwebengine.subsystems.storage.settings import StorageSettings


class ProviderTests(SynchronousTestCase):
    """The operations themselves; the front trusts no sandbox."""

    def setUp(self) -> None:
        self.repository = MemoryRepository()
        self.storage = StorageGlobals(self.repository, StorageSettings())
        self.operations = self.storage.operations()

    def ask(self, operation: str, *argument: Any, auth: Any = None, dry_run: DryRun | None = None) -> Any:
        call = HostCall("a.js", 1, "r", auth or {}, dry_run)
        return Deferred.fromCoroutine(self.operations[f"storage.{operation}"](call, list(argument)))

    def fails(self, error: type[Exception], *asked: Any, **fields: Any) -> str:
        return str(self.failureResultOf(self.ask(*asked, **fields), error).value)

    def test_shapes(self) -> None:
        """Arguments of another shape are refused, and nothing is done."""
        for asked in (
            ("get",),
            ("get", False),
            ("get", False, 1),
            ("get", "no", "k"),
            ("get", False, "k", 1),
            ("set", False, "k", 1, None),
            ("set", False, "k", "1", "soon"),
            ("increment", False, "k", "1", None),
            ("list", False, "", "", 1.5, False),
            ("list", False, "", "", 0, False),
            ("list", False, "", "", 1001, False),
            ("getMany", False, ["k"] * 101),
            ("setMany", False, {"k": "1"}, None),
            ("setMany", False, [["k", "1"]] * 101, None),
        ):
            self.fails(TypeError, *asked)
        self.assertEqual(self.successResultOf(self.ask("list", False, "", "", 10, False))["keys"], [])

    def test_not_json(self) -> None:
        """So is a text that is no JSON, or more than JSON."""
        for text in ("", "{", "NaN", "Infinity", "undefined", "1 2"):
            self.fails(ValueError, "set", False, "k", text, None)
            self.fails(ValueError, "compareAndSet", False, "k", None, text, None)

    def test_deep(self) -> None:
        """A text nested too deep for the reader is refused, however deep."""
        for depth in (201, 5000, 100_000):
            said = self.fails(ValueError, "set", False, "k", "[" * depth + "]" * depth, None)
            self.assertIn("nested more than 200 deep", said)
        self.successResultOf(self.ask("set", False, "k", "[" * 200 + "]" * 200, None))
        self.successResultOf(self.ask("set", False, "k", "[" + ",".join(["[]"] * 1000) + "]", None))

    def test_times_to_live(self) -> None:
        """Only a time to live that is one is taken."""
        for ttl_s in (0, -1, 1e300):
            self.assertIn(
                "storage.set: a time to live", self.fails(ValueError, "set", False, "k", "1", ttl_s)
            )

    def test_longest_key(self) -> None:
        """What the repository can keep is the most that can be configured."""
        msgspec.convert({"max_key_bytes": MOST_KEY_BYTES}, StorageSettings)
        more = {"max_key_bytes": MOST_KEY_BYTES + 1}
        self.assertRaises(msgspec.ValidationError, msgspec.convert, more, StorageSettings)

    def test_users(self) -> None:
        """Who asks is what the front knows, not what the sandbox says."""
        for auth in (
            {},
            {"isAuthenticated": False, "userId": "u"},
            {"isAuthenticated": True},
            {"userId": "u"},
        ):
            self.assertEqual(
                self.fails(SignInRequired, "get", True, "k", auth=auth), "Authentication required"
            )
        signed_in = {"isAuthenticated": True, "userId": "u"}
        self.successResultOf(self.ask("set", True, "k", "1", None, auth=signed_in))
        self.assertIsNone(self.successResultOf(self.ask("get", False, "k", auth=signed_in)))

    def test_limits_name_what_was_asked_for(self) -> None:
        """The error has the figures, for the answer's details."""
        self.storage.apply(StorageSettings(max_value_bytes=16))
        said = self.fails(LimitExceeded, "compareAndSet", False, "k", '"' + "x" * 20 + '"', None, None)
        self.assertIn("storage.compareAndSet: expected has 22 bytes, more than the limit of 16", said)
        said = self.fails(LimitExceeded, "setMany", False, [["k", '"' + "x" * 20 + '"']], None)
        self.assertIn("storage.setMany: the value of 'k' has 22 bytes", said)

    def test_req_dev_003_dry_runs(self) -> None:
        """Every operation may be carried out in a dry run, and works on what only that one sees."""
        self.assertTrue(all(map(is_safe_in_dry_run, self.operations.values())))
        dry, other = DryRun(), DryRun()
        self.assertEqual(self.successResultOf(self.ask("increment", False, "k", 1, None, dry_run=dry)), 1)
        self.assertEqual(self.successResultOf(self.ask("increment", False, "k", 1, None, dry_run=dry)), 2)
        self.assertEqual(self.successResultOf(self.ask("increment", False, "k", 1, None, dry_run=other)), 1)
        self.assertIsNone(self.successResultOf(self.ask("get", False, "k")))
