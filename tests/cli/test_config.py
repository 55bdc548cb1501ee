"""``aiwebengine config ...`` and ``aiwebengine check-config`` as their users see them."""

import json
import os
import stat
from pathlib import Path

import click
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli.config import SCHEMAS, check_config, config
from aiwebengine.errors import PluginUnusable
from tests.config.support import SAMPLE

KEY = "correct horse battery"


@click.group()
@click.option("--plugins")
@click.pass_context
def command(context, plugins):
    if plugins == "sample":
        context.meta[SCHEMAS] = lambda sources: SAMPLE
    if plugins == "broken":
        context.meta[SCHEMAS] = broken


def broken(sources):
    raise PluginUnusable("x", "here", "broken")


command.add_command(config)
command.add_command(check_config)


class CommandTestCase(SynchronousTestCase):
    def setUp(self):
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        previous = Path.cwd()
        self.addCleanup(os.chdir, previous)
        os.chdir(self.directory)

    def run_command(self, *arguments, **variables):
        clean = {name: None for name in os.environ if name.startswith("AIWEBENGINE_")}
        return CliRunner().invoke(command, arguments, env={**clean, **variables})


class CheckTests(CommandTestCase):
    def test_req_cfg_002_a_valid_configuration_is_summed_up_with_exit_0(self):
        Path("x.toml").write_text("[server]\nport = 1\n")
        result = self.run_command("check-config", "--config", "x.toml", "--env", "staging", "--scripts", "s")
        self.assertEqual(result.exit_code, 0)
        for text in ("configuration is valid", "staging", "http://127.0.0.1:1", "scripts      s", "x.toml"):
            self.assertIn(text, result.stdout)

    def test_all_problems_are_listed_with_exit_1(self):
        Path("aiwebengine.toml").write_text("[server]\nprot = 1\n")
        result = self.run_command(
            "check-config", "--set", "bus.url=x", "--listen", "tcp:x", AIWEBENGINE_X="1"
        )
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        for text in (
            "4 problems",
            "aiwebengine.toml:2",
            "--set: bus.url",
            "--listen: server.listen[0]",
            "AIWEBENGINE_X",
        ):
            self.assertIn(text, result.stderr)

    def test_the_sections_of_plugins_are_those_of_the_context(self):
        arguments = ("check-config", "--set", "sample.ratio=1")
        self.assertEqual(self.run_command(*arguments).exit_code, 1)
        self.assertEqual(self.run_command("--plugins", "sample", *arguments).exit_code, 0)
        result = self.run_command("--plugins", "broken", *arguments)
        self.assertEqual((result.exit_code, result.stderr), (1, "plugin 'x' (here): broken\n"))


class ShowTests(CommandTestCase):
    def test_req_sec_005_secrets_are_hidden(self):
        result = self.run_command("config", "show", "--origins", AIWEBENGINE_SECURITY__API_KEY="hunter2")
        self.assertEqual(result.exit_code, 0)
        self.assertIn('api_key = "<hidden>"  # AIWEBENGINE_SECURITY__API_KEY', result.stdout)
        self.assertNotIn("hunter2", result.output)

    def test_json(self):
        result = self.run_command("config", "show", "--json", "--set", "server.port=7")
        self.assertEqual(json.loads(result.stdout)["sections"]["server"]["port"], 7)


class EncryptTests(CommandTestCase):
    def setUp(self):
        super().setUp()
        self.file = Path("aiwebengine.toml")
        self.file.write_text("[server]\nport = 7\n")

    def encrypt(self, *arguments, key=KEY):
        return self.run_command("config", "encrypt", *arguments, AIWEBENGINE_CONFIG_KEY=key)

    def decrypt(self, *arguments, key=KEY):
        return self.run_command("config", "decrypt", *arguments, AIWEBENGINE_CONFIG_KEY=key)

    def test_req_sec_005_an_encrypted_file_serves_and_comes_back(self):
        result = self.encrypt("aiwebengine.toml")
        self.assertEqual((result.exit_code, result.stderr), (0, "wrote aiwebengine.toml.enc\n"))
        sealed = Path("aiwebengine.toml.enc")
        self.assertNotIn("port", sealed.read_text())
        self.assertEqual(stat.S_IMODE(sealed.stat().st_mode), 0o600)
        self.assertEqual(self.decrypt(str(sealed)).stdout, "[server]\nport = 7\n")
        self.file.unlink()
        result = self.run_command("check-config", AIWEBENGINE_CONFIG_KEY=KEY)
        self.assertIn("http://127.0.0.1:7", result.stdout)
        self.assertEqual(self.run_command("check-config").exit_code, 1)

    def test_files_are_overwritten_only_when_asked(self):
        self.encrypt("aiwebengine.toml")
        result = self.encrypt("aiwebengine.toml")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("aiwebengine.toml.enc exists; --force overwrites it", result.stderr)
        self.assertEqual(self.encrypt("aiwebengine.toml", "--force").exit_code, 0)
        self.assertEqual(self.encrypt("aiwebengine.toml", "-o", "aiwebengine.toml", "--force").exit_code, 0)
        self.assertIn("encrypted already", self.encrypt("aiwebengine.toml").stderr)
        self.assertEqual(self.decrypt("aiwebengine.toml", "-o", "plain.toml").exit_code, 0)
        self.assertEqual(Path("plain.toml").read_text(), "[server]\nport = 7\n")
        self.assertIn("cannot be written", self.decrypt("aiwebengine.toml", "-o", "none/x").stderr)

    def test_standard_output_serves_too(self):
        self.assertTrue(
            self.encrypt("aiwebengine.toml", "-o", "-").stdout.startswith("aiwebengine-encrypted")
        )

    def test_keys_are_asked_for_and_checked(self):
        self.assertIn(
            "set the key in AIWEBENGINE_CONFIG_KEY", self.encrypt("aiwebengine.toml", key=None).stderr
        )
        self.assertIn("at least 16", self.encrypt("aiwebengine.toml", key="short").stderr)
        self.encrypt("aiwebengine.toml")
        result = self.decrypt("aiwebengine.toml.enc", key="another key, long enough")
        self.assertEqual(result.exit_code, 1)
        self.assertIn(
            "aiwebengine.toml.enc: AIWEBENGINE_CONFIG_KEY is not the key of this file", result.stderr
        )

    def test_a_key_is_made(self):
        first, second = (self.encrypt("--generate-key", key=None).stdout.strip() for _ in range(2))
        self.assertEqual(len(first), 43)
        self.assertNotEqual(first, second)
        self.assertEqual(self.encrypt(key=None).exit_code, 2)

    def test_a_file_that_cannot_be_read_is_named(self):
        def refuse(path):
            raise PermissionError(13, "Permission denied")

        self.patch(Path, "read_bytes", refuse)
        self.assertIn("cannot be read: Permission denied", self.encrypt("aiwebengine.toml").stderr)
