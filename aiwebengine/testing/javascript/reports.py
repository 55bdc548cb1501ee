"""How a run of tests is told: for people, as TAP 14, as JUnit XML, as JSON."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Sequence

from aiwebengine.testing.javascript.results import FileResult, Outcome, Summary, Trouble

__all__ = ["HumanReport", "JSONReport", "Quiet", "Reports", "TAPReport", "difference"]

Paint = Callable[[str, str], str]
Echo = Callable[[str], None]

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("-", "yellow"), "todo": ("…", "cyan")}
_SLOW_MS = 100


def difference(expected: str, actual: str) -> list[str]:
    """Give two texts as lines that begin with ``- `` (expected), ``+ `` (actual) or two spaces."""
    compared = difflib.ndiff(expected.splitlines(), actual.splitlines())
    return [line.rstrip() for line in compared if not line.startswith("?")]


class Reports:
    """Tells several reports the same."""

    def __init__(self, reports: Sequence[Quiet]) -> None:
        self._reports = reports

    def began(self, file: str) -> None:
        """A file's tests are about to run."""
        for report in self._reports:
            report.began(file)

    def ended(self, outcome: Outcome) -> None:
        """A test is over."""
        for report in self._reports:
            report.ended(outcome)

    def broke(self, result: FileResult) -> None:
        """A file does not load."""
        for report in self._reports:
            report.broke(result)

    def finished(self, summary: Summary) -> None:
        """The run is over."""
        for report in self._reports:
            report.finished(summary)


class Quiet:
    """Says nothing; reports override what they tell of."""

    def began(self, file: str) -> None:
        """A file's tests are about to run."""

    def ended(self, outcome: Outcome) -> None:
        """A test is over."""

    def broke(self, result: FileResult) -> None:
        """A file does not load."""

    def finished(self, summary: Summary) -> None:
        """The run is over."""


class HumanReport(Quiet):
    """A line per test as it ends, then the failures with their source and difference, then the sums."""

    def __init__(self, echo: Echo, paint: Paint = lambda text, colour: text) -> None:
        """``paint(text, colour)`` gives coloured text."""
        self._echo = echo
        self._paint = paint
        self._file = ""
        self._path: tuple[str, ...] = ()

    def began(self, file: str) -> None:
        """Take note of the file; its name comes with its first test."""
        self._path = ()
        self._file = file

    def ended(self, outcome: Outcome) -> None:
        """Print a line, below its suites."""
        if self._file:
            self._echo(self._paint(self._file, "bold"))
            self._file = ""
        path = outcome.case.path
        common = 0
        while common < min(len(path), len(self._path)) and path[common] == self._path[common]:
            common += 1
        for depth in range(common, len(path)):
            self._echo("  " * (depth + 1) + path[depth])
        self._path = path
        sign, colour = _SIGNS[outcome.state]
        slow = f" ({outcome.duration_ms:.0f} ms)" if outcome.duration_ms >= _SLOW_MS else ""
        note = f" ({outcome.state})" if outcome.state in ("skipped", "todo") else self._paint(slow, "yellow")
        self._echo("  " * (len(path) + 1) + f"{self._paint(sign, colour)} {outcome.case.name}{note}")

    def broke(self, result: FileResult) -> None:
        """Print why a file does not load."""
        assert result.trouble is not None  # noqa: S101 - that is what broke says
        self._echo(self._paint(result.file, "bold"))
        self._echo("  " + self._paint("does not load", "red"))
        for line in self._trouble(result.trouble):
            self._echo(f"  {line}".rstrip())

    def finished(self, summary: Summary) -> None:
        """Print the failures and the sums."""
        failed = [one for file in summary.files for one in file.outcomes if one.state == "failed"]
        for number, outcome in enumerate(failed, 1):
            self._echo("")
            self._echo(self._paint(f"{number}) {outcome.case.full_name}", "bold"))
            for trouble in outcome.troubles:
                for line in self._trouble(trouble):
                    self._echo(f"   {line}".rstrip())
            for entry in outcome.logs:
                place = f"{entry['script']}:{entry['line']}" if entry["line"] else entry["script"]
                first, *more = str(entry["message"]).splitlines() or [""]
                self._echo(self._paint(f"   log {entry['level']} {place}: {first}", "dim"))
                for line in more:
                    self._echo(self._paint(f"     {line}", "dim"))
        self._echo("")
        self._echo(self._sums(summary))

    def _sums(self, summary: Summary) -> str:
        total = sum(len(file.outcomes) for file in summary.files)
        parts = [
            self._paint(f"{summary.count(state)} {state}", _SIGNS[state][1])
            for state in _SIGNS
            if summary.count(state)
        ]
        text = f"{total} test{'' if total == 1 else 's'}"
        text += f": {', '.join(parts)}" if parts else ""
        if summary.broken:
            text += "; " + self._paint(f"{summary.broken} file(s) do not load", "red")
        if summary.bailed:
            text += "; stopped at the first failure"
        return f"{text} ({summary.duration_ms / 1000:.2f} s)"

    def _trouble(self, trouble: Trouble) -> Iterator[str]:
        name = "" if trouble.name in ("AssertionError", "LoadError") else f"{trouble.name}: "
        first, *more = trouble.message.splitlines() or [""]
        yield self._paint(trouble.place, "cyan")
        yield self._paint(name + first, "red")
        yield from more
        if trouble.frame:
            yield ""
            yield from trouble.frame.splitlines()
        yield from self._difference(trouble)
        stack = trouble.stack.splitlines()
        if len(stack) > 1:
            yield ""
            yield from (self._paint(line, "dim") for line in stack)

    def _difference(self, trouble: Trouble) -> Iterator[str]:
        if trouble.expected is None or trouble.actual is None:
            return
        if "\n" not in trouble.expected + trouble.actual and len(trouble.expected + trouble.actual) < 80:
            return
        yield ""
        yield f"{self._paint('- expected', 'green')}  {self._paint('+ received', 'red')}"
        for line in difference(trouble.expected, trouble.actual):
            colour = {"-": "green", "+": "red"}.get(line[:1], "")
            yield self._paint(line, colour) if colour else line


class TAPReport(Quiet):
    """TAP version 14 (https://testanything.org): one point per test, details of failures as YAML."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._count = 0
        self._started = False

    def _point(self, ok: bool, text: str, directive: str = "") -> None:
        if not self._started:
            self._started = True
            self._echo("TAP version 14")
        self._count += 1
        shown = re.sub(r"([\\#])", r"\\\1", " ".join(text.split()))
        self._echo(f"{'ok' if ok else 'not ok'} {self._count} - {shown}{directive}")

    def ended(self, outcome: Outcome) -> None:
        """Print a test point."""
        directive = {"skipped": " # SKIP", "todo": " # TODO"}.get(outcome.state, "")
        name = f"{outcome.case.file} > {outcome.case.full_name}"
        # A test that is still to be written is not ok, which TODO says not to count.
        self._point(outcome.state in ("passed", "skipped"), name, directive)
        if outcome.troubles:
            self._details(outcome.troubles[0], outcome.duration_ms)

    def broke(self, result: FileResult) -> None:
        """Print a file that does not load as a point that is not ok."""
        self._point(False, f"{result.file} does not load")
        if result.trouble:
            self._details(result.trouble, 0.0)

    def _details(self, trouble: Trouble, duration_ms: float) -> None:
        # JSON texts are YAML scalars.
        facts = {"message": trouble.message, "name": trouble.name, "at": trouble.place}
        if trouble.expected is not None:
            facts |= {"expected": trouble.expected, "actual": trouble.actual or ""}
        self._echo("  ---")
        for key, value in facts.items():
            self._echo(f"  {key}: {json.dumps(value, ensure_ascii=False)}")
        self._echo(f"  duration_ms: {duration_ms:.1f}")
        self._echo("  ...")

    def finished(self, summary: Summary) -> None:
        """Print the plan, and that the run was cut short if it was."""
        if not self._started:
            self._echo("TAP version 14")
        if summary.bailed:
            self._echo("Bail out! stopped at the first failure")
        self._echo(f"1..{self._count}")


class JSONReport(Quiet):
    """One JSON object when the run is over."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo

    def finished(self, summary: Summary) -> None:
        """Print it."""
        self._echo(json.dumps(summary.as_json(), indent=2, ensure_ascii=False))
