"""
The scripts, commands and settings of the guides work.

Every ``js`` block of a guide follows a comment that says what to do with it::

    <!-- run NAME.js
    GET /path -> 200 part of the answer
    POST /path json {"a": 1} -> 201
    POST /path form a=1&b=2 -> 303
    GET /path header Name: value -> 304
    -->

It is put into an engine, and then asked. ``<!-- run NAME.test.js -->`` is run by ``aiwebengine test``;
``<!-- refused TEXT -->`` must be refused with that text, which the page must also show.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import attrs
import click
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli import command
from aiwebengine.testing.engine import EngineProcess
from tests.http.support import PATIENT_MS
from tests.installing import ROOT

PAGES = tuple(
    ROOT / "docs" / name
    for name in (
        "APP_DEVELOPMENT.md",
        "assets.md",
        "local-development.md",
        "remote-development.md",
        "storage.md",
        "troubleshooting.md",
    )
)
_BLOCK = re.compile(
    r"(?:^<!-- (?P<what>run|refused) (?P<told>(?:(?!-->).)*?)\s*-->\n)?^```js\n(?P<source>.*?)^```",
    re.M | re.S,
)
_ASK = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<kind>json|form|header) (?P<sent>.*?))?"
    r" -> (?P<status>\d+)(?: (?P<text>.*))?"
)
_QUICK = {"javascript.execution_timeout_ms": 300, "server.request_timeout_ms": PATIENT_MS}


@attrs.frozen
class Snippet:
    """One ``js`` block: ``what`` is "run", "refused" or "" when nothing stands before it."""

    page: Path
    what: str
    told: str
    source: str

    @property
    def name(self) -> str:
        """The file's name, for "run"."""
        return self.told.partition("\n")[0].strip()

    @property
    def asks(self) -> list[str]:
        """The lines that say what to ask and what to expect."""
        return [line.strip() for line in self.told.splitlines()[1:] if line.strip()]

    @property
    def is_test(self) -> bool:
        """Whether it is a test file."""
        return self.name.endswith(".test.js")


def snippets() -> list[Snippet]:
    """Give every ``js`` block of the guides."""
    return [
        Snippet(page, match["what"] or "", match["told"] or "", match["source"])
        for page in PAGES
        for match in _BLOCK.finditer(page.read_text("utf-8"))
    ]


def shown(page: Path) -> str:
    """Give what a reader sees of a page: without comments, blanks as one, table pipes unescaped."""
    text = re.sub(r"<!--.*?-->", "", page.read_text("utf-8"), flags=re.S)
    return " ".join(text.replace(r"\|", "|").split())


def fenced(language: str) -> list[tuple[Path, str]]:
    """Give the fenced blocks of a language in the guides, with their pages."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        found += [(page, block) for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)]
    return found


def commands() -> list[tuple[Path, list[str]]]:
    """Give the words of every ``aiwebengine ...`` line of the guides' ``sh`` blocks."""
    found = []
    for page, block in fenced("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"\s(?:&&|\|\|?)\s", line):
                bare = re.sub(r"^\s*(?:\w+=\S* )*", "", part)
                if bare.startswith("aiwebengine "):
                    words = shlex.split(bare, comments=True)
                    found.append((page, words[1:]))
    return found


def run_command(arguments: list[str]) -> tuple[int, str]:
    """Run ``aiwebengine ARGUMENTS`` in a process of its own; give status and output."""
    done = subprocess.run(
        [sys.executable, "-m", "aiwebengine", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


class DocumentedScriptTests(SynchronousTestCase):
    """Scripts in the guides."""

    def test_req_doc_006_every_snippet_is_run(self) -> None:
        """Every block of JavaScript says how it is tested, each name is used once, each ask can be read."""
        found = snippets()
        self.assertGreater(len(found), 20)
        fences = sum(page.read_text("utf-8").count("\n```js\n") for page in PAGES)
        self.assertEqual(len(found), fences)
        for snippet in found:
            self.assertTrue(snippet.what, f"{snippet.page.name}: not run:\n{snippet.source}")
            if snippet.what == "run" and not snippet.is_test:
                self.assertTrue(snippet.asks, f"{snippet.page.name}: {snippet.name} is asked nothing")
                for ask in snippet.asks:
                    self.assertTrue(_ASK.fullmatch(ask), f"{snippet.page.name}: {ask}")
        names = [snippet.name for snippet in found if snippet.what == "run"]
        self.assertEqual(len(set(names)), len(names))

    def test_req_doc_006_scripts_answer_as_shown(self) -> None:
        """Every script loads and gives the answers that its page says."""
        scripts = [each for each in snippets() if each.what == "run" and not each.is_test]
        wrong = []
        with EngineProcess(Path(self.mktemp()), settings={**_QUICK, "javascript.workers": 1}) as engine:
            for script in scripts:
                answer = engine.put_script(script.name, script.source)
                if answer.status != 201:
                    wrong.append(f"{script.page.name}: {script.name}: {answer.text}")
                    continue
                for ask in script.asks:
                    wrong += [f"{script.page.name}: {ask}: {said}" for said in self.differences(engine, ask)]
        self.assertEqual(wrong, [])

    def differences(self, engine: EngineProcess, ask: str) -> list[str]:
        """Ask, and give what came instead of what was expected."""
        match = _ASK.fullmatch(ask)
        assert match is not None
        body: str | None = None
        headers = {}
        if match["kind"] == "header":
            name, _, value = match["sent"].partition(": ")
            headers[name] = value
        elif match["kind"]:
            body = match["sent"]
            kind = "json" if match["kind"] == "json" else "x-www-form-urlencoded"
            headers["Content-Type"] = f"application/{kind}"
        answer = engine.client.request(match["method"], match["path"], body, headers=headers)
        if answer.status == int(match["status"]) and (match["text"] or "") in answer.text.replace('\\"', '"'):
            return []
        return [f"{answer.status} {answer.text[:500]}"]

    def test_req_doc_007_refusals_as_shown(self) -> None:
        """Every script that is shown as refused is, with the text its page shows."""
        refused = [each for each in snippets() if each.what == "refused"]
        self.assertGreater(len(refused), 3)
        settings = {**_QUICK, "javascript.workers": 1}
        with EngineProcess(Path(self.mktemp()), settings=settings) as engine:
            self.assertEqual(engine.put_script("first.js", 'register("/taken", () => "");').status, 201)
            for each in refused:
                answer = engine.put_script("new.js", each.source)
                self.assertIn(answer.status, (409, 422), each.told)
                self.assertIn(each.told, answer.json["error"]["message"])
                self.assertTrue(each.told in shown(each.page), f"not shown: {each.told}")

    def test_req_doc_007_messages_are_shown(self) -> None:
        """The texts of errors that scripts of the troubleshooting page give stand on the page."""
        page = ROOT / "docs" / "troubleshooting.md"
        text = shown(page)
        checked = 0
        for snippet in snippets():
            if snippet.page != page or snippet.what != "run":
                continue
            for ask in snippet.asks:
                match = _ASK.fullmatch(ask)
                assert match is not None
                if int(match["status"]) >= 400:
                    self.assertTrue(match["text"] in text, f"not shown: {match['text']}")
                    checked += 1
        self.assertGreater(checked, 5)

    def test_req_test_006_test_files_pass(self) -> None:
        """The guides' test files pass, beside the guides' scripts."""
        root = Path(self.mktemp()).resolve()
        tests = 0
        for snippet in snippets():
            if snippet.what != "run":
                continue
            path = root / (snippet.name if snippet.is_test else f"scripts/{snippet.name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(snippet.source, "utf-8")
            tests += snippet.is_test
        self.assertGreater(tests, 1)
        status, output = run_command(["test", str(root)])
        self.assertEqual(status, 0, output)


class DocumentedCommandTests(SynchronousTestCase):
    """Commands in the guides."""

    def test_req_dev_003_options_exist(self) -> None:
        """Every ``aiwebengine`` command line of the guides uses commands and options there are."""
        found = commands()
        self.assertGreater(len(found), 20)
        for page, words in found:
            target: click.Command = command
            context = click.Context(command)
            while isinstance(target, click.Group) and words and not words[0].startswith("-"):
                sub = target.get_command(context, words[0])
                if sub is None:
                    break
                target, words = sub, words[1:]
            known = {name for parameter in target.params for name in parameter.opts}
            for word in words:
                if re.match(r"--?[a-z]", word):
                    self.assertIn(word.partition("=")[0], known, f"{page.name}: {target.name} {words}")


class DocumentedConfigurationTests(SynchronousTestCase):
    """Settings in the guides."""

    def test_req_cfg_002_configurations_are_valid(self) -> None:
        """Every TOML block of the guides passes ``check-config``."""
        found = fenced("toml")
        self.assertGreater(len(found), 2)
        for page, block in found:
            root = Path(self.mktemp())
            root.mkdir()
            (root / "scripts").mkdir()
            (root / "aiwebengine.toml").write_text(block, "utf-8")
            names = re.findall(r'env = "(\w+)"', block)
            variables = {name: f"{name} {'k' * 20}" for name in names}
            arguments = ["check-config", "--config", str(root / "aiwebengine.toml")]
            result = CliRunner().invoke(command, arguments, env=variables)
            self.assertEqual(result.exit_code, 0, f"{page.name}: {result.output}")
