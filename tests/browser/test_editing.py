"""Scripts are written, checked, saved, renamed and deleted."""

from __future__ import annotations

from urllib.parse import quote

from tests.browser.support import EditorCase


class EditingTests(EditorCase):
    """One person at work."""

    expected = (404, 409, 412, 422)

    def test_req_dev_003_create_edit_save(self) -> None:
        """A new script is checked as it is typed, and live once it is saved."""
        self.page.press("Alt+n")
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type("no spaces")
        self.page.press("Enter")
        self.see("dialog .field-error", "Letters, digits")
        self.page.press("Control+a")
        self.page.type(self.uri)
        self.page.press("Enter")
        self.see(".doc-facts", "not stored yet")
        self.rewrite(self.source("first").replace("return", "retrun"))
        self.see(".problem.error", "line 2")
        self.page.wait("document.querySelector('.code .cm-lintRange-error, .code .cm-lint-marker-error')")
        self.heard("1 problem. Line 2")
        self.rewrite(self.source("first"))
        self.gone(".problem")
        self.heard("No problems")
        self.assertEqual(self.engine.client.get(self.route).status, 404)
        self.page.press("Control+s")
        self.see(".doc-facts", "version 1")
        self.see(".editor-head .badge", "live")
        self.heard("is live as version 1")
        self.assertEqual(self.live(), "first")
        self.page.wait("document.querySelector('.editor-head .primary').disabled")

    def test_save_with_a_message(self) -> None:
        """The message is kept with the version."""
        self.stored(self.source())
        self.rewrite(self.source("second"))
        self.page.press("Control+Shift+s")
        self.focused("dialog input")
        self.page.type("Better words")
        self.page.press("Enter")
        self.see(".doc-facts", "version 2")
        versions = self.engine.admin.get(f"/engine/scripts/{quote(self.uri, safe='')}/versions").json[
            "versions"
        ]
        self.assertEqual([one["message"] for one in versions], ["Better words", ""])

    def test_script_that_does_not_load_is_refused(self) -> None:
        """422: what is live stays, the place is marked, the text is kept."""
        self.stored(self.source("good"))
        self.rewrite("const answer = 1;\nconst broken = ;\n")
        self.page.press("Control+s")
        self.see(".toast.bad", "Not saved")
        self.see(".problem.error", "line 2")
        self.see(".cursor-place", "Ln 2")
        self.assertEqual(self.live(), "good")
        self.assertIn("const broken", self.text())
        self.see(".doc-facts", "unsaved")

    def test_route_of_another_script_is_refused(self) -> None:
        """409 names the owner and marks the line that claims the route."""
        self.stored(self.source("mine"))
        self.rewrite(self.source("mine") + '\nregister("/pictures/none", hello);\n')
        self.page.press("Control+s")
        self.see(".toast.bad", "already registered by pictures.js")
        self.see(".cursor-place", "Ln 7")
        self.assertEqual(self.live(), "mine")

    def test_failed_script_shows_its_error(self) -> None:
        """A script that failed at the start has a badge, its error and its line in the tree."""
        self.see('.row[data-key="broken.js"] .row-error', "line 2: ReferenceError")
        self.see('.row[data-key="broken.js"]', "broken.js, failed")

    def test_conflict_go_on_editing(self) -> None:
        """When somebody saved in between nothing is overwritten; both texts are shown."""
        self.conflict()
        self.see("dialog .cm-merge-a", "theirs")
        self.see("dialog .cm-merge-b", "mine")
        self.choose("Go on editing")
        self.gone("dialog")
        self.assertEqual(self.live(), "theirs")
        self.assertIn("mine", self.text())

    def test_conflict_save_mine(self) -> None:
        """Mine can be saved over theirs, knowingly."""
        self.conflict()
        self.choose("Save the right side")
        self.see(".doc-facts", "version 3")
        self.assertEqual(self.live(), "mine")

    def test_conflict_take_theirs(self) -> None:
        """Theirs can be taken; undo brings mine back."""
        self.conflict()
        self.choose("Use the engine")
        self.see(".doc-facts", "version 2")
        self.assertIn("theirs", self.text())
        self.assertEqual(self.live(), "theirs")
        self.page.press("Control+z")
        self.page.wait("document.querySelector('.code .cm-content').textContent.includes('mine')")

    def conflict(self) -> None:
        """Edit version 1 while another client stores version 2, and save."""
        self.stored(self.source("base"))
        self.rewrite(self.source("mine"))
        self.put(self.source("theirs"))
        self.page.press("Control+s")
        self.page.wait("document.querySelector('dialog .cm-mergeView')")

    def test_changed_elsewhere(self) -> None:
        """A text without changes of mine follows the engine; with some, a notice offers to compare."""
        self.stored(self.source("one"))
        self.put(self.source("two"))
        self.look()
        self.see(".doc-facts", "version 2")
        self.assertIn("two", self.text())
        self.rewrite(self.source("mine"))
        self.put(self.source("three"))
        self.look()
        self.see(".notice", "Version 3 was stored elsewhere")
        self.assertIn("mine", self.text())
        self.page.click(".notice .button")
        self.see("dialog .cm-merge-a", "three")
        self.choose("Go on editing")

    def test_deleted_elsewhere(self) -> None:
        """A script that somebody deleted can be created again from the text."""
        self.stored(self.source("kept"))
        self.engine.admin.request("DELETE", f"/engine/scripts/{quote(self.uri, safe='')}")
        self.look()
        self.see(".notice", "was deleted")
        self.page.click(".editor-head .primary")
        self.see(".doc-facts", "version")
        self.gone(".notice")
        self.assertEqual(self.live(), "kept")

    def test_rename(self) -> None:
        """The route goes on answering under the new name; unsaved text stays."""
        self.stored(self.source("same"))
        self.rewrite(self.source("unsaved"))
        self.page.press("Shift+F6")
        self.focused(".row.current")
        self.page.press("F2")
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type("pictures.js")
        self.page.press("Enter")
        self.see("dialog .field-error", "There is a script")
        self.page.press("Control+a")
        self.page.type(self.uri.replace("number", "renamed"))
        self.page.press("Enter")
        self.see(".doc-name", self.uri.replace("number", "renamed"))
        self.gone(f'.row[data-key="{self.uri}"]')
        self.assertEqual(self.live(), "same")
        self.assertIn("unsaved", self.text())
        self.uri = self.uri.replace("number", "renamed")
        self.page.press("Control+s")
        self.see(".toast", "is live as version 2")
        self.assertEqual(self.live(), "unsaved")

    def test_delete(self) -> None:
        """Deleting asks first; then the route is gone."""
        self.stored(self.source())
        self.page.click('.side [aria-label="Delete"]')
        self.see("dialog", "1 route will answer 404")
        self.choose("Cancel")
        self.gone("dialog")
        self.assertEqual(self.live(), "Hello")
        self.page.click('.side [aria-label="Delete"]')
        self.choose("Delete")
        self.gone(f'.row[data-key="{self.uri}"]')
        self.assertEqual(self.engine.client.get(self.route).status, 404)
        self.see(".empty", "No script is open")

    def test_unsaved_text_waits(self) -> None:
        """Another script can be looked at; the unsaved text is there afterwards, and can be thrown away."""
        self.stored(self.source("stored"))
        self.rewrite(self.source("in between"))
        self.see(f'.row[data-key="{self.uri}"]', "●")
        self.open_script("pictures.js")
        self.open_script()
        self.assertIn("in between", self.text())
        self.page.click('[aria-label="Throw changes away"]')
        self.choose("Throw away")
        self.page.wait("document.querySelector('.code .cm-content').textContent.includes('stored')")
        self.gone(f'.row[data-key="{self.uri}"] .unsaved')

    def test_filter(self) -> None:
        """The filter leaves what has all words; Enter opens the first."""
        self.put(self.source())
        self.look()
        self.see(".row", self.uri.rpartition("/")[2])
        self.page.press("Control+k")
        self.focused("#filter")
        self.page.type("PICT js")
        self.page.wait("document.querySelectorAll('.tree .row').length === 1")
        self.heard("1 of ")
        self.page.press("Enter")
        self.see(".doc-name", "pictures.js")

    def test_completion_knows_the_engine(self) -> None:
        """Members of a handler's request are offered with their types and comments."""
        self.stored(self.source())
        self.rewrite(f'register("{self.route}", (req) => {{\n  req.qu\n}});\n')
        self.page.press("Control+Home", "ArrowDown", "End", "Control+ ")
        self.see(".cm-tooltip-autocomplete li", "queryAll")
        self.see(".cm-tooltip-autocomplete li", "Record<string, string>")
        self.see(".cm-completionInfo", "The last value of each name.")
        # A list that has only just appeared does not take Enter: it may have been meant for the text.
        self.page.run("new Promise((done) => setTimeout(done, 200))")
        self.page.press("Enter")
        self.page.wait("document.querySelector('.code .cm-content').textContent.includes('req.query')")

    def test_hover_shows_signatures(self) -> None:
        """The pointer on a name of the engine shows what it is."""
        self.stored(self.source())
        self.page.wait("document.querySelector('.code .cm-line:nth-child(5) span')")
        box = self.value(
            "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
            "(document.querySelector('.code .cm-line:nth-child(5) span').getBoundingClientRect())"
        )
        self.page.hover(box[0] - 4, box[1])
        self.page.hover(*box)
        self.see(".described .signature", "register(path: string, handler: Handler | string")
