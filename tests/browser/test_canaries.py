"""Versions on trial: put, watched, promoted, aborted, taken back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.browser.support import EditorCase


class CanaryTests(EditorCase):
    """One person tries a version out."""

    expected = (409, 412, 422)

    def canary(self, action: str = "") -> Any:
        """Give the canary's figures, or do something to it from elsewhere."""
        path = f"/engine/scripts/{quote(self.uri, safe='')}/canary"
        if not action:
            return self.engine.admin.get(path).json
        answer = self.engine.admin.post_json(path, {"action": action})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def begin(self, answer: str = "trial", share: str = "10", message: str = "") -> None:
        """Write a text and put it on trial beside a stored one."""
        self.stored(self.source("live"))
        self.rewrite(self.source(answer))
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.assertEqual(self.value("document.activeElement.value"), "10")
        self.page.press("Control+a")
        self.page.type(share)
        if message:
            self.page.press("Tab")
            self.page.type(message)
        self.page.press("Enter")
        self.see(".canary-title", f"version 2 answers {share} % of the requests")

    def answers(self, count: int = 30) -> set[str]:
        """Give what the route answers when asked often."""
        return {self.live() for _ in range(count)}

    def test_head_has_room_for_all_it_says(self) -> None:
        """In a window of common size the name is whole and the buttons are not pushed out."""
        self.page.size(1280, 800)
        self.begin("trial", "60")
        self.see(".doc-facts", "yours is the canary, version 2")
        fits = "((one) => one.scrollWidth <= one.clientWidth)(document.querySelector('.editor-head{}'))"
        self.assertTrue(self.page.run(fits.format("")), "the buttons are pushed out")
        self.assertTrue(self.page.run(fits.format(" .doc-name")), "the name is cut")

    def test_req_dev_003_canary_is_put_watched_and_promoted(self) -> None:
        """Its share, figures and age are shown beside the text, in the tree and among the versions."""
        self.begin("trial", "60", "faster")
        self.heard("Version 2 of")
        self.see(f'.row[data-key="{self.uri}"] .badge', "60 %")
        self.see(f'.row[data-key="{self.uri}"]', "canary with 60 % of the requests")
        self.see(".doc-facts", "yours is the canary, version 2")
        self.gone(f'.row[data-key="{self.uri}"] .unsaved')
        self.assertEqual(self.answers(), {"live", "trial"})
        self.look()
        self.page.wait(
            "/version 2: [1-9]\\d* requests?, 0 %/.test(document.querySelector('.canary-bar').innerText)"
        )
        self.see(".canary-since", "faster")
        self.page.press("Alt+3")
        self.see(".version.trial", "faster")
        self.see(".version.trial .version-facts", "0 % errors")
        self.page.click(".canary-acts .button")
        self.see("dialog h2", "the canary and the live version")
        self.see("dialog .cm-merge-a", "live")
        self.see("dialog .cm-merge-b", "trial")
        self.choose("Close")
        self.page.click('[title^="Change the canary"]')
        self.page.press("Control+a")
        self.page.type("ninety")
        self.page.press("Enter")
        self.see("dialog .field-error", "over 0 and up to 100")
        self.page.press("Control+a")
        self.page.type("100")
        self.page.press("Enter")
        self.see(".canary-title", "answers 100 %")
        self.assertEqual(self.answers(10), {"trial"})
        self.page.click('.version [aria-label^="Promote"]')
        self.choose("Promote")
        self.see(".doc-facts", "version 2")
        self.gone(".canary-bar, .version.trial")
        self.see(".version-message", "faster")
        self.assertEqual(self.live(), "trial")
        self.page.wait("document.querySelector('.editor-head .primary').disabled")

    def test_abort_keeps_the_text(self) -> None:
        """The version before answers everything again; the text stays, unsaved."""
        self.begin()
        self.page.click(".canary-acts .danger")
        self.see("dialog", "Your text here stays")
        self.choose("Abort")
        self.gone(".canary-bar")
        self.see(".doc-facts", "unsaved")
        self.assertIn("trial", self.text())
        self.assertEqual(self.answers(), {"live"})

    def test_taken_back_by_the_engine(self) -> None:
        """A notice says why, also to assistive technology, and leads to the log."""
        self.stored(self.source("live"))
        self.rewrite(f'register("{self.route}", () => {{ throw new Error("no"); }});\n')
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.page.press("Control+a")
        self.page.type("50")
        self.page.press("Enter")
        self.see(".canary-title", "answers 50 %")
        for _ in range(100):
            self.engine.client.get(self.route)
        self.assertEqual(self.answers(), {"live"})
        self.look()
        self.see(".canary-end", "was taken back by the engine: 100 % of 20 requests failed")
        self.heard("was taken back by the engine")
        self.gone(".canary-bar")
        self.page.click(".canary-end .button")
        self.see(".log-panel .log-line", "rolled_back")
        self.page.click('[aria-label="Throw changes away"]')
        self.choose("Throw away")
        self.gone('[aria-label="Throw changes away"]')
        self.page.reload()
        self.see(".canary-end", "was taken back by the engine: 100 % of 20 requests failed")
        self.page.run("document.querySelector('.canary-end .button:last-child').focus()")
        self.page.press("Enter")
        self.gone(".canary-end")
        self.focused(".code .cm-content")
        self.open_script("pictures.js")
        self.open_script()
        self.gone(".canary-end")

    def test_ended_elsewhere(self) -> None:
        """Who ended it elsewhere is told of too, and a text that was promoted is no longer unsaved."""
        self.begin()
        self.canary("abort")
        self.look()
        self.see(".canary-end", "was aborted elsewhere: on request")
        self.page.press("Alt+c", "Enter")
        self.see(".canary-title", "version 2 answers 10 %")
        self.canary("promote")
        self.look()
        self.see(".toast", "was promoted")
        self.see(".doc-facts", "version 2")
        self.page.wait("document.querySelector('.editor-head .primary').disabled")

    def test_saving_for_all_ends_it_knowingly(self) -> None:
        """While there is a canary, saving asks: it is going live for everybody."""
        self.begin()
        self.rewrite(self.source("second"))
        self.page.press("Control+s")
        self.see("dialog", "ends its canary, version 2")
        self.choose("Save as canary")
        self.see("dialog h2", "as canary")
        self.see("dialog", "It replaces the canary of version 2")
        self.choose("Cancel")
        self.assertEqual(self.canary()["version"], 2)
        self.page.press("Control+s")
        self.choose("Save for all")
        self.see(".doc-facts", "version 2")
        self.gone(".canary-bar, .canary-end")
        self.assertEqual(self.answers(), {"second"})

    def test_conflict_and_refusal(self) -> None:
        """A version stored in between is shown first; a text that does not load is marked."""
        self.stored(self.source("base"))
        self.rewrite(self.source("mine"))
        self.put(self.source("theirs"))
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.page.press("Control+a")
        self.page.type("50")
        self.page.press("Enter")
        self.page.wait("document.querySelector('dialog .cm-mergeView')")
        self.choose("Save the right side over version 2")
        self.see(".canary-title", "version 3 answers 50 %")
        self.assertEqual(self.answers(), {"theirs", "mine"})
        self.rewrite("const answer = 1;\nconst broken = ;\n")
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.page.press("Enter")
        self.see(".toast.bad", "Not saved")
        self.see(".cursor-place", "Ln 2")
        self.assertEqual(self.canary()["source"], self.source("mine"))

    def test_canary_of_somebody_else(self) -> None:
        """It is seen, compared, and its text can be taken over."""
        self.stored(self.source("live"))
        path = f"/engine/scripts/{quote(self.uri, safe='')}?canary=5"
        self.engine.admin.request("PUT", path, body=self.source("theirs").encode())
        self.look()
        self.see(".canary-title", "version 2 answers 5 %")
        self.page.click(".canary-acts .button")
        self.see("dialog .cm-merge-a", "theirs")
        self.choose("Take the canary")
        self.see(".doc-facts", "yours is the canary, version 2")
        self.assertIn("theirs", self.text())
