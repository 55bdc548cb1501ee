"""Tests for aiwebengine.repository.pruning."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IEngineService, IPlugin
from aiwebengine.plugins.aiwebengine_pruning import pruning
from aiwebengine.repository import MemoryRepository
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.repository.pruning import KeyPruner
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Services


class PruningTests(SynchronousTestCase):
    """Expired keys are removed, whatever happens in between."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.repository = MemoryRepository(self.clock.seconds)
        self.pruner = KeyPruner(self.clock, self.repository)
        for key, ttl_s in (("a", 30), ("b", 90), ("c", None)):
            self.wait(self.repository.key_values.set("n", key, 1, ttl_s))

    def wait(self, work: object) -> object:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def held(self) -> int:
        """Give how many keys are held, expired or not."""
        return self.wait(self.repository.key_values.usage_of("n")).keys  # type: ignore[attr-defined]

    def test_each_minute(self) -> None:
        """What has expired is removed once a minute until it is stopped."""
        self.wait(self.pruner.start())
        self.clock.advance(59)
        self.assertEqual(self.held(), 3)
        self.clock.advance(1)
        self.assertEqual(self.held(), 2)
        self.wait(self.pruner.stop())
        self.clock.pump([60, 60])
        self.assertEqual(self.held(), 2)
        self.wait(self.pruner.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_goes_on(self) -> None:
        """An error does not end it: it is told, and the next minute is another try."""
        errors: list[Exception] = [RepositoryUnavailable("memory:", "away"), OSError("broken")]

        def fault(operation: str) -> None:
            if operation == "key_values.prune" and errors:
                raise errors.pop(0)

        self.repository.fault = fault
        self.wait(self.pruner.start())
        self.clock.pump([60, 60])
        self.assertEqual(self.held(), 3)
        self.clock.advance(60)
        self.assertEqual(self.held(), 1)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_plugin(self) -> None:
        """It is a plugin that every engine has."""
        verifyObject(IPlugin, pruning)
        provider = pruning.build(None, Services(RegistryHelper(self), self.clock))
        verifyObject(IEngineService, provider)
