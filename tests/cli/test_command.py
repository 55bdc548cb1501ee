"""The command line as a whole: lazy subcommands, version, serve's arguments, scaffolds."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from twisted.logger import globalLogPublisher
from twisted.python.usage import Options, UsageError
from twisted.scripts import twistd
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine import VERSION
from aiwebengine.cli import COMMANDS, LazyGroup, command
from aiwebengine.cli import config as command_config
from aiwebengine.cli.serve import announcer, paths_to_open, twistd_arguments
from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.errors import PluginUnusable
from tests.test_discovery import DROPIN


def invoke(*arguments: str) -> Any:
    """Run the command with those arguments."""
    return CliRunner().invoke(command, list(arguments))


class CommandTests(SynchronousTestCase):
    """The group and its lazily imported commands."""

    def test_every_command_there_is(self) -> None:
        """Each command whose module is there can be imported, and has a help text."""
        for name, target in COMMANDS.items():
            if importlib.util.find_spec(target.partition(":")[0]) is not None:
                with click.Context(command) as ctx:
                    found = command.get_command(ctx, name)
                self.assertIsNotNone(found, name)
                self.assertTrue(found and found.help, name)

    def test_absent_module(self) -> None:
        """A command whose module is absent is neither listed nor found."""
        group = LazyGroup("x", targets={"gone": "aiwebengine.cli.no_such_module:gone"})
        result = CliRunner().invoke(group, ["gone"])
        self.assertEqual(result.exit_code, 2)
        self.assertIn("No such command 'gone'", result.output)

    def test_target_that_is_no_command(self) -> None:
        """A mistake in the table is said plainly."""
        group = LazyGroup("x", targets={"bad": "aiwebengine.cli.version:importlib"})
        self.assertIsInstance(CliRunner().invoke(group, ["bad"]).exception, TypeError)

    def test_twisted_is_not_imported_for_a_listing(self) -> None:
        """The help text needs no reactor and no web server."""
        code = "import sys, click; from aiwebengine.cli import command\n"
        code += "command.get_help(click.Context(command))\n"
        code += "print([name for name in ('twisted.internet.reactor', 'klein') if name in sys.modules])"
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
        )
        self.assertEqual(done.stdout.strip(), "[]")

    def test_req_deploy_001_version(self) -> None:
        """Version prints our version and those of Python, Twisted and QuickJS."""
        self.assertRegex(
            invoke("version").output,
            rf"^aiwebengine {VERSION} \(Python [\d.]+, Twisted [\d.]+, quickjs-ng [\d.]+\)\n$",
        )

    def test_unknown(self) -> None:
        """An unknown command is wrong usage."""
        self.assertEqual(invoke("frobnicate").exit_code, 2)


class ServeTests(SynchronousTestCase):
    """What `aiwebengine serve` hands to twistd, and prints."""

    def test_arguments(self) -> None:
        """What says where the configuration is, is handed on; there is no daemon and no pid file."""
        sources = ConfigurationSources(
            files=("a.toml", "b.toml"),
            environment="x",
            settings=("c.d=1",),
            scripts=("s",),
            listen=("tcp:0",),
        )
        arguments = ["--env=x", "--config=a.toml", "--config=b.toml", "--set=c.d=1", "--scripts=s"]
        self.assertEqual(
            twistd_arguments(sources),
            ["--nodaemon", "--pidfile=", "aiwebengine", *arguments, "--listen=tcp:0"],
        )

    def started(self, *arguments: str, **variables: str) -> list[str]:
        """Give the options twistd was started with."""
        got: list[list[str]] = []

        class FakeOptions:
            def parseOptions(self, options: list[str]) -> None:
                got.append(options)

        self.patch(twistd, "ServerOptions", FakeOptions)
        self.patch(twistd, "runApp", lambda config: None)
        self.patch(globalLogPublisher, "addObserver", lambda observer: None)
        result = CliRunner(env={"AIWEBENGINE_ENV": None, **variables}).invoke(command, ["serve", *arguments])
        self.assertEqual(result.exit_code, 0, result.output)
        return got[0][3:]

    def test_development_by_default(self) -> None:
        """Without a named environment it is development; one named is left alone."""
        self.assertEqual(self.started("--listen", "tcp:0"), ["--env=development", "--listen=tcp:0"])
        self.assertEqual(self.started("--env", "staging"), ["--env=staging"])
        self.assertEqual(self.started(AIWEBENGINE_ENV="staging"), [])

    def test_refused(self) -> None:
        """What the engine refuses is one readable line and exit status 1; wrong usage is 2."""
        for error, status in (
            (PluginUnusable("redis", "nowhere", "is not installed"), 1),
            (UsageError("hm"), 2),
        ):

            def run(config: Any, error: Exception = error) -> None:
                raise error

            self.patch(twistd, "runApp", run)
            self.patch(twistd, "ServerOptions", Options)
            self.patch(Options, "parseOptions", lambda self, options: None)
            self.patch(globalLogPublisher, "addObserver", lambda observer: None)
            result = invoke("serve")
            self.assertEqual(result.exit_code, status)
            self.assertIn(str(error), result.output)

    def test_bad_configuration(self) -> None:
        """A configuration that cannot be read is said before anything starts."""
        result = invoke("serve", "--config", "no-such-file.toml")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("no-such-file.toml", result.output)

    def test_wrong_option(self) -> None:
        """A wrong option is wrong usage: exit status 2 and the reason."""
        result = invoke("serve", "--no-such-option")
        self.assertEqual(result.exit_code, 2)
        self.assertIn("no-such-option", result.output)

    def test_urls_to_open(self) -> None:
        """Each script's first plain GET path is told once the engine listens, and only once."""
        root = Path(self.mktemp())
        (root / "sub").mkdir(parents=True)
        (root / "a.js").write_text(
            'register("/u/:id", user);\nregister("/a", show, "GET");\nregister("/b", b)'
        )
        (root / "b.js").write_text("register('/post', save, 'POST');")
        (root / "sub" / "c.js").write_text("function init() { register(`/c`, `handler`); }")
        self.assertEqual(paths_to_open([root]), [("/a", "a.js"), ("/c", "sub/c.js")])
        said: list[str] = []
        observe = announcer([root], said.append)
        for text in ("starting", "listening on http://127.0.0.1:81", "listening on http://127.0.0.1:82"):
            observe({"log_format": text})
        (text,) = said
        self.assertIn("http://127.0.0.1:81/a  (a.js)\n", text)
        self.assertIn("http://127.0.0.1:81/c  (sub/c.js)\n", text)

    def test_url_without_scripts(self) -> None:
        """Without known scripts it is the address alone."""
        said: list[str] = []
        announcer([], said.append)({"log_format": "listening on {url}", "url": "http://[::1]:80"})
        self.assertIn("    http://[::1]:80/\n", said[0])


class PluginsTests(SynchronousTestCase):
    """`aiwebengine plugins` lists what the configuration makes of what is installed."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).resolve()
        self.root.mkdir(parents=True)
        (self.root / "lamp.py").write_text(DROPIN.format(name="lamp"))
        (self.root / "radio.py").write_text("1 / 0")
        self.config = self.root / "aiwebengine.toml"
        self.configure("")

    def configure(self, text: str, more: str = "") -> None:
        self.config.write_text(f'[plugins]\ndirectories = ["."]\n{text}\n{more}')

    def plugins(self, *arguments: str, status: int = 0) -> str:
        result = invoke("plugins", "--config", str(self.config), *arguments)
        self.assertEqual(result.exit_code, status, result.output)
        return str(result.output)

    def test_list(self) -> None:
        """Each is listed with state and origin; a broken one with the reason."""
        listed = self.plugins()
        self.assertRegex(listed, rf"lamp +on +- +{self.root / 'lamp.py'} +A plain one\.")
        self.assertRegex(listed, rf"radio +unusable +- +{self.root / 'radio.py'} +.*ZeroDivisionError")

    def test_states_follow_the_configuration(self) -> None:
        """What is disabled or asked for and missing is listed so; listing never fails for it."""
        self.configure('enabled = ["tv"]\ndisabled = ["*"]')
        found = {row["name"]: row["state"] for row in json.loads(self.plugins("--json"))}
        self.assertEqual((found["lamp"], found["radio"], found["tv"]), ("disabled", "disabled", "missing"))

    def test_about(self) -> None:
        """--about shows one plugin; an unknown one is refused in one line."""
        self.assertIn("lamp: A plain one.\n", self.plugins("--about", "lamp"))
        refused = self.plugins("--about", "lampp", status=1)
        self.assertEqual(refused, "Error: plugin 'lampp' (nowhere): is not installed; did you mean 'lamp'?\n")

    def test_check_config_knows_plugins(self) -> None:
        """A configured plugin that is broken is explained by check-config, not called an unknown section."""
        self.assertEqual(command_config.SCHEMAS, "aiwebengine.config.schemas")
        self.configure("", "[radio]\nvolume = 11\n")
        result = invoke("check-config", "--config", str(self.config))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("plugin 'radio'", result.output)
        self.assertIn("ZeroDivisionError", result.output)

    def test_check_config_accepts_a_plugins_section(self) -> None:
        """The section of a usable plugin is validated by its schema."""
        (self.root / "radio.py").write_text(
            "import msgspec\nclass Settings(msgspec.Struct):\n    volume: int = 3\n"
            + DROPIN.format(name="radio")
            .replace("section: str | None = None", 'section: str = "radio"')
            .replace("settings: type | None = None", "settings: type = Settings")
        )
        for volume, status in (("11", 0), ("true", 1)):
            self.configure("", f"[radio]\nvolume = {volume}\n")
            result = invoke("check-config", "--config", str(self.config))
            self.assertEqual(result.exit_code, status, result.output)


class ScaffoldTests(SynchronousTestCase):
    """`aiwebengine new` and `aiwebengine plugins new`; installed ones are tested in tests.test_packaging."""

    def test_application(self) -> None:
        """The application has a valid configuration, a script and a README."""
        root = Path(self.mktemp())
        result = invoke("new", "shop", "--directory", str(root))
        self.assertEqual(result.exit_code, 0, result.output)
        made = root / "shop"
        config = tomllib.loads((made / "aiwebengine.toml").read_text())
        self.assertEqual(config["scripts"]["directories"], ["scripts"])
        self.assertIn("`Hello, ${name}!\\n`", (made / "scripts" / "hello.js").read_text())
        self.assertTrue((made / "README.md").read_text().startswith("# shop\n"))
        self.assertEqual(paths_to_open([made / "scripts"]), [("/hello", "hello.js")])

    def test_plugin(self) -> None:
        """The plugin has an entry point named like it, whichever way its name is written."""
        for name in ("two-words", "aiwebengine-two-words", "aiwebengine_two_words"):
            root = Path(self.mktemp())
            result = invoke("plugins", "new", name, "--directory", str(root))
            self.assertEqual(result.exit_code, 0, result.output)
            project = tomllib.loads((root / "aiwebengine-two-words" / "pyproject.toml").read_text())[
                "project"
            ]
            self.assertEqual(
                project["entry-points"],
                {"aiwebengine.plugins": {"two_words": "aiwebengine_two_words:plugin"}},
            )

    def test_nothing_is_overwritten(self) -> None:
        """An existing directory is refused."""
        root = Path(self.mktemp())
        (root / "shop").mkdir(parents=True)
        result = invoke("new", "shop", "--directory", str(root))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("exists already", result.output)
        self.assertEqual(list((root / "shop").iterdir()), [])

    def test_bad_names(self) -> None:
        """Names that would leave the directory or not be a module's are refused."""
        for arguments in (("new", "../shop"), ("plugins", "new", "1st"), ("plugins", "new", "a/b")):
            result = invoke(*arguments)
            self.assertEqual(result.exit_code, 2, result.output)
            self.assertIn("NAME", result.output)

    def test_plugin_named_as_one_of_the_engine(self) -> None:
        """It could never be used beside that one, so it is not begun."""
        result = invoke("plugins", "new", "aiwebengine-request-log")
        self.assertEqual(result.exit_code, 2, result.output)
        self.assertIn("the engine has a plugin request_log of its own", result.output)
