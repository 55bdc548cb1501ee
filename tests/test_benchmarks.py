"""The benchmark reads its tools right, judges right, and its client and servers work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from aiwebengine.sandbox.realm import syntax_error
from benchmarks.aims import AIMS, judge
from benchmarks.processes import cpu_seconds, descendants, memory_of
from benchmarks.report import report
from benchmarks.servers import HERE, Server, bare, engine, write_scripts
from benchmarks.steady import percentile, steady
from benchmarks.throughput import Rounds, ratio
from benchmarks.wrk import burst, parse

_WRK = """\
Running 4s test @ http://127.0.0.1:8080/hello
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.95ms    3.47ms  46.52ms   96.24%
    Req/Sec     1.42k   241.70     1.61k    76.19%
  Latency Distribution
     50%  874.00us
     75%    3.04ms
     90%    3.95ms
     99%    1.20s
  8903 requests in 4.00s, 5.55MB read
  Socket errors: connect 1, read 10, write 0, timeout 2
  Non-2xx or 3xx responses: 5
Requests/sec:   2225.63
Transfer/sec:      2.77MB
"""


class ReadingTests(SynchronousTestCase):
    """What tools and the system say."""

    def test_wrk(self) -> None:
        """Rates, latencies in all units, and all kinds of failures are read."""
        found = parse(_WRK)
        self.assertEqual((found.requests, found.requests_per_s), (8903, 2225.63))
        self.assertEqual((found.p50_ms, found.p99_ms), (0.874, 1200.0))
        self.assertEqual(found.failures, 18)

    def test_wrk_without_figures(self) -> None:
        """Output that is none is refused."""
        self.assertRaises(ValueError, parse, "unable to connect to 127.0.0.1:1 Connection refused")

    def test_percentile(self) -> None:
        """Percentiles are values that occurred."""
        ordered = [float(value) for value in range(1, 101)]
        self.assertEqual([percentile(ordered, percent) for percent in (0, 50, 99, 100)], [1, 51, 100, 100])
        self.assertEqual(percentile([], 50), 0.0)

    def test_this_process(self) -> None:
        """A process's time and memory are found."""
        import os

        if not Path("/proc/self/smaps_rollup").exists():
            raise SkipTest("there is no /proc")
        self.assertIn(os.getpid(), descendants(os.getppid()))
        self.assertGreater(cpu_seconds(os.getpid()), 0)
        memory = memory_of(os.getpid(), "tests")
        self.assertGreater(memory.rss, memory.pss // 2)
        self.assertGreater(memory.pss, 1_000_000)

    def test_ratio_is_taken_within_rounds(self) -> None:
        """A machine that slows down half way changes both alike."""
        fast, slow = Rounds(each_per_s=[1000, 500, 100]), Rounds(each_per_s=[2000, 1000, 200])
        self.assertEqual(ratio(slow, fast), 2.0)


class ScriptTests(SynchronousTestCase):
    """The scripts that are measured."""

    def test_sizes(self) -> None:
        """They have the sizes they are named for, and are JavaScript."""
        folder = Path(self.mktemp())
        write_scripts(folder)
        sizes = {path.stem: path.stat().st_size for path in folder.iterdir()}
        self.assertEqual((sizes["medium"], sizes["big"]), (17_000, 100_000))
        self.assertTrue(250 < sizes["small"] < 400)
        self.assertEqual((folder / "medium.js").read_text().count("function helper"), 200)
        for path in folder.iterdir():
            self.assertIsNone(syntax_error(path.read_text()), path.name)


class ReferenceTests(SynchronousTestCase):
    """The run that is kept in the repository."""

    def setUp(self) -> None:
        self.results = json.loads((HERE / "reference.json").read_text("utf-8"))

    def test_aims(self) -> None:
        """Its verdicts are those of the aims as they are now."""
        self.assertEqual(judge(self.results), self.results["aims"])

    def test_report(self) -> None:
        """Every aim, load and skipped peer is in its report, with a verdict."""
        text = report(self.results)
        for aim in AIMS:
            self.assertIn(aim.name, text)
        for name in (*self.results["throughput"], *self.results["shapes"], *self.results["skipped"]):
            self.assertIn(name, text)
        self.assertEqual(text.count(" reached |") + text.count("not measured |"), len(AIMS))

    def test_a_missing_peer(self) -> None:
        """What was not measured is neither reached nor missed."""
        from benchmarks.suite import EXPRESS

        results = {**self.results, "throughput": dict(self.results["throughput"])}
        del results["throughput"][EXPRESS]
        verdicts = {found["aim"]: found["reached"] for found in judge(results)}
        self.assertIsNone(verdicts["script route against Express"])

    def test_a_missed_aim(self) -> None:
        """A figure that is not good enough is said to be missed."""
        results = {**self.results, "cold_start_s": {"median": 1.5, "each": [1.5]}}
        verdicts = {found["aim"]: found["reached"] for found in judge(results)}
        self.assertIs(verdicts["start to first answer"], False)


class RunningTests(SynchronousTestCase):
    """The servers start, and the clients measure something."""

    def setUp(self) -> None:
        if shutil.which("wrk") is None:
            raise SkipTest("wrk is not installed")
        if not Path("/proc/self/smaps_rollup").exists():
            raise SkipTest("there is no /proc")
        self.scratch = Path(self.mktemp()).absolute()

    def measure(self, server: Server) -> None:
        """Both clients get good answers only."""
        self.addCleanup(server.stop)
        server.wait("/hello")
        found = burst(server.url + "/hello", 4, 4)
        self.assertGreater(found.requests, 10)
        self.assertEqual(found.failures, 0)
        steadily = steady(server.url + "/hello?name=you", 50, 0.5)
        self.assertEqual(steadily.failures, 0)
        self.assertGreaterEqual(steadily.max_ms, steadily.p50_ms)
        self.assertGreater(server.cpu()[server.pid], 0)

    def test_bare(self) -> None:
        """Bare Twisted can be measured."""
        self.measure(bare(self.scratch, "resource"))

    def test_engine(self) -> None:
        """So can the engine, with every shape of answer."""
        scripts = self.scratch / "scripts"
        write_scripts(scripts)
        server = engine(self.scratch / "engine", scripts)
        self.measure(server)
        for path in ("/medium", "/big", "/api/a/items/1", "/api/later", "/api/chunks", "/api/large"):
            self.assertEqual(burst(server.url + path, 1, 1).failures, 0, path)
        self.assertEqual(burst(server.url + "/api/echo", 1, 1, str(HERE / "echo.lua")).failures, 0)
