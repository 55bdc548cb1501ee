# ruff: noqa: E501 - scripts read best as they are
"""Which loads may be repeated without running the script: those that did nothing but register, always the same."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.sandbox.rig import BothModes, in_runtime

ROUTE = 'register("/x", () => "ok");\n'


class RepeatableTests(BothModes, SynchronousTestCase):
    """What a load's report says of itself."""

    def repeatable(self, source: str, **options: Any) -> bool:
        report = self.rig().load(source + "\n" + ROUTE, **options)
        self.assertIsNone(report.error, source)
        self.assertEqual(len([one for one in report.registrations if one.key == "GET /x"]), 1)
        return report.repeatable

    def test_repeatable(self) -> None:
        """What only registers, and what a handler would do later."""
        for source in (
            "",
            "const list = [3, 1, 2].sort(); class A extends Error {}",
            'register("/now", () => ({ now: Date.now(), at: new Date(), r: Math.random(), id: crypto.randomUUID() }));',
            "function later() { console.log(1); setTimeout(() => 1, 5); }",
            'const u = new URL("https://example.org/a?b=c"); const h = new Headers({ a: "b" });',
            "const t = typeof Date, made = Date.prototype.getTime, same = Date.prototype.constructor === Date;",
            "try { null.x } catch (e) { }",
        ):
            self.assertTrue(self.repeatable(source), source)

    def test_clock_and_randomness(self) -> None:
        """Whatever way a script asks for them while it loads."""
        for source in (
            "Date.now();",
            "new Date();",
            "Date();",
            "new Date(0);",
            'Date.parse("2026-01-01T00:00");',
            "const { now } = Date; now();",
            "const D = (class extends Date {}); new D();",
            "new (Date.prototype.constructor)();",
            "Reflect.construct(Date, []);",
            "Math.random();",
            "const { random } = Math; [1, 2].map(random);",
            'globalThis["Ma" + "th"]["ran" + "dom"]();',
            'self["Da" + "te"]();',
            "performance.now();",
            "crypto.randomUUID();",
            "crypto.getRandomValues(new Uint8Array(4));",
            'new Event("x").timeStamp;',
            'new File(["x"], "a.txt").lastModified;',
            "formatDate(new Date(5));",
            'console.time("a");',
        ):
            self.assertFalse(self.repeatable(source), source)

    def test_more_than_registering(self) -> None:
        """Logging, sending, timers; and whoever has an init."""
        for source in (
            'console.log("loaded");',
            'writeLog("loaded");',
            "setTimeout(() => 1, 10);",
            "const t = setTimeout(() => 1, 10); clearTimeout(t);",
            "function init() {}",
            "async function init() {}",
            "const init = () => {};",
        ):
            self.assertFalse(self.repeatable(source), source)
        self.assertFalse(self.repeatable("function init() {}", run_init=False))

    def test_dates_are_dates(self) -> None:
        """The watching does not show in what a script sees of Date while it loads."""
        source = """
        const check = (name, ok) => { if (!ok) throw new Error(name); };
        class Own extends Date { twice() { return this.getTime() * 2; } }
        check("instance", new Date(7) instanceof Date && new Date(7).getTime() === 7);
        check("constructor", new Date(7).constructor === Date && Date.prototype.constructor === Date);
        check("subclass", new Own(4).twice() === 8 && new Own() instanceof Date && new Own().constructor === Own);
        check("text", typeof Date() === "string");
        check("shape", Date.length === 7 && Date.name === "Date" && Date.now.name === "now" && Date.UTC.length === 7);
        check("utc", Date.UTC(2020, 0, 1) === 1577836800000 && Date.parse("2020-01-01T00:00:00Z") === 1577836800000);
        check("now", Math.abs(Date.now() - new Date().getTime()) < 100000);
        check("random", Math.random() < 1 && Math.random.name === "random");
        check("clone", structuredClone(new Date(9)).getTime() === 9 && structuredClone(new Date(9)) instanceof Date);
        check("native", Function.prototype.toString.call(Date).includes("[native code]"));
        check("keys", Object.getOwnPropertyNames(Date).sort().join() === "UTC,length,name,now,parse,prototype");
        """
        self.assertFalse(self.repeatable(source))

    def test_only_while_loading(self) -> None:
        """A realm that serves has the plain Date."""
        rig = self.rig()
        program = rig.live('register("/x", () => "ok");')
        self.assertEqual(rig.call(program).text, "ok")
        self.assertIn('"watched":false', rig.worker.stock.programs[program.ident].text)


RepeatableTestsInRuntime = in_runtime(RepeatableTests)
