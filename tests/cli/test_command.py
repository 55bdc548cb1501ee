"""The command line as a whole: lazy subcommands, version, serve's arguments, scaffolds."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from click.testing import CliRunner
from twisted.python.usage import Options, UsageError
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine import VERSION
from aiwebengine.cli import COMMANDS, LazyGroup, command
from aiwebengine.cli.serve import announcer, paths_to_open, twistd_arguments
from aiwebengine.errors import PluginUnusable


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

    def test_version(self) -> None:
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

    def test_development_by_default(self) -> None:
        """Without a named environment it is development."""
        self.assertEqual(
            twistd_arguments(["--listen", "tcp:0"], {}),
            ["--nodaemon", "--pidfile=", "aiwebengine", "--env", "development", "--listen", "tcp:0"],
        )

    def test_named_environment(self) -> None:
        """An environment named by option or variable is left alone."""
        tail = ["--nodaemon", "--pidfile=", "aiwebengine"]
        self.assertEqual(twistd_arguments(["--env", "staging"], {}), [*tail, "--env", "staging"])
        self.assertEqual(twistd_arguments(["--env=staging"], {}), [*tail, "--env=staging"])
        self.assertEqual(twistd_arguments([], {"AIWEBENGINE_ENV": "staging"}), tail)

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
    """`aiwebengine plugins` asks the options of twistd aiwebengine."""

    def asked(self, parse: Callable[[list[str]], None], *arguments: str) -> Any:
        """Run it against options that do ``parse``."""

        class FakeOptions(Options):  # type: ignore[misc]
            def parseOptions(self, options: Any = None) -> None:
                parse(options)

        module = ModuleType("aiwebengine.tap")
        module.Options = FakeOptions  # type: ignore[attr-defined]
        self.patch(sys, "modules", {**sys.modules, "aiwebengine.tap": module})
        return invoke("plugins", *arguments)

    def test_list(self) -> None:
        """The configuration's options are handed on."""
        got: list[list[str]] = []
        result = self.asked(got.append, "--config", "a.toml", "--env", "x", "--set", "a.b=1")
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertEqual(got, [["--config=a.toml", "--set=a.b=1", "--env=x", "--list-plugins"]])

    def test_about(self) -> None:
        """--about shows one plugin."""
        got: list[list[str]] = []
        self.asked(got.append, "--about", "redis")
        self.assertEqual(got, [["--help-plugin=redis"]])

    def test_refusals(self) -> None:
        """A plugin that cannot be used, or wrong usage, is one readable line."""

        def unusable(options: Any) -> None:
            raise PluginUnusable("redis", "nowhere", "is not installed")

        def wrong(options: Any) -> None:
            raise UsageError("no such file")

        result = self.asked(unusable)
        self.assertEqual((result.exit_code, result.output.count("\n")), (1, 1))
        self.assertIn("plugin 'redis' (nowhere): is not installed", result.output)
        result = self.asked(wrong)
        self.assertEqual(result.exit_code, 2)
        self.assertIn("no such file", result.output)


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
