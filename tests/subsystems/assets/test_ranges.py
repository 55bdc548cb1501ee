"""Byte ranges: a table, and properties."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.subsystems.assets.ranges import MOST_RANGES, RangeUnsatisfiable, parse_ranges


class TableTests(SynchronousTestCase):
    """What headers mean (RFC 9110 section 14.1.2)."""

    def test_ranges(self):
        """Each header with the ranges of ten bytes; None: it is ignored."""
        for header, wanted in (
            ("bytes=0-0", [(0, 1)]),
            ("bytes=0-9", [(0, 10)]),
            ("bytes=5-", [(5, 10)]),
            ("bytes=-3", [(7, 10)]),
            ("bytes=-30", [(0, 10)]),
            ("bytes=8-99999", [(8, 10)]),
            ("BYTES = 1-2", [(1, 3)]),
            ("bytes=1-2,,4-5 ,", [(1, 3), (4, 6)]),
            ("bytes=4-5,1-2", [(4, 6), (1, 3)]),
            ("bytes=1-2,50-60", [(1, 3)]),
            ("bytes=1-3,3-5", None),
            ("bytes=0-,0-", None),
            ("bytes=5-4", None),
            ("bytes=-", None),
            ("bytes=", None),
            ("bytes", None),
            ("bytes=a-b", None),
            ("bytes=1-2;3-4", None),
            ("bytes=+1-2", None),
            ("bytes=1-2-3", None),
            ("bytes=" + "9" * 19 + "-", None),
            ("items=0-1", None),
            ("bytes=\u0661-\u0662", None),
            ("bytes=" + ",".join(["0-0"] * (MOST_RANGES + 1)), None),
        ):
            self.assertEqual(parse_ranges(header, 10), wanted, header)

    def test_unsatisfiable(self):
        """Nothing of what is asked for lies in the file."""
        for header, size in (("bytes=10-", 10), ("bytes=10-20,30-", 10), ("bytes=-0", 10), ("bytes=0-", 0)):
            error = self.assertRaises(RangeUnsatisfiable, parse_ranges, header, size)
            self.assertEqual(error.size, size)


class PropertyTests(SynchronousTestCase):
    """What holds for any header."""

    @given(st.text(alphabet="bytes=0123456789-, ;", max_size=60), st.integers(0, 2000))
    def test_within(self, header, size):
        """Ranges lie within the file, do not overlap, and are not empty; nothing else is raised."""
        try:
            found = parse_ranges(header, size)
        except RangeUnsatisfiable:
            return
        for start, end in found or ():
            self.assertTrue(0 <= start < end <= size)
        self.assertLessEqual(sum(end - start for start, end in found or ()), size)
