"""One engine and one browser for all editor tests; each test has a page, and a name for its scripts."""

from __future__ import annotations

import atexit
import functools
import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from aiwebengine.testing.engine import EngineProcess
from tests.browser.chromium import NO_BROWSER, Browser, Page, find_browser

__all__ = ["EditorCase", "bare_engine", "engine"]

_SCRIPTS = {
    "broken.js": 'const ok = 1;\nundefinedFunction("x");\n',
    "pictures.js": (Path(__file__).parent / "pictures.js").read_text("utf-8"),
}
_FOCUS = """(() => {
  const one = document.activeElement;
  if (one === document.body) return {visible: false, what: "the focus is lost"};
  const shown = [one, one.closest(".cm-editor")].filter(Boolean).map((part) => getComputedStyle(part));
  const outlined = shown.some((look) => look.outlineStyle !== "none" && look.outlineWidth !== "0px");
  const caret = one.matches(".cm-content:not([aria-readonly])");
  const box = one.getBoundingClientRect();
  const visible = box.width > 0 && (outlined || caret || one.matches(".splitter"));
  return {visible, what: one.outerHTML.slice(0, 300)};
})()"""
_numbers = itertools.count(1)


def _directory(name: str) -> Path:
    place = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


@functools.cache
def engine() -> EngineProcess:
    """Give the engine, started at first use and stopped at exit."""
    started = EngineProcess(
        _directory("engine"), scripts=_SCRIPTS, settings={"server.request_timeout_ms": 60_000}
    ).start()
    atexit.register(started.stop)
    return started


@functools.cache
def bare_engine() -> EngineProcess:
    """Give an engine without canaries and assets."""
    settings = {"plugins.disabled": ["canary", "assets"], "javascript.workers": 1}
    started = EngineProcess(_directory("bare"), scripts=_SCRIPTS, settings=settings).start()
    atexit.register(started.stop)
    return started


@functools.cache
def _browser() -> Browser | None:
    executable = find_browser()
    if executable is None:
        return None
    started = Browser(executable, _directory("profile"))
    atexit.register(started.close)
    return started


class EditorCase(SynchronousTestCase):
    """
    A test of the editor. ``page`` shows it, signed in; ``uri`` is a script of its own.

    Afterwards nothing may be in the browser's console but answers of the statuses in ``expected``, no policy
    violated, and nothing asked of another origin.
    """

    signed_in = True
    expected: tuple[int, ...] = ()

    def which_engine(self) -> EngineProcess:
        """Give the engine whose editor is looked at."""
        return engine()

    def setUp(self) -> None:
        browser = _browser()
        if browser is None:
            raise SkipTest(NO_BROWSER)
        self.engine = self.which_engine()
        number = next(_numbers)
        self.route = f"/test{number}"
        self.uri = f"tests/number{number}.js"
        self.page: Page = browser.new_page()
        self.addCleanup(self.page.close)
        if self.signed_in:
            self.page.open(f"{self.engine.url}/engine/editor#key={self.engine.api_key}")
            self.page.wait("document.querySelector('.tree .row')")

    def tearDown(self) -> None:
        network = "network: Failed to load resource: the server responded with a status of"
        allowed = tuple(f"{network} {status} " for status in self.expected)
        shown = [text for text in self.page.complaints() if not text.startswith(allowed)]
        self.assertEqual(shown, [])
        foreign = [
            address
            for address in self.page.requested()
            if not address.startswith((f"{self.engine.url}/", "data:", "blob:", "about:"))
        ]
        self.assertEqual(foreign, [])

    # What people do

    def source(self, answer: str = "Hello") -> str:
        """Give a script that answers ``answer``."""
        return f'function hello(req) {{\n  return "{answer}";\n}}\n\nregister("{self.route}", hello);\n'

    def put(self, source: str) -> None:
        """Store the test's script from elsewhere."""
        answer = self.engine.put_script(self.uri, source)
        self.assertIn(answer.status, (200, 201), answer.text)

    def live(self) -> str:
        """Give what the test's route answers."""
        return self.engine.client.get(self.route).text

    def open_script(self, uri: str | None = None) -> None:
        """Choose a script in the tree."""
        self.page.click(f'.row[data-key="{uri or self.uri}"]')
        self.page.wait(f"document.querySelector('.doc-name').textContent === {json.dumps(uri or self.uri)}")

    def look(self) -> None:
        """Come back to the window: the list of scripts is read again."""
        self.page.run("dispatchEvent(new Event('focus'))")

    def stored(self, source: str) -> None:
        """Store the test's script, see it in the tree, and open it."""
        self.put(source)
        self.look()
        self.open_script()

    def rewrite(self, text: str) -> None:
        """Replace the whole text in the editor, by pasting."""
        self.page.click(".code .cm-content")
        self.page.press("Control+a")
        self.page.run(
            f"""(() => {{
              const data = new DataTransfer();
              data.setData("text/plain", {json.dumps(text)});
              const paste = {{clipboardData: data, bubbles: true, cancelable: true}};
              document.querySelector(".code .cm-content").dispatchEvent(new ClipboardEvent("paste", paste));
            }})()"""
        )

    def text(self) -> str:
        """Give the text in the editor."""
        shown: str = self.page.run(
            "[...document.querySelectorAll('.code .cm-line')].map((line) => line.textContent).join('\\n')"
        )
        return shown

    def see(self, selector: str, text: str) -> None:
        """Wait until an element that is shown has a text."""
        self.page.wait(
            f"[...document.querySelectorAll({json.dumps(selector)})].some((one) => one.checkVisibility() && "
            f"one.textContent.includes({json.dumps(text)}))"
        )

    def gone(self, selector: str) -> None:
        """Wait until no such element is shown."""
        self.page.wait(
            f"![...document.querySelectorAll({json.dumps(selector)})].some((one) => one.checkVisibility())"
        )

    def choose(self, label: str) -> None:
        """Press a dialog's button."""
        self.page.wait(
            f"""(() => {{
              const found = [...document.querySelectorAll("dialog[open] .dialog-actions button")]
                .find((one) => one.textContent.includes({json.dumps(label)}));
              found?.setAttribute("data-chosen", "");
              return found;
            }})()"""
        )
        self.page.click("dialog[open] [data-chosen]")

    def heard(self, text: str) -> None:
        """Wait until assistive technology is told something."""
        self.page.wait(
            "[...document.querySelectorAll('[aria-live]')].some((one) => "
            f"one.textContent.includes({json.dumps(text)}))"
        )

    def focused(self, selector: str) -> None:
        """Wait until an element has the focus."""
        self.page.wait(f"document.activeElement.matches({json.dumps(selector)})")

    def tab_to(self, selector: str, *, key: str = "Tab", most: int = 45) -> None:
        """
        Press Tab (or Shift+Tab) until an element has the focus.

        On the way there the focus is never lost, and always to be seen: as an outline, as the caret of a
        text, or as the colour of a bar between panes.
        """
        for _ in range(most):
            if self.value("document.activeElement.matches('.cm-content:not([aria-readonly])')"):
                # In a text Tab indents, unless Escape comes before it.
                self.page.press("Escape")
            self.page.press(key)
            where = self.value(_FOCUS)
            self.assertTrue(where["visible"], where)
            if self.value(f"document.activeElement.matches({json.dumps(selector)})"):
                return
        self.fail(f"{key} does not come to {selector}")

    def value(self, expression: str) -> Any:
        """Give a JavaScript expression's value."""
        return self.page.run(expression)
