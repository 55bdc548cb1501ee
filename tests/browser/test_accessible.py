"""The editor by keyboard alone, in both themes, and as axe-core sees it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from tests.browser.frontend import installed
from tests.browser.support import EditorCase


class KeyboardTests(EditorCase):
    """No pointer."""

    def test_req_dev_003_a_day_by_keyboard(self) -> None:
        """Create, write, save, run, look at the log, compare, roll back: without a pointer."""
        self.page.press("Alt+n")
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type(self.uri)
        self.page.press("Enter")
        self.focused(".code .cm-content")
        self.page.press("Control+a", "Delete")
        for line in ("function hello() {", 'return "by keys";'):
            self.page.type(line)
            self.page.press("Enter")
        self.page.press("Control+End")
        self.page.wait("document.querySelector('.code .cm-content').textContent.includes('by keys')")
        self.page.press("Control+a")
        self.page.type(f'register("{self.route}", () => "by keys");')
        self.page.press("Escape", "Control+s")
        self.see(".doc-facts", "version 1")
        self.page.press("Control+Enter")
        self.see(".answer-body .cm-content", "by keys")
        self.page.press("Control+End")
        self.page.type(" // more")
        self.page.press("Escape", "Control+s")
        self.see(".doc-facts", "version 2")
        self.page.press("Alt+3")
        self.focused("#dock-tab-versions")
        self.page.wait("document.querySelectorAll('.version').length === 2")
        self.page.press("Tab", "Tab", "Tab")
        self.focused('[aria-label="Roll back to version 1"]')
        self.page.press("Enter")
        self.see("dialog", "Roll back to version 1?")
        self.page.press("Tab", "Enter")
        self.see(".doc-facts", "version 3")
        self.page.press("ArrowLeft")
        self.assertEqual(self.live(), "by keys")

    def test_tree(self) -> None:
        """Arrows walk and fold the tree; Home, End and letters jump; Enter opens."""
        self.put(self.source())
        self.look()
        self.see(".row", self.uri.rpartition("/")[2])
        self.page.run("document.querySelector('.tree [tabindex=\"0\"]').focus()")
        self.page.press("Home")
        self.focused('[data-key="tests/"]')
        self.page.press("ArrowLeft")
        self.focused('[data-key="tests/"][aria-expanded="false"]')
        self.gone(f'.row[data-key="{self.uri}"]')
        self.page.press("ArrowRight")
        self.focused('[data-key="tests/"][aria-expanded="true"]')
        self.page.press("ArrowRight")
        self.focused('[aria-level="2"]')
        self.page.press("ArrowLeft")
        self.focused('[data-key="tests/"]')
        self.page.press("End")
        self.focused(".row:last-child")
        self.page.press("b")
        self.focused('[data-key="broken.js"]')
        self.page.press("p", "Enter")
        self.see(".doc-name", "pictures.js")
        self.focused(".code .cm-content")

    def test_regions_and_no_trap(self) -> None:
        """F6 goes round; in the text Tab indents, and after Escape leaves; Tab alone comes round the page."""
        self.stored(self.source())
        self.page.press("F6")
        self.focused(".code .cm-content")
        self.page.press("F6")
        self.focused('.dock [role="tab"]')
        self.page.press("F6")
        self.focused('[role="treeitem"]')
        self.page.press("Shift+F6", "Shift+F6")
        self.focused(".code .cm-content")
        self.page.press("Tab")
        self.focused(".code .cm-content")
        self.page.wait("document.querySelector('.code .cm-line').textContent.startsWith('  function')")
        self.page.press("Escape", "Tab")
        self.page.wait("!document.activeElement.matches('.code .cm-content')")
        stops: list[str] = []
        describe = "document.activeElement.id + '|' + document.activeElement.className"
        for _ in range(40):
            if self.value("document.activeElement.matches('.cm-content')"):
                self.page.press("Escape")
            self.page.press("Tab")
            stops.append(self.value(describe))
        for name in ("theme|", "filter|", "request-route|", "dock-tab-request|", "|skip"):
            self.assertTrue(any(name in stop for stop in stops), (name, stops))

    def test_dialogs_keep_and_return_the_focus(self) -> None:
        """Focus stays inside a dialog, Escape closes it, and focus goes back."""
        self.open_script("pictures.js")
        self.page.press("F6", "F1")
        self.see("dialog h2", "Keyboard shortcuts")
        self.page.press("Tab", "Tab", "Tab")
        self.assertTrue(
            self.value(
                "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            )
        )
        self.page.press("Escape")
        self.gone("dialog")
        self.focused(".code .cm-content")

    def test_splitters(self) -> None:
        """Arrow keys move the bars between panes; the place is remembered."""
        before = self.value("document.querySelector('.side').offsetWidth")
        self.page.run("document.querySelector('.side .splitter').focus()")
        self.page.press("ArrowRight", "ArrowRight")
        self.assertEqual(self.value("document.querySelector('.side').offsetWidth"), before + 48)
        self.page.reload()
        self.page.wait(f"document.querySelector('.side')?.offsetWidth === {before + 48}")


class WholeDayTests(EditorCase):
    """Everything by keyboard, from signing in to signing out."""

    signed_in = False

    def confirmed(self, text: str) -> None:
        """Say yes to a dialog; the focus is somewhere afterwards."""
        self.see("dialog", text)
        self.tab_to("dialog .dialog-actions [type=submit]", most=6)
        self.page.press("Enter")
        self.gone("dialog")
        self.page.wait("document.activeElement !== document.body")

    def test_req_dev_003_no_pointer_at_all(self) -> None:
        """Sign in, write, save, ask, read, roll back, try out, keep files, change the theme, sign out."""
        self.page.open(f"{self.engine.url}/engine/editor")
        self.focused("#api-key")
        self.page.type(self.engine.api_key)
        self.page.press("Enter")
        self.focused(".row, #filter")

        self.page.press("Alt+n")
        self.focused("dialog input")
        self.page.press("Control+a")
        self.page.type(self.uri)
        self.page.press("Enter")
        self.focused(".code .cm-content")
        for version, answer in ((1, "first"), (2, "second")):
            self.page.press("Control+a")
            self.page.type(f'register("{self.route}", () => {{ console.log("seen"); return "{answer}"; }});')
            self.page.press("Control+s")
            self.heard(f"is live as version {version}.")
        self.focused(".code .cm-content")

        self.page.press("Control+Enter")
        self.heard("Status 200")
        self.page.press("F6")
        self.tab_to(".answer-body .cm-content")
        self.assertEqual(
            self.value("document.querySelector('.answer-summary .status').textContent"), "200 OK"
        )
        self.assertEqual(self.value("document.activeElement.textContent"), "second")
        self.page.press("Alt+2")
        self.tab_to(".log-lines")
        self.see(".log-panel .log-line", "seen")

        self.page.press("Alt+3")
        self.page.wait("document.querySelectorAll('.version').length === 2")
        self.tab_to('[aria-label="Roll back to version 1"]')
        self.page.press("Enter")
        self.confirmed("Roll back to version 1?")
        self.heard("is version 1 again, now version 3")
        self.page.wait("document.querySelectorAll('.version').length === 3")
        self.focused('[aria-label="Roll back to version 1"]')
        self.assertEqual(self.live(), "first")

        self.page.press("Shift+F6")
        self.focused(".code .cm-content")
        self.page.press("Control+End")
        self.page.type(" // on trial")
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.page.press("Enter")
        self.heard("is on trial with 10 % of the requests")
        self.focused(".code .cm-content")
        self.tab_to(".canary-acts .danger", key="Shift+Tab")
        self.page.press("Enter")
        self.confirmed("Abort the canary, version 4?")
        self.heard("is aborted")
        self.focused(".code .cm-content")
        self.page.press("Control+s")
        self.heard("is live as version 4.")

        self.files()
        while not self.value("document.activeElement.matches('.row')"):
            # Notes that are still shown are a region too.
            self.page.press("F6")
        self.tab_to("#theme", key="Shift+Tab")
        self.page.press("Enter")
        self.heard("Theme: light")
        self.focused("#theme")
        self.tab_to('[aria-label="Sign out"]')
        self.page.press("Enter")
        self.page.wait("document.readyState === 'complete' && document.querySelector('#api-key')")
        self.focused("#api-key")

    def files(self) -> None:
        """Upload, edit and delete an asset."""
        path = Path(self.mktemp() + ".css")
        path.write_text("a { }\n", "utf-8")
        name = f"day/{path.name}"
        self.page.press("Alt+6")
        self.tab_to('.assets-panel [title^="Upload"]')
        self.page.answer_file_chooser(path.absolute())
        self.page.press("Enter")
        self.page.chooser_opened()
        self.focused("#upload-prefix")
        self.page.type("day")
        self.page.press("Enter")
        self.heard("is uploaded")
        self.focused(f'.asset-row[data-key="{name}"]')
        self.page.press("Enter")
        self.focused(".asset-heading")
        self.tab_to(".asset-acts .primary")
        self.page.press("Enter")
        self.focused(".asset-text .cm-content")
        self.page.type("/* by keys */ ")
        self.page.press("Control+s")
        self.heard("is saved and live at")
        self.assertEqual(self.engine.client.get(f"/{name}").text, "/* by keys */ a { }\n")
        self.focused(".asset-text .cm-content")
        self.tab_to('[aria-label="Close the asset"]', key="Shift+Tab")
        self.page.press("Enter")
        self.focused(".asset-heading")
        self.tab_to('.asset-view [aria-label="Delete"]', key="Shift+Tab")
        self.page.press("Enter")
        self.confirmed(f"Delete {name}?")
        self.heard("is deleted")
        self.page.wait("document.activeElement.closest('#dock-assets')")
        self.assertEqual(self.engine.client.get(f"/{name}").status, 404)


class ThemeTests(EditorCase):
    """Light and dark."""

    def background(self) -> str:
        shown: str = self.value(
            "getComputedStyle(document.querySelector('.code .cm-editor')).backgroundColor"
        )
        return shown

    def test_system_and_choice(self) -> None:
        """The system's wish counts until one is chosen; the choice is there at the next visit."""
        self.open_script("pictures.js")
        self.page.prefer("light")
        light = self.background()
        self.page.prefer("dark")
        dark = self.background()
        self.assertNotEqual(light, dark)
        self.page.click("#theme")
        self.assertEqual(self.background(), light)
        self.page.click("#theme")
        self.page.prefer("light")
        self.assertEqual(self.background(), dark)
        self.heard("Theme: dark")
        self.page.reload()
        self.see(".doc-name", "pictures.js")
        self.assertEqual(self.value("document.documentElement.dataset.theme"), "dark")
        self.assertEqual(self.background(), dark)
        self.page.click("#theme")
        self.assertEqual(self.background(), light)


class NarrowTests(EditorCase):
    """A phone, or 400 % zoom."""

    def test_nothing_is_wider_than_320_pixels(self) -> None:
        """Panels and dialogs fit: nobody scrolls sideways. Nothing moves for who does not want it."""
        self.page.size(320, 640)
        self.page.prefer("light", "reduce")
        self.fits("nothing open")
        # A path without a place to break, in the list of requests.
        self.engine.client.get("/" + "long_path" * 8)
        self.put(self.source("old"))
        self.stored(self.source("new"))
        self.rewrite(self.source("trial") + f"// {'long ' * 40}\n")
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.fits("canary dialog")
        self.page.press("Enter")
        self.see(".canary-bar", "answers 10 %")
        for key, name in enumerate(("request", "log", "versions", "routes", "metrics", "assets"), 1):
            self.page.press(f"Alt+{key}")
            self.page.wait(f"document.querySelector('#dock-{name}').checkVisibility()")
            self.fits(name)
        name = f"{self.route[1:]}/{'long-name-' * 8}.css"
        self.engine.admin.request("PUT", f"/engine/assets/{quote(name, safe='')}", body=b"a { }")
        self.look()
        self.page.click(f'.asset-row[data-key="{name}"]')
        self.see(".preview .cm-content", "a { }")
        self.fits("asset")
        self.page.click(".asset-acts .primary")
        self.focused(".asset-text .cm-content")
        self.fits("text of an asset")
        self.page.click('[aria-label="Close the asset"]')
        self.page.click(".canary-acts .button")
        self.page.wait("document.querySelector('dialog .cm-mergeView')")
        self.fits("compare")
        self.page.press("Escape")
        self.page.click(".canary-acts .danger")
        self.choose("Abort")
        self.gone("dialog")

    def fits(self, what: str) -> None:
        """Check that neither the page nor a dialog is wider than the window, and that nothing moves."""
        wide = self.value(
            """[...document.querySelectorAll(":root, dialog, .panel, .panel-part, .pane-head")]
              .filter((one) => one.checkVisibility())
              .filter(({scrollWidth, clientWidth}) => scrollWidth > clientWidth + 1 || clientWidth > 320)
              .map((one) => [one.tagName, one.className, one.scrollWidth, one.clientWidth])"""
        )
        self.assertEqual(wide, [], what)
        self.assertEqual(self.value("document.getAnimations().length"), 0, what)


class AxeTests(EditorCase):
    """axe-core finds nothing."""

    expected = (409, 412, 422)

    def test_req_dev_003_no_violations_in_light(self) -> None:
        """Light: no violation anywhere."""
        self.walk("light")

    def test_req_dev_003_no_violations_in_dark(self) -> None:
        """Dark: no violation anywhere."""
        self.walk("dark")

    def walk(self, scheme: str) -> None:
        """Look at every panel and dialog."""
        axe = installed() / "node_modules" / "axe-core" / "axe.min.js"
        self.page.run(f"{axe.read_text('utf-8')};0")
        self.page.prefer(scheme)
        self.check("nothing open")
        self.put(self.source("old"))
        self.stored(self.source("new"))
        self.rewrite(self.source("newer") + "mistake(\n")
        self.see(".problem", "line")
        self.check("a problem")
        self.page.press("Control+Enter")
        self.see(".answer-summary .status", "200")
        for tab in ("body", "headers", "timing", "log"):
            self.page.click(f"#answer-tab-{tab}")
            self.check(f"answer: {tab}")
        for key, panel, shown in (
            ("2", "log", ".stream-state.good"),
            ("4", "routes", "#dock-routes tbody tr"),
            ("5", "metrics", ".tile"),
            ("3", "versions", ".version"),
        ):
            self.page.press(f"Alt+{key}")
            self.page.wait(f"document.querySelector('{shown}')")
            self.check(panel)
        self.canary()
        self.assets()
        self.page.press("F1")
        self.check("help")
        self.page.press("Escape", "Alt+n")
        self.check("new script")
        self.page.press("Escape", "Alt+3")
        self.page.click('[aria-label="Compare version 1 with your text"]')
        self.page.wait("document.querySelector('dialog .cm-mergeView')")
        self.check("compare")
        self.choose("Close")
        self.rewrite(self.source("mine"))
        self.gone(".problem")
        self.put(self.source("theirs"))
        self.page.press("Control+s")
        self.page.wait("document.querySelector('dialog .cm-mergeView')")
        self.check("conflict")
        self.choose("Go on editing")
        self.page.press("Control+f")
        self.page.wait("document.querySelector('.cm-search')")
        self.check("search")
        self.page.size(800, 900)
        self.check("narrow")

    def canary(self) -> None:
        """Look at a version on trial, and at how one ended."""
        self.rewrite(self.source("trial"))
        self.gone(".problem")
        self.page.press("Alt+c")
        self.focused("#canary-share")
        self.check("canary dialog")
        self.page.press("Enter")
        self.see(".canary-bar", "answers 10 %")
        self.see(".version.trial", "on trial")
        self.check("canary")
        path = f"/engine/scripts/{quote(self.uri, safe='')}/canary"
        self.engine.admin.post_json(path, {"action": "abort"})
        self.look()
        self.see(".canary-end", "was aborted elsewhere")
        self.check("canary ended")
        self.page.click(".canary-end .button:last-child")

    def assets(self) -> None:
        """Look at the list of assets, at a text and at a picture."""
        self.page.press("Alt+6")
        self.page.wait("document.querySelector('#dock-assets .hint, #dock-assets .empty')")
        css, svg = (
            "/* a */ a:hover { color: #123456 !important }",
            '<svg xmlns="http://www.w3.org/2000/svg"/>',
        )
        for name, public, text in (("a.css", "true", css), ("b.svg", "false", svg)):
            path = f"/engine/assets/{quote(f'{self.route[1:]}/{name}', safe='')}?public={public}"
            self.engine.admin.request("PUT", path, body=text.encode())
        self.look()
        self.page.wait("document.querySelectorAll('.asset-row').length > 1")
        self.check("assets")
        self.page.click(f'.asset-row[data-key="{self.route[1:]}/b.svg"]')
        self.see(".preview", "image/svg+xml")
        self.check("picture")
        self.page.click(".asset-view .panel-bar .button")
        self.page.click(f'.asset-row[data-key="{self.route[1:]}/a.css"]')
        self.see(".preview .cm-content", "color")
        self.page.click(".asset-acts .primary")
        self.focused(".asset-text .cm-content")
        self.page.type("b { } ")
        self.check("text of an asset")
        self.page.press("Control+s")
        self.gone(".asset-text .doc-facts b")
        self.page.click('[aria-label="Close the asset"]')
        self.gone(".asset-text")

    def check(self, what: str) -> None:
        """Have axe look at the page as it is."""
        found = self.value(
            """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.map(
              ({id, nodes}) => [id, nodes.map((node) => [node.html.slice(0, 200), node.failureSummary])]))"""
        )
        self.assertEqual(found, [], f"{what}: {json.dumps(found, indent=1)}")
