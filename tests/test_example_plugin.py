"""examples/aiwebengine-example-plugin, built, installed, tested on its own, and used by HTTP."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.installing import ROOT, Environment, Running, our_wheel

_SCRIPT = """
function greet(request) { return exampleGreeting(request.query.name); }
async function visits() { return { count: await exampleVisits() }; }
register("/greet", greet, "GET");
register("/visits", visits, "GET");
"""


class ExamplePluginTests(SynchronousTestCase):
    """A third party's distribution on the public road."""

    def installed(self) -> tuple[Environment, Path]:
        """Install our wheel and the example into an environment; give that and a directory."""
        root = Path(self.mktemp()).resolve()
        environment = Environment.make(root)
        environment.install(our_wheel())
        source = ROOT / "examples" / "aiwebengine-example-plugin"
        copy = root / "example"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
        environment.install(copy)
        return environment, root

    def test_listed_and_tested(self) -> None:
        """It is listed with its origin, explained with its settings, and passes its own tests."""
        environment, root = self.installed()
        listed = environment.run("-m", "aiwebengine", "plugins")
        self.assertRegex(listed, r"example +on +\[example\] +aiwebengine-example-plugin 1\.0 ")
        about = environment.run("-m", "aiwebengine", "plugins", "--about", "example")
        self.assertIn('default "served")\n      The value of X-Example on every answer.', about)
        # Away from the sources, so that what is installed is what is tested.
        shutil.copytree(root / "example" / "tests", root / "alone" / "tests")
        tested = environment.run("-m", "twisted.trial", "tests", cwd=root / "alone")
        self.assertIn("PASSED (successes=6)", tested)

    def test_by_http(self) -> None:
        """Its route answers, its globals work in a script, and its gate sees every request."""
        environment, root = self.installed()
        scripts = root / "scripts"
        scripts.mkdir()
        (scripts / "greet.js").write_text(_SCRIPT)
        command = [environment.python, "-m", "twisted", "aiwebengine", "--env", "development"]
        command += ["--scripts", str(scripts), "--set", "repository.database_url=memory:"]
        command += ["--set", "example.header=seen"]
        running = Running.start(command, root / "run")
        self.addCleanup(running.stop)

        def get(path: str, **headers: str) -> tuple[int, str | None, str]:
            request = urllib.request.Request(running.url + path, headers=headers)
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer.headers["X-Example"], answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.headers["X-Example"], error.read().decode()

        self.assertEqual(get("/greet?name=you"), (200, "seen", "Hello, you!"))
        counts = [json.loads(get("/visits")[2]) for _ in range(2)]
        self.assertEqual(counts, [{"count": 1}, {"count": 2}])
        status, mark, body = get("/example")
        self.assertEqual((status, mark), (200, "seen"))
        self.assertEqual(json.loads(body), {"visits": {"greet.js": 2}})
        self.assertEqual(get("/nowhere")[:2], (404, "seen"))
        refused = get("/greet?name=you", **{"X-Example-Refuse": "1"})
        self.assertEqual(refused[0], 403)
        self.assertEqual(json.loads(refused[2])["error"]["message"], "refused by the example plugin")
