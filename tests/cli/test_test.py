"""`aiwebengine test`: what it prints, and its exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from click.testing import CliRunner
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from aiwebengine.cli import command
from aiwebengine.cli.test import Wanted, run_tests
from aiwebengine.config.sources import ConfigurationSources
from tests.installing import ROOT
from tests.testing.javascript.support import BenchCase

GOOD = "describe('a', () => { it('is good', () => expect(1).toBe(1)); });\n"
BAD = "it('is bad', () => expect(1).toBe(2));\n"
BROKEN = "it('is broken', () => {\n"


class RunTests(BenchCase):
    """The work of the command, in this process."""

    async def run_command(
        self, files: dict[str, str], *settings: str, **wanted: object
    ) -> tuple[int, str, Path]:
        root = self.write(files)
        lines: list[str] = []
        sources = ConfigurationSources(variables={}, directory=root, settings=settings)
        asked = Wanted((root,), **wanted)  # type: ignore[arg-type]
        self.complaints: list[str] = []
        status = await run_tests(reactor, sources, asked, lines.append, self.complaints.append)
        return status, "\n".join(lines), root

    async def test_req_dev_003_status(self) -> None:
        """0 when all passed, 1 when one failed, 2 when a file does not load or nothing can be run."""
        self.assertEqual((await self.run_command({"a.test.js": GOOD}))[0], 0)
        self.assertEqual((await self.run_command({"a.test.js": GOOD, "b.test.js": BAD}))[0], 1)
        self.assertEqual((await self.run_command({"a.test.js": BAD, "b.test.js": BROKEN}))[0], 2)
        for files, settings, pattern, text in (
            ({"a.js": GOOD}, (), None, "no *.test.js file below"),
            ({"a.test.js": GOOD}, (), "nothing", "no test's name matches 'nothing'"),
            ({"a.test.js": GOOD}, ("javascript.isolatio=realm",), None, "javascript.isolatio"),
            ({"a.test.js": GOOD}, ('javascript.allowed_apis=["nosuch"]',), None, "nosuch"),
        ):
            chosen = re.compile(pattern) if pattern else None
            status, _, _ = await self.run_command(files, *settings, pattern=chosen)
            self.assertEqual(status, 2)
            self.assertIn(text, "".join(self.complaints))

    async def test_human(self) -> None:
        """A line per test below its file and suites, then failures, then the sums."""
        _, said, _ = await self.run_command({"a.test.js": GOOD, "b.test.js": BAD, "c.test.js": BROKEN})
        lines = re.sub(r" \(\d+ ms\)", "", said).splitlines()
        self.assertEqual(lines[:5], ["a.test.js", "  a", "    ✓ is good", "b.test.js", "  ✗ is bad"])
        self.assertEqual(lines[5:7], ["c.test.js", "  does not load"])
        self.assertIn("1) is bad\n   b.test.js:1:29\n   expected 1 to be 2\n", said)
        self.assertRegex(lines[-1], r"^2 tests: 1 passed, 1 failed; 1 file\(s\) do not load \(\d+\.\d\d s\)$")

    async def test_forms(self) -> None:
        """--json prints one object, --tap TAP, --junit writes XML besides."""
        files = {"a.test.js": GOOD, "b.test.js": BAD}
        report = Path(self.mktemp()).resolve()
        _, said, _ = await self.run_command(files, form="json", junit=report)
        data = json.loads(said)
        self.assertEqual(data["summary"]["failed"], 1)
        self.assertEqual([file["file"] for file in data["files"]], ["a.test.js", "b.test.js"])
        root = ElementTree.parse(report).getroot()
        self.assertEqual((root.get("tests"), root.get("failures")), ("2", "1"))
        _, said, _ = await self.run_command(files, form="tap", bail=True)
        self.assertEqual(said.splitlines()[:2], ["TAP version 14", "ok 1 - a.test.js > a > is good"])

    async def test_report_that_cannot_be_written(self) -> None:
        """A JUnit file in no directory is status 2."""
        junit = Path(self.mktemp()) / "none" / "report.xml"
        self.assertEqual((await self.run_command({"a.test.js": GOOD}, junit=junit))[0], 2)
        self.assertIn("report.xml", self.complaints[0])

    async def test_watch(self) -> None:
        """With watch a changed test or script has all run again, until it is cancelled."""
        source = "it('asks', async () => {{ expect((await loadScript('s.js').get('/')).body).toBe('{}'); }});"
        root = self.write({"a.test.js": source.format("one"), "s.js": "register('/', () => 'one');"})
        lines: list[str] = []
        sources = ConfigurationSources(variables={}, directory=root)
        wanted = Wanted((root / "a.test.js",), watch=True)
        running = Deferred.fromCoroutine(run_tests(reactor, sources, wanted, lines.append))

        async def said(text: str, times: int) -> None:
            while sum(text in line for line in lines) < times:
                if running.called:
                    await running
                await deferLater(reactor, 0.02)

        await said("waiting for changes", 1)
        (root / "s.js").write_text("register('/', () => 'three');")
        await said("waiting for changes", 2)
        self.assertEqual(sum("✗ asks" in line for line in lines), 1)
        (root / "a.test.js").write_text(source.format("three"))
        await said("waiting for changes", 3)
        self.assertEqual(sum("✓ asks" in line for line in lines), 2)
        self.assertIn(f"changed: {root / 's.js'}", lines)
        running.addErrback(lambda failure: None)
        running.cancel()
        await running


class CommandTests(BenchCase):
    """The command line."""

    def test_wrong_usage(self) -> None:
        """A file that is not there and a pattern that is none are status 2, before anything starts."""
        for arguments, text in (
            (("nowhere",), "does not exist"),
            (("--filter", "("), "is no regular expression"),
            (("--timeout", "0"), "0"),
        ):
            result = CliRunner().invoke(command, ["test", *arguments])
            self.assertEqual(result.exit_code, 2, result.output)
            self.assertIn(text, result.output)

    def process(self, root: Path, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", "aiwebengine", "test", *arguments],
            cwd=root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # What was started in the background of a shell ignores an interrupt, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def test_in_a_process(self) -> None:
        """As people run it: here, with the exit status of the run; nothing is left in the directory."""
        root = self.write({"tests/a.test.js": GOOD, "tests/b.test.js": BAD})
        with self.process(root, "--tap") as process:
            said, complaints = process.communicate(timeout=300)
        self.assertEqual((process.returncode, complaints), (1, ""))
        self.assertIn("not ok 2 - tests/b.test.js > is bad", said)
        self.assertEqual([one.name for one in root.iterdir()], ["tests"])

    def test_interrupted(self) -> None:
        """Ctrl-C ends it with status 130."""
        root = self.write({"a.test.js": GOOD})
        with self.process(root, "--watch") as process:
            assert process.stdout is not None
            for line in process.stdout:
                if "waiting for changes" in line:
                    break
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=300)
        self.assertEqual(process.returncode, 130)
