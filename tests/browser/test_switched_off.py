"""The editor of an engine without canaries and assets."""

from __future__ import annotations

from aiwebengine.testing.engine import EngineProcess
from tests.browser.support import EditorCase, bare_engine


class SwitchedOffTests(EditorCase):
    """Plugins that are not there."""

    expected = (400, 404)

    def which_engine(self) -> EngineProcess:
        """Without canaries and assets."""
        return bare_engine()

    def test_it_is_said_and_nothing_else_is_in_the_way(self) -> None:
        """The panel and the dialog explain themselves; scripts work as ever, and no text is lost."""
        self.page.press("Alt+6")
        self.see("#dock-assets .empty", "Assets are switched off")
        self.gone("#dock-assets .panel-bar, #dock-assets .hint:not(:empty), .toast")
        self.stored(self.source("live"))
        self.rewrite(self.source("trial"))
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.page.press("Enter")
        self.see("dialog .field-error", "canaries are switched off")
        self.page.press("Escape")
        self.gone("dialog")
        self.focused(".code .cm-content")
        self.assertIn("trial", self.text())
        self.assertEqual(self.live(), "live")
        self.page.press("Control+s")
        self.see(".doc-facts", "version 2")
        self.assertEqual(self.live(), "trial")
