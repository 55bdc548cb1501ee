"""``twistd aiwebengine``: options and the service made of them; the whole command is in tests/http."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import Application, IServiceMaker, Service
from twisted.logger import ILogObserver, LogPublisher
from twisted.plugin import getPlugins
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine import tap
from aiwebengine.tap import EngineRoot, Options


class OptionTests(SynchronousTestCase):
    """Parsing, and what is answered at once."""

    def setUp(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)

    def parse(self, *arguments: str) -> Options:
        options = Options()
        options.parseOptions(["--set", "repository.database_url=memory:", *arguments])
        return options

    def status(self, *arguments: str) -> int:
        return int(self.assertRaises(SystemExit, self.parse, *arguments).code or 0)

    def test_plugin(self) -> None:
        (maker,) = [one for one in getPlugins(IServiceMaker) if one.tapname == "aiwebengine"]
        self.assertIs(maker.makeService, tap.makeService)
        self.assertIs(maker.options, Options)

    def test_everything_given(self) -> None:
        directory = Path(self.mktemp())
        directory.mkdir()
        files = []
        for name, port in (("one.json5", 1), ("two.json5", 2)):
            file = directory / name
            file.write_text(json.dumps({"server": {"port": port}}))
            files.append(f"--config={file}")
        options = self.parse(
            *files,
            "--env",
            "staging",
            "--set",
            "server.backlog=5",
            "--scripts",
            "a",
            "--scripts",
            "b",
            "--listen",
            "tcp:3",
        )
        server = options.configuration.section("server")
        self.assertEqual((server.port, server.backlog, server.listen), (2, 5, ("tcp:3",)))
        self.assertEqual(options.configuration.environment, "staging")
        scripts = options.configuration.section("scripts").directories
        self.assertEqual([Path(name).name for name in scripts], ["a", "b"])
        assert options.plan is not None
        self.assertIn("health", [offer.name for offer in options.plan.order])

    def test_req_cfg_003_validate(self) -> None:
        self.assertEqual(self.status("--validate-config"), 0)
        self.assertIn("configuration is valid", self.out.getvalue())

    def test_req_cfg_003_problems(self) -> None:
        self.assertEqual(self.status("--set", "server.port=x", "--set", "server.hst=y"), 1)
        self.assertIn("server.port", self.err.getvalue())
        self.assertIn("server.host", self.err.getvalue())

    def test_plugins(self) -> None:
        self.assertEqual(self.status("--list-plugins"), 0)
        self.assertIn("management", self.out.getvalue())
        self.assertEqual(self.status("--help-plugin", "health"), 0)
        self.assertIn("check_timeout_ms", self.out.getvalue())
        self.assertEqual(self.status("--help-plugin", "helth"), 1)
        self.assertIn("helth", self.err.getvalue())
        self.assertEqual(self.status("--set", 'plugins.enabled=["nobody"]'), 1)
        self.assertIn("nobody", self.err.getvalue())

    def test_unknown_option(self) -> None:
        self.assertRaises(UsageError, self.parse, "--colour")


class RootTests(SynchronousTestCase):
    """The service brings the log observer."""

    def test_observer(self) -> None:
        for observer in (None, LogPublisher()):
            application = Application("test")
            root = EngineRoot(observer)
            root.setServiceParent(application)
            self.assertIs(application.getComponent(ILogObserver, None), observer)

    def test_parent_that_is_no_application(self) -> None:
        from twisted.application.service import MultiService

        parent: Any = MultiService()
        root = EngineRoot(LogPublisher())
        root.setServiceParent(parent)
        self.assertEqual(list(parent), [root])
        Service().setServiceParent(root)
