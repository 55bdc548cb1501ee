"""Runs JavaScript tests on real sandboxes and keeps what is told of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.testing.javascript.results import FileResult, Outcome, Summary
from aiwebengine.testing.javascript.runner import Runner, find_tests
from aiwebengine.testing.javascript.workbench import Workbench

#: A machine with much else to do is no reason for a request to fail.
PATIENT = "server.request_timeout_ms=60000"


class Told:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def began(self, file: str) -> None:
        self.events.append(("began", file))

    def ended(self, outcome: Outcome) -> None:
        self.events.append((outcome.state, outcome.case.full_name))

    def broke(self, result: FileResult) -> None:
        self.events.append(("broke", result.file))

    def finished(self, summary: Summary) -> None:
        self.events.append(("finished", str(summary.exit_code)))


class BenchCase(TestCase):
    """Each test may run files on a workbench of its own."""

    timeout = 300

    def write(self, files: Mapping[str, str]) -> Path:
        root = Path(self.mktemp()).resolve()
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return root

    async def run_tests(
        self,
        files: Mapping[str, str],
        *,
        settings: Sequence[str] = (),
        pattern: str | None = None,
        bail: bool = False,
        timeout_ms: float = 60_000,
    ) -> tuple[Summary, Told]:
        root = self.write(files)
        sources = ConfigurationSources(variables={}, directory=root, settings=(PATIENT, *settings))
        return await self.run_in(root, sources, pattern=pattern, bail=bail, timeout_ms=timeout_ms)

    async def run_in(
        self, root: Path, sources: ConfigurationSources, paths: Sequence[Path] = (), **options: Any
    ) -> tuple[Summary, Told]:
        bench = Workbench.from_sources(reactor, sources)
        await bench.start()
        told = Told()
        pattern = options.pop("pattern", None)
        try:
            runner = Runner(bench, told, re.compile(pattern) if pattern else None, **options)
            return await runner.run(find_tests(paths or [root])), told
        finally:
            await bench.stop()

    async def run_one(self, source: str, **options: Any) -> Outcome:
        """Run one test of one file and give its outcome."""
        summary, _ = await self.run_tests({"one.test.js": source}, **options)
        (file,) = summary.files
        self.assertIsNone(file.trouble)
        (outcome,) = file.outcomes
        return outcome
