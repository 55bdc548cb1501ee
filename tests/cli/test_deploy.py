"""`aiwebengine deploy` and `scripts diff`: watching, all or nothing, what is shown where; a real engine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli import command, terminal
from aiwebengine.cli.watching import Watcher
from aiwebengine.testing.engine import EngineProcess
from tests.cli.test_remote import RECORD, RemoteCase
from tests.http.support import PATIENT_MS


class FolderCase(RemoteCase):
    """With two scripts in a folder."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp())
        (self.root / "sub").mkdir(parents=True)
        (self.root / "a.js").write_text("a")
        (self.root / "sub" / "b.js").write_text("b")

    def record(self, uri: str, version: int = 1) -> dict[str, Any]:
        return {**RECORD, "uri": uri, "version": version}


class WatchTests(FolderCase):
    """`--watch`."""

    def watch(self, *steps: Callable[[], None], arguments: tuple[str, ...] = ()) -> Any:
        """Run with a step instead of each wait, and an interrupt after the last one."""
        waiting = list(steps)

        def sleep(seconds: float) -> None:
            self.assertEqual(seconds, 0.2)
            if not waiting:
                raise KeyboardInterrupt
            waiting.pop(0)()

        self.patch(time, "sleep", sleep)
        return self.run_command("deploy", str(self.root), "--watch", *arguments)

    def test_req_dev_003_watch(self) -> None:
        """All files first, then each changed one, once it is at rest: a line each. Ctrl-C is status 0."""
        for uri, target in (("a.js", "a.js"), ("sub/b.js", "sub%2Fb.js")):
            self.will("PUT", f"/engine/scripts/{target}", 200, self.record(uri))
        self.will("PUT", "/engine/scripts/a.js", 200, self.record("a.js", 2))
        result = self.watch(
            lambda: None,
            lambda: (self.root / "a.js").write_text("half") and None,
            lambda: (self.root / "a.js").write_text("whole source") and None,
            lambda: None,
            lambda: None,
        )
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertEqual([one.body for one in self.seen], [b"a", b"b", b"whole source"])
        self.assertRegex(result.stdout.splitlines()[-1], r"^\d\d:\d\d:\d\d a\.js: version 2, GET /hello$")
        self.assertIn("watching 2 file(s)", result.stderr)

    def test_new_broken_and_gone(self) -> None:
        """A new file is deployed; what does not load is named with its line; a deletion is only told."""
        bad = self.refusal(422, "SCRIPT_INVALID", "c.js:2: SyntaxError: oops", uri="c.js", line=2, column=5)
        for uri, target in (("a.js", "a.js"), ("sub/b.js", "sub%2Fb.js")):
            self.will("PUT", f"/engine/scripts/{target}", 200, self.record(uri))
        self.will("PUT", "/engine/scripts/c.js", *bad)
        result = self.watch(
            lambda: (self.root / "c.js").write_text("x") and None,
            lambda: None,
            lambda: (self.root / "sub" / "b.js").unlink(),
            lambda: None,
        )
        self.assertEqual(result.exit_code, 0, result.output)
        place = f"{self.root / 'c.js'}:2:5"
        self.assertRegex(result.stderr, rf"\d {place}: SyntaxError: oops \(422 SCRIPT_INVALID\)\n")
        self.assertRegex(result.stderr, r"\d sub/b\.js: the file is gone, the script is not\n")
        self.assertEqual(len(self.seen), 3)

    def test_json_lines(self) -> None:
        """With --json each change is one line of JSON after the first list."""
        (self.root / "sub" / "b.js").unlink()
        for version in (1, 2):
            self.will("PUT", "/engine/scripts/a.js", 200, self.record("a.js", version))
        result = self.watch(
            lambda: (self.root / "a.js").write_text("new") and None,
            lambda: None,
            lambda: None,
            arguments=("--json",),
        )
        *first, last = result.stdout.splitlines()
        self.assertEqual(json.loads("\n".join(first))[0]["version"], 1)
        self.assertEqual(json.loads(last)["version"], 2)

    def test_engine_goes_away(self) -> None:
        """A refusal does not end the watching."""
        result = self.watch(
            lambda: (self.root / "a.js").write_text("new") and None, lambda: None, lambda: None
        )
        self.assertEqual(result.exit_code, 0)
        self.assertEqual(result.stderr.count("the engine answered 404"), 3)


class WatcherTests(SynchronousTestCase):
    """Noticing changes."""

    def test_debounce(self) -> None:
        """A change is told once two looks agree, and only once."""
        root = Path(self.mktemp())
        root.mkdir()
        file = root / "a"
        file.write_text("1")
        watcher = Watcher(lambda: root.iterdir())
        self.assertIsNone(watcher.look())
        file.write_text("12")
        self.assertIsNone(watcher.look())
        file.write_text("123")
        self.assertIsNone(watcher.look())
        self.assertEqual(watcher.look(), ([file], []))
        self.assertIsNone(watcher.look())
        file.unlink()
        watcher.look()
        self.assertEqual(watcher.look(), ([], [file]))

    def test_vanishing(self) -> None:
        """A file that is listed but not there is passed over."""
        watcher = Watcher(lambda: [Path("not-there")])
        self.assertIsNone(watcher.look())


class AtomicTests(FolderCase):
    """`--atomic`."""

    def test_refused(self) -> None:
        """The culprit is named with its place, the others as not deployed; exit status 1."""
        bad = self.refusal(422, "SCRIPT_INVALID", "sub/b.js:3: oops", uri="sub/b.js", line=3, column=1)
        self.will("POST", "/engine/batch", *bad)
        result = self.run_command("deploy", str(self.root), "--atomic", "-m", "why")
        self.assertEqual(result.exit_code, 1)
        self.assertIn(f"{self.root / 'sub' / 'b.js'}:3:1: oops (422 SCRIPT_INVALID)\n", result.stderr)
        self.assertIn("not deployed, since another script was refused\n", result.stderr)
        self.assertIn("2 of 2 scripts refused", result.stderr)
        self.assertEqual(json.loads(self.seen[0].body)["message"], "why")

    def test_wrong_usage(self) -> None:
        """What contradicts itself is refused."""
        for arguments in (("--atomic", "--check"), ("--watch", "--expect", "1")):
            file = str(self.root / "a.js")
            self.assertEqual(self.run_command("deploy", file, *arguments).exit_code, 2)
        self.assertEqual(self.seen, [])


class ShownTests(FolderCase):
    """What is deployed, and how it is told."""

    def test_what_a_directory_stands_for(self) -> None:
        """Tests, declarations, hidden files and node_modules are left out, as when the engine loads it."""
        for name in ("a.test.js", "x.d.ts", ".hidden.js", "node_modules/m.js"):
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_text("x")
        self.run_command("deploy", str(self.root))
        self.assertEqual(
            [one.target for one in self.seen], ["/engine/scripts/a.js", "/engine/scripts/sub%2Fb.js"]
        )

    def test_byte_order_mark(self) -> None:
        """A byte order mark is not part of the source."""
        (self.root / "a.js").write_bytes(b"\xef\xbb\xbfsource")
        self.run_command("deploy", str(self.root / "a.js"))
        self.assertEqual(self.seen[0].body, b"source")

    def test_progress_and_colours(self) -> None:
        """On a terminal there is a bar for several files, and colours; NO_COLOR takes the colours away."""
        self.patch(terminal, "is_terminal", lambda stream=None: True)
        with mock.patch("aiwebengine.cli.deploy.is_terminal", lambda stream=None: True):
            for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
                for uri, target in (("a.js", "a.js"), ("sub/b.js", "sub%2Fb.js")):
                    self.will("PUT", f"/engine/scripts/{target}", 200, self.record(uri))
                variables = {"AIWEBENGINE_URL": self.url, "TERM": "xterm", **environment}
                result = CliRunner(env=variables).invoke(command, ["deploy", str(self.root)], color=True)
                self.assertIn("deploying", result.stderr)
                self.assertEqual("\x1b[32m" in result.stdout, coloured)
                self.assertIn("sub/b.js: ", result.stdout)


class DiffTests(RemoteCase):
    """`aiwebengine scripts diff`."""

    def prepare(self) -> None:
        rows = [{"version": number} for number in (3, 2, 1)]
        self.will("GET", "/engine/scripts/a.js/versions", 200, {"versions": rows})
        for number, text in ((1, b"one\n"), (2, b"one\ntwo\n"), (3, b"one\nthree\n")):
            self.will("GET", f"/engine/scripts/a.js?version={number}", 200, text)

    def test_last_change(self) -> None:
        """Without versions: from the one before to the current one."""
        self.prepare()
        result = self.run_command("scripts", "diff", "a.js")
        self.assertEqual(
            result.output,
            "--- a.js (version 2)\n+++ a.js (version 3)\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n",
        )

    def test_between(self) -> None:
        """Between two versions, as JSON."""
        self.prepare()
        result = json.loads(self.run_command("scripts", "diff", "a.js", "1", "2", "--json").output)
        self.assertEqual(
            {key: result[key] for key in ("uri", "from", "to", "added", "removed")},
            {"uri": "a.js", "from": 1, "to": 2, "added": 1, "removed": 0},
        )

    def test_with_a_file(self) -> None:
        """A file instead of a version; no difference prints nothing."""
        self.prepare()
        file = Path(self.mktemp())
        file.write_text("one\nthree\n")
        self.assertEqual(self.run_command("scripts", "diff", "a.js", "--file", str(file)).output, "")
        self.assertEqual(
            self.run_command("scripts", "diff", "a.js", "1", "2", "--file", str(file)).exit_code, 2
        )

    def test_first_version(self) -> None:
        """The first version has none before it."""
        self.will("GET", "/engine/scripts/b.js/versions", 200, {"versions": [{"version": 1}]})
        self.assertIn("has no version before 1", self.run_command("scripts", "diff", "b.js").output)


class LogTests(RemoteCase):
    """`aiwebengine logs` with times and colours."""

    def test_since(self) -> None:
        """A time ago becomes ms of the epoch, others go as they are, nonsense is refused."""
        self.patch(time, "time", lambda: 1000.0)
        for given, sent in (("90s", "910000"), ("10m", "400000"), ("2026-01-01", "2026-01-01"), ("5", "5")):
            self.will("GET", f"/engine/logs?since={sent}&limit=100", 200, {"entries": [], "next": 0})
            self.assertEqual(self.run_command("logs", "--since", given).exit_code, 0, given)
        result = self.run_command("logs", "--since", "yesterday")
        self.assertEqual(result.exit_code, 2)
        self.assertIn("neither like 10m nor ISO 8601", result.output)
        self.assertEqual(self.run_command("logs", "--level", "loud").exit_code, 2)

    def test_colours(self) -> None:
        """Errors are red on a terminal."""
        self.patch(terminal, "is_terminal", lambda stream=None: True)
        entry = {"seq": 1, "timestamp": "t", "level": "error", "script": "a.js", "message": "oops"}
        self.will("GET", "/engine/logs?limit=100", 200, {"entries": [entry], "next": 1})
        variables = {"AIWEBENGINE_URL": self.url, "TERM": "xterm", "NO_COLOR": ""}
        result = CliRunner(env=variables).invoke(command, ["logs"], color=True)
        self.assertIn("\x1b[31moops", result.output)


class RealEngineTests(SynchronousTestCase):
    """The commands against an engine in a process of its own."""

    def test_req_dev_003_a_day(self) -> None:
        """Profile, deploy, a broken script, all or nothing, diff, rollback, log."""
        root = Path(self.mktemp()).resolve()
        (root / "scripts").mkdir(parents=True)
        hello, other = root / "scripts" / "hello.js", root / "scripts" / "other.js"
        hello.write_text("register('/hello', () => { console.warn('asked'); return 'one\\n'; });\n")
        with EngineProcess(root / "engine", settings={"server.request_timeout_ms": PATIENT_MS}) as engine:
            environment = {"XDG_CONFIG_HOME": str(root / "config"), "AIWEBENGINE_URL": None}

            def run(*arguments: str, status: int = 0, stdin: str | None = None) -> Any:
                result = CliRunner(env=environment).invoke(command, list(arguments), input=stdin)
                self.assertEqual(result.exit_code, status, result.output)
                return result

            run(
                *("profile", "add", "box", "--url", engine.client.url, "--api-key-stdin", "--use"),
                stdin=engine.api_key,
            )
            self.assertEqual(run("deploy", str(root / "scripts")).output, "hello.js: version 1, GET /hello\n")
            self.assertEqual(engine.client.get("/hello").text, "one\n")
            hello.write_text("register('/hello', () => 'two\\n');\n")
            other.write_text("register('/other', () => {\n  retrun 1;\n});\n")
            broken = run("deploy", str(root / "scripts"), "--atomic", status=1)
            self.assertIn(f"{other}:2:", broken.stderr)
            self.assertIn("SyntaxError", broken.stderr)
            self.assertEqual(engine.client.get("/hello").text, "one\n")
            self.assertIn(f"{other}:2:", run("deploy", str(other), "--check", status=1).output)
            run("deploy", str(hello), "-m", "second")
            self.assertIn("+register('/hello', () => 'two\\n');", run("scripts", "diff", "hello.js").output)
            run("scripts", "rollback", "hello.js", "1")
            self.assertEqual(engine.client.get("/hello").text, "one\n")
            hello.write_text("register('/hello', () => 'three\\n');\n")
            run("deploy", str(hello), "--canary", "100")
            self.assertIn("with 100 % of the requests", run("scripts", "canary", "hello.js").output)
            self.assertEqual(engine.client.get("/hello").text, "three\n")
            run("scripts", "canary", "hello.js", "--abort")
            self.assertIn("has no canary", run("scripts", "canary", "hello.js", status=1).stderr)
            self.assertEqual(engine.client.get("/hello").text, "one\n")
            entries = run("logs", "--json", "--level", "warn", "--since", "1h", "--script", "hello.js")
            messages = [json.loads(line)["message"] for line in entries.output.splitlines()]
            self.assertEqual(messages, ["asked"] * 4)
            self.assertEqual(os.stat(root / "config/aiwebengine/profiles.json").st_mode & 0o777, 0o600)
