"""Runs test files one after the other, and each test of a file in a world of its own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred

from aiwebengine.errors import HTTPProblem, ScriptInvalid
from aiwebengine.sandbox.failures import TimedOut
from aiwebengine.sandbox.loading import place_in
from aiwebengine.sandbox.model import Program, Registration
from aiwebengine.testing.javascript.results import Case, FileResult, Outcome, Summary, Trouble
from aiwebengine.testing.javascript.sources import TestSource
from aiwebengine.testing.javascript.workbench import Workbench
from aiwebengine.testing.javascript.world import World
from aiwebengine.web.errors import source_frame
from aiwebengine.web.from_script import plain, problem_of_failure

__all__ = ["Progress", "Runner", "find_tests"]

_ENDING = ".test.js"
_SKIPPED = frozenset({"node_modules", "__pycache__"})


class Progress(Protocol):
    """Who is told of a run as it goes on."""

    def began(self, file: str) -> None:
        """A file's tests are about to run."""

    def ended(self, outcome: Outcome) -> None:
        """A test is over."""

    def broke(self, result: FileResult) -> None:
        """A file does not load."""

    def finished(self, summary: Summary) -> None:
        """The run is over."""


def find_tests(paths: Sequence[Path]) -> list[Path]:
    """
    Give the test files: files as named, and every ``*.test.js`` below directories.

    Hidden directories and ``node_modules`` are left out. Raises ValueError when there are none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        inside = [
            file
            for file in sorted(path.rglob(f"*{_ENDING}"))
            if not any(part.startswith(".") or part in _SKIPPED for part in file.relative_to(path).parts[:-1])
        ]
        if not inside:
            raise ValueError(f"no *{_ENDING} file below {path}")
        found.update(dict.fromkeys(inside))
    return list(found)


class _Sink:
    """Takes what comes of a test."""

    def __init__(self) -> None:
        self.done: Deferred[tuple[Any, Any]] = Deferred()

    def answered(self, head: list[Any], raw: bytes | None) -> None:
        """Take what the test told."""
        self.done.callback((head[1], None))

    def failed(self, failure: Any) -> None:
        """Take what ended it."""
        self.done.callback((None, failure))

    def streaming(self, head: list[Any]) -> None:
        """Not reached: tests do not stream."""

    def chunk(self, chunks: list[Any], ended: bool, failure: Any) -> None:
        """Not reached: tests do not stream."""


@attrs.define
class Runner:
    """
    Runs tests on a started workbench.

    ``pattern`` picks tests by a search in their full names; ``bail`` stops at the first failure;
    ``timeout_ms`` is for tests that name none.
    """

    bench: Workbench
    progress: Progress
    pattern: re.Pattern[str] | None = None
    bail: bool = False
    timeout_ms: float = 5000
    _idents: Callable[[], int] = attrs.field(factory=lambda: itertools.count(1).__next__, init=False)

    async def run(self, files: Sequence[Path]) -> Summary:
        """Run all files' tests and tell the progress."""
        began = self.bench.reactor.seconds()
        results: list[FileResult] = []
        bailed = False
        for file in files:
            results.append(await self._run_file(file))
            failed = results[-1].trouble or any(one.state == "failed" for one in results[-1].outcomes)
            if failed and self.bail:
                bailed = True
                break
        duration = (self.bench.reactor.seconds() - began) * 1000
        summary = Summary(tuple(results), duration, bailed)
        self.progress.finished(summary)
        return summary

    async def _run_file(self, file: Path) -> FileResult:
        shown = self.bench.shown(file)
        try:
            source = TestSource.read(file, self.bench.root)
            program, cases = await self._load(shown, source)
        except ValueError as error:
            return self._broken(shown, Trouble("LoadError", str(error), shown))
        except ScriptInvalid as error:
            place = _place(source, error.line, error.column, shown)
            stack = self._readable(error.stack, source)
            return self._broken(shown, Trouble("LoadError", error.message, stack=stack, **place))
        except HTTPProblem as error:
            return self._broken(shown, Trouble("LoadError", error.message, shown))
        self.progress.began(shown)
        outcomes: list[Outcome] = []
        only = any(case.mode == "only" for case in cases)
        try:
            for case in cases:
                if self.pattern is not None and not self.pattern.search(case.full_name):
                    continue
                if case.mode in ("skip", "todo") or (only and case.mode != "only"):
                    outcome = Outcome(case, "todo" if case.mode == "todo" else "skipped")
                else:
                    outcome = await self._run_case(case, program, source, file.parent)
                outcomes.append(outcome)
                self.progress.ended(outcome)
                if self.bail and outcome.state == "failed":
                    break
        finally:
            self.bench.pool.forget(program)
        return FileResult(shown, tuple(outcomes))

    def _broken(self, shown: str, trouble: Trouble) -> FileResult:
        result = FileResult(shown, (), trouble)
        self.progress.broke(result)
        return result

    async def _load(self, shown: str, source: TestSource) -> tuple[Program, list[Case]]:
        report = await self.bench.load_tests(shown, source.text)
        if report.error is not None:
            raise report.error
        assert report.program is not None  # noqa: S101 - a report has one or the other
        cases = [_case(shown, one) for one in report.registrations if one.kind == "test"]
        if not cases:
            raise ValueError("the file has no tests: call it(name, function)")
        return report.program, cases

    async def _run_case(self, case: Case, program: Program, source: TestSource, directory: Path) -> Outcome:
        began = self.bench.reactor.seconds()
        wall_ms = case.timeout_ms or self.timeout_ms
        world = World(self.bench, f"test-{self._idents()}", directory)
        self.bench.current = world
        sink = _Sink()
        try:
            self.bench.run_test(program, case.key, world, wall_ms, sink)
            told, failure = await sink.done
        finally:
            world.close()
            self.bench.current = None
        duration = (self.bench.reactor.seconds() - began) * 1000
        logs = [
            {"level": one.level, "script": one.script, "message": one.message, "line": one.line}
            for one in world.logs
        ]
        if failure is not None:
            return Outcome(case, "failed", duration, [self._ended(case, failure, source)], logs)
        troubles = [self._trouble(case, one, source) for one in told["failures"]]
        state = "failed" if troubles else "passed"
        return Outcome(case, state, duration, troubles, logs, int(told["assertions"]))

    def _ended(self, case: Case, failure: Any, source: TestSource) -> Trouble:
        """Say what ended a test that could not say so itself."""
        if isinstance(failure, TimedOut):
            message = f"the test took longer than {plain(failure.limit_ms)} ms"
            return Trouble("Timeout", message, **_place(source, case.line, None, case.file))
        problem = problem_of_failure(failure, case.file, source.text)
        details: Mapping[str, Any] = problem.details or {}
        found = {"name": problem.code, "message": problem.message, "stack": str(details.get("stack") or "")}
        if details.get("config_key"):
            found["message"] += f" ({details['config_key']})"
        return self._trouble(case, found, source)

    def _trouble(self, case: Case, found: Mapping[str, Any], source: TestSource) -> Trouble:
        stack = str(found.get("stack") or "")
        line, column = place_in(stack, case.file)
        return Trouble(
            str(found["name"]),
            str(found["message"]),
            stack=self._readable(stack, source),
            expected=found.get("expected"),
            actual=found.get("actual"),
            **_place(source, line or case.line, column, case.file),
        )

    def _readable(self, stack: str, source: TestSource) -> str:
        """Put files for the URIs of scripts in a stack."""

        def shown(match: re.Match[str]) -> str:
            file, line = match[1], int(match[2])
            if file == source.parts[0].shown:
                part, line = source.locate(line)
                file = part.shown
            else:
                file = self.bench.file_of(file)
            return f"({file}:{line}:{match[3]})"

        return re.sub(r"\(([^()\s]+?):(\d+):(\d+)\)", shown, stack).rstrip()


def _place(source: TestSource, line: int | None, column: int | None, file: str) -> dict[str, Any]:
    """Give file, line, column and frame of a line of the whole; only the file when the line is unknown."""
    if line is None:
        return {"file": file}
    part, line = source.locate(line)
    frame = source_frame(part.text, line, column)
    return {"file": part.shown, "line": line, "column": column, "frame": frame}


def _case(file: str, one: Registration) -> Case:
    data = one.data
    return Case(
        file, one.key, data["name"], tuple(data["path"]), data["mode"], data["timeout"], data["line"] or None
    )
