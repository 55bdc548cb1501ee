"""The key: asked for, taken from the address, kept in the tab, asked for again."""

from __future__ import annotations

from tests.browser.support import EditorCase


class SignInTests(EditorCase):
    """Without a key at first."""

    signed_in = False
    expected = (401,)

    def test_req_dev_003_wrong_then_right(self) -> None:
        """A wrong key is refused in words; the right one opens the editor."""
        self.page.open(f"{self.engine.url}/engine/editor")
        self.focused("#api-key")
        self.page.press("Escape")
        self.focused("#api-key")
        self.page.type("not the key")
        self.page.press("Enter")
        self.see("dialog .field-error", "cannot be a key")
        self.page.press("Control+a")
        self.page.type("wrong")
        self.page.press("Enter")
        self.see("dialog .field-error", "does not accept")
        self.page.press("Control+a")
        self.page.type(self.engine.api_key)
        self.page.press("Enter")
        self.see(".tree .label", "pictures.js")
        self.gone("dialog")

    def test_key_in_the_address(self) -> None:
        """It is taken from the fragment, which is gone at once; only this tab's session keeps it."""
        self.page.open(f"{self.engine.url}/engine/editor?script=pictures.js#key={self.engine.api_key}")
        self.see(".doc-name", "pictures.js")
        self.assertEqual(self.value("location.href"), f"{self.engine.url}/engine/editor?script=pictures.js")
        self.assertIn(self.engine.api_key, self.value("Object.values(sessionStorage)"))
        for place in (
            "JSON.stringify(localStorage)",
            "document.cookie",
            "document.documentElement.outerHTML",
        ):
            self.assertNotIn(self.engine.api_key, self.value(place))
        self.page.reload()
        self.see(".doc-name", "pictures.js")

    def test_every_call_brings_the_key_but_no_request_of_mine(self) -> None:
        """The management API is asked with the key; a request that is tried out does not carry it."""
        self.page.open(f"{self.engine.url}/engine/editor?script=pictures.js#key={self.engine.api_key}")
        self.see(".doc-name", "pictures.js")
        self.page.click(".editor-head .button:not(.primary, .bare)")
        self.see(".answer-summary .status", "200")
        sent = [event["request"] for event in self.page.events("Network.requestWillBeSent")]
        managed = [one for one in sent if "/engine/" in one["url"] and "/engine/editor" not in one["url"]]
        self.assertGreater(len(managed), 3)
        for one in managed:
            self.assertEqual(one["headers"].get("Authorization"), f"Bearer {self.engine.api_key}", one["url"])
        tried = [one for one in sent if one["url"].endswith("/pictures/dot.png")]
        self.assertEqual(len(tried), 1)
        self.assertNotIn("Authorization", tried[0]["headers"])

    def test_refused_later(self) -> None:
        """When the key is no longer right, it is asked for, and the work goes on."""
        self.page.open(f"{self.engine.url}/engine/editor#key={self.engine.api_key}")
        self.page.wait("document.querySelector('.tree .row')")
        row = '.row[data-key="pictures.js"]'
        # Both at once: what the page asks by itself meanwhile would find the key refused before the click.
        self.page.run(
            f"sessionStorage.setItem('aiwebengine.editor.key', 'old');document.querySelector('{row}').click()"
        )
        self.see("dialog .field-error", "does not accept")
        tried = self.tried("old")
        for _ in range(5):
            self.look()
        self.page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.assertEqual(self.tried("old"), tried, "a key known to be wrong is tried again")
        self.focused("#api-key")
        # What is clicked beside the dialog does nothing, not even to the focus.
        self.page.click(row)
        self.focused("#api-key")
        self.page.type(self.engine.api_key)
        self.page.press("Enter")
        self.see(".doc-name", "pictures.js")

    def tried(self, key: str) -> int:
        """Give how many requests brought a key."""
        sent = [event["request"] for event in self.page.events("Network.requestWillBeSent")]
        return sum(one["headers"].get("Authorization") == f"Bearer {key}" for one in sent)

    def test_sign_out(self) -> None:
        """Signing out forgets the key."""
        self.page.open(f"{self.engine.url}/engine/editor#key={self.engine.api_key}")
        self.page.wait("document.querySelector('.tree .row')")
        self.page.click('.top [aria-label="Sign out"]')
        self.focused("#api-key")
        self.assertEqual(self.value("sessionStorage.length"), 0)
