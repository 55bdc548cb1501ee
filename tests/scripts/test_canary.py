"""Tests for aiwebengine.scripts.canary: versions on trial in the registry."""

import json
from types import SimpleNamespace

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.repository import RepositoryUnavailable
from aiwebengine.repository.model import LogQuery
from aiwebengine.scripts.canary import HOLDER_PREFIX
from aiwebengine.scripts.model import MAX_URI_LENGTH, ScriptChange, validate_uri
from tests.scripts.fakes import RegistryHelper


class CanaryTestCase(SynchronousTestCase):
    """A script with a canary."""

    def setUp(self):
        self.helper = self.make()

    def make(self, repository=None, enabled=True):
        """Make a registry, as another engine would on the same repository."""
        helper = RegistryHelper(self, repository=repository, start=False)
        helper.told = []
        helper.registry.canaries.on_change(
            lambda update: helper.told.append((update.canary.version, update.state))
        )
        if enabled:
            helper.registry.canaries.enable()
        helper.wait(helper.registry.start())
        return helper

    def begin(self, source="GET /x two", percent=100, uri="a", **keywords):
        canaries = self.helper.registry.canaries
        return self.helper.wait(canaries.begin(uri, source, percent, **keywords))

    def served(self, path="/x", helper=None, method=b"GET"):
        """Give the version that answers."""
        found = (helper or self.helper).registry.match(method, path)
        if found is None or not hasattr(found, "route"):
            return None
        request = SimpleNamespace(method=method, raw_path=path, request_id="r", client_ip="c")
        fork = found.route.fork
        return (found if fork is None else fork.choose(request, found)).route.program.version

    def holders(self, helper=None):
        stored = (helper or self.helper).wait((helper or self.helper).repository.scripts())
        return [script.uri for script in stored if script.uri.startswith(HOLDER_PREFIX)]


class LifeTests(CanaryTestCase):
    """REQ-JS-007: begin, change, promote, abort."""

    def setUp(self):
        super().setUp()
        self.helper.put("a", "GET /x one")

    def test_both_are_live(self):
        """With a canary the version before goes on serving, and stays the current one."""
        canary = self.begin(percent=100, author="ann", message="why")
        self.assertEqual((canary.version, canary.base, canary.percent), (2, 1, 100))
        self.assertEqual((canary.author, canary.message), ("ann", "why"))
        self.assertEqual(self.served(), 2)
        record = self.helper.registry.record("a")
        self.assertEqual((record.script.version, record.status), (1, "live"))
        self.assertEqual([one.uri for one in self.helper.registry.records()], ["a"])
        self.assertEqual(len(self.helper.wait(self.helper.repository.versions("a"))), 1)
        self.begin(percent=1e-12)
        self.assertEqual(self.served(), 1)
        self.assertEqual(self.helper.told, [(2, "started"), (2, "superseded"), (2, "started")])
        self.assertEqual([one.uri for one in self.helper.registry.canaries.all()], ["a"])

    def test_promote(self):
        """A promoted canary is the newest version, without loading again."""
        self.begin(author="ann", message="why")
        loads = len(self.helper.pool.loads)
        updates = []
        self.helper.registry.on_change(lambda update: updates.append((update.uri, update.action)))
        record = self.helper.wait(self.helper.registry.canaries.promote("a"))
        self.assertEqual((record.script.version, record.script.source), (2, "GET /x two"))
        self.assertEqual((record.script.author, record.script.message), ("ann", "why"))
        self.assertEqual(len(self.helper.pool.loads), loads)
        self.assertEqual((self.served(), self.holders()), (2, []))
        self.assertEqual(updates, [("a", "updated")])
        self.assertEqual(self.helper.told[-1], (2, "promoted"))
        self.assertIsNone(self.helper.registry.canaries.get("a"))

    def test_promote_removes_routes(self):
        """Routes the canary lacks go with the promotion."""
        self.helper.put("a", "GET /x\nGET /old")
        self.begin("GET /x")
        self.assertEqual(self.served("/old"), 2)
        self.helper.wait(self.helper.registry.canaries.promote("a"))
        self.assertIsNone(self.served("/old"))

    def test_abort(self):
        """An aborted canary is gone at once."""
        self.begin("GET /x\nGET /new")
        self.assertEqual(self.served("/new"), 2)
        self.helper.wait(self.helper.registry.canaries.end("a", reason="no"))
        self.assertEqual((self.served(), self.served("/new"), self.holders()), (1, None, []))
        self.assertEqual(self.helper.told, [(2, "started"), (2, "aborted")])
        for action in (
            self.helper.registry.canaries.end("a"),
            self.helper.registry.canaries.promote("a"),
            self.helper.registry.canaries.change("a", 5),
        ):
            self.assertEqual(self.helper.fails(action, HTTPProblem).status, 404)

    def test_percent(self):
        """The share can be changed while it runs."""
        self.begin(percent=1e-12)
        self.helper.wait(self.helper.registry.canaries.change("a", 100))
        self.assertEqual(self.served(), 2)
        self.assertEqual(self.helper.told, [(2, "started"), (2, "percent")])
        for wrong in (0, -1, 100.5, float("nan")):
            problem = self.helper.fails(self.helper.registry.canaries.change("a", wrong), HTTPProblem)
            self.assertEqual(problem.status, 400)

    def test_superseded(self):
        """Storing another version, or deleting the script, ends the canary."""
        for change in (
            lambda: self.helper.put("a", "GET /x"),
            lambda: self.helper.wait(self.helper.registry.rollback("a", 1)),
            lambda: self.helper.wait(self.helper.registry.batch([ScriptChange("a", "GET /x")])),
            lambda: self.helper.wait(self.helper.registry.delete("a")),
        ):
            canary = self.begin()
            change()
            self.assertIsNone(self.helper.registry.canaries.get("a"))
            self.assertEqual(self.helper.told[-1], (canary.version, "superseded"))
            self.assertEqual(self.holders(), [])
        self.assertIsNone(self.served())

    def test_sticky(self):
        """Whether the choice is the client's can change while one runs."""
        self.begin(percent=50)
        for sticky in (True, False):
            self.helper.registry.canaries.enable(sticky=sticky)
            route = self.helper.registry.match(b"GET", "/x").route
            self.assertEqual(route.fork.sticky, sticky)

    def test_listeners(self):
        """A listener that fails harms nobody; one that cancelled is not called."""
        canaries = self.helper.registry.canaries
        canaries.on_change(lambda update: 1 / 0)
        heard = []
        cancel = canaries.on_change(heard.append)
        self.begin()
        cancel()
        cancel()
        self.helper.wait(canaries.end("a"))
        self.assertEqual(len(heard), 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)


class RefusedTests(CanaryTestCase):
    """In all these cases nothing changes."""

    def setUp(self):
        super().setUp()
        self.helper.put("a", "GET /x one")

    def refuse(self, error, source="GET /x two", percent=10, uri="a", **keywords):
        canaries = self.helper.registry.canaries
        problem = self.helper.fails(canaries.begin(uri, source, percent, **keywords), error)
        self.assertEqual((self.served(), self.holders(), self.helper.told), (1, [], []))
        return problem

    def test_like_put(self):
        """Stale, broken and conflicting versions are refused as by put."""
        self.helper.put("b", "GET /b")
        self.assertEqual(self.refuse(VersionConflict, expected_version=7).current, 1)
        self.assertEqual(self.refuse(ScriptInvalid, "GET /x\nthrow boom").line, 2)
        conflict = self.refuse(RouteConflict, "GET /b")
        self.assertEqual((conflict.uri, conflict.owner), ("a", "b"))
        self.refuse(ScriptInvalid, "GET /engine/x")
        self.refuse(HTTPProblem, percent=0)

    def test_nothing_to_compare(self):
        """Without a live version there is no canary."""
        self.assertEqual(self.refuse(HTTPProblem, uri="new").code, "CANARY_CONFLICT")
        self.helper.registry.note_failure("file", ScriptInvalid("file", "boom"))
        self.assertEqual(self.refuse(HTTPProblem, uri="file").status, 409)

    def test_reserved(self):
        """No script can have the URI under which a canary is kept."""
        for change in (ScriptChange(HOLDER_PREFIX + "a", "GET /y"), ScriptChange(HOLDER_PREFIX + "a", None)):
            error = self.helper.fails(self.helper.registry.batch([change]), ScriptInvalid)
            self.assertEqual(error.code, "BAD_URI")
        longest = "a" * (MAX_URI_LENGTH - len(HOLDER_PREFIX))
        self.assertEqual(validate_uri(HOLDER_PREFIX + longest), HOLDER_PREFIX + longest)
        self.helper.put(longest, "")
        self.begin("", uri=longest)
        self.helper.wait(self.helper.registry.canaries.end(longest))
        self.helper.told.clear()
        self.assertIn("too long", self.refuse(HTTPProblem, uri=longest + "a").message)

    def test_pool_breaks(self):
        """An unexpected error comes out as it is."""
        self.refuse(RuntimeError, "oops broken")

    def test_disabled(self):
        """Without the plugin there are none."""
        self.helper = self.make(enabled=False)
        self.helper.put("a", "GET /x")
        self.assertIn("switched off", self.refuse(HTTPProblem).message)

    def test_others_must_not_take_its_routes(self):
        """A route that only a canary has is taken: the newcomer is refused, naming it."""
        self.begin("GET /x\nGET /new")
        conflict = self.helper.fails(self.helper.registry.put("b", "GET /new"), RouteConflict)
        self.assertEqual((conflict.uri, conflict.owner), ("b", "a"))
        self.helper.put("c", "GET /c")
        conflict = self.helper.fails(self.helper.registry.canaries.begin("c", "GET /new", 5), RouteConflict)
        self.assertEqual((conflict.uri, conflict.owner), ("c", "a"))
        self.helper.put("a", "GET /x\nGET /new")
        self.assertEqual(self.served("/new"), 2)

    def test_two_scripts(self):
        """Canaries of several scripts do not know of each other."""
        self.helper.put("b", "GET /b one")
        self.begin()
        self.begin("GET /b two", 1e-12, "b")
        self.assertEqual((self.served(), self.served("/b")), (2, 1))
        self.helper.wait(self.helper.registry.canaries.end("a"))
        self.assertEqual((self.served(), self.served("/b")), (1, 1))
        self.assertEqual(self.holders(), [HOLDER_PREFIX + "b"])


class LastingTests(CanaryTestCase):
    """REQ-DATA-004: what survives, and what other engines see."""

    def setUp(self):
        super().setUp()
        self.helper.put("a", "GET /x one")

    def test_restart(self):
        """After a restart a canary goes on with its share."""
        first = self.begin(percent=100, author="ann", message="why")
        again = self.make(self.helper.repository)
        canary = again.registry.canaries.get("a")
        self.assertEqual(
            [getattr(canary, name) for name in ("version", "base", "percent", "author", "message")],
            [2, 1, 100, "ann", "why"],
        )
        self.assertEqual((canary.started_at, canary.source), (first.started_at, "GET /x two"))
        self.assertEqual((self.served(helper=again), again.told), (2, [(2, "started")]))
        self.assertEqual([one.uri for one in again.registry.records()], ["a"])
        again.wait(again.registry.canaries.promote("a"))
        self.assertEqual(again.registry.record("a").script.version, 2)

    def test_restart_without_the_plugin(self):
        """Without the plugin a stored canary is ignored, and no script."""
        self.begin()
        again = self.make(self.helper.repository, enabled=False)
        self.assertEqual((self.served(helper=again), len(again.registry.records())), (1, 1))
        self.assertEqual(len(self.holders()), 1)

    def test_stale(self):
        """A stored canary of an older version than the current one is forgotten."""
        self.begin()
        other = self.make(self.helper.repository, enabled=False)
        other.put("a", "GET /x three")
        self.helper.wait(self.helper.registry.refresh())
        self.assertEqual((self.served(), self.holders(), self.helper.told[-1]), (2, [], (2, "superseded")))

    def test_other_engine(self):
        """Another engine takes over what it reads: a canary, another share, its end."""
        other = self.make(self.helper.repository)
        self.begin(percent=1e-12)
        other.wait(other.registry.refresh())
        self.assertEqual(self.served(helper=other), 1)
        self.helper.wait(self.helper.registry.canaries.change("a", 100))
        loads = len(other.pool.loads)
        other.wait(other.registry.refresh())
        self.assertEqual(self.served(helper=other), 2)
        other.wait(other.registry.refresh())
        self.assertEqual(len(other.pool.loads), loads + 1)
        self.helper.wait(self.helper.registry.canaries.end("a"))
        other.wait(other.registry.refresh())
        self.assertEqual((self.served(helper=other), other.told[-1]), (1, (2, "ended")))

    def test_begun_while_read(self):
        """A canary that begins here while scripts are read goes on."""
        canaries = self.helper.registry.canaries
        begun = self.helper.refresh_during(lambda: self.helper.begin(canaries.begin("a", "GET /x two", 100)))
        self.successResultOf(begun)
        self.assertEqual((self.served(), self.holders()), (2, [HOLDER_PREFIX + "a"]))

    def test_ended_while_read(self):
        """A canary that was taken back here while scripts are read does not come back."""
        self.begin()
        canaries = self.helper.registry.canaries
        ended = self.helper.refresh_during(lambda: self.helper.begin(canaries.end("a")))
        self.successResultOf(ended)
        self.assertEqual((self.served(), self.holders(), canaries.all()), (1, [], []))

    def test_next_one_while_read(self):
        """The canary after the one that was read is not deleted in its place."""
        self.begin()
        canaries = self.helper.registry.canaries

        async def go_on():
            await canaries.promote("a")
            await canaries.begin("a", "GET /x three", 100)

        self.successResultOf(self.helper.refresh_during(lambda: self.helper.begin(go_on())))
        self.assertEqual((self.served(), self.holders()), (3, [HOLDER_PREFIX + "a"]))

    def test_unreadable(self):
        """What cannot be read or does not load is said and left alone."""
        kept = json.dumps({"base": 1, "percent": 5})
        for source, message in (("GET /x", "not json"), ("throw x", kept), ("oops y", kept)):
            change = ScriptChange(HOLDER_PREFIX + "a", source, "", message)
            self.helper.wait(self.helper.repository.save([change]))
            again = self.make(self.helper.repository)
            self.assertEqual((self.served(helper=again), again.told), (1, []))

    def test_conflict_found_later(self):
        """A canary whose routes another engine gave away ends here."""
        self.begin("GET /x\nGET /new")
        other = self.make(self.helper.repository, enabled=False)
        other.put("b", "GET /new")
        self.helper.wait(self.helper.registry.refresh())
        self.assertEqual(self.helper.registry.match(b"GET", "/new").route.uri, "b")
        self.assertEqual((self.served(), self.helper.told[-1], self.holders()), (1, (2, "ended"), []))

    def test_rolled_back_while_changing(self):
        """A canary taken back while its share is stored does not come back."""
        self.begin(percent=5)
        save, gate = self.helper.repository.save, Deferred()

        async def slow(changes):
            self.helper.repository.save = save
            saved = await save(changes)
            await gate
            return saved

        self.helper.repository.save = slow
        changing = self.helper.begin(self.helper.registry.canaries.change("a", 50))
        ending = self.helper.begin(self.helper.registry.canaries.end("a", state="rolled_back"))
        self.assertEqual(self.helper.told[-1], (2, "rolled_back"))
        gate.callback(None)
        self.assertEqual(self.failureResultOf(changing, HTTPProblem).value.status, 404)
        self.successResultOf(ending)
        self.assertEqual((self.holders(), self.served()), ([], 1))

    def test_begun_while_ending(self):
        """The end of one canary does not delete the next."""
        self.begin()
        gate = self.helper.pool.gates["a"] = Deferred()
        beginning = self.helper.begin(self.helper.registry.canaries.begin("a", "GET /x three", 100))
        ending = self.helper.begin(self.helper.registry.canaries.end("a"))
        gate.callback(None)
        self.assertEqual(self.successResultOf(beginning).source, "GET /x three")
        self.successResultOf(ending)
        self.assertEqual(self.holders(), [HOLDER_PREFIX + "a"])

    def test_repository_fails(self):
        """What cannot be deleted is out of service all the same; the end can be made known later."""
        self.begin()

        def fail(operation):
            raise RepositoryUnavailable("memory:", "on purpose")

        canaries, repository = self.helper.registry.canaries, self.helper.repository
        repository.fault = fail
        note = lambda canary: self.helper.script_log.entry("info", f"{canary.version} ended")  # noqa: E731
        self.helper.fails(canaries.end("a", note=note), RepositoryUnavailable)
        self.assertEqual(self.served(), 1)
        repository.fault = lambda operation: None
        self.helper.wait(self.helper.registry.refresh())
        self.assertEqual((self.served(), self.holders()), (1, [HOLDER_PREFIX + "a"]))
        self.helper.wait(canaries.end("a", note=note))
        self.assertEqual((self.served(), self.holders()), (1, []))
        logged = self.helper.wait(repository.logs.query(LogQuery()))
        self.assertEqual([one.message for one in logged], ["2 ended"])
        self.assertEqual(self.helper.fails(canaries.end("a"), HTTPProblem).status, 404)

    def test_version_numbers(self):
        """The promoted version is refused when the current one is not the one compared with."""
        self.begin()
        other = self.make(self.helper.repository, enabled=False)
        other.put("a", "GET /x three")
        self.helper.fails(self.helper.registry.canaries.promote("a"), VersionConflict)
        # Having learnt that it is behind, the registry reads what the other stored.
        self.assertEqual(self.helper.registry.record("a").script.source, "GET /x three")
        self.assertRaises(ScriptNotFound, self.helper.registry.record, HOLDER_PREFIX + "a")
