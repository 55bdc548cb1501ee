"""What real engines acknowledged is there after crashes and outages, and all engines tell the same story."""

from __future__ import annotations

import http.client
import json
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.engine import EngineProcess
from tests.http.ledger import Crowd, Ledger
from tests.http.support import PATIENT_MS
from tests.repository.postgresql_server import shared_server
from tests.repository.test_postgresql import empty_database

PAGE = 'register("/page", () => { console.log("asked"); return "here"; });'


def source(name: str, number: int) -> str:
    """Give a script that answers below its own path."""
    return f'register("/{name}", () => "{number}");'


class DurabilityCase(SynchronousTestCase):
    """Engines of a test's own."""

    def engine(self, url: str, **settings: object) -> EngineProcess:
        """Start an engine on a repository."""
        directory = tempfile.mkdtemp(prefix="aiwebengine-test-")
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        own = {
            "server.request_timeout_ms": PATIENT_MS,
            "javascript.workers": 1,
            "repository.database_url": url,
            "logging.access_log": "off",
        }
        named = {name.replace("__", "."): value for name, value in settings.items()}
        engine = EngineProcess(directory, settings={**own, **named})
        self.addCleanup(engine.kill)
        return engine.start()

    def assert_kept(self, ledger: Ledger, url: str) -> None:
        self.assertEqual(ledger.differences(url), [])


class CrashTests(DurabilityCase):
    """REQ-DATA-004: kill -9 of an engine."""

    def test_req_data_004_engine_killed(self) -> None:
        """Amid deployments: every acknowledged version is there with its audit entry, and no half change."""
        directory = Path(self.mktemp()).absolute()
        url = f"sqlite:///{directory}/x.db"
        engine = self.engine(url)
        ledger = Ledger()
        for turn in range(3):
            crowd = Crowd()
            before = ledger.count
            for name in ("a", "b"):
                crowd.add(
                    lambda number, name=name, turn=turn: ledger.deploy(
                        engine, name, source(name, turn * 1000 + number)
                    )
                )
            engine.wait_for("deployments", lambda before=before: ledger.count >= before + 6)
            engine.kill()
            crowd.stop()
            with sqlite3.connect(directory / "x.db") as link:
                self.assertEqual(link.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            self.assert_kept(ledger, url)
            engine.start()
        newest = {one["uri"]: one["version"] for one in engine.admin.get("/engine/scripts").json["scripts"]}
        for uri, versions in ledger.acknowledged.items():
            self.assertGreaterEqual(newest[uri], max(versions))


class OutageTests(DurabilityCase):
    """REQ-DATA-004: PostgreSQL goes away under a running engine."""

    def setUp(self) -> None:
        self.url = empty_database()
        self.server = shared_server()
        self.addCleanup(self.start_again)

    def start_again(self) -> None:
        self.server.thaw()
        if not self.server.is_running():
            self.server.start()

    def test_req_data_004_server_lost(self) -> None:
        """Requests never fail; a deployment succeeds or is 503, and the ledger is right in the end."""
        engine = self.engine(self.url)
        self.assertEqual(engine.put_script("page", PAGE).status, 201)
        ledger, crowd = Ledger(), Crowd()
        answers: list[tuple[int, str]] = []

        def ask(number: int) -> None:
            answer = engine.client.get("/page")
            answers.append((answer.status, answer.text))

        for name in ("a", "b"):
            crowd.add(lambda number, name=name: ledger.deploy(engine, name, source(name, number)))
        crowd.add(ask)
        interruptions = (self.server.kill, self.server.stop, lambda: self.server.stop("immediate"))
        for interrupt in interruptions:
            before = ledger.count
            engine.wait_for("deployments", lambda before=before: ledger.count >= before + 4)
            interrupt()
            ledger.statuses.clear()
            engine.wait_for("a refusal", lambda: 503 in ledger.statuses)
            asked = len(answers)
            engine.wait_for("requests", lambda asked=asked: len(answers) >= asked + 3)
            self.server.start()
        before = ledger.count
        engine.wait_for("deployments", lambda: ledger.count >= before + 4)
        crowd.stop()
        self.assertEqual(set(answers), {(200, "here")})
        self.assertLessEqual(ledger.statuses, {200, 201, 503})
        self.assertEqual(ledger.retry_after, {"5"})
        logged = engine.admin.get("/engine/logs?script=page&limit=1000&after=0&kind=log").json["entries"]
        self.assertEqual(len(logged), min(len(answers), 1000))
        ledger.tried["page"] = {PAGE}
        self.assert_kept(ledger, self.url)
        engine.stop()

    def test_req_data_004_server_frozen(self) -> None:
        """A server that does not answer: 503, scripts go on, memory tells what happens, recovery unaided."""
        engine = self.engine(self.url, repository__call_timeout_ms=2000)
        engine.put_script("page", PAGE)
        heard, hear = Heard(engine, "?script=page&kind=log"), engine.wait_for
        self.server.freeze()
        answer = engine.client.get("/page")
        self.assertEqual((answer.status, answer.text), (200, "here"))
        hear("a line without a number", lambda: (0, "asked") in heard.entries)
        refused = engine.put_script("page", PAGE + "// 2")
        self.assertEqual((refused.status, refused.header("retry-after")), (503, "5"))
        page = engine.admin.get("/engine/logs?script=page&kind=log").json
        self.assertEqual([one["message"] for one in page["entries"]], ["asked"])
        self.assertTrue(page["partial"])
        alias = engine.admin.request("POST", "/api/scripts/page", PAGE)
        self.assertEqual((alias.status, alias.header("retry-after")), (503, "5"))
        self.server.thaw()
        stored = engine.wait_for("the server", lambda: self.stored(engine.put_script("page", PAGE + "// 3")))
        hear("the number", lambda: heard.last_id)
        engine.client.get("/page")
        hear("the next line", lambda: len(heard.entries) == 2 and heard.entries[1][0] > 0)
        page = engine.admin.get("/engine/logs?script=page&kind=log").json
        self.assertEqual([one["message"] for one in page["entries"]], ["asked", "asked"])
        self.assertNotIn("partial", page)
        (audited,) = engine.admin.get("/engine/logs?kind=audit&contains=version=2").json["entries"]
        self.assertEqual(stored["version"], int(audited["audit"]["version"]))
        self.server.freeze()
        engine.client.get("/page")
        engine.stop()
        self.assertIn("entries of the script log are lost", engine.log)
        self.assertNotIn("Traceback", engine.log)

    def stored(self, answer: Any) -> Any:
        return answer.json if answer.status == 200 else None


class SeveralEnginesTests(DurabilityCase):
    """REQ-DATA-002, REQ-LOG-003: two engines on one repository."""

    def begin(self, url: str) -> None:
        """Start two engines."""
        self.engines = [self.engine(url), self.engine(url)]

    def test_req_data_002_one_wins(self) -> None:
        """Of deployments that build on one version exactly one wins; both engines end up with the newest."""
        self.begin(empty_database())
        crowd, lock = Crowd(), threading.Lock()
        won: list[int] = []
        statuses: list[int] = []
        self.assertEqual(self.engines[0].put_script("a", source("a", 1)).status, 201)
        self.engines[1].wait_for("the script", lambda: self.version(self.engines[1]))
        for engine in self.engines:

            def deploy(number: int, engine: EngineProcess = engine) -> None:
                headers = {"If-Match": f'"{self.version(engine)}"'}
                answer = engine.admin.request("PUT", "/engine/scripts/a", source("a", number), headers)
                with lock:
                    statuses.append(answer.status)
                    if answer.status == 200:
                        won.append(answer.json["version"])

            crowd.add(deploy)
            crowd.add(deploy)
        self.engines[0].wait_for("deployments", lambda: len(won) >= 12 and 412 in statuses)
        crowd.stop()
        self.assertEqual(set(statuses), {200, 412})
        self.assertEqual(sorted(won), list(range(2, len(won) + 2)))
        for engine in self.engines:
            engine.wait_for("the newest", lambda engine=engine: self.version(engine) == max(won))
        audited = self.engines[0].admin.get("/engine/logs?kind=audit&level=info&limit=1000").json["entries"]
        told = [int(one["audit"]["version"]) for one in audited if "refused" not in one["audit"]]
        self.assertEqual(told, list(range(1, max(won) + 1)))

    def version(self, engine: EngineProcess) -> int:
        """Give the version that an engine serves."""
        found = [one for one in engine.admin.get("/engine/scripts").json["scripts"] if one["uri"] == "a"]
        return found[0]["version"] if found else 0

    def test_req_log_003_one_order(self) -> None:
        """Paging through whichever engine, and live on each, a client sees every entry once, in order."""
        self.begin(empty_database())
        self.check_order()

    def test_req_log_003_one_order_in_a_file(self) -> None:
        """The same with two engines on one SQLite file."""
        self.begin(f"sqlite:///{Path(self.mktemp()).absolute()}/x.db")
        self.check_order()

    def check_order(self) -> None:
        one, other = self.engines
        text = (
            'register("/log", req => { for (let n = 0; n < 5; n++) console.log(req.query.n + "." + n);'
            ' return ""; });'
        )
        self.assertEqual(one.put_script("l", text).status, 201)
        other.wait_for("the script", lambda: other.client.get("/log?n=x").status == 200)
        query = "script=l&kind=log"
        after = other.admin.get(f"/engine/logs?{query}").json["next"]
        heard = [Heard(engine, f"?{query}&after={after}") for engine in self.engines]
        crowd = Crowd()
        logged: list[list[str]] = [[], []]
        for index, engine in enumerate(self.engines):

            def log(number: int, index: int = index, engine: EngineProcess = engine) -> None:
                name = f"{index}-{number}"
                if engine.client.get(f"/log?n={name}").status == 200:
                    logged[index] += [f"{name}.{line}" for line in range(5)]

            crowd.add(log)
        seen: list[tuple[int, str]] = []
        while min(map(len, logged)) < 50:
            after = self.read(seen, after)
        crowd.stop()
        for engine in self.engines:  # what was logged there is kept when it has answered this
            engine.admin.get("/engine/logs?limit=1")
        while len(seen) < len(logged[0]) + len(logged[1]):
            after = self.read(seen, after)
        numbers = [number for number, _ in seen]
        self.assertEqual(numbers, sorted(set(numbers)))
        for index in (0, 1):
            mine = [message for _, message in seen if message.startswith(f"{index}-")]
            self.assertEqual(mine, logged[index])
        for index, tail in enumerate(heard):
            self.engines[index].wait_for("all entries", lambda tail=tail: len(tail.entries) >= len(seen))
            self.assertEqual(tail.entries, seen)
        half = seen[len(seen) // 2][0]
        again = Heard(other, f"?{query}&after={half}")
        other.wait_for("the rest", lambda: again.entries and again.entries[-1] == seen[-1])
        self.assertEqual(again.entries, [pair for pair in seen if pair[0] > half])

    def read(self, seen: list[tuple[int, str]], after: int) -> int:
        """Read a page from one engine or the other, as a load balancer would have it; give ``next``."""
        engine = self.engines[len(seen) % 2]
        page = engine.admin.get(f"/engine/logs?script=l&kind=log&limit=7&after={after}").json
        seen += [(entry["seq"], entry["message"]) for entry in page["entries"]]
        following: int = page["next"]
        return following


class Heard:
    """What comes on an engine's ``/engine/logs/stream``: (number, message) pairs, and the last id."""

    def __init__(self, engine: EngineProcess, query: str) -> None:
        self.entries: list[tuple[int, str]] = []
        self.last_id = ""
        connection = http.client.HTTPConnection(*engine.admin.address, timeout=60)
        headers = {"Authorization": f"Bearer {engine.api_key}"}
        connection.request("GET", f"/engine/logs/stream{query}", headers=headers)
        response = connection.getresponse()
        if response.readline() != b": connected\n":
            raise AssertionError(response.read())
        threading.Thread(target=self._read, args=(response,), daemon=True).start()

    def _read(self, response: http.client.HTTPResponse) -> None:
        while data := self._line(response):
            line = data.decode().rstrip("\n")
            if line.startswith("data: "):
                entry = json.loads(line.removeprefix("data: "))
                self.entries.append((entry["seq"], entry["message"]))
            elif line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")

    def _line(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.readline()
        except (OSError, http.client.HTTPException):
            return b""  # the engine is gone
