"""Starts of a whole engine on scripts that are stored already."""

from pathlib import Path
from urllib.request import urlopen

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase

from aiwebengine.testing.engine import LocalEngine

PLAIN = 'function hello(req) { return "hello " + req.params.name + " " + typeof Date.now(); }\n'
SCRIPTS = {
    "plain.js": PLAIN + 'register("/plain/:name", hello);',
    "named.js": PLAIN + 'register("/named/:name", "hello");',
    "init.js": PLAIN + 'function init(context) { register("/init/:name", hello); }',
    "logs.js": PLAIN + 'register("/logs/:name", hello); console.log("loaded");',
    "fails.js": 'register("/fails", () => { throw new Error("no"); });',
}


class RestartTests(TestCase):
    """With SQLite in a directory of its own."""

    timeout = 300

    async def start(self, **settings):
        """Start the engine; give it with how many scripts were loaded, and how many not."""
        events = []
        globalLogPublisher.addObserver(events.append)
        try:
            engine = await LocalEngine.start(
                reactor,
                directory=Path(self.directory),
                settings={"repository.database_url": "sqlite:///scripts.db", **settings},
            )
        finally:
            globalLogPublisher.removeObserver(events.append)
        told = [
            (e["loaded"], e["known"]) for e in events if str(e["log_format"]).startswith("{count} scripts")
        ]
        return engine, told[0] if told else None

    def setUp(self):
        self.directory = self.mktemp()
        Path(self.directory).mkdir()

    async def get(self, engine, path):
        def ask():
            with urlopen(engine.url + path, timeout=300) as answer:
                return answer.read().decode()

        return await deferToThread(ask)

    async def test_req_data_004_a_restart_loads_only_what_it_must(self):
        """All scripts answer as before; only those that do more than register are loaded."""
        engine, told = await self.start()
        self.assertIsNone(told)
        for uri, source in SCRIPTS.items():
            await engine.services.scripts.put(uri, source)
        await engine.stop()
        for expected, settings in (
            ((2, 3), {}),
            ((5, 0), {"scripts.reuse_loads": False}),
            ((5, 0), {"javascript.max_timers": 7}),
            ((2, 3), {"javascript.max_timers": 7}),
        ):
            engine, told = await self.start(**settings)
            try:
                self.assertEqual(told, expected)
                for name in ("plain", "named", "init", "logs"):
                    self.assertEqual(await self.get(engine, f"/{name}/x"), "hello x number")
                logged = (await engine.services.script_log.search(script="logs.js"))["entries"]
                self.assertEqual(logged[-1]["message"], "loaded")
            finally:
                await engine.stop()
