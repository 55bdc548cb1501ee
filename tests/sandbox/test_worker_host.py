# ruff: noqa: E501 - scripts read best as they are
"""Host calls as scripts make them, and requests that are dropped."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.failures import ScriptThrew
from aiwebengine.sandbox.model import Program
from tests.sandbox.rig import BothModes, Rig, in_runtime

PIECE = """(function (host) {
    const ask = (argument) => host.call("ask", argument);
    const tell = (argument) => host.send("tell", argument);
    const refuse = () => { throw host.permissionError("no"); };
    const facts = () => host.request;
    const kept = () => host.local("ask");
    const random = (n) => host.entropy(n);
    return { ask, tell, refuse, facts, kept, random };
})"""


class Base(BothModes, SynchronousTestCase):
    """Scripts with a host to ask."""

    def make(self, source: str, **changes: int) -> tuple[Rig, Program]:
        rig = self.rig(**changes)
        rig.add_piece("ask", "ask tell refuse facts kept random", PIECE)
        return rig, rig.live(source)


class HostCallTests(Base):
    """`host.call` and `host.send`."""

    def test_call(self) -> None:
        """A call's argument goes out as JSON, its answer comes back as JSON."""
        rig, program = self.make("register('/x', async () => [await ask({a: 1}), await ask()]);")
        ident = rig.start(program)
        self.assertIsNone(rig.outcome(ident))
        self.assertEqual(rig.waits, [[1, "ask", {"a": 1}]])
        rig.answer(ident, 1, {"b": "é\0"})
        self.assertIsNone(rig.outcome(ident))
        self.assertEqual(rig.waits[1:], [[2, "ask", None]])
        rig.answer(ident, 2, None)
        answer = rig.outcome(ident)
        assert answer is not None
        self.assertEqual(answer.json, [{"b": "é\0"}, None])

    def test_several_at_once(self) -> None:
        """Calls made together go out together and may be answered in any order."""
        rig, program = self.make("register('/x', async () => Promise.all([ask(1), ask(2), ask(3)]));")
        ident = rig.start(program)
        rig.outcome(ident)
        self.assertEqual([argument for _, _, argument in rig.waits], [1, 2, 3])
        for number in (2, 3, 1):
            rig.answer(ident, number, number * 10)
        answer = rig.outcome(ident)
        assert answer is not None
        self.assertEqual(answer.json, [10, 20, 30])

    def test_two_requests_in_one_program(self) -> None:
        """While a request awaits, another of the same script runs in a realm of its own."""
        rig, program = self.make(
            "let n = 0;\nregister('/x', async () => { n++; const got = await ask(); return got + n });"
        )
        first, second = rig.start(program), rig.start(program)
        rig.answer(first, 1, "a")
        first_answer = rig.outcome(first)
        assert first_answer is not None
        self.assertEqual(first_answer.text, "a1")
        rig.answer(second, 1, "b")
        second_answer = rig.outcome(second)
        assert second_answer is not None
        self.assertEqual(second_answer.text, "b1")
        self.assertEqual(len(rig.worker.stock), 2 if self.isolation == "realm" else 0)

    def test_errors(self) -> None:
        """A refused call rejects with name, message, code and the caller's stack."""
        rig, program = self.make("""
            register("/x", async () => {
                try { await ask() } catch (e) { return [e.name, e.message, e.code, e instanceof RangeError, e.stack.includes("app.js:3")] }
            });
        """)
        for name in ("RangeError", "PermissionError"):
            ident = rig.start(program)
            rig.outcome(ident)
            rig.answer(ident, 1, error={"name": name, "message": "m", "code": 5})
            answer = rig.outcome(ident)
            assert answer is not None
            self.assertEqual(answer.json, [name, "m", 5, name == "RangeError", True])

    def test_refusal(self) -> None:
        """An uncaught PermissionError is named so."""
        rig, program = self.make("register('/x', () => refuse());")
        failure = rig.call(program).failure
        assert isinstance(failure, ScriptThrew)
        self.assertEqual((failure.name, failure.message), ("PermissionError", "no"))

    def test_arguments_that_are_no_json(self) -> None:
        """What cannot be JSON is the caller's error; what has no JSON form is null."""
        rig, program = self.make("register('/x', async () => { const a = {}; a.a = a; await ask(a) });")
        failure = rig.call(program).failure
        assert isinstance(failure, ScriptThrew)
        self.assertEqual(failure.name, "TypeError")
        rig, program = self.make("register('/x', () => { ask(() => 1); tell(Symbol()); return 'x' });")
        self.assertEqual(rig.call(program).text, "x")
        self.assertEqual(sorted(e[1:] for e in rig.effects), [["ask", None], ["tell", None]])

    def test_sends_and_logs_in_order(self) -> None:
        """Sends and logs leave in the order they were made."""
        rig, program = self.make(
            "register('/x', async () => { tell(1); console.log('a'); tell(2); await ask(); tell(3); return '' });"
        )
        ident = rig.start(program)
        rig.outcome(ident)
        self.assertEqual([e[2] for e in rig.effects], [1, "a", 2])
        rig.answer(ident, 1)
        rig.outcome(ident)
        self.assertEqual([e[2] for e in rig.effects], [1, "a", 2, 3])

    def test_calls_nobody_awaits(self) -> None:
        """A call that was not awaited, or made after the answer, is still made."""
        rig, program = self.make("""
            register("/x", () => { ask("not awaited"); Promise.resolve().then(() => ask("after the answer")); return "x" });
            register("/e", () => { ask("before the error"); throw new Error() });
        """)
        self.assertEqual(rig.call(program).text, "x")
        self.assertIsInstance(rig.call(program, "GET /e").failure, ScriptThrew)
        self.assertEqual(
            [e[1:] for e in rig.effects],
            [["ask", "not awaited"], ["ask", "after the answer"], ["ask", "before the error"]],
        )

    def test_late_answers(self) -> None:
        """An answer for a request that is over, or for no call, is nothing."""
        rig, program = self.make("register('/x', async () => { await ask(); return 'x' });")
        ident = rig.start(program)
        rig.answer(ident, 99)
        self.assertIsNone(rig.outcome(ident))
        rig.answer(ident, 1)
        self.assertIsNotNone(rig.outcome(ident))
        rig.answer(ident, 1)
        self.assertIsNone(rig.outcome(ident))

    def test_in_streams(self) -> None:
        """A stream may await the host between chunks."""
        rig, program = self.make(
            "register('/x', async function* () { yield await ask(1); yield await ask(2); });"
        )
        ident = rig.start(program)
        rig.outcome(ident)
        rig.worker.take(frames.PULL, ident, b"")
        self.assertIsNone(rig.outcome(ident))
        rig.answer(ident, 1, "a")
        found = rig.outcome(ident)
        assert found is not None
        self.assertEqual(found.head[0], [["t", "a"]])
        self.assertEqual([w[2] for w in rig.waits], [1, 2])
        rig.answer(ident, 2, "b")
        self.assertIsNone(rig.outcome(ident))  # not asked for yet
        self.assertEqual(rig.pull(ident), (b"b", True, None))

    def test_facts_and_local_state(self) -> None:
        """Pieces see this request's facts, and state that is new for each."""
        rig, program = self.make("""
            register("/x", () => { kept().n = (kept().n ?? 0) + 1; return [facts().requestId, facts().auth.userId, kept().n, Object.isFrozen(facts())] });
        """)
        first = rig.call(program, auth={"userId": "u"}).json
        second = rig.call(program, auth={"userId": "v"}).json
        self.assertEqual((first[1:], second[1:]), (["u", 1, True], ["v", 1, True]))
        self.assertNotEqual(first[0], second[0])

    def test_entropy(self) -> None:
        """Randomness comes from the request's seed."""
        rig, program = self.make("crypto; register('/x', () => [...random(4), crypto.randomUUID().length]);")
        self.assertEqual(len(rig.call(program).json), 5)


class CancelTests(Base):
    """Requests that are dropped."""

    def test_waiting(self) -> None:
        """What awaits the host is told, so that its `finally` runs; what it sends is sent."""
        rig, program = self.make("""
            register("/x", async () => { try { await ask(1) } catch (e) { console.log(e.name) } finally { ask("close") } return "x" });
        """)
        ident = rig.start(program)
        rig.outcome(ident)
        rig.cancel(ident)
        self.assertEqual([e[1:3] for e in rig.effects], [["info", "AbortError"], ["ask", "close"]])
        rig.answer(ident, 1, "late")
        self.assertIsNone(rig.outcome(ident))

    def test_stream_that_waits(self) -> None:
        """So is a stream that awaits the host."""
        rig, program = self.make(
            "register('/x', async function* () { try { yield await ask(1) } finally { console.log('closed') } });"
        )
        ident = rig.start(program)
        rig.outcome(ident)
        rig.worker.take(frames.PULL, ident, b"")
        rig.outcome(ident)
        rig.cancel(ident)
        self.assertEqual([e[2] for e in rig.effects], ["closed"])

    def test_confirmed(self) -> None:
        """Every CANCEL is confirmed, known or not."""
        rig, _ = self.make("register('/x', () => 'x');")
        rig.worker.take(frames.CANCEL, 77, b"")
        self.assertEqual(rig.frames, [(frames.EFFECTS, 77, b"")])

    def test_timers_end(self) -> None:
        """Its timers never fire."""
        rig, program = self.make(
            "register('/x', async () => { setTimeout(() => console.log('never'), 1e6); await ask() });"
        )
        ident = rig.start(program)
        rig.cancel(ident)
        self.assertIsNone(rig.worker.next_due())

    def test_endless_finally(self) -> None:
        """A `finally` without end is cut short, and the sandbox goes on."""
        rig, program = self.make("""
            register("/x", async () => { try { await ask() } finally { for (;;); } });
            register("/y", () => "y");
        """)
        ident = rig.start(program)
        rig.cancel(ident)
        self.assertEqual(rig.call(program, "GET /y").text, "y")

    def test_load(self) -> None:
        """A load can be dropped."""
        rig = self.rig()
        rig.add_piece("ask", "ask tell refuse facts kept random", PIECE)
        rig.start_load("async function init() { await ask() }")
        ident = rig.loading[0]
        rig.cancel(ident)
        rig.answer(ident, 1)
        self.assertIsNone(rig.outcome(ident))

    def test_forgotten_programs(self) -> None:
        """A program that is forgotten while a request is under way is still served, and its realm not kept."""
        rig, program = self.make("register('/x', async () => { await ask(); return 'x' });")
        ident = rig.start(program)
        rig.worker.take(frames.FORGET, program.ident, b"")
        rig.answer(ident, 1)
        answer = rig.outcome(ident)
        assert answer is not None
        self.assertEqual((answer.text, len(rig.worker.stock), rig.worker.wants_to_prepare), ("x", 0, False))


HostCallTestsInRuntime = in_runtime(HostCallTests)
CancelTestsInRuntime = in_runtime(CancelTests)
