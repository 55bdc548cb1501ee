"""Plugin descriptor: the web editor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IServices
from aiwebengine.subsystems.editor.settings import EditorSettings


@implementer(IPlugin)
class _Editor:
    name = "editor"
    summary = "The web editor at /engine/editor: write, check, run and roll back scripts in a browser."
    section = "editor"
    settings = EditorSettings
    requires: Sequence[str] = ("management",)

    def build(self, settings: Any, services: IServices) -> object | None:
        """Make the feature, None when it is switched off."""
        if not settings.enabled:
            return None
        from aiwebengine.subsystems.editor.feature import Editor

        return Editor()


editor = _Editor()
