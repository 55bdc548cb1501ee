"""Tests for aiwebengine.repository.memory."""

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.testing.repository import ScriptRepositoryContract


class MemoryRepositoryTests(ScriptRepositoryContract, SynchronousTestCase):
    """REQ-DATA-001: the contract in memory."""

    def make_repository(self, now):
        return MemoryRepository(now)

    def test_req_data_001_still_readable_when_closed(self):
        """Closing loses nothing."""
        self.save("a", "1")
        self.wait(self.repository.close())
        self.assertEqual(self.wait(self.repository.script("a")).source, "1")
