"""The contract of settings as a test-case mixin, for every back end."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from zope.interface.verify import verifyObject

from aiwebengine.interfaces import ISettingsRepository
from aiwebengine.testing.repository import RepositoryCase

__all__ = ["SettingsContract"]


class SettingsContract(RepositoryCase):
    """What every `ISettingsRepository` does."""

    def test_settings(self) -> None:
        """Set, read, changed, listed by name, deleted."""
        settings = self.repository.settings
        verifyObject(ISettingsRepository, settings)
        self.assertIsNone(self.wait(settings.get("x")))
        self.wait(settings.set("x", {"a": [1, None]}, "ann"))
        self.time += 1
        self.wait(settings.set("b", None))
        found = self.wait(settings.get("x"))
        self.assertEqual((found.value, found.author), ({"a": [1, None]}, "ann"))
        self.assertEqual(found.updated_at, int(self.time * 1000) - 1000)
        self.wait(settings.set("x", 2, "b\0b"))
        listed = self.wait(settings.all())
        self.assertEqual(
            [(s.name, s.value, s.author) for s in listed], [("b", None, ""), ("x", 2, "b\ufffdb")]
        )
        self.assertTrue(self.wait(settings.delete("x")))
        self.assertFalse(self.wait(settings.delete("x")))
        self.assertIsNone(self.wait(settings.get("x")))

    def test_setting_refused(self) -> None:
        """What cannot be kept is refused."""
        self.fails(self.repository.settings.set("", 1), ValueError)
        self.fails(self.repository.settings.set("x", float("nan")), ValueError)
