"""Host operations: carried out in order, their results and errors handed back."""

from __future__ import annotations

import json
from collections import deque
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IScriptLog
from aiwebengine.sandbox.hostcalls import HostCalls
from aiwebengine.sandbox.model import HostCall, Program
from aiwebengine.scripts.log import ScriptLog


class StrangeError(Exception):
    """An error an operation names itself."""

    script_name = "StrangeError"
    code = 7


class HostCallsTests(SynchronousTestCase):
    """`HostCalls` with operations of all kinds."""

    def setUp(self) -> None:
        self.seen: list[tuple[HostCall, Any]] = []
        self.answers: list[Any] = []
        self.waiting: dict[str, Deferred[Any]] = {}
        self.script_log = ScriptLog()
        verifyObject(IScriptLog, self.script_log)
        self.calls = HostCalls({}, self.script_log, lambda job, text: self.answers.append(json.loads(text)))
        self.calls.operations = {
            "echo": self.echo,
            "wait": self.wait,
            "fail": self.fail_with,
            "plain": lambda call, argument: 1,
        }
        self.raises: Any = None
        program = Program(1, "app.js", 3, "")
        self.job: Any = SimpleNamespace(
            uri="app.js",
            request_id="r1",
            route="GET /x",
            program=program,
            host_calls=0,
            calls_under_way=0,
            calls_waiting=deque(),
            dry_run=None,
            facts={"auth": {"userId": "u"}},
        )

    async def echo(self, call: HostCall, argument: Any) -> Any:
        self.seen.append((call, argument))
        return argument

    async def wait(self, call: HostCall, argument: Any) -> Any:
        self.waiting[argument] = Deferred()
        return await self.waiting[argument]

    async def fail_with(self, call: HostCall, argument: Any) -> Any:
        raise self.raises

    def entries(self) -> list[dict[str, Any]]:
        return self.script_log.query()["entries"]  # type: ignore[no-any-return]

    def fail_as(self, error: Any) -> Any:
        self.raises = error
        self.calls.calls(self.job, [[1, "fail", None]])
        return self.answers.pop()

    def test_succeeds(self) -> None:
        """An operation learns who calls, and its result goes back under the call's number."""
        self.calls.calls(self.job, [[4, "echo", {"a": 1}]])
        self.assertEqual(self.seen, [(HostCall("app.js", 3, "r1", {"userId": "u"}), {"a": 1})])
        self.assertEqual(self.answers, [[4, True, {"a": 1}]])
        self.assertEqual(self.job.host_calls, 1)

    def test_a_few_at_once(self) -> None:
        """A request that asks for much at once has a few calls under way; the others follow in order."""
        self.calls.calls(self.job, [[number, "wait", str(number)] for number in range(40)])
        self.assertEqual(list(self.waiting), [str(number) for number in range(16)])
        self.waiting["3"].callback(None)
        self.waiting["1"].errback(ValueError("no"))
        self.assertEqual(list(self.waiting)[16:], ["16", "17"])
        self.assertEqual([(one[0], one[1]) for one in self.answers], [(3, True), (1, False)])
        for number in (0, 2, *range(4, 40)):
            self.waiting[str(number)].callback(None)
        self.assertEqual(sorted(one[0] for one in self.answers), list(range(40)))
        self.assertEqual((self.job.calls_under_way, self.job.host_calls), (0, 40))

    def test_many_that_are_settled_at_once(self) -> None:
        """Calls that need no waiting do not nest, neither at once nor behind one that has to wait."""
        self.calls.calls(self.job, [[number, "wait", str(number)] for number in range(16)])
        self.calls.calls(self.job, [[number, "echo", None] for number in range(16, 3016)])
        self.assertEqual(self.answers, [])
        self.waiting["0"].callback(None)
        self.assertEqual([one[0] for one in self.answers], [0, *range(16, 3016)])
        self.calls.calls(self.job, [[number, "echo", None] for number in range(3016, 6016)])
        self.assertEqual(len(self.answers), 6001)

    def test_loading(self) -> None:
        """While loading there is no version."""
        self.job.program = None
        self.calls.calls(self.job, [[4, "echo", None]])
        self.assertEqual(self.seen[0][0].version, 0)

    def test_answers_as_they_come(self) -> None:
        """Calls are settled when they are done, not in their order."""
        self.calls.calls(self.job, [[1, "wait", "a"], [2, "wait", "b"]])
        self.assertEqual(self.answers, [])
        self.waiting["b"].callback("B")
        self.waiting["a"].callback("A")
        self.assertEqual(self.answers, [[2, True, "B"], [1, True, "A"]])

    def test_known_errors(self) -> None:
        """Errors that say what the caller did wrong are the script's to see."""
        for error, name in (
            (TypeError("m"), "TypeError"),
            (ValueError("m"), "RangeError"),
            (PermissionError("m"), "PermissionError"),
        ):
            self.assertEqual(self.fail_as(error), [1, False, {"name": name, "message": "m", "code": None}])

    def test_named_errors(self) -> None:
        """An error may name itself and bring a code."""
        self.assertEqual(
            self.fail_as(StrangeError("m")), [1, False, {"name": "StrangeError", "message": "m", "code": 7}]
        )

    def test_other_errors(self) -> None:
        """Other errors are logged for the operator; the script hears only that it failed."""
        answer = self.fail_as(RuntimeError("password=hunter2"))
        self.assertEqual(answer, [1, False, {"name": "Error", "message": "fail failed", "code": None}])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_unknown(self) -> None:
        """An operation that does not exist is a TypeError, by name."""
        self.calls.calls(self.job, [[1, "nope", None]])
        self.assertEqual(self.answers[0][2]["name"], "TypeError")
        self.assertIn("'nope'", self.answers[0][2]["message"])

    def test_no_coroutine(self) -> None:
        """An operation that is no coroutine fails as any that is broken."""
        self.calls.calls(self.job, [[1, "plain", None]])
        self.assertFalse(self.answers[0][1])
        self.flushLoggedErrors()

    def test_result_that_is_no_json(self) -> None:
        """So does one whose result is no JSON."""
        self.calls.operations["odd"] = self.odd
        self.calls.calls(self.job, [[1, "odd", None]])
        self.assertFalse(self.answers[0][1])
        self.flushLoggedErrors()

    async def odd(self, call: HostCall, argument: Any) -> Any:
        return object()

    def test_effects_in_order(self) -> None:
        """Logs and sends are done in their order; a send is not answered."""
        self.calls.effects(
            self.job,
            [["log", "warn", "one", 3], ["send", "echo", 1], ["log", "odd", "two", 0], ["send", "echo", 2]],
        )
        self.assertEqual([argument for _, argument in self.seen], [1, 2])
        self.assertEqual(self.answers, [])
        self.assertEqual(
            [(e["level"], e["message"], e["line"]) for e in self.entries()],
            [("warn", "one", 3), ("info", "two", None)],
        )
        self.assertEqual(self.entries()[0]["request_id"], "r1")

    def test_send_that_fails(self) -> None:
        """A send that fails is in the script's log, without what it is not to know."""
        self.raises = ValueError("too long")
        self.calls.effects(self.job, [["send", "fail", None]])
        self.raises = RuntimeError("password")
        self.calls.effects(self.job, [["send", "fail", None], ["send", "nope", None]])
        self.assertEqual(
            [(e["kind"], e["level"], e["message"]) for e in self.entries()],
            [
                ("host", "error", "fail: too long"),
                ("host", "error", "fail: fail failed"),
                ("host", "error", "nope: there is no host operation 'nope'"),
            ],
        )
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_nothing(self) -> None:
        """No effects are fine; shapes no realm makes are not."""
        self.calls.effects(self.job, None)
        self.calls.effects(self.job, [])
        self.assertRaises(ValueError, self.calls.effects, self.job, [["log", "x"]])
