"""Tests of `aiwebengine.web.descriptors`."""

from __future__ import annotations

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.web.descriptors import OTHER_FILES, raise_open_files


class FakeLimits:
    """The limit of open files of a process that is not this one."""

    RLIMIT_NOFILE = 7
    RLIM_INFINITY = -1

    def __init__(self, soft: int, hard: int, refuse: bool = False) -> None:
        self.limits = (soft, hard)
        self._refuse = refuse

    def getrlimit(self, which: int) -> tuple[int, int]:
        assert which == self.RLIMIT_NOFILE
        return self.limits

    def setrlimit(self, which: int, limits: tuple[int, int]) -> None:
        assert which == self.RLIMIT_NOFILE
        if self._refuse:
            raise ValueError("not allowed")
        self.limits = limits


class RaiseOpenFilesTests(SynchronousTestCase):
    """As many files as connections need, where the system lets us."""

    def test_req_perf_004_raised_to_what_is_needed(self) -> None:
        """The soft limit goes up to what is wanted, the hard one stays."""
        limits = FakeLimits(1024, 500_000)
        self.assertEqual(raise_open_files(20_000, limits), 20_000 + OTHER_FILES)
        self.assertEqual(limits.limits, (20_000 + OTHER_FILES, 500_000))

    def test_enough_already(self) -> None:
        """A limit that is high enough, or none, is left alone."""
        for soft in (100_000, FakeLimits.RLIM_INFINITY):
            limits = FakeLimits(soft, FakeLimits.RLIM_INFINITY)
            self.assertEqual(raise_open_files(20_000, limits), soft)
            self.assertEqual(limits.limits[0], soft)

    def test_hard_limit_is_the_end(self) -> None:
        """What the hard limit does not allow is taken as far as it goes, with a warning."""
        limits = FakeLimits(1024, 4096)
        with capturedLogs() as events:
            self.assertEqual(raise_open_files(20_000, limits), 4096)
        self.assertEqual([event["reach"] for event in events], [4096])

    def test_refused(self) -> None:
        """A system that refuses leaves the limit as it was, with a warning."""
        with capturedLogs() as events:
            self.assertEqual(raise_open_files(20_000, FakeLimits(1024, 500_000, refuse=True)), 1024)
        self.assertEqual(len(events), 1)

    def test_real(self) -> None:
        """On this platform it gives the limit in force."""
        self.assertGreater(raise_open_files(1), 0)
