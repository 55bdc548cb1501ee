"""Tests for aiwebengine.subsystems.management.guard, .keys and the announcement of the key."""

import os
from pathlib import Path

from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.plugins.aiwebengine_management import management
from aiwebengine.subsystems.management.keys import is_loopback, kept_key
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


class GuardTests(SynchronousTestCase):
    """REQ-SEC: who passes."""

    def make(self, environment="production", api_key="", **server):
        self.directory = Path(self.mktemp())
        server.setdefault("data_dir", str(self.directory))
        self.configuration = Configuration(environment, security={"api_key": api_key}, server=server)
        self.feature = management.build(None, Services(RegistryHelper(self), Clock(), self.configuration))
        self.web = FeatureHelper(self, self.feature, Clock())

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

    def announced(self):
        urls = []
        observer = lambda event: urls.append(event["url"]) if "url" in event else None  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        started = self.feature.start()
        self.assertRaises(StopIteration, started.send, None)
        globalLogPublisher.removeObserver(observer)
        return urls

    def test_announced(self):
        """The key the engine made is announced with a URL; a configured one is not."""
        for server, origin in (
            ({"port": 1234}, "http://127.0.0.1:1234"),
            ({"host": "::1"}, "http://[::1]:8080"),
            ({"public_url": "https://dev.example/"}, "https://dev.example"),
        ):
            self.make("development", **server)
            (url,) = self.announced()
            key = (self.directory / "api_key").read_text().strip()
            self.assertEqual(url, f"{origin}/engine/editor#key={key}")
        self.make("development", api_key=KEY)
        self.assertEqual(self.announced(), [])
        self.make("production")
        self.assertEqual(self.announced(), [])

    def test_changed_key(self):
        """A key changed by a reload counts at once."""
        self.make(api_key=KEY)
        self.configuration.section("security").api_key = "n" * 30
        self.assertEqual(self.status(f"Bearer {KEY}").status, 401)
        self.assertEqual(self.status("Bearer " + "n" * 30).status, 200)


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
