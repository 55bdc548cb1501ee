"""Tests for aiwebengine.subsystems.management."""

import json
import re
from types import SimpleNamespace
from urllib.parse import quote

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from aiwebengine.errors import HTTPProblem, ScriptInvalid
from aiwebengine.interfaces import IEngineService, IFeature, IPlugin, IRequestGate, IScriptGlobals
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.subsystems.management import insight_endpoints, script_endpoints
from aiwebengine.subsystems.management.settings import ManagementSettings
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper, events

KEY = "k" * 30


@implementer(IScriptGlobals)
class Globals:
    """Globals with typings only."""

    def __init__(self, text):
        self.text = text

    def pieces(self):
        return ()

    def typings(self):
        return self.text

    def operations(self):
        return {}

    def registrations(self):
        return {}


@implementer(IRequestGate)
class Journal:
    """A gate that remembers requests."""

    order = 0

    def before(self, exchange):
        return None

    def after(self, exchange, status, headers):
        return None

    def recent(self, limit):
        return [{"path": f"/{number}"} for number in range(200)][:limit]


class APITestCase(SynchronousTestCase):
    """The management API around a registry."""

    def setUp(self):
        self.clock = Clock()
        self.helper = RegistryHelper(self, max_script_bytes=1000)
        self.configuration = Configuration("production", security={"api_key": KEY})
        self.configuration.sections["management"] = ManagementSettings(eval=True)
        self.services = Services(self.helper, self.clock, self.configuration)
        self.feature = management.build(None, self.services)
        self.web = FeatureHelper(self, self.feature, self.clock, KEY)
        self.ask = self.web.ask

    def put(self, uri, source, **headers):
        return self.ask("PUT", "/engine/scripts/" + quote(uri, safe=""), source, **headers)


class ScriptTests(APITestCase):
    """REQ-JS-007: scripts over HTTP."""

    def test_provides(self):
        """Plugin and feature are what they say."""
        verifyObject(IPlugin, management)
        verifyObject(IFeature, self.feature)
        verifyObject(IEngineService, self.feature)

    def test_req_js_007_life(self):
        """A script is made, listed, read, changed and deleted, with the shapes of the contract."""
        created = self.put("a.js", "GET /x/:id\nPOST /y")
        record = {
            "uri": "a.js",
            "size": 18,
            "version": 1,
            "updated_at": "2023-11-14T22:13:20.000Z",
            "status": "live",
            "error": None,
            "routes": [{"method": "GET", "path": "/x/:id"}, {"method": "POST", "path": "/y"}],
        }
        self.assertEqual((created.status, created.json), (201, record))
        self.assertEqual(created.headers["etag"], '"1"')
        self.assertEqual(self.ask("GET", "/engine/scripts").json, {"scripts": [record]})
        read = self.ask("GET", "/engine/scripts/a.js")
        self.assertEqual((read.status, read.text), (200, "GET /x/:id\nPOST /y"))
        self.assertTrue(read.headers["content-type"].startswith("application/javascript"))
        self.assertEqual(read.headers["etag"], '"1"')
        as_json = self.ask("GET", "/engine/scripts/a.js", Accept="application/json")
        self.assertEqual(as_json.json, record | {"source": "GET /x/:id\nPOST /y"})
        changed = self.put("a.js", "GET /z")
        self.assertEqual((changed.status, changed.json["version"]), (200, 2))
        gone = self.ask("DELETE", "/engine/scripts/a.js")
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assertEqual(self.ask("GET", "/engine/scripts").json, {"scripts": []})
        for method in ("GET", "DELETE"):
            self.assertEqual(self.ask(method, "/engine/scripts/a.js").code, (404, "NOT_FOUND"))

    def test_uris(self):
        """A URI is one encoded segment or, where nothing follows, raw; both are the same script."""
        for uri in (
            "https://example.com/a/b",
            "dir/x.js",
            "~me@home:1",
            "versions",
            "a/versions",
            "x/rollback",
        ):
            self.assertEqual(self.put(uri, "").status, 201)
            path = "/engine/scripts/" + quote(uri, safe="")
            self.assertEqual(self.ask("GET", path).status, 200)
            self.assertEqual(len(self.ask("GET", path + "/versions").json["versions"]), 1)
            self.assertEqual(self.ask("POST", path + "/rollback", {"version": 1}).json["uri"], uri)
        self.assertEqual(self.ask("GET", "/engine/scripts/dir/x.js").status, 200)
        self.assertEqual(self.ask("GET", "/engine/scripts/https://example.com/a/b").status, 200)
        self.assertEqual(self.ask("PUT", "/engine/scripts/dir/y.js", "").json["uri"], "dir/y.js")

    def test_addresses_are_no_uris(self):
        """What belongs to a script is not taken for another script: other methods are 405."""
        self.put("a.js", "")
        for name, allowed in (
            ("versions", "GET, HEAD, OPTIONS"),
            ("diff", "GET, HEAD, OPTIONS"),
            ("rollback", "OPTIONS, POST"),
            ("canary", "GET, HEAD, OPTIONS, POST"),
        ):
            path = f"/engine/scripts/a.js/{name}"
            for method in ("PUT", "DELETE", "PATCH"):
                answer = self.ask(method, path, "")
                self.assertEqual(answer.code, (405, "METHOD_NOT_ALLOWED"))
                self.assertEqual(answer.headers["allow"], allowed)
            self.assertEqual(self.ask("OPTIONS", path).headers["allow"], allowed)
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js/rollback").code, (405, "METHOD_NOT_ALLOWED"))
        self.assertEqual([one["uri"] for one in self.ask("GET", "/engine/scripts").json["scripts"]], ["a.js"])

    def test_accept(self):
        """The record comes to those who name its type, not to those who take anything or refuse it."""
        self.put("a.js", "")
        for accept, kind in (
            ("application/json", "application/json"),
            ("text/html;q=0.5, Application/JSON;q=0.1", "application/json"),
            ("*/*", "application/javascript; charset=utf-8"),
            ("application/json;q=0, */*", "application/javascript; charset=utf-8"),
            ("application/jsonlines", "application/javascript; charset=utf-8"),
        ):
            answer = self.ask("GET", "/engine/scripts/a.js", Accept=accept)
            self.assertEqual(answer.headers["content-type"], kind, accept)

    def test_bad_uris(self):
        """A URI that is not allowed is a bad request saying why."""
        for raw, said in (("a%20b", "' '"), ("..%2fetc", "'..'"), ("%ff", "not UTF-8"), ("x" * 201, "200")):
            answer = self.ask("PUT", f"/engine/scripts/{raw}", "")
            self.assertEqual(answer.code, (400, "BAD_REQUEST"))
            self.assertIn(said, answer.json["error"]["message"])

    def test_does_not_load(self):
        """A script that does not load is 422 with line and column; nothing changes but its status."""
        self.put("a.js", "GET /x")
        answer = self.put("a.js", "GET /y\nthrow boom")
        self.assertEqual(answer.code, (422, "SCRIPT_INVALID"))
        self.assertEqual(
            answer.json["error"]["details"], {"uri": "a.js", "line": 2, "column": 1, "stack": "at a.js:2"}
        )
        read = self.ask("GET", "/engine/scripts/a.js")
        self.assertEqual((read.text, read.headers["etag"]), ("GET /x", '"1"'))
        (record,) = self.ask("GET", "/engine/scripts").json["scripts"]
        self.assertEqual((record["status"], record["version"]), ("failed", 1))
        error = {"message": "boom", "line": 2, "column": 1, "stack": "at a.js:2"}
        self.assertEqual(record["error"], error)
        self.assertEqual(record["routes"], [{"method": "GET", "path": "/x"}])
        self.assertEqual(self.put("new.js", "throw x").status, 422)
        self.assertEqual(self.ask("GET", "/engine/scripts/new.js").status, 404)

    def test_never_stored(self):
        """A file that never loaded is listed as failed; there is nothing to read."""
        self.helper.registry.note_failure("f.js", ScriptInvalid("f.js", "boom"))
        (record,) = self.ask("GET", "/engine/scripts").json["scripts"]
        self.assertEqual((record["version"], record["updated_at"], record["status"]), (0, None, "failed"))
        self.assertEqual(self.ask("GET", "/engine/scripts/f.js").status, 404)
        self.assertEqual(self.ask("POST", "/engine/eval", {"uri": "f.js", "expression": "1"}).status, 404)
        self.assertEqual(self.put("f.js", "").status, 201)

    def test_conflict(self):
        """A route of another script is 409 with the other's name."""
        self.put("a.js", "GET /x")
        answer = self.put("b.js", "GET /x")
        self.assertEqual(answer.code, (409, "ROUTE_CONFLICT"))
        self.assertEqual(answer.json["error"]["details"]["owner"], "a.js")

    def test_req_js_005_size(self):
        """A script over the limit is 413."""
        self.assertEqual(self.put("a.js", "x" * 1000).status, 201)
        self.assertEqual(self.put("a.js", "x" * 1001).code, (413, "PAYLOAD_TOO_LARGE"))

    def test_body_limits(self):
        """The feature takes bodies large enough for the registry to refuse in its own words."""
        limit = self.feature.body_limit(SimpleNamespace(path_text="/engine/scripts/a"))
        self.assertGreater(limit, 1_000_000)
        self.assertGreater(self.feature.body_limit(SimpleNamespace(path_text="/engine/batch")), limit)

    def test_not_text(self):
        """A body that is not UTF-8 is refused; a byte order mark is left out."""
        self.assertEqual(self.put("a.js", b"\xff\xfe").code, (400, "BAD_REQUEST"))
        self.put("a.js", b"\xef\xbb\xbfGET /x")
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js").text, "GET /x")

    def test_whatever_type_the_client_claims(self):
        """A source is taken as it is, also when the client says it is a form (curl does) or JSON."""
        source = "// 100 %zz\n" + "GET /x && 1 & 2\n" + "&" * 900
        for kind in (
            "application/x-www-form-urlencoded",
            "application/json",
            "multipart/form-data",
            "text/x",
        ):
            self.assertIn(self.put("a.js", source, Content_Type=kind).status, (200, 201))
            self.assertEqual(self.ask("GET", "/engine/scripts/a.js").text, source)
            self.assertTrue(self.ask("POST", "/engine/check?uri=a.js", source, Content_Type=kind).json["ok"])
        bad = self.ask("POST", "/engine/batch", "{", Content_Type="application/json")
        self.assertEqual(bad.code, (400, "BAD_REQUEST"))
        bad = self.ask("POST", "/engine/batch", "", Content_Type="application/json")
        self.assertEqual(bad.code, (400, "BAD_REQUEST"))
        self.assertIn("the body is empty", bad.json["error"]["message"])

    def test_if_match(self):
        """If-Match lets a change through only when it names the current version."""
        self.assertEqual(self.put("a.js", "", If_Match="*").code, (412, "PRECONDITION_FAILED"))
        self.put("a.js", "")
        for good in ('"1"', 'W/"2"', '"7", "3"', "*"):
            self.assertEqual(self.put("a.js", "", If_Match=good).status, 200, good)
        for bad in ('"1"', "5", '"x"', '"55"'):
            answer = self.put("a.js", "", If_Match=bad)
            self.assertEqual(answer.code, (412, "PRECONDITION_FAILED"))
            self.assertEqual(answer.json["error"]["details"], {"current": 5})
            self.assertIn('current version is "5" (with', answer.json["error"]["message"])
            self.assertEqual(self.ask("DELETE", "/engine/scripts/a.js", If_Match=bad).status, 412)
        self.assertEqual(self.ask("DELETE", "/engine/scripts/a.js", If_Match='"5"').status, 204)

    def test_created_once(self):
        """Of two clients that store a new script at once only the first is told that it made it."""
        gate = self.helper.pool.gates["a.js"] = Deferred()
        clients = [self.web.connect("PUT", "/engine/scripts/a.js", f"GET /{number}") for number in range(2)]
        gate.callback(None)
        self.assertEqual([one.answer.status for one in clients], [201, 200])
        self.assertEqual([one.answer.json["version"] for one in clients], [1, 2])

    def test_if_match_race(self):
        """Of two clients that name the same version one wins."""
        self.put("a.js", "")
        gate = self.helper.pool.gates["a.js"] = Deferred()
        one, two = (self.web.connect("PUT", "/engine/scripts/a.js", "x", If_Match='"1"') for _ in range(2))
        gate.callback(None)
        self.assertEqual((one.answer.status, two.answer.status), (200, 412))

    def test_if_none_match(self):
        """If-None-Match saves a transfer, and with a star keeps from overwriting."""
        self.assertEqual(self.put("a.js", "GET /x", If_None_Match="*").status, 201)
        self.assertEqual(self.put("a.js", "GET /x", If_None_Match="*").status, 412)
        for tags, status in (('"1"', 304), ('"9", W/"1"', 304), ("*", 304), ('"2"', 200)):
            answer = self.ask("GET", "/engine/scripts/a.js", If_None_Match=tags)
            self.assertEqual((answer.status, answer.headers["etag"]), (status, '"1"'))
        self.assertEqual(self.put("a.js", "GET /x", If_None_Match='"7"').status, 200)
        self.assertEqual(self.put("a.js", "GET /x", If_None_Match="*", If_Match='"2"').status, 412)
        self.assertEqual(self.put("a.js", "GET /x", If_None_Match='"7"', If_Match='"2"').status, 200)
        self.assertEqual(self.put("b.js", "GET /y", If_None_Match="*", If_Match="*").status, 412)

    def test_versions(self):
        """Versions are listed newest first, each can be read, and one made current again."""
        self.put("a.js", "GET /one")
        self.ask("PUT", "/engine/scripts/a.js?message=second%20try", "GET /two")
        listed = self.ask("GET", "/engine/scripts/a.js/versions").json["versions"]
        self.assertEqual([one["version"] for one in listed], [2, 1])
        self.assertEqual(set(listed[0]), {"version", "created_at", "author", "message", "sha256", "size"})
        self.assertEqual((listed[0]["message"], listed[0]["author"]), ("second try", "api"))
        old = self.ask("GET", "/engine/scripts/a.js?version=1")
        self.assertEqual((old.text, old.headers["etag"]), ("GET /one", '"1"'))
        as_json = self.ask("GET", "/engine/scripts/a.js?version=1", Accept="application/json").json
        self.assertEqual((as_json["version"], as_json["source"]), (1, "GET /one"))
        back = self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 1})
        self.assertEqual((back.status, back.json["version"]), (200, 3))
        self.assertEqual(back.json["routes"], [{"method": "GET", "path": "/one"}])

    def test_versions_refused(self):
        """Versions that do not exist are 404, nonsense is 400."""
        self.put("a.js", "")
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js?version=9").status, 404)
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js?version=x").status, 400)
        self.assertEqual(self.ask("GET", "/engine/scripts/b.js/versions").status, 404)
        self.assertEqual(self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 9}).status, 404)
        self.assertEqual(self.ask("POST", "/engine/scripts/b.js/rollback", {"version": 1}).status, 404)
        for body in ("", "{}", "[]", '{"version": "1"}', "\xff"):
            self.assertEqual(self.ask("POST", "/engine/scripts/a.js/rollback", body).status, 400)

    def test_canary(self):
        """A gradual roll-out is refused, not ignored, when the plugin is off."""
        answer = self.ask("PUT", "/engine/scripts/a.js?canary=10", "")
        self.assertEqual(answer.code, (400, "BAD_REQUEST"))
        self.assertIn("canaries are switched off", answer.json["error"]["message"])

    def test_check(self):
        """Checking says what is wrong and stores nothing."""
        good = self.ask("POST", "/engine/check?uri=a.js", "GET /x\neval")
        self.assertEqual((good.status, good.json["ok"]), (200, True))
        self.assertEqual(good.json["routes"], [{"method": "GET", "path": "/x"}])
        self.assertEqual(
            good.json["diagnostics"],
            [
                {
                    "severity": "warning",
                    "code": "DANGEROUS_EVAL",
                    "message": "eval is dangerous",
                    "line": 2,
                    "column": 1,
                }
            ],
        )
        bad = self.ask("POST", "/engine/check", "throw x")
        self.assertEqual((bad.status, bad.json["ok"], bad.json["routes"]), (200, False, []))
        self.assertEqual(bad.json["diagnostics"][0]["line"], 1)
        bad = self.ask("POST", "/engine/check?uri=%ff", "").json
        self.assertEqual((bad["ok"], bad["diagnostics"][0]["code"]), (False, "BAD_URI"))
        self.assertEqual(list(self.helper.registry.records()), [])

    def test_batch(self):
        """A batch is done as a whole or not at all."""
        self.put("gone.js", "GET /g")
        scripts = {"a.js": "GET /x", "gone.js": None, "b/b.js": "GET /y"}
        answer = self.ask("POST", "/engine/batch", {"scripts": scripts})
        self.assertEqual([one["uri"] for one in answer.json["scripts"]], ["a.js", "b/b.js"])
        self.assertEqual(answer.json["deleted"], ["gone.js"])
        bad = self.ask("POST", "/engine/batch", {"scripts": {"a.js": "GET /new", "c.js": "throw x"}})
        self.assertEqual(bad.code, (422, "SCRIPT_INVALID"))
        self.assertEqual(self.helper.answers("GET", "/x"), ("a.js", 1, {}))
        self.assertEqual(self.ask("POST", "/engine/batch", {"scripts": {"a b": ""}}).status, 400)
        self.assertEqual(self.ask("POST", "/engine/batch", {"scripts": ["a"]}).status, 400)
        self.assertEqual(self.ask("POST", "/engine/batch", {"scripts": {"n.js": None}}).status, 404)

    def test_eval(self):
        """An expression runs in the script, or in the source given."""
        self.put("a.js", "GET /x")
        answer = self.ask("POST", "/engine/eval", {"uri": "a.js", "expression": "\nthrow boom"})
        self.assertEqual(answer.status, 200)
        self.assertEqual((answer.json["ok"], answer.json["error"]["line"]), (False, 2))
        answer = self.ask("POST", "/engine/eval", {"source": "throw s", "expression": "2"})
        self.assertEqual((answer.json["error"]["message"], answer.json["error"]["line"]), ("s", 1))
        self.assertEqual([load[0] for load in self.helper.pool.loads], ["a.js", "a.js", "eval"])
        self.assertEqual(self.ask("POST", "/engine/eval", {"uri": "no", "expression": "1"}).status, 404)
        self.assertEqual(self.ask("POST", "/engine/eval", {}).status, 400)

    def test_eval_is_off(self):
        """Unless it is switched on nothing is evaluated, and the attempt is noted."""
        self.configuration.sections["management"] = ManagementSettings()
        answer = self.ask("POST", "/engine/eval", {"expression": "1"})
        self.assertEqual(answer.code, (403, "FORBIDDEN"))
        self.assertEqual(answer.json["error"]["details"], {"config_key": "management.eval"})
        self.assertEqual(self.helper.pool.loads, [])
        (entry,) = self.ask("GET", "/engine/logs?kind=audit").json["entries"]
        self.assertEqual((entry["audit"]["action"], entry["audit"]["refused"]), ("eval", "FORBIDDEN"))
        del self.configuration.sections["management"]
        self.assertEqual(self.ask("POST", "/engine/eval", {"expression": "1"}).status, 403)

    def test_check_registrations(self):
        """A check lists what is registered, and every route that another script has."""
        self.put("b.js", "GET /x/:a\nPOST /y")
        answer = self.ask("POST", "/engine/check?uri=a.js", "GET /x/:b show\nPOST /y\n+stream /s {}").json
        self.assertFalse(answer["ok"])
        self.assertEqual(
            [(one["code"], one["message"]) for one in answer["diagnostics"]],
            [
                ("ROUTE_CONFLICT", "a.js: route GET /x/:b is already registered by b.js"),
                ("ROUTE_CONFLICT", "a.js: route POST /y is already registered by b.js"),
            ],
        )
        self.assertEqual(
            answer["registrations"],
            [
                {"kind": "route", "key": "GET /x/:b", "handler": "show", "line": None},
                {"kind": "route", "key": "POST /y", "handler": "", "line": None},
                {"kind": "stream", "key": "/s", "handler": "", "line": None},
            ],
        )
        self.assertTrue(self.ask("POST", "/engine/check?uri=b.js", "GET /x/:b").json["ok"])
        reserved = self.ask("POST", "/engine/check?uri=a.js", "GET /engine/x").json
        self.assertEqual((reserved["ok"], reserved["diagnostics"][0]["code"]), (False, "SCRIPT_INVALID"))

    def test_diff(self):
        """Versions are compared as text or JSON; without numbers the last two."""
        for source in ("GET /one", "GET /two", "GET /three"):
            self.put("a.js", source)
        answer = self.ask("GET", "/engine/scripts/a.js/diff")
        self.assertEqual(answer.headers["content-type"], "text/x-diff; charset=utf-8")
        self.assertEqual(
            answer.text,
            "--- a.js (version 2)\n+++ a.js (version 3)\n@@ -1 +1 @@\n-GET /two\n+GET /three\n",
        )
        found = self.ask("GET", "/engine/scripts/a.js/diff?from=3&to=1", Accept="application/json").json
        self.assertEqual((found["from"], found["to"], found["added"]), (3, 1, 1))
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js/diff?to=1").text, "")
        for query, status in (("from=9", 404), ("to=x", 400), ("from=-1", 400)):
            self.assertEqual(self.ask("GET", "/engine/scripts/a.js/diff?" + query).status, status)
        self.assertEqual(self.ask("GET", "/engine/scripts/none/diff").status, 404)

    def test_long_diff(self):
        """Long texts are compared in a thread, so that others need not wait."""
        source = "// a long line of text\n" * 40
        self.put("a.js", source)
        self.put("a.js", source + "GET /x")
        self.patch(script_endpoints, "_QUICK_BYTES", 10)
        calls = []

        def in_thread(reactor, pool, function, *arguments):
            calls.append(function)
            return succeed(function(*arguments))

        self.patch(script_endpoints, "deferToThreadPool", in_thread)
        self.services.reactor.getThreadPool = lambda: None
        self.assertIn("+GET /x", self.ask("GET", "/engine/scripts/a.js/diff").text)
        self.assertEqual(len(calls), 1)

    def test_batch_expected(self):
        """A batch may name the versions it builds on; if one is not current nothing is done."""
        self.put("a.js", "GET /a")
        batch = {"scripts": {"a.js": "GET /b", "n.js": "GET /n"}, "expected": {"a.js": 2}}
        answer = self.ask("POST", "/engine/batch", batch)
        self.assertEqual(answer.status, 412)
        self.assertEqual(self.helper.answers("GET", "/n"), None)
        batch["expected"] = {"a.js": 1, "n.js": 0}
        self.assertEqual(self.ask("POST", "/engine/batch", batch).status, 200)
        batch["expected"] = {"stranger.js": 1}
        self.assertEqual(self.ask("POST", "/engine/batch", batch).code, (400, "BAD_REQUEST"))

    def test_batch_swaps_routes(self):
        """Two scripts of a batch may take each other's routes."""
        self.put("a.js", "GET /a")
        self.put("b.js", "GET /b")
        batch = {"scripts": {"a.js": "GET /b", "b.js": "GET /a"}}
        self.assertEqual(self.ask("POST", "/engine/batch", batch).status, 200)
        self.assertEqual(self.helper.answers("GET", "/a")[0], "b.js")

    def test_rollback_to_no_number_of_a_version(self):
        """A number that no database takes is a bad request."""
        self.put("a.js", "GET /x")
        for number in (2**63, 10**30, 0, -1):
            answer = self.ask("POST", "/engine/scripts/a.js/rollback", {"version": number})
            self.assertEqual(answer.code, (400, "BAD_REQUEST"))
            self.assertIn("version", answer.json["error"]["message"])
        answer = self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 2**63 - 1})
        self.assertEqual(answer.code, (404, "NOT_FOUND"))

    def test_rollback_message(self):
        """A rollback may say why."""
        self.put("a.js", "GET /one")
        self.put("a.js", "GET /two")
        self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 1, "message": "two was bad"})
        self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 2})
        versions = self.ask("GET", "/engine/scripts/a.js/versions").json["versions"]
        self.assertEqual([one["message"] for one in versions[:2]], ["rollback to version 2", "two was bad"])

    def test_who_answers(self):
        """Who answers a path: a script, the engine, or nobody."""
        self.services._providers.append(self.feature)
        self.put("a.js", "GET /x/:id show")
        ask = lambda query: self.ask("GET", "/engine/routes?" + query).json["answer"]  # noqa: E731
        found = ask("path=/x/a%2520b?q=1")
        self.assertEqual((found["owner"], found["route"]["script"]), ("script", "a.js"))
        self.assertEqual(found["params"], {"id": "a b"})
        self.assertEqual(ask("path=/x/%C3%BC")["params"], {"id": "ü"})
        self.assertEqual(ask("path=/x/1&method=post")["allow"], ["GET", "HEAD", "OPTIONS"])
        self.assertEqual(ask("path=/nothing")["owner"], "nobody")
        self.assertEqual(ask("path=/engine/x")["feature"], "engine")
        self.assertEqual(ask("path=/engineer")["owner"], "nobody")

    def test_routes(self):
        """Every live route is listed with its script."""
        self.put("a.js", "GET /x show")
        self.assertEqual(
            self.ask("GET", "/engine/routes").json,
            {
                "routes": [
                    {"method": "GET", "path": "/x", "script": "a.js", "kind": "route", "handler": "show"}
                ]
            },
        )

    def test_other_methods(self):
        """Unknown paths are 404, other methods 405 with Allow, OPTIONS is answered."""
        self.assertEqual(self.ask("GET", "/engine/nothing").code, (404, "NOT_FOUND"))
        answer = self.ask("PATCH", "/engine/scripts/a.js")
        self.assertEqual(answer.code, (405, "METHOD_NOT_ALLOWED"))
        self.assertEqual(answer.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PUT")
        answer = self.ask("OPTIONS", "/engine/check")
        self.assertEqual((answer.status, answer.headers["allow"]), (204, "OPTIONS, POST"))

    def test_head(self):
        """HEAD is GET without a body."""
        self.put("a.js", "GET /x")
        answer = self.ask("HEAD", "/engine/scripts/a.js")
        self.assertEqual((answer.status, answer.headers["content-length"], answer.body), (200, "6", b""))

    def test_unexpected_error(self):
        """An unexpected error is left to the engine's error table."""
        connection = self.web.connect("PUT", "/engine/scripts/a.js", "oops broken")
        self.assertEqual(connection.answer.code, (500, "INTERNAL_ERROR"))
        self.assertEqual([str(one.value) for one in self.flushLoggedErrors(RuntimeError)], ["broken"])

    def test_client_leaves(self):
        """A client that leaves while its script loads does not undo the change."""
        gate = self.helper.pool.gates["a.js"] = Deferred()
        connection = self.web.connect("PUT", "/engine/scripts/a.js", "GET /x")
        connection.lost()
        gate.callback(None)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a.js", 1, {}))

    def test_audit(self):
        """Every write is logged with who, what and from where; a read is not."""
        from twisted.logger import globalLogPublisher

        seen = []

        def observe(event):
            if event.get("log_namespace") == "aiwebengine.audit":
                seen.append((event["action"], event["uri"], event["version"], event["client_ip"]))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.put("a.js", "GET /x")
        self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 1})
        self.ask("GET", "/engine/scripts/a.js")
        self.ask("POST", "/engine/batch", {"scripts": {"b.js": "", "a.js": None}})
        self.ask("POST", "/engine/eval", {"expression": "1"})
        self.ask("DELETE", "/engine/scripts/b.js")
        self.assertEqual(
            seen,
            [
                ("put", "a.js", 1, "127.0.0.1"),
                ("rollback", "a.js", 2, "127.0.0.1"),
                ("batch put", "b.js", 1, "127.0.0.1"),
                ("batch delete", "a.js", 0, "127.0.0.1"),
                ("eval", "", 0, "127.0.0.1"),
                ("delete", "b.js", 0, "127.0.0.1"),
            ],
        )

    def test_audit_of_what_a_client_left(self):
        """A write whose client left is finished and noted all the same."""
        gate = self.helper.pool.gates["a.js"] = Deferred()
        connection = self.web.connect("PUT", "/engine/scripts/a.js", "GET /x")
        connection.lost()
        self.assertEqual(self.audited(), [])
        gate.callback(None)
        self.assertEqual(self.audited(), [("put", "a.js", None)])

    def audited(self):
        entries = self.ask("GET", "/engine/logs?kind=audit").json["entries"]
        fields = [one["audit"] for one in entries]
        return [(one["action"], one.get("uri"), one.get("refused")) for one in fields]

    def test_audit_of_refusals(self):
        """Writes that were refused are noted with the reason."""
        self.put("a.js", "GET /x")
        self.put("a.js", "throw boom")
        self.put("b.js", "GET /x")
        self.put("a.js", "", If_Match='"9"')
        self.ask("PUT", "/engine/scripts/a%20b", "")
        self.ask("DELETE", "/engine/scripts/none")
        self.ask("POST", "/engine/scripts/a.js/rollback", {"version": 9})
        self.ask("POST", "/engine/batch", {"scripts": {"q.js": "throw x"}})
        self.assertEqual(
            self.audited(),
            [
                ("put", "a.js", None),
                ("put", "a.js", "SCRIPT_INVALID"),
                ("put", "b.js", "ROUTE_CONFLICT"),
                ("put", "a.js", "PRECONDITION_FAILED"),
                ("put", "a b", "BAD_URI"),
                ("delete", "none", "NOT_FOUND"),
                ("rollback", "a.js", "NOT_FOUND"),
                ("batch", None, "SCRIPT_INVALID"),
            ],
        )


class CanaryTests(APITestCase):
    """Canaries over HTTP."""

    def setUp(self):
        super().setUp()
        self.helper.registry.canaries.enable()
        self.put("a.js", "GET /x one")

    def test_life(self):
        """A canary is put, seen, changed, and promoted or aborted."""
        answer = self.ask("PUT", "/engine/scripts/a.js?canary=12.5&message=why", "GET /x two")
        self.assertEqual((answer.status, answer.headers["etag"]), (200, '"1"'))
        canary = answer.json["canary"]
        self.assertEqual(
            (canary["version"], canary["percent"], canary["requests"], canary["message"]), (2, 12.5, 0, "why")
        )
        detail = self.ask("GET", "/engine/scripts/a.js/canary").json
        self.assertEqual((detail["source"], detail["uri"]), ("GET /x two", "a.js"))
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js?version=2").text, "GET /x two")
        self.assertIn("+GET /x two", self.ask("GET", "/engine/scripts/a.js/diff?from=1&to=2").text)
        act = lambda **body: self.ask("POST", "/engine/scripts/a.js/canary", body)  # noqa: E731
        self.assertEqual(act(action="percent", percent=50).json["canary"]["percent"], 50)
        self.assertNotIn("canary", act(action="abort", message="no good").json)
        self.assertEqual(act(action="abort").status, 404)
        self.ask("PUT", "/engine/scripts/a.js?canary=1", "GET /x three")
        self.assertEqual(act(action="promote").json["version"], 2)
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js").text, "GET /x three")

    def test_empty_share(self):
        """A share that somebody left empty is no deployment to everybody."""
        answer = self.ask("PUT", "/engine/scripts/a.js?canary=", "GET /x two")
        self.assertEqual(answer.code, (400, "BAD_REQUEST"))
        self.assertIn("canary must not be empty", answer.json["error"]["message"])
        self.assertEqual(self.ask("GET", "/engine/scripts/a.js").headers["etag"], '"1"')

    def test_refused(self):
        """As for a put, and when there is nothing to compare with."""
        put = lambda query, source, **headers: self.ask(  # noqa: E731
            "PUT", "/engine/scripts/" + query, source, **headers
        )
        for percent in ("0", "101", "x", "nan", "-1"):
            self.assertEqual(put(f"a.js?canary={percent}", "").code, (400, "BAD_REQUEST"), percent)
        self.assertEqual(put("a.js?canary=10", "throw x").code, (422, "SCRIPT_INVALID"))
        self.assertEqual(put("a.js?canary=10", "", If_Match='"7"').status, 412)
        self.assertEqual(put("new.js?canary=10", "").code, (409, "CANARY_CONFLICT"))
        self.put("b.js", "GET /b")
        self.assertEqual(put("a.js?canary=10", "GET /b").code, (409, "ROUTE_CONFLICT"))
        for body in ({"action": "explode"}, {"action": "percent", "percent": 0}, {"action": "percent"}):
            self.assertEqual(self.ask("POST", "/engine/scripts/a.js/canary", body).status, 400)


class InsightTests(APITestCase):
    """Logs, requests, typings."""

    def log(self, *messages, script="a.js", level="info"):
        for message in messages:
            self.helper.script_log.append(level, message, script=script, request_id="r7")

    def test_logs(self):
        """Entries are filtered and paged."""
        self.log("one", "two")
        self.log("three", script="b.js", level="error")
        answer = self.ask("GET", "/engine/logs").json
        self.assertEqual(
            ([e["message"] for e in answer["entries"]], answer["next"]), (["one", "two", "three"], 3)
        )
        self.assertEqual(
            set(answer["entries"][0]),
            {"seq", "timestamp", "level", "script", "request_id", "route", "kind", "message", "line"},
        )
        for query, expected in (
            ("script=b.js", ["three"]),
            ("level=warn", ["three"]),
            ("contains=TW", ["two"]),
            ("request_id=r7&limit=1", ["three"]),
            ("after=1&limit=1", ["two"]),
            ("since=2030-01-01", []),
            ("since=0", ["one", "two", "three"]),
        ):
            entries = self.ask("GET", "/engine/logs?" + query).json["entries"]
            self.assertEqual([entry["message"] for entry in entries], expected, query)

    def test_lasting_log(self):
        """A log that lasts is searched."""
        asked = []

        async def search(**filters):
            asked.append(filters)
            return self.helper.script_log.query(**filters)

        self.helper.script_log.search = search
        self.log("one")
        self.assertEqual(self.ask("GET", "/engine/logs?kind=log").json["next"], 1)
        self.assertEqual((asked[0]["kind"], asked[0]["limit"]), ("log", 100))

    def test_logs_refused(self):
        """Filters that make no sense are 400 and say why."""
        for query, said in (
            ("level=loud", "level"),
            ("since=yesterday", "since: not a time"),
            ("since=yesterday", "ISO 8601"),
            ("since=inf", "since: not a time"),
            ("since=nan", "since: not a time"),
            ("since=9223372036854775808", "since: not a time"),
            ("limit=x", "limit must be a number"),
            ("after=-1", "after must be a number"),
        ):
            for path in ("/engine/logs?", "/engine/logs/stream?")[: 1 if "limit" in query else 2]:
                answer = self.ask("GET", path + query)
                self.assertEqual(answer.code, (400, "BAD_REQUEST"))
                self.assertIn(said, answer.json["error"]["message"])

    def follow(self, query="", **headers):
        return self.web.connect("GET", "/engine/logs/stream" + query, **headers)

    def messages(self, connection):
        return [(id_, json.loads(data)["message"]) for id_, _, data in events(connection.answer)]

    def test_stream(self):
        """New entries come as events with their number as id."""
        self.log("before")
        connection = self.follow()
        answer = connection.answer
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "text/event-stream; charset=utf-8")
        self.assertEqual(answer.headers["cache-control"], "no-cache")
        self.assertEqual(answer.headers["x-accel-buffering"], "no")
        self.log("one\nline", "two")
        self.assertEqual(self.messages(connection), [("2", "one\nline"), ("3", "two")])
        connection.lost()
        self.log("unheard")
        self.assertEqual(self.helper.script_log._followers, [])

    def test_stream_replay(self):
        """Entries after the one the client had come first."""
        self.log("one", "two", "three")
        expected = [("2", "two"), ("3", "three")]
        self.assertEqual(self.messages(self.follow(Last_Event_ID="1")), expected)
        self.assertEqual(self.messages(self.follow("?after=1")), expected)
        self.assertEqual(self.messages(self.follow(Last_Event_ID="junk")), [])
        self.assertEqual(len(self.messages(self.follow(Last_Event_ID="99"))), 3)

    def test_stream_filtered(self):
        """A stream has the filters of the list."""
        self.log("old", script="b.js")
        connection = self.follow("?script=b.js&level=error&after=0")
        self.log("no")
        self.log("yes", script="b.js", level="error")
        self.assertEqual(self.messages(connection), [("3", "yes")])

    def test_heartbeat(self):
        """A silent stream has a comment now and then, and no timer is left when all are gone."""
        connection = self.follow()
        connection.transport.clear()
        self.clock.advance(15)
        self.assertIn(b": heartbeat\n\n", connection.transport.value())
        connection.lost()
        self.assertEqual(len(self.feature._hub), 0)
        self.assertFalse(self.feature._hub._beat.running)

    def test_slow_client(self):
        """A client that does not read is cut off after the buffer is full, counted, and others go on."""
        self.feature._hub._buffer = 3
        slow, quick = self.follow(), self.follow()
        slow.transport.producer.pauseProducing()
        self.log("1", "2", "3")
        self.clock.advance(15)
        self.assertEqual(self.messages(slow), [])
        slow.transport.producer.resumeProducing()
        self.assertEqual(len(self.messages(slow)), 3)
        slow.transport.producer.pauseProducing()
        self.log("4", "5", "6", "7")
        self.assertTrue(slow.transport.aborted)
        self.assertFalse(quick.transport.aborted)
        self.assertEqual(len(self.messages(quick)), 7)
        self.assertEqual((self.feature._hub.dropped, len(self.feature._hub)), (1, 1))
        self.assertEqual(len(self.helper.script_log._followers), 1)

    def test_too_many_streams(self):
        """There is an end to the number of streams."""
        self.feature._hub._max_clients = 1
        self.follow()
        self.assertEqual(self.follow().answer.code, (503, "SERVICE_UNAVAILABLE"))

    def test_stop(self):
        """Stopping ends the streams."""
        connection = self.follow()
        self.helper.wait(self.feature.stop())
        self.assertTrue(connection.transport.value().endswith(b"0\r\n\r\n"))
        self.assertEqual(len(self.feature._hub), 0)

    def test_requests(self):
        """The latest requests come from the gate that records them, if there is one."""
        self.assertEqual(self.ask("GET", "/engine/requests").code, (404, "NOT_FOUND"))
        self.services._providers.append(Journal())
        self.assertEqual(len(self.ask("GET", "/engine/requests").json["requests"]), 100)
        self.assertEqual(self.ask("GET", "/engine/requests?limit=1").json, {"requests": [{"path": "/0"}]})

    def test_requests_filtered(self):
        """Requests are found by script, status, method, path, id, duration and time."""
        journal = Journal()
        self.services._providers.append(journal)
        fields = ("script", "status", "method", "path", "request_id", "wall_ms", "started")
        rows = [
            ("a.js", 200, "GET", "/x/1", "r1", 5.0, 1000.0),
            ("a.js", 500, "POST", "/x", "r2", 50.0, 2000.0),
            ("", 404, "GET", "/y", "r3", 0.5, 3000.0),
        ]
        records = [dict(zip(fields, row, strict=True)) for row in rows]
        journal.recent = lambda limit: records[:limit]
        for query, ids in (
            ("script=a.js", "r1 r2"),
            ("status=5xx", "r2"),
            ("status=404", "r3"),
            ("method=post", "r2"),
            ("path=/x", "r1 r2"),
            ("path=/x&status=2XX", "r1"),
            ("request_id=r3", "r3"),
            ("min_ms=5", "r1 r2"),
            ("since=2000000", "r2 r3"),
            ("since=1970-01-01T00:50:00Z", "r3"),
            ("script=a.js&limit=1", "r1"),
            ("limit=2", "r1 r2"),
            ("limit=0", ""),
        ):
            found = self.ask("GET", "/engine/requests?" + query).json["requests"]
            self.assertEqual(" ".join(one["request_id"] for one in found), ids, query)
        for query in (
            "status=6xx",
            "status=-1",
            "min_ms=x",
            "min_ms=-1",
            "min_ms=nan",
            "since=yesterday",
            "since=inf",
        ):
            answer = self.ask("GET", "/engine/requests?" + query)
            self.assertEqual(answer.code, (400, "BAD_REQUEST"))
            self.assertTrue(answer.json["error"]["message"].startswith(query.partition("=")[0]))

    def test_no_plan(self):
        """An engine that was wired by hand has no plugins to list."""
        self.assertEqual(self.ask("GET", "/engine/plugins").status, 404)

    def test_reference_page(self):
        """The page needs no key, brings everything along, and runs no script but its own."""
        one, two = (self.ask("GET", "/engine/docs", Authorization=None) for _ in range(2))
        self.assertEqual(one.status, 200)
        nonce = re.search(r"script-src 'nonce-([^']{20,})'", one.headers["content-security-policy"])[1]
        self.assertNotIn(nonce, two.text)
        self.assertEqual(one.text.count(f'nonce="{nonce}"'), 2)
        self.assertNotRegex(one.text, r"{{|https?://|//cdn|src=| on[a-z]+=\"")
        self.assertIn("default-src 'none'", one.headers["content-security-policy"])
        self.assertNotIn(KEY, one.text)
        for path in ("/engine/docs/", "/engine/docs/x", "/engine/%64ocs", "/engine/openapi.json"):
            self.assertEqual(self.ask("GET", path, Authorization=None).status, 401, path)
        self.assertEqual(self.ask("POST", "/engine/docs", Authorization=None).status, 405)

    def test_installed(self):
        """A distribution that is not there has no version."""
        self.assertEqual(insight_endpoints._installed("no-such-distribution"), "")

    def test_typings(self):
        """The declarations of all globals are put together."""
        self.services._providers += [
            Globals("declare const a: 1;\n\n"),
            Globals(""),
            Globals("declare const b: 2;"),
        ]
        answer = self.ask("GET", "/engine/types/aiwebengine.d.ts")
        self.assertTrue(answer.text.endswith("declare const a: 1;\n\ndeclare const b: 2;\n"))
        self.assertTrue(answer.headers["content-type"].startswith("application/typescript"))

    def test_configured_streams(self):
        """Heartbeat and buffer are those of the section ``streams``."""
        self.configuration.sections["streams"] = SimpleNamespace(heartbeat_s=7, client_buffer=9)
        hub = management.build(None, self.services)._hub
        self.assertEqual((hub._heartbeat_s, hub._buffer), (7, 9))

    def test_no_pool(self):
        """When no sandbox is to be had the answer says so."""
        gate = self.helper.pool.gates["a.js"] = Deferred()
        gate.errback(HTTPProblem(503, "SERVICE_UNAVAILABLE", "busy", headers=(("Retry-After", "1"),)))
        answer = self.put("a.js", "")
        self.assertEqual((answer.code, answer.headers["retry-after"]), ((503, "SERVICE_UNAVAILABLE"), "1"))
