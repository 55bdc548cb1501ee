"""The management API of a running engine: real sandboxes, SQLite, a port taken by the system."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.installing import ROOT, Running

GOOD = 'register("/x/:id", (request) => "one " + request.params.id); register("/old", () => "old");'
BAD = 'register("/x/:key", ({ params }) => { if (params.key > 3) throw new Error("broken"); return "two"; });'
CHECKED = 'function init() { console.log("in init"); register("/x/:y", "no"); }'


class LiveTests(SynchronousTestCase):
    """An operator's day."""

    def setUp(self) -> None:
        root = Path(self.mktemp()).resolve()
        command = [sys.executable, "-m", "twisted", "--log-format=text", "aiwebengine", "--env=development"]
        for setting in (
            f"repository.database_url=sqlite:///{root}/scripts.db",
            f"server.data_dir={root}/var",
            "canary.min_requests=4",
            "scripts.watch=false",
            'plugins.disabled=["editor"]',
        ):
            command += ["--set", setting]
        self.running = Running.start(command, root, path=str(ROOT))
        self.addCleanup(self.running.stop)
        self.key = (root / "var" / "api_key").read_text().strip()

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        """Give status and text."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.running.url + path,
            body.encode() if method != "GET" else None,
            {"Authorization": f"Bearer {self.key}", **headers},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def json(self, method: str, path: str, body: str = "") -> Any:
        """Give the answer's data."""
        return json.loads(self.ask(method, path, body)[1])

    def test_req_js_007_canary(self) -> None:
        """The start tells how to get in; a broken canary is taken back by itself, nobody else suffers."""
        log = self.running.log.read_text()
        said = re.search(
            r"made one: (\S+) \(send it as a Bearer credential, to (http://\S+)/engine/scripts", log
        )
        assert said is not None, log
        self.assertEqual(said.groups(), (self.key, self.running.url))

        self.assertEqual(self.ask("PUT", "/engine/scripts/a.js", GOOD)[0], 201)
        begun = self.json("PUT", "/engine/scripts/a.js?canary=50", BAD)
        self.assertEqual((begun["version"], begun["canary"]["version"]), (1, 2))
        answers = [self.ask("GET", f"/x/{number}", X_Request_Id=f"id-{number}") for number in range(40)]
        failures = [number for number, (status, _) in enumerate(answers) if status == 500]
        self.assertTrue({"one 0", "two"} & {text for _, text in answers[:4]})
        self.assertTrue(0 < len(failures) <= 4, answers)
        self.assertNotIn("canary", self.json("GET", "/engine/scripts")["scripts"][0])
        self.assertEqual(self.ask("GET", "/old"), (200, "old"))
        (entry,) = self.json("GET", "/engine/logs?kind=canary&level=error")["entries"]
        self.assertIn("rolled_back", entry["message"])
        (begin, end) = self.json("GET", "/engine/logs?kind=audit&contains=canary")["entries"]
        self.assertEqual((begin["audit"]["actor"], end["audit"]["actor"]), ("api", "engine"))

        # An expression is evaluated with nothing left behind; a check runs init.
        value = self.json(
            "POST",
            "/engine/eval",
            '{"uri": "a.js", "expression": "(console.log(5), Promise.resolve([1]))"}',
        )
        self.assertEqual((value["ok"], value["value"]), (True, [1]))
        self.assertEqual(value["logs"], [{"level": "info", "message": "5", "line": 1}])
        self.assertEqual(self.json("GET", "/engine/logs?contains=5&kind=log")["entries"], [])
        check = self.json("POST", "/engine/check?uri=b.js", CHECKED)
        self.assertEqual(check["ok"], False)
        self.assertEqual(
            sorted(one["code"] for one in check["diagnostics"]), ["MISSING_HANDLER", "ROUTE_CONFLICT"]
        )
        self.assertEqual(check["logs"][0]["message"], "in init")
        state = self.json("GET", "/engine/status")
        self.assertEqual((state["scripts"]["live"], state["canaries"]), (1, []))
        plugins = {one["name"]: one["state"] for one in self.json("GET", "/engine/plugins")["plugins"]}
        self.assertEqual((plugins["canary"], plugins["management"]), ("on", "on"))
