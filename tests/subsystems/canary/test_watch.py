"""Tests for aiwebengine.subsystems.canary: counting, judging, taking back."""

from types import SimpleNamespace

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IEngineService, IPlugin, IRequestObserver
from aiwebengine.plugins.aiwebengine_canary import canary as plugin
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.subsystems.canary.settings import CanarySettings
from aiwebengine.subsystems.canary.tally import Counts, Tally
from aiwebengine.subsystems.canary.watch import CanaryWatch
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services


class Reloadable(Configuration):
    """A configuration that can be reloaded."""

    def on_reload(self, apply):
        self.apply = apply


class TallyTests(SynchronousTestCase):
    """Totals and rates."""

    def test_rates(self):
        """Rates are those of the window, totals of all."""
        tally = Tally()
        self.assertEqual(self.rates(tally, 0), (0, 0.0, 0.0))
        for second, mine, error in (
            (0, True, True),
            (0, False, True),
            (30, True, False),
            (30, True, True),
            (59, False, False),
        ):
            tally.count(second, 60, canary=mine, error=error)
        self.assertEqual(self.rates(tally, 59), (3, 66.667, 50.0))
        self.assertEqual(self.rates(tally, 60), (2, 50.0, 0.0))
        self.assertEqual(self.rates(tally, 89), (2, 50.0, 0.0))
        self.assertEqual(self.rates(tally, 90), (0, 0.0, 0.0))
        self.assertEqual(tally.total, Counts(3, 2, 2, 1))

    def test_long_window(self):
        """What is asked for with each request is not summed up anew, however long the window is."""
        tally = Tally()
        for second in range(300):
            tally.count(second, 200, canary=second % 2 == 0, error=second % 3 == 0)
        self.assertEqual(tally.recent(299, 200), Counts(100, 33, 100, 33))
        self.assertIs(tally.recent(299, 200), tally.recent(299, 200))
        self.assertEqual(tally.recent(299, 1), Counts(0, 0, 1, 0))
        self.assertEqual(tally.recent(600, 200), Counts())

    def rates(self, tally, second):
        counts = tally.recent(second, 60)
        return counts.requests, counts.error_rate, counts.baseline_error_rate


class WatchTests(SynchronousTestCase):
    """REQ-JS-007: a canary that fails more often is taken back by itself."""

    def setUp(self):
        self.clock = Clock()
        self.helper = RegistryHelper(self)
        self.configuration = Reloadable()
        services = Services(self.helper, self.clock, self.configuration)
        self.watch = plugin.build(CanarySettings(min_requests=10, threshold_percent=20.0), services)
        self.canaries = self.helper.registry.canaries
        self.helper.put("a", "GET /x one")
        self.helper.wait(self.canaries.begin("a", "GET /x two", 10))

    def finish(self, version, status=200, times=1, script="a", error_code="", started=None):
        """Have requests end."""
        for _ in range(times):
            record = SimpleNamespace(
                script=script,
                version=version,
                status=status,
                error_code=error_code,
                started=self.clock.seconds() if started is None else started,
            )
            self.watch.finished(SimpleNamespace(record=record))

    def figures(self):
        return tuple(self.watch.canary_figures("a").values())

    def logged(self, kind):
        entries = self.helper.script_log.query(kind=kind)["entries"]
        return [(one["level"], one["message"]) for one in entries]

    def test_provides(self):
        """Plugin and watch are what they say."""
        verifyObject(IPlugin, plugin)
        verifyObject(IRequestObserver, self.watch)
        verifyObject(IEngineService, self.watch)
        self.helper.wait(self.watch.start())
        self.helper.wait(self.watch.stop())

    def test_counted(self):
        """What ends is counted for the version that answered; errors are 5xx and 408."""
        self.finish(1, times=8)
        self.finish(1, 500)
        self.finish(2, times=2)
        self.finish(2, 404)
        self.finish(2, 408)
        self.assertEqual(self.figures(), (4, 1, 25.0, 9, 11.111))
        self.finish(2, 503, error_code="SERVICE_UNAVAILABLE")
        self.finish(3, 500)
        self.finish(2, 500, script="b")
        self.finish(2, 500, started=-1)
        self.assertEqual(self.figures(), (4, 1, 25.0, 9, 11.111))
        self.assertEqual(self.watch.canary_figures("b"), {})

    def test_taken_back(self):
        """With enough requests and too many errors it is out of service at once, logged and audited."""
        self.finish(1, times=100)
        self.finish(2, times=6)
        self.finish(2, 500, times=3)
        self.assertIsNotNone(self.canaries.get("a"))
        self.finish(2, 500)
        self.assertIsNone(self.canaries.get("a"))
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))
        self.assertEqual(len(self.helper.wait(self.helper.repository.scripts())), 1)
        self.assertEqual(self.helper.pool.forgotten, [2])
        (started, ended) = self.logged("canary")
        self.assertEqual(started, ("info", "canary version 2: started, 10 % of requests"))
        self.assertEqual(ended[0], "error")
        self.assertIn("40 % of 10 requests failed within 60 s, 0 % of the others", ended[1])
        ((_, audit),) = self.logged("audit")
        self.assertIn('action="canary rollback" uri=a version=2 previous=1 sha256=', audit)
        self.assertIn("actor=engine", audit)
        self.finish(2, 500, times=20)
        self.assertEqual(self.watch.canary_figures("a"), {})

    def test_judged_by_a_success_too(self):
        """The tenth request decides, whatever it is."""
        self.finish(2, 500, times=9)
        self.finish(2)
        self.assertIsNone(self.canaries.get("a"))

    def test_no_worse_than_before(self):
        """It stays while the version before fails about as often."""
        self.finish(1, 500, times=30)
        self.finish(1, times=70)
        self.finish(2, 500, times=5)
        self.finish(2, times=5)
        self.assertIsNotNone(self.canaries.get("a"))
        self.finish(2, 500)
        self.assertIsNone(self.canaries.get("a"))

    def test_window(self):
        """Errors of long ago do not count."""
        for _ in range(5):
            self.finish(2, 500, times=5)
            self.clock.advance(60)
        self.assertIsNotNone(self.canaries.get("a"))
        self.assertEqual(self.figures(), (25, 25, 0.0, 0, 0.0))

    def test_new_settings(self):
        """A reload's settings count at once."""
        new = {"canary": CanarySettings(min_requests=2, sticky=True)}
        self.configuration.apply(None, SimpleNamespace(section=new.__getitem__))
        self.assertTrue(self.helper.registry.match(b"GET", "/x").route.fork.sticky)
        self.finish(2, 500, times=2)
        self.assertIsNone(self.canaries.get("a"))

    def test_another_share(self):
        """Another share is logged and keeps what was counted."""
        self.finish(2)
        self.helper.wait(self.canaries.change("a", 50))
        self.assertEqual(self.figures()[0], 1)
        self.assertEqual(self.logged("canary")[-1][1], "canary version 2: percent, 50 % of requests")

    def test_replaced(self):
        """A canary put over another begins anew; the old program is forgotten, late ends not counted."""
        self.finish(2, 500, times=5)
        self.clock.advance(1)
        self.helper.wait(self.canaries.begin("a", "GET /x three", 10))
        self.finish(2, 500, started=0.0)
        self.assertEqual(self.figures(), (0, 0, 0.0, 0, 0.0))
        self.assertEqual(self.helper.pool.forgotten, [2])

    def test_promoted(self):
        """A promoted canary is watched no longer and its program goes on."""
        self.helper.wait(self.canaries.promote("a"))
        self.assertEqual((self.watch.canary_figures("a"), self.helper.pool.forgotten), ({}, []))

    def test_repository_fails(self):
        """When it cannot be deleted it is out of service all the same."""

        async def fail(*arguments, **keywords):
            raise OSError("disk")

        self.canaries.end, end = fail, self.canaries.end
        self.finish(2, 500, times=10)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.canaries.end = end
        self.helper.wait(self.canaries.end("a"))

    def test_stopped_while_trying(self):
        """What fails after the stop is not tried again."""
        waiting = Deferred()

        async def save(*arguments):
            await waiting

        self.patch(self.helper.repository, "save", save)
        self.finish(2, 500, times=10)
        self.helper.wait(self.watch.stop())
        waiting.errback(RepositoryUnavailable("postgresql://x", "gone"))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SharedTests(SynchronousTestCase):
    """Engines on one repository judge a canary by what all of them counted."""

    def setUp(self):
        self.clock = Clock()
        self.repository = MemoryRepository(self.clock.seconds)
        self.repository.shared = True
        self.engines = [self.engine(name) for name in (b"one", b"two")]
        first = self.engines[0]
        first.helper.put("a", "GET /x one")
        first.helper.wait(first.canaries.begin("a", "GET /x two", 10))
        self.engines[1].helper.wait(self.engines[1].helper.registry.refresh())

    def engine(self, name):
        helper = RegistryHelper(self, repository=self.repository)
        settings = CanarySettings(min_requests=10, threshold_percent=20.0)
        watch = CanaryWatch(Services(helper, self.clock), settings, lambda count: name)
        helper.wait(watch.start())
        self.addCleanup(lambda: helper.wait(watch.stop()))
        return SimpleNamespace(helper=helper, watch=watch, canaries=helper.registry.canaries)

    def finish(self, engine, version, status=200, times=1):
        for _ in range(times):
            record = SimpleNamespace(
                script="a", version=version, status=status, error_code="", started=self.clock.seconds()
            )
            engine.watch.finished(SimpleNamespace(record=record))

    def figures(self, engine):
        return tuple(engine.watch.canary_figures("a").values())

    def test_figures_are_of_all_engines(self):
        """Within a second each shows what all counted; what an engine that is gone told is forgotten."""
        one, two = self.engines
        self.finish(one, 2, times=3)
        self.finish(two, 2, 500)
        self.finish(two, 1, times=4)
        self.assertEqual(self.figures(one), (3, 0, 0.0, 0, 0.0))
        self.clock.pump([1, 1])
        for engine in self.engines:
            self.assertEqual(self.figures(engine), (4, 1, 25.0, 4, 0.0))
        two.helper.wait(two.watch.stop())
        self.clock.pump([1] * 11)
        self.assertEqual(self.figures(one), (3, 0, 0.0, 0, 0.0))

    def test_req_js_007_taken_back_by_the_sum(self):
        """No engine has seen enough by itself; together they have, and it ends on both."""
        one, two = self.engines
        for engine in self.engines:
            self.finish(engine, 1, times=20)
            self.finish(engine, 2, 500, times=6)
            self.assertIsNotNone(engine.canaries.get("a"))
        self.clock.pump([1, 1])
        self.assertIsNone(one.canaries.get("a"))
        self.assertIn(
            "100 % of 12 requests", one.helper.script_log.query(kind="canary")["entries"][-1]["message"]
        )
        two.helper.wait(two.helper.registry.refresh())
        self.assertIsNone(two.canaries.get("a"))

    def test_without_the_repository(self):
        """Each judges by its own figures, and hears of the others again later."""
        one, two = self.engines
        self.finish(two, 2, times=2)
        self.clock.pump([1, 1])
        self.assertEqual(self.figures(one)[0], 2)
        away = self.patch(self.repository.key_values, "set", self.refuse)
        self.clock.advance(1)
        self.assertEqual(self.figures(one)[0], 0)
        away.restore()
        self.clock.pump([1, 1])
        self.assertEqual(self.figures(one)[0], 2)

    async def refuse(self, *arguments):
        raise RepositoryUnavailable("postgresql://x", "gone")

    def test_others_words(self):
        """What was told of another canary, or in another form, counts for nothing."""
        (one, _) = self.engines
        for key, told in (
            ("x", {"canary": [7, 6, 5], "total": [1] * 4, "recent": [1] * 4}),
            ("y", 5),
            ("z", {}),
            ("u", self.told(total=["1"] * 4)),
            ("v", self.told(recent=[None] * 4)),
            ("w", self.told(recent=[1] * 5)),
        ):
            one.helper.wait(self.repository.key_values.set("~canary/a", key, told))
        self.clock.advance(1)
        self.assertEqual(self.figures(one), (0, 0, 0.0, 0, 0.0))
        one.helper.wait(self.repository.key_values.set("~canary/a", "t", self.told()))
        self.clock.advance(1)
        self.assertEqual(self.figures(one), (1, 1, 100.0, 1, 100.0))

    def told(self, total=(1, 1, 1, 1), recent=(1, 1, 1, 1)):
        """Give what another engine might tell of the canary."""
        canary = self.engines[0].canaries.get("a")
        identity = [canary.version, canary.base, canary.started_at]
        return {"canary": identity, "total": list(total), "recent": list(recent)}

    def test_goes_on(self):
        """An error nobody has foreseen does not end the exchange."""
        one, two = self.engines
        self.finish(two, 2, times=2)
        broken = self.patch(self.repository.key_values, "list", self.break_)
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)
        self.assertEqual(self.figures(one)[0], 0)
        broken.restore()
        self.clock.pump([1, 1])
        self.assertEqual(self.figures(one)[0], 2)

    async def break_(self, *arguments, **keywords):
        raise OSError("broken")
