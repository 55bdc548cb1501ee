"""The error table and the bodies of error answers."""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.web.errors import ErrorPages, problem_of, source_frame, timestamp
from aiwebengine.web.negotiation import prefers_html, quality
from aiwebengine.web.refusals import problem_for_status
from tests.web.support import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class TableTests(SynchronousTestCase):
    def test_domain_errors(self) -> None:
        class Special(ScriptNotFound):
            pass

        for error, status, code in (
            (ScriptNotFound("a.js"), 404, "NOT_FOUND"),
            (Special("a.js", 3), 404, "NOT_FOUND"),
            (VersionConflict("a.js", 1, 2), 412, "PRECONDITION_FAILED"),
            (RouteConflict("GET", "/x", "b.js", "a.js"), 409, "ROUTE_CONFLICT"),
            (ScriptInvalid("a.js", "no", 3, 7, "at a.js:3"), 422, "SCRIPT_INVALID"),
            (HTTPProblem(418, "TEAPOT", "short and stout"), 418, "TEAPOT"),
            (ValueError("secret"), 500, "INTERNAL_ERROR"),
        ):
            problem = problem_of(error)
            self.assertEqual((problem.status, problem.code), (status, code))
            self.assertNotIn("secret", problem.message)
        details = problem_of(ScriptInvalid("a.js", "no", 3, 7, "at a.js:3")).details
        self.assertEqual(details, {"uri": "a.js", "line": 3, "column": 7, "stack": "at a.js:3"})
        conflict = problem_of(RouteConflict("GET", "/x", "b.js", "a.js"))
        self.assertEqual(conflict.details, {"method": "GET", "path": "/x", "uri": "b.js", "owner": "a.js"})

    def test_generic_problems(self) -> None:
        self.assertEqual(problem_for_status(404).code, "NOT_FOUND")
        self.assertEqual(problem_for_status(499).code, "CLIENT_ERROR")
        self.assertEqual(problem_for_status(599).code, "SERVER_ERROR")

    def test_timestamp(self) -> None:
        self.assertEqual(timestamp(1_700_000_000.1234), "2023-11-14T22:13:20.123Z")


class BodyTests(SynchronousTestCase):
    problem = HTTPProblem(
        504,
        "SCRIPT_TIMEOUT",
        "Too <slow> & more",
        {
            "limit": "execution_timeout_ms",
            "value": 1000,
            "stack": "at f (a.js:2:3)",
            "source_frame": "> 2 | <x>",
        },
    )

    def render(self, accept: str | None, *, development: bool, problem: HTTPProblem | None = None) -> Any:
        pages = ErrorPages(development=development)
        headers, body = pages.render(
            problem or self.problem, request_id="id-1", path="/a<b", method="GET", accept=accept, now=0.0
        )
        return {name.decode().lower(): value.decode() for name, value in headers}, body.decode()

    def test_json_exactly(self) -> None:
        headers, body = self.render(None, development=False)
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(
            json.loads(body),
            {
                "error": {
                    "code": "SCRIPT_TIMEOUT",
                    "message": "The script that answers this path took too long.",
                    "request_id": "id-1",
                    "timestamp": "1970-01-01T00:00:00.000Z",
                    "path": "/a<b",
                    "method": "GET",
                },
                "status": 504,
            },
        )

    def test_details_of_5xx_in_development_only(self) -> None:
        _, body = self.render(None, development=True)
        self.assertEqual(json.loads(body)["error"]["details"]["limit"], "execution_timeout_ms")
        self.assertNotIn("a.js", self.render(BROWSER, development=False)[1])

    def test_details_of_4xx_always(self) -> None:
        problem = HTTPProblem(413, "PAYLOAD_TOO_LARGE", "big", {"value": 1})
        _, body = self.render(None, development=False, problem=problem)
        self.assertEqual(json.loads(body)["error"]["details"], {"value": 1})

    def test_req_dev_004_production_messages_are_bland(self) -> None:
        """What a script threw may be nobody's business: 5xx messages are in the log only."""
        for status, code in ((500, "SCRIPT_ERROR"), (500, "ODD"), (503, "SERVICE_UNAVAILABLE")):
            problem = HTTPProblem(status, code, "the password is tuna", {"script": "a.js"})
            for accept in (None, BROWSER):
                self.assertNotIn("tuna", self.render(accept, development=False, problem=problem)[1])
                self.assertIn("tuna", self.render(accept, development=True, problem=problem)[1])

    def test_details_about_a_script_in_development_only(self) -> None:
        problem = HTTPProblem(408, "REQUEST_TIMEOUT", "slow", {"script": "a.js"})
        self.assertNotIn("a.js", self.render(None, development=False, problem=problem)[1])
        self.assertIn("a.js", self.render(None, development=True, problem=problem)[1])

    def test_page_is_escaped_and_shows_the_source(self) -> None:
        headers, page = self.render(BROWSER, development=True)
        self.assertEqual(headers["content-type"], "text/html; charset=utf-8")
        self.assertIn("504 Gateway Timeout", page)
        self.assertIn("Too &lt;slow&gt; &amp; more", page)
        self.assertIn("/a&lt;b", page)
        self.assertIn("<pre>&gt; 2 | &lt;x&gt;</pre>", page)
        self.assertIn("<pre>at f (a.js:2:3)</pre>", page)
        self.assertIn("id-1", page)

    def test_page_policy_allows_its_style_only(self) -> None:
        import base64
        import hashlib

        headers, page = self.render(BROWSER, development=True)
        match = re.search("<style>(.*)</style>", page, re.DOTALL)
        assert match is not None
        digest = base64.b64encode(hashlib.sha256(match[1].encode()).digest()).decode()
        self.assertIn(f"style-src 'sha256-{digest}'", headers["content-security-policy"])
        self.assertIn("default-src 'none'", headers["content-security-policy"])

    def test_page_of_an_unknown_status(self) -> None:
        problem = HTTPProblem(599, "ODD", "odd")
        self.assertIn("599 ODD", self.render(BROWSER, development=False, problem=problem)[1])

    def test_unusual_details_still_encode(self) -> None:
        problem = HTTPProblem(400, "X", "x", {"kind": object})
        self.assertIn("class", self.render(None, development=False, problem=problem)[1])

    def test_over_the_wire(self) -> None:
        answer = (
            Server(reply=lambda request: request.refuse(self.problem)).get("/", f"Accept: {BROWSER}").answer
        )
        self.assertTrue(answer.headers["content-type"].startswith("text/html"))
        malformed = Server().get("/../x", "Accept: text/html").answer
        self.assertEqual(malformed.status, 400)
        self.assertTrue(malformed.headers["content-type"].startswith("text/html"))


class SourceFrameTests(SynchronousTestCase):
    def test_caret(self) -> None:
        source = "one\ntwo\n\tthree()\nfour\nfive\nsix"
        self.assertEqual(
            source_frame(source, 3, 2),
            "  1 | one\n  2 | two\n> 3 |  three()\n    |  ^\n  4 | four\n  5 | five",
        )

    def test_ends_of_the_source(self) -> None:
        self.assertEqual(source_frame("a\nb", 1), "> 1 | a\n  2 | b")
        self.assertEqual(source_frame("a", 9), "")


class NegotiationTests(SynchronousTestCase):
    def test_preference(self) -> None:
        for accept, html in (
            (None, False),
            ("", False),
            ("*/*", False),
            (BROWSER, True),
            ("text/*", True),
            ("application/json", False),
            ("text/html, application/json", False),
            ("text/html;q=0.5, application/json;q=0.4", True),
            ("text/html;q=0.5, */*;q=0.6", False),
            ("text/html;q=0, */*", False),
            ("text/html;level=1;Q=1, application/json;q=0.9", True),
            ("text/html;q=nonsense", False),
        ):
            self.assertEqual(prefers_html(accept), html, accept)

    def test_most_specific_range_counts(self) -> None:
        self.assertEqual(quality("*/*;q=0.9, text/*;q=0.2, text/html;q=0.4", "text/html"), 0.4)
        self.assertEqual(quality("*/*;q=0.9, text/*;q=0.2", "text/html"), 0.2)
        self.assertEqual(quality("image/png", "text/html"), 0.0)
