"""
Run the whole suite in several trials side by side: most tests wait for processes and clocks, not for a core.

``python scripts/test_shards.py [JOBS]`` (default: ``TEST_JOBS`` of the environment, else the number of cores,
four at most). Test modules are shared out whole, by the seconds in ``test-seconds.txt``; packages whose
modules share a server stay together. Lines are printed as they come, with the number of their trial before
them; the end is a summary as one trial's would be. Exit status 0 only when every trial passed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = Path(__file__).with_name("test-seconds.txt")
#: Each has a server which its modules share: a browser with an engine, PostgreSQL.
TOGETHER = ("tests.browser", "tests.repository")
MOST_JOBS = 4

_RAN = re.compile(r"^Ran (\d+) tests? in [\d.]+s$", re.M)
_END = re.compile(r"^(PASSED|FAILED)(?: \((.*)\))?$", re.M)
_ORDER = ("skips", "expectedFailures", "failures", "errors", "unexpectedSuccesses", "successes")


def modules(root: Path) -> list[str]:
    """Give the name of every test module below ``root``."""
    found = (root / "tests").rglob("test_*.py")
    return sorted(".".join(path.relative_to(root).with_suffix("").parts) for path in found)


def known_seconds(text: str) -> dict[str, float]:
    """Read ``test-seconds.txt``."""
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(seconds) for name, seconds in lines}


def shares(names: Iterable[str], seconds: Mapping[str, float], jobs: int) -> list[list[str]]:
    """Share the modules out so that all take about as long; the longest first, to whoever has least."""
    units: dict[str, list[str]] = {}
    for name in names:
        unit = next((package for package in TOGETHER if name.startswith(package + ".")), name)
        units.setdefault(unit, []).append(name)
    cost = {unit: sum(seconds.get(name, 1.0) for name in members) for unit, members in units.items()}
    found: list[list[str]] = [[] for _ in range(jobs)]
    taken = [0.0] * jobs
    for unit in sorted(units, key=lambda unit: (-cost[unit], unit)):
        least = taken.index(min(taken))
        found[least].extend(units[unit])
        taken[least] += cost[unit]
    return [sorted(share) for share in found if share]


def summary(outputs: Sequence[str], seconds: float) -> str:
    """
    Add up the ends of several trials' outputs; a trial that printed none counts as an error.

    Gives the two lines with which one trial would have ended.
    """
    counts = dict.fromkeys(_ORDER, 0)
    ran = 0
    for output in outputs:
        ends = _END.findall(output)
        if not ends:
            counts["errors"] += 1
            continue
        ran += int((_RAN.findall(output) or ["0"])[-1])
        for name, number in re.findall(r"(\w+)=(\d+)", ends[-1][1]):
            counts[name] += int(number)
    bad = counts["failures"] + counts["errors"] + counts["unexpectedSuccesses"]
    told = ", ".join(f"{name}={counts[name]}" for name in _ORDER if counts[name])
    return f"Ran {ran} tests in {seconds:.3f}s\n\n{'FAILED' if bad else 'PASSED'} ({told})"


class Trial:
    """One trial under coverage; its output is printed line by line, and kept."""

    def __init__(self, number: int, names: Sequence[str]) -> None:
        self._number = number
        self._lines: list[str] = []
        line = [sys.executable, "-m", "coverage", "run", "-m", "twisted.trial", "--random=0"]
        line += [f"--temp-directory=_trial_temp.{number}", *names]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line)
            print(f"{self._number}| {line}", end="", flush=True)

    def wait(self) -> tuple[int, str]:
        """Give exit status and output, once it has ended."""
        self._reading.join()
        return self._process.wait(), "".join(self._lines)


def main() -> int:
    """Do what the command line says."""
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TEST_JOBS", "")
    jobs = int(given) if given else min(MOST_JOBS, os.cpu_count() or 1)
    began = time.monotonic()
    seconds = known_seconds(SECONDS.read_text("utf-8"))
    trials = [Trial(number, names) for number, names in enumerate(shares(modules(ROOT), seconds, jobs), 1)]
    ends = [trial.wait() for trial in trials]
    print("-" * 79)
    print(summary([output for _, output in ends], time.monotonic() - began))
    return 1 if any(status for status, _ in ends) else 0


if __name__ == "__main__":
    sys.exit(main())
