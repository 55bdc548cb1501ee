"""Environment variables, ``.env`` and ``--set`` as settings."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import CORE_SECTIONS
from aiwebengine.config.layers import Text
from aiwebengine.config.variables import assignment_layer, dotenv, variable_layers, variable_name
from aiwebengine.errors import Problem
from tests.config.support import SAMPLE

SCHEMAS = {**CORE_SECTIONS, **SAMPLE}


class VariableTests(SynchronousTestCase):
    def layers(self, **variables):
        return [(layer.data, layer.origin.text) for layer in variable_layers(variables, SCHEMAS)]

    def test_names_become_places(self):
        self.assertEqual(
            self.layers(AIWEBENGINE_SERVER__PORT="1", PATH="x", AIWEBENGINE_SAMPLE__WINDOW__MIN_SIZE="2"),
            [
                ({"sample": {"window": {"min_size": Text("2")}}}, "AIWEBENGINE_SAMPLE__WINDOW__MIN_SIZE"),
                ({"server": {"port": Text("1")}}, "AIWEBENGINE_SERVER__PORT"),
            ],
        )
        self.assertEqual(variable_name(("server", "port")), "AIWEBENGINE_SERVER__PORT")

    def test_tables_are_json_at_once_and_lists_later(self):
        (data, _), (other, _) = self.layers(
            AIWEBENGINE_SECURITY__HEADERS='{"X-A": "1"}', AIWEBENGINE_SERVER__LISTEN='["tcp:1"]'
        )
        self.assertEqual(data, {"security": {"headers": {"X-A": "1"}}})
        self.assertEqual(other, {"server": {"listen": '["tcp:1"]'}})
        self.assertEqual(self.layers(AIWEBENGINE_SECURITY="{")[0][0], {"security": Text("{")})

    def test_reserved_variables_and_service_links_are_no_settings(self):
        self.assertEqual(
            self.layers(
                AIWEBENGINE_CONFIG="x",
                AIWEBENGINE_ENV="x",
                AIWEBENGINE_CONFIG_KEY="x",
                AIWEBENGINE_SERVICE_HOST="10.0.0.1",
                AIWEBENGINE_SERVICE_PORT="80",
                AIWEBENGINE_SERVICE_PORT_HTTP="80",
                AIWEBENGINE_PORT="tcp://10.0.0.1:80",
                AIWEBENGINE_PORT_80_TCP="tcp://10.0.0.1:80",
                AIWEBENGINE_PORT_80_TCP_ADDR="10.0.0.1",
            ),
            [],
        )
        self.assertEqual(self.layers(AIWEBENGINE_PORT="80"), [({"port": "80"}, "AIWEBENGINE_PORT")])


class AssignmentTests(SynchronousTestCase):
    def test_the_first_equals_sign_outside_quotes_divides(self):
        for text, data in (
            ("server.port=1", {"server": {"port": "1"}}),
            ("bus.url=a=b", {"bus": {"url": "a=b"}}),
            ("server.public_url=", {"server": {"public_url": ""}}),
            ('x."a.b=c"=d', {"x": {"a.b=c": "d"}}),
            ("x.'a.b'.c = d", {"x": {"a.b": {"c": " d"}}}),
            ('security.headers={"X-A": "1"}', {"security": {"headers": {"X-A": "1"}}}),
        ):
            layer = assignment_layer(text, SCHEMAS)
            self.assertEqual(layer.data, data)
            self.assertEqual(layer.origin.text, "--set")

    def test_anything_else_is_a_problem_that_quotes_no_value(self):
        for text in ("", "foo", "=hunter2", "port=hunter2", "a b.c=hunter2", 'a."b=hunter2', "hunter2"):
            problem = assignment_layer(text, SCHEMAS)
            self.assertIsInstance(problem, Problem, text)
            self.assertNotIn("hunter2", str(problem))
            self.assertIn("section.key=value was expected", str(problem))


class DotenvTests(SynchronousTestCase):
    def test_forms_of_a_line(self):
        found, wrong = dotenv(
            "# comment\n\nA=1\nexport B = two words # comment\nC='x # $A \\n'\n"
            'D="a\\"b\\\\\\n" # c\nE=\nF=a#b\nG=#\n'
        )
        self.assertEqual(wrong, [])
        self.assertEqual(
            {name: value for name, (value, _) in found.items()},
            {"A": "1", "B": "two words", "C": "x # $A \\n", "D": 'a"b\\\n', "E": "", "F": "a#b", "G": ""},
        )
        self.assertEqual(found["D"][1], 6)

    def test_wrong_lines_are_counted_not_kept(self):
        found, wrong = dotenv('1A=x\nA\nB=\'x\nC="x" y\nD=1\n')
        self.assertEqual((list(found), wrong), (["D"], [1, 2, 3, 4]))

    @given(st.text(st.characters(exclude_characters="'", exclude_categories=["Cc", "Zl", "Zp", "Cs"])))
    def test_single_quotes_keep_everything(self, value):
        self.assertEqual(dotenv(f"A='{value}'"), ({"A": (value, 1)}, []))
