"""Text that QuickJS has joined lazily gets out of the sandbox whole."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.sandbox.rig import Rig

_STREAM = """
async function* pieces() { for (let n = 0; n < 100; n += 1) yield `piece ${n} of a long stream\\n`; }
function streamed() { return { body: pieces() }; }
function whole() { let text = ""; for (let n = 0; n < COUNT; n += 1) text += `${n} and more, `; return text; }
function logged() { console.log("x".repeat(COUNT)); return "done"; }
register("/x", streamed, "GET");
register("/whole", whole, "GET");
register("/logged", logged, "GET");
"""


class RopeTests(SynchronousTestCase):
    """Answers, chunks and effects of more than 512 characters, which QuickJS keeps as a tree of pieces."""

    def live(self, count: int) -> None:
        self.rig = Rig()
        self.program = self.rig.live(_STREAM.replace("COUNT", str(count)))

    def test_chunks(self) -> None:
        """Chunks that come together are longer than a plain string."""
        self.live(1)
        ident = self.rig.start(self.program)
        self.rig.outcome(ident)
        text, failed = self.rig.read(ident)
        self.assertIsNone(failed)
        self.assertEqual(text.decode(), "".join(f"piece {n} of a long stream\n" for n in range(100)))

    def test_answers(self) -> None:
        """Bodies of all lengths arrive."""
        for count in (40, 400, 4000, 40_000):
            self.live(count)
            answer = self.rig.call(self.program, "GET /whole")
            self.assertEqual(answer.text, "".join(f"{n} and more, " for n in range(count)))

    def test_logs(self) -> None:
        """Long log lines arrive."""
        for count in (511, 512, 5000):
            self.live(count)
            self.assertEqual(self.rig.call(self.program, "GET /logged").text, "done")
            self.assertEqual([message for _, message, _ in self.rig.logs], ["x" * count])
