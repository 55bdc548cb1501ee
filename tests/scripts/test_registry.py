"""Tests for aiwebengine.scripts.registry, .examine and .turns."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.interfaces import ISandboxPool, IScriptGlobals, IScriptRegistry
from aiwebengine.repository import RepositoryUnavailable
from aiwebengine.repository.memory import MemoryRepository
from aiwebengine.scripts.model import ScriptChange
from aiwebengine.scripts.turns import Turns, shielded
from tests.scripts.fakes import RegistryHelper


@implementer(IScriptGlobals)
class Topics:
    """Globals whose registrations ``topic`` are checked."""

    def __init__(self):
        self.seen = []

    def pieces(self):
        return ()

    def typings(self):
        return ""

    def operations(self):
        return {}

    def registrations(self):
        return {"topic": self.check}

    def check(self, uri, registrations):
        self.seen.append((uri, [one.key for one in registrations]))
        for one in registrations:
            if one.key == "bad":
                raise ScriptInvalid(uri, "topic bad is not allowed")
            if one.key == "taken":
                raise RouteConflict("TOPIC", "taken", uri, "other.js")


class FailingRepository(MemoryRepository):
    """A repository whose next save fails or waits."""

    failure = None
    gate = None

    async def save(self, changes):
        if self.gate is not None:
            await self.gate
        if self.failure is not None:
            raise self.failure
        return await super().save(changes)


class PutTests(SynchronousTestCase):
    """One script at a time."""

    def setUp(self):
        self.helper = RegistryHelper(self)
        self.registry = self.helper.registry
        self.put = self.helper.put
        self.answers = self.helper.answers

    def refused(self, uri, source, error, **keywords):
        return self.helper.fails(self.registry.put(uri, source, **keywords), error)

    def stored(self, uri):
        return self.helper.wait(self.helper.repository.script(uri))

    def test_provides(self):
        """Registry and fake pool provide their interfaces."""
        verifyObject(IScriptRegistry, self.registry)
        verifyObject(ISandboxPool, self.helper.pool)
        verifyObject(IScriptGlobals, Topics())

    def test_req_js_007_created(self):
        """A new script is stored and answers at once; its record says so."""
        record = self.put("a.js", "GET /x/:id show", author="ann", message="m")
        self.assertEqual(self.answers("GET", "/x/1"), ("a.js", 1, {"id": "1"}))
        self.assertEqual((record.status, record.script.version, record.error), ("live", 1, None))
        self.assertIs(self.registry.record("a.js"), record)
        self.assertEqual((self.stored("a.js").author, self.stored("a.js").message), ("ann", "m"))
        route = self.registry.match(b"GET", "/x/1").route
        self.assertEqual(
            (route.handler, route.key, route.program.source), ("show", "GET /x/:id", "GET /x/:id show")
        )

    def test_req_dev_002_updated(self):
        """An update swaps all routes at once; who already holds a match keeps the old program."""
        self.put("a.js", "GET /x\nGET /old")
        held = self.registry.match(b"GET", "/x")
        self.put("a.js", "GET /x\nGET /new")
        self.assertEqual(self.answers("GET", "/x"), ("a.js", 2, {}))
        self.assertEqual(self.answers("GET", "/new"), ("a.js", 2, {}))
        self.assertIsNone(self.answers("GET", "/old"))
        self.assertEqual(held.route.program.version, 1)

    def test_failed_load_keeps_the_old_version(self):
        """A script that does not load changes nothing but its status; the next good one clears it."""
        self.put("a.js", "GET /x")
        error = self.refused("a.js", "GET /y\nthrow boom", ScriptInvalid)
        self.assertEqual((error.message, error.line, error.column), ("boom", 2, 1))
        self.assertEqual(self.answers("GET", "/x"), ("a.js", 1, {}))
        self.assertIsNone(self.answers("GET", "/y"))
        self.assertEqual(self.stored("a.js").version, 1)
        record = self.registry.record("a.js")
        self.assertEqual((record.status, record.error, record.script.version), ("failed", error, 1))
        self.assertEqual(self.helper.logged(), [("error", "a.js", "boom\nat a.js:2")])
        self.assertEqual(self.put("a.js", "GET /x").status, "live")

    def test_failed_new_script(self):
        """A new script that does not load leaves nothing but a log entry."""
        self.refused("a.js", "throw boom", ScriptInvalid)
        self.assertRaises(ScriptNotFound, self.registry.record, "a.js")
        self.helper.fails(self.helper.repository.script("a.js"), ScriptNotFound)
        self.assertEqual(len(self.helper.logged(script="a.js")), 1)

    def test_route_conflict(self):
        """The later script is refused with both names, stored or not."""
        self.put("a.js", "GET /x/:id")
        error = self.refused("b.js", "GET /mine\nGET /x/:other", RouteConflict)
        self.assertEqual((error.uri, error.owner, error.path), ("b.js", "a.js", "/x/:other"))
        self.assertIsNone(self.answers("GET", "/mine"))
        self.put("b.js", "GET /mine")
        self.refused("b.js", "GET /x/:other", RouteConflict)
        record = self.registry.record("b.js")
        self.assertEqual(record.error.code, "ROUTE_CONFLICT")
        self.assertIn("already registered by a.js", record.error.message)
        self.assertEqual(self.answers("GET", "/mine"), ("b.js", 1, {}))

    def test_req_js_005_size(self):
        """A source over the limit is refused first, naming the limit, its value, the use and the key."""
        helper = RegistryHelper(self, max_script_bytes=10)
        helper.put("a", "12345678ü")
        error = helper.fails(helper.registry.put("bad uri", "123456789ü"), HTTPProblem)
        self.assertEqual((error.status, error.code), (413, "PAYLOAD_TOO_LARGE"))
        self.assertEqual((error.details["value"], error.details["used"]), (10, 11))
        self.assertEqual(error.details["config_key"], "javascript.max_script_bytes")
        self.assertEqual(len(helper.pool.loads), 1)

    def test_bad_uri(self):
        """A URI that is not allowed never reaches a sandbox."""
        error = self.refused("a b", "GET /x", ScriptInvalid)
        self.assertEqual(error.code, "BAD_URI")
        self.assertEqual(self.helper.pool.loads, [])

    def test_dangerous_patterns(self):
        """Lint remarks are logged, refuse the script, or are not made at all."""
        self.put("a", "\neval")
        self.assertEqual(self.helper.logged(), [("warn", "a", "DANGEROUS_EVAL: eval is dangerous")])
        strict = RegistryHelper(self, dangerous_patterns="reject")
        error = strict.fails(strict.registry.put("a", "\neval"), ScriptInvalid)
        self.assertEqual((error.line, error.message), (2, "DANGEROUS_EVAL: eval is dangerous"))
        self.assertEqual(strict.pool.loads, [])
        loose = RegistryHelper(self, dangerous_patterns="off")
        loose.put("a", "eval")
        self.assertEqual(loose.logged(), [])
        RegistryHelper(self, lint=None).put("a", "eval")

    def test_malformed_route(self):
        """A malformed or reserved path refuses the script."""
        self.assertIn("must start with", self.refused("a", "GET x", ScriptInvalid).message)
        self.assertIn("reserved", self.refused("a", "GET /engine/x", ScriptInvalid).message)
        helper = RegistryHelper(self, reserved=["mine"])
        self.assertIn("/mine", helper.fails(helper.registry.put("a", "GET /mine"), ScriptInvalid).message)

    def test_too_many_routes(self):
        """A script has a limited number of routes."""
        helper = RegistryHelper(self, max_routes=2)
        helper.put("a", "GET /1\nGET /2")
        error = helper.fails(helper.registry.put("a", "GET /1\nGET /2\nGET /3"), ScriptInvalid)
        self.assertEqual(error.message, "registers 3 routes; the limit is 2")

    def test_plugins_are_asked(self):
        """A plugin sees its kind of registrations, none too, and may refuse."""
        topics = Topics()
        helper = RegistryHelper(self, globals_=[topics])
        helper.put("a", "GET /x\n+topic one\n+other two")
        helper.put("b", "GET /y")
        self.assertEqual(topics.seen, [("a", ["one"]), ("b", [])])
        helper.fails(helper.registry.put("a", "GET /z\n+topic bad"), ScriptInvalid)
        helper.fails(helper.registry.put("a", "GET /z\n+topic taken"), RouteConflict)
        self.assertEqual(helper.answers("GET", "/x"), ("a", 1, {}))
        self.assertIsNone(helper.answers("GET", "/z"))
        self.assertEqual(helper.registry.record("a").live.registrations[1].key, "one")

    def test_expected_version(self):
        """A stale expectation is refused before anything is loaded."""
        self.put("a", "GET /x", expected_version=0)
        error = self.refused("a", "GET /y", VersionConflict, expected_version=0)
        self.assertEqual((error.expected, error.current), (0, 1))
        self.assertEqual(len(self.helper.pool.loads), 1)
        self.put("a", "GET /y", expected_version=1)

    def test_storing_fails(self):
        """When the repository cannot store, the old version goes on serving."""
        helper = RegistryHelper(self, repository=FailingRepository())
        helper.put("a", "GET /x")
        helper.repository.failure = OSError("disk full")
        helper.fails(helper.registry.put("a", "GET /y"), OSError)
        helper.fails(helper.registry.delete("a"), OSError)
        self.assertEqual(helper.answers("GET", "/x"), ("a", 1, {}))
        helper.repository.failure = None
        helper.put("a", "GET /y")

    def test_req_data_004_needed_while_away(self):
        """A script whose ``init`` needs the repository while that is away is not refused as wrong."""
        away = "throw ServiceUnavailableError: storage.get: the repository is not available"
        error = self.helper.fails(self.helper.registry.put("a", away), RepositoryUnavailable)
        self.assertIn("ServiceUnavailableError", error.reason)
        self.assertEqual(self.helper.registry.records(), [])

    def test_pool_fails(self):
        """When no sandbox is to be had the caller hears it and nothing changes."""
        self.put("a", "GET /x")
        self.refused("a", "oops", RuntimeError)
        self.assertEqual(self.registry.record("a").status, "live")

    def test_deleted(self):
        """A deleted script answers no more; its number goes on when it comes back."""
        self.put("a", "GET /x")
        self.helper.wait(self.registry.delete("a"))
        self.assertIsNone(self.answers("GET", "/x"))
        self.assertRaises(ScriptNotFound, self.registry.record, "a")
        self.helper.fails(self.registry.delete("a"), ScriptNotFound)
        self.put("a", "GET /x")
        self.assertEqual(self.answers("GET", "/x"), ("a", 2, {}))

    def test_delete_expected(self):
        """Deleting honours an expected version."""
        self.put("a", "GET /x")
        self.helper.fails(self.registry.delete("a", expected_version=7), VersionConflict)
        self.helper.wait(self.registry.delete("a", expected_version=1))

    def test_rollback(self):
        """Rolling back makes an old source the newest version."""
        self.put("a", "GET /one")
        self.put("a", "GET /two")
        record = self.helper.wait(self.registry.rollback("a", 1, author="ann"))
        self.assertEqual((record.script.version, record.script.message), (3, "rollback to version 1"))
        self.assertEqual((record.script.author, record.script.source), ("ann", "GET /one"))
        self.assertEqual(self.answers("GET", "/one"), ("a", 3, {}))
        self.helper.fails(self.registry.rollback("a", 9), ScriptNotFound)
        self.helper.fails(self.registry.rollback("b", 1), ScriptNotFound)

    def test_lists(self):
        """Records and routes come by URI."""
        self.put("b", "GET /b\nPOST /b")
        self.put("a", "GET /a")
        self.assertEqual([one.uri for one in self.registry.records()], ["a", "b"])
        self.assertEqual(
            [(one.uri, one.method, one.path) for one in self.registry.routes()],
            [("a", "GET", "/a"), ("b", "GET", "/b"), ("b", "POST", "/b")],
        )

    def test_listeners(self):
        """Listeners hear each change after the swap; one that fails hurts nobody."""
        heard = []
        self.registry.on_change(lambda update: 1 / 0)
        stop = self.registry.on_change(
            lambda update: heard.append((update.action, update.uri, self.answers("GET", "/x")))
        )
        self.put("a", "GET /x")
        self.put("a", "GET /x")
        self.refused("a", "throw x", ScriptInvalid)
        self.helper.wait(self.registry.delete("a"))
        stop()
        stop()
        self.put("a", "GET /x")
        self.assertEqual(
            heard, [("inserted", "a", ("a", 1, {})), ("updated", "a", ("a", 2, {})), ("removed", "a", None)]
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 4)

    def test_noted_failure(self):
        """A file that never loaded is shown as failed until it loads or is forgotten."""
        self.registry.note_failure("a", ScriptInvalid("a", "boom"))
        self.assertEqual(self.registry.record("a").status, "failed")
        self.helper.fails(self.registry.delete("a"), ScriptNotFound)
        self.put("a", "GET /x", expected_version=0)
        self.registry.note_failure("a", ScriptInvalid("a", "boom"))
        self.assertEqual(self.registry.record("a").status, "live")
        self.registry.note_failure("b", ScriptInvalid("b", "boom"))
        self.registry.note_failure("b", None)
        self.assertEqual([one.uri for one in self.registry.records()], ["a"])


class CheckTests(SynchronousTestCase):
    """Checking without storing."""

    def setUp(self):
        self.helper = RegistryHelper(self, globals_=[Topics()])

    def check(self, source, uri="a"):
        return self.helper.wait(self.helper.registry.check(uri, source))

    def test_good(self):
        """The routes are given; nothing is stored or live."""
        report = self.check("GET /x\nPOST /y/:z")
        self.assertTrue(report.ok)
        self.assertEqual(
            report.routes, ({"method": "GET", "path": "/x"}, {"method": "POST", "path": "/y/:z"})
        )
        self.assertIsNone(self.helper.answers("GET", "/x"))
        self.assertEqual(list(self.helper.registry.records()), [])

    def codes(self, report):
        self.assertFalse(report.ok)
        return [(one.severity, one.code, one.line) for one in report.diagnostics]

    def test_bad(self):
        """Whatever is wrong is a diagnostic, once."""
        self.helper.put("other", "GET /taken")
        self.assertEqual(self.codes(self.check("\nthrow x")), [("error", "SCRIPT_INVALID", 2)])
        self.assertEqual(self.codes(self.check("GET /taken")), [("error", "ROUTE_CONFLICT", None)])
        self.assertEqual(self.codes(self.check("GET /engine")), [("error", "SCRIPT_INVALID", None)])
        self.assertEqual(self.codes(self.check("+topic bad")), [("error", "SCRIPT_INVALID", None)])
        self.assertEqual(self.codes(self.check("", uri="a b")), [("error", "BAD_URI", None)])
        self.assertEqual(
            self.codes(self.check("eval\nthrow x")),
            [("warning", "DANGEROUS_EVAL", 1), ("error", "SCRIPT_INVALID", 2)],
        )

    def test_rejected_pattern_is_said_once(self):
        """A remark that refuses the script is not repeated as its error."""
        helper = RegistryHelper(self, dangerous_patterns="reject")
        report = helper.wait(helper.registry.check("a", "eval"))
        self.assertEqual(self.codes(report), [("error", "DANGEROUS_EVAL", 1)])

    def test_warning_is_ok(self):
        """A warning does not make a check fail."""
        report = self.check("eval")
        self.assertTrue(report.ok)
        self.assertEqual([one.code for one in report.diagnostics], ["DANGEROUS_EVAL"])


class BatchTests(SynchronousTestCase):
    """Several scripts at once."""

    def setUp(self):
        self.helper = RegistryHelper(self)
        self.registry = self.helper.registry

    def test_together(self):
        """A route may move from one script to another within a batch."""
        self.helper.put("a", "GET /x")
        self.helper.put("b", "GET /y")
        self.helper.put("gone", "GET /g")
        outcome = self.helper.wait(
            self.registry.batch(
                [ScriptChange("a", "GET /y"), ScriptChange("gone", None), ScriptChange("b", "GET /x")]
            )
        )
        self.assertEqual([one and one.script.version for one in outcome], [2, None, 2])
        self.assertEqual(self.helper.answers("GET", "/x"), ("b", 2, {}))
        self.assertIsNone(self.helper.answers("GET", "/g"))

    def test_all_or_nothing(self):
        """One that fails stops all."""
        self.helper.put("a", "GET /x")
        for bad, error in (
            (ScriptChange("b", "throw x"), ScriptInvalid),
            (ScriptChange("b", "GET /new"), RouteConflict),
            (ScriptChange("b", None), ScriptNotFound),
            (ScriptChange("b", "", expected_version=3), VersionConflict),
        ):
            self.helper.fails(self.registry.batch([ScriptChange("a", "GET /new"), bad]), error)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))
        self.assertEqual(len(self.registry.records()), 1)

    def test_twice(self):
        """One script cannot occur twice."""
        changes = [ScriptChange("a", ""), ScriptChange("a", None)]
        self.helper.fails(self.registry.batch(changes), ValueError)


class TurnTests(SynchronousTestCase):
    """Changes at the same time."""

    def setUp(self):
        self.helper = RegistryHelper(self, repository=FailingRepository())
        self.registry = self.helper.registry

    def begin(self, uri, source, **keywords):
        return Deferred.fromCoroutine(self.registry.put(uri, source, **keywords))

    def test_same_script_in_order(self):
        """Two puts of one script take turns; another script does not wait."""
        gate = self.helper.pool.gates["a"] = Deferred()
        first, second = self.begin("a", "GET /1"), self.begin("a", "GET /2")
        other = self.begin("b", "GET /b")
        self.assertEqual(self.successResultOf(other).script.version, 1)
        self.assertEqual(len(self.helper.pool.loads), 2)
        gate.callback(None)
        self.assertEqual(self.successResultOf(first).script.version, 1)
        self.assertEqual(self.successResultOf(second).script.version, 2)
        self.assertEqual(self.helper.answers("GET", "/2"), ("a", 2, {}))

    def test_same_expectation(self):
        """Of two puts that expect the same version one wins."""
        gate = self.helper.pool.gates["a"] = Deferred()
        first, second = (self.begin("a", text, expected_version=0) for text in ("GET /1", "GET /2"))
        gate.callback(None)
        self.successResultOf(first)
        self.failureResultOf(second, VersionConflict)

    def test_race_for_a_route(self):
        """Of two scripts that claim a route at the same time one wins."""
        self.helper.repository.gate = Deferred()
        first, second = self.begin("a", "GET /x"), self.begin("b", "GET /x")
        self.helper.repository.gate.callback(None)
        self.successResultOf(first)
        self.assertEqual(self.failureResultOf(second, RouteConflict).value.owner, "a")

    def test_not_live_before_stored(self):
        """A script answers only once it is stored."""
        self.helper.repository.gate = Deferred()
        put = self.begin("a", "GET /x")
        self.assertIsNone(self.helper.answers("GET", "/x"))
        self.helper.repository.gate.callback(None)
        self.successResultOf(put)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))

    def test_cancelled_while_storing(self):
        """A client that goes away does not leave a stored script that is not live."""
        self.helper.repository.gate = Deferred()
        put = self.begin("a", "GET /x")
        put.cancel()
        self.failureResultOf(put, CancelledError)
        self.helper.repository.gate.callback(None)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))

    def test_work_without_audience_fails(self):
        """An unexpected error of work that nobody waits for is logged, an expected one is not."""
        for error, logged in ((OSError("x"), 1), (ScriptNotFound("a"), 0)):
            gate = Deferred()

            async def work(gate=gate):
                await gate

            waiting = shielded(work())
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
            gate.errback(error)
            self.assertEqual(len(self.flushLoggedErrors(OSError)), logged)

    def test_bounded_loading(self):
        """No more scripts load at once than allowed."""
        for number in range(10):
            self.helper.pool.gates[f"s{number}"] = Deferred()
        puts = [self.begin(f"s{number}", f"GET /{number}") for number in range(10)]
        self.assertEqual(self.helper.pool.most_running, 4)
        for number in range(10):
            self.helper.pool.gates[f"s{number}"].callback(None)
        for put in puts:
            self.successResultOf(put)
        self.assertEqual(self.helper.pool.most_running, 4)

    def test_turns_leave_nothing(self):
        """Locks exist only while somebody needs them; one who stops waiting is forgotten."""
        turns = Turns()
        gate = Deferred()

        async def hold(keys, until):
            async with turns.of(keys):
                await until

        first = Deferred.fromCoroutine(hold(["a", "b"], gate))
        second = Deferred.fromCoroutine(hold(["b", "a", "a"], Deferred()))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        gate.callback(None)
        self.successResultOf(first)
        self.assertEqual(turns._locks, {})


class StartTests(SynchronousTestCase):
    """Loading what is stored."""

    def setUp(self):
        self.repository = MemoryRepository(self.now)
        self.time = 0.0

    def now(self):
        self.time += 1
        return self.time

    def store(self, uri, source):
        self.successResultOf(Deferred.fromCoroutine(self.repository.save([ScriptChange(uri, source)])))

    def test_refresh_while_away(self):
        """News that cannot be read are no failure: they are told again when the repository is back."""
        helper = RegistryHelper(self)

        def fail(operation):
            raise RepositoryUnavailable("memory:", "on purpose")

        helper.repository.fault = fail
        helper.registry.refresh_soon()
        helper.repository.fault = lambda operation: None
        helper.wait(helper.repository.save([ScriptChange("a", "GET /x")]))
        helper.registry.refresh_soon()
        self.assertEqual(helper.answers("GET", "/x"), ("a", 1, {}))

    def test_req_data_004_restart(self):
        """Every stored script is live again, loaded as at a start, without a new version."""
        self.store("a", "GET /old")
        self.store("a", "GET /a")
        self.store("b", "GET /b")
        helper = RegistryHelper(self, repository=self.repository)
        self.assertEqual(helper.answers("GET", "/a"), ("a", 2, {}))
        self.assertEqual(helper.answers("GET", "/b"), ("b", 1, {}))
        self.assertEqual(sorted(helper.pool.loads), [("a", 2, True), ("b", 1, True)])

    def test_one_fails(self):
        """A script that does not load is shown as failed and does not stop the others."""
        self.store("a", "throw boom")
        self.store("b", "oops broken pool")
        self.store("c", "GET /c")
        helper = RegistryHelper(self, repository=self.repository)
        self.assertEqual(helper.answers("GET", "/c"), ("c", 1, {}))
        self.assertEqual([one.status for one in helper.registry.records()], ["failed", "failed", "live"])
        self.assertEqual(helper.registry.record("a").error.line, 1)
        self.assertEqual(helper.registry.record("b").error.message, "broken pool")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        helper.put("a", "GET /a")
        self.assertEqual(helper.registry.record("a").status, "live")

    def test_conflict_at_start(self):
        """Of two stored scripts with one route the older one has it."""
        self.store("z", "GET /x")
        self.store("a", "GET /x")
        helper = RegistryHelper(self, repository=self.repository)
        self.assertEqual(helper.answers("GET", "/x"), ("z", 1, {}))
        self.assertEqual(helper.registry.record("a").error.code, "ROUTE_CONFLICT")

    def test_warnings_at_start(self):
        """Lint remarks are logged at a start too."""
        self.store("a", "eval")
        helper = RegistryHelper(self, repository=self.repository)
        self.assertEqual([one[0] for one in helper.logged()], ["warn"])

    def test_refresh(self):
        """What another front stored, changed or deleted is taken over; what stayed is not loaded again."""
        one = RegistryHelper(self, repository=self.repository)
        two = RegistryHelper(self, repository=self.repository)
        one.put("a", "GET /a")
        one.put("b", "GET /b")
        two.wait(two.registry.refresh())
        self.assertEqual(two.answers("GET", "/a"), ("a", 1, {}))
        one.put("a", "GET /a2")
        one.wait(one.registry.delete("b"))
        heard = []
        two.registry.on_change(lambda update: heard.append((update.action, update.uri)))
        two.wait(two.registry.refresh())
        self.assertEqual(heard, [("removed", "b"), ("updated", "a")])
        self.assertEqual(two.answers("GET", "/a2"), ("a", 2, {}))
        self.assertIsNone(two.answers("GET", "/b"))
        loads = len(two.pool.loads)
        two.wait(two.registry.refresh())
        self.assertEqual(len(two.pool.loads), loads)

    def test_req_data_004_changed_while_read(self):
        """What this front stores and deletes while another's changes are read stays as it was made here."""
        helper = RegistryHelper(self, repository=self.repository)
        helper.put("old", "GET /old")
        helper.put("both", "GET /both")
        registry = helper.registry

        def changes():
            return [
                helper.begin(work)
                for work in (
                    registry.put("new", "GET /new"),
                    registry.delete("old"),
                    registry.put("both", "GET /both2"),
                )
            ]

        for done in helper.refresh_during(changes):
            self.successResultOf(done)
        self.assertEqual(helper.answers("GET", "/new"), ("new", 1, {}))
        self.assertEqual(helper.answers("GET", "/both2"), ("both", 2, {}))
        self.assertIsNone(helper.answers("GET", "/old"))

    def test_refresh_keeps_serving(self):
        """A version of another front that does not load here leaves the old one serving."""
        helper = RegistryHelper(self, repository=self.repository)
        helper.put("a", "GET /a")
        self.store("a", "throw x")
        helper.wait(helper.registry.refresh())
        self.assertEqual(helper.answers("GET", "/a"), ("a", 1, {}))
        record = helper.registry.record("a")
        self.assertEqual((record.status, record.script.version), ("failed", 2))

    def test_version_taken_meanwhile(self):
        """When another front stored a version in between, the program has the number that was stored."""
        helper = RegistryHelper(self, repository=self.repository)
        helper.put("a", "GET /a")
        self.store("a", "GET /theirs")
        self.assertEqual(helper.put("a", "GET /mine").script.version, 3)
        self.assertEqual(helper.answers("GET", "/mine"), ("a", 3, {}))
        self.assertEqual(helper.registry.record("a").live.program.version, 3)
