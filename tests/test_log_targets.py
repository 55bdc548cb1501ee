"""[logging] together with twistd's options (REQ-LOG-001, REQ-LOG-002, REQ-SEC-005)."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import Logger, LogPublisher
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import ConfigurationSources, load
from aiwebengine.log_targets import LogTargets, open_log_targets, secrets_of


class TargetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()
        self.console = io.StringIO()
        self.publisher = LogPublisher()
        working = Path.cwd()
        self.addCleanup(os.chdir, working)
        os.chdir(self.directory)

    def configuration(
        self, *settings: str, file: dict[str, Any] | None = None, variables: dict[str, str] | None = None
    ) -> Any:
        path = self.directory / "config.json5"
        if file:
            path.write_text(json.dumps(file))
        sources = ConfigurationSources(
            settings=(f"logging.file_path={self.directory / 'own.log'}", *settings),
            files=(str(path),) if file else (),
            variables=variables or {},
            directory=self.directory,
        )
        return load(sources)

    def open(self, twistd: Any, *settings: str) -> LogTargets:
        targets = open_log_targets(
            self.configuration(*settings), twistd, console=self.console, publisher=self.publisher
        )
        self.addCleanup(targets.logs.close)
        return targets

    def say(self, targets: LogTargets, text: str = "hello") -> None:
        """Log as twistd would: to our observer if it takes one, and to the publisher."""
        observer: Any = targets.observer or self.publisher
        Logger(namespace="test", observer=observer).info("{text}", text=text)

    def text(self, name: str) -> str:
        path = self.directory / name
        return path.read_text() if path.exists() else ""

    FOREGROUND = {"logfile": None, "nodaemon": True}
    BOTH = 'logging.targets=["console", "file"]'
    FILE = 'logging.targets=["file"]'

    def test_foreground(self) -> None:
        self.say(self.open(self.FOREGROUND))
        self.assertIn("hello", self.console.getvalue())
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_foreground_with_file(self) -> None:
        self.say(self.open(self.FOREGROUND, self.BOTH))
        self.assertIn("hello", self.console.getvalue())
        self.assertIn("hello", self.text("own.log"))

    def test_file_only(self) -> None:
        self.say(self.open(self.FOREGROUND, self.FILE))
        self.assertEqual(self.console.getvalue(), "")
        self.assertIn("hello", self.text("own.log"))

    def test_logfile_of_twistd(self) -> None:
        for setting in (self.BOTH, self.FILE):
            self.say(self.open({"logfile": "t.log", "nodaemon": True}, setting, "logging.format=console"))
        self.assertEqual((self.text("t.log").count("hello"), self.text("own.log").count("hello")), (2, 2))
        self.assertNotIn("\x1b", self.text("t.log"))
        self.assertEqual(self.console.getvalue(), "")

    def test_standard_output_asked_for(self) -> None:
        self.say(self.open({"logfile": "-", "nodaemon": True}, self.FILE))
        self.assertIn("hello", self.console.getvalue())

    def test_daemon(self) -> None:
        self.say(self.open({"logfile": None, "nodaemon": False}, "logging.format=json"))
        self.assertEqual(json.loads(self.text("twistd.log"))["message"], "hello")
        self.assertEqual(self.console.getvalue(), "")

    def test_daemon_with_file_only(self) -> None:
        self.say(self.open({"logfile": None, "nodaemon": False}, self.FILE))
        self.assertEqual((self.text("twistd.log"), "hello" in self.text("own.log")), ("", True))

    def test_twistd_keeps_its_own(self) -> None:
        for twistd in (None, {}, {"logfile": None, "logger": "x"}, {"logfile": None, "syslog": True}):
            targets = self.open(twistd, self.BOTH)
            self.assertIsNone(targets.observer)
            self.say(targets, "beside")
            targets.logs.close()
        self.assertEqual((self.text("own.log").count("beside"), self.console.getvalue()), (4, ""))

    def test_rotation(self) -> None:
        targets = self.open({"logfile": "t.log", "nodaemon": True}, self.BOTH)
        self.say(targets, "before")
        (self.directory / "own.log").rename(self.directory / "moved.log")
        targets.rotate()
        self.say(targets, "after")
        self.assertIn("before", self.text("t.log.1") + self.text("moved.log"))
        for name in ("t.log", "own.log"):
            self.assertIn("after", self.text(name))
            self.assertNotIn("before", self.text(name))

    def test_rotation_by_signal(self) -> None:
        targets = self.open({"logfile": "t.log", "nodaemon": True})
        self.say(targets, "before")
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.getsignal(signal.SIGUSR1))
        reactor = Clock()
        reactor.callWhenRunning = lambda call, *rest: call(*rest)  # type: ignore[attr-defined]
        reactor.callFromThread = lambda call: call()  # type: ignore[attr-defined]
        targets.rotate_on_signal(reactor)
        os.kill(os.getpid(), signal.SIGUSR1)
        self.assertIn("before", self.text("t.log.1"))

    def test_reconfigured(self) -> None:
        targets = self.open(self.FOREGROUND)
        targets.reconfigured(
            None, self.configuration("logging.level=error", "security.api_key=new-secret-key")
        )
        self.say(targets)
        self.assertEqual(self.console.getvalue(), "")
        targets.reconfigured(None, self.configuration())
        self.say(targets, "it is new-secret-key")
        self.assertIn("it is ***", self.console.getvalue())

    def test_retention_is_reconfigured(self) -> None:
        targets = self.open(self.FOREGROUND, self.FILE)
        old = self.directory / "own.log.2001-01-01"
        old.touch()
        os.utime(old, (0, 0))
        targets.reconfigured(None, self.configuration("logging.retention_days=0"))
        (file,) = targets.logs._files
        file.remove_expired()
        self.assertTrue(old.exists())
        targets.reconfigured(None, self.configuration("logging.retention_days=1"))
        file.remove_expired()
        self.assertFalse(old.exists())

    def test_req_sec_005_secrets(self) -> None:
        configuration = self.configuration(
            "security.api_key=the-key-itself",
            "repository.database_url=postgresql://me:pass-word@db/x",
            file={
                "server": {"public_url": {"env": "PUBLIC"}},
                "security": {"content_security_policy": {"env": "POLICY"}},
            },
            variables={"PUBLIC": "https://example.com", "POLICY": "policy-by-reference"},
        )
        found = secrets_of(configuration)
        for secret in (
            "the-key-itself",
            "pass-word",
            "postgresql://me:pass-word@db/x",
            "policy-by-reference",
        ):
            self.assertIn(secret, found)
        self.assertNotIn("https://example.com", found)
        self.assertNotIn("nosniff", found)
