"""The suite is shared out whole, and the ends of its trials are added up."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installing import ROOT


def script() -> ModuleType:
    """Import scripts/test_shards.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("test_shards_script", ROOT / "scripts" / "test_shards.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class SharingTests(SynchronousTestCase):
    """Every module runs, once."""

    def test_this_checkout(self) -> None:
        """Whatever the number of trials, each module is in one; those that share a server in the same."""
        shards = script()
        seconds = shards.known_seconds(shards.SECONDS.read_text("utf-8"))
        names = shards.modules(ROOT)
        self.assertIn("tests.test_shards", names)
        self.assertIn("tests.http.test_twistd", names)
        for jobs in (1, 2, 3, 1000):
            shares = shards.shares(names, seconds, jobs)
            self.assertEqual(sorted(name for share in shares for name in share), names)
            for package in shards.TOGETHER:
                holders = [share for share in shares if any(n.startswith(package + ".") for n in share)]
                self.assertEqual(len(holders), 1, package)

    def test_table(self) -> None:
        """What the table names is there."""
        shards = script()
        named = set(shards.known_seconds(shards.SECONDS.read_text("utf-8")))
        self.assertEqual(named - set(shards.modules(ROOT)), set())
        self.assertEqual(shards.known_seconds("# a 5\n\nb 7\nc 0.5\n"), {"b": 7.0, "c": 0.5})

    def test_even(self) -> None:
        """Long modules are spread."""
        shards = script()
        seconds = {"tests.a": 50.0, "tests.b": 30.0, "tests.c": 25.0}
        names = ["tests.a", "tests.b", "tests.c", "tests.d"]
        self.assertEqual(shards.shares(names, seconds, 2), [["tests.a", "tests.d"], ["tests.b", "tests.c"]])


class SummaryTests(SynchronousTestCase):
    """The last lines."""

    def told(self, *outputs: str, statuses: Sequence[int] = (), seconds: float = 5.0) -> str:
        """Give the summary of trials that printed these; their exit statuses, or 1 for those that failed."""
        shards = script()
        exits = statuses or [int("FAILED" in output) for output in outputs]
        ends = [shards.End(status, output) for status, output in zip(exits, outputs, strict=True)]
        told: str = shards.summary(ends, seconds)
        return told

    def test_passed(self) -> None:
        """Counts are added."""
        first = "a ... [OK]\nRan 12 tests in 3.4s\n\nPASSED (skips=1, successes=11)\n"
        second = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        self.assertEqual(self.told(first, second), "Ran 13 tests in 5.000s\n\nPASSED (skips=1, successes=12)")

    def test_failed(self) -> None:
        """One that failed makes it FAILED."""
        first = "Ran 3 tests in 3.4s\n\nFAILED (failures=1, errors=1, successes=1)\n"
        second = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        told = "Ran 4 tests in 5.000s\n\nFAILED (failures=1, errors=1, successes=2)"
        self.assertEqual(self.told(first, second), told)

    def test_a_trial_without_an_end(self) -> None:
        """One that crashed counts as an error, whatever its tests had printed."""
        good = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        for output in ("", "tests.x\n  test_y ... Segmentation fault\n"):
            told = self.told(good, output, seconds=1.0)
            self.assertEqual(told, "Ran 1 tests in 1.000s\n\nFAILED (errors=1, successes=1)")

    def test_a_trial_that_died_afterwards(self) -> None:
        """Its exit status counts, not only its words."""
        good = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        told = "Ran 2 tests in 1.000s\n\nFAILED (errors=1, successes=2)"
        self.assertEqual(self.told(good, good, statuses=(0, -11), seconds=1.0), told)

    def test_no_tests(self) -> None:
        """A trial that ran none is an error, and so is it when there is no trial."""
        good = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        told = "Ran 1 tests in 1.000s\n\nFAILED (errors=1, successes=1)"
        self.assertEqual(self.told(good, "Ran 0 tests in 0.0s\n\nPASSED\n", seconds=1.0), told)
        self.assertIn("FAILED", self.told())

    def test_as_scripts_test_reads_it(self) -> None:
        """scripts/test finds the two lines, and those of the trials themselves are not taken for them."""
        text = (ROOT / "scripts" / "test").read_text("utf-8")
        pattern = re.search(r're\.findall\(r"(\^\(\?:Ran.*?)", text, re\.M\)', text)
        assert pattern is not None
        log = "1| Ran 9 tests in 1s\n1| \n1| PASSED (successes=9)\n" + self.told(
            "Ran 9 tests in 1s\n\nPASSED (successes=9)", seconds=2
        )
        found = re.findall(pattern[1], log, re.M)
        self.assertEqual(found, ["Ran 9 tests in 2.000s", "PASSED (successes=9)"])


_PASSES = "print('Ran 2 tests in 0.1s\\n\\nPASSED (successes=2)', flush=True)"
_LEAVES = """\
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("child", child.pid, flush=True)
"""


class RunningTests(SynchronousTestCase):
    """Trials as processes; small programs stand for them."""

    def run_shards(self, *sources: str) -> tuple[int, str]:
        """Give exit status and output of trials that run these sources."""
        path = str(ROOT / "scripts" / "test_shards.py")
        program = (
            "import runpy, sys\n"
            f"shards = runpy.run_path({path!r})\n"
            f"lines = [[sys.executable, '-c', source] for source in {sources!r}]\n"
            f"sys.exit(shards['run'](lines))\n"
        )
        ended = subprocess.run(
            [sys.executable, "-X", "dev", "-c", program],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.assertEqual(ended.stderr, "")
        return ended.returncode, ended.stdout

    def assert_gone(self, output: str) -> None:
        """The child named in the output runs no more."""
        pid = re.findall(r"child (\d+)", output)[0]
        try:
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return
        # Killed, but perhaps nobody has asked for its status.
        self.assertIn(state, "ZX")

    def test_passes(self) -> None:
        """Two that pass."""
        status, output = self.run_shards(_PASSES, _PASSES)
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"\nRan 4 tests in [\d.]+s\n\nPASSED \(successes=4\)\n$")

    def test_dies(self) -> None:
        """One killed by a signal is an error, whether or not it had told its end."""
        for before in ("", _PASSES + ";"):
            died = before + "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
            status, output = self.run_shards(_PASSES, died)
            self.assertEqual(status, 1, output)
            self.assertIn("2| ended by signal 9", output)
            self.assertRegex(output, r"\nFAILED \(errors=1, successes=[24]\)\n$")

    def test_hangs(self) -> None:
        """One that does not end is killed with what it started, and is an error."""
        if not Path("/proc/self/environ").exists():
            raise SkipTest("there is no /proc")
        shards = script()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            trial = shards.Trial(1, [sys.executable, "-c", _LEAVES + "child.wait()"], 600)
            self.addCleanup(trial.end)
            trial.start()
            while "child" not in printed.getvalue():
                time.sleep(0.01)
            trial.deadline = time.monotonic()
            end = trial.wait()
        self.assertEqual(end.status, -9)
        self.assertIn("1| killed: it had not ended after 600 s\n", printed.getvalue())
        self.assertIn("FAILED (errors=1)", shards.summary([end], 1.0))
        self.assert_gone(end.output)

    def test_leaves_something(self) -> None:
        """What a trial leaves behind, though it holds its output open, is ended: nothing waits for it."""
        if not Path("/proc/self/environ").exists():
            raise SkipTest("there is no /proc")
        status, output = self.run_shards(_LEAVES + _PASSES)
        self.assertEqual(status, 0, output)
        self.assertIn("1| ended what was left: ", output)
        self.assert_gone(output)

    def test_ended_from_outside(self) -> None:
        """SIGTERM ends the trials too."""
        if not Path("/proc/self/environ").exists():
            raise SkipTest("there is no /proc")
        path = str(ROOT / "scripts" / "test_shards.py")
        program = (
            "import runpy, sys\n"
            f"shards = runpy.run_path({path!r})\n"
            "main = shards['main']\n"
            "main.__globals__['command'] = lambda number, names: "
            f"[sys.executable, '-c', {_LEAVES + 'child.wait()'!r}]\n"
            "sys.exit(main())\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            self.addCleanup(process.kill)
            assert process.stdout is not None
            first = process.stdout.readline()
            process.terminate()
            process.stdout.read()
        self.assertEqual(process.returncode, 128 + 15)
        self.assert_gone(first)
