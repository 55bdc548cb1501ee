"""Tests run in sandboxes, one by one; what goes wrong is told with its place."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.testing.javascript.runner import find_tests
from tests.testing.javascript.support import BenchCase

MIXED = """\
describe("sums", () => {
  it("adds", () => expect(1 + 1).toBe(2));
  it("is wrong", () => {
    const found = { total: 3, list: [1, 2] };
    expect(found).toEqual({ total: 4, list: [1, 2] });
  });
  it.skip("is left out", () => expect.unreachable());
  it.todo("is to come");
});
"""


class RunnerTests(BenchCase):
    """What a run gives."""

    async def test_without_storage(self) -> None:
        """Where scripts have no storage, tests have none, and asking for a script's says why."""
        outcome = await self.run_one(
            'const app = loadScript("a.js", { source: "" });'
            'it("has none", () => {'
            '  expect(typeof storage).toBe("undefined");'
            '  expect(() => app.storage).toThrow("javascript.allowed_apis");'
            "});",
            settings=['javascript.allowed_apis=["web_platform"]'],
        )
        self.assertEqual((outcome.state, outcome.troubles), ("passed", []))

    async def test_req_test_006_states_and_places(self) -> None:
        """Tests pass, fail, are skipped or to do; a failure has file, line, column, frame and values."""
        summary, told = await self.run_tests({"a/mixed.test.js": MIXED})
        self.assertEqual(
            told.events,
            [
                ("began", "a/mixed.test.js"),
                ("passed", "sums > adds"),
                ("failed", "sums > is wrong"),
                ("skipped", "sums > is left out"),
                ("todo", "sums > is to come"),
                ("finished", "1"),
            ],
        )
        outcomes = summary.files[0].outcomes
        self.assertEqual([one.case.line for one in outcomes], [2, 3, 7, 8])
        (trouble,) = outcomes[1].troubles
        self.assertEqual((trouble.place, trouble.name), ("a/mixed.test.js:5:19", "AssertionError"))
        self.assertIn("> 5 |     expect(found).toEqual", trouble.frame)
        self.assertIn("(a/mixed.test.js:5:19)", trouble.stack)
        self.assertEqual(trouble.expected, "{\n  list: [\n    1,\n    2,\n  ],\n  total: 4,\n}")
        self.assertEqual((outcomes[0].assertions, outcomes[1].assertions), (1, 1))

    async def test_only(self) -> None:
        """A test marked only leaves out the others of its file, not those of other files."""
        _, told = await self.run_tests(
            {
                "a.test.js": "it('one', () => {}); describe.only('d', () => { it('two', () => {}); });"
                "it.only.each([[1], [2]])('three %d', () => {});",
                "b.test.js": "it('four', () => {});",
            }
        )
        states = [event for event in told.events if event[0] in ("passed", "skipped")]
        self.assertEqual(
            states,
            [
                ("skipped", "one"),
                ("passed", "d > two"),
                ("passed", "three 1"),
                ("passed", "three 2"),
                ("passed", "four"),
            ],
        )

    async def test_filter(self) -> None:
        """A pattern picks tests by their full names; the others are not mentioned."""
        _, told = await self.run_tests({"a.test.js": MIXED}, pattern="^sums > a")
        self.assertEqual(told.events[1:], [("passed", "sums > adds"), ("finished", "0")])

    async def test_bail(self) -> None:
        """With bail nothing runs after the first failure."""
        summary, told = await self.run_tests({"a.test.js": MIXED, "b.test.js": MIXED}, bail=True)
        self.assertEqual([state for state, _ in told.events], ["began", "passed", "failed", "finished"])
        self.assertTrue(summary.bailed)

    async def test_limits_of_the_engine(self) -> None:
        """An endless loop, a recursion and a promise that never settles each end only their test."""
        source = """
            it("loops", () => { for (;;); });
            it("recurses", () => { const f = () => f() + 1; f(); });
            it("hangs", () => new Promise(() => {}), 100);
            it("hoards", () => { const all = []; for (;;) all.push(new Array(1000).fill(1)); });
            it("is fine", () => {});
        """
        summary, _ = await self.run_tests(
            {"a.test.js": source}, settings=["javascript.execution_timeout_ms=300"]
        )
        found = [one.troubles[0] if one.troubles else None for one in summary.files[0].outcomes]
        self.assertEqual([one.state for one in summary.files[0].outcomes], ["failed"] * 4 + ["passed"])
        loops, recurses, hangs, hoards, _ = found
        assert loops and recurses and hangs and hoards
        self.assertIn("300 ms of CPU time. (javascript.execution_timeout_ms)", loops.message)
        self.assertIn("javascript.stack_size_bytes", recurses.message)
        self.assertEqual((hangs.name, hangs.message), ("Timeout", "the test took longer than 100 ms"))
        self.assertEqual(hangs.line, 4)
        self.assertIn("javascript.memory_limit_bytes", hoards.message)

    async def test_lost_sandbox(self) -> None:
        """A script that ends its sandbox process fails its request; the test that asked goes on."""
        outcome = await self.run_one(
            """
            it("survives", async () => {
              const script = loadScript("bad.js", { source: `
                register("/hang", () => { "a".repeat(1e8).split("").sort(() => 1); return "?"; });
                register("/fine", () => "fine");
              ` });
              expect((await script.get("/hang")).status).toBeGreaterThanOrEqual(500);
              expect((await script.get("/fine")).body).toBe("fine");
            });
            """
        )
        self.assertEqual(outcome.troubles, [])

    async def test_hooks_that_fail(self) -> None:
        """A failing beforeEach leaves out the test, not the hooks after it; each failure is told."""
        outcome = await self.run_one(
            """
            beforeEach(() => { throw new Error("no start"); });
            afterEach(() => { throw new TypeError("no end"); });
            it("x", () => expect.unreachable());
            """
        )
        self.assertEqual(
            [(one.name, one.message, one.line) for one in outcome.troubles],
            [("Error", "no start", 2), ("TypeError", "no end", 3)],
        )

    async def test_assertions_nobody_awaited(self) -> None:
        """A forgotten await does not let a test pass; missing assertions fail it."""
        summary, _ = await self.run_tests(
            {
                "a.test.js": """
                it("forgot", () => { expect(Promise.resolve(1)).resolves.toBe(2); });
                it("counts", () => { expect.assertions(2); expect(1).toBe(1); });
                it("has none", () => { expect.hasAssertions(); });
                it("throws what is no error", () => { throw "text"; });
                """
            }
        )
        self.assertEqual(
            [one.troubles[0].message for one in summary.files[0].outcomes],
            [
                "expected 1 to be 2",
                "expected 2 assertions, there were 1",
                "expected at least one assertion, there was none",
                "thrown value: text",
            ],
        )
        self.assertEqual(summary.files[0].outcomes[0].troubles[0].line, 2)

    async def test_logs_belong_to_their_test(self) -> None:
        """What a test and its scripts log is kept with it."""
        summary, _ = await self.run_tests(
            {
                "a.test.js": """
                it("one", async () => {
                  console.log("from the test");
                  await loadScript("a.js").get("/a");
                });
                it("two", () => {});
                """,
                "a.js": "register('/a', () => { writeLog('from the script'); return 'a'; });",
            }
        )
        one, two = summary.files[0].outcomes
        self.assertEqual(
            [(log["script"], log["message"], log["line"]) for log in one.logs],
            [("a.test.js", "from the test", 3), ("a.js", "from the script", 1)],
        )
        self.assertEqual(two.logs, [])

    async def test_helpers(self) -> None:
        """A helper file's functions are there; a failure in one is told with the helper's own line."""
        summary, _ = await self.run_tests(
            {
                "a.test.js": "// @helpers ./lib/check.js\n// @helpers ./lib/more.js\n"
                "it('x', () => check(more()));",
                "lib/check.js": "function check(n) {\n  expect(n).toBe(2);\n}\n",
                "lib/more.js": "const two = 1 + 1;\nfunction more() {\n  return two + 1;\n}",
            }
        )
        (trouble,) = summary.files[0].outcomes[0].troubles
        self.assertEqual(trouble.place, "lib/check.js:2:13")
        self.assertIn("> 2 |   expect(n).toBe(2);", trouble.frame)
        self.assertIn("(a.test.js:3:21)", trouble.stack)

    async def test_configured_limits_and_script_uris(self) -> None:
        """The project's configuration counts; a script of its directories has the URI it has when served."""
        outcome = await self.run_one(
            """
            it("x", async () => {
              const script = loadScript("scripts/sub/a.js");
              await script.load();
              expect(script.logs[0].message).toBe("sub/a.js");
            });
            """.replace(
                '"scripts/sub/a.js"',
                '"a.js", { uri: "sub/a.js", source: "function init(c) { console.log(c.uri); }" }',
            )
        )
        self.assertEqual(outcome.troubles, [])
        root = self.write(
            {
                "aiwebengine.toml": '[scripts]\ndirectories = ["scripts"]\n'
                "[javascript]\nmax_script_bytes = 100\n",
                "scripts/sub/a.js": "function init(context) { console.log(context.uri); }",
                "scripts/big.js": "// " + "x" * 200,
                "tests/a.test.js": """
                it("uri", async () => {
                  const script = await loadScript("../scripts/sub/a.js").load();
                  expect(script.logs[0].message).toBe("sub/a.js");
                });
                it("limit", async () => {
                  await expect(loadScript("../scripts/big.js").load()).rejects.toThrow("max_script_bytes");
                });
                """,
            }
        )
        sources = ConfigurationSources(variables={}, directory=root, files=("aiwebengine.toml",))
        summary, _ = await self.run_in(root, sources)
        self.assertEqual([one.troubles for one in summary.files[0].outcomes], [[], []])

    async def test_runtime_isolation(self) -> None:
        """The same holds with a new context per request."""
        summary, _ = await self.run_tests(
            {
                "a.test.js": """
                it("patches", () => { Array.prototype.first = 1; expect([].first).toBe(1); });
                it("is gone", () => expect([].first).toBeUndefined());
                it("has a clock", async () => {
                  clock.set(5);
                  const source = "register('/a', () => ({ now: Date.now() }))";
                  const script = loadScript("a.js", { source });
                  expect((await script.get("/a")).json).toEqual({ now: 5 });
                });
                """
            },
            settings=["javascript.isolation=runtime"],
        )
        self.assertEqual([one.troubles for one in summary.files[0].outcomes], [[], [], []])

    async def test_what_is_left_when_a_test_ends(self) -> None:
        """Requests, timers and fetches still under way are dropped, and trouble no later test."""
        source = """
            const script = loadScript("s.js", { source: `
              register("/slow", () => new Promise((resolve) => setTimeout(() => resolve("late"), 1000)));
              register("/hang", () => new Promise(() => {}));
              register("/ask", async () => ({ status: (await fetch("https://x.example/")).status }));
            ` });
            it("leaves", async () => {
              fakeFetch.when("*").reply(() => new Promise(() => {}));
              await script.load();
              clock.set(0);
              for (const path of ["/slow", "/hang", "/ask"]) script.get(path).catch(() => {});
              await clock.advance(10);
            });
            it("begins anew", async () => {
              expect(clock.now()).toBeGreaterThan(1e12);
              expect(fakeFetch.calls).toEqual([]);
              fakeFetch.when("*").reply({ status: 204 });
              expect((await script.get("/ask")).status).toBe(204);
            });
        """
        summary, _ = await self.run_tests({"a.test.js": source})
        for one in summary.files[0].outcomes:
            self.assertEqual([trouble.message for trouble in one.troubles], [])

    async def test_names_of_plugins(self) -> None:
        """Scripts and tests have the names of all plugins; the clock waits for their operations."""
        root = self.write({"plugins/waiting.py": PLUGIN, "a.test.js": USES_IT})
        sources = ConfigurationSources(
            variables={}, directory=root, settings=(f'plugins.directories=["{root / "plugins"}"]',)
        )
        summary, _ = await self.run_in(root, sources)
        (outcome,) = summary.files[0].outcomes
        self.assertEqual(outcome.troubles, [])


PLUGIN = '''
"""Gives scripts `wait()`, which the host answers a moment later."""

import attrs
from twisted.internet import reactor
from twisted.internet.task import deferLater
from zope.interface import implementer

from aiwebengine.interfaces import IPlugin, IScriptGlobals
from aiwebengine.sandbox.prelude import Piece

PIECE = """// piece: waiting
// names: wait
(function (host) { return { wait: () => host.call("waiting.wait", {}) }; })
"""


@implementer(IScriptGlobals)
class Waiting:
    def pieces(self):
        return [Piece.parse(PIECE)]

    def typings(self):
        return "declare function wait(): Promise<string>;"

    def operations(self):
        return {"waiting.wait": self.wait}

    def registrations(self):
        return {}

    async def wait(self, call, argument):
        await deferLater(reactor, 0.05)
        return "waited"


@implementer(IPlugin)
@attrs.frozen
class WaitingPlugin:
    name: str = "waiting"
    summary: str = "Waits."
    section: None = None
    settings: None = None
    requires: tuple = ()

    def build(self, settings, services):
        return Waiting()


plugin = WaitingPlugin()
'''
USES_IT = """
it("waits", async () => {
  const script = loadScript("s.js", { source: `
    register("/wait", async () => {
      const said = await wait();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return said;
    });
  ` });
  clock.set(0);
  const pending = script.get("/wait");
  await clock.advance(1000);
  expect((await pending).body).toBe("waited");
  expect(await wait()).toBe("waited");
});
"""


class LoadTests(BenchCase):
    """Test files that do not load."""

    async def broken(self, source: str) -> tuple[str, str]:
        summary, told = await self.run_tests({"bad.test.js": source})
        self.assertEqual(told.events, [("broke", "bad.test.js"), ("finished", "2")])
        trouble = summary.files[0].trouble
        assert trouble is not None
        self.assertEqual(summary.as_json()["summary"]["broken_files"], 1)
        return trouble.place, trouble.message

    async def test_syntax(self) -> None:
        """A syntax error is told with its place."""
        place, message = await self.broken("it('x', () => {});\nlet = ;\n")
        self.assertTrue(place.startswith("bad.test.js:2:"), place)
        self.assertIn("SyntaxError", message)

    async def test_top_level(self) -> None:
        """So is what the top level throws, also by wrong use of the test functions."""
        self.assertEqual(
            await self.broken("it('x', () => {});\nthrow new Error('early');"),
            ("bad.test.js:2:11", "Error: early"),
        )
        for source, text in (
            ("it('x')", "give a name and a function (or use it.todo)"),
            ("it('x', () => {}, -1)", "the timeout must be"),
            ("describe('x')", "describe: give a name and a function"),
            ("describe('x', async () => {})", "must not be async"),
            ("beforeEach(1)", "beforeEach: give a function"),
            ("it.each(5)('x', () => {})", "each: give a list of rows"),
            ("loadScript()", "path must be the script's file"),
            ("fakeFetch.when(5)", "url must be a string"),
        ):
            _, message = await self.broken(source)
            self.assertIn(text, message)

    async def test_empty(self) -> None:
        """A file without tests is a mistake."""
        self.assertIn("has no tests", (await self.broken("const x = 1;"))[1])

    async def test_helpers_that_are_not_there(self) -> None:
        """A helper file must exist."""
        self.assertIn("@helpers ./none.js: cannot be read", (await self.broken("// @helpers ./none.js\n"))[1])


class FindTests(SynchronousTestCase):
    """Which files are tests."""

    def test_find(self) -> None:
        """Files as named; *.test.js below directories, without hidden ones and node_modules; each once."""
        root = Path(self.mktemp())
        for name in ("b.test.js", "a/c.test.js", "a/plain.js", ".git/d.test.js", "node_modules/e.test.js"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("")
        self.assertEqual(find_tests([root]), [root / "a/c.test.js", root / "b.test.js"])
        plain = root / "a/plain.js"
        self.assertEqual(find_tests([plain, root / "a"]), [plain, root / "a/c.test.js"])

    def test_none(self) -> None:
        """A directory without tests is a mistake."""
        root = Path(self.mktemp())
        root.mkdir()
        error = self.assertRaises(ValueError, find_tests, [root])
        self.assertIn("no *.test.js file below", str(error))
