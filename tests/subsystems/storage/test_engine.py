"""`storage` in an engine whose repository is away, and in one that has it switched off."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.testing.client import Answer, Client
from aiwebengine.testing.engine import LocalEngine
from tests.http.support import PATIENT_MS
from tests.subsystems.storage.rig import storing


class _EngineCase(TestCase):
    """Each test starts an engine of its own."""

    timeout = 300

    async def start(self, **settings: object) -> LocalEngine:
        patient = {"server.request_timeout_ms": PATIENT_MS}
        named = {name.replace("__", "."): value for name, value in settings.items()}
        engine = await LocalEngine.start(
            reactor, settings={**patient, **named}, scripts={"a.js": storing("a")}
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(engine.stop()))
        return engine

    async def call(self, engine: LocalEngine, path: str, function: str, *args: Any) -> Answer:
        body = json.dumps({"function": function, "args": args})
        answer: Answer = await deferToThread(Client(engine.url).post, path, body, "application/json")
        return answer


class AwayTests(_EngineCase):
    """While the repository cannot be used."""

    async def test_req_data_002_unavailable(self) -> None:
        """A script may catch the error; uncaught it is a 503, and all is well again afterwards."""
        engine = await self.start()
        self.assertEqual((await self.call(engine, "/a/call", "set", "k", 1)).status, 200)

        def away(operation: str) -> None:
            raise RepositoryUnavailable("postgresql://inner.example/db", "connection refused")

        engine.services.repository.fault = away
        caught = (await self.call(engine, "/a/caught", "get", "k")).json
        self.assertEqual(caught["name"], "ServiceUnavailableError")
        self.assertEqual(caught["message"], "storage.get: the repository is not available at the moment")
        uncaught = await self.call(engine, "/a/call", "increment", "k")
        self.assertEqual((uncaught.status, uncaught.code), (503, "SERVICE_UNAVAILABLE"))
        self.assertEqual(uncaught.header("Retry-After"), "5")
        error = uncaught.json["error"]
        self.assertIn("storage.increment: the repository is not available", error["message"])
        self.assertEqual((error["details"]["script"], error["details"]["name"]), ("a.js", caught["name"]))
        self.assertNotIn("inner.example", uncaught.text)

        def broken(operation: str) -> None:
            raise RepositoryUnusable("postgresql://inner.example/db", "the table is gone")

        engine.services.repository.fault = broken
        unusable = await self.call(engine, "/a/call", "get", "k")
        self.assertEqual((unusable.status, unusable.code), (500, "SCRIPT_ERROR"))
        self.assertNotIn("inner.example", unusable.text)
        self.assertEqual(len(self.flushLoggedErrors(RepositoryUnusable)), 1)
        engine.services.repository.fault = lambda operation: None
        self.assertEqual((await self.call(engine, "/a/call", "get", "k")).json, {"found": 1})


class OffTests(_EngineCase):
    """Switched off."""

    async def test_off(self) -> None:
        """There is no name and no endpoint."""
        engine = await self.start(plugins__disabled='["storage"]')
        answer = await self.call(engine, "/a/caught", "get", "k")
        self.assertEqual(answer.json["message"], "storage is not defined")
        key = engine.services.configuration.section("security").api_key.reveal()
        admin = Client(engine.url, headers={"Authorization": f"Bearer {key}"})
        self.assertEqual((await deferToThread(admin.get, "/engine/storage")).status, 404)
