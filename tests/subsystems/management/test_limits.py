"""Tests for aiwebengine.subsystems.management.limits."""

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config import CORE_SECTIONS
from aiwebengine.subsystems.assets.settings import AssetSettings
from aiwebengine.subsystems.management.limits import _STATUSES, limits
from aiwebengine.subsystems.management.settings import ManagementSettings


class LimitTests(SynchronousTestCase):
    """Every limit, its value and the key that sets it."""

    def setUp(self):
        sections = {name: struct() for name, struct in CORE_SECTIONS.items()}
        sections["management"] = ManagementSettings(max_failed_keys_per_minute=3)
        sections["assets"] = AssetSettings()
        self.limits = {one["config_key"]: one for one in limits(sections | {"other": object()})}

    def test_complete(self):
        """All settings that are limits are there, and what is none is not."""
        for section in ("server", "javascript"):
            for key in CORE_SECTIONS[section].__struct_fields__:
                if "max_" in key or "timeout" in key or "limit" in key:
                    self.assertIn(f"{section}.{key}", self.limits)
        self.assertLessEqual(set(_STATUSES), set(self.limits))
        for key in ("server.port", "server.host", "javascript.console", "security.hsts_max_age_s"):
            self.assertNotIn(key, self.limits)

    def test_one(self):
        """Each says its value, unit, meaning, and what comes of passing it."""
        found = self.limits["javascript.execution_timeout_ms"]
        self.assertEqual(
            (found["name"], found["value"], found["unit"], found["status"], found["needs_restart"]),
            ("execution_timeout_ms", 1000, "ms", 504, True),
        )
        self.assertIn("504", found["description"])
        self.assertEqual(self.limits["management.max_failed_keys_per_minute"]["value"], 3)
        self.assertEqual(self.limits["server.min_body_rate_bytes_per_s"]["unit"], "bytes/s")
        self.assertEqual(self.limits["server.max_header_count"]["unit"], "count")
        self.assertFalse(self.limits["server.max_body_bytes"]["needs_restart"])
