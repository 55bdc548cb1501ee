# ruff: noqa: E501 - scripts read best unbroken
"""The twistd command: questions, refusals, reload, shutdown, daemons, logs (REQ-CFG-*, REQ-LOG-*, REQ-DEPLOY-003)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.client import read_answers
from aiwebengine.testing.engine import EngineProcess, NotStarted
from tests.http.support import PATIENT_MS
from tests.ports import lasting_port

HELLO = {"hello.js": 'register("/hello", () => "hello");'}
SLOW = {
    "slow.js": 'register("/slow", async () => { await new Promise(r => setTimeout(r, 4000)); return "slow"; });'
    'register("/stream", async function* () { for (;;) { yield "x"; await new Promise(r => setTimeout(r, 50)); } });'
}
BROKEN_PLUGIN = '''
"""A plugin whose service does not start."""
from twisted.plugin import IPlugin as ITwistedPlugin
from zope.interface import implementer
from aiwebengine.interfaces import IEngineService, IPlugin


@implementer(IEngineService)
class Service:
    async def start(self):
        raise RuntimeError("the coffee machine is empty")

    async def stop(self):
        pass


@implementer(IPlugin)
class Coffee:
    name = "coffee"
    summary = "Does not start."
    section = None
    settings = None
    requires = ()

    def build(self, settings, services):
        return Service()


coffee = Coffee()
'''


class ProcessCase(SynchronousTestCase):
    """Engines of their own."""

    def make(self, settings: Mapping[str, object] | None = None, **options: Any) -> EngineProcess:
        patient = {"server.request_timeout_ms": PATIENT_MS, **(settings or {})}
        engine = EngineProcess(tempfile.mkdtemp(prefix="aiwebengine-test-"), settings=patient, **options)
        self.addCleanup(engine.kill)
        return engine


class QuestionTests(ProcessCase):
    """Options that print and end."""

    def ask(self, *arguments: str, **options: Any) -> tuple[int, str]:
        engine = self.make(arguments=arguments, **options)
        status = engine.run()
        return status, engine.log

    def test_req_cfg_003_validate_config(self) -> None:
        status, text = self.ask("--validate-config", "--set", "server.port=8081")
        self.assertEqual(status, 0, text)
        self.assertIn("configuration is valid", text)
        self.assertIn("8081", text)

    def test_req_cfg_003_every_problem(self) -> None:
        status, text = self.ask(
            "--validate-config", "--set", "server.port=huge", "--set", "javascript.worker=2"
        )
        self.assertEqual(status, 1, text)
        for part in ("server.port", "huge", "javascript.worker", "workers"):
            self.assertIn(part, text)
        self.assertNotIn("Traceback", text)

    def test_bad_configuration_does_not_start(self) -> None:
        engine = self.make(arguments=["--set", "server.port=huge"])
        error = self.assertRaises(NotStarted, engine.start)
        self.assertEqual(error.status, 1)
        self.assertIn("server.port", error.log)

    def test_list_plugins(self) -> None:
        status, text = self.ask("--list-plugins")
        self.assertEqual(status, 0, text)
        for name in ("health", "management", "routing", "security_headers"):
            self.assertIn(name, text)

    def test_help_plugin(self) -> None:
        status, text = self.ask("--help-plugin", "health")
        self.assertEqual(status, 0, text)
        self.assertIn("check_timeout_ms", text)
        status, text = self.ask("--help-plugin", "healthy")
        self.assertNotEqual(status, 0)
        self.assertIn("healthy", text)
        self.assertNotIn("Traceback", text)

    def test_unknown_option(self) -> None:
        status, text = self.ask("--unknown")
        self.assertNotEqual(status, 0)
        self.assertIn("unknown", text)


class RefusalTests(ProcessCase):
    """Starts that fail say why in a line and end with status 1."""

    def refused(self, engine: EngineProcess) -> str:
        error = self.assertRaises(NotStarted, engine.start)
        self.assertEqual(error.status, 1, error.log)
        self.assertNotIn("Traceback", error.log)
        return str(error.log)

    def test_port_in_use(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            log = self.refused(self.make({"server.port": port}))
        (line,) = [line for line in log.splitlines() if "cannot listen" in line]
        self.assertIn(str(port), line)
        self.assertIn("in use", line)

    def test_plugin_that_does_not_start(self) -> None:
        plugins = Path(tempfile.mkdtemp())
        (plugins / "coffee.py").write_text(BROKEN_PLUGIN)
        log = self.refused(self.make({"plugins.directories": [str(plugins)]}))
        self.assertIn("the coffee machine is empty", log)

    def test_plugin_that_is_missing(self) -> None:
        self.assertIn("no_such_plugin", self.refused(self.make({"plugins.enabled": ["no_such_plugin"]})))

    def test_unusable_database(self) -> None:
        engine = self.make({"repository.database_url": "sqlite:///" + "x" * 300 + "/a.db"})
        self.assertIn("x" * 300, self.refused(engine))

    def test_unwritable_log(self) -> None:
        engine = self.make({"logging.targets": ["file"], "logging.file_path": "/proc/nowhere/engine.log"})
        self.assertIn("logging.file_path", self.refused(engine))


class ReloadTests(ProcessCase):
    """SIGHUP (REQ-CFG-004)."""

    def test_req_cfg_004_reload(self) -> None:
        engine = self.make({"server.max_body_bytes": 1000}, scripts=HELLO).start()
        client = engine.client
        self.assertEqual(client.post("/hello", b"x" * 500).status, 405)
        engine.reload({"server.max_body_bytes": 100, "server.port": 1})
        engine.wait_for_log("configuration reloaded")
        self.assertIn("needs a restart: server.port", engine.log)
        self.assertEqual(client.post("/hello", b"x" * 500).status, 413)
        # What cannot be used changes nothing.
        engine.reload({"server.max_body_bytes": "many"})
        engine.wait_for_log("configuration not reloaded")
        self.assertIn("many", engine.log)
        self.assertEqual(client.post("/hello", b"x" * 500).status, 413)
        self.assertEqual(client.get("/hello").text, "hello")
        engine.stop()

    def test_req_cfg_004_log_level(self) -> None:
        engine = self.make().start()
        engine.reload({"logging.level": "error"})
        engine.wait_for("the new level", lambda: not self.new_lines(engine))
        engine.reload({"logging.level": "info"})
        engine.wait_for("the old level", lambda: self.new_lines(engine))
        engine.stop()

    def new_lines(self, engine: EngineProcess) -> list[str]:
        """Give what the loading of a script adds to the log."""
        before = len(engine.log)
        engine.put_script("logs.js", f"console.info('loaded {before}')")
        return [line for line in engine.log[before:].splitlines() if f"loaded {before}" in line]


class ShutdownTests(ProcessCase):
    """SIGTERM."""

    def test_req_deploy_003_requests_under_way_finish(self) -> None:
        engine = self.make(scripts=SLOW).start()
        with engine.client.raw(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
            engine.wait_for("the request", lambda: self.under_way(engine))
            idle = engine.client.raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            idle.read_until(b"\r\n\r\n")
            engine.send_signal(signal.SIGTERM)
            engine.wait_for_log("waiting up to 10")
            # Meanwhile: unready, new requests refused, idle connections closed.
            ready = engine.client.get("/health/ready")
            self.assertEqual((ready.status, ready.json["status"]), (503, "unhealthy"))
            self.assertEqual(engine.client.get("/health/live").status, 200)
            refused = engine.client.get("/slow")
            self.assertEqual((refused.status, refused.code), (503, "SERVICE_UNAVAILABLE"))
            self.assertIsNotNone(refused.header("retry-after"))
            idle.read_all()
            idle.close()
            (answer,) = read_answers(connection.read_all())
        self.assertEqual((answer.text, answer.header("connection")), ("slow", "close"))
        self.assertEqual(engine.wait(), -signal.SIGTERM)
        self.assertNotIn("Traceback", engine.log)
        self.assertFalse((engine.directory / "port").exists())

    def under_way(self, engine: EngineProcess) -> bool:
        return bool(engine.client.get("/health").json["checks"]["javascript"]["requests"])

    def test_grace_ends(self) -> None:
        """What does not end within the grace time is cut."""
        engine = self.make({"server.shutdown_grace_ms": 300}, scripts=SLOW).start()
        with engine.client.raw(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
            connection.read_until(b"x")
            self.assertEqual(engine.stop(), -signal.SIGTERM)
            data = connection.read_all()
        self.assertNotIn(b"\r\n0\r\n\r\n", data)
        self.assertNotIn("Traceback", engine.log)

    def test_event_streams_do_not_hold_it_up(self) -> None:
        engine = self.make({"server.shutdown_grace_ms": 3_600_000}).start()
        head = (
            f"GET /engine/logs/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {engine.api_key}\r\n\r\n"
        )
        with engine.client.raw(head.encode()) as connection:
            connection.read_until(b"\r\n\r\n")
            engine.send_signal(signal.SIGTERM)
            connection.read_all()
        self.assertEqual(engine.wait(), -signal.SIGTERM)

    def test_sandboxes_end_with_it(self) -> None:
        for end in (EngineProcess.stop, EngineProcess.kill):
            engine = self.make().start()
            children = engine.children()
            self.assertGreaterEqual(len(children), 2)
            end(engine)
            engine.wait_for("the sandboxes' end", lambda children=children: not any(map(alive, children)))


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and nobody waited for does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


class DaemonTests(ProcessCase):
    """twistd without -n."""

    def start_daemon(self, settings: Mapping[str, object], *twistd: str) -> tuple[EngineProcess, int]:
        engine = self.make(settings, twistd=["--pidfile=engine.pid", *twistd], scripts=HELLO)
        pid_file = engine.directory / "engine.pid"
        self.assertEqual(engine.run(), 0, engine.log)
        pid = int(engine.wait_for("the pid file", lambda: pid_file.exists() and pid_file.read_text().strip()))

        def end() -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

        self.addCleanup(end)
        port = engine.directory / "port"
        engine.wait_for("the port", port.exists)
        engine.url = port.read_text().strip()
        return engine, pid

    def end_daemon(self, engine: EngineProcess, pid: int) -> None:
        os.kill(pid, signal.SIGTERM)
        engine.wait_for("its end", lambda: not alive(pid))
        self.assertFalse((engine.directory / "engine.pid").exists())

    def test_pidfile_and_logfile(self) -> None:
        settings = {"repository.database_url": "sqlite:///scripts.db", "security.api_key": "k" * 30}
        engine, pid = self.start_daemon(settings, "--logfile=own.log")
        self.assertEqual(engine.client.get("/hello").text, "hello")
        self.end_daemon(engine, pid)
        log = (engine.directory / "own.log").read_text()
        self.assertEqual(log.count("listening on"), 1)
        self.assertEqual(log.count('"GET /hello HTTP/1.1" 200'), 1)
        self.assertNotIn("listening on", engine.log)

    def test_default_log_file_and_its_rotation(self) -> None:
        engine, pid = self.start_daemon({"logging.format": "json"})
        log = engine.directory / "twistd.log"
        first = log.read_text()
        for line in first.splitlines():
            self.assertIn("message", json.loads(line))
        os.kill(pid, signal.SIGUSR1)
        rotated = engine.directory / "twistd.log.1"
        engine.wait_for("the rotation", rotated.exists)
        self.assertEqual(rotated.read_text(), first)
        self.end_daemon(engine, pid)
        self.assertIn("SIGTERM", log.read_text())

    def test_second_daemon_is_refused(self) -> None:
        """A pid file of a running process is respected."""
        engine, pid = self.start_daemon({})
        self.assertNotEqual(engine.run(), 0)
        self.assertIn("running", engine.log)
        self.end_daemon(engine, pid)


class LogTests(ProcessCase):
    """Where the log goes, and what does not get into it (REQ-LOG-001, REQ-LOG-002, REQ-LOG-004, REQ-SEC-005)."""

    def test_req_log_001_console_once(self) -> None:
        engine = self.make(scripts=HELLO).start()
        engine.client.get("/hello")
        engine.stop()
        self.assertEqual(engine.log.count("listening on"), 1)
        self.assertEqual(engine.log.count('"GET /hello HTTP/1.1" 200'), 1)

    def test_req_log_001_json(self) -> None:
        engine = self.make({"logging.format": "json", "logging.access_log": "json"}, scripts=HELLO).start()
        engine.client.get("/hello", {"X-Request-Id": "in-the-log"})
        engine.stop()
        entries = [json.loads(line) for line in engine.log.splitlines()]
        self.assertTrue(any(entry.get("request_id") == "in-the-log" for entry in entries))
        self.assertTrue(any("listening on" in entry.get("message", "") for entry in entries))

    def test_req_log_002_file(self) -> None:
        engine = self.make(
            {"logging.targets": ["file"], "logging.file_path": "logs/own.log"}, scripts=HELLO
        ).start()
        engine.client.get("/hello")
        engine.stop()
        log = (engine.directory / "logs" / "own.log").read_text()
        self.assertIn("listening on", log)
        self.assertIn('"GET /hello HTTP/1.1" 200', log)
        self.assertNotIn("listening on", engine.log)

    def test_file_beside_logfile(self) -> None:
        """--logfile is the console's place; the file target is kept."""
        engine = self.make(
            {"logging.targets": ["file"], "logging.file_path": "own.log"},
            twistd=["-n", "--pidfile=", "--logfile=twistd.txt"],
        ).start()
        engine.stop()
        for name in ("own.log", "twistd.txt"):
            self.assertIn("listening on", (engine.directory / name).read_text())
        self.assertEqual(engine.log, "")

    def test_req_log_004_off(self) -> None:
        engine = self.make({"logging.access_log": "off"}, scripts=HELLO).start()
        engine.client.get("/hello")
        engine.stop()
        self.assertNotIn("GET /hello", engine.log)

    def test_log_level(self) -> None:
        engine = self.make({"logging.level": "error"}).start()
        engine.stop()
        self.assertEqual(engine.log, "")

    def test_req_sec_005_secrets_are_scrubbed(self) -> None:
        """A key that a script logs or a client sends in a URL is not written out."""
        secret = "correct-horse-battery-staple"
        source = (
            f'register("/tell", req => {{ console.log("it is {secret}"); throw new Error("{secret}"); }});'
        )
        for form in ("text", "json"):
            engine = self.make(
                {"security.api_key": secret, "logging.format": form, "logging.level": "debug"},
                scripts={"tell.js": source},
            ).start()
            answer = engine.client.get(f"/tell?key={secret}", {"Authorization": f"Bearer {secret}"})
            self.assertEqual(answer.status, 500)
            engine.stop()
            self.assertNotIn(secret, engine.log)
            self.assertIn("it is ***", engine.log)

    def test_made_key_is_announced(self) -> None:
        """In development without a key one is made and logged as a URL that works."""
        engine = self.make({"security.api_key": "", "server.data_dir": "data"}).start()
        (url,) = [word for word in engine.log.split() if "/engine/editor#key=" in word]
        address, _, key = url.partition("/engine/editor#key=")
        self.assertEqual(address, engine.url)
        answer = engine.client.get("/engine/scripts", {"Authorization": f"Bearer {key}"})
        self.assertEqual(answer.status, 200)
        engine.stop()


class ConcurrencyTests(ProcessCase):
    """Clients that come while it starts."""

    def test_early_clients_wait(self) -> None:
        """The port is bound before scripts are loaded; who comes early is served when they are."""
        engine = self.make(scripts={**HELLO, "late.js": "for (let i = 0; i < 3e6; i++);"})
        port = lasting_port()
        engine.configure({"server.port": port})
        answers: list[int] = []

        def knock() -> None:
            engine.url = f"http://127.0.0.1:{port}"
            while not answers:
                with contextlib.suppress(ConnectionRefusedError):
                    answers.append(engine.client.get("/hello").status)

        thread = threading.Thread(target=knock)
        thread.start()
        engine.start()
        thread.join()
        self.assertEqual(answers, [200])
        engine.stop()
