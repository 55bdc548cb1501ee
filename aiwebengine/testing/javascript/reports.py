"""How a run of tests is told: for people, as TAP 14, as JUnit XML, as JSON."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree

from aiwebengine.testing.javascript.results import FileResult, Outcome, Summary, Trouble

__all__ = ["HumanReport", "JSONReport", "Reports", "TAPReport", "difference", "junit_xml"]

Paint = Callable[[str, str], str]
Echo = Callable[[str], None]

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("-", "yellow"), "todo": ("…", "cyan")}
_NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SLOW_MS = 100


def difference(expected: str, actual: str) -> list[str]:
    """Give two texts as lines that begin with ``- `` (expected), ``+ `` (actual) or two spaces."""
    compared = difflib.ndiff(expected.splitlines(), actual.splitlines())
    return [line.rstrip() for line in compared if not line.startswith("?")]


class Reports:
    """Tells several reports the same."""

    def __init__(self, reports: Sequence[HumanReport | TAPReport | JSONReport | JUnitReport]) -> None:
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


class _Quiet:
    """Says nothing until something is overridden."""

    def began(self, file: str) -> None:
        """A file's tests are about to run."""

    def ended(self, outcome: Outcome) -> None:
        """A test is over."""

    def broke(self, result: FileResult) -> None:
        """A file does not load."""

    def finished(self, summary: Summary) -> None:
        """The run is over."""


class HumanReport(_Quiet):
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
            self._echo("  " + line)

    def finished(self, summary: Summary) -> None:
        """Print the failures and the sums."""
        failed = [one for file in summary.files for one in file.outcomes if one.state == "failed"]
        for number, outcome in enumerate(failed, 1):
            self._echo("")
            self._echo(self._paint(f"{number}) {outcome.case.full_name}", "bold"))
            for trouble in outcome.troubles:
                for line in self._trouble(trouble):
                    self._echo("   " + line)
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


class TAPReport(_Quiet):
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


class JSONReport(_Quiet):
    """One JSON object when the run is over."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo

    def finished(self, summary: Summary) -> None:
        """Print it."""
        self._echo(json.dumps(summary.as_json(), indent=2, ensure_ascii=False))


class JUnitReport(_Quiet):
    """JUnit XML when the run is over; ``write`` takes the document."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def finished(self, summary: Summary) -> None:
        """Write it."""
        self._write(junit_xml(summary))


def junit_xml(summary: Summary) -> bytes:
    """Give a run as JUnit XML: a ``testsuite`` per file, a ``testcase`` per test."""
    root = ElementTree.Element(
        "testsuites", name="aiwebengine test", time=f"{summary.duration_ms / 1000:.3f}"
    )
    for file in summary.files:
        _suite(root, file)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _suite(root: ElementTree.Element, file: FileResult) -> None:
    states = [one.state for one in file.outcomes]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=file.file,
        tests=str(len(states) + (file.trouble is not None)),
        failures=str(states.count("failed")),
        errors=str(int(file.trouble is not None)),
        skipped=str(states.count("skipped") + states.count("todo")),
        time=f"{sum(one.duration_ms for one in file.outcomes) / 1000:.3f}",
    )
    if file.trouble is not None:
        case = ElementTree.SubElement(suite, "testcase", classname=file.file, name="load", time="0.000")
        _problem(case, "error", file.trouble)
    for one in file.outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=" > ".join((file.file, *map(_clean, one.case.path))),
            name=_clean(one.case.name),
            file=file.file,
            line=str(one.case.line or 0),
            time=f"{one.duration_ms / 1000:.3f}",
        )
        if one.state in ("skipped", "todo"):
            ElementTree.SubElement(case, "skipped", message=one.state)
        for trouble in one.troubles[:1]:
            _problem(case, "failure", trouble)
        if one.logs:
            lines = [f"{entry['level']} {entry['script']}: {entry['message']}" for entry in one.logs]
            ElementTree.SubElement(case, "system-out").text = _clean("\n".join(lines))


def _problem(case: ElementTree.Element, kind: str, trouble: Trouble) -> None:
    found = ElementTree.SubElement(case, kind, type=trouble.name, message=_clean(trouble.message))
    parts = [trouble.place, trouble.message, trouble.frame]
    if trouble.expected is not None and trouble.actual is not None:
        parts += ["- expected  + received", *difference(trouble.expected, trouble.actual)]
    found.text = _clean("\n".join([*parts, trouble.stack]).rstrip())


def _clean(text: str) -> str:
    """Leave out what XML cannot carry."""
    return _NOT_IN_XML.sub("\ufffd", text)
