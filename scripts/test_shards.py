"""
Run the whole suite in several trials side by side: most tests wait for processes and clocks, not for a core.

``python scripts/test_shards.py [JOBS]`` (default: ``TEST_JOBS`` of the environment, else the number of cores,
four at most). Test modules are shared out whole, by the seconds in ``test-seconds.txt``; packages whose
modules share a server stay together. Lines are printed as they come, with the number of their trial before
them; the end is a summary as one trial's would be. A trial that dies, hangs or runs no test is an error.
Processes a trial leaves behind are ended. Exit status 0 only when every trial passed.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent
SECONDS = Path(__file__).with_name("test-seconds.txt")
#: Each has a server which its modules share: a browser with an engine, PostgreSQL.
TOGETHER = ("tests.browser", "tests.repository")
MOST_JOBS = 4
#: What a trial may take on any machine, in seconds; one that hangs is killed then.
DEADLINE_S = 40 * 60.0

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


@attrs.frozen
class End:
    """How a trial ended: its exit status (negative: killed by that signal) and all it printed."""

    status: int
    output: str


def summary(ends: Sequence[End], seconds: float) -> str:
    """
    Add up the ends of several trials.

    One that printed no summary, ran no test, or whose exit status is not that of its summary counts as an
    error. Gives the lines with which one trial would have ended.
    """
    counts = dict.fromkeys(_ORDER, 0)
    ran = 0
    for end in ends:
        found = _END.findall(end.output)
        count = int((_RAN.findall(end.output) or ["0"])[-1])
        if not found or not count or (found[-1][0] == "PASSED" and end.status):
            counts["errors"] += 1
        if found:
            ran += count
            for name, number in re.findall(r"(\w+)=(\d+)", found[-1][1]):
                counts[name] += int(number)
    bad = not ends or counts["failures"] + counts["errors"] + counts["unexpectedSuccesses"]
    told = ", ".join(f"{name}={counts[name]}" for name in _ORDER if counts[name])
    return f"Ran {ran} tests in {seconds:.3f}s\n\n{'FAILED' if bad else 'PASSED'} ({told})"


def end_marked(mark: str) -> list[str]:
    """Kill every process in whose environment ``mark`` is; give their command lines (Linux only)."""
    ended = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes().split(b"\0"):
                ended.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            # Somebody else's, or gone.
            continue
    return ended


class Trial:
    """
    One trial under coverage; its output is printed line by line, and kept.

    One that takes longer than ``deadline_s`` seconds (until the monotonic clock says ``deadline``) is killed.
    Whatever it started and left behind is, too.
    """

    def __init__(self, number: int, line: Sequence[str], deadline_s: float = DEADLINE_S) -> None:
        self._number = number
        self._line = line
        self._lines: list[str] = []
        self._deadline_s = deadline_s
        self.deadline = 0.0
        self._mark = f"TEST_SHARD={number}-{os.getpid()}-{secrets.token_hex(8)}"
        self._process: subprocess.Popen[str] | None = None
        self._reading = threading.Thread(target=self._read)

    def start(self) -> Trial:
        """Start it; from before this on, `end` ends it."""
        name, _, value = self._mark.partition("=")
        self.deadline = time.monotonic() + self._deadline_s
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._line,
            cwd=ROOT,
            env={**os.environ, name: value},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A group of its own, to be killed whole.
            start_new_session=True,
        )
        self._reading.start()
        return self

    def _say(self, line: str) -> None:
        self._lines.append(line)
        print(f"{self._number}| {line}", end="", flush=True)

    def _read(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            with self._process.stdout as output:
                for line in output:
                    self._say(line)

    def end(self) -> None:
        """Kill it and what it left behind, which may hold its output open."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        for line in end_marked(self._mark):
            print(f"{self._number}| ended what was left: {line[:200]}", flush=True)

    def wait(self) -> End:
        """Give how it ended, once it has."""
        if self._process is None:
            raise RuntimeError("the trial was not started")
        killed = False
        try:
            self._process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            killed = True
        self.end()
        status = self._process.wait()
        self._reading.join()
        if killed:
            self._say(f"killed: it had not ended after {self._deadline_s:.0f} s\n")
        elif status < 0:
            self._say(f"ended by signal {-status}\n")
        return End(status, "".join(self._lines))


def command(number: int, names: Sequence[str]) -> list[str]:
    """Give the command line of a trial of some modules."""
    line = [sys.executable, "-m", "coverage", "run", "-m", "twisted.trial", "--random=0"]
    return [*line, f"--temp-directory=_trial_temp.{number}", *names]


def run(lines: Sequence[Sequence[str]], deadline_s: float = DEADLINE_S) -> int:
    """Run trials of these command lines side by side; print the summary and give the exit status."""
    began = time.monotonic()
    trials: list[Trial] = []
    try:
        for number, line in enumerate(lines, 1):
            trials.append(Trial(number, line, deadline_s))
            trials[-1].start()
        ends = [trial.wait() for trial in trials]
    finally:
        for trial in trials:
            trial.end()
    told = summary(ends, time.monotonic() - began)
    print("-" * 79)
    print(told)
    return 0 if "\nPASSED" in told and not any(end.status for end in ends) else 1


def main() -> int:
    """Do what the command line says."""
    # As an interrupt does: trials are ended on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TEST_JOBS", "")
    jobs = int(given) if given else min(MOST_JOBS, os.cpu_count() or 1)
    seconds = known_seconds(SECONDS.read_text("utf-8"))
    return run([command(*share) for share in enumerate(shares(modules(ROOT), seconds, jobs), 1)])


if __name__ == "__main__":
    sys.exit(main())
