"""What a sandbox says of a run, read."""

from __future__ import annotations

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox.failures import CONFIG_KEYS, LimitHit, ScriptThrew
from aiwebengine.sandbox.outcomes import decode, failure_of, own_lines, threw, threw_or_limit
from tests.sandbox.rig import python_settings

SETTINGS = python_settings()


def described(name: str, message: str, **more: object) -> dict[str, object]:
    return {"name": name, "message": message, "stack": "", **more}


class DecodeTests(SynchronousTestCase):
    """`decode`: JSON text of a realm, lone surrogates and all."""

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text(self, text: str) -> None:
        """Text comes through; halves of surrogate pairs become U+FFFD."""
        wanted = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.assertEqual(decode(json.dumps(text).encode()), wanted)

    def test_halves(self) -> None:
        """Halves are replaced, pairs and escaped backslashes before a u are not."""
        text = rb'["\ud83d\ude00", "\ud83d", "\ude00x", "\\ud83d", "\ud83d\ud83d\ude00"]'
        self.assertEqual(decode(text), ["\U0001f600", "\ufffd", "\ufffdx", "\\ud83d", "\ufffd\U0001f600"])

    def test_nonsense(self) -> None:
        """What is not JSON stays an error."""
        self.assertRaises(msgspec.DecodeError, decode, b"[")


class ThrownTests(SynchronousTestCase):
    """`threw_or_limit`: which errors are limits."""

    def test_own_error(self) -> None:
        """A script's error is what it threw, with what more is known of it."""
        found = threw_or_limit(SETTINGS, described("E", "m", cause="c", badResult=True, isNull=True))
        self.assertEqual(found, ScriptThrew("E", "m", "", {"cause": "c", "badResult": True}))

    def test_memory(self) -> None:
        """QuickJS's own error for memory is the memory limit."""
        found = threw_or_limit(SETTINGS, described("InternalError", "out of memory"))
        most = SETTINGS.memory_limit_bytes
        self.assertEqual(found, LimitHit("memory", most, most, "bytes", "", "javascript.memory_limit_bytes"))

    def test_stack(self) -> None:
        """QuickJS's own errors for the stack are the stack limit."""
        for name, message in (
            ("RangeError", "Maximum call stack size exceeded"),
            ("InternalError", "stack overflow"),
        ):
            found = threw_or_limit(SETTINGS, described(name, message))
            assert isinstance(found, LimitHit)
            self.assertEqual((found.limit, found.config_key), ("stack", "javascript.stack_size_bytes"))

    def test_output(self) -> None:
        """An answer too large is the output limit, with what was used."""
        found = threw_or_limit(SETTINGS, described("RangeError", "x", limit={"used": 9_000_000}))
        assert isinstance(found, LimitHit)
        self.assertEqual(
            (found.limit, found.used, found.value), ("output", 9_000_000, SETTINGS.max_output_bytes)
        )

    def test_similar_errors(self) -> None:
        """A script's own errors with like texts are its own."""
        for name, message in (("Error", "out of memory"), ("RangeError", "out of range")):
            self.assertEqual(threw_or_limit(SETTINGS, described(name, message)), ScriptThrew(name, message))


class FailedFrameTests(SynchronousTestCase):
    """`failure_of`: FAILED frames."""

    def test_limits(self) -> None:
        """Each kind of limit names the key that sets it; the stack keeps the script's lines."""
        stack = "    at f (app.js:1:2)\n    at g (native)\n"
        for kind in ("cpu", "memory", "stack", "jobs"):
            head = {"limit": kind, "value": 1, "used": 2, "unit": "u", "stack": stack}
            self.assertEqual(
                failure_of(SETTINGS, "app.js", head, "cpu"),
                LimitHit(kind, 1, 2, "u", "    at f (app.js:1:2)", CONFIG_KEYS[kind]),
            )

    def test_cpu_while_loading(self) -> None:
        """While loading another key holds."""
        head = {"limit": "cpu", "value": 1, "used": 2, "unit": "ms", "stack": ""}
        found = failure_of(SETTINGS, "app.js", head, "load_cpu")
        assert isinstance(found, LimitHit)
        self.assertEqual(found.config_key, "javascript.init_timeout_ms")

    def test_thrown_and_syntax(self) -> None:
        """Errors thrown and syntax errors are told apart."""
        self.assertEqual(
            failure_of(SETTINGS, "a", {"thrown": described("E", "m")}, "cpu"), ScriptThrew("E", "m")
        )
        self.assertEqual(
            failure_of(SETTINGS, "a", {"syntax": "SyntaxError: x", "prefix": 3}, "cpu"),
            ScriptThrew("SyntaxError", "SyntaxError: x", "", {"prefix": 3}),
        )

    def test_own_lines(self) -> None:
        """Lines that do not name the script are left out."""
        self.assertEqual(own_lines("a.js:1\nb\na.js:2", "a.js"), "a.js:1\na.js:2")

    def test_threw_makes_text(self) -> None:
        """What a realm says is text, whatever it was."""
        self.assertEqual(threw({"name": 1, "message": None, "stack": ""}), ScriptThrew("1", "None"))
