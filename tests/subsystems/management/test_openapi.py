"""REQ-DOC-005: the OpenAPI document is valid, complete, and true."""

import json
import re
from urllib.parse import quote

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import CORE_SECTIONS
from aiwebengine.interfaces import IRequestGate
from aiwebengine.plugins.aiwebengine_canary import canary
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.roster import LeftOut, Offer, Plan
from aiwebengine.subsystems.canary.settings import CanarySettings
from aiwebengine.subsystems.management.api import OPEN_PATHS, ManagementAPI
from aiwebengine.subsystems.management.endpoints import app, operation
from aiwebengine.subsystems.management.openapi import openapi
from aiwebengine.subsystems.management.settings import ManagementSettings
from aiwebengine.subsystems.request_log.journal import RequestJournal
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper

KEY = "k" * 30


class Reloadable(Configuration):
    """A configuration that can be reloaded."""

    def on_reload(self, apply):
        self.apply = apply


class DocumentTests(SynchronousTestCase):
    """The document by itself."""

    def setUp(self):
        self.document = openapi(operation.all)

    def test_req_doc_005_valid(self):
        """It is OpenAPI 3.1."""
        OpenAPIV31SpecValidator(self.document).validate()
        self.assertEqual(self.document["openapi"], "3.1.0")

    def test_req_doc_005_no_route_is_missing(self):
        """It describes every route of the live application, and nothing else."""
        routes = {
            (method, re.sub(r"<[^>]*>", "{uri}", rule.rule))
            for rule in app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
        }
        described = {
            (method.upper(), path) for path, methods in self.document["paths"].items() for method in methods
        }
        self.assertEqual(described, routes)
        self.assertGreater(len(routes), 20)

    def test_unique(self):
        """Every operation has a name of its own, a summary, and says what it takes."""
        operations = [one for methods in self.document["paths"].values() for one in methods.values()]
        names = [one["operationId"] for one in operations]
        self.assertEqual(len(set(names)), len(names))
        for one in operations:
            self.assertTrue(one["summary"])
            self.assertIn(one["x-role"], ("read", "deploy", "admin", "none"))
            statuses = set(one["responses"])
            if one["x-role"] != "none":
                self.assertLessEqual({"401", "403", "429"}, statuses)
            if "requestBody" in one:
                self.assertIn("413", statuses)

    def test_writes_are_audited(self):
        """What needs more than reading is noted when it is refused (a check changes nothing)."""
        for one in operation.all:
            if one.role == "deploy":
                self.assertTrue(one.audited or one.name == "check_source", one.name)

    def test_open_paths(self):
        """Only what says that it needs no key is open."""
        self.assertEqual({one.rule for one in operation.all if one.role is None}, set(OPEN_PATHS))
        self.assertIs(ManagementAPI.__dict__["app"], app)


class AnswerTests(SynchronousTestCase):
    """Real answers have the shapes of the document."""

    def setUp(self):
        self.clock = Clock()
        self.helper = RegistryHelper(self, max_script_bytes=1000)
        sections = {name: struct() for name, struct in CORE_SECTIONS.items()}
        self.configuration = Reloadable("production", security={"api_key": KEY})
        self.configuration.sections = sections | self.configuration.sections
        self.configuration.sections["server"] = sections["server"]
        self.configuration.sections["javascript"] = sections["javascript"]
        self.configuration.sections["management"] = ManagementSettings(eval=True)
        services = Services(self.helper, self.clock, self.configuration)
        offers = (Offer(management, "here"),)
        services.plan = Plan(offers, (LeftOut("x", "there", "disabled", "disabled in [plugins]"),))
        services._providers.append(canary.build(CanarySettings(), services))
        services._providers.append(RequestJournal(self.clock, format="off"))
        self.feature = management.build(None, services)
        services._providers.append(self.feature)
        self.web = FeatureHelper(self, self.feature, self.clock, KEY)
        self.document = json.loads(self.web.ask("GET", "/engine/openapi.json").body)
        self.journal = services.providers(IRequestGate)[0]
        self.seen = set()

    def check(self, operation_id, status, body=b"", uri=None, query="", **headers):
        """Send a request for an operation and hold the answer against its description."""
        ((path, method, found),) = [
            (path, method, one)
            for path, methods in self.document["paths"].items()
            for method, one in methods.items()
            if one["operationId"] == operation_id
        ]
        target = path.replace("{uri}", quote(uri or "", safe=""))
        answer = self.web.ask(method.upper(), target + query, body, **headers)
        self.assertEqual(answer.status, status, answer.body)
        described = found["responses"][str(status)]
        self.seen.add((operation_id, status))
        if "content" not in described:
            self.assertEqual(answer.body, b"")
            return answer
        media = answer.headers["content-type"].partition(";")[0]
        schema = described["content"][media]["schema"]
        if media == "application/json":
            whole = {"components": self.document["components"], **schema}
            Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
                answer.json
            )
        return answer

    def test_req_doc_005_scripts(self):
        """Scripts, versions, differences, canaries, batches."""
        as_json = {"Accept": "application/json"}
        self.check("put_script", 201, "GET /x", "a/b.js")
        self.check("put_script", 200, "GET /x/:id", "a/b.js", "?message=m")
        self.check("put_script", 422, "throw x", "a/b.js")
        self.check("list_scripts", 200)
        self.check("put_script", 412, "", "a/b.js", If_None_Match="*")
        self.check("put_script", 409, "GET /x/:y", "c.js")
        self.check("put_script", 413, "x" * 1001, "c.js")
        self.check("put_script", 400, "", "c d.js")
        self.check("get_script", 200, uri="a/b.js")
        self.check("get_script", 200, uri="a/b.js", **as_json)
        self.check("get_script", 200, uri="a/b.js", query="?version=1", **as_json)
        self.check("get_script", 304, uri="a/b.js", If_None_Match='"2"')
        self.check("get_script", 404, uri="none")
        self.check("list_versions", 200, uri="a/b.js")
        self.check("show_diff", 200, uri="a/b.js")
        self.check("show_diff", 200, uri="a/b.js", **as_json)
        self.check("roll_back", 200, {"version": 1}, "a/b.js")
        self.check("put_script", 200, "GET /x", "a/b.js", "?canary=10")
        for operation_id in ("list_scripts", "show_status"):
            self.check(operation_id, 200)
        self.check("get_canary", 200, uri="a/b.js")
        self.check("get_canary", 404, uri="none")
        self.check("get_script", 200, uri="a/b.js", query="?version=4", **as_json)
        self.check("act_on_canary", 200, {"action": "percent", "percent": 50}, "a/b.js")
        self.check("act_on_canary", 400, {"action": "percent"}, "a/b.js")
        self.check("act_on_canary", 200, {"action": "promote"}, "a/b.js")
        self.check("act_on_canary", 404, {"action": "abort"}, "a/b.js")
        self.check("deploy_batch", 200, {"scripts": {"n.js": "GET /n", "a/b.js": None}})
        self.check("deploy_batch", 400, {"scripts": {}, "expected": {"q": 1}})
        self.check("delete_script", 204, uri="n.js")
        self.check("delete_script", 404, uri="n.js")

    def test_req_doc_005_tools(self):
        """Checks, evaluations, typings, the page."""
        source = "GET /x show\n+stream /s {}\neval"
        self.check("check_source", 200, source, query="?uri=a.js")
        self.check("check_source", 200, "throw x")
        self.check("evaluate_expression", 200, {"expression": "1"})
        self.check("evaluate_expression", 200, {"expression": "throw x", "source": "throw y"})
        self.check("evaluate_expression", 400, "{")
        self.check("get_typings", 200)
        self.check("get_openapi", 304, If_None_Match="*")
        self.check("get_reference", 200)

    def test_req_doc_005_insight(self):
        """Routes, logs, requests, limits, plugins, state."""
        self.check("put_script", 201, "GET /x/:id show", "a.js")
        self.check("put_script", 422, "throw x", "b.js")
        self.check("list_routes", 200)
        for path in ("/x/1", "/none", "/engine/docs"):
            self.check("list_routes", 200, query=f"?path={path}&method=post")
        self.check("list_routes", 400, query="?path=x")
        self.assertEqual(len(self.check("read_logs", 200, query="?kind=audit").json["entries"]), 2)
        self.check("read_logs", 400, query="?level=loud")
        self.check("list_requests", 200)
        self.check("list_requests", 400, query="?status=abc")
        self.check("list_limits", 200)
        self.check("list_plugins", 200)
        self.check("show_status", 200)
        self.assertEqual(self.web.ask("GET", "/engine/status", Authorization="Bearer no").code[0], 401)
