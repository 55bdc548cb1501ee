"""Logging: formats, levels, targets, scrubbing, rotation (REQ-LOG-001, REQ-LOG-002)."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import Logger, LogPublisher
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import ConfigurationInvalid
from aiwebengine.log_files import RotatingFile
from aiwebengine.logs import Logs, Scrubber, make_logs, start_logging

START = 1_700_000_000  # 2023-11-14T22:13:20Z, a Tuesday
DAY = 86400


def settings(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "level": "info",
        "format": "text",
        "targets": ["console"],
        "file_path": "",
        "rotation": "daily",
        "max_bytes": 1000,
        "retention_days": 14,
        "compress": True,
    }
    return SimpleNamespace(**(values | changes))


class FormatTests(SynchronousTestCase):
    def start(self, secrets: Any = (), **changes: Any) -> Logger:
        self.out = io.StringIO()
        self.logs = make_logs(settings(**changes), console=self.out, secrets=secrets)
        publisher = LogPublisher()
        self.logs.attach(publisher)
        self.addCleanup(self.logs.close)

        def timed(event: Any) -> None:
            event["log_time"] = START + 0.25
            publisher(event)

        return Logger(namespace="test", observer=timed)

    def test_req_log_001_text(self) -> None:
        self.start().info("hello {name}", name="world")
        self.assertEqual(self.out.getvalue(), "2023-11-14T22:13:20.250Z info     [test] hello world\n")

    def test_req_log_001_json(self) -> None:
        self.start(format="json").warn("hello {name}", name="world", count=3, odd=object)
        entry = json.loads(self.out.getvalue())
        context = entry.pop("context")
        self.assertEqual(
            entry,
            {
                "timestamp": "2023-11-14T22:13:20.250Z",
                "level": "warn",
                "message": "hello world",
                "namespace": "test",
            },
        )
        self.assertEqual((context["name"], context["count"]), ("world", 3))

    def test_console(self) -> None:
        self.start(format="console").error("x \x1b[2J")
        self.assertEqual(
            self.out.getvalue(), "\x1b[2m22:13:20.250\x1b[0m \x1b[31merror   \x1b[0m x \\x1b[2J\n"
        )

    def test_controls(self) -> None:
        """Nothing that is logged commands a terminal or ends a line, whoever reads the text."""
        for kind in ("text", "console"):
            self.start(format=kind).error("{text}", text="a\0\x1b]0;x\x07\x7f\x9b2J\u2028\tü\U0001f600\r\n")
            line = self.out.getvalue().rpartition(" a")[2]
            self.assertEqual(line, "\\x00\\x1b]0;x\\x07\\x7f\\x9b2J\\u2028\tü\U0001f600\\r\\n\n")

    def test_req_log_001_levels(self) -> None:
        for level, shown in (
            ("trace", 6),
            ("debug", 5),
            ("info", 4),
            ("warn", 3),
            ("error", 2),
            ("critical", 1),
        ):
            log = self.start(level=level)
            log.debug("x", trace=True)
            for method in (log.debug, log.info, log.warn, log.error, log.critical):
                method("x")
            self.assertEqual(self.out.getvalue().count("\n"), shown, level)

    def test_lines_cannot_be_forged(self) -> None:
        self.start().info("{text}", text="one\r\n2023-11-14T22:13:20.250Z error [x] two")
        self.assertEqual(self.out.getvalue().count("\n"), 1)

    def test_traceback_without_arguments(self) -> None:
        def fail(password: str) -> None:
            raise ValueError("bad")

        for form in ("text", "json"):
            log = self.start(format=form)
            secret = "hunter" + "22"
            try:
                fail(secret)
            except ValueError:
                log.failure("it broke")
            self.assertIn("ValueError", self.out.getvalue())
            self.assertIn("it broke", self.out.getvalue())
            self.assertNotIn("hunter22", self.out.getvalue())

    def test_legacy_messages(self) -> None:
        self.start()
        self.logs.observers[0]({"message": ("old", "style"), "log_time": START})
        self.assertIn("old style", self.out.getvalue())

    def test_access_lines_keep_their_format(self) -> None:
        self.start(format="json").info("{x}", x="", access_lines=["line 1", "line 2 ?access_token=abcdef"])
        self.assertEqual(self.out.getvalue(), "line 1\nline 2 ?access_token=***\n")

    def test_secrets(self) -> None:
        log = self.start(secrets=["known-secret", "tiny"])
        log.info("{text}", text="known-secret tiny later-one")
        self.logs.scrub.add("later-one")
        log.info("{text}", text="later-one")
        lines = self.out.getvalue().splitlines()
        self.assertTrue(lines[0].endswith("*** tiny later-one"))
        self.assertTrue(lines[1].endswith("] ***"))


class ScrubberTests(SynchronousTestCase):
    def test_named_secrets(self) -> None:
        scrub = Scrubber()
        for text, hidden in (
            ("Authorization: Bearer abc.def", "Authorization: ***"),
            ("password=hunter2&x=1", "password=***&x=1"),
            ('{"api_key": "k1", "b": 2}', '{"api_key": "***", "b": 2}'),
            ("refresh_token=zzz", "refresh_token=***"),
            ("nothing here", "nothing here"),
        ):
            self.assertEqual(scrub(text), hidden)

    def test_longer_secret_first(self) -> None:
        self.assertEqual(Scrubber(["abcdef", "abcdefgh"])("abcdefgh"), "***")


class TargetTests(SynchronousTestCase):
    def test_req_log_001_console_and_file(self) -> None:
        path = Path(self.mktemp()) / "logs" / "engine.log"
        out = io.StringIO()
        changes = {"targets": ["console", "file"], "format": "console", "file_path": str(path)}
        logs = make_logs(settings(**changes), console=out)
        publisher = LogPublisher()
        logs.attach(publisher)
        Logger(observer=publisher).info("both")
        moved = path.with_name("moved")
        path.rename(moved)
        logs.reopen()
        Logger(observer=publisher).info("again")
        logs.close()
        Logger(observer=publisher).info("late")
        self.assertIn("both", out.getvalue())
        self.assertIn("both", moved.read_text())
        self.assertNotIn("\x1b", moved.read_text())
        self.assertIn("again", path.read_text())
        self.assertNotIn("late", out.getvalue())

    def test_all_problems_at_once(self) -> None:
        bad = settings(level="loud", format="xml", rotation="yearly", targets=["console", "pigeon"])
        error = self.assertRaises(ConfigurationInvalid, make_logs, bad)
        self.assertEqual(
            [problem.key for problem in error.problems],
            ["logging.level", "logging.format", "logging.rotation", "logging.targets"],
        )

    def test_unusable_file(self) -> None:
        path = Path(self.mktemp())
        path.write_text("a file where a directory should be")
        bad = settings(targets=["file"], file_path=str(path / "x.log"))
        error = self.assertRaises(ConfigurationInvalid, make_logs, bad)
        self.assertEqual(error.problems[0].key, "logging.file_path")

    def test_start(self) -> None:
        begun: list[Any] = []

        class Beginner:
            def beginLoggingTo(self, observers: Any, redirectStandardIO: bool) -> None:  # noqa: N803
                begun.append((observers, redirectStandardIO))

        logs = start_logging(settings(), console=io.StringIO(), begin=Beginner())
        self.assertIsInstance(logs, Logs)
        self.assertEqual(begun, [(logs.observers, False)])


class RotationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.clock = Clock()
        self.clock.advance(START)

    def open(self, **options: Any) -> RotatingFile:
        values = {"compress": False, "retention_days": 0} | options
        file = RotatingFile(self.directory / "a.log", seconds=self.clock.seconds, **values)
        self.addCleanup(file.close)
        return file

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())

    def test_req_log_002_periods(self) -> None:
        for rotation, step, label in (
            ("hourly", 3600, "2023-11-14T22"),
            ("daily", DAY, "2023-11-14"),
            ("weekly", 7 * DAY, "2023-W46"),
        ):
            self.setUp()
            file = self.open(rotation=rotation)
            file.write("first\n")
            self.clock.advance(10)
            file.write("same\n")
            self.clock.advance(step)
            file.write("next\n")
            file.flush()
            self.assertEqual(self.names, ["a.log", f"a.log.{label}"])
            self.assertEqual((self.directory / f"a.log.{label}").read_text(), "first\nsame\n")
            self.assertEqual((self.directory / "a.log").read_text(), "next\n")

    def test_req_log_002_size_and_compression(self) -> None:
        file = self.open(rotation="size", max_bytes=10, compress=True)
        for text in ("12345678\n", "abcdefgh\n", "ABCDEFGH\n"):
            file.write(text)
        file.flush()
        self.assertEqual(self.names, ["a.log", "a.log.2023-11-14T221320.1.gz", "a.log.2023-11-14T221320.gz"])
        with gzip.open(self.directory / "a.log.2023-11-14T221320.gz", "rt") as packed:
            self.assertEqual(packed.read(), "12345678\n")

    def test_req_log_002_retention(self) -> None:
        self.directory.mkdir()
        for name, days in (
            ("a.log.2023-10-01.gz", 44),
            ("a.log.2023-11-01", 13),
            ("a.log.keep-me", 44),
            ("b.log.2023-10-01", 44),
        ):
            path = self.directory / name
            path.write_text("x")
            os.utime(path, (START - days * DAY, START - days * DAY))
        self.open(retention_days=14)
        self.assertEqual(self.names, ["a.log", "a.log.2023-11-01", "a.log.keep-me", "b.log.2023-10-01"])

    def test_a_file_of_yesterday_is_rotated(self) -> None:
        self.directory.mkdir()
        path = self.directory / "a.log"
        path.write_text("old\n")
        os.utime(path, (START - DAY, START - DAY))
        self.open().write("new\n")
        self.assertEqual(self.names, ["a.log", "a.log.2023-11-13"])

    def test_a_file_gone_meanwhile(self) -> None:
        file = self.open()
        (self.directory / "a.log").unlink()
        self.clock.advance(DAY)
        file.write("new\n")
        self.assertEqual(self.names, ["a.log"])

    def test_unknown_rotation(self) -> None:
        self.assertRaises(ValueError, self.open, rotation="yearly")
