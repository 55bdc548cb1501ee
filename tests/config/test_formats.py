"""TOML, YAML and JSON5 say the same, and say where they are wrong."""

import json
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.formats import Document, Malformed, format_of, parse
from aiwebengine.config.locations import json5_lines, toml_key, toml_lines

TOML = """\
# comment
[server]
port = 1
listen = [
  "tcp:1",
]
text = '''
fake = 1
[fake]
'''

[security.headers]
"X-A.b" = "1"
[[rows]]
a = 1
[[rows]]
a = 2
[rows.sub]
b.c = 3
"""

YAML = """\
# comment
server:
  port: 1
  listen:
    - tcp:1
  text: |
    fake: 1
    [fake]
security:
  headers: {"X-A.b": "1"}
rows:
  - a: 1
  - a: 2
    sub: {b: {c: 3}}
"""

JSON5 = """\
// comment
{
  server: {
    port: 1, /* a:
    b */ listen: ["tcp:1"],
    'text': "fake: 1\\n[fake]\\n",
  },
  security: {headers: {"X-A.b": '1'}},
  rows: [{a: 1},
    {a: 2, sub: {b: {c: 3}}}],
}
"""

DATA = {
    "server": {"port": 1, "listen": ["tcp:1"], "text": "fake: 1\n[fake]\n"},
    "security": {"headers": {"X-A.b": "1"}},
    "rows": [{"a": 1}, {"a": 2, "sub": {"b": {"c": 3}}}],
}

plain = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | st.text(st.characters(codec="ascii"), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(codec="ascii", categories=["L"]), min_size=1), inner, max_size=3
        )
    ),
    max_leaves=12,
)


class ParseTests(SynchronousTestCase):
    def malformed(self, text, kind):
        return self.assertRaises(Malformed, parse, text, kind)

    def test_req_cfg_001_the_formats_are_equal(self):
        self.assertEqual(parse(TOML.replace("fake = 1", "fake: 1"), "toml").data, DATA)
        self.assertEqual(parse(YAML, "yaml").data, DATA)
        self.assertEqual(parse(JSON5, "json5").data, DATA)

    def test_lines_are_known_in_each_format(self):
        for text, kind, port, header, second in (
            (TOML, "toml", 3, 13, 17),
            (YAML, "yaml", 3, 10, 13),
            (JSON5, "json5", 4, 8, 10),
        ):
            lines = parse(text, kind).lines
            self.assertEqual(lines["server", "port"], port, kind)
            self.assertEqual(lines["security", "headers", "X-A.b"], header, kind)
            self.assertEqual(lines["rows", 1, "a"], second, kind)
            self.assertNotIn(("fake",), lines)
        self.assertEqual(toml_lines(TOML)["rows", 1, "sub", "b", "c"], 19)
        self.assertEqual(json5_lines(JSON5)[0]["server", "listen"], 5)

    def test_nothing_at_all_is_an_empty_configuration(self):
        for kind in ("toml", "yaml", "json5"):
            self.assertEqual(parse("\n", kind), Document({}, {}))
        self.assertEqual(parse("# only a comment\n", "yaml").data, {})

    def test_mistakes_are_placed(self):
        for text, kind, line, column in (
            ("a = 1\nb = \n", "toml", 2, 5),
            ("a = 1\nb =", "toml", 2, None),
            ("a: 1\nb: [\n", "yaml", 3, 1),
            ("a: 1\n b: 2\n", "yaml", 2, 3),
            ("{a: 1,\n b: }", "json5", 2, 5),
            ("{a: 1,", "json5", 1, 7),
        ):
            error = self.malformed(text, kind)
            self.assertEqual((error.line, error.column), (line, column), text)
            self.assertIn("not valid", str(error))

    def test_keys_given_twice_are_refused(self):
        self.assertEqual(self.malformed("[a]\nb = 1\nb = 2\n", "toml").line, 3)
        error = self.malformed("a:\n  b: 1\n  b: 2\n", "yaml")
        self.assertEqual((error.line, str(error)), (3, "the key a.b is given twice"))
        error = self.malformed("{a: {b: 1,\n 'b': 2}}", "json5")
        self.assertEqual((error.line, str(error)), (2, "the key a.b is given twice"))

    def test_yaml_keys_which_are_not_strings_are_refused_with_the_reason(self):
        error = self.malformed("a:\n  on: 1\n", "yaml")
        self.assertIn("reads unquoted on", str(error))
        self.assertEqual(error.line, 1)
        self.malformed("- {1: 2}\n", "yaml")
        self.malformed("a: [{1: 2}]\n", "yaml")

    def test_yaml_makes_no_objects_and_no_circles(self):
        self.malformed("a: !!python/object/apply:os.getcwd []\n", "yaml")
        self.assertIn("alias", str(self.malformed("a: &x\n  b: *x\n", "yaml")))
        self.malformed("a: \x01\n", "yaml")
        self.malformed("a: 1\n---\nb: 2\n", "yaml")
        self.assertEqual(parse("x: &x {a: 1}\ny: {<<: *x, b: 2}\n", "yaml").data["y"], {"a": 1, "b": 2})

    def test_req_sec_005_messages_quote_nothing_of_the_file(self):
        for text, kind in (
            ("password: *hunter2\n", "yaml"),
            ("password: !hunter2 x\n", "yaml"),
            ("password: !hunter2\n", "yaml"),
            ('password: "\\hunter2"\n', "yaml"),
            ("password: hunter2: x\n", "yaml"),
            ("password = hunter2\n", "toml"),
            ("password = 'hunter2\n", "toml"),
            ("{password: hunter2}", "json5"),
            ("{password: 'hunter2}", "json5"),
        ):
            self.assertNotIn("hunter2", str(self.malformed(text, kind)))

    def test_the_top_must_be_a_table(self):
        self.assertIn("table", str(self.malformed("[1]", "json5")))
        self.assertIn("table", str(self.malformed("- 1\n", "yaml")))

    def test_depth_is_bounded(self):
        self.assertIn("deep", str(self.malformed("{a:" + "[" * 5000 + "]" * 5000 + "}", "json5")))
        self.malformed("a = " + "[" * 5000 + "]" * 5000, "toml")

    @given(st.dictionaries(st.sampled_from(["server", "b"]), plain))
    def test_what_json_and_yaml_hold_comes_back_with_lines_for_each_key(self, data):
        for kind, text in (("json5", json.dumps(data, indent=1)), ("yaml", yaml.safe_dump(data))):
            document = parse(text, kind)
            self.assertEqual(document.data, data)
            for key in data:
                self.assertIn(key, text.split("\n")[document.lines[key,] - 1])


class NamesTests(SynchronousTestCase):
    def test_format_of(self):
        for name, kind in (
            ("a.toml", "toml"),
            ("a.YAML", "yaml"),
            ("a.yml", "yaml"),
            ("a.json5", "json5"),
            ("a.toml.enc", "toml"),
            ("a.ini", None),
            ("a.enc", None),
            ("toml", None),
        ):
            self.assertEqual(format_of(Path(name)), kind)

    def test_toml_key(self):
        self.assertEqual(toml_key("a . \"b.c\" . 'd'"), ("a", "b.c", "d"))
        self.assertEqual(toml_key(r'"\u00e9"'), ("é",))
        for bad in ("", "a.", ".a", "a b", '"a'):
            self.assertRaises(ValueError, toml_key, bad)
