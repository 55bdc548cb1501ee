"""`storage` as scripts and their clients see it, on a whole engine with SQLite, in both isolation modes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.testing.engine import EngineProcess
from tests.http.support import PATIENT_MS, all_at_once
from tests.subsystems.storage.rig import StorageCase, storing

NOTHING = "__undefined"
# CPU time, so that a busy machine does not matter.
QUICK: dict[str, object] = {"javascript.init_timeout_ms": 300}
ODD = r"""
const cycle = {}; cycle.self = cycle;
const nested = { inner: { f() {} } };
class Point { constructor() { this.x = 1; } }
let deep = null;
for (let n = 0; n < 250; n++) deep = [deep];
const VALUES = {
  undefined: undefined, function: () => 1, symbol: Symbol("x"), bigint: 1n, cycle, nested, NaN: NaN,
  infinite: [Infinity], map: new Map([[1, 2]]), promise: Promise.resolve(1), bytes: new Uint8Array(2), deep,
};
const said = async (call) => {
  try { await call(); return "done"; } catch (error) { return error.name + ": " + error.message; }
};
register("/odd/values", async () => {
  const found = {};
  for (const [name, value] of Object.entries(VALUES)) found[name] = await said(() => storage.set("k", value));
  return found;
});
register("/odd/arguments", async () => {
  const found = [];
  for (const call of [
    () => storage.get(),
    () => storage.get(""),
    () => storage.get(7),
    () => storage.get("\ud800"),
    () => storage.get("a\0b"),
    () => storage.set("k", 1, { ttl: 0 }),
    () => storage.set("k", 1, { ttl: Infinity }),
    () => storage.set("k", 1, { ttl: "1" }),
    () => storage.set("k", 1, { expires: 1 }),
    () => storage.increment("k", "1"),
    () => storage.increment("k", NaN),
    () => storage.list({ limit: 0 }),
    () => storage.list({ prefix: 1 }),
    () => storage.list({ limit: 1001 }),
    () => storage.getMany("abc"),
    () => storage.getMany(Array(101).fill("k")),
    () => storage.setMany(1),
    () => storage.setMany([["k"]]),
    () => storage.setMany({ k: 1, f() {} }),
    () => storage.compareAndSet("k", () => 1, 1),
    () => storage.list(null),
    () => { storage.user = 1; },
    () => { storage.set = 1; },
  ]) found.push(await said(call));
  return found;
});
register("/odd/faithful", async () => {
  const value = {
    text: "\ud800\u0000\"é\u{1f600}", list: [1, -0.5, 1e21, 2 ** 53 + 2, null, true],
    gone: undefined, date: new Date(0), point: new Point(), empty: {}, "__proto__x": 1,
  };
  await storage.set("k", value);
  const back = await storage.get("k");
  const same = JSON.stringify(back) === JSON.stringify(value);
  await storage.set("own", JSON.parse('{"__proto__": {"x": 1}}'));
  const own = JSON.stringify(await storage.get("own"));
  back.list.push(1);
  return { same, own, length: (await storage.get("k")).list.length };
});
register("/odd/forgotten", () => { storage.set("forgotten", 1); return "gone on"; });
register("/odd/uncaught", () => storage.user.get("k"));
"""


class _Storage(StorageCase):
    """Run in each mode below."""

    scripts: ClassVar[dict[str, str]] = {"a.js": storing("a"), "b.js": storing("b"), "odd.js": ODD}

    def test_req_data_004_values_last(self) -> None:
        """What is set is there in later requests, of that script only."""
        self.assertEqual(self.do("a", "get", "k"), NOTHING)
        for value in (None, 0, "text", [1, {"a": None}], False):
            self.do("a", "set", "k", value)
            self.assertEqual(self.do("a", "get", "k"), value)
        self.assertEqual(self.do("b", "get", "k"), NOTHING)
        self.do("b", "set", "k", "mine")
        self.assertIs(self.do("a", "delete", "k"), True)
        self.assertIs(self.do("a", "delete", "k"), False)
        self.assertEqual((self.do("a", "get", "k"), self.do("b", "get", "k")), (NOTHING, "mine"))

    def test_req_data_004_users_have_their_own(self) -> None:
        """Each signed-in user has values of their own in each script; nobody else gets at them."""
        for user in ("ann", "bob", "#bob", "b" * 600, "ann#x"):
            self.do("a", "set", "k", user, user=user)
        for user in ("ann", "bob", "#bob", "b" * 600, "ann#x"):
            self.assertEqual(self.do("a", "get", "k", user=user), user)
            self.assertEqual(self.do("a", "list", {}, user=user), {"keys": ["k"], "cursor": None})
        self.assertEqual(self.do("b", "get", "k", user="ann"), NOTHING)
        self.assertNotIn("k", self.do("a", "list", {"prefix": "k"})["keys"])
        found = self.caught("a", "get", "k", user=True)
        self.assertEqual(
            (found["name"], found["message"]), ("AuthenticationError", "Authentication required")
        )
        self.assert_error(self.get("/odd/uncaught"), 401, "UNAUTHORIZED")

    def test_req_data_001_increments_at_once(self) -> None:
        """200 increments from several requests at once make exactly 200, new keys too."""
        calls = [{"function": "increment", "args": ["sum"]}] * 20
        sums = [
            number
            for answer in all_at_once([lambda: self.ask("a", "together", calls)] * 10)
            for number in answer.json["found"]
        ]
        self.assertEqual(sorted(sums), list(range(1, 201)))
        self.assertEqual(self.do("a", "increment", "sum", -0.5), 199.5)
        found = self.caught("a", "increment", "list", 1)
        self.assertEqual(found, {"found": 1})
        self.do("a", "set", "list", [])
        found = self.caught("a", "increment", "list", 1)
        self.assertEqual(found["name"], "TypeError")
        self.assertIn("storage.increment: the value of 'list' is no number", found["message"])
        self.do("a", "set", "huge", 1.7e308)
        self.assertEqual(self.caught("a", "increment", "huge", 1.7e308)["name"], "RangeError")

    def test_compare_and_set(self) -> None:
        """One of several that expect the same value wins; absent is `undefined`, on both sides."""
        calls = [{"function": "compareAndSet", "args": ["cas", NOTHING, n]} for n in range(10)]
        found = self.ask("a", "together", calls).json["found"]
        self.assertEqual(sorted(found), [False] * 9 + [True])
        self.assertIs(self.do("a", "compareAndSet", "cas", found.index(True), {"n": [1]}), True)
        self.assertIs(self.do("a", "compareAndSet", "cas", None, 1), False)
        self.assertIs(self.do("a", "compareAndSet", "cas", {"n": [1]}, NOTHING), True)
        self.assertEqual(self.do("a", "get", "cas"), NOTHING)

    def test_deleted_scripts(self) -> None:
        """A deleted script's values stay for when it is deployed again; a canary has the same ones."""
        admin = self.engine.admin
        self.engine.put_script("again.js", storing("again"))
        self.do("again", "set", "k", 1)
        admin.request("DELETE", "/engine/scripts/again.js")
        kept = admin.get("/engine/storage?script=again.js").json["namespaces"]
        self.assertEqual(kept, [{"script": "again.js", "user": None, "keys": 1, "bytes": 2}])
        self.engine.put_script("again.js", storing("again"))
        self.assertEqual(self.do("again", "increment", "k"), 2)
        changed = storing("again") + "\n// on trial"
        self.assertEqual(admin.request("PUT", "/engine/scripts/again.js?canary=100", changed).status, 200)
        self.assertEqual(self.do("again", "increment", "k"), 3)
        self.assertEqual(admin.request("DELETE", "/engine/storage/again.js").status, 204)
        self.assertEqual(self.do("again", "get", "k"), NOTHING)

    def test_list(self) -> None:
        """Keys by prefix, page after page, with values when they are wanted."""
        self.do("b", "setMany", {f"p:{n}": [n] for n in range(5)})
        first = self.do("b", "list", {"prefix": "p:", "limit": 2})
        self.assertEqual(first, {"keys": ["p:0", "p:1"], "cursor": "p:1"})
        second = self.do("b", "list", {"prefix": "p:", "limit": 2, "cursor": first["cursor"], "values": True})
        self.assertEqual(second, {"keys": ["p:2", "p:3"], "values": [[2], [3]], "cursor": "p:3"})
        last = self.do("b", "list", {"prefix": "p:", "limit": 2, "after": second["cursor"]})
        self.assertEqual(last, {"keys": ["p:4"], "cursor": None})
        self.assertEqual(self.do("b", "getMany", ["p:4", "no", "p:0"]), [["p:4", [4]], ["p:0", [0]]])

    def test_time_to_live(self) -> None:
        """A key is gone after its time; one that stays is not."""
        self.do("a", "set", "short", 1, {"ttl": 0.001})
        self.do("a", "set", "long", 1, {"ttl": 1000})
        self.engine.wait_for("the end of a millisecond", lambda: self.do("a", "get", "short") == NOTHING)
        self.assertEqual(self.do("a", "get", "long"), 1)

    def test_not_json(self) -> None:
        """What would not come back as it was is a TypeError that names the argument."""
        found = self.get("/odd/values").json
        self.assertEqual(found["deep"], "RangeError: storage.set: value is nested more than 200 deep")
        for name, said in (
            ("undefined", "it is undefined"),
            ("function", "it is a function"),
            ("symbol", "it is a symbol"),
            ("bigint", "it is a bigint"),
            ("cycle", "circular"),
            ("nested", '"f" is a function'),
            ("NaN", "it is NaN"),
            ("infinite", '"0" is Infinity'),
            ("map", "it is a Map"),
            ("promise", "it is a Promise"),
            ("bytes", "it is a Uint8Array"),
        ):
            self.assertTrue(found[name].startswith("TypeError: storage.set: value must be JSON"), found[name])
            self.assertIn(said, found[name])

    def test_arguments(self) -> None:
        """Wrong arguments are refused by name."""
        found = self.get("/odd/arguments").json
        wanted = (
            "TypeError: storage.get: key must be a non-empty string",
            "TypeError: storage.get: key must be a non-empty string",
            "TypeError: storage.get: key must be a non-empty string",
            "RangeError: storage.get: key must not contain half a surrogate pair",
            "RangeError: storage.get: key must not contain NUL",
            "RangeError: storage.set: ttl must be a number of seconds above 0",
            "RangeError: storage.set: ttl must be less than 100000000000 seconds",
            "TypeError: storage.set: ttl must be a number of seconds",
            'TypeError: storage.set: options has no "expires"; there is ttl',
            "TypeError: storage.increment: by must be a number",
            "RangeError: storage.increment: by must be a finite number",
            "RangeError: storage.list: limit must be a whole number from 1 to 1000",
            "TypeError: storage.list: prefix must be a string",
            "RangeError: storage.list: limit must be a whole number from 1 to 1000",
            "TypeError: storage.getMany: keys must be a list",
            "RangeError: storage.getMany: keys has 101 items, the most are 100",
            "TypeError: storage.setMany: entries must be an object, a Map or a list of pairs",
            "TypeError: storage.setMany: each of entries must be a pair of key and value",
            'TypeError: storage.setMany: the value of "f" must be JSON, but it is a function',
            "TypeError: storage.compareAndSet: expected must be JSON, but it is a function",
            "TypeError: storage.list: options must be an object",
        )
        self.assertEqual(found[: len(wanted)], list(wanted))
        for said in found[len(wanted) :]:
            self.assertTrue(said.startswith("TypeError"), said)

    def test_values_come_back_exactly(self) -> None:
        """Any text and number comes back as it was, and is a copy."""
        found = self.get("/odd/faithful").json
        self.assertEqual(found, {"same": True, "own": '{"__proto__":{"x":1}}', "length": 6})

    def test_not_awaited(self) -> None:
        """A call that nobody awaits is made all the same."""
        self.assertEqual(self.get("/odd/forgotten").text, "gone on")
        look = {"expression": "storage.get('forgotten')", "uri": "odd.js"}
        self.engine.wait_for(
            "the value", lambda: self.engine.admin.post_json("/engine/eval", look).json.get("value") == 1
        )

    def eval(self, expression: str, uri: str = "a.js") -> Any:
        """Give what an evaluation in the script's scope gave."""
        answer = self.engine.admin.post_json("/engine/eval", {"uri": uri, "expression": expression})
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_req_dev_003_evaluations_roll_back(self) -> None:
        """Reads see what is kept and what the evaluation itself wrote; afterwards nothing of it is left."""
        self.do("a", "set", "dry", 40)
        self.do("a", "set", "gone", 1)
        kept = self.do("a", "list", {})["keys"]
        found = self.eval(
            "(async () => { await storage.increment('dry', 2); await storage.set('new', 1);"
            " await storage.delete('gone'); storage.set('unawaited', 1);"
            # Nothing says when it is done, only that it will be.
            " for (let n = 0; n < 50 && !(await storage.get('unawaited')); n++);"
            " return [await storage.get('dry'), (await storage.list()).keys]; })()"
        )
        self.assertEqual((found["ok"], found["withheld"]), (True, []), found)
        self.assertEqual(found["value"][0], 42)
        self.assertEqual(set(found["value"][1]) - set(kept), {"new", "unawaited"})
        self.assertEqual(set(kept) - set(found["value"][1]), {"gone"})
        self.assertEqual(self.do("a", "get", "dry"), 40)
        self.assertEqual(self.do("a", "list", {})["keys"], kept)
        self.assertEqual(self.eval("storage.get('dry')")["value"], 40)

    def test_failures_roll_back(self) -> None:
        """So it is when the expression throws, or never ends."""
        self.do("a", "set", "dry", 40)
        for end in ("throw new Error('x')", "while (true) {}"):
            found = self.eval(f"(async () => {{ await storage.set('dry', 1); {end} }})()")
            self.assertFalse(found["ok"])
            self.assertEqual(self.do("a", "get", "dry"), 40)

    def test_requests_meanwhile(self) -> None:
        """A request never sees what an evaluation under way has written."""
        self.do("a", "set", "dry", 40)
        slow = (
            "(async () => { await storage.set('dry', 1); await new Promise((done) => setTimeout(done, 150));"
        )
        slow += " return storage.get('dry'); })()"
        reading = [lambda: self.do("a", "get", "dry")] * 8
        found = all_at_once([lambda: self.eval(slow)["value"], *reading])
        self.assertEqual(found, [1] + [40] * 8)

    def test_checks_roll_back(self) -> None:
        """``init`` of a check may store; only when it is deployed does that last."""
        source = storing("c") + (
            "async function init() { const n = await storage.increment('n'); await storage.set('seen', n); }"
        )
        for _ in range(2):
            report = self.engine.admin.request("POST", "/engine/check?uri=c.js", source).json
            self.assertEqual((report["ok"], report["withheld"], report["diagnostics"]), (True, [], []))
        self.engine.put_script("c.js", source)
        self.assertEqual(self.do("c", "get", "seen"), 1)


class RealmTests(_Storage):
    """With the isolation of realms."""

    more: ClassVar[dict[str, object]] = {**QUICK, "javascript.isolation": "realm"}


class RuntimeTests(_Storage):
    """With a runtime for each request."""

    more: ClassVar[dict[str, object]] = {**QUICK, "javascript.isolation": "runtime"}


del _Storage  # trial would run it as well


class LimitTests(StorageCase):
    """Every limit, reached."""

    more: ClassVar[dict[str, object]] = {
        "storage.max_key_bytes": 10,
        "storage.max_value_bytes": 100,
        "storage.max_bytes_per_script": 300,
        "storage.max_keys_per_script": 6,
    }

    line_of_call = storing("a").partition("await where[")[0].count("\n") + 1

    def refused(self, limit: str, value: int, used: int, unit: str, function: str, *args: Any) -> None:
        """Check that a call is refused for a limit: caught, and uncaught with the details."""
        found = self.caught("a", function, *args)
        self.assertEqual((found["name"], found["code"]), ("RangeError", "LIMIT_EXCEEDED"))
        self.assertTrue(found["native"])
        for part in (f"storage.{function}: ", str(value), str(used), f"(storage.{limit})"):
            self.assertIn(part, found["message"])
        answer = self.ask("a", "call", {"function": function, "args": args})
        details = self.assert_error(answer, 500, "SCRIPT_ERROR")["details"]
        shown = {name: details[name] for name in ("limit", "value", "used", "unit", "config_key")}
        wanted = {
            "limit": limit,
            "value": value,
            "used": used,
            "unit": unit,
            "config_key": f"storage.{limit}",
        }
        self.assertEqual(shown, wanted)
        self.assertEqual((details["script"], details["line"]), ("a.js", self.line_of_call))

    def test_key(self) -> None:
        """A key is measured in UTF-8."""
        self.refused("max_key_bytes", 10, 11, "bytes", "get", "é" * 5 + "k")
        self.refused("max_key_bytes", 10, 11, "bytes", "set", "k" * 11, 1)
        self.assertEqual(self.do("a", "get", "é" * 5), NOTHING)

    def test_value(self) -> None:
        """A value is measured as JSON text in ASCII."""
        self.refused("max_value_bytes", 100, 101, "bytes", "set", "k", "x" * 99)
        self.refused("max_value_bytes", 100, 6 * 17 + 2, "bytes", "set", "k", "é" * 17)
        self.refused("max_value_bytes", 100, 102, "bytes", "compareAndSet", "k", NOTHING, "x" * 100)

    def test_req_data_004_quota(self) -> None:
        """A script keeps so many keys and bytes, its users' too; overwriting and deleting free them."""
        self.do("a", "setMany", {"a": "x" * 90, "b": "x" * 90})
        self.do("a", "set", "c", "x" * 90, user="ann")
        self.refused("max_bytes_per_script", 300, 279 + 28, "bytes", "set", "d", "x" * 25)
        self.do("b", "set", "d", "x" * 90)
        self.do("a", "set", "a", "")
        self.do("a", "setMany", {"d": 1, "e": 1, "f": 1})
        self.refused("max_keys_per_script", 6, 7, "keys", "increment", "g")
        answer = self.ask("a", "call", {"function": "set", "args": ["g", 1], "user": True}, "bob")
        self.assertEqual(answer.json["error"]["details"]["config_key"], "storage.max_keys_per_script")
        self.assertIn("storage.user.set: the script would keep 7 keys", answer.json["error"]["message"])
        self.do("a", "delete", "c", user="ann")
        self.do("a", "increment", "g")
        for key in self.do("a", "list", {})["keys"]:
            self.do("a", "delete", key)

    def test_large_answers(self) -> None:
        """A call gives back so much: a page of a list ends early, getMany refuses."""
        self.do("b", "setMany", {"l:1": "x" * 50, "l:2": "y" * 50, "l:3": 3})
        page = self.do("b", "list", {"prefix": "l:", "values": True})
        self.assertEqual(page, {"keys": ["l:1"], "values": ["x" * 50], "cursor": "l:1"})
        page = self.do("b", "list", {"prefix": "l:", "values": True, "cursor": "l:1"})
        self.assertEqual((page["keys"], page["cursor"]), (["l:2", "l:3"], None))
        self.assertEqual(len(self.do("b", "list", {"prefix": "l:"})["keys"]), 3)
        error = self.caught("b", "getMany", ["l:1", "l:2"])
        self.assertIn("storage.getMany: the values have at least 104 bytes", error["message"])
        self.assertEqual(len(self.do("b", "getMany", ["l:1", "l:3"])), 2)


class KillTests(SynchronousTestCase):
    """What was acknowledged survives `kill -9` of the engine."""

    def test_req_data_004_kill(self) -> None:
        """Each value whose request was answered is there after the next start, and so is its count."""
        source = {"a.js": storing("a")}
        directory = Path(self.mktemp()).resolve()
        settings = {
            "server.request_timeout_ms": PATIENT_MS,
            "repository.database_url": f"sqlite:///{directory}/data.db",
            "javascript.workers": 1,
        }
        engine = EngineProcess(directory, settings=settings, scripts=source)
        self.addCleanup(engine.kill)

        def do(function: str, *args: Any) -> Any:
            body = json.dumps({"function": function, "args": args})
            answer = engine.client.post("/a/call", body, "application/json")
            self.assertEqual(answer.status, 200, answer)
            return answer.json["found"]

        engine.start()
        self.assertEqual(do("increment", "sum"), 1)
        do("set", "k", {"turn": 0})
        do("setMany", {"a": 1, "b": 2})
        engine.kill()
        engine.start()
        self.assertEqual(do("getMany", ["k", "sum"]), [["k", {"turn": 0}], ["sum", 1]])
        self.assertEqual(do("list", {}), {"keys": ["a", "b", "k", "sum"], "cursor": None})
        self.assertEqual(do("increment", "sum"), 2)
        engine.stop()
