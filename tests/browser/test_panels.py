"""Request, log, versions, routes, metrics."""

from __future__ import annotations

import json

from tests.browser.support import EditorCase


class RequestTests(EditorCase):
    """Trying a route out."""

    expected = (204, 404, 500)

    def test_req_dev_003_request_answer_timing_log(self) -> None:
        """The answer is shown with status, headers, cost, and the lines this request logged."""
        self.stored(
            'function seen({ params }) {\n  console.warn("seen", params.id);\n'
            "  return { id: params.id };\n}\n"
            f'register("{self.route}/:id", seen);\n'
        )
        self.page.press("Control+Enter")
        self.focused("[aria-label='Path with query']")
        self.page.type("42?x=1")
        self.page.press("Enter")
        self.see(".answer-summary .status", "200 OK")
        self.see(".answer-body .cm-content", '"id": "42"')
        self.heard("Status 200")
        self.see("#answer-tab-log", "Log (1)")
        self.page.click("#answer-tab-headers")
        self.see(".answer-headers th", "x-request-id")
        self.page.click("#answer-tab-timing")
        self.see(".answer-timing th", "CPU of the script")
        self.page.click("#answer-tab-log")
        self.see(".answer-log .log-line.warn", "seen 42")
        identity = self.value("document.querySelector('.request-id').textContent")
        logged = self.engine.admin.get(f"/engine/logs?request_id={identity}").json["entries"]
        self.assertEqual([entry["message"] for entry in logged], ["seen 42"])

    def ask(self, path: str, method: str = "GET") -> None:
        """Send a request to a path."""
        self.page.run(
            f"""(() => {{
              document.querySelector(".method-field").value = {json.dumps(method)};
              document.querySelector("[aria-label='Path with query']").value = {json.dumps(path)};
            }})()"""
        )
        self.page.click(".request-line .button")

    def test_headers_and_body_are_sent(self) -> None:
        """They arrive; what a browser cannot send, or is no header, is said."""
        self.page.click(".request-more summary")
        self.page.click("#request-headers")
        self.page.type("Cookie: a=b")
        self.ask("/pictures/echo", "POST")
        self.see(".request-form .field-error", "do not let a page send Cookie")
        self.page.click("#request-headers")
        self.page.press("Control+a")
        self.page.type("X-Sent: yes")
        self.page.click("#request-body")
        self.page.type('{"deep": [1]}')
        self.ask("/pictures/echo", "POST")
        self.see(".answer-body .cm-content", '"deep": [')
        self.page.click("#answer-tab-headers")
        self.see(".answer-headers td", "yes")

    def test_other_origins_are_not_asked(self) -> None:
        """Only this engine can be asked."""
        for path in ("https://example.com/", "//example.com/", "hello"):
            self.ask(path)
            self.see(".request-form .field-error", "only this engine is asked")

    def test_kinds_of_bodies(self) -> None:
        """Images are shown, bytes as a table, errors with their status, and nothing as nothing."""
        self.ask("/pictures/dot.png")
        self.see(".picture figcaption", "image/png · 2 \u00d7 3")
        self.ask("/pictures/bytes")
        self.see(".answer-body .cm-content", "48 69 00")
        self.ask("/pictures/none")
        self.see(".answer-body", "no body")
        self.ask("/pictures/boom")
        self.see(".answer-summary .status.bad", "500")
        self.see(".answer-body .cm-content", "SCRIPT_ERROR")
        self.page.click("#answer-tab-log")
        self.see(".answer-log .log-line.error", "before the boom")
        self.ask("/nothing-here")
        self.see(".answer-summary .status.warn", "404")

    def test_stream_is_shown_as_it_comes_and_can_be_stopped(self) -> None:
        """An endless answer grows until it is stopped."""
        self.ask("/pictures/ticks")
        self.see(".answer-body .cm-content", "data: 3")
        self.see(".request-line .button", "Stop")
        self.page.click(".request-line .button")
        self.see(".answer-summary .badge", "stopped")
        self.see(".request-line .button", "Send")


class PanelTests(EditorCase):
    """The other panels."""

    expected = (404, 500)

    def test_live_log(self) -> None:
        """Lines of anybody's requests appear by themselves; filters and pause hold them back."""
        self.stored(
            'function both({ query }) {\n  console.log("one of", query.n);\n'
            f'  console.error("bad", query.n);\n  return "x";\n}}\nregister("{self.route}", both);\n'
        )
        self.page.press("Alt+2")
        self.see(".stream-state", "live")
        self.engine.client.get(f"{self.route}?n=1")
        self.see(".log-panel .log-line", "one of 1")
        self.page.click(".log-panel [aria-pressed]")
        self.see(".stream-state", "paused")
        self.engine.client.get(f"{self.route}?n=2")
        self.see(".stream-state", "2 waiting")
        self.assertNotIn(
            "one of 2", self.value("document.querySelector('.log-panel .log-lines').textContent")
        )
        self.page.click(".log-panel [aria-pressed]")
        self.see(".log-panel .log-line", "one of 2")
        self.page.run(
            """(() => {
              const level = document.querySelector("[aria-label='Least severe level']");
              level.value = "error";
              level.dispatchEvent(new Event("change"));
            })()"""
        )
        self.gone(".log-panel .log-line.info")
        self.engine.client.get(f"{self.route}?n=3")
        self.see(".log-panel .log-line.error", "bad 3")
        self.page.click(".log-panel .log-line:last-child .log-request")
        self.see(".log-panel .notice", "Request")
        self.page.wait("document.querySelectorAll('.log-panel .log-line').length === 1")

    def test_log_survives_a_broken_stream(self) -> None:
        """When the stream breaks it is opened again, and no line is lost or shown twice."""
        self.stored(
            f'register("{self.route}", (req) => {{ console.log("number", req.query.n); return "x"; }});'
        )
        self.page.press("Alt+2")
        self.page.run(
            """(() => {
              const real = window.fetch;
              window.broken = false;
              window.fetch = (address, options) => {
                if (!String(address).startsWith("/engine/logs/stream")) return real(address, options);
                if (window.broken) return Promise.reject(new TypeError("no network"));
                const cut = new AbortController();
                window.cut = () => cut.abort(new TypeError("cut"));
                return real(address, {...options, signal: AbortSignal.any([options.signal, cut.signal])});
              };
            })()"""
        )
        self.page.run(
            f"""(() => {{
              const script = document.querySelector(".log-panel [aria-label='Script']");
              script.value = {json.dumps(self.uri)};
              script.dispatchEvent(new Event("change"));
            }})()"""
        )
        self.page.wait("!!window.cut")
        self.see(".stream-state", "live")
        self.engine.client.get(f"{self.route}?n=1")
        self.see(".log-panel .log-line", "number 1")
        self.page.run("window.broken = true, window.cut()")
        self.see(".stream-state", "not connected")
        self.engine.client.get(f"{self.route}?n=2")
        self.page.run("window.broken = false")
        self.see(".log-panel .log-line", "number 2")
        lines = self.value(
            "[...document.querySelectorAll('.log-panel .log-text')].map((one) => one.textContent)"
        )
        self.assertEqual(lines, ["put version 1 by api from 127.0.0.1", "number 1", "number 2"])

    def test_req_js_007_versions_compare_and_roll_back(self) -> None:
        """Versions are listed, compared with the text, and can be made live again."""
        self.put(self.source("old"))
        self.stored(self.source("new"))
        self.page.press("Alt+3")
        self.page.wait("document.querySelectorAll('.version').length === 2")
        self.page.click('[aria-label="Compare version 1 with your text"]')
        self.see("dialog .cm-merge-a .cm-changedText", "old")
        self.see("dialog .cm-merge-b .cm-changedText", "new")
        self.choose("Roll back to version 1")
        self.see("dialog", "stored as a new version")
        self.choose("Roll back")
        self.see(".doc-facts", "version 3")
        self.page.wait("document.querySelectorAll('.version').length === 3")
        self.assertEqual(self.live(), "old")
        self.assertIn("old", self.text())

    def test_routes(self) -> None:
        """All routes are listed; one opens its script at its line, or goes to the request panel."""
        self.put(self.source())
        self.look()
        self.page.press("Alt+4")
        self.page.wait("document.querySelectorAll('#dock-routes tbody tr').length > 3")
        self.page.click("#dock-routes [type=search]")
        self.page.type(self.route)
        self.see("#dock-routes .hint", "1 of ")
        self.page.click("#dock-routes .link")
        self.see(".doc-name", self.uri)
        self.see(".cursor-place", "Ln 5")
        self.page.click("#dock-routes .act .button")
        self.assertEqual(
            self.value("document.querySelector(\"[aria-label='Path with query']\").value"), self.route
        )

    def test_metrics(self) -> None:
        """Tiles and the latest requests show what was asked, not the editor's own questions."""
        self.put(self.source())
        for _ in range(3):
            self.engine.client.get(self.route)
        self.engine.client.get("/pictures/boom")
        self.page.press("Alt+5")
        self.see("#dock-metrics .path", self.route)
        self.see("#dock-metrics .status.bad", "500")
        self.see(".tile.bad .tile-name", "Errors")
        self.see(".tile-more", "p99")
        shown = self.value(
            "[...document.querySelectorAll('#dock-metrics .path')].map((one) => one.textContent)"
        )
        self.assertEqual([path for path in shown if path.startswith("/engine")], [])
        self.page.click("#dock-metrics tr:has(.status.bad) .link")
        self.see(".log-panel .log-line", "before the boom")
