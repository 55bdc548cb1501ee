"""docs/command.md says what the commands say, and its examples are commands there are."""

from __future__ import annotations

import importlib.util
import re
import shlex
from types import ModuleType

import click
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli import command
from tests.installing import ROOT

PAGE = ROOT / "docs" / "command.md"
EXAMPLES = (PAGE, ROOT / "docs" / "testing-scripts.md")


def generator() -> ModuleType:
    """Give scripts/command_reference.py as a module."""
    spec = importlib.util.spec_from_file_location("command_reference", ROOT / "scripts/command_reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ReferenceTests(SynchronousTestCase):
    """The reference is made from the commands."""

    def test_req_dev_003_in_step(self) -> None:
        """The page is as `python scripts/command_reference.py --write` would write it."""
        page = PAGE.read_text("utf-8")
        self.assertEqual(generator().renewed(page), page)

    def test_every_command_is_there(self) -> None:
        """Each command and subcommand has a section with its options."""
        page = PAGE.read_text("utf-8")
        for name in ("deploy", "test", "types", "profile add", "scripts diff", "logs"):
            self.assertIn(f"\n## aiwebengine {name}\n", page)
        self.assertIn("| `--api-key-stdin` | Read its API key from standard input. |", page)

    def test_markers(self) -> None:
        """A page without the markers is refused rather than overwritten."""
        self.assertRaises(ValueError, generator().renewed, "# Something else")


class ExampleTests(SynchronousTestCase):
    """What the pages tell to type can be parsed by the commands."""

    def test_examples(self) -> None:
        """Commands, subcommands and options exist."""
        seen = 0
        for page in EXAMPLES:
            for block in re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
                for line in re.split(r"\n|&&", block):
                    words = shlex.split(line.partition(" < ")[0], comments=True)
                    if words[:1] == ["aiwebengine"]:
                        self.parse(words[1:], line)
                        seen += 1
        self.assertGreater(seen, 15)

    def parse(self, words: list[str], line: str) -> None:
        found: click.Command | None = command
        context = click.Context(command, info_name="aiwebengine")
        while isinstance(found, click.Group) and words:
            context = click.Context(found, parent=context)
            found = found.get_command(context, words.pop(0))
        self.assertIsNotNone(found, line)
        assert found is not None
        options = {name for option in found.params for name in option.opts}
        for word in words:
            if word.startswith("-"):
                self.assertIn(word, options, line)
