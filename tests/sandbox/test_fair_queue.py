"""Waiting jobs: a turn for each script."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.fair_queue import FairQueue


class Waiting(SimpleNamespace):
    """A job; hashable by identity as real ones."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def job(uri: str, deadline: float = 10.0) -> Any:
    return Waiting(uri=uri, deadline=deadline)


class FairQueueTests(SynchronousTestCase):
    """`FairQueue`."""

    def setUp(self) -> None:
        self.queue = FairQueue()

    def add(self, *uris: str) -> list[Any]:
        jobs = [job(uri) for uri in uris]
        for one in jobs:
            self.queue.add(one)
        return jobs

    def drain(self) -> str:
        taken = ""
        while (uri := self.queue.next_uri({}, 1)) is not None:
            taken += self.queue.take(uri).uri
        return taken

    def test_turns(self) -> None:
        """However many one script has waiting, the others have their turns between."""
        self.add(*"aaaabbc")
        self.assertEqual(self.drain(), "abcabaa")
        self.assertEqual(self.queue.count, 0)
        self.assertNotIn("a", self.queue)

    def test_order_within_a_script(self) -> None:
        """A script's own jobs stay in order; one put back comes first."""
        first, second = self.add("a", "a")
        self.assertIs(self.queue.take("a"), first)
        self.queue.put_back(first)
        self.assertEqual(self.queue.count, 2)
        self.assertIs(self.queue.take("a"), first)
        self.assertIs(self.queue.take("a"), second)

    def test_held(self) -> None:
        """A script that holds as many sandboxes as it may has no turn."""
        self.add("a", "b")
        self.assertEqual(self.queue.next_uri({"a": 1}, 1), "b")
        self.assertEqual(self.queue.next_uri({"a": 1}, 2), "a")
        self.assertIsNone(self.queue.next_uri({"a": 1, "b": 1}, 1))

    def test_alone(self) -> None:
        """Whether nobody else waits."""
        first, _ = self.add("a", "a")
        self.assertIs(self.queue.alone("a"), first)
        self.assertIsNone(self.queue.alone("b"))
        self.add("b")
        self.assertIsNone(self.queue.alone("a"))

    def test_remove(self) -> None:
        """A job may leave from anywhere; one that is not there changes nothing."""
        first, second, third = self.add("a", "a", "b")
        self.queue.remove(second)
        self.queue.remove(second)
        self.queue.remove(job("a"))
        self.queue.remove(job("z"))
        self.queue.remove(third)
        self.assertNotIn("b", self.queue)
        self.assertEqual(self.queue.count, 1)
        self.assertIs(self.queue.take("a"), first)

    def test_expired(self) -> None:
        """Jobs leave when their deadline has come, also behind one that waits longer."""
        late, early, other = job("a", 9), job("a", 2), job("b", 3)
        for one in (late, early, other):
            self.queue.add(one)
        self.assertEqual(self.queue.expired(1), [])
        self.assertEqual(self.queue.expired(3), [early, other])
        self.assertEqual(self.queue.count, 1)

    def test_clear(self) -> None:
        """All leave at once."""
        jobs = self.add("a", "b", "a")
        self.assertEqual(set(self.queue.clear()), set(jobs))
        self.assertEqual(self.queue.count, 0)
        self.assertIsNone(self.queue.next_uri({}, 9))
