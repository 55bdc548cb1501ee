"""The web editor's page and files over HTTP, and its switch."""

from __future__ import annotations

import gzip
import re
import zipfile
from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.config import ConfigurationSources, load
from aiwebengine.discovery import discover_configured
from aiwebengine.interfaces import IFeature, IPlugin
from aiwebengine.plugins.aiwebengine_editor import editor
from aiwebengine.plugins.aiwebengine_security_headers import security_headers
from aiwebengine.subsystems.editor.feature import Editor
from aiwebengine.subsystems.editor.files import StaticFile, static_files
from aiwebengine.subsystems.editor.settings import EditorSettings
from tests.installing import our_wheel
from tests.web.support import Server


class PluginTests(SynchronousTestCase):
    """The descriptor and its section."""

    def test_interfaces(self) -> None:
        """Descriptor and feature are what the engine expects."""
        verifyObject(IPlugin, editor)
        feature = editor.build(EditorSettings(enabled=True), SimpleNamespace())  # type: ignore[arg-type]
        verifyObject(IFeature, feature)
        self.assertEqual(tuple(feature.prefixes), ("engine/editor",))  # type: ignore[union-attr]

    def test_off(self) -> None:
        """Switched off, there is nothing."""
        self.assertIsNone(editor.build(EditorSettings(), SimpleNamespace()))  # type: ignore[arg-type]

    def test_req_dev_003_default_by_environment(self) -> None:
        """It is on in development only, unless the configuration says otherwise."""
        for environment, settings, wanted in (
            ("development", (), True),
            ("production", (), False),
            ("production", ("editor.enabled=true",), True),
            ("development", ("editor.enabled=false",), False),
        ):
            sources = ConfigurationSources(environment=environment, settings=settings, variables={})
            schemas = discover_configured(sources).roster.schemas()
            self.assertEqual(load(sources, schemas).section("editor").enabled, wanted)

    def test_wheel_has_the_bundle_and_not_its_sources(self) -> None:
        """What is installed is the built script and style sheet."""
        names = [name for name in zipfile.ZipFile(our_wheel()).namelist() if "subsystems/editor/" in name]
        self.assertIn("aiwebengine/subsystems/editor/static/editor.js", names)
        self.assertIn("aiwebengine/subsystems/editor/static/editor.css", names)
        self.assertEqual([name for name in names if "frontend" in name or "node_modules" in name], [])


class PageTests(SynchronousTestCase):
    """`/engine/editor` and what it names."""

    def setUp(self) -> None:
        nonces = iter(["first", "second", "third"])
        self.server = Server(features=[Editor(lambda: next(nonces))])

    def get(self, target: str, *headers: str, method: str = "GET") -> Any:
        wire = self.server.get(target, *headers, method=method)
        return wire.answer

    def test_page(self) -> None:
        """It is HTML that is never kept, under a policy with a nonce of its own each time."""
        for path, nonce in (("/engine/editor", "first"), ("/engine/editor/", "second")):
            answer = self.get(path)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
            self.assertEqual(answer.headers["cache-control"], "no-store")
            policy = answer.headers["content-security-policy"]
            self.assertIn(f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'", policy)
            for tag in re.findall(rb"<(?:script|link rel=\"stylesheet\"|style)[^>]*>", answer.body):
                self.assertIn(f'nonce="{nonce}"'.encode(), tag)

    def test_req_sec_007_policy_is_strict(self) -> None:
        """Nothing unsafe, nothing from elsewhere, no frames; other security headers stay."""
        configuration = SimpleNamespace(
            section=lambda name: SimpleNamespace(
                headers={"X-Frame-Options": "DENY", "Referrer-Policy": "origin"},
                content_security_policy="default-src *",
                hsts_max_age_s=0,
                require_https=False,
            ),
            on_reload=lambda apply: None,
        )
        gate = security_headers.build(None, SimpleNamespace(configuration=configuration))  # type: ignore[arg-type]
        answer = Server(features=[Editor()], gates=[gate]).get("/engine/editor").answer
        policies = [value for name, value in answer.pairs if name.lower() == "content-security-policy"]
        self.assertEqual(len(policies), 1)
        directives = dict(part.strip().partition(" ")[::2] for part in policies[0].split(";"))
        self.assertEqual(directives["default-src"], "'none'")
        self.assertEqual(directives["connect-src"], "'self'")
        self.assertEqual(directives["frame-ancestors"], "'none'")
        self.assertEqual(directives["require-trusted-types-for"], "'script'")
        self.assertNotIn("unsafe", policies[0])
        self.assertNotIn("*", policies[0])
        self.assertEqual(answer.headers["x-frame-options"], "DENY")
        self.assertEqual(answer.headers["referrer-policy"], "no-referrer")
        self.assertEqual(answer.headers["cross-origin-opener-policy"], "same-origin")

    def test_nonces_cannot_be_guessed(self) -> None:
        """Without a source given they are long and never the same."""
        server = Server(features=[Editor()])
        found = {
            re.search(r"'nonce-([\w-]+)'", server.get("/engine/editor").answer.headers[name])[1]  # type: ignore[index]
            for name in ["content-security-policy"] * 20
        }
        self.assertEqual(len(found), 20)
        self.assertGreaterEqual(min(map(len, found)), 24)

    def test_no_secret_and_nothing_foreign_in_the_page(self) -> None:
        """It names its own two files and no other address."""
        body = self.get("/engine/editor").body.decode()
        self.assertEqual(re.findall(r'(?:src|href)="(/[^"]*)"', body), [self.path("css"), self.path("js")])
        self.assertNotRegex(body.replace("http://www.w3.org/2000/svg", ""), "https?:")

    def path(self, suffix: str) -> str:
        return f"/engine/editor/{static_files()[f'editor.{suffix}'].name}"

    def test_files_are_kept_for_ever(self) -> None:
        """Script and style sheet have types, tags, and names that change with their content."""
        for suffix, kind in (("js", "text/javascript"), ("css", "text/css")):
            answer = self.get(self.path(suffix))
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["content-type"], f"{kind}; charset=utf-8")
            self.assertEqual(answer.headers["cache-control"], "public, max-age=31536000, immutable")
            self.assertEqual(answer.headers["vary"], "Accept-Encoding")
            self.assertEqual(answer.body, static_files()[f"editor.{suffix}"].plain)
        self.assertNotEqual(StaticFile.make("a.js", b"1").name, StaticFile.make("a.js", b"2").name)

    def test_compressed_for_who_takes_it(self) -> None:
        """gzip is sent to clients that say so, under a tag of its own."""
        plain = self.get(self.path("js"))
        packed = self.get(self.path("js"), "Accept-Encoding: br, gzip")
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertNotEqual(packed.headers["etag"], plain.headers["etag"])
        self.assertNotIn("content-encoding", self.get(self.path("js"), "Accept-Encoding: gzip;q=0").headers)

    def test_not_sent_again(self) -> None:
        """A known tag is answered 304."""
        tag = self.get(self.path("js")).headers["etag"]
        for known in (tag, f'"other", W/{tag}', "*"):
            answer = self.get(self.path("js"), f"If-None-Match: {known}")
            self.assertEqual((answer.status, answer.body, answer.headers["etag"]), (304, b"", tag))
        self.assertEqual(self.get(self.path("js"), 'If-None-Match: "other"').status, 200)

    def test_methods(self) -> None:
        """HEAD has no body, OPTIONS says what is allowed, the rest is refused."""
        wire = self.server.get("/engine/editor", method="HEAD")
        self.assertTrue(wire.raw.startswith(b"HTTP/1.1 200 "))
        self.assertTrue(wire.raw.endswith(b"\r\n\r\n"))
        options = self.get("/engine/editor", method="OPTIONS")
        self.assertEqual((options.status, options.headers["allow"]), (204, "GET, HEAD, OPTIONS"))
        refused = self.get("/engine/editor", method="DELETE")
        self.assertEqual((refused.status, refused.code), (405, "METHOD_NOT_ALLOWED"))
        self.assertEqual(refused.headers["allow"], "GET, HEAD, OPTIONS")

    def test_nothing_else(self) -> None:
        """Other names below it are 404, those of sources and of earlier versions too."""
        for name in ("editor.js", "frontend/package.json", "editor-0000000000000000.js", "x/y"):
            answer = self.get(f"/engine/editor/{name}")
            self.assertEqual((answer.status, answer.code), (404, "NOT_FOUND"))
