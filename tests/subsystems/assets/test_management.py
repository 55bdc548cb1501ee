"""REQ-ASSET-002: assets over the management API."""

from __future__ import annotations

from hashlib import sha256

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IManagementExtension, IPlugin
from aiwebengine.plugins.aiwebengine_assets import assets
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.repository.model import AssetPut
from tests.subsystems.assets.support import READER, AssetCase, form

MULTIPART = "multipart/form-data; boundary=BOUND"


class LifeTests(AssetCase):
    """What becomes of one asset."""

    def test_provides(self):
        """Plugin and provider are what they say."""
        verifyObject(IPlugin, assets)
        verifyObject(IManagementExtension, self.plugin)

    def test_req_asset_002_life(self):
        """An asset is put, read, listed, changed and deleted, with the shapes of the contract."""
        created = self.put("css/site.css", b"a {}", content_type="text/css")
        digest = sha256(b"a {}").hexdigest()
        record = {
            "name": "css/site.css",
            "content_type": "text/css",
            "size": 4,
            "sha256": digest,
            "created_at": "2023-11-14T22:13:20.000Z",
            "updated_at": "2023-11-14T22:13:20.000Z",
            "public": True,
            "url": "/css/site.css",
            "metadata": {},
        }
        self.assertEqual((created.status, created.json), (201, record))
        self.assertEqual(created.headers["etag"], f'"{digest}"')
        self.assertEqual(self.ask("GET", "/engine/assets").json, {"assets": [record], "next": None})
        read = self.ask("GET", "/engine/assets/css/site.css")
        self.assertEqual((read.status, read.body), (200, b"a {}"))
        self.assertEqual((read.headers["content-type"], read.headers["etag"]), ("text/css", f'"{digest}"'))
        as_json = self.ask("GET", self.path("css/site.css"), Accept="application/json")
        self.assertEqual((as_json.status, as_json.json), (200, record))
        self.helper.time += 1
        changed = self.put("css/site.css", b"b", "?public=false")
        self.assertEqual(changed.status, 200)
        self.assertEqual(changed.json["updated_at"], "2023-11-14T22:13:21.000Z")
        self.assertEqual(changed.json["created_at"], record["created_at"])
        self.assertEqual((changed.json["public"], changed.json["url"]), (False, None))
        gone = self.ask("DELETE", self.path("css/site.css"))
        self.assertEqual((gone.status, gone.body), (204, b""))
        for method in ("GET", "DELETE", "PATCH"):
            answer = self.ask(method, self.path("css/site.css"), {} if method == "PATCH" else b"")
            self.assertEqual(answer.code, (404, "NOT_FOUND"))
        self.assertEqual(
            self.ask("GET", self.path("css/site.css"), Accept="application/json").code, (404, "NOT_FOUND")
        )

    def test_public(self):
        """Whether it is public stays as it was unless a PUT says so; a new one is."""
        for query, public in (
            ("", True),
            ("?public=false", False),
            ("", False),
            ("?public=true", True),
            ("", True),
        ):
            self.assertEqual(self.put("a.txt", b"x", query).json["public"], public)
        for wrong in ("yes", ""):
            self.assertEqual(self.put("a.txt", b"x", f"?public={wrong}").code, (400, "BAD_REQUEST"))
        for name in (".well/hidden.txt", "engine/x", "engine"):
            self.assertIsNone(self.put(name).json["url"], name)
        self.assertEqual(self.put("engines/x").json["url"], "/engines/x")

    def test_req_asset_003_metadata(self):
        """PATCH changes what it names, PUT keeps metadata; the engine's own marks are not shown."""
        self.put("a.png")
        changed = self.ask(
            "PATCH",
            self.path("a.png"),
            {"metadata": {"alt": "A"}, "content_type": "image/PNG", "public": False},
        )
        self.assertEqual(changed.status, 200)
        self.assertEqual(
            {key: changed.json[key] for key in ("metadata", "content_type", "public", "url")},
            {"metadata": {"alt": "A"}, "content_type": "image/png", "public": False, "url": None},
        )
        self.assertEqual(
            self.ask("PATCH", self.path("a.png"), {"public": True}).json["metadata"], {"alt": "A"}
        )
        again = self.put("a.png", b"y").json
        self.assertEqual((again["metadata"], again["public"]), ({"alt": "A"}, True))
        for bad in (
            {"metadata": {"aiwebengine:public": True}},
            {"metadata": {"x": "y" * 8192}},
            {"metadata": []},
            {"content_type": "nonsense"},
            {"content_type": "text/plain\nX: y"},
            {"size": 3},
        ):
            self.assertEqual(self.ask("PATCH", self.path("a.png"), bad).code, (400, "BAD_REQUEST"), bad)
        self.assertEqual(self.ask("GET", self.path("a.png"), Accept="application/json").json, again)

    def test_types(self):
        """Where the client says no type that means anything, the name does."""
        for name, said, kept in (
            ("a.js", None, "text/javascript; charset=utf-8"),
            ("a.css", "application/x-www-form-urlencoded", "text/css; charset=utf-8"),
            ("a.woff2", "application/octet-stream", "font/woff2"),
            ("a.svg", None, "image/svg+xml"),
            ("a", None, "application/octet-stream"),
            ("a.txt", "Text/HTML; charset=latin1", "text/html; charset=latin1"),
            ("a.json", "multipart/form-data; boundary=x", "multipart/form-data; boundary=x"),
        ):
            self.assertEqual(self.put(name, b"{", content_type=said).json["content_type"], kept)
        self.assertEqual(self.put("a", b"", content_type="image").code, (400, "BAD_REQUEST"))


class NameTests(AssetCase):
    """Names over HTTP."""

    def test_names(self):
        """Raw slashes and one encoded segment are the same name, whatever letters it has."""
        for name in ("a", "a b/ä+&;=.txt", "%2F", "a%b", "x" * 512, "\U0001f600", "...", "a..b", ".hidden"):
            self.assertEqual(self.put(name, b"1").status, 201, name)
            self.assertEqual(self.ask("GET", self.path(name), Accept="application/json").json["name"], name)
        self.put("a/b/c.txt", b"raw")
        self.assertEqual(self.ask("GET", "/engine/assets/a/b/c.txt").body, b"raw")
        self.assertEqual(self.ask("GET", "/engine/assets/a%2Fb/c.txt").body, b"raw")

    def test_req_asset_002_bad_names(self):
        """What is not like a relative path is 400 for every method, and nothing is stored."""
        for name in (
            "/a",
            "a/",
            "a//b",
            "./a",
            "a/./b",
            "../a",
            "a/..",
            "a\\b",
            "a\x00b",
            "a\nb",
            "\x7f",
            "y" * 513,
        ):
            for method in ("GET", "PUT", "PATCH", "DELETE"):
                answer = self.ask(method, self.path(name), b"{}")
                self.assertEqual(answer.code, (400, "BAD_REQUEST"), (method, name))
        self.assertEqual(self.ask("GET", "/engine/assets/%FF").code, (400, "BAD_REQUEST"))
        self.assertEqual(self.names(), [])


class ListTests(AssetCase):
    """Lists."""

    def test_pages(self):
        """By name, a page at a time, with a prefix."""
        self.wait(self.repository.put_all([AssetPut(f"a/{n:04}", b"", "t/t") for n in range(1005)]))
        self.put("b")

        def page(query):
            found = self.ask("GET", f"/engine/assets?{query}").json
            return [one["name"] for one in found["assets"]], found["next"]

        names, after = page("")
        self.assertEqual((len(names), names[0], after), (100, "a/0000", "a/0099"))
        self.assertEqual(page(f"after={after}&limit=2"), (["a/0100", "a/0101"], "a/0101"))
        names, after = page("limit=5000")
        self.assertEqual((len(names), after), (1000, "a/0999"))
        self.assertEqual(page(f"after={after}&prefix=a%2F")[0], [f"a/{n}" for n in range(1000, 1005)])
        self.assertEqual(page("prefix=b"), (["b"], None))
        self.assertEqual(page("limit=0"), ([], None))
        self.assertEqual(self.ask("GET", "/engine/assets?limit=x").code, (400, "BAD_REQUEST"))


class ReadTests(AssetCase):
    """Reading over the management API."""

    def setUp(self):
        super().setUp()
        self.tag = self.put("x.html", b"<script>1</script>").headers["etag"]

    def test_req_sec_001_harmless(self):
        """An uploaded page cannot act on this origin."""
        for method in ("GET", "HEAD"):
            answer = self.ask(method, self.path("x.html"))
            self.assertEqual(answer.headers["content-security-policy"], "sandbox")
            self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
            self.assertEqual(answer.headers["content-length"], "18")
        self.assertEqual(answer.body, b"")

    def test_conditions_and_ranges(self):
        """304 for what the client has, ranges, 416 and 412."""
        answer = self.ask("GET", self.path("x.html"), If_None_Match=f'"other", W/{self.tag}')
        self.assertEqual((answer.status, answer.body), (304, b""))
        self.assertEqual(answer.headers["etag"], self.tag)
        part = self.ask("GET", self.path("x.html"), Range="bytes=1-6")
        self.assertEqual((part.status, part.body), (206, b"script"))
        self.assertEqual(part.headers["content-range"], "bytes 1-6/18")
        self.assertEqual(self.ask("GET", self.path("x.html"), Range="bytes=18-").status, 416)
        self.assertEqual(self.ask("GET", self.path("x.html"), If_Match='"other"').status, 412)


class ConditionTests(AssetCase):
    """REQ-DATA-004: writes that build on what was read."""

    def test_req_data_004_if_match(self):
        """A stale tag is 412 for every write and nothing changes; the present one, or *, is taken."""
        self.assertEqual(self.put("a", b"1", if_match="*").code, (412, "PRECONDITION_FAILED"))
        first = self.put("a", b"1", if_none_match="*").headers["etag"]
        self.assertEqual(self.put("a", b"2", if_none_match="*").code, (412, "PRECONDITION_FAILED"))
        self.assertEqual(self.put("a", b"2", if_none_match=first).code, (412, "PRECONDITION_FAILED"))
        second = self.put("a", b"2", if_match=f'"x", {first}').headers["etag"]
        for method in ("PUT", "PATCH", "DELETE"):
            answer = self.ask(method, self.path("a"), b"{}", If_Match=first)
            self.assertEqual(answer.code, (412, "PRECONDITION_FAILED"), method)
        self.assertEqual(self.ask("GET", self.path("a")).body, b"2")
        self.assertEqual(self.ask("PATCH", self.path("a"), {"public": False}, If_Match=second).status, 200)
        self.assertEqual(self.put("a", b"3", if_match=second, if_none_match="*").status, 412)
        self.assertEqual(self.ask("DELETE", self.path("a"), If_Match="*").status, 204)
        self.assertEqual(self.put("a", b"3", if_match="*", if_none_match="*").status, 412)

    def test_req_data_004_one_wins(self):
        """Of two PUTs on the same tag one wins, also when both looked before either wrote."""
        tag = self.put("a", b"0").headers["etag"]
        wait, begin = self.helper.wait, self.helper.begin
        digest = tag.strip('"')
        outcomes = [
            begin(self.repository.put("a", content, "t/t", expected_sha256=digest))
            for content in (b"1", b"2")
        ]
        self.successResultOf(outcomes[0])
        self.failureResultOf(outcomes[1])
        self.assertEqual(wait(self.repository.get("a"))[1], b"1")


class LimitTests(AssetCase):
    """Limits and refusals."""

    settings = {"max_bytes": 100, "max_total_bytes": 150, "allowed_types": ("image/*", "text/plain")}

    def test_req_asset_002_size(self):
        """Over the limit is 413 by the asset's name; so is what all assets together must not pass."""
        self.assertEqual(self.put("a.txt", b"x" * 100).status, 201)
        answer = self.put("b.txt", b"x" * 101)
        self.assertEqual(answer.code, (413, "PAYLOAD_TOO_LARGE"))
        details = answer.json["error"]["details"]
        self.assertEqual((details["name"], details["config_key"]), ("b.txt", "assets.max_bytes"))
        self.assertEqual(self.put("b.txt", b"x" * 200_000).code, (413, "PAYLOAD_TOO_LARGE"))
        answer = self.put("b.txt", b"x" * 51)
        self.assertEqual(answer.json["error"]["details"]["config_key"], "assets.max_total_bytes")
        self.assertEqual(self.put("b.txt", b"x" * 50).status, 201)
        self.configuration.change("assets", max_total_bytes=0)
        self.assertEqual(self.put("c.txt", b"x" * 100).status, 201)

    def test_upload_limit_counts(self):
        """server.max_upload_bytes bounds an asset too."""
        self.configuration.change("server", max_upload_bytes=50)
        self.assertEqual(self.put("a.txt", b"x" * 50).status, 201)
        self.assertEqual(self.put("a.txt", b"x" * 51).code, (413, "PAYLOAD_TOO_LARGE"))

    def test_req_asset_002_types(self):
        """A type that is not allowed is 415, by PUT, PATCH and upload."""
        self.assertEqual(self.put("a.svg").status, 201)
        for answer in (
            self.put("a.html"),
            self.put("a.png", b"", content_type="text/html"),
            self.ask("PATCH", self.path("a.svg"), {"content_type": "text/html"}),
            self.ask("POST", "/engine/assets", form(("f", "x.html", b"", None)), Content_Type=MULTIPART),
        ):
            self.assertEqual(answer.code, (415, "UNSUPPORTED_MEDIA_TYPE"))
            self.assertIn("text/html", answer.json["error"]["message"])
        self.assertEqual(self.names(), ["a.svg"])

    def test_unavailable(self):
        """While the repository is away the answer is 503."""

        def fault(operation):
            raise RepositoryUnavailable("memory:", "on purpose")

        self.services.repository.fault = fault
        for method in ("GET", "PUT", "DELETE"):
            self.assertEqual(self.ask(method, self.path("a.txt")).code, (503, "SERVICE_UNAVAILABLE"))


class UploadTests(AssetCase):
    """REQ-ASSET-002: forms with files."""

    def upload(self, *parts, query=""):
        return self.ask("POST", f"/engine/assets{query}", form(*parts), Content_Type=MULTIPART)

    def test_req_asset_002_multipart(self):
        """Every file part is kept under the prefix and its file name."""
        answer = self.upload(
            ("prefix", None, b"img/", None),
            ("one", "a.png", b"1", "image/png"),
            ("two", "b.txt", b"22", "application/octet-stream"),
            ("three", "", b"", "application/octet-stream"),
        )
        self.assertEqual(answer.status, 200)
        shown = [
            (one["name"], one["content_type"], one["size"], one["public"]) for one in answer.json["assets"]
        ]
        self.assertEqual(
            shown, [("img/a.png", "image/png", 1, True), ("img/b.txt", "text/plain; charset=utf-8", 2, True)]
        )
        self.assertEqual(self.ask("GET", "/engine/assets/img/b.txt").body, b"22")
        private = self.upload(("f", "c.txt", b"", None), query="?public=false")
        self.assertEqual(private.json["assets"][0]["public"], False)

    def test_req_asset_002_all_or_nothing(self):
        """When one file cannot be kept none is; the answer names it."""
        self.configuration.change("assets", max_bytes=10)
        good = ("a", "good.txt", b"1", None)
        for bad, status, word in (
            (("b", "../bad.txt", b"1", None), 400, "../bad.txt"),
            (("b", "big.txt", b"x" * 11, None), 413, "big.txt"),
            (("b", "good.txt", b"2", None), 400, "good.txt"),
            (("b", "odd.txt", b"2", "odd"), 400, "odd.txt"),
        ):
            answer = self.upload(good, bad)
            self.assertEqual(answer.status, status)
            self.assertIn(word, answer.json["error"]["message"])
        self.assertEqual(self.names(), [])

    def test_no_form(self):
        """Something else than a form, or a form without files, is refused."""
        self.assertEqual(self.ask("POST", "/engine/assets", b"x").code, (415, "UNSUPPORTED_MEDIA_TYPE"))
        self.assertEqual(self.upload(("prefix", None, b"a/", None)).code, (400, "BAD_REQUEST"))
        broken = self.ask("POST", "/engine/assets", b"--BOUND\r\n", Content_Type=MULTIPART)
        self.assertEqual(broken.code, (400, "BAD_REQUEST"))


class AccessTests(AssetCase):
    """Roles and audit."""

    def test_req_sec_005_roles(self):
        """Reading takes the role read, everything else deploy; without a key nothing is done."""
        self.put("a")
        reader = {"Authorization": f"Bearer {READER}"}
        self.assertEqual(self.ask("GET", "/engine/assets", **reader).status, 200)
        self.assertEqual(self.ask("GET", "/engine/assets/a", **reader).status, 200)
        for method, path in (
            ("PUT", "/engine/assets/a"),
            ("PATCH", "/engine/assets/a"),
            ("DELETE", "/engine/assets/a"),
            ("POST", "/engine/assets"),
        ):
            self.assertEqual(self.ask(method, path, b"{}", **reader).code, (403, "FORBIDDEN"))
        self.assertEqual(self.ask("GET", "/engine/assets", Authorization="").code, (401, "UNAUTHORIZED"))
        self.assertEqual(self.ask("GET", "/engine/assets/a", Authorization="").code, (401, "UNAUTHORIZED"))
        self.assertEqual(self.ask("POST", "/engine/assets/a", b"").code, (405, "METHOD_NOT_ALLOWED"))

    def test_req_log_003_audit(self):
        """Every write leaves an entry, every refused one too."""
        self.put("a b", b"1", "?public=false")
        self.put("a b", b"2", if_none_match="*")
        self.put("a//b", b"2")
        self.ask("PATCH", self.path("a b"), {"public": False})
        self.ask("DELETE", self.path("a b"))
        self.ask("POST", "/engine/assets", form(("f", "c", b"", None)), Content_Type=MULTIPART)
        self.ask("DELETE", "/engine/assets/c", Authorization=f"Bearer {READER}")
        found = [(one["action"], one.get("asset", ""), one.get("refused")) for one in self.audit()]
        self.assertEqual(
            found,
            [
                ("asset put", "a b", None),
                ("asset put", "a b", "PRECONDITION_FAILED"),
                ("asset put", "a//b", "BAD_REQUEST"),
                ("asset change", "a b", None),
                ("asset delete", "a b", None),
                ("asset put", "c", None),
                ("asset delete", "c", "FORBIDDEN"),
            ],
        )
        self.assertEqual(self.audit()[0]["public"], "false")
        self.assertEqual(self.audit()[-1]["actor"], "reader")


class DocumentTests(AssetCase):
    """REQ-DOC-005: the operations in the OpenAPI document."""

    def test_req_doc_005_described(self):
        """They are in it while the plugin is on, under their own parameter."""
        document = self.ask("GET", "/engine/openapi.json").json
        OpenAPIV31SpecValidator(document).validate()
        paths = document["paths"]
        self.assertEqual(set(paths["/engine/assets"]), {"get", "post"})
        one = paths["/engine/assets/{name}"]
        self.assertEqual(set(one), {"get", "put", "patch", "delete"})
        self.assertEqual(one["put"]["parameters"][0]["name"], "name")
        self.assertEqual(one["put"]["x-role"], "deploy")
        self.assertIn("AssetRecord", document["components"]["schemas"])

    def test_req_doc_005_true(self):
        """What is answered has the shapes of the document."""
        document = self.ask("GET", "/engine/openapi.json").json

        def check(answer, operation, status):
            self.assertEqual(answer.status, status)
            content = operation["responses"][str(status)]["content"]["application/json"]
            Draft202012Validator(content["schema"] | {"components": document["components"]}).validate(
                answer.json
            )

        several, one = document["paths"]["/engine/assets"], document["paths"]["/engine/assets/{name}"]
        check(self.put("a"), one["put"], 201)
        check(self.put("a", b"2", "?public=false"), one["put"], 200)
        check(self.ask("PATCH", self.path("a"), {"metadata": {"x": [1]}}), one["patch"], 200)
        check(self.ask("GET", self.path("a"), Accept="application/json"), one["get"], 200)
        check(self.ask("GET", "/engine/assets"), several["get"], 200)
        form_of_one = form(("f", "b", b"", None))
        check(self.ask("POST", "/engine/assets", form_of_one, Content_Type=MULTIPART), several["post"], 200)
        check(self.ask("GET", self.path("no")), one["get"], 404)
        check(self.put("a/"), one["put"], 400)

    def test_switched_off(self):
        """Without the plugin there is neither the path nor its description."""
        self.services._providers.remove(self.plugin)
        self.assertEqual(self.ask("GET", "/engine/assets").code, (404, "NOT_FOUND"))
        self.assertEqual(self.put("a").code, (404, "NOT_FOUND"))
        self.assertNotIn("/engine/assets", self.ask("GET", "/engine/openapi.json").json["paths"])
