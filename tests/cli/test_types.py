"""`aiwebengine types` and the typings in a new application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli import command
from aiwebengine.offline import compose_typings
from aiwebengine.sandbox.prelude import pieces_of
from aiwebengine.testing.engine import EngineProcess
from aiwebengine.testing.javascript.workbench import testing_typings


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, list(arguments))


class TypesTests(SynchronousTestCase):
    """Declarations without a server."""

    def test_req_dev_003_types(self) -> None:
        """The names of all plugins, to standard output or a file."""
        result = run("types")
        self.assertEqual(result.exit_code, 0, result.output)
        for name in ("register", "console", "escapeHtml", "Response", "crypto"):
            self.assertRegex(result.output, rf"declare (const|var|function|class) {name}\b")
        file = Path(self.mktemp())
        self.assertEqual(run("types", "-o", str(file)).stdout, "")
        self.assertEqual(file.read_text(), result.output)

    def test_same_as_the_engine(self) -> None:
        """A running engine gives the same text."""
        with EngineProcess(Path(self.mktemp())) as engine:
            answer = engine.admin.get("/engine/types/aiwebengine.d.ts")
        self.assertEqual(answer.text, run("types").output)

    def test_configuration(self) -> None:
        """What the configuration leaves out is not declared."""
        self.assertIn("formatDate", run("types").output)
        few = run("types", "--set", 'javascript.allowed_apis=["web_platform"]')
        self.assertNotIn("formatDate", few.output)

    def test_tests(self) -> None:
        """--tests declares every name that only tests see."""
        text = run("types", "--tests").output
        self.assertEqual(text, testing_typings())
        for piece in pieces_of("aiwebengine.testing.javascript"):
            for name in set(piece.names) - {"Date", "fetch"}:
                self.assertRegex(text, rf"declare (const|function) {name}\b")

    def test_json(self) -> None:
        """--json has the text and where it went."""
        data = json.loads(run("types", "--json").output)
        self.assertEqual((data["output"], data["size"]), (None, len(data["text"].encode())))

    def test_refused(self) -> None:
        """A wrong configuration and a file that cannot be written are status 1 with a reason."""
        wrong = run("types", "--set", "javascript.isolatio=x")
        self.assertEqual(wrong.exit_code, 1)
        self.assertIn("isolatio", wrong.output)
        unknown = run("types", "--set", 'plugins.enabled=["nosuch"]')
        self.assertEqual(unknown.exit_code, 1)
        self.assertIn("nosuch", unknown.output)
        place = Path(self.mktemp()) / "none" / "x.d.ts"
        self.assertEqual(run("types", "-o", str(place)).exit_code, 1)

    def test_compose(self) -> None:
        """Empty declarations leave no trace."""

        class Provider:
            def __init__(self, text: str) -> None:
                self.text = text

            def typings(self) -> str:
                return self.text

        self.assertEqual(compose_typings([Provider("a\n\n"), Provider(" "), Provider("b")]), "a\n\nb\n")  # type: ignore[list-item]


class NewTests(SynchronousTestCase):
    """`aiwebengine new --json`."""

    def test_json(self) -> None:
        """It names the files made."""
        place = Path(self.mktemp())
        data = json.loads(run("new", "shop", "--directory", str(place), "--json").output)
        self.assertEqual(data["directory"], str(place / "shop"))
        self.assertLess({"jsconfig.json", "scripts/hello.js", "tests/hello.test.js"}, set(data["files"]))


class VersionTests(SynchronousTestCase):
    """`aiwebengine version --json`."""

    def test_json(self) -> None:
        """The versions by name."""
        data = json.loads(run("version", "--json").output)
        self.assertEqual(list(data), ["aiwebengine", "Python", "Twisted", "quickjs-ng"])
