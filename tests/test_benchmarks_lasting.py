"""The benchmark of scripts that last reads its command line, judges answers, fills and reports rightly."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from aiwebengine.sandbox.realm import syntax_error
from benchmarks.__main__ import main as benchmarks_main
from benchmarks.deploys import figures_ms, source, told
from benchmarks.errors import Unavailable
from benchmarks.filling import (
    NEEDLE,
    at_once,
    delete_scripts,
    fill_log,
    fill_scripts,
    kept,
    log_entry,
    script_path,
    script_uri,
)
from benchmarks.lasting import Plan, arguments, measure
from benchmarks.lasting_report import lasting_report
from benchmarks.library import Size
from benchmarks.swaps import Seen

_FIGURES = {"p50_ms": 1.5, "p95_ms": 2.5, "p99_ms": 3.5, "max_ms": 4567.8}
_MACHINE = {
    "date": "2026-01-02",
    "cores": 2,
    "cpu": "a processor",
    "system": "Linux 6",
    "python": "Python 3",
    "twisted": "Twisted",
}


class ArgumentTests(SynchronousTestCase):
    """The command line."""

    def test_defaults(self) -> None:
        """Everything is measured unless something else is said."""
        asked = arguments([])
        self.assertEqual((asked.quick, asked.only, asked.output.name), (False, None, "lasting.json"))

    def test_given(self) -> None:
        """What is said counts."""
        asked = arguments(["--quick", "--only", "swaps", "--only", "memory", "--output", "here.json"])
        self.assertEqual(
            (asked.quick, asked.only, asked.output), (True, ["swaps", "memory"], Path("here.json"))
        )

    def test_unknown_part(self) -> None:
        """A part there is not is refused."""
        with redirect_stderr(StringIO()) as said:
            self.assertRaises(SystemExit, arguments, ["--only", "nothing"])
        self.assertIn("nothing", said.getvalue())

    def test_quick_is_less(self) -> None:
        """A first look measures less of everything."""
        quick, whole = Plan.quick(), Plan()
        self.assertLess(quick.swaps, whole.swaps)
        self.assertLess(quick.size.log_entries, whole.size.log_entries)
        self.assertLess(quick.limit_s, whole.limit_s)

    def test_by_name(self) -> None:
        """``python -m benchmarks lasting`` leads here."""
        file = Path(self.mktemp())
        file.write_text(
            json.dumps({"machine": _MACHINE, "load": 0.5, "seconds": 1.0, "skipped": {"swaps": "no time"}})
        )
        self.patch(__import__("sys"), "argv", ["benchmarks", "lasting", "--report", str(file)])
        with redirect_stdout(StringIO()) as said:
            benchmarks_main()
        self.assertIn("Skipped: swaps: no time", said.getvalue())


class JudgingTests(SynchronousTestCase):
    """What counts as a failed request."""

    def body(self, *numbers: int) -> bytes:
        """Give an answer made of numbers, each a hundred times."""
        return json.dumps([number for number in numbers for _ in range(100)]).encode()

    def test_source(self) -> None:
        """The deployed script is JavaScript."""
        self.assertIsNone(syntax_error(source("/live", 7)))

    def test_told(self) -> None:
        """Only the whole answer of one version tells a version."""
        self.assertEqual(told(self.body(7, 7)), 7)
        for wrong in (self.body(7, 8), self.body(7), b"[]", b'{"error": 1}', b"[1, 2", self.body(7, 7, 7)):
            self.assertIsNone(told(wrong), wrong[:20])

    def test_old_and_new_are_right(self) -> None:
        """From the newest version known to be live to the newest one sent, all are right."""
        seen = Seen(acknowledged=4, sent=5)
        for version in (4, 5):
            seen.judge(200, self.body(version, version), 4)
        self.assertEqual((seen.answers, seen.failures), (2, 0))

    def test_what_is_wrong(self) -> None:
        """Errors, mixed answers, and versions that are too old or were never sent are counted apart."""
        seen = Seen(acknowledged=4, sent=5)
        seen.judge(503, self.body(4, 4), 4)
        seen.judge(200, self.body(4, 5), 4)
        seen.judge(200, self.body(3, 3), 4)
        seen.judge(200, self.body(6, 6), 4)
        seen.connection_errors += 1
        self.assertEqual((seen.not_200, seen.mixed, seen.stale, seen.failures), (1, 1, 2, 5))

    def test_figures(self) -> None:
        """Durations are told in milliseconds, by percentiles that occurred."""
        found = figures_ms([number / 1000 for number in range(100, 0, -1)])
        self.assertEqual([round(one) for one in found.values()], [51, 96, 100, 100])
        self.assertEqual(list(found), ["p50_ms", "p95_ms", "p99_ms", "max_ms"])


class FillingTests(SynchronousTestCase):
    """Filling a repository."""

    def test_scripts(self) -> None:
        """They are stored with as many versions as wanted, and are JavaScript."""
        url = f"sqlite:///{Path(self.mktemp()).absolute()}"
        kept(url, lambda repository: fill_scripts(repository, 3, 2))
        found = kept(url, lambda repository: at_once(repository.scripts()))
        self.assertEqual([(one.uri, one.version) for one in found], [(script_uri(at), 2) for at in range(3)])
        self.assertIsNone(syntax_error(found[1].source))
        self.assertIn(f'"{script_path(1)}"', found[1].source)

    def test_deleted(self) -> None:
        """The first ones stay."""
        url = f"sqlite:///{Path(self.mktemp()).absolute()}"
        kept(url, lambda repository: fill_scripts(repository, 5))
        kept(url, lambda repository: delete_scripts(repository, 2, 5))
        found = kept(url, lambda repository: at_once(repository.scripts()))
        self.assertEqual([one.uri for one in found], [script_uri(0), script_uri(1)])

    def test_a_failure_is_raised(self) -> None:
        """What fails is not taken for a result."""

        async def fail() -> None:
            raise ValueError("no")

        self.assertRaises(ValueError, at_once, fail())

    def test_entries(self) -> None:
        """Levels, requests and times are spread as said; one entry has the needle."""
        entries = [log_entry(number, 1000, 7, 10**9) for number in range(1, 1001)]
        levels = [entry.level for entry in entries]
        self.assertEqual((levels.count("error"), levels.count("warn")), (10, 40))
        self.assertEqual(sum(NEEDLE in entry.message for entry in entries), 1)
        self.assertEqual(len({entry.script for entry in entries}), 7)
        self.assertEqual(entries[-1].timestamp, 10**9)
        self.assertEqual(sorted(entry.timestamp for entry in entries), [entry.timestamp for entry in entries])

    def test_a_repository_without_a_log(self) -> None:
        """It is named, not passed over."""
        self.assertRaises(Unavailable, fill_log, object(), 10, 1, 1.0)


class ReportTests(SynchronousTestCase):
    """The tables."""

    def test_report(self) -> None:
        """Every figure and every skipped part is shown."""
        one = {"rss": 96e6, "pss": 56e6, "front_rss": 62e6, "start_s": 1.25, "first_requests_s": 0.5}
        one |= {"start_cpu_front_s": 1.0, "start_cpu_sandboxes_s": 0.5}
        stored = {
            "scripts": 10_000,
            "live_scripts": 10_000,
            "fill_scripts_s": 2.0,
            "log_entries": 1_000_000,
            "fill_log_s": 30.0,
            "first_start_s": 20.0,
            "first_start_cpu_front_s": 7.0,
            "first_start_cpu_sandboxes_s": 8.0,
            "start_s": 2.0,
            "start_cpu_front_s": 1.5,
            "start_cpu_sandboxes_s": 0.5,
            "script_list": _FIGURES,
            "log_direct": {"level=error": {**_FIGURES, "rows": 100.0}},
            "log_http": {"level=error": {**_FIGURES, "rows": 100.0}},
            "log_pages": {**_FIGURES, "rows": 1000.0},
            "skipped": {"log queries over HTTP": "not there"},
        }
        results = {
            "machine": _MACHINE,
            "load": 0.5,
            "seconds": 12.0,
            "skipped": {"postgresql": "no PostgreSQL"},
            "deploys": {
                "deploys": 5,
                "watched_deploys": 6,
                "put_answered": _FIGURES,
                "put_live": _FIGURES,
                "watched_live": _FIGURES,
            },
            "swaps": {
                **dict.fromkeys(("swaps", "asked_swaps", "connections", "requests"), 8),
                **dict.fromkeys(("failures", "not_200", "mixed_bodies", "outdated_bodies"), 0),
                "connection_errors": 0,
                "seconds": 1.0,
                "request": _FIGURES,
                "put": _FIGURES,
            },
            "memory": {
                "scripts": 1000,
                "one": one,
                "many": one,
                "rss_per_script": 5e3,
                "pss_per_script": 4e3,
            },
            "sqlite": stored,
        }
        text = lasting_report(results)
        for wanted in (
            "| PUT until the new version answered                    |    1.5 |    2.5 |    3.5 | 4,567.8 |",
            "**0 failed**",
            "| 1,000 ",
            "Each further script: 5.0 KB RSS",
            "SQLite: 10,000 scripts (stored in 2.0 s), 1,000,000 log entries (in 30 s)",
            "start with 10,000 scripts: 20.0 s to the first answer (7.0 s of CPU in the front, 8.0 s in",
            "every later one 2.0 s to the first answer (1.5 s of CPU in the front, 0.5 s in sandboxes).",
            "| repository: level=error ",
            "| /engine/logs: level=error ",
            "| /engine/logs: page after page ",
            "Skipped: log queries over HTTP: not there",
            "Skipped: postgresql: no PostgreSQL",
        ):
            self.assertIn(wanted, text)


class RunningTests(SynchronousTestCase):
    """A tiny run."""

    def test_tiny(self) -> None:
        """No request fails while versions change, and what was stored is found."""
        if not Path("/proc/self/smaps_rollup").exists():
            raise SkipTest("there is no /proc")
        scratch = Path(self.mktemp()).absolute()
        scratch.mkdir(parents=True)
        size = Size(scripts=4, fewer=2, log_entries=200, queries=2, fill_s=30)
        plan = Plan(deploys=2, watched=1, swaps=3, connections=2, loaded=3, size=size, limit_s=300)
        parts = ("swaps", "sqlite")
        found = measure(plan, scratch, lambda text: None, parts)
        self.assertEqual(found["skipped"], {})
        self.assertEqual((found["swaps"]["swaps"], found["swaps"]["failures"]), (3, 0))
        self.assertGreater(found["swaps"]["requests"], 0)
        self.assertEqual(found["sqlite"]["live_scripts"], 4)
        if "log" not in found["sqlite"]["skipped"]:
            rows = {kind: one["rows"] for kind, one in found["sqlite"]["log_direct"].items()}
            self.assertEqual((rows["contains, once in all"], rows["contains, nowhere"]), (1, 0))
            self.assertEqual((rows["newest"], rows["request_id"]), (100, 4))
            over_http = {kind: one["rows"] for kind, one in found["sqlite"]["log_http"].items()}
            self.assertEqual(over_http.keys(), rows.keys())
            for kind in ("level=error", "request_id", "contains, once in all", "contains, nowhere"):
                self.assertEqual(over_http[kind], rows[kind], kind)
            self.assertGreaterEqual(found["sqlite"]["log_pages"]["rows"], 200)
        text = lasting_report({"machine": _MACHINE, "load": 0.5, "seconds": 1.0, **found})
        self.assertIn("**0 failed**", text)

    def test_too_late(self) -> None:
        """A part that would begin too late is named."""
        found = measure(Plan(limit_s=-1), Path(self.mktemp()), lambda text: None, ("swaps",))
        self.assertEqual(found["skipped"], {"swaps": "-1 s had passed"})
