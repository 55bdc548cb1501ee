"""Tests for aiwebengine.subsystems.aliases."""

import json
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.config.secret import Secret
from aiwebengine.interfaces import IEngineService, IFeature, IPlugin
from aiwebengine.plugins.aiwebengine_aliases import aliases
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.subsystems.management.audit import parse_audit
from aiwebengine.subsystems.management.settings import KeySettings, ManagementSettings
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper, events

KEY = "k" * 30


class AliasTestCase(SynchronousTestCase):
    """The aliases around a registry, in development on loopback."""

    def setUp(self):
        self.make()

    def make(self, environment="development", api_key=""):
        self.clock = Clock()
        self.helper = RegistryHelper(self, max_script_bytes=1000)
        self.configuration = Configuration(
            environment, security={"api_key": api_key}, server={"data_dir": str(Path(self.mktemp()))}
        )
        self.feature = aliases.build(None, Services(self.helper, self.clock, self.configuration))
        self.web = FeatureHelper(self, self.feature, self.clock)
        self.ask, self.form = self.web.ask, self.web.form

    def without_time(self, answer):
        data = answer.json
        self.assertRegex(data.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        return answer.status, data


class DeployerTests(AliasTestCase):
    """What existing deployers send and get."""

    def test_provides(self):
        """Plugin and feature are what they say."""
        verifyObject(IPlugin, aliases)
        verifyObject(IFeature, self.feature)
        verifyObject(IEngineService, self.feature)
        self.helper.wait(self.feature.start())
        self.assertGreater(self.feature.body_limit(None), 1_000_000)

    def test_api_scripts(self):
        """Scripts are posted, listed and read below /api/scripts."""
        for path, uri in (("a.js", "a.js"), ("dir/b.js", "dir/b.js"), ("https:%2F%2Fx%2Fc", "https://x/c")):
            answer = self.ask("POST", "/api/scripts/" + path, "// " + uri)
            self.assertEqual((answer.status, answer.json), (200, {"message": "Script saved"}))
            read = self.ask("GET", "/api/scripts/" + path)
            self.assertEqual((read.status, read.text), (200, "// " + uri))
        self.assertEqual(
            self.ask("GET", "/api/scripts").json[0],
            {"name": "a.js", "size": 7, "lastModified": "2023-11-14T22:13:20.000Z"},
        )
        missing = self.ask("GET", "/api/scripts/no.js")
        self.assertEqual((missing.status, missing.text), (404, "Script not found"))
        self.assertTrue(missing.headers["content-type"].startswith("text/plain"))

    def test_whatever_type_the_client_claims(self):
        """A source is taken as it is, also when the client says it is a form (curl does)."""
        form = "application/x-www-form-urlencoded"
        answer = self.ask("POST", "/api/scripts/a.js", "// %zz & 1 && 2", Content_Type=form)
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.ask("GET", "/api/scripts/a.js").text, "// %zz & 1 && 2")

    def test_api_scripts_refused(self):
        """A script that does not load is refused as by the management API."""
        self.assertEqual(self.ask("POST", "/api/scripts/a.js", "throw x").code, (422, "SCRIPT_INVALID"))
        self.assertEqual(self.ask("POST", "/api/scripts/a%20b", "").code, (400, "BAD_REQUEST"))

    def test_upsert(self):
        """Form and query are taken; the length is in bytes."""
        answer = self.form("/upsert_script", uri="a.js", content="// ü & + =\nGET /x")
        self.assertEqual(
            self.without_time(answer),
            (
                200,
                {
                    "success": True,
                    "message": "Script upserted successfully",
                    "uri": "a.js",
                    "contentLength": 18,
                },
            ),
        )
        self.assertEqual(self.helper.registry.record("a.js").script.source, "// ü & + =\nGET /x")
        self.assertEqual(self.helper.registry.record("a.js").script.author, "deployer")
        self.assertEqual(self.ask("POST", "/upsert_script?uri=b.js&content=").status, 200)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a.js", 1, {}))

    def test_upsert_refused(self):
        """What is missing is named; other refusals have the deployers' shape."""
        self.assertEqual(
            self.without_time(self.form("/upsert_script", content="x")),
            (400, {"error": "Missing required parameter: uri"}),
        )
        self.assertEqual(
            self.without_time(self.form("/upsert_script", uri="a")),
            (400, {"error": "Missing required parameter: content"}),
        )
        self.form("/upsert_script", uri="a", content="GET /x")
        for uri, content, status, error in (
            ("b", "\nthrow boom", 422, "b:2: boom"),
            ("b", "GET /x", 409, "b: route GET /x is already registered by a"),
            ("b", "x" * 1001, 413, "413 PAYLOAD_TOO_LARGE"),
            ("a b", "", 400, "not allowed"),
        ):
            answer = self.form("/upsert_script", uri=uri, content=content)
            self.assertEqual(answer.status, status)
            self.assertIn(error, answer.json["error"])
        self.assertEqual(self.form("/upsert_script", uri="b", content="\nthrow x").json["line"], 2)

    def test_delete(self):
        """A script is deleted once."""
        self.form("/upsert_script", uri="a.js", content="GET /x")
        answer = self.without_time(self.form("/delete_script", uri="a.js"))
        self.assertEqual(
            answer, (200, {"success": True, "message": "Script deleted successfully", "uri": "a.js"})
        )
        answer = self.without_time(self.form("/delete_script", uri="a.js"))
        self.assertEqual(answer, (404, {"error": "Script not found", "uri": "a.js"}))
        self.assertEqual(self.form("/delete_script").status, 400)

    def test_read(self):
        """A script's source is read by its URI."""
        self.form("/upsert_script", uri="a/b.js", content="GET /x")
        answer = self.ask("GET", "/read_script?uri=a/b.js")
        self.assertEqual((answer.status, answer.text), (200, "GET /x"))
        self.assertTrue(answer.headers["content-type"].startswith("application/javascript"))
        self.assertEqual(self.ask("GET", "/read_script?uri=no").json["error"], "Script not found")
        self.assertEqual(self.ask("GET", "/read_script").status, 400)

    def test_logs(self):
        """A script's messages are listed, oldest first."""
        for script, message in (("a", "one"), ("b", "other"), ("a", "two")):
            self.helper.script_log.append("info", message, script=script)
        self.helper.script_log.append("info", "action=put uri=a", script="a", kind="audit")
        answer = self.without_time(self.ask("GET", "/script_logs?uri=a"))
        self.assertEqual(answer, (200, {"uri": "a", "logs": ["one", "two"], "count": 2}))
        self.assertEqual(self.ask("GET", "/script_logs").status, 400)

    def test_updates(self):
        """Changes are heard as they happen, and again from where a client lost the thread."""
        connection = self.web.connect("GET", "/script_updates")
        self.assertEqual(connection.answer.headers["content-type"], "text/event-stream; charset=utf-8")
        self.form("/upsert_script", uri="a", content="12345")
        self.form("/upsert_script", uri="a", content="")
        self.form("/delete_script", uri="a")
        heard = events(connection.answer)
        stamp = "2023-11-14T22:13:20.000Z"
        self.assertEqual(
            [json.loads(data) for _, _, data in heard],
            [
                {"type": "script_update", "uri": "a", "action": action, "timestamp": stamp} | length
                for action, length in (
                    ("inserted", {"contentLength": 5}),
                    ("updated", {"contentLength": 0}),
                    ("removed", {}),
                )
            ],
        )
        again = self.web.connect("GET", "/script_updates", Last_Event_ID="1")
        self.assertEqual(events(again.answer), heard[1:])
        other_run = self.web.connect("GET", "/script_updates", Last_Event_ID="99")
        self.assertEqual(events(other_run.answer), heard)
        for one in (connection, again, other_run):
            one.lost()
        self.assertEqual(len(self.feature._hub), 0)
        self.form("/upsert_script", uri="a", content="")

    def test_canary_updates(self):
        """What becomes of a canary is heard too."""
        canaries = self.helper.registry.canaries
        canaries.enable()
        connection = self.web.connect("GET", "/script_updates")
        self.form("/upsert_script", uri="a", content="GET /x")
        self.helper.wait(canaries.begin("a", "GET /x two", 10))
        self.helper.wait(canaries.end("a", state="rolled_back", reason="too many errors"))
        heard = [json.loads(data) for _, _, data in events(connection.answer)][1:]
        base = {
            "type": "script_canary",
            "uri": "a",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "version": 2,
            "percent": 10.0,
        }
        self.assertEqual(
            heard,
            [
                base | {"action": "started", "reason": ""},
                base | {"action": "rolled_back", "reason": "too many errors"},
            ],
        )

    def test_audit(self):
        """Writes are noted with who and from where, and so are refusals."""
        self.form("/upsert_script", uri="a", content="GET /x")
        self.ask("POST", "/api/scripts/a", "throw x")
        self.form("/delete_script", uri="a")
        self.form("/delete_script", uri="a")
        entries = self.helper.script_log.query(kind="audit")["entries"]
        fields = [parse_audit(one["message"]) for one in entries]
        self.assertEqual(
            [tuple(one.get(name) for name in ("action", "uri", "version", "refused")) for one in fields],
            [
                ("put", "a", "1", None),
                ("put", "a", None, "SCRIPT_INVALID"),
                ("delete", "a", None, None),
                ("delete", "a", None, "NOT_FOUND"),
            ],
        )
        self.assertEqual(
            {(one["actor"], one["how"], one["ip"]) for one in fields}, {("local", "local", "127.0.0.1")}
        )

    def test_client_leaves(self):
        """A deployment whose client left is finished and noted."""
        gate = self.helper.pool.gates["a"] = Deferred()
        connection = self.web.connect("POST", "/api/scripts/a", "GET /x")
        connection.lost()
        gate.callback(None)
        self.assertEqual(self.helper.answers("GET", "/x"), ("a", 1, {}))
        self.assertEqual(len(self.helper.script_log.query(kind="audit")["entries"]), 1)

    def test_stop(self):
        """Stopping ends the streams."""
        connection = self.web.connect("GET", "/script_updates")
        self.helper.wait(self.feature.stop())
        self.assertTrue(connection.transport.value().endswith(b"0\r\n\r\n"))


class AccessTests(AliasTestCase):
    """Who needs the key."""

    def status(self, peer="127.0.0.1", **headers):
        return self.web.connect("GET", "/api/scripts", peer=peer, **headers).answer.status

    def test_local_program(self):
        """In development a program on this machine needs no key."""
        for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
            self.assertEqual(self.status(Host=host), 200)
        self.assertEqual(self.status(Host="localhost", Origin="http://localhost"), 200)
        self.assertEqual(self.status(Sec_Fetch_Site="same-origin"), 200)

    def test_web_page(self):
        """A web page shown by a browser on this machine needs the key, also by a name that points here."""
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Host": "evil.example:8080"},
            {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"},
            {"Origin": "http://[bad"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
        ):
            self.assertEqual(self.status(**headers), 401, headers)

    def test_from_elsewhere(self):
        """Another machine needs the key, also by way of a proxy on this one."""
        self.assertEqual(self.status(peer="10.0.0.5"), 401)
        for name in ("X_Forwarded_For", "Forwarded", "Via"):
            self.assertEqual(self.status(**{name: "1.2.3.4"}), 401)
        key = self.feature._guard.own_key
        self.assertEqual(self.status(peer="10.0.0.5", Authorization=f"Bearer {key}"), 200)

    def test_named_keys(self):
        """A key that may only look does not deploy; one that may gives its name."""
        self.make("production", KEY)
        roles = {"l": "read", "d": "deploy"}
        keys = {name: KeySettings(key=Secret(name * 20), role=role) for name, role in roles.items()}
        self.configuration.sections["management"] = ManagementSettings(keys=keys)
        look, deploy = (f"Bearer {name * 20}" for name in "ld")
        self.assertEqual(self.status(Authorization=look), 200)
        refused = self.ask("POST", "/api/scripts/a", "GET /x", Authorization=look)
        self.assertEqual(refused.code, (403, "FORBIDDEN"))
        self.assertEqual(self.ask("POST", "/api/scripts/a", "GET /x", Authorization=deploy).status, 200)
        self.assertEqual(self.helper.registry.record("a").script.author, "d")

    def test_one_guard(self):
        """Wrong keys are counted together with those of the management API."""
        services = Services(self.helper, self.clock, self.configuration)
        feature = management.build(None, services)
        services._providers.append(feature)
        self.assertIs(aliases.build(None, services)._guard, feature.guard)

    def test_production(self):
        """In production everybody needs the key."""
        self.make("production", KEY)
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(Authorization=f"Bearer {KEY}"), 200)
        self.make("production")
        self.assertEqual(self.status(), 403)
