"""Tests for aiwebengine.subsystems.storage.endpoints: what operators see of what scripts keep."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.config.secret import Secret
from aiwebengine.interfaces import IManagementExtension, IPlugin, IScriptGlobals
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.plugins.aiwebengine_storage import storage
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.subsystems.management.audit import parse_audit
from aiwebengine.subsystems.management.settings import KeySettings, ManagementSettings
from aiwebengine.subsystems.storage.endpoints import app, operation
from aiwebengine.subsystems.storage.namespaces import namespace_of
from aiwebengine.subsystems.storage.settings import StorageSettings
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper

KEY, READER = "k" * 30, "r" * 30


class Reloadable(Configuration):
    """A configuration that can be reloaded."""

    def on_reload(self, apply: Any) -> None:
        self.apply = apply


class APITests(SynchronousTestCase):
    """``/engine/storage`` over HTTP."""

    def setUp(self) -> None:
        clock = Clock()
        self.helper = RegistryHelper(self)
        self.values = self.helper.repository.key_values
        self.configuration = Reloadable("production", security={"api_key": KEY})
        self.configuration.sections["management"] = ManagementSettings(
            keys={"reader": KeySettings(key=Secret(READER), role="read")}
        )
        self.services = Services(self.helper, clock, self.configuration)
        self.feature = storage.build(StorageSettings(), self.services)
        self.management = management.build(None, self.services)
        self.services._providers += [self.feature, self.management]
        self.ask = FeatureHelper(self, self.management, clock, KEY).ask
        for script, user, key in (
            ("a.js", None, "k"),
            ("a.js", "ann", "note"),
            ("a.js", "bob", "note"),
            ("a.jsx", None, "other"),
            ("b/c.js", None, "k"),
        ):
            self.set(namespace_of(script, user), key, [key])
        self.set("sessions", "k", 1)

    def set(self, namespace: str, key: str, value: Any) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.values.set(namespace, key, value)))

    def json(self, path: str) -> Any:
        answer = self.ask("GET", path)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def test_provides(self) -> None:
        """Plugin and provider are what they say; nothing but described routes is answered."""
        verifyObject(IPlugin, storage)
        verifyObject(IManagementExtension, self.feature)
        verifyObject(IScriptGlobals, self.feature)
        routes = {(one.rule, method) for one in app.url_map.iter_rules() for method in one.methods or ()}
        described = {(one.rule, one.method) for one in operation.all}
        self.assertEqual({one for one in routes if one[1] not in ("HEAD", "OPTIONS")}, described)

    def test_req_data_004_listed(self) -> None:
        """Scripts and their users with what they keep; what is the engine's own is not among them."""
        found = self.json("/engine/storage")
        shown = [(one["script"], one["user"], one["keys"], one["bytes"]) for one in found["namespaces"]]
        users = [("a.js", "ann", 1, 12), ("a.js", "bob", 1, 12)]
        others = [("a.jsx", None, 1, 14), ("b/c.js", None, 1, 6)]
        self.assertEqual(shown, [("a.js", None, 3, 30), *users, *others])
        self.assertIsNone(found["next"])

    def test_pages(self) -> None:
        """Page after page, of all and of one script."""
        for query, users in (("", [None, "ann", "bob", None, None]), ("script=a.js&", [None, "ann", "bob"])):
            seen: list[Any] = []
            after = ""
            while after is not None:
                found = self.json(f"/engine/storage?{query}limit=2&after={after.replace('#', '%23')}")
                self.assertLessEqual(len(found["namespaces"]), 2)
                seen += [one["user"] for one in found["namespaces"]]
                after = found["next"]
            self.assertEqual(seen, users)
        self.assertEqual(self.json("/engine/storage?script=no.js")["namespaces"], [])

    def test_keys_and_values(self) -> None:
        """Keys of a script or user by prefix and page, and one key's value exactly."""
        self.set(namespace_of("b/c.js"), "odd", "\ud800")
        found = self.json("/engine/storage/b%2Fc.js?limit=1")
        self.assertEqual(found["keys"], [{"key": "k", "bytes": 6, "expires_at": None}])
        self.assertEqual((found["script"], found["user"], found["next"]), ("b/c.js", None, "k"))
        self.assertEqual(
            [one["key"] for one in self.json("/engine/storage/b%2Fc.js?after=k")["keys"]], ["odd"]
        )
        self.assertEqual(len(self.json("/engine/storage/b/c.js?prefix=o")["keys"]), 1)
        self.assertEqual(self.json("/engine/storage/b%2Fc.js?key=odd")["value"], "\ud800")
        mine = self.json("/engine/storage/a.js?user=ann&key=note")
        self.assertEqual(
            mine, {"script": "a.js", "user": "ann", "key": "note", "value": ["note"], "expires_at": None}
        )
        self.assertEqual(self.ask("GET", "/engine/storage/a.js?key=note").code[0], 404)
        self.assertEqual(self.ask("GET", "/engine/storage?limit=x").code[0], 400)

    def test_deleted(self) -> None:
        """One key, one user's, or all; each time it is noted who did it."""
        delete = lambda path: self.ask("DELETE", path).status  # noqa: E731
        self.assertEqual(delete("/engine/storage/a.js?key=k"), 204)
        self.assertEqual(delete("/engine/storage/a.js?key=k"), 404)
        self.assertEqual(delete("/engine/storage/a.js?user=ann"), 204)
        left = [(one["script"], one["user"]) for one in self.json("/engine/storage")["namespaces"]]
        self.assertEqual(left, [("a.js", None), ("a.js", "bob"), ("a.jsx", None), ("b/c.js", None)])
        self.assertEqual(delete("/engine/storage/a.js"), 204)
        left = [one["script"] for one in self.json("/engine/storage")["namespaces"]]
        self.assertEqual(left, ["a.jsx", "b/c.js"])
        noted = [parse_audit(one["message"]) for one in self.helper.script_log.query(kind="audit")["entries"]]
        self.assertEqual([one.get("keys") for one in noted], ["1", None, "1", "1"])
        self.assertEqual(noted[0]["key"], "k")
        self.assertEqual(noted[1]["refused"], "NOT_FOUND")
        self.assertEqual(noted[2]["user"], "ann")

    def test_empty_parameters_delete_nothing(self) -> None:
        """A key or user that somebody left empty does not stand for all of them."""
        before = self.json("/engine/storage")
        for query in ("key=", "user=", "user=&key=k", "user=ann&key="):
            for method in ("DELETE", "GET"):
                answer = self.ask(method, f"/engine/storage/a.js?{query}")
                self.assertEqual(answer.code, (400, "BAD_REQUEST"), query)
                self.assertIn("must not be empty", answer.json["error"]["message"])
        self.assertEqual(self.json("/engine/storage"), before)

    def test_roles(self) -> None:
        """Without a key nothing is seen; who may read sees counts, and no values."""
        self.assertEqual(self.ask("GET", "/engine/storage", Authorization=None).code[0], 401)
        reader = {"Authorization": f"Bearer {READER}"}
        self.assertEqual(self.ask("GET", "/engine/storage", **reader).status, 200)
        self.assertEqual(self.ask("GET", "/engine/storage/a.js?key=k", **reader).code[0], 403)
        self.assertEqual(self.ask("DELETE", "/engine/storage/a.js", **reader).code[0], 403)
        self.assertEqual(len(self.json("/engine/storage")["namespaces"]), 5)

    def test_unavailable(self) -> None:
        """While the repository is away the answer is a 503."""

        def away(operation: str) -> None:
            raise RepositoryUnavailable("memory:", operation)

        self.helper.repository.fault = away
        self.assertEqual(self.ask("GET", "/engine/storage").code, (503, "SERVICE_UNAVAILABLE"))

    def test_req_doc_005_described(self) -> None:
        """The OpenAPI document of the management API has these operations, and answers fit it."""
        clock = Clock()
        answer = FeatureHelper(self, self.management, clock, KEY).ask("GET", "/engine/openapi.json")
        document = json.loads(answer.body)
        OpenAPIV31SpecValidator(document).validate()
        described = document["paths"]["/engine/storage"]["get"]
        self.assertEqual(described["x-role"], "read")
        self.assertEqual(document["paths"]["/engine/storage/{uri}"]["delete"]["x-role"], "admin")
        for path, target in (
            ("/engine/storage", "/engine/storage"),
            ("/engine/storage/{uri}", "/engine/storage/a.js"),
            ("/engine/storage/{uri}", "/engine/storage/a.js?key=k"),
        ):
            schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"][
                "schema"
            ]
            whole = {"components": document["components"], **schema}
            Draft202012Validator(whole).validate(self.json(target))

    def test_reloaded(self) -> None:
        """New limits are in force at once."""
        self.configuration.sections["storage"] = StorageSettings(max_key_bytes=7)
        self.configuration.apply(None, self.configuration)
        self.assertEqual(self.feature.settings.max_key_bytes, 7)
