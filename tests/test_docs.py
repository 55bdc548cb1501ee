"""The documents say what is so: links, commands, interfaces, and the README's script."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tomllib
import urllib.request
from pathlib import Path

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.interfaces import IMethod

from aiwebengine import interfaces
from aiwebengine.cli import COMMANDS, command
from aiwebengine.discovery import discover
from tests.installing import ROOT, Running

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PLUGINS = ROOT / "docs" / "plugins.md"


def blocks(document: Path, language: str) -> list[str]:
    """Give the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)


def anchors(document: Path) -> set[str]:
    """Give the anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class LinkTests(SynchronousTestCase):
    """Links between documents."""

    def test_targets_exist(self) -> None:
        """Every relative link leads to a file, and its anchor to a heading."""
        for document in DOCUMENTS:
            for link in _LINK.findall(document.read_text("utf-8")):
                if "://" in link or link.startswith("mailto:"):
                    continue
                name, _, anchor = link.partition("#")
                target = (document.parent / name) if name else document
                self.assertTrue(target.exists(), f"{document.relative_to(ROOT)} links to {link}")
                if anchor and target.suffix == ".md":
                    self.assertIn(anchor, anchors(target), f"{document.relative_to(ROOT)}: {link}")

    def test_req_doc_001_every_document_is_in_the_index(self) -> None:
        """docs/README.md leads to each page of docs/."""
        index = _LINK.findall((ROOT / "docs" / "README.md").read_text("utf-8"))
        linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in index}
        pages = {page.resolve() for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"}
        self.assertEqual(pages - linked, set())


class InterfaceTests(SynchronousTestCase):
    """Plugin interfaces are documented whole."""

    def test_reference_is_current(self) -> None:
        """docs/plugins-reference.md is made from the interfaces as they are."""
        spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "plugin_reference.py")
        assert spec is not None and spec.loader is not None
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        made = script.reference(script.sources(ROOT))
        message = "run: python scripts/plugin_reference.py --write"
        self.assertEqual((ROOT / script.TARGET).read_text("utf-8"), made, message)

    def test_req_doc_005_every_member_has_its_place(self) -> None:
        """Each interface has a section, each method a heading with its arguments, each attribute a row."""
        text = (ROOT / "docs" / "plugins-reference.md").read_text("utf-8")
        sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
        for name in interfaces.__all__:
            interface = getattr(interfaces, name)
            for member, description in interface.namesAndDescriptions():
                if not IMethod.providedBy(description):
                    self.assertIn(f"| `{member}` |", sections[name])
                    continue
                headings = re.findall(
                    rf"^### `(?:async )?{member}\((.*)\)(?: -> .*)?`$", sections[name], re.M
                )
                self.assertEqual(len(headings), 1, f"{name}.{member}")
                for argument in description.positional:
                    self.assertRegex(headings[0], rf"\b{argument}\b")

    def test_what_providers_provide_is_explained(self) -> None:
        """docs/plugins.md explains each interface that a plugin may provide."""
        text = _PLUGINS.read_text("utf-8")
        for name in (
            "IPlugin",
            "IFeature",
            "IScriptGlobals",
            "IRequestGate",
            "IEngineService",
            "IHealthCheck",
        ):
            self.assertIn(f"`{name}`", text)


class ExampleTests(SynchronousTestCase):
    """What the documents show works."""

    def test_configurations_are_toml(self) -> None:
        """Every TOML block can be read."""
        for document in DOCUMENTS:
            for block in blocks(document, "toml"):
                tomllib.loads(block)

    def test_one_file_plugin(self) -> None:
        """The first plugin of docs/plugins.md is found and answers."""
        root = Path(self.mktemp())
        root.mkdir()
        source = blocks(_PLUGINS, "python")[0]
        (root / "motd.py").write_text(source)
        roster = discover(None, (), [root], lambda file: "")
        self.assertEqual(roster.faults, ())
        plugin = roster.offer("motd").plugin
        assert plugin.settings is not None
        provider = plugin.build(plugin.settings(), None)  # type: ignore[arg-type]
        self.assertTrue(interfaces.IFeature.providedBy(provider))
        self.assertEqual(provider.resource().data, b"Welcome.")  # type: ignore[union-attr]

    def test_req_dev_001_readme_script(self) -> None:
        """The README's script does what the README shows."""
        readme = ROOT / "README.md"
        root = Path(self.mktemp()).resolve()
        (root / "app").mkdir(parents=True)
        (root / "app" / "hello.js").write_text(blocks(readme, "js")[0])
        serve = [sys.executable, "-m", "aiwebengine", "serve", "--scripts", str(root / "app")]
        serve += ["--set", "repository.database_url=memory:"]
        running = Running.start(serve, root / "run", path=str(ROOT))
        self.addCleanup(running.stop)
        calls = re.findall(
            r"^\$ curl http://127\.0\.0\.1:8080(\S+)\n(.*)$", blocks(readme, "console")[0], re.M
        )
        self.assertEqual(len(calls), 2)
        for path, shown in calls:
            with urllib.request.urlopen(running.url + path) as answer:
                self.assertEqual(answer.read().decode().rstrip("\n"), shown)


class CommandTests(SynchronousTestCase):
    """Commands named in the documents exist."""

    def test_readme_names_every_command(self) -> None:
        """The README's table has each subcommand."""
        text = (ROOT / "README.md").read_text("utf-8")
        table = text[text.index("| command |") :]
        for name in COMMANDS:
            self.assertRegex(table, rf"[`, ](aiwebengine )?{name}\b", name)

    def test_named_commands_exist(self) -> None:
        """Every `aiwebengine SUBCOMMAND` of a document is one."""
        for document in DOCUMENTS:
            for name in re.findall(
                r"(?:^|`|    )aiwebengine ([a-z][a-z-]+)", document.read_text("utf-8"), re.M
            ):
                result = CliRunner().invoke(command, [name, "--help"])
                self.assertEqual(result.exit_code, 0, f"{document.relative_to(ROOT)}: aiwebengine {name}")

    def test_scripts_exist(self) -> None:
        """Every ./scripts/NAME of a document is there and may be run."""
        for document in DOCUMENTS:
            for name in re.findall(r"(?<!\.)\./(scripts/[a-z]+)", document.read_text("utf-8")):
                self.assertTrue(os.access(ROOT / name, os.X_OK), f"{document.relative_to(ROOT)}: {name}")
