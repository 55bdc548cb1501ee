"""What came of tests, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

__all__ = ["Case", "FileResult", "Outcome", "Summary", "Trouble"]


@attrs.frozen
class Case:
    """One test as its file registered it; ``timeout_ms`` is None for the default, ``line`` if unknown."""

    file: str
    key: str
    name: str
    path: tuple[str, ...] = ()
    mode: str = ""  # "", "skip", "only", "todo"
    timeout_ms: float | None = None
    line: int | None = None

    @property
    def full_name(self) -> str:
        """The names of the suites it is in and its own, joined by `` > ``."""
        return " > ".join((*self.path, self.name))


@attrs.frozen
class Trouble:
    """
    One thing that went wrong, with the place in the test file (or script) where known.

    ``frame`` shows the source around it; ``expected`` and ``actual`` are values as text, None without any.
    """

    name: str
    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None
    stack: str = ""
    frame: str = ""
    expected: str | None = None
    actual: str | None = None

    @property
    def place(self) -> str:
        """``file:line:column`` as far as it is known."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)

    def as_json(self) -> dict[str, Any]:
        """Give what ``--json`` shows."""
        return attrs.asdict(self)


@attrs.frozen
class Outcome:
    """What came of one test; ``state`` is "passed", "failed", "skipped" or "todo"."""

    case: Case
    state: str
    duration_ms: float = 0.0
    troubles: Sequence[Trouble] = ()
    logs: Sequence[Mapping[str, Any]] = ()
    assertions: int = 0

    def as_json(self) -> dict[str, Any]:
        """Give what ``--json`` shows."""
        return {
            "name": self.case.name,
            "suite": list(self.case.path),
            "line": self.case.line,
            "state": self.state,
            "duration_ms": round(self.duration_ms, 1),
            "assertions": self.assertions,
            "failures": [one.as_json() for one in self.troubles],
            "logs": [dict(one) for one in self.logs],
        }


@attrs.frozen
class FileResult:
    """A test file: why it does not load, or what came of its tests but those left out by a filter."""

    file: str
    outcomes: Sequence[Outcome] = ()
    trouble: Trouble | None = None

    def as_json(self) -> dict[str, Any]:
        """Give what ``--json`` shows."""
        return {
            "file": self.file,
            "error": self.trouble.as_json() if self.trouble else None,
            "tests": [one.as_json() for one in self.outcomes],
        }


@attrs.frozen
class Summary:
    """A whole run."""

    files: Sequence[FileResult]
    duration_ms: float = 0.0
    bailed: bool = False

    def count(self, state: str) -> int:
        """Give how many tests ended in a state."""
        return sum(one.state == state for file in self.files for one in file.outcomes)

    @property
    def broken(self) -> int:
        """How many files do not load."""
        return sum(file.trouble is not None for file in self.files)

    @property
    def exit_code(self) -> int:
        """0 when all is well, 1 when a test failed, 2 when a file does not load."""
        return 2 if self.broken else 1 if self.count("failed") else 0

    def as_json(self) -> dict[str, Any]:
        """Give what ``--json`` shows."""
        states = ("passed", "failed", "skipped", "todo")
        return {
            "ok": self.exit_code == 0,
            "files": [one.as_json() for one in self.files],
            "summary": {state: self.count(state) for state in states}
            | {
                "total": sum(len(one.outcomes) for one in self.files),
                "broken_files": self.broken,
                "bailed": self.bailed,
                "duration_ms": round(self.duration_ms, 1),
            },
        }
