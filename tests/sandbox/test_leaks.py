# ruff: noqa: E501 - scripts read best as they are
"""Nothing of one request is to be seen by the next (REQ-JS-001, REQ-SEC-004), in both isolation modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.sandbox.rig import BothModes, Rig, in_runtime, request

WALKER = (Path(__file__).parent / "js" / "walker.js").read_text("utf-8")

# What /plant tries (each step may throw) and how /probe would notice; `found` is truthy then.
PLANTS: dict[str, tuple[str, str]] = {
    "global": ("globalThis.leak = 1; self.leak = 1", "globalThis.leak || self.leak || 'leak' in globalThis"),
    "global's prototype": ("Object.getPrototypeOf(globalThis).leak = 1", "globalThis.leak"),
    "global, defined": (
        "Object.defineProperty(Object.getPrototypeOf(globalThis), 'leak', {value: 1})",
        "globalThis.leak",
    ),
    "global replaced": (
        "globalThis.JSON = 1; Object.getPrototypeOf(globalThis).JSON = 1",
        "typeof JSON !== 'object'",
    ),
    "module variable": ("counter++", "counter"),
    "module object": ("box.value = 1", "box.value"),
    "module function": ("named.value = 1", "named.value"),
    "class static": ("Klass.value = 1; Klass.prototype.value = 1", "Klass.value || new Klass().value"),
    "Object.prototype": ("Object.prototype.leak = 1", "({}).leak"),
    "Object.prototype, defined": ("Object.defineProperty(Object.prototype, 'leak', {value: 1})", "({}).leak"),
    "Object.prototype, __proto__": ("({}).__proto__.leak = 1", "({}).leak"),
    "Array.prototype": ("Array.prototype.push = () => 'leak'", "[].push(1) === 'leak'"),
    "Function.prototype": (
        "Function.prototype.leak = 1; (() => {}).constructor.prototype.leak = 1",
        "(() => {}).leak",
    ),
    "Array.prototype index": (
        "Object.defineProperty(Array.prototype, '0', {set() { throw 1 }})",
        "(() => { try { const a = []; a[0] = 1; return a.length !== 1 } catch { return true } })()",
    ),
    "Promise.prototype": (
        "Promise.prototype.then = () => 'leak'",
        "Promise.resolve().then(() => 1) === 'leak'",
    ),
    "generator": ("Object.getPrototypeOf(function* () {}).prototype.leak = 1", "(function* () {})().leak"),
    "generator function": ("Object.getPrototypeOf(function* () {}).leak = 1", "(function* () {}).leak"),
    "async generator": (
        "Object.getPrototypeOf(async function* () {}).prototype.leak = 1",
        "(async function* () {})().leak",
    ),
    "async function": ("Object.getPrototypeOf(async () => {}).leak = 1", "(async () => {}).leak"),
    "async generator hooks": (
        "const p = Object.getPrototypeOf(async function* () {}).prototype; p.return = p.next = p.throw = () => 'leak'",
        "(async function* () {})().return() === 'leak' || (async function* () {})().next() === 'leak'",
    ),
    "array iterator": (
        "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({done: true})",
        "[...[1]].length !== 1",
    ),
    "string iterator": (
        "Object.getPrototypeOf(''[Symbol.iterator]()).leak = 1",
        "''[Symbol.iterator]().leak",
    ),
    "regexp string iterator": ("Object.getPrototypeOf(''.matchAll(/x/g)).leak = 1", "''.matchAll(/x/g).leak"),
    "map iterator": ("Object.getPrototypeOf(new Map().keys()).leak = 1", "new Map().keys().leak"),
    "set iterator": ("Object.getPrototypeOf(new Set().keys()).leak = 1", "new Set().keys().leak"),
    "iterator": ("Iterator.prototype.leak = 1", "[].values().leak"),
    "iterator helper": (
        "Object.getPrototypeOf([].values().map(() => 1)).leak = 1",
        "[].values().map(() => 1).leak",
    ),
    "wrapped iterator": (
        "Object.getPrototypeOf(Iterator.from({next() {}})).leak = 1",
        "Iterator.from({next() {}}).leak",
    ),
    "typed array": (
        "Object.getPrototypeOf(Uint8Array).leak = 1; Object.getPrototypeOf(Uint8Array.prototype).leak = 1",
        "Uint8Array.leak || new Uint8Array(1).leak",
    ),
    "arguments": (
        "(function () { return arguments })().constructor.leak = 1; Object.getPrototypeOf((function () { return arguments })()).leak = 1",
        "(function () { return arguments })().leak || Object.leak",
    ),
    "arguments' thrower": (
        "Object.getOwnPropertyDescriptor((function () { return arguments })(), 'callee').get.leak = 1",
        "Object.getOwnPropertyDescriptor((function () { return arguments })(), 'callee').get.leak",
    ),
    "boxed": (
        "Object.getPrototypeOf(Object(1n)).leak = 1; Object.getPrototypeOf(Object(Symbol())).leak = 1",
        "(1n).leak || Symbol().leak",
    ),
    "constructor chain": (
        "(class {}).constructor.constructor.leak = 1; [].constructor.constructor.leak = 1",
        "Function.leak",
    ),
    "getter functions": (
        "const g = Object.getOwnPropertyDescriptor(Map.prototype, 'size').get; g.leak = 1; g.__proto__.leak = 1",
        "Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.leak",
    ),
    "lockdown's getters": (
        "for (const k of ['toString', 'name', 'message']) for (const p of [Object.prototype, Error.prototype]) { const d = Object.getOwnPropertyDescriptor(p, k); if (d) for (const f of [d.get, d.set, d.value]) try { f.leak = 1 } catch {} }",
        "['toString', 'name', 'message'].some((k) => [Object.prototype, Error.prototype].some((p) => { const d = Object.getOwnPropertyDescriptor(p, k) ?? {}; return d.get?.leak || d.set?.leak || d.value?.leak }))",
    ),
    "shadowing setter": (
        "Object.getOwnPropertyDescriptor(Error.prototype, 'name').set?.call(Object.prototype, 'leak'); Error.prototype.name = 'leak'",
        "Error.prototype.name === 'leak' || ({}).name === 'leak'",
    ),
    "setter on another built-in": (
        "Reflect.set(Error.prototype, 'name', 'leak', Map.prototype); Reflect.set(Error.prototype, 'name', 'leak', register)",
        "new Map().name === 'leak' || register.name === 'leak'",
    ),
    "API functions": (
        "register.leak = 1; console.log.leak = 1; console.leak = 1; escapeHtml.leak = 1; html.leak = 1",
        "register.leak || console.log.leak || console.leak || escapeHtml.leak || html.leak",
    ),
    "API replaced": (
        "console.log = null; Object.defineProperty(auth, 'userId', {value: 'leak'})",
        "console.log === null || auth.userId === 'leak'",
    ),
    "API classes": (
        "Response.prototype.leak = 1; URL.leak = 1; Headers.prototype.get = () => 'leak'",
        "new Response().leak || URL.leak || new Headers({a: 'b'}).get('a') === 'leak'",
    ),
    "API iterators": (
        "Object.getPrototypeOf(new URLSearchParams().entries()).next = () => ({done: true, leak: 1})",
        "new URLSearchParams('a=b').entries().next().leak",
    ),
    "API objects": (
        "crypto.subtle.leak = 1; performance.leak = 1; navigator.leak = 1",
        "crypto.subtle.leak || performance.leak || navigator.leak",
    ),
    "html": ("Object.getPrototypeOf(html`x`).toString = () => 'leak'", "String(html`x`) === 'leak'"),
    "request's prototypes": (
        "Object.getPrototypeOf(req).leak = 1; Object.getPrototypeOf(req.headers).leak = 1",
        "req.leak || req.headers.leak",
    ),
    "request": (
        "req.leak = 1; req.params.leak = 1; req.headers.leak = 'x'; req.auth && (req.auth.leak = 1)",
        "req.leak || req.params.leak || req.headers.leak || req.auth?.leak",
    ),
    "symbols": (
        "globalThis[Symbol.for('leak')] = 1; Symbol.leak = 1; Object(Symbol.for('leak')).leak = 1",
        "globalThis[Symbol.for('leak')] || Symbol.leak || Symbol.for('leak').leak",
    ),
    "tagged template": (
        "const t = tag(); try { t.leak = 1 } catch {} try { t.raw.leak = 1 } catch {} t.raw[0] = 'leak'",
        "tag().leak || tag().raw.leak || tag().raw[0] === 'leak'",
    ),
    "regexp lastIndex": (
        "pattern.lastIndex = 3; /y/g.test('xxxy'); literal().exec('a')",
        "pattern.lastIndex || literal().lastIndex",
    ),
    "regexp statics": ("/(leak)/.exec('leak')", "RegExp.$1 || RegExp.lastMatch || RegExp.input"),
    "RegExp.prototype": (
        "RegExp.prototype.exec = () => null; RegExp.prototype[Symbol.replace] = () => 'leak'",
        "'a'.replace(/a/, 'b') !== 'b'",
    ),
    "error hooks": (
        "Error.prepareStackTrace = () => 'leak'; Error.stackTraceLimit = 0",
        "Error.prepareStackTrace || Error.stackTraceLimit === 0 || !new Error().stack.includes('app.js')",
    ),
    "error thrown": (
        "const e = new Error('leak'); e.leak = 1; Object.getPrototypeOf(e).leak = 1",
        "new Error().leak",
    ),
    "species": (
        "Object.defineProperty(Array, Symbol.species, {value: class Leak extends Array {}})",
        "[1].map((x) => x).constructor.name === 'Leak'",
    ),
    "Reflect": (
        "Reflect.defineProperty(Reflect, 'apply', {value: 1}); Reflect.setPrototypeOf(Array.prototype, {leak: 1})",
        "Reflect.apply === 1 || [].leak",
    ),
    "JSON and Math": (
        "JSON.parse = () => 'leak'; Math.random = () => 'leak'; Math.leak = 1",
        "JSON.parse('1') === 'leak' || Math.random() === 'leak' || Math.leak",
    ),
    "Proxy on a prototype": (
        "Object.setPrototypeOf(Object.getPrototypeOf(req), new Proxy({}, {get() { return 'leak' }}))",
        "req.nothingOfTheKind",
    ),
    "weak references": (
        "globalThis.weak = new WeakRef(req); try { new FinalizationRegistry(() => {}) } catch {}",
        "globalThis.weak || typeof FinalizationRegistry !== 'undefined'",
    ),
    "shared memory": (
        "new SharedArrayBuffer(1)",
        "typeof SharedArrayBuffer !== 'undefined' || typeof Atomics !== 'undefined'",
    ),
    "log counters": (
        "console.count('leak'); console.time('leak')",
        "(() => { const all = []; return false })()",
    ),
    "timers": (
        "setTimeout(() => { globalThis.leak = 1; box.value = 1 }, 0); setInterval(() => console.log('leak'), 0)",
        "box.value",
    ),
    "events": (
        "performance.addEventListener?.('x', () => {}); AbortSignal.prototype.leak = 1",
        "new AbortController().signal.leak",
    ),
    "policies": ("definePolicy('leak', () => true)", "auth.can('leak')"),
    "eval": ("(0, eval)('var leak = 1'); new Function('this.leak = 1')()", "globalThis.leak"),
    "sloppy this": (
        "(function () { return this })()?.leak; (() => {}).constructor('return this')().leak = 1",
        "globalThis.leak",
    ),
    "getters on the result": (
        "return {get status() { try { Object.prototype.leak = 1 } catch {} return 200 }, body: 'planted'}",
        "({}).leak",
    ),
}
TOP = """
let counter = 0;
const box = {}, pattern = /x/g;
function named() {}
class Klass {}
function tag() { return ((strings) => strings)`a${1}b`; }
function literal() { return /a/g; }
"""


def script(plant: str, probe: str, **changes: str) -> str:
    steps = "".join(
        f"try {{ {step} }} catch {{}}\n"
        for step in ([plant] if "{" in plant or "return" in plant else plant.split(";"))
    )
    if plant.startswith("return"):
        steps = plant
    return (
        f"{TOP}\n"
        f"function plant(req) {{\n{steps}\nreturn 'planted';\n}}\n"
        f"function probe(req) {{ let found; try {{ found = {probe} }} catch {{}} return found ? 'found ' + String(found) : 'clean' }}\n"
        'register("/plant", plant);\nregister("/probe", probe);\n'
    )


class LeakTests(BothModes, SynchronousTestCase):
    """What a request plants, the next does not find."""

    def test_req_sec_004_plants(self) -> None:
        """None of the plants is found, by the next request or the one after."""
        found = []
        for allowed in ((), ("eval",)):
            rig = self.rig(allowed_apis=allowed)
            for name, (plant, probe) in PLANTS.items():
                program = rig.live(script(plant, probe))
                rig.call(program, "GET /plant")
                found += [
                    (name, allowed, answer)
                    for answer in (rig.call(program, "GET /probe").text for _ in range(2))
                    if answer != "clean"
                ]
                self.assertNotIn("leak", [message for _, message, _ in rig.logs])
        self.assertEqual(found, [])

    def test_probes_find(self) -> None:
        """Where a plant takes hold within its own request, its probe does find it: the probes are no blanks."""
        held = 0
        rig = Rig("runtime", allowed_apis=("eval",))
        for plant, probe in PLANTS.values():
            both = script(plant, probe).replace(
                "return 'planted';",
                f"let found; try {{ found = {probe} }} catch {{}} return found ? 'found' : 'clean'",
            )
            held += rig.call(rig.live(both), "GET /plant").text == "found"
        self.assertGreater(held, 45)

    def pair(self, plant: str, probe: str, top: str = "", kind: str = "async ") -> tuple[Rig, Any, Any]:
        rig = self.rig()
        program = rig.live(
            f"globalThis;\n{top}\nregister('/plant', {kind}(req) => {{ {plant} }});\nregister('/probe', {kind}(req) => {{ {probe} }});"
        )
        return rig, rig.call(program, "GET /plant"), rig.call(program, "GET /probe")

    def test_req_js_001_jobs_after_the_answer(self) -> None:
        """Jobs that a request leaves run in its own time: the next request's log and local state are its own."""
        rig, _, probed = self.pair(
            "(async () => { for (let i = 0; i < 50; i++) await null; console.log('job of ' + req.requestId) })(); return 'x'",
            "await null; console.log('probe'); return req.requestId",
        )
        self.assertEqual([message for _, message, _ in rig.logs], ["job of r1", "probe"])
        self.assertEqual(probed.text, "r1")

    def test_jobs_of_failing_streams(self) -> None:
        """An error object that sets off jobs while it is described cannot have them run in the next request."""
        rig = self.rig()
        program = rig.live("""
            register("/plant", function* () {
                yield "a";
                throw { get message() { Promise.resolve().then(() => console.log("job of A")); return "m" } };
            });
            register("/probe", () => { console.log("B"); return "x" });
        """)
        ident = rig.start(program, "GET /plant")
        rig.outcome(ident)
        whole, failed = rig.read(ident)
        assert failed is not None
        self.assertEqual((whole, failed.message), (b"a", "m"))
        self.assertEqual([message for _, message, _ in rig.logs], ["job of A"])
        rig.call(program, "GET /probe")
        self.assertEqual([message for _, message, _ in rig.logs], ["job of A", "B"])

    def test_thenables_resolved_later(self) -> None:
        """A thenable that keeps its resolvers cannot answer the next request."""
        _, planted, probed = self.pair(
            "return { then(resolve) { resolve('first'); resolve('second'); throw new Error('third') } }",
            "return 'probe'",
            kind="",
        )
        self.assertEqual((planted.text, probed.text), ("first", "probe"))

    def test_requests_side_by_side(self) -> None:
        """Requests of one script under way at once share nothing."""
        rig = self.rig()
        rig.add_piece("ask", "ask", "(function (host) { return { ask: () => host.call('ask', null) }; })")
        program = rig.live("""
            const seen = [];
            register("/x", async (req) => { seen.push(req.path); await ask(); seen.push(auth.userId); console.log(auth.userId); return seen });
        """)
        idents = [
            rig.start(program, data=request(f"/{n}"), auth={"isAuthenticated": True, "userId": f"u{n}"})
            for n in range(3)
        ]
        for n in (1, 0, 2):
            rig.answer(idents[n], 1)
            answer = rig.outcome(idents[n])
            assert answer is not None
            self.assertEqual(answer.json, [f"/{n}", f"u{n}"])
        self.assertEqual([message for _, message, _ in rig.logs], ["u1", "u0", "u2"])

    def test_identity_is_the_requests(self) -> None:
        """What `auth` says is of the request that asks, also through a function kept elsewhere."""
        rig = self.rig()
        program = rig.live("register('/x', () => [auth.isAuthenticated, auth.userId, auth.roles]);")
        signed_in = {"isAuthenticated": True, "userId": "u", "roles": ["admin"]}
        self.assertEqual(rig.call(program, auth=signed_in).json, [True, "u", ["admin"]])
        self.assertEqual(rig.call(program, auth={"isAuthenticated": False}).json, [False, None, []])

    def test_randomness_is_the_requests(self) -> None:
        """Each request has its own generator; the seed is not to be seen."""
        rig = self.rig()
        program = rig.live("register('/x', () => crypto.randomUUID());")
        self.assertEqual(rig.call(program).text, rig.call(program).text)  # the rig gives all the same seed

    def test_cancelled_requests(self) -> None:
        """A request that was dropped leaves nothing that runs in the next."""
        rig = self.rig()
        rig.add_piece("ask", "ask", "(function (host) { return { ask: () => host.call('ask', null) }; })")
        program = rig.live("""
            let n = 0;
            register("/plant", async () => { setTimeout(() => console.log("timer of A"), 0); try { await ask() } catch { await null; console.log("A ends"); await ask(); console.log("never") } });
            register("/probe", async () => { await null; n++; return String(n) });
        """)
        ident = rig.start(program, "GET /plant")
        rig.cancel(ident)
        self.assertEqual([rig.call(program, "GET /probe").text for _ in range(2)], ["1", "1"])
        self.assertEqual([message for _, message, _ in rig.logs], ["A ends"])


class LockdownTests(SynchronousTestCase):
    """What realm isolation freezes, and that programs do not notice."""

    def setUp(self) -> None:
        self.rig = Rig("realm", stack_size_bytes=262_144)

    def run_js(self, body: str) -> Any:
        answer = self.rig.call(self.rig.live(f"globalThis;\nregister('/x', (req) => {{ {body} }});"))
        self.assertIsNone(answer.failure, body)
        return answer.json

    def test_req_js_001_everything_is_frozen(self) -> None:
        """Whatever a script can reach without making it is frozen, and has no state inside that can change."""
        program = self.rig.live(WALKER)
        files = [{"field": "f", "filename": "a", "contentType": "t", "size": 1, "at": 0}]
        answer = self.rig.call(program, "GET /walk", data=request(files=files, form=[]), parts=[b"x"])
        found = answer.json
        self.assertEqual(found["report"], [])
        self.assertGreater(found["seen"], 1400)

    def test_walker_finds(self) -> None:
        """The walk does find what is not frozen."""
        rig = Rig("realm", stack_size_bytes=262_144)
        rig.add_piece(
            "odd",
            "odd",
            "(function () { class Hidden {} const shared = {}; const odd = { make: () => new Hidden(), map: new Map(), bytes: new Uint8Array(1), get shared() { return shared; } }; return { odd }; })",
        )
        source = WALKER.replace("const samples = {", "const samples = { odd: odd.make(),")
        report = rig.call(
            rig.live(source), "GET /walk", data=request(files=[{"field": "f", "size": 0, "at": -1}], form=[])
        ).json["report"]
        for said in (
            "odd.map is a Map",
            "odd.bytes is bytes",
            "odd.shared() is extensible",
            "odd.__proto__ is extensible",
        ):
            self.assertTrue(any(said in line for line in report), (said, report))

    def test_shadowing(self) -> None:
        """Programs may give their own objects what frozen prototypes have too."""
        for body, wanted in (
            (
                "class E extends Error { constructor(m) { super(m); this.name = 'E' } } const e = new E('m'); return [e.name, e.message, String(e), Object.keys(e)]",
                ["E", "m", "E: m", ["name"]],
            ),
            (
                "class E extends Error { constructor() { super(); this.message = 'own'; this.toString = () => 's' } } return [new E().message, String(new E())]",
                ["own", "s"],
            ),
            (
                "function X() {} X.prototype.toString = () => 'x'; X.prototype.constructor = X; return [String(new X()), new X().constructor === X]",
                ["x", True],
            ),
            (
                "function X() {} X.prototype = Object.create(Error.prototype); X.prototype.constructor = X; X.prototype.name = 'X'; return [new X().name, new X() instanceof Error]",
                ["X", True],
            ),
            (
                "const o = {}; o.constructor = 1; o.valueOf = 2; o.hasOwnProperty = 3; return o",
                {"constructor": 1, "valueOf": 2, "hasOwnProperty": 3},
            ),
            (
                "class M extends Map { get(k) { return 'got ' + super.get(k) } set(k, v) { return super.set(k, v + 1) } } const m = new M(); m.set('a', 1); return [m.get('a'), m.size]",
                ["got 2", 1],
            ),
            (
                "class A extends Array { next() { return 'n' } get(i) { return this[i] } } const a = A.from([1, 2]); return [a.next(), a.get(1), a.length, a.map((x) => x) instanceof A]",
                ["n", 2, 2, True],
            ),
            (
                "class E extends Event { get() { return 'g' } next() { return 'n' } } const e = new E('t'); return [e.get(), e.next(), e.type]",
                ["g", "n", "t"],
            ),
            (
                "class S { static name = 'N'; static length = 7; static toString() { return 's' } static values = [1] } return [S.name, S.length, String(S), S.values]",
                ["N", 7, "s", [1]],
            ),
            ("const m = new Map(); m.get = () => 'own'; return [m.get(), Object.keys(m)]", ["own", ["get"]]),
            (
                "const it = [1][Symbol.iterator](); const g = (function* () { yield 1 })(); g.next = () => 'own'; return [g.next(), it.next().value]",
                ["own", 1],
            ),
            (
                "const p = Promise.resolve(); p.then = 'own'; p.catch = 1; p.finally = 2; return [p.then, p.catch]",
                ["own", 1],
            ),
            (
                "const o = Object.assign({}, {constructor: 1, toString: 2, then: 3, get: 4, name: 5, valueOf: 6, toJSON: 7}); return [Object.keys(o), Object.entries(o).length]",
                [["constructor", "toString", "then", "get", "name", "valueOf", "toJSON"], 7],
            ),
            ("const o = {...{toString: 1, constructor: 2}}; return o", {"toString": 1, "constructor": 2}),
            (
                'const o = JSON.parse(\'{"toString": 1, "__proto__": 2}\'); return [Object.keys(o), o.toString]',
                [["toString", "__proto__"], 1],
            ),
            (
                "const o = {}; o['toString'] = 1; o['__defineGetter__'] = 2; delete o.toString; return [Object.keys(o), typeof o.toString]",
                [["__defineGetter__"], "function"],
            ),
            (
                "const o = {}; o.toString = 1; const d = Object.getOwnPropertyDescriptor(o, 'toString'); return d",
                {"value": 1, "writable": True, "enumerable": True, "configurable": True},
            ),
            (
                "const counts = {}; for (const w of ['constructor', 'toString', 'constructor']) counts[w] = (Object.hasOwn(counts, w) ? counts[w] : 0) + 1; return counts",
                {"constructor": 2, "toString": 1},
            ),
            (
                "const f = function () {}; f.toString = () => 'f'; f.prototype.x = 1; return [String(f), new f().x]",
                ["f", 1],
            ),
            (
                "const o = Object.freeze({}); let name = ''; try { o.toString = 1 } catch (e) { name = e.name } return name.length ? [name] : []",
                ["TypeError"],
            ),
            (
                "const e = new TypeError('m'); e.code = 'X'; e.cause = 'c'; e.stack = 's'; return [e.code, e.cause, e.stack, e.name, e instanceof TypeError]",
                ["X", "c", "s", "TypeError", True],
            ),
            (
                "const x = Object.create({get toString() { return () => 'inherited' }}); return [String(x)]",
                ["inherited"],
            ),
            (
                "globalThis.mine = 1; self.other = 2; return [globalThis.mine, self.other, globalThis === self, Object.keys(globalThis)]",
                [1, 2, True, ["mine", "other"]],
            ),
            (
                "const d = new Date(0); return [d.toISOString(), `${[1, 2]}`, String({}), String(Symbol('s')), [].concat([1]).constructor.name]",
                ["1970-01-01T00:00:00.000Z", "1,2", "[object Object]", "Symbol(s)", "Array"],
            ),
        ):
            self.assertEqual(self.run_js(body), wanted, body)

    def test_destruction(self) -> None:
        """Changing what is shared throws a TypeError; uncaught, it says why."""
        for body in (
            "Array.prototype.foo = 1",
            "Array.prototype.push = 1",
            "Object.prototype.toString = 1",
            "delete Array.prototype.push",
            "Object.defineProperty(Array.prototype, 'x', {value: 1})",
            "console.log = 1",
            "register.x = 1",
            "Math.PI = 3",
            "globalThis.console = 1",
            "Error.prepareStackTrace = () => ''",
        ):
            failure: Any = self.rig.call(
                self.rig.live(f"globalThis;\nregister('/x', () => {{ {body}; return 'x' }});")
            ).failure
            self.assertEqual(failure.name, "TypeError", body)
            self.assertIn("docs/isolation.md", failure.message, body)

    def test_patching_in_runtime_isolation(self) -> None:
        """In runtime isolation a script may patch built-ins, for its own request."""
        rig = Rig("runtime")
        program = rig.live("""
            register("/x", () => { Array.prototype.last = function () { return this[this.length - 1] }; return String([1, 2].last()) });
            register("/y", () => typeof [].last);
        """)
        self.assertEqual((rig.call(program).text, rig.call(program, "GET /y").text), ("2", "undefined"))

    def test_malicious_patches_in_runtime_isolation(self) -> None:
        """Whatever a script patches there, its answer is an answer and the next request is served."""
        for patch in (
            "Array.prototype.toJSON = () => undefined; Object.prototype.toJSON = () => undefined; String.prototype.toJSON = () => 1",
            "Array.prototype.push = Array.prototype.join = Map.prototype.get = Map.prototype.set = null",
            "JSON.stringify = JSON.parse = Reflect.apply = null",
            "Promise.prototype.then = null; Object.defineProperty = null",
            "Object.defineProperty(Array.prototype, '0', {set() { throw 1 }, get() { return 2 }, configurable: true})",
            "Object.defineProperty(Object.prototype, 'get', {value: 1}); Object.prototype.then = 1",
            "RegExp.prototype.exec = RegExp.prototype.test = () => { throw 1 }; String.prototype.slice = null",
            "Array.prototype[Symbol.iterator] = null",
            "Error.prototype.name = {}; Object.prototype.limit = 1; Object.prototype.headers = 1",
        ):
            rig = Rig("runtime")
            program = rig.live(f"""
                register("/x", async () => {{ {patch}; console.log("logged"); await null; return {{body: "x", headers: {{a: "b"}}}} }});
                register("/e", () => {{ {patch}; throw new Error("m") }});
                register("/y", () => "y");
            """)
            for key in ("GET /x", "GET /e"):
                answer = rig.call(program, key)
                self.assertTrue(answer.failure is not None or answer.text == "x", patch)
                self.assertEqual(rig.call(program, "GET /y").text, "y", patch)


LeakTestsInRuntime = in_runtime(LeakTests)
