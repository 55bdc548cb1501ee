"""The section `[assets]`."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import CORE_SECTIONS, ConfigurationSources, load
from aiwebengine.errors import ConfigurationInvalid
from aiwebengine.subsystems.assets.settings import AssetSettings
from tests.subsystems.assets.support import ServingCase


class SettingsTests(SynchronousTestCase):
    """What may be set, and what is refused."""

    def setUp(self):
        self.directory = Path(self.mktemp()).resolve()
        self.directory.mkdir()

    def load(self, text):
        (self.directory / "aiwebengine.toml").write_text(text)
        sources = ConfigurationSources(
            files=(self.directory / "aiwebengine.toml",), variables={}, directory=self.directory
        )
        return load(sources, {**CORE_SECTIONS, "assets": AssetSettings}).section("assets")

    def test_everything(self):
        """Directories are relative to the file."""
        found = self.load(
            '[assets]\ndirectories = ["public", "/srv/files"]\npath = "/static"\nindex = ""\n'
            'allowed_types = ["image/*", "*/*+json"]\n[assets.cache]\n"*.js" = "no-store"\n'
        )
        self.assertEqual(found.directories, (str(self.directory / "public"), "/srv/files"))
        self.assertEqual((found.path, found.index, found.cache), ("/static", "", {"*.js": "no-store"}))

    def test_refused(self):
        """A bad value is named with what was expected."""
        for line, key in (
            ('path = "static"', "assets.path"),
            ('path = "/a//b"', "assets.path"),
            ('path = "/../a"', "assets.path"),
            ('path = "/a?b"', "assets.path"),
            ('index = "a/b"', "assets.index"),
            ('index = ".htaccess"', "assets.index"),
            ('allowed_types = ["png"]', "assets.allowed_types[0]"),
            ('allowed_types = ["Image/PNG"]', "assets.allowed_types[0]"),
            ('cache_control = "a\\r\\nX: y"', "assets.cache_control"),
            ('cache = {"*" = "ä"}', 'assets.cache."*"'),
            ('directories = ["a", "a"]', "assets.directories"),
            ("max_bytes = 0", "assets.max_bytes"),
            ("refresh_ms = 1", "assets.refresh_ms"),
        ):
            error = self.assertRaises(ConfigurationInvalid, self.load, f"[assets]\n{line}\n")
            self.assertEqual([problem.key for problem in error.problems], [key], line)


class ReloadTests(ServingCase):
    """What is reloaded takes effect with the next request."""

    files = {"a.txt": b"1"}

    def test_reloaded(self):
        """Directories, path and index change while it runs."""
        self.assertEqual(self.get("/a.txt").status, 200)
        self.configuration.change("assets", path="/files/", index="a.txt")
        self.assertEqual(self.get("/a.txt").status, 404)
        self.assertEqual(self.get("/files/").body, b"1")
        self.configuration.change("assets", directories=())
        self.assertEqual(self.get("/files/a.txt").status, 404)
