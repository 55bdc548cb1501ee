"""The merge of layers: a model of what precedence means, and the engine's."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.layers import Layer, Merged, Origin

keys = st.sampled_from("abc")
trees = st.recursive(
    st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
layers = st.lists(st.dictionaries(keys, trees, max_size=3), max_size=4)


def merge(below, above):
    """What precedence means."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {
            key: merge(below[key], above[key]) if key in below and key in above else {**below, **above}[key]
            for key in {**below, **above}
        }
    return above


def places(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from places(value, (*path, key))
        else:
            yield (*path, key), value


class MergedTests(SynchronousTestCase):
    def merged(self, datas, is_table=lambda path: True):
        merged = Merged(is_table)
        for number, data in enumerate(datas):
            merged.add(Layer(data, Origin(str(number))))
        return merged

    @given(layers)
    def test_req_cfg_001_later_layers_win_place_by_place(self, datas):
        expected = {}
        for data in datas:
            expected = merge(expected, data)
        self.assertEqual(self.merged(datas).data, expected)

    @given(layers)
    def test_the_origin_is_the_last_layer_that_gave_the_value(self, datas):
        merged = self.merged(datas)
        for path, value in places(merged.data):
            given_by = [
                number
                for number, data in enumerate(datas)
                if any(place == path and found == value for place, found in places(data))
            ]
            self.assertIn(int(merged.origin_of(path).text), given_by)
            self.assertTrue(merged.holds(path))

    def test_layers_are_not_changed(self):
        first = {"a": {"b": 1}}
        self.merged([first, {"a": {"b": 2}}])
        self.assertEqual(first, {"a": {"b": 1}})

    def test_what_is_no_table_is_replaced_whole(self):
        merged = self.merged([{"a": {"env": "X"}}, {"a": {"file": "y"}}], lambda path: False)
        self.assertEqual(merged.data, {"a": {"file": "y"}})

    def test_nothing_is_known_of_places_nobody_gave(self):
        merged = self.merged([{"a": {"b": 1, "c": [1]}}])
        self.assertIsNone(merged.origin_of(("x", "y")))
        self.assertEqual(merged.origin_of(("a", "x")).text, "0")
        self.assertFalse(merged.holds(("a", "x")))
        self.assertTrue(merged.holds(("a", "c", 0)))

    def test_lines_are_those_of_the_nearest_place_known(self):
        layer = Layer({}, Origin("f"), {("a",): 1, ("a", "b"): 2})
        self.assertEqual(layer.origin_of(("a", "b", 0)).text, "f:2")
        self.assertEqual(layer.origin_of(("a", "c")).text, "f:1")
        self.assertEqual(layer.origin_of(("x",)).text, "f")
