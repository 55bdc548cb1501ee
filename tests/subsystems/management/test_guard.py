"""Tests for aiwebengine.subsystems.management.guard, .keys and the announcement of the key."""

import os
from pathlib import Path
from types import SimpleNamespace

from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from aiwebengine.config.secret import Secret as ConfiguredSecret
from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IFeature
from aiwebengine.logs import Scrubber
from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.subsystems.management.keys import is_loopback, kept_key
from aiwebengine.subsystems.management.settings import KeySettings, ManagementSettings
from aiwebengine.subsystems.management.throttle import FailedKeys
from tests.scripts.fakes import RegistryHelper
from tests.subsystems.fakes import Configuration, Services
from tests.subsystems.web import FeatureHelper

KEY = "k" * 30


class Secret:
    """A secret that hides, as the configuration has them."""

    def __init__(self, text):
        self.text = text

    def __bool__(self):
        return bool(self.text)

    def reveal(self):
        return self.text


@implementer(IFeature)
class EditorFeature:
    """Takes the editor's path."""

    prefixes = ("engine/editor",)

    def resource(self):
        raise NotImplementedError


HINT = "{key} (send it as a Bearer credential, to "


class GuardTests(SynchronousTestCase):
    """REQ-SEC: who passes."""

    def make(self, environment="production", api_key="", **server):
        self.directory = Path(self.mktemp())
        server.setdefault("data_dir", str(self.directory))
        self.configuration = Configuration(environment, security={"api_key": api_key}, server=server)
        self.clock = Clock()
        self.services = Services(RegistryHelper(self), self.clock, self.configuration)
        self.feature = management.build(None, self.services)
        self.web = FeatureHelper(self, self.feature, self.clock)

    def status(self, authorization=None, **headers):
        return self.web.ask("GET", "/engine/scripts", Authorization=authorization, **headers)

    def test_right_key(self):
        """The configured key lets in, whether it hides or not, in any spelling of the scheme."""
        for key in (KEY, Secret(KEY)):
            self.make(api_key=key)
            for authorization in (f"Bearer {KEY}", f"bearer  {KEY} "):
                self.assertEqual(self.status(authorization).status, 200)

    def test_wrong_key(self):
        """Anything else is 401 with a challenge, for every path."""
        self.make(api_key=KEY)
        for authorization, said in (
            (None, "Bearer KEY"),
            ("", "Bearer KEY"),
            ("Bearer", "Bearer KEY"),
            ("Bearer   ", "Bearer KEY"),
            (f"Basic {KEY}", "Bearer KEY"),
            (KEY, "Bearer KEY"),
            ("Bearer wrong", "not the right one"),
            (f"Bearer {KEY}x", "not the right one"),
            ("Bearer schlüssel", "not the right one"),
        ):
            answer = self.status(authorization)
            self.assertEqual(answer.code, (401, "UNAUTHORIZED"))
            self.assertIn(said, answer.json["error"]["message"])
            self.assertTrue(answer.headers["www-authenticate"].startswith('Bearer realm="aiwebengine"'))
        self.assertEqual(self.web.ask("GET", "/engine/nothing").status, 401)
        self.assertEqual(self.web.ask("PUT", "/engine/scripts/a", "GET /x").status, 401)

    def test_no_key(self):
        """Without a key nobody gets in, and the answer says what to set."""
        for settings in (
            {"environment": "production"},
            {"environment": "production", "api_key": Secret("")},
            {"environment": "development", "host": "0.0.0.0"},
            {"environment": "development", "listen": ("tcp:8080",)},
            {
                "environment": "development",
                "listen": ("tcp:1:interface=127.0.0.1", "tcp:2:interface=10.0.0.1"),
            },
        ):
            self.make(**settings)
            answer = self.status("Bearer ")
            self.assertEqual(answer.code, (403, "FORBIDDEN"))
            self.assertIn("set security.api_key", answer.json["error"]["message"])
            self.assertFalse(self.directory.exists())

    def test_own_key(self):
        """In development on loopback the engine makes a key, keeps it, and it lets in."""
        for server in (
            {"host": "127.0.0.1"},
            {"host": "localhost"},
            {"host": "::1"},
            {"host": "0.0.0.0", "listen": ("tcp:8080:interface=127.0.0.1", "unix:/tmp/x")},
            {"listen": (r"tcp6:8080:interface=\:\:1",)},
        ):
            self.make("development", **server)
            self.assertEqual(self.status(f"Bearer {KEY}").status, 401)
            key = (self.directory / "api_key").read_text().strip()
            self.assertEqual(self.status(f"Bearer {key}").status, 200)

    def announced(self, *urls):
        seen = []
        observer = lambda event: seen.append(formatEvent(event)) if "key" in str(event) else None  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.services.urls = urls
        started = self.feature.start()
        self.assertRaises(StopIteration, started.send, None)
        globalLogPublisher.removeObserver(observer)
        return seen

    def test_announced(self):
        """The key the engine made is announced with the bound address; a configured one is not."""
        bound = "http://127.0.0.1:41234"
        for server, urls, said in (
            ({"port": 0}, [bound], HINT + "{bound}/engine/scripts say)"),
            (
                {},
                ["unix:/tmp/x", bound, "http://[::1]:1"],
                HINT + "{bound}/engine/scripts say)",
            ),
            (
                {"public_url": "https://dev.example/"},
                [bound],
                HINT + "https://dev.example/engine/scripts say)",
            ),
            ({}, ["unix:/tmp/x"], "made one: {key}"),
        ):
            self.make("development", **server)
            (text,) = self.announced(*urls)
            key = (self.directory / "api_key").read_text().strip()
            self.assertIn(said.format(bound=bound, key=key), text)
            self.assertEqual(Scrubber()(text), text)  # the one hint at the key must survive in the log
        self.make("development", api_key=KEY)
        self.assertEqual(self.announced(bound), [])
        self.make("production")
        self.assertEqual(self.announced(bound), [])

    def test_announced_with_the_editor(self):
        """With the editor there, the announcement is a link into it."""
        self.make("development")
        self.services._providers.append(EditorFeature())
        (text,) = self.announced("http://127.0.0.1:41234")
        key = (self.directory / "api_key").read_text().strip()
        self.assertIn(f"http://127.0.0.1:41234/engine/editor#key={key}", text)

    def test_changed_key(self):
        """A key changed by a reload counts at once."""
        self.make(api_key=KEY)
        self.configuration.section("security").api_key = "n" * 30
        self.assertEqual(self.status(f"Bearer {KEY}").status, 401)
        self.assertEqual(self.status("Bearer " + "n" * 30).status, 200)

    def keys(self, limit=10, **keys):
        self.make(api_key=KEY)
        self.configuration.sections["management"] = ManagementSettings(
            keys={
                name: KeySettings(key=ConfiguredSecret(key), role=role) for name, (key, role) in keys.items()
            },
            max_failed_keys_per_minute=limit,
        )

    def test_req_sec_005_named_keys(self):
        """A named key does what its role includes, and versions and the audit trail bear its name."""
        self.keys(
            look=("l" * 20, "read"), ci=("c" * 20, "deploy"), boss=("b" * 20, "admin"), empty=("", "admin")
        )
        for key, put in (("l", 403), ("c", 201), ("b", 200)):
            bearer = f"Bearer {key * 20}"
            answer = self.web.ask("PUT", "/engine/scripts/a.js", "GET /x", Authorization=bearer)
            self.assertEqual(answer.status, put)
            self.assertEqual(self.status(bearer).status, 200)
        refusal = self.web.ask("DELETE", "/engine/scripts/a.js", Authorization="Bearer " + "l" * 20)
        self.assertEqual(refusal.code, (403, "FORBIDDEN"))
        self.assertEqual(refusal.json["error"]["details"], {"required_role": "deploy", "role": "read"})
        bearer = "Bearer " + "l" * 20
        versions = self.web.ask("GET", "/engine/scripts/a.js/versions", Authorization=bearer).json
        self.assertEqual([one["author"] for one in versions["versions"]], ["boss", "ci"])
        entries = self.web.ask("GET", "/engine/logs?kind=audit", Authorization=bearer).json["entries"]
        self.assertEqual(
            [(one["audit"]["actor"], one["audit"]["action"], one["audit"].get("refused")) for one in entries],
            [
                ("look", "put", "FORBIDDEN"),
                ("ci", "put", None),
                ("boss", "put", None),
                ("look", "delete", "FORBIDDEN"),
            ],
        )
        self.assertEqual(self.status("Bearer ").status, 401)

    def test_without_the_main_key(self):
        """Named keys are enough."""
        self.keys(ci=("c" * 20, "deploy"))
        self.configuration.section("security").api_key = ""
        self.assertEqual(self.status("Bearer " + "c" * 20).status, 200)
        self.assertEqual(self.status(f"Bearer {KEY}").status, 401)

    def test_key_settings(self):
        """A named key must be long, and no other name's."""
        settings = ManagementSettings(
            keys={
                "a": KeySettings(key=ConfiguredSecret("s" * 15)),
                "b": KeySettings(key=ConfiguredSecret("x" * 16)),
                "c": KeySettings(key=ConfiguredSecret("x" * 16)),
            }
        )
        self.assertEqual(
            [(path, text.split()[0]) for path, text in settings.check()],
            [(("keys", "a", "key"), "at"), (("keys", "c", "key"), "a")],
        )

    def test_too_many_wrong_keys(self):
        """After ten wrong keys in a minute an address waits, even with the right one; others do not."""
        self.keys()
        for _ in range(10):
            self.assertEqual(self.status("Bearer wrong").status, 401)
        refused = self.status(f"Bearer {KEY}")
        self.assertEqual(refused.code, (429, "TOO_MANY_REQUESTS"))
        self.assertEqual(refused.headers["retry-after"], "60")
        self.assertEqual(
            refused.json["error"]["details"]["config_key"], "management.max_failed_keys_per_minute"
        )
        self.assertEqual(self.status().status, 401)
        other = self.web.ask("GET", "/engine/scripts", peer="10.0.0.9", Authorization=f"Bearer {KEY}")
        self.assertEqual(other.status, 200)
        self.clock.advance(59)
        self.assertEqual(self.status(f"Bearer {KEY}").headers["retry-after"], "1")
        self.clock.advance(1)
        self.assertEqual(self.status(f"Bearer {KEY}").status, 200)
        self.assertEqual(self.feature.guard._failures._failures, {})

    def test_addresses_are_forgotten(self):
        """No more than so many addresses are remembered, the latest."""
        failures = FailedKeys(self.now, lambda: 1)
        for number in range(10_001):
            failures.count(str(number))
        self.assertEqual((failures.wait_s("0"), failures.wait_s("10000")), (0.0, 60.0))

    def now(self):
        return 0.0

    def session(self, *roles, method="PUT", **headers):
        """Tell how someone signed in fares."""
        exchange = SimpleNamespace(
            auth={"isAuthenticated": True, "roles": roles, "userEmail": "me@x.example"},
            method=method.encode(),
            header=lambda name: headers.get(name.replace("-", "_")),
            host="app.example",
            client_ip="10.0.0.1",
        )
        caller = self.feature.guard.admit(exchange)
        return caller.name, caller.role, caller.how

    def test_sessions(self):
        """An admin's or editor's session lets in; what changes something must come from our own pages."""
        self.make(api_key=KEY)
        same = {"sec_fetch_site": "same-origin"}
        self.assertEqual(self.session("admin", **same), ("me@x.example", "admin", "session"))
        self.assertEqual(self.session("editor", origin="https://app.example")[1], "deploy")
        self.assertEqual(self.session("editor", method="GET")[1], "deploy")
        for wrong in (
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site", "origin": "https://app.example"},
            {"origin": "https://evil.example"},
            {},
        ):
            self.assertEqual(self.assertRaises(HTTPProblem, self.session, "admin", **wrong).status, 403)
        self.assertEqual(self.assertRaises(HTTPProblem, self.session, "viewer", **same).status, 401)
        bearer = {"authorization": "Bearer wrong", **same}
        self.assertEqual(self.assertRaises(HTTPProblem, self.session, "admin", **bearer).status, 401)


class KeyTests(SynchronousTestCase):
    """The key that is kept."""

    def setUp(self):
        self.directory = Path(self.mktemp()) / "data"
        self.path = self.directory / "api_key"

    def test_made_once(self):
        """The key is random, long, kept, and readable by the owner only."""
        key = kept_key(self.directory)
        self.assertGreaterEqual(len(key), 40)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(kept_key(self.directory), key)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["api_key"])
        other = kept_key(self.directory / "other")
        self.assertNotEqual(other, key)

    def test_made_by_another_process_meanwhile(self):
        """When another process is quicker its key counts."""

        def slow():
            self.path.write_text("t" * 40 + "\n")
            return "m" * 40

        self.assertEqual(kept_key(self.directory, slow), "t" * 40)

    def test_too_open(self):
        """A file that others may read is closed to them."""
        kept_key(self.directory)
        self.path.chmod(0o644)
        kept_key(self.directory)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_unusable(self):
        """A file that was emptied or holds something else is replaced."""
        self.directory.mkdir(parents=True)
        for content in ("", "short", "x" * 20 + "\n" + "y" * 20):
            self.path.write_text(content)
            self.assertEqual(kept_key(self.directory, lambda: "n" * 40), "n" * 40)

    def test_left_draft(self):
        """A draft left by a crash is no obstacle."""
        self.directory.mkdir(parents=True)
        (self.directory / f".api_key.{os.getpid()}").write_text("x")
        self.assertEqual(kept_key(self.directory), self.path.read_text().strip())

    def test_nowhere_to_keep(self):
        """Without a place to keep it there still is a key, and a warning."""
        self.directory.parent.mkdir(parents=True)
        self.directory.write_text("in the way")
        self.assertEqual(kept_key(self.directory, lambda: "n" * 40), "n" * 40)

    def test_loopback(self):
        """Which hosts are this machine."""
        for host in (
            "127.0.0.1",
            "127.8.9.1",
            "localhost",
            "LOCALHOST",
            "::1",
            "[::1]",
            "app.localhost",
            "::ffff:127.0.0.1",
        ):
            self.assertTrue(is_loopback(host), host)
        for host in ("0.0.0.0", "::", "", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example"):
            self.assertFalse(is_loopback(host), host)
