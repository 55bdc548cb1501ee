"""What keeps killing sandboxes is paused."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.circuit import CircuitBreaker


class CircuitBreakerTests(SynchronousTestCase):
    """`CircuitBreaker` by a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.circuit = CircuitBreaker(self.clock.seconds, crashes=3, window_s=60, pause_s=10)

    def crash(self, times: int, key: str = "a") -> None:
        for _ in range(times):
            self.circuit.crashed(key)

    def test_few_crashes(self) -> None:
        """Fewer crashes than it takes do nothing."""
        self.crash(2)
        self.assertEqual(self.circuit.retry_after("a"), 0)

    def test_opens(self) -> None:
        """So many crashes, and calls are refused for the pause; other keys are not."""
        self.crash(3)
        self.assertEqual(self.circuit.retry_after("a"), 10)
        self.assertEqual(self.circuit.retry_after("b"), 0)
        self.clock.advance(4)
        self.assertEqual(self.circuit.retry_after("a"), 6)

    def test_crashes_far_apart(self) -> None:
        """Crashes spread over more than the window do nothing."""
        for _ in range(5):
            self.crash(1)
            self.clock.advance(31)
        self.assertEqual(self.circuit.retry_after("a"), 0)

    def test_half_open(self) -> None:
        """After the pause one call is let through; others meanwhile are not."""
        self.crash(3)
        self.clock.advance(10)
        self.assertEqual(self.circuit.retry_after("a"), 0)
        self.assertEqual(self.circuit.retry_after("a"), 1)

    def test_crash_while_half_open(self) -> None:
        """If that call crashes too, the next pause begins."""
        self.crash(3)
        self.clock.advance(10)
        self.circuit.retry_after("a")
        self.crash(1)
        self.assertEqual(self.circuit.retry_after("a"), 10)

    def test_recovered(self) -> None:
        """If it is answered, all is forgotten."""
        self.crash(3)
        self.clock.advance(10)
        self.circuit.retry_after("a")
        self.circuit.answered("a")
        self.assertEqual(self.circuit.retry_after("a"), 0)
        self.crash(2)
        self.assertEqual(self.circuit.retry_after("a"), 0)

    def test_answers_between_crashes(self) -> None:
        """A key that crashes now and then, answering between, is still paused when it does so too often."""
        for _ in range(3):
            self.crash(1)
            self.circuit.answered("a")
        self.assertEqual(self.circuit.retry_after("a"), 10)
