"""The engine: building plugins, starting and stopping in order, which names scripts get."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from aiwebengine.config import ConfigurationSources, load
from aiwebengine.engine import Engine, Services, core_piece
from aiwebengine.errors import ConfigurationInvalid, PluginUnusable
from aiwebengine.interfaces import IEngineService, IFeature, IHealthCheck, IPlugin, IScriptGlobals, IServices
from aiwebengine.roster import Offer, Plan
from aiwebengine.sandbox.health import SandboxHealth
from aiwebengine.sandbox.prelude import Piece
from aiwebengine.testing.client import Client
from aiwebengine.testing.engine import LocalEngine

WORD = Piece.parse(
    '// piece: word\n// names: word\n(function (host) { return { word: () => host.call("word", 1) }; })\n'
)


@implementer(IPlugin)
class Plugin:
    """A plugin that builds what it is told."""

    summary, section, settings, requires = "For tests.", None, None, ()

    def __init__(self, name: str, build: Any) -> None:
        self.name = name
        self._build = build

    def build(self, settings: Any, services: Any) -> Any:
        return self._build(services)


@implementer(IScriptGlobals)
class Word:
    """A name for scripts."""

    def __init__(self, *operations: str) -> None:
        self._operations = operations

    def pieces(self) -> Any:
        return [WORD]

    def typings(self) -> str:
        return "declare function word(): Promise<string>;"

    def operations(self) -> Any:
        async def perform(call: Any, argument: Any) -> str:
            return f"{call.script} {argument}"

        return dict.fromkeys(self._operations, perform)

    def registrations(self) -> Any:
        return {}


@implementer(IEngineService)
class Recorder:
    """A service that says what happens to it."""

    def __init__(self, name: str, events: list[str], problem: Exception | None = None) -> None:
        self.name, self.events, self.problem = name, events, problem

    async def start(self) -> None:
        self.events.append(f"start {self.name}")
        if self.problem is not None:
            raise self.problem

    async def stop(self) -> None:
        self.events.append(f"stop {self.name}")
        if self.name == "second":
            raise ZeroDivisionError


def plan(**builds: Any) -> Plan:
    """Give a plan of plugins by name."""
    return Plan(tuple(Offer(Plugin(name, build), "tests") for name, build in builds.items()), ())


def configuration(*settings: str) -> Any:
    base = ("repository.database_url=memory:", "javascript.workers=1", "javascript.spare_sandboxes=0")
    return load(ConfigurationSources(settings=(*base, *settings), variables={}))


def make(of: Plan, *settings: str) -> Engine:
    return Engine.from_configuration(Clock(), configuration(*settings), of)


class BuildTests(SynchronousTestCase):
    def test_providers_in_order(self) -> None:
        events: list[str] = []
        seen: list[int] = []

        def second(services: Any) -> Any:
            seen.append(len(services.providers(IEngineService)))
            return Recorder("b", events)

        engine = make(plan(a=lambda services: Recorder("a", events), none=lambda services: None, b=second))
        self.assertEqual(seen, [1])
        self.assertEqual([one.name for one in engine.services.providers(IEngineService)], ["a", "b"])
        self.assertEqual(engine.services.providers(IFeature), [])
        verifyObject(IServices, engine.services)

    def test_plugin_that_fails(self) -> None:
        error = self.assertRaises(PluginUnusable, make, plan(bad=lambda services: 1 / 0))
        self.assertEqual((error.name, error.origin), ("bad", "tests"))
        self.assertIn("ZeroDivisionError", error.reason)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_plugin_that_refuses(self) -> None:
        def refuse(services: Any) -> Any:
            raise PluginUnusable("bad", "here", "no licence")

        error = self.assertRaises(PluginUnusable, make, plan(bad=refuse))
        self.assertEqual(error.reason, "no licence")

    def names(self, *settings: str) -> list[str]:
        names = ("routing", "script_logging", "word", "filesystem")
        engine = make(plan(**{name: lambda services: Word() for name in names}), *settings)
        return [name for name, _ in engine._globals]

    def test_allowed_apis(self) -> None:
        self.assertEqual(self.names(), ["routing", "script_logging", "word"])
        self.assertEqual(
            self.names('javascript.allowed_apis=["word"]'), ["routing", "script_logging", "word"]
        )
        self.assertEqual(self.names('javascript.allowed_apis=["eval"]'), ["routing", "script_logging"])
        self.assertIn("filesystem", self.names('javascript.allowed_apis=["filesystem"]'))

    def test_unknown_apis(self) -> None:
        error = self.assertRaises(ConfigurationInvalid, self.names, 'javascript.allowed_apis=["wrod", "zzz"]')
        self.assertEqual([problem.value for problem in error.problems], ["wrod", "zzz"])
        self.assertIn("'word'", str(error))

    def test_core_piece(self) -> None:
        self.assertEqual(core_piece().name, "request-shape")


class StartTests(TestCase):
    """On trial's reactor, with real sandboxes."""

    def engine(self, of: Plan) -> Engine:
        engine = Engine.from_configuration(reactor, configuration(), of)
        self.addCleanup(lambda: Deferred.fromCoroutine(engine.stop()))
        return engine

    async def test_services_start_and_stop_in_order(self) -> None:
        events: list[str] = []
        names = ("first", "second", "third")
        engine = self.engine(plan(**{n: lambda services, n=n: Recorder(n, events) for n in names}))
        await engine.start()
        await engine.stop()
        self.assertEqual(events, [*(f"start {n}" for n in names), *(f"stop {n}" for n in reversed(names))])
        # One that fails to stop keeps no other from stopping.
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_service_that_does_not_start(self) -> None:
        events: list[str] = []
        engine = self.engine(
            plan(
                a=lambda services: Recorder("a", events),
                b=lambda services: Recorder("b", events, RuntimeError("no")),
                c=lambda services: Recorder("c", events),
            )
        )
        await self.assertFailure(Deferred.fromCoroutine(engine.start()), RuntimeError)
        await engine.stop()
        self.assertEqual(events, ["start a", "start b", "stop b", "stop a"])

    async def test_operation_taken_twice(self) -> None:
        engine = self.engine(plan(a=lambda services: Word("word"), b=lambda services: Word("word")))
        error = await self.assertFailure(Deferred.fromCoroutine(engine.start()), PluginUnusable)
        self.assertEqual(error.name, "b")
        self.assertIn("'word'", error.reason)

    async def test_sandboxes_forget_old_versions(self) -> None:
        local = await LocalEngine.start(reactor, scripts={"a.js": 'register("/a", () => "1");'})
        self.addCleanup(lambda: Deferred.fromCoroutine(local.stop()))
        engine, scripts = local.server.engine, local.services.scripts
        for number in range(2, 5):
            await scripts.put("a.js", f'register("/a", () => "{number}");')
            answer = await deferToThread(Client(local.url).get, "/a")
            self.assertEqual(answer.text, str(number))
        self.assertEqual(list(engine._programs), ["a.js"])
        await scripts.delete("a.js")
        self.assertEqual(engine._programs, {})


class HealthTests(SynchronousTestCase):
    def check(self, provider: Any) -> Any:
        verifyObject(IHealthCheck, provider)
        return self.successResultOf(Deferred.fromCoroutine(provider.check()))

    def test_req_deploy_005_sandboxes(self) -> None:
        for have, status in ((2, "healthy"), (3, "healthy"), (1, "degraded"), (0, "unhealthy")):
            figures = {"sandboxes": have, "wanted": 2, "running": 0, "requests": 0, "queued": 5, "other": 1}
            result = self.check(SandboxHealth(SimpleNamespace(status=lambda f=figures: f)))
            self.assertEqual((result["status"], result["queued"], "other" in result), (status, 5, False))


class ServicesTests(SynchronousTestCase):
    def test_providers(self) -> None:
        services = Services(*[None] * 6)  # type: ignore[arg-type]
        service = Recorder("a", [])
        services.add(service)
        services.add(object())
        self.assertEqual(services.providers(IEngineService), [service])
