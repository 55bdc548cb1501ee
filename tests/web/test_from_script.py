"""Handlers' results and failures as HTTP (REQ-HTTP-003, REQ-JS-006, REQ-DEV-004)."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.failures import LimitHit, ScriptThrew, TimedOut, Unavailable, WorkerLost
from aiwebengine.web.from_script import (
    MOST_HEADER_BYTES,
    MOST_HEADERS,
    BadAnswer,
    answer_headers,
    body_of,
    chunk_bytes,
    plain,
    problem_of_failure,
)

SOURCE = "one();\ntotal = 1;\ncount++;\nx.y = 2;\nif (name == 1) {}\n"


def pairs(
    headers: Any = (), cookies: Any = None, content_type: str | None = "text/plain", secure: bool = False
) -> Any:
    return answer_headers(content_type, headers, cookies, secure=secure)


class HeaderTests(SynchronousTestCase):
    """`answer_headers`."""

    def test_content_type(self) -> None:
        self.assertEqual(pairs(), [(b"Content-Type", b"text/plain")])
        self.assertEqual(pairs(content_type=None), [])
        self.assertEqual(pairs(content_type=""), [])

    def test_content_type_among_the_headers_wins(self) -> None:
        for given_type in ("text/plain", None):
            found = pairs([["X-A", "1"], ["content-type", "a/b"]], content_type=given_type)
            self.assertEqual(sorted(name.lower() for name, _ in found), [b"content-type", b"x-a"])
            self.assertIn(b"a/b", [value for _, value in found])

    def test_values(self) -> None:
        found = pairs([["X-A", " é "], ["X-B", "☃"]])[1:]
        self.assertEqual(found, [(b"X-A", b"\xe9"), (b"X-B", "☃".encode())])

    def test_req_sec_003_nothing_splits_an_answer(self) -> None:
        for name, value in (
            ("X A", ""),
            ("", "x"),
            ("X\n", ""),
            ("X:", ""),
            ("é", ""),
            ("X", "a\rb"),
            ("X", "a\nb"),
            ("X", "\0"),
        ):
            self.assertRaises(BadAnswer, pairs, [[name, value]])
        self.assertRaises(BadAnswer, pairs, content_type="a\r\nb")
        self.assertRaises(BadAnswer, pairs, [["Content-Type", "a\nb"]], content_type=None)

    @given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3))
    def test_req_sec_003_any_text(self, headers: list[tuple[str, str]]) -> None:
        """Whatever a script gives, a line break or NUL never comes out."""
        try:
            found = pairs(headers)
        except BadAnswer:
            return
        for name, value in found:
            self.assertNotRegex(name + value, rb"[\r\n\0]")

    def test_limits(self) -> None:
        self.assertEqual(len(pairs([["X", ""]] * (MOST_HEADERS - 1))), MOST_HEADERS)
        error = self.assertRaises(BadAnswer, pairs, [["X", ""]] * MOST_HEADERS)
        self.assertIn(str(MOST_HEADERS), str(error))
        error = self.assertRaises(BadAnswer, pairs, [["X", "y" * MOST_HEADER_BYTES]])
        self.assertIn(str(MOST_HEADER_BYTES), str(error))


class CookieTests(SynchronousTestCase):
    """Cookies of an answer."""

    def cookie(self, value: Any, secure: bool = False) -> str:
        ((_, text),) = pairs(cookies={"n": value}, content_type=None, secure=secure)
        return bytes(text).decode()

    def test_defaults(self) -> None:
        self.assertEqual(self.cookie("v"), "n=v; Path=/; SameSite=Lax; HttpOnly")
        self.assertEqual(self.cookie("v", secure=True), "n=v; Path=/; SameSite=Lax; HttpOnly; Secure")

    def test_values(self) -> None:
        for value, text in (
            (5, "5"),
            (True, "true"),
            ("a b", "a%20b"),
            ('"', "%22"),
            ("ü", "%C3%BC"),
            ("a=b", "a=b"),
        ):
            self.assertEqual(self.cookie(value).partition(";")[0], f"n={text}")

    def test_deleted(self) -> None:
        for value in (None, {"value": None}):
            self.assertIn("n=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT", self.cookie(value))

    def test_attributes(self) -> None:
        self.assertEqual(
            self.cookie({"value": "v", "path": None, "httpOnly": False, "sameSite": None}), "n=v"
        )
        self.assertIn("Max-Age=60;", self.cookie({"value": "v", "maxAge": 60.5}))
        for expires in (1_700_000_000_000, "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00"):
            self.assertIn(
                "Expires=Tue, 14 Nov 2023 22:13:20 GMT", self.cookie({"value": "v", "expires": expires})
            )
        self.assertIn("Secure", self.cookie({"value": "v", "sameSite": "None"}))
        self.assertNotIn("Secure", self.cookie({"value": "v", "secure": False}, secure=True))
        self.assertTrue(self.cookie({"value": "v", "partitioned": True}).endswith("Partitioned"))

    def test_refused(self) -> None:
        for value in (
            {"value": "v", "maxAge": "1"},
            {"value": "v", "maxAge": True},
            {"value": "v", "expires": "soon"},
            {"value": "v", "expires": 1e300},
            {"value": "v", "sameSite": "all"},
            {"value": "v", "path": "/\r\nX: y"},
            {"value": "v", "domain": "a;b"},
            {"value": "v", "domain": 5},
            {"value": "v", "max-age": 5},
        ):
            self.assertRaises(BadAnswer, self.cookie, value)
        for cookies in ("a=b", 5, ["x"], [{"value": "v"}], {"a;b": "v"}, {"": "v"}):
            self.assertRaises(BadAnswer, pairs, cookies=cookies)

    def test_list(self) -> None:
        found = pairs(cookies=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}], content_type=None)
        self.assertEqual(len(found), 2)


class BodyTests(SynchronousTestCase):
    """`body_of` and `chunk_bytes`."""

    def test_bodies(self) -> None:
        self.assertEqual(body_of("t", "é", None), "é".encode())
        self.assertEqual(body_of("t", None, None), b"")
        self.assertEqual(body_of("b", base64.b64encode(b"\xff").decode(), None), b"\xff")
        self.assertEqual((body_of("T", None, b"raw"), body_of("e", None, None)), (b"raw", b""))
        self.assertEqual(body_of("t", "\ud800", None), b"?")

    def test_chunks(self) -> None:
        self.assertEqual(chunk_bytes([["t", "a"], ["b", "/w=="], ["t", "é"]]), b"a\xff" + "é".encode())


class FailureTests(SynchronousTestCase):
    """`problem_of_failure`."""

    def problem(self, failure: Any) -> Any:
        return problem_of_failure(failure, "a.js", SOURCE)

    def test_req_js_006_thrown(self) -> None:
        problem = self.problem(ScriptThrew("TypeError", "no", "    at f (a.js:2:3)\n    at b.js:1:1\n"))
        self.assertEqual(
            (problem.status, problem.code, problem.message), (500, "SCRIPT_ERROR", "TypeError: no")
        )
        self.assertEqual((problem.details["line"], problem.details["column"]), (2, 3))
        self.assertIn("> 2 | total = 1;", problem.details["source_frame"])
        nowhere = self.problem(ScriptThrew("Thrown", "thrown value: 5"))
        self.assertEqual((nowhere.message, nowhere.details["line"]), ("thrown value: 5", None))
        self.assertNotIn("source_frame", nowhere.details)

    def test_undeclared_names(self) -> None:
        for line, name, hinted in (
            (2, "total", True),
            (3, "count", True),
            (4, "x", False),
            (5, "name", False),
        ):
            problem = self.problem(
                ScriptThrew("ReferenceError", f"{name} is not defined", f"at a.js:{line}:1")
            )
            self.assertEqual("let " in problem.message, hinted, name)
        beyond = ScriptThrew("ReferenceError", "total is not defined", "at a.js:99:1")
        self.assertNotIn("let ", self.problem(beyond).message)

    def test_permissions(self) -> None:
        problem = self.problem(ScriptThrew("AuthenticationError", ""))
        self.assertEqual((problem.status, problem.code), (401, "UNAUTHORIZED"))
        problem = self.problem(ScriptThrew("PermissionError", "not you"))
        self.assertEqual((problem.status, problem.code, problem.message), (403, "FORBIDDEN", "not you"))

    def test_limit_of_a_thrown_error(self) -> None:
        limit = {"limit": "x", "value": 1, "used": 2, "unit": "u", "config_key": "a.b", "other": 5}
        details = self.problem(ScriptThrew("RangeError", "x", "", {"limit": limit})).details
        self.assertEqual((details["config_key"], details["used"], "other" in details), ("a.b", 2, False))

    def test_limits(self) -> None:
        for limit, value, key, status, code, text in (
            ("cpu", 1000.0, "javascript.execution_timeout_ms", 504, "SCRIPT_TIMEOUT", "1000 ms"),
            ("jobs", 100_000, "javascript.max_pending_jobs", 504, "SCRIPT_TIMEOUT", "100000 promise"),
            (
                "memory",
                16_777_216,
                "javascript.memory_limit_bytes",
                500,
                "SCRIPT_MEMORY_LIMIT",
                "16777216 bytes",
            ),
            ("stack", 262_144, "javascript.stack_size_bytes", 500, "SCRIPT_STACK_OVERFLOW", "262144 bytes"),
            ("output", 8_388_608, "javascript.max_output_bytes", 500, "SCRIPT_ERROR", "8388608 bytes"),
        ):
            problem = self.problem(LimitHit(limit, value, value + 0.5, "unit", "at a.js:1:1", key))
            self.assertEqual((problem.status, problem.code), (status, code))
            self.assertIn(text, problem.message)
            details = problem.details
            self.assertEqual((details["limit"], details["config_key"]), (key.partition(".")[2], key))
            self.assertEqual((details["value"], details["line"]), (value, 1))
            self.assertIs(type(details["value"]), int)
            self.assertIn("> 1 | one();", details["source_frame"])

    def test_req_http_004_timeouts(self) -> None:
        for queued, reason in ((False, "waiting for the script"), (True, "waiting for a sandbox")):
            problem = self.problem(TimedOut(5000, 5012.3, queued))
            self.assertEqual((problem.status, problem.code), (408, "REQUEST_TIMEOUT"))
            self.assertIn("5000 ms", problem.message)
            self.assertEqual((problem.details["reason"], problem.details["used"]), (reason, 5012))

    def test_unavailable(self) -> None:
        problem = self.problem(Unavailable("full", 0.2))
        self.assertEqual(
            (problem.status, problem.code, problem.headers),
            (503, "SERVICE_UNAVAILABLE", (("Retry-After", "1"),)),
        )
        self.assertIn("full", problem.message)
        self.assertEqual(self.problem(Unavailable("x", 12.4)).headers, (("Retry-After", "12"),))

    def test_lost_workers(self) -> None:
        bystander = self.problem(WorkerLost(9, None, False))
        self.assertEqual((bystander.status, dict(bystander.headers)["Retry-After"]), (503, "1"))
        for lost, text in (
            (WorkerLost(11, None, True), "signal 11"),
            (WorkerLost(None, 3, True), "exit code 3"),
        ):
            problem = self.problem(lost)
            self.assertEqual((problem.status, problem.code), (500, "SCRIPT_ERROR"))
            self.assertIn(text, problem.message)

    def test_plain(self) -> None:
        self.assertEqual(
            [plain(n) for n in (16_777_216.0, 1, 0.5, 1e20)], ["16777216", "1", "0.5", "1" + "0" * 20]
        )
