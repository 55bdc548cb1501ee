"""docs/limits.md is about the limits there are, with their defaults."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.sections import JavaScriptSettings, ServerSettings
from aiwebengine.sandbox.failures import CONFIG_KEYS

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
ROW = re.compile(r"^\| `(javascript|server)\.(\w+)` \| (\d+) \|", re.M)
SECTIONS = {"javascript": JavaScriptSettings(), "server": ServerSettings()}
# Keys of [javascript] that limit nothing.
OTHERS = {"workers", "spare_sandboxes", "isolation", "sandbox", "allowed_apis", "console"}


class LimitsPageTests(SynchronousTestCase):
    """The page's tables against the settings' schema."""

    def setUp(self) -> None:
        self.rows = [
            (section, key, int(default)) for section, key, default in ROW.findall(PAGE.read_text("utf-8"))
        ]

    def test_defaults(self) -> None:
        """Each row's key exists and has the default it says."""
        self.assertGreater(len(self.rows), 10)
        for section, key, default in self.rows:
            self.assertEqual(getattr(SECTIONS[section], key), default, key)

    def test_complete(self) -> None:
        """Each limit has a row."""
        keys = {key for section, key, _ in self.rows if section == "javascript"}
        self.assertEqual(keys, set(JavaScriptSettings.__struct_fields__) - OTHERS)

    def test_keys_in_errors(self) -> None:
        """Each key that an error may name has a row."""
        named = {f"{section}.{key}" for section, key, _ in self.rows}
        self.assertEqual(set(CONFIG_KEYS.values()) - named, set())
