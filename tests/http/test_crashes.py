"""Processes that are killed: sandboxes under load, the server while it writes (REQ-SEC-004, REQ-DATA-004)."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from http.client import HTTPException

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.engine import EngineProcess
from tests.http.support import PATIENT_MS, EngineCase


class SandboxCrashTests(EngineCase):
    """kill -9 of sandboxes."""

    scripts = {
        "a.js": 'register("/quick", () => "quick");'
        'register("/slow", async () => { await new Promise(r => setTimeout(r, 30000)); return "slow"; });'
    }
    settings = {"javascript.workers": 2, "server.request_timeout_ms": 30_000}

    if not sys.platform.startswith("linux"):
        skip = "looks for the sandboxes in /proc"

    def kill_sandboxes(self) -> int:
        children = self.engine.children()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(children)

    def healthy(self) -> bool:
        answer = self.get("/health")
        return bool(answer.json["checks"]["javascript"]["status"] == "healthy")

    def test_requests_under_way_fail_as_json(self) -> None:
        """Those in the killed process get a 500 or 503; the next one is served."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.get("/slow")))
        thread.start()
        self.engine.wait_for(
            "the slow request", lambda: self.get("/health").json["checks"]["javascript"]["requests"]
        )
        self.kill_sandboxes()
        thread.join()
        (answer,) = answers
        self.assertIn((answer.status, answer.code), ((500, "SCRIPT_ERROR"), (503, "SERVICE_UNAVAILABLE")))
        self.engine.wait_for("new sandboxes", self.healthy)
        self.assertEqual(self.get("/quick").text, "quick")

    def test_kills_under_load(self) -> None:
        """While sandboxes die all the time, every request is answered, and some as if nothing were."""
        done = threading.Event()
        seen: list[tuple[int, str | None]] = []
        problems: list[object] = []

        def hammer() -> None:
            try:
                with self.client.keep_alive() as connection:
                    while not done.is_set():
                        answer = self.client.request("GET", "/quick", on=connection)
                        seen.append((answer.status, answer.code))
            except Exception as problem:
                problems.append(problem)

        threads = [threading.Thread(target=hammer) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                before = len(seen)
                self.kill_sandboxes()
                self.engine.wait_for("answers", lambda before=before: len(seen) > before + 3 or problems)
                self.engine.wait_for("sandboxes", self.healthy)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(problems, [])
        self.assertTrue(
            set(seen) <= {(200, None), (500, "SCRIPT_ERROR"), (503, "SERVICE_UNAVAILABLE")}, set(seen)
        )
        self.assertIn((200, None), seen)
        self.engine.wait_for("a circuit that closes again", lambda: self.get("/quick").status == 200)

    def test_health_tells(self) -> None:
        self.engine.wait_for("sandboxes", self.healthy)
        figures = self.get("/health").json["checks"]["javascript"]
        self.assertEqual((figures["sandboxes"], figures["wanted"]), (2, 2))
        self.assertEqual(self.get("/health").json["checks"]["repository"]["status"], "healthy")


class ServerCrashTests(SynchronousTestCase):
    """kill -9 of the server, with scripts in SQLite."""

    def test_req_data_004_acknowledged_scripts_survive(self) -> None:
        """What was acknowledged before the server was killed amid writes is there after a restart."""
        engine = EngineProcess(
            tempfile.mkdtemp(prefix="aiwebengine-test-"),
            settings={
                "repository.database_url": "sqlite:///scripts.db",
                "server.request_timeout_ms": PATIENT_MS,
            },
        )
        self.addCleanup(engine.kill)
        written = 0
        for _round in range(3):
            engine.start()
            acknowledged: list[int] = []

            def write(start: int = written, acknowledged: list[int] = acknowledged) -> None:
                with contextlib.suppress(OSError, HTTPException):
                    for number in range(start, start + 10_000):
                        source = f'register("/n/{number}", () => "{number}");'
                        if engine.put_script(f"n{number}.js", source).status in (200, 201):
                            acknowledged.append(number)

            writer = threading.Thread(target=write)
            writer.start()
            engine.wait_for("writes", lambda acknowledged=acknowledged: len(acknowledged) >= 10)
            engine.kill()
            writer.join()
            engine.start()
            for number in acknowledged:
                self.assertEqual(engine.client.get(f"/n/{number}").text, str(number))
            written = acknowledged[-1] + 2
            engine.stop()
