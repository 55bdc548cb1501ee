"""Tests for aiwebengine.scripts.kept_loads: a start that loads only what it must."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import ScriptInvalid
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.repository.namespaces import LOADS_NAMESPACE
from aiwebengine.scripts.kept_loads import KeptLoads
from aiwebengine.scripts.model import ScriptChange, validate_uri
from tests.scripts.fakes import RegistryHelper
from tests.scripts.test_registry import Topics


class KeptLoadsTests(SynchronousTestCase):
    """Engines one after the other, or side by side, on one repository."""

    def setUp(self):
        self.clock = Clock()
        self.repository = MemoryRepository()
        self.kept = []
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def engine(self, fingerprint="one", **options):
        """Start an engine."""

        def kept(pool):
            self.kept.append(
                KeptLoads(self.repository.key_values, pool.make_program, lambda: fingerprint, self.clock)
            )
            return self.kept[-1]

        return RegistryHelper(self, repository=self.repository, kept=kept, **options)

    def settle(self):
        """Have everything written."""
        self.clock.advance(10)

    def loaded(self, helper):
        return [uri for uri, _, _ in helper.pool.loads]

    def warnings(self):
        return [event["log_format"] for event in self.events if event["log_level"].name == "warn"]

    def shelves(self):
        return self.successResultOf(
            Deferred.fromCoroutine(self.repository.key_values.list(LOADS_NAMESPACE, limit=300))
        )

    def spoil(self, change):
        """Change each stored value."""
        for one in self.shelves():
            store = self.repository.key_values
            value = change(one.value)
            self.successResultOf(Deferred.fromCoroutine(store.set(LOADS_NAMESPACE, one.key, value)))

    def put_some(self):
        first = self.engine()
        first.put("a.js", 'GET /a top\neval\n+topic t {"n": [1, 2.5, null, "ü"]}')
        first.put("b.js", "GET /b/:id")
        first.put("c.js", "GET /c\ninit")
        self.settle()
        return first

    def test_a_start_loads_what_it_must(self):
        """Only a script whose load does more than register is loaded; all answer as they did."""
        first = self.put_some()
        updates = []
        again = self.engine(start=False)
        again.registry.on_change(
            lambda update: updates.append((update.uri, update.action, update.live.program.uri))
        )
        topics = Topics()
        again.wait(again.registry.start(globals_=[topics]))
        self.assertEqual(again.pool.loads, [("c.js", 1, True)])
        for path in ("/a", "/b/7", "/c"):
            self.assertEqual(again.answers("GET", path), first.answers("GET", path))
        self.assertEqual(sorted(updates), [(u, "inserted", u) for u in ("a.js", "b.js", "c.js")])
        self.assertEqual(dict(topics.seen)["a.js"], ["t"])
        self.assertIn(("warn", "a.js", "DANGEROUS_EVAL: eval is dangerous"), again.logged())
        for uri in ("a.js", "b.js", "c.js"):
            old, new = first.registry.record(uri), again.registry.record(uri)
            self.assertEqual(new.script, old.script)
            self.assertEqual(new.status, "live")
            self.assertEqual(new.live.registrations, old.live.registrations)
            for name in ("uri", "version", "source", "names", "pieces", "error_handler"):
                self.assertEqual(getattr(new.live.program, name), getattr(old.live.program, name))
        told = [event for event in self.events if event["log_format"].startswith("{count} scripts")]
        self.assertEqual([(e["count"], e["loaded"], e["known"]) for e in told], [(3, 1, 2)])

    def test_another_text_is_loaded(self):
        """What was kept of another text is not used, even where a shelf is behind the scripts."""
        self.put_some()
        change = ScriptChange("a.js", "GET /new")
        self.successResultOf(Deferred.fromCoroutine(self.repository.save([change])))
        again = self.engine()
        self.assertEqual(sorted(self.loaded(again)), ["a.js", "c.js"])
        self.assertEqual(again.answers("GET", "/new"), ("a.js", 2, {}))
        self.assertIsNone(again.answers("GET", "/a"))
        self.settle()
        self.assertEqual(self.loaded(self.engine()), ["c.js"])

    def test_the_same_text_under_another_name_is_loaded(self):
        """A script may know its name."""
        self.put_some()
        change = ScriptChange("copy.js", "GET /b/:id/copy")
        self.successResultOf(Deferred.fromCoroutine(self.repository.save([change])))
        self.assertIn("copy.js", self.loaded(self.engine()))

    def test_another_fingerprint(self):
        """An engine on which a load may give something else loads everything, and keeps that."""
        self.put_some()
        other = self.engine("two")
        self.assertEqual(sorted(self.loaded(other)), ["a.js", "b.js", "c.js"])
        self.settle()
        self.assertEqual(self.loaded(self.engine("two")), ["c.js"])

    def test_damage(self):
        """Whatever is stored, nothing of it is used that is not as it was written; a start goes on."""
        self.put_some()
        good = {one.key: one.value for one in self.shelves()}

        def signed(text):
            from hashlib import sha256

            return {"sha256": sha256(text.encode()).hexdigest(), "text": text}

        for change in (
            lambda value: None,
            lambda value: "text",
            lambda value: {"text": value["text"]},
            lambda value: value | {"sha256": "0" * 64},
            lambda value: value | {"text": value["text"].replace("GET", "PUT")},
            lambda value: value | {"text": value["text"][:-5]},
            lambda value: signed("{"),
            lambda value: signed('{"fingerprint":"one","loads":{"a.js":[],"b.js":[1,2,3,4,5,6]}}'),
            lambda value: signed(value["text"].replace('"path":"/', '"path":"')),
        ):
            self.events.clear()
            self.spoil(
                lambda value, change=change: change(good[next(iter(good))] if value is None else value)
            )
            again = self.engine()
            self.assertEqual(sorted(self.loaded(again)), ["a.js", "b.js", "c.js"])
            self.assertEqual(again.answers("GET", "/a"), ("a.js", 1, {}))
            self.assertTrue(self.warnings())
            # And it is mended.
            self.settle()
            self.assertEqual(self.loaded(self.engine()), ["c.js"])

    def test_the_store_fails(self):
        """A repository that does not give or take what is kept costs loading, and no more."""
        self.put_some()

        def fault(operation):
            if operation.startswith("key_values."):
                raise RuntimeError("away")

        self.repository.fault = fault
        again = self.engine()
        self.assertEqual(sorted(self.loaded(again)), ["a.js", "b.js", "c.js"])
        again.put("d.js", "GET /d")
        self.settle()
        self.assertIn("what loading scripts gave is not kept ({shelf}): {error}", self.warnings())

    def test_conflicts(self):
        """The later of two scripts with one route is refused, known or not."""
        first = self.put_some()
        save = [ScriptChange("late.js", "GET /late"), ScriptChange("z.js", "GET /z")]
        self.successResultOf(Deferred.fromCoroutine(self.repository.save(save)))
        self.engine()
        self.settle()
        # Stored by an engine that did not know of the other's route.
        text = "GET /b/:other"
        self.successResultOf(Deferred.fromCoroutine(self.repository.save([ScriptChange("z.js", text)])))
        for loads in (["z.js", "c.js"], ["c.js"]):
            again = self.engine()
            self.assertEqual(sorted(self.loaded(again)), sorted(loads))
            self.assertEqual(again.registry.record("z.js").error.code, "ROUTE_CONFLICT")
            self.assertEqual(again.answers("GET", "/b/1"), ("b.js", 1, {"id": "1"}))
            self.settle()
        self.assertEqual(first.answers("GET", "/late"), None)

    def test_plugins_are_asked(self):
        """A plugin refuses what it did not refuse when that was loaded."""
        first = self.engine()
        first.put("a.js", "+topic bad\nGET /a")
        self.settle()
        again = self.engine(globals_=[Topics()])
        self.assertEqual(self.loaded(again), [])
        record = again.registry.record("a.js")
        self.assertEqual((record.status, record.error.message), ("failed", "topic bad is not allowed"))
        self.assertIsNone(again.answers("GET", "/a"))

    def test_failing_scripts_are_loaded_again(self):
        """What does not load is never known."""
        save = [ScriptChange("bad.js", "throw no"), ScriptChange("oops.js", "oops no")]
        self.successResultOf(Deferred.fromCoroutine(self.repository.save(save)))
        for _ in range(2):
            self.assertEqual(sorted(self.loaded(self.engine())), ["bad.js", "oops.js"])
            self.settle()
        self.flushLoggedErrors(RuntimeError)

    def test_other_engines_deployments(self):
        """What another engine has loaded and kept is taken over without loading."""
        one, two = self.engine(), self.engine()
        one.put("a.js", "GET /a")
        self.settle()
        two.wait(two.registry.refresh())
        self.assertEqual(self.loaded(two), [])
        self.assertEqual(two.answers("GET", "/a"), ("a.js", 1, {}))

    def test_deployments_are_always_loaded(self):
        """A text that is put is loaded even where its load is known."""
        self.put_some()
        again = self.engine()
        again.pool.loads.clear()
        again.put("b.js", "GET /b/:id")
        self.assertEqual(self.loaded(again), ["b.js"])

    def test_deleted(self):
        """What is kept of a script goes with it."""
        first = self.put_some()
        first.wait(first.registry.delete("a.js"))
        self.settle()
        self.assertFalse([one for one in self.shelves() if "a.js" in one.value["text"]])
        self.assertTrue([one for one in self.shelves() if "b.js" in one.value["text"]])

    def test_what_json_cannot_hold(self):
        """What would be read otherwise than it was written is not kept at all."""
        first = self.engine()
        first.put("big.js", '+topic big {"n": NaN}')
        self.settle()
        self.assertEqual(self.loaded(self.engine()), ["big.js"])

    def test_stop(self):
        """Stopping writes what waits; nothing is kept afterwards."""
        first = self.engine()
        first.put("a.js", "GET /a")
        self.assertEqual(self.shelves(), [])
        first.wait(self.kept[0].stop())
        self.assertEqual(len(self.shelves()), 1)
        first.put("b.js", "GET /b")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_waits_for_a_write(self):
        """A write that has begun is waited for, and what was added meanwhile is written too."""
        gate = Deferred()
        store, write = self.repository.key_values, self.repository.key_values.set

        async def slow(*arguments):
            await gate
            await write(*arguments)

        first = self.engine()
        self.patch(store, "set", slow)
        first.put("a.js", "GET /a")
        self.settle()
        first.put("b.js", "GET /b")
        stopped = Deferred.fromCoroutine(self.kept[0].stop())
        self.assertNoResult(stopped)
        gate.callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.loaded(self.engine()), [])

    def test_namespace(self):
        """No script can be meant by the namespace."""
        self.assertRaises(ScriptInvalid, validate_uri, LOADS_NAMESPACE)


class ProgressTests(SynchronousTestCase):
    """A long start says how far it is."""

    def test_progress(self):
        """Every two seconds."""
        events = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        repository = MemoryRepository()
        changes = [ScriptChange(f"s{n}.js", f"GET /s{n}") for n in range(6)]
        self.successResultOf(Deferred.fromCoroutine(repository.save(changes)))
        helper = RegistryHelper(self, repository=repository, start=False)
        load = helper.pool.load

        async def slow(*arguments, **options):
            helper.time += 1
            return await load(*arguments, **options)

        helper.pool.load = slow
        helper.wait(helper.registry.start())
        told = [(e["done"], e["count"]) for e in events if e["log_format"].startswith("loaded {done}")]
        self.assertEqual(told, [(2, 6), (4, 6), (6, 6)])
