"""Tests for aiwebengine.testing.javascript.world and .adapters: whose host calls are whose, and time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.sandbox.model import HostCall
from aiwebengine.testing.javascript.adapters import guarded
from aiwebengine.testing.javascript.world import World


class GuardedTests(SynchronousTestCase):
    """A plugin's operations, called while tests come and go."""

    def setUp(self) -> None:
        self.bench: Any = SimpleNamespace(
            reserved=(),
            past_requests=set(),
            current=None,
            pool=SimpleNamespace(forget=lambda program: None),
            repository=MemoryRepository(),
        )
        self.done: list[str] = []

    async def perform(self, call: HostCall, argument: Any) -> str:
        self.done.append(call.request_id)
        return "done"

    def ask(self, request_id: str) -> Any:
        call = HostCall("a.js", 1, request_id)
        return self.successResultOf(Deferred.fromCoroutine(guarded(self.bench, self.perform)(call, None)))

    def world(self, ident: str, *requests: str) -> World:
        self.bench.current = world = World(self.bench, ident, Path())
        world.requests.update(requests)
        return world

    def test_late_calls(self) -> None:
        """What a test that is over still asks for is not done in the next one's world."""
        self.world("test-1", "r1", "same").close()
        self.world("test-2", "r2", "same")
        self.assertIsNone(self.ask("r1"))
        self.assertIsNone(self.ask("test-1"))
        for request_id in ("r2", "same", "test-2", "", "unknown"):
            self.assertEqual(self.ask(request_id), "done")
        self.assertEqual(self.done, ["r2", "same", "test-2", "", "unknown"])

    def test_time(self) -> None:
        """What is kept expires by the test's clock once that is set."""
        world = self.world("test-1")
        values = world.key_values
        self.successResultOf(Deferred.fromCoroutine(values.set("n", "real", 1, 1000)))
        world.set_clock(0.0)
        self.successResultOf(Deferred.fromCoroutine(values.set("n", "k", 1, 10)))
        for now, there in ((9_999.0, True), (10_000.0, False)):
            world.set_clock(now)
            found = self.successResultOf(Deferred.fromCoroutine(values.get("n", "k")))
            self.assertEqual(found is not None, there)
