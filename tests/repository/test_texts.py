"""Tests for aiwebengine.repository.texts."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.repository.texts import cleaned, prefix_end, same

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


class TextTests(SynchronousTestCase):
    """Texts and JSON data."""

    @given(TEXT, TEXT)
    def test_prefix_end(self, prefix, text):
        """What is between a prefix and its end is what starts with it, as UTF-8 is ordered too."""
        end = prefix_end(prefix)
        between = prefix <= text and (end is None or text < end)
        self.assertEqual(between, text.startswith(prefix))
        if end is not None:
            self.assertGreater(end.encode(), prefix.encode())

    @given(JSON)
    def test_same(self, value):
        """Data is the same as itself."""
        self.assertTrue(same(value, value))

    def test_different(self):
        """Truth is no number, and order of keys does not matter."""
        self.assertFalse(same(True, 1))
        self.assertFalse(same([0], [False]))
        self.assertFalse(same({"a": None}, {}))
        self.assertFalse(same([], {}))
        self.assertTrue(same({"a": 1, "b": [1.0]}, {"b": [1], "a": 1}))

    def test_cleaned(self):
        """What databases do not take is replaced."""
        self.assertEqual(cleaned("a\0\ud800b\U0001f600"), "a\ufffd\ufffdb\U0001f600")
