"""Tests for aiwebengine.scripts.evaluate, with a real QuickJS in place of the sandboxes."""

import json

import _quickjs
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import ScriptInvalid
from aiwebengine.sandbox.model import LoadReport, Registration
from aiwebengine.scripts.evaluate import evaluate

_REGISTER = """
const made = [];
const register = (path, handler, method = "GET", options = {}) =>
  void made.push({path, method, options: JSON.parse(JSON.stringify(options))});
"""


class Sandboxes:
    """Runs the top level of a script and reports what it registered."""

    def __init__(self, register=_REGISTER):
        self.register = register
        self.loads = []

    async def load(self, uri, source, version, *, is_startup=False, run_init=True, dry_run=None):
        self.loads.append((uri, version, run_init))
        context = _quickjs.Context()
        context.eval(self.register)
        try:
            keep = "\n;globalThis.start = typeof init === 'function' ? init : undefined;"
            context.eval("(function () {" + source + keep + "})()")
            if run_init:
                context.eval("globalThis.failed = null; start().catch((error) => { failed = error; })")
                while context.execute_pending_job():
                    pass
                context.eval("if (failed) throw failed")
        except _quickjs.JSException as error:
            stack = str(error)
            line = int(stack.split("<input>:")[1].split(":")[0]) if "<input>:" in stack else None
            return LoadReport(uri, version, ScriptInvalid(uri, stack.splitlines()[0], line, 1, stack))
        made = json.loads(context.eval("JSON.stringify(made)"))
        return LoadReport(uri, version, registrations=tuple(Registration("route", "", one) for one in made))


class EvaluateTests(SynchronousTestCase):
    """The value of an expression."""

    def evaluate(self, expression, source="", **sandboxes):
        self.sandboxes = Sandboxes(**sandboxes)
        work = evaluate(self.sandboxes, "a.js", source, 3, expression)
        return self.successResultOf(Deferred.fromCoroutine(work))

    def test_half_a_surrogate_pair(self):
        """What no JSON text in UTF-8 can say comes as U+FFFD, as elsewhere."""
        found = self.evaluate('["a\\ud800", "\\ud83d\\ude00"]')
        self.assertEqual(found["value"], ["a\ufffd", "\U0001f600"])

    def test_values(self):
        """A value comes with its type, as text, and as JSON where it is that."""
        for expression, kind, text, value in (
            ("1 + 1", "number", "2", 2),
            ('"ü\\u0000"', "string", "ü\0", "ü\0"),
            (r'"\\ud800"', "string", r"\ud800", r"\ud800"),
            ("({a: [1, null]})", "object", "[object Object]", {"a": [1, None]}),
            ("[1, 2] // a comment", "array", "1,2", [1, 2]),
            ("null", "null", "null", None),
            ("undefined", "undefined", "undefined", None),
            ("10n", "bigint", "10", None),
            ("Promise.resolve(1)", "number", "1", 1),
            ("await Promise.resolve([2])", "array", "2", [2]),
            ("Object.create(null)", "object", "object", {}),
        ):
            expected = {
                "ok": True,
                "type": kind,
                "text": text,
                "value": value,
                "logs": [],
                "withheld": [],
            }
            self.assertEqual(self.evaluate(expression), expected, expression)

    def test_in_scope(self):
        """The expression sees the script's own names; ``init`` does not run."""
        source = 'let x = 20; function twice(n) { return 2 * n; } register("/x", twice)'
        self.assertEqual(self.evaluate("twice(x) + 2", source)["value"], 42)
        self.assertEqual(self.sandboxes.loads, [("a.js", 3, True)])
        own = source + "; function init() { x = 0; }"
        self.assertEqual(self.evaluate("twice(x) + 2", own)["value"], 42)
        awkward = source + "; const init = () => { x = 0; };"
        self.assertEqual(self.evaluate("twice(x) + 2", awkward)["value"], 42)
        self.assertEqual(self.sandboxes.loads, [("a.js", 3, True), ("a.js", 3, False)])
        self.assertEqual(self.evaluate("Promise.resolve(1)", awkward)["text"], "[object Promise]")

    def test_errors(self):
        """An error says where: in the script, or in the expression by the expression's own lines."""
        found = self.evaluate("null\n.x", "let a = 1;\n\n")
        self.assertFalse(found["ok"])
        self.assertIn(found["error"]["line"], (1, 2))
        self.assertIn("TypeError", found["error"]["message"])
        self.assertEqual(self.evaluate("1", "\nlet a = ;")["error"]["line"], 2)
        self.assertIn("SyntaxError", self.evaluate("1 +")["error"]["message"])

    def test_no_register(self):
        """Without the engine's register there is no value, and this is said."""
        found = self.evaluate("1", register="const made = []; const register = () => {};")
        self.assertEqual(found["ok"], False)
        self.assertIn("register of its own", found["error"]["message"])
