"""Tests for aiwebengine.web.long_list."""

import json

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.web.long_list import SLICE, LongList


class LongListTests(SynchronousTestCase):
    """Encoded in slices, and once."""

    def setUp(self):
        self.clock = Clock()
        self.asked = []
        self.passing = set()
        self.list = LongList(self.clock, self.show, lambda item: item not in self.passing)

    def show(self, item):
        self.asked.append(item)
        return {"n": item}

    def begin(self, items):
        return Deferred.fromCoroutine(self.list.encode(items))

    def encode(self, items):
        return json.loads(self.successResultOf(self.begin(items)))

    def test_short(self):
        """A short list is there at once."""
        self.assertEqual(self.encode([]), [])
        self.assertEqual(self.encode([2, 1]), [{"n": 2}, {"n": 1}])

    def test_others_get_their_turn(self):
        """A long one lets the reactor turn after each slice."""
        items = list(range(2 * SLICE + 1))
        waiting = self.begin(items)
        self.assertEqual(len(self.asked), SLICE)
        others = []
        self.clock.callLater(0, lambda: others.append(len(self.asked)))
        self.assertNoResult(waiting)
        self.clock.advance(0)
        self.assertEqual(others, [2 * SLICE])
        self.assertEqual([one["n"] for one in json.loads(self.successResultOf(waiting))], items)

    def test_once(self):
        """What was encoded before is not again, and what has left the list is forgotten."""
        items = list(range(SLICE))
        self.encode(items)
        self.asked.clear()
        self.assertEqual(len(self.encode([*items, 999])), SLICE + 1)
        self.assertEqual(self.asked, [999])
        self.encode([1])
        self.asked.clear()
        self.encode([1, 2])
        self.assertEqual(self.asked, [2])

    def test_passing(self):
        """What changes is encoded each time, also after it has stopped changing."""
        self.encode([1, 2])
        self.passing.add(1)
        self.asked.clear()
        self.encode([1, 2])
        self.encode([1, 2])
        self.assertEqual(self.asked, [1, 1])
        self.passing.clear()
        self.encode([1, 2])
        self.assertEqual(self.asked, [1, 1, 1])
