"""The assets pane: uploaded, looked at, edited, renamed, deleted."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.browser.support import EditorCase

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEElEQVR42mP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=="
)
# Were any of it run, the editor's page would say so.
_ACTIVE_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" onload="top.ran = 1">'
    "<script>top.ran = 1; parent.ran = 1</script></svg>"
)
_ACTIVE_HTML = '<!doctype html><body onload="top.ran = 1"><script>top.ran = 1</script><p>Hello</p>'


class AssetCase(EditorCase):
    """Assets below a folder of the test's own, in the list by its prefix."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = f"{self.route[1:]}/"

    def path(self, name: str) -> str:
        """Give the management path of an asset of this test."""
        return f"/engine/assets/{quote(self.folder + name, safe='')}"

    def store(self, name: str, body: bytes | str, content_type: str = "text/plain") -> None:
        """Store an asset from elsewhere."""
        data = body if isinstance(body, bytes) else body.encode()
        answer = self.engine.admin.request(
            "PUT", self.path(name), body=data, headers={"Content-Type": content_type}
        )
        self.assertIn(answer.status, (200, 201), answer.text)

    def content(self, name: str) -> bytes:
        """Give an asset's bytes."""
        answer = self.engine.admin.get(self.path(name))
        self.assertEqual(answer.status, 200)
        return answer.body

    def record(self, name: str) -> Any:
        """Give an asset's record, None when there is none."""
        answer = self.engine.admin.get(self.path(name), {"Accept": "application/json"})
        return answer.json if answer.status == 200 else None

    def show(self) -> None:
        """Show the pane with this test's assets only."""
        self.page.press("Alt+6")
        self.page.click(".assets-panel [type=search]")
        self.page.type(self.folder)
        self.heard(" asset")

    def row(self, name: str) -> str:
        """Give the selector of a row."""
        return f'.asset-row[data-key="{self.folder}{name}"]'

    def open_asset(self, name: str) -> None:
        """Choose an asset in the list."""
        self.page.click(self.row(name))
        self.focused(".asset-heading")
        self.see(".asset-heading", self.folder + name)

    def edit_asset(self, name: str) -> None:
        """Open an asset's text."""
        self.show()
        self.open_asset(name)
        self.page.click(".asset-acts .primary")
        self.focused(".asset-text .cm-content")

    def files(self, **contents: bytes | str) -> list[Path]:
        """Make files to upload; a `_` in a name stands for its dot."""
        place = Path(tempfile.mkdtemp(dir=Path.cwd()))
        made = []
        for name, content in contents.items():
            path = place / name.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            made.append(path)
        return made

    def upload(self, *files: Path) -> None:
        """Choose files to upload, with the pane's own button."""
        self.page.answer_file_chooser(*files)
        self.page.click('.assets-panel [title^="Upload"]')
        self.page.chooser_opened()
        self.focused("#upload-prefix")


class AssetTests(AssetCase):
    """One person keeps files on the engine."""

    expected = (413,)

    def test_req_asset_002_upload_look_and_publish(self) -> None:
        """Several files go below a prefix at once; each can be looked at, and be public or not."""
        self.show()
        self.see(".assets-panel .hint", "No asset\u2019s name begins so.")
        self.upload(
            *self.files(dot_png=_PNG, page_html=_ACTIVE_HTML, logo_svg=_ACTIVE_SVG, raw_bin=bytes(300))
        )
        self.see("dialog h2", "Upload 4 files")
        self.assertEqual(self.value("document.activeElement.value"), self.folder)
        self.page.press("Enter")
        self.heard("4 assets are uploaded.")
        self.focused(".asset-row")
        self.page.wait("document.querySelectorAll('.asset-row').length === 4")
        self.assertEqual(self.content("dot.png"), _PNG)

        self.open_asset("dot.png")
        self.see(".preview figcaption", "image/png · 2 \u00d7 3")
        self.gone(".asset-acts .primary")
        address = self.record("dot.png")["url"]
        self.see(".facts", address)
        self.assertEqual(
            self.value(
                "(({target, rel, pathname}) => [target, rel, pathname])(document.querySelector('a.button'))"
            ),
            ["_blank", "noopener noreferrer", address],
        )
        self.copied(f"{self.engine.url}{address}")
        self.page.run(
            "HTMLAnchorElement.prototype.click = function () { window.kept = [this.download, this.protocol] }"
        )
        self.page.click('[aria-label="Download"]')
        self.assertEqual(self.page.wait("window.kept"), ["dot.png", "blob:"])
        self.page.click("#asset-public")
        self.see("#asset-public-help", "whoever has the key")
        self.gone("a.button")
        self.assertIsNone(self.record("dot.png")["url"])
        self.page.click(".asset-view .panel-bar .button")
        self.focused(".asset-row")
        self.see(self.row("dot.png"), "private")

        self.open_asset("raw.bin")
        self.see(".preview .cm-content", "00 00 00")

        self.open_list()
        self.open_asset("page.html")
        self.see(".preview .cm-content", "<p>Hello</p>")
        self.open_list()
        self.open_asset("logo.svg")
        self.see(".preview figcaption", "30 \u00d7 20")
        self.assertTrue(
            self.value("document.querySelector('.preview img').src.startsWith('data:image/svg+xml')")
        )
        self.assertIsNone(self.value("window.ran ?? null"), "what was uploaded ran in the editor's page")

    def copied(self, url: str) -> None:
        """Copy the URL where a page may write to the clipboard, and where it may not."""
        self.page.run(
            """Object.defineProperty(navigator, "clipboard", {configurable: true, value: {
              writeText: async (text) => { window.copied = text; }}})"""
        )
        self.page.click(".asset-acts .button:last-child")
        self.heard("The URL is copied.")
        self.assertEqual(self.value("window.copied"), url)
        self.page.run('Object.defineProperty(navigator, "clipboard", {value: undefined})')
        self.page.click(".asset-acts .button:last-child")
        self.see("dialog h2", "Copy this URL")
        self.assertEqual(self.value("document.querySelector('dialog input').value"), url)
        self.choose("Close")

    def open_list(self) -> None:
        """Go back to all assets."""
        self.page.click(".asset-view .panel-bar .button")
        self.focused(".asset-row")

    def test_dropped_files_replace_only_what_is_ticked(self) -> None:
        """Names that are taken are named; nothing is replaced before that is wanted."""
        self.show()
        self.see(".assets-panel .hint", "No asset\u2019s name begins so.")
        self.store("a.txt", "before")
        self.look()
        self.see(".asset-row", "a.txt")
        self.tab_to(self.row("a.txt"), most=3)
        self.page.run(
            """(() => {
              const dataTransfer = new DataTransfer();
              for (const name of ["a.txt", "b.txt"])
                dataTransfer.items.add(new File([name], name, {type: "text/plain"}));
              const panel = document.querySelector(".asset-list");
              for (const kind of ["dragenter", "dragover"])
                panel.dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
              window.shown = getComputedStyle(document.querySelector(".drop-here")).display;
              panel.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
            })()"""
        )
        self.assertEqual(self.value("window.shown"), "flex")
        self.focused("#upload-prefix")
        self.page.press("Enter")
        self.see("dialog .field-error", "Tick to replace it")
        self.see("dialog .replace", f"Replace {self.folder}a.txt")
        self.assertIsNone(self.record("b.txt"))
        self.focused("#upload-replace")
        self.page.press(" ", "Enter")
        self.heard("2 assets are uploaded.")
        self.assertEqual([self.content("a.txt"), self.content("b.txt")], [b"a.txt", b"b.txt"])

    def test_req_asset_002_upload_that_takes_long_or_is_too_large(self) -> None:
        """How far it is can be seen, and it can be stopped; what the engine refuses is said in its words."""
        large, long = self.files(large_bin=bytes(10_485_761), long_bin=bytes(400_000))
        self.show()
        self.upload(large)
        self.page.press("Enter")
        self.see("dialog .field-error", "larger than 10485760 bytes")
        self.page.press("Escape")
        self.gone("dialog")
        self.focused('.assets-panel [title^="Upload"]')
        self.page.slow_uploads(100_000)
        self.upload(long)
        self.page.press("Enter")
        self.page.wait(
            "(({value, hidden}) => value > 0 && value < 1 && !hidden)(document.querySelector('progress'))"
        )
        self.page.press("Escape")
        self.gone("dialog")
        self.focused('.assets-panel [title^="Upload"]')
        self.assertIsNone(self.record("long.bin"))
        self.see(".assets-panel .hint", "No asset\u2019s name begins so.")

    def test_pages_and_prefix(self) -> None:
        """A hundred come at a time; the focus goes on to the next ones."""
        part = '--edge\r\nContent-Disposition: form-data; name="file"; filename="{:03}.txt"\r\n\r\nx\r\n'
        field = f'--edge\r\nContent-Disposition: form-data; name="prefix"\r\n\r\n{self.folder}\r\n'
        body = field + "".join(part.format(number) for number in range(103)) + "--edge--\r\n"
        answer = self.engine.admin.post("/engine/assets", body.encode(), "multipart/form-data; boundary=edge")
        self.assertEqual(answer.status, 200, answer.text)
        self.show()
        self.see(".asset-row:first-child", f"{self.folder}000.txt")
        self.see(".assets-panel .hint", "100 assets so far")
        self.page.click(".more .button")
        self.focused(self.row("100.txt"))
        self.see(".assets-panel .hint", "103 assets")
        self.page.press("End")
        self.focused(self.row("102.txt"))
        self.page.press("Home", "Delete")
        self.see("dialog", "will answer 404 at once")
        self.choose("Delete")
        self.focused(self.row("001.txt"))
        self.see(".assets-panel .hint", "102 assets")


class AssetTextTests(AssetCase):
    """Texts in the middle."""

    expected = (404, 412)

    def test_req_asset_002_text_is_edited_and_saved_over_what_was_read(self) -> None:
        """What was not changed keeps its bytes; somebody else's change is never overwritten unseen."""
        self.store("site.css", "a { }\r\nb { }\r\n", "text/css")
        self.edit_asset("site.css")
        self.page.wait("document.querySelector('.asset-text .cm-line span')")
        self.page.type("/* mine */ ")
        self.see(".asset-text .doc-facts", "unsaved")
        self.page.press("Control+s")
        self.heard("is saved and live at")
        self.assertEqual(self.content("site.css"), b"/* mine */ a { }\r\nb { }\r\n")
        self.assertEqual(self.record("site.css")["content_type"], "text/css")
        self.see(".preview .cm-content", "/* mine */")

        change = b'{"content_type": "text/plain"}'
        headers = {"Content-Type": "application/json"}
        self.engine.admin.request("PATCH", self.path("site.css"), body=change, headers=headers)
        self.page.type("/* more */ ")
        self.page.press("Control+s")
        self.gone(".asset-text .doc-facts b")
        self.assertIn(b"/* more */", self.content("site.css"))
        self.assertEqual(self.record("site.css")["content_type"], "text/plain")

        self.page.type("/* again */ ")
        self.store("site.css", "theirs { }", "text/css")
        self.page.press("Control+s")
        self.page.wait("document.querySelector('dialog .cm-mergeView')")
        self.see("dialog .cm-merge-a", "theirs")
        self.choose("Go on editing")
        self.assertEqual(self.content("site.css"), b"theirs { }")
        self.see(".asset-text .cm-content", "/* again */")
        self.page.press("Control+s")
        self.choose("Save the right side")
        self.gone(".asset-text .doc-facts b")
        self.assertIn(b"/* again */ a { }", self.content("site.css"))

        self.store("site.css", "followed { }", "text/css")
        self.look()
        self.see(".asset-text .cm-content", "followed")
        self.page.type("/* kept */ ")
        self.engine.admin.request("DELETE", self.path("site.css"))
        self.look()
        self.see(".asset-text .doc-facts", "deleted elsewhere")
        self.page.press("Control+s")
        self.gone(".asset-text .doc-facts b")
        self.assertEqual(self.content("site.css"), b"/* kept */ followed { }")

    def test_new_text_waits_while_a_script_is_looked_at(self) -> None:
        """A text that is not stored yet stays in the page; closing it asks."""
        self.show()
        self.page.click('.assets-panel [aria-label="New text asset"]')
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type(f"{self.folder}../x")
        self.page.press("Enter")
        self.see("dialog .field-error", "may be")
        self.page.press("Control+a")
        self.page.type(f"{self.folder}new.json")
        self.page.press("Enter")
        self.focused(".asset-text .cm-content")
        self.see(".asset-text .doc-facts", "not stored yet")
        self.page.type('{"a": 1}')
        self.open_script("pictures.js")
        self.gone(".asset-text")
        self.page.click('.assets-panel [aria-label="New text asset"]')
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type(f"{self.folder}new.json")
        self.page.press("Enter")
        self.see("dialog .field-error", "There is an asset")
        self.page.press("Escape")
        self.see(self.row("new.json"), "not stored yet")
        self.page.click(self.row("new.json"))
        self.focused(".asset-text .cm-content")
        self.see(".asset-text .cm-content", '{"a": 1}')
        self.page.click('[aria-label="Close the asset"]')
        self.see("dialog", "are not saved")
        self.choose("Cancel")
        self.page.press("Control+s")
        self.heard("is saved and live at")
        self.assertEqual(self.content("new.json"), b'{"a": 1}')
        self.assertEqual(self.record("new.json")["content_type"], "application/json")
        self.see(self.row("new.json"), "8 B")
        self.page.click('[aria-label="Close the asset"]')
        self.focused(".asset-heading")
        self.see(".doc-name", "pictures.js")

    def test_rename_record_and_delete(self) -> None:
        """What is known of it can be changed; wrong JSON and a name that is taken are refused in words."""
        self.store("old.txt", "text")
        self.store("taken.txt", "other")
        self.show()
        self.open_asset("old.txt")
        self.page.click("#asset-metadata")
        self.page.press("Control+a")
        self.page.type("[1]")
        self.page.click(".asset-form [type=submit]")
        self.see(".asset-form .field-error", "Metadata is a JSON object")
        self.focused("#asset-metadata[aria-invalid=true]")
        self.page.press("Control+a")
        self.page.type('{"by": ["me"]}')
        self.page.click(".asset-form [type=submit]")
        self.heard("The record of")
        self.assertEqual(self.record("old.txt")["metadata"], {"by": ["me"]})

        self.page.click('.asset-view [aria-label="Rename"]')
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type(f"{self.folder}taken.txt")
        self.page.press("Enter")
        self.see(".toast.bad", "Not renamed")
        self.assertEqual(self.content("taken.txt"), b"other")
        self.page.click('.asset-view [aria-label="Rename"]')
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type(f"{self.folder}new.txt")
        self.page.press("Enter")
        self.see(".asset-heading", "new.txt")
        self.assertIsNone(self.record("old.txt"))
        self.assertEqual(self.record("new.txt")["metadata"], {"by": ["me"]})
        self.assertEqual(self.content("new.txt"), b"text")

        self.page.click('.asset-view [aria-label="Delete"]')
        self.choose("Delete")
        self.focused(self.row("taken.txt"))
        self.assertIsNone(self.record("new.txt"))
