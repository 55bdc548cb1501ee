# ruff: noqa: E501 - scripts read best as they are
"""A realm that serves many requests does not grow."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.sandbox.rig import Rig

SCRIPT = """
const cache = {};
function fill(req) {
    cache[Math.random()] = { list: [1, 2, 3], text: "x".repeat(100) };
    try { null.x } catch {}
    console.log(Symbol.for("key" + Math.random()).description.length, Symbol("s" + Math.random()));
    return { n: Object.keys(cache).length, found: /a(.)/.exec("ab")[1] };
}
register("/x", fill);
register("/a", async (req) => { await null; const never = new Promise(() => {}); never.then(() => 1); setTimeout(() => 1, 1e6); new WeakRef(cache); return fill(req) });
register("/e", (req) => { throw new TypeError("m" + Math.random()) });
register("/s", function* () { yield "a".repeat(100); yield "b" });
"""


class GrowthTests(SynchronousTestCase):
    """The heap of a realm, and what the worker keeps, after thousands of requests."""

    def serve(self, rig: Rig, count: int) -> None:
        for number in range(count):
            key = ("/x", "/a", "/e", "/s")[number % 4]
            ident = rig.start(self.program, f"GET {key}")
            rig.outcome(ident)
            if key == "/s":
                if number % 8 == 3:
                    rig.read(ident)
                else:
                    rig.cancel(ident)
            rig.worker.prepare()
            rig.effects.clear()

    def heap(self, rig: Rig) -> int:
        realm = rig.worker.stock.take(self.program)  # type: ignore[arg-type]
        realm.context.gc()
        size = realm.measure()
        rig.worker.stock.give_back(self.program, realm)  # type: ignore[arg-type]
        return size

    def test_realm(self) -> None:
        """One realm serves them all; its heap is as it was."""
        rig = Rig("realm")
        self.program = rig.live(SCRIPT)
        self.serve(rig, 200)
        before = self.heap(rig)
        self.serve(rig, 4000)
        self.assertEqual(len(rig.worker.stock), 1)
        self.assertLess(self.heap(rig), before + 4096)
        self.assertIsNone(rig.worker.next_due())

    def test_runtime(self) -> None:
        """Never more than the one context prepared ahead is kept, and that is as at first."""
        rig = Rig("runtime")
        self.program = rig.live(SCRIPT)
        self.serve(rig, 4)
        before = self.heap(rig)
        self.serve(rig, 100)
        self.assertLessEqual(len(rig.worker.stock), 1)
        self.assertLess(self.heap(rig), before + 4096)
