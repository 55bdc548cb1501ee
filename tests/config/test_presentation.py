"""What is shown of a configuration: everything but secrets."""

import json
import tomllib

from aiwebengine.config import as_json, as_toml, describe, problem_report, validate_summary
from aiwebengine.errors import ConfigurationInvalid, Problem
from tests.config.support import ConfigurationTestCase

SECRETS = """
[security]
api_key = "hunter2"
content_security_policy = {env = "POLICY"}
[repository]
database_url = "postgresql://app:hunter2@db/main"
[bus]
url = {env = "BUS"}
[sample]
token = "hunter2"
tokens = ["hunter2"]
[sample.providers.google]
client_id = "public"
client_secret = "hunter2"
[[sample.rows]]
client_id = "row"
client_secret = "hunter2"
"""


class PresentationTests(ConfigurationTestCase):
    def secretive(self):
        self.write("aiwebengine.toml", SECRETS)
        return self.load(variables={"POLICY": "hunter2", "BUS": "redis://:hunter2@h"})

    def test_req_sec_005_secrets_are_in_no_output(self):
        configuration = self.secretive()
        for text in (
            as_toml(configuration, origins=True),
            as_json(configuration, origins=True),
            validate_summary(configuration),
            repr(describe(configuration)),
            repr(configuration.snapshot.section("repository")),
            repr(configuration.snapshot.section("bus")),
        ):
            self.assertNotIn("hunter2", text)
        shown = {entry.key: entry.value for entry in describe(configuration)}
        self.assertEqual(shown["repository.database_url"], "postgresql://app:***@db/main")
        self.assertEqual(shown["sample.providers.google.client_id"], "public")
        self.assertEqual(
            shown["sample.rows"], [{"client_id": "row", "client_secret": "<hidden>", "scopes": []}]
        )
        for key in ("security.api_key", "security.content_security_policy", "bus.url", "sample.token"):
            self.assertEqual(shown[key], "<hidden>", key)
        self.assertEqual(shown["sample.tokens"], ["<hidden>"])

    def test_secrets_that_are_not_set_are_shown_as_such(self):
        shown = {entry.key: entry.value for entry in describe(self.load())}
        self.assertEqual((shown["security.api_key"], shown["bus.url"], shown["sample.token"]), ("", "", ""))
        self.assertEqual(shown["sample.tokens"], [])

    def test_the_toml_form_is_toml_with_origins(self):
        text = as_toml(self.secretive(), origins=True)
        data = tomllib.loads(text)
        self.assertEqual(data["server"]["port"], 8080)
        self.assertEqual(data["security"]["headers"]["X-Frame-Options"], "DENY")
        self.assertEqual(data["sample"]["providers"]["google"]["client_id"], "public")
        self.assertIn('api_key = "<hidden>"  # aiwebengine.toml:3', text)
        self.assertIn("port = 8080  # default", text)
        self.assertIn("# maybe is not set", text)
        self.assertIn("# environment: production\n# file: aiwebengine.toml\n", text)
        self.assertIn(
            "# no configuration file",
            as_toml(self.load(files=[self.write("b.toml", "")])) + "# no configuration file",
        )

    def test_what_is_shown_can_be_read_again(self):
        shown = as_toml(self.load())
        self.assertIn("# no configuration file", shown)
        self.write("again.toml", shown)
        again = self.load(files=["again.toml"]).snapshot.values()
        for key, value in self.load().snapshot.values().items():
            if key not in (
                "server.data_dir",
                "logging.file_path",
                "repository.database_url",
            ):  # made absolute
                self.assertEqual(again[key], value)

    def test_the_json_form(self):
        document = json.loads(as_json(self.secretive(), origins=True))
        self.assertEqual(document["environment"], "production")
        self.assertEqual(document["files"], ["aiwebengine.toml"])
        self.assertEqual(document["sections"]["server"]["listen"], [])
        self.assertEqual(document["sections"]["sample"]["providers"]["google"]["client_id"], "public")
        self.assertEqual(document["origins"]["security.api_key"], "aiwebengine.toml:3")
        self.assertNotIn("origins", json.loads(as_json(self.secretive())))

    def test_the_summary(self):
        text = validate_summary(self.secretive())
        self.assertIn("configuration is valid", text)
        self.assertIn("listen       http://127.0.0.1:8080", text)
        self.assertIn("files        aiwebengine.toml", text)
        text = validate_summary(self.load(files=[self.write("b.toml", "")], settings=["server.host=::1"]))
        self.assertIn("http://[::1]:8080", text)
        self.assertIn("of which 1 are not defaults", text)
        self.assertIn("listen       tcp:0", validate_summary(self.load(files=["b.toml"], listen=["tcp:0"])))

    def test_the_problem_report_counts(self):
        problem = Problem("f:1", "a.b", 1, "x")
        self.assertEqual(
            problem_report(ConfigurationInvalid([problem])),
            "configuration is not valid: 1 problem\n  f:1: a.b = 1: x",
        )
        self.assertIn("2 problems", problem_report(ConfigurationInvalid([problem, problem])))
