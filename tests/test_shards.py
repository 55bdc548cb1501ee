"""The suite is shared out whole, and the ends of its trials are added up."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

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

    def test_passed(self) -> None:
        """Counts are added."""
        first = "a ... [OK]\nRan 12 tests in 3.4s\n\nPASSED (skips=1, successes=11)\n"
        second = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        self.assertEqual(
            script().summary([first, second], 5.0), "Ran 13 tests in 5.000s\n\nPASSED (skips=1, successes=12)"
        )

    def test_failed(self) -> None:
        """One that failed makes it FAILED."""
        first = "Ran 3 tests in 3.4s\n\nFAILED (failures=1, errors=1, successes=1)\n"
        second = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        told = "Ran 4 tests in 5.000s\n\nFAILED (failures=1, errors=1, successes=2)"
        self.assertEqual(script().summary([first, second], 5.0), told)

    def test_a_trial_without_an_end(self) -> None:
        """One that crashed counts as an error, whatever its tests had printed."""
        good = "Ran 1 tests in 0.1s\n\nPASSED (successes=1)\n"
        for output in ("", "tests.x\n  test_y ... Segmentation fault\n"):
            told = script().summary([good, output], 1.0)
            self.assertEqual(told, "Ran 1 tests in 1.000s\n\nFAILED (errors=1, successes=1)")

    def test_as_scripts_test_reads_it(self) -> None:
        """scripts/test finds the two lines, and those of the trials themselves are not taken for them."""
        import re

        text = (ROOT / "scripts" / "test").read_text("utf-8")
        pattern = re.search(r're\.findall\(r"(\^\(\?:Ran.*?)", text, re\.M\)', text)
        assert pattern is not None
        log = "1| Ran 9 tests in 1s\n1| \n1| PASSED (successes=9)\n" + script().summary(
            ["PASSED (successes=9)"], 2
        )
        found = re.findall(pattern[1], log, re.M)
        self.assertEqual(found, ["Ran 0 tests in 2.000s", "PASSED (successes=9)"])
