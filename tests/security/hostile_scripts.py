# ruff: noqa: E501 - tables of code read best a row a line
"""
Hostile scripts: what the engine must survive, by whichever way scripts are isolated.

Three catalogues of plain data, to be run against a whole engine over HTTP:

- `ATTACKS`: load ``source``, ask ``GET /attack``. The answer must be one of ``outcomes`` (status, error code; for a
  200 the code is the body expected, None for any), within the request's time limit, and the engine must go on
  serving: afterwards a script of someone else still answers, and so does ``GET /health``.
- `LEAKS`: load ``source``, ask ``GET /plant`` and then ``GET /probe`` several times. ``/probe`` must answer 200
  with the text ``clean`` each time; any other text says what was found.
- `LOADS`: putting ``source`` must be refused with one of ``outcomes``, and nothing of it may go live.

``test_hostile_scripts.py`` shows that each source is valid and that each probe does find what was planted
where nothing isolates requests.
"""

from __future__ import annotations

import attrs

__all__ = ["ATTACKS", "LEAKS", "LOADS", "Attack", "Leak", "Load", "Outcome"]

Outcome = tuple[int, str | None]

FINE: Outcome = (200, None)
CONTAINED: Outcome = (200, "contained")
CPU: Outcome = (504, "SCRIPT_TIMEOUT")
WALL: Outcome = (408, "REQUEST_TIMEOUT")
MEMORY: Outcome = (500, "SCRIPT_MEMORY_LIMIT")
STACK: Outcome = (500, "SCRIPT_STACK_OVERFLOW")
ERROR: Outcome = (500, "SCRIPT_ERROR")
INVALID: Outcome = (422, "SCRIPT_INVALID")

#: Natives that poll no time limit end by the watchdog, whichever of the two clocks strikes first.
STUCK = (CPU, WALL)
#: Growth may meet the time limit first, or a limit of QuickJS's own ("invalid string length").
GROWTH = (MEMORY, CPU, ERROR)
#: Depth may be refused by the stack limit, or memory run out before it.
DEPTH = (STACK, MEMORY, ERROR)


@attrs.frozen
class Attack:
    """A script that misbehaves when ``GET /attack`` is asked."""

    name: str
    source: str = attrs.field(repr=False)
    outcomes: tuple[Outcome, ...]


@attrs.frozen
class Leak:
    """A script whose ``/plant`` leaves something for ``/probe`` to find."""

    name: str
    source: str = attrs.field(repr=False)
    plant: tuple[Outcome, ...] = (FINE, ERROR)


@attrs.frozen
class Load:
    """A script that must not load."""

    name: str
    source: str = attrs.field(repr=False)
    outcomes: tuple[Outcome, ...] = (INVALID,)


def _attack(name: str, body: str, *outcomes: Outcome, kind: str = "function") -> Attack:
    return Attack(name, f'{kind} attack(req) {{\n{body}\n}}\nregister("/attack", attack);\n', outcomes)


def _async_attack(name: str, body: str, *outcomes: Outcome) -> Attack:
    return _attack(name, body, *outcomes, kind="async function")


def _expression(name: str, expression: str, *outcomes: Outcome) -> Attack:
    """Make an attack of one expression, whose value is the answer's length only."""
    return _attack(name, f"const value = {expression};\nreturn String(typeof value);", *outcomes)


def _leak(name: str, plant: str, probe: str, top: str = "", kind: str = "") -> Leak:
    """``probe`` is an expression, truthy (and telling) when something is found."""
    return Leak(
        name,
        f"{top}\n{kind}function plant(req) {{\n{plant}\nreturn 'planted';\n}}\n"
        f"{kind}function probe(req) {{\nlet found;\ntry {{ found = {probe}; }} catch (error) {{ found = undefined; }}\n"
        "return found ? `found ${String(found).slice(0, 200)}` : 'clean';\n}\n"
        'register("/plant", plant);\nregister("/probe", probe);\n',
    )


ENDLESS = "{ [Symbol.iterator]() { return { next() { return { value: 1, done: false } } } } }"

LOOPS = (
    _attack("loop", "for (;;);", CPU),
    _attack("loop that allocates", "for (;;) ({});", CPU),
    _attack("loop in catch", "for (;;) { try { for (;;); } catch { } }", CPU),
    _attack("loop in finally", "try { for (;;); } finally { for (;;); }", CPU),
    _attack(
        "loop in a generator's return",
        "for (const x of (function* () { try { yield 1 } finally { for (;;); } })()) break;",
        CPU,
    ),
    _attack("loop in a getter", "({ get x() { for (;;); } }).x;", CPU),
    _attack("loop in a valueOf", "+{ valueOf() { for (;;); } };", CPU),
    _attack("loop in a comparison", "[3, 1, 2].sort(() => { for (;;); });", CPU),
    _attack("loop in a replacement", "'a'.replace(/a/, () => { for (;;); });", CPU),
    _attack("loop in a static block", "class A { static { for (;;); } }", CPU),
    _attack("loop in a proxy", "Object.keys(new Proxy({}, { ownKeys() { for (;;); } }));", CPU),
    _attack("loop in eval", "(0, eval)('for (;;);');", CPU, ERROR),
    _attack("loop in a made function", "new Function('for (;;);')();", CPU, ERROR),
    _attack(
        "two to the depth",
        "function f(n) { return n ? f(n - 1) + f(n - 1) : 1 } return String(f(60));",
        CPU,
        STACK,
    ),
    _async_attack("loop after await", "await null; for (;;);", CPU),
    _async_attack(
        "loop in a microtask", "queueMicrotask(() => { for (;;); }); await new Promise(() => {});", CPU
    ),
    _async_attack("loop in a timer", "await new Promise(() => setTimeout(() => { for (;;); }, 1));", CPU),
)

NATIVES = (
    _expression("join of a long array", "new Array(1e9) + ''", *STUCK, MEMORY, ERROR),
    _expression("reverse of a long nothing", "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })", *STUCK),
    _expression(
        "sort of a long nothing", "Array.prototype.sort.call({ length: 2 ** 53 - 1 })", *STUCK, MEMORY, ERROR
    ),
    _expression(
        "slice of a long nothing",
        "Array.prototype.slice.call({ length: 2 ** 53 - 1 }, 0, 2 ** 32 - 1)",
        *STUCK,
        *GROWTH,
    ),
    _expression(
        "unshift of a long nothing", "Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1)", *STUCK, ERROR
    ),
    _expression(
        "splice of a long nothing",
        "Array.prototype.splice.call({ length: 2 ** 53 - 2 }, 0, 0, 1)",
        *STUCK,
        ERROR,
    ),
    _expression(
        "copyWithin of a long nothing",
        "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 1, 0)",
        *STUCK,
    ),
    _expression("flat of a long nothing", "Array.prototype.flat.call({ length: 2 ** 53 - 1 })", *STUCK),
    _expression(
        "fill of a long nothing", "Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1)", *STUCK, MEMORY
    ),
    _expression(
        "indexOf in a long nothing", "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)", *STUCK
    ),
    _expression(
        "includes in a long nothing", "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)", *STUCK
    ),
    _expression(
        "lastIndexOf in a long nothing",
        "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)",
        *STUCK,
    ),
    _expression(
        "forEach of a long nothing", "Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => 1)", *STUCK
    ),
    _expression(
        "join of a long nothing", "Array.prototype.join.call({ length: 2 ** 53 - 1 })", *STUCK, MEMORY, ERROR
    ),
    _expression(
        "concat of long nothings",
        "[].concat(...Array(99).fill({ length: 2 ** 40, [Symbol.isConcatSpreadable]: true }))",
        *STUCK,
        ERROR,
    ),
    _expression("toSorted of a long array", "new Array(1e8).toSorted()", *STUCK, *GROWTH),
    _expression("array from a long nothing", "Array.from({ length: 2 ** 32 - 1 })", *STUCK, *GROWTH),
    _expression(
        "raw string of a long nothing", "String.raw({ raw: { length: 2 ** 53 - 1 } })", *STUCK, *GROWTH
    ),
    _expression(
        "arguments of a long nothing", "Math.max.apply(null, { length: 2 ** 32 - 1 })", *STUCK, *GROWTH, STACK
    ),
    _expression(
        "JSON of a long proxy",
        "JSON.stringify(new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : null }))",
        *STUCK,
        *GROWTH,
    ),
    _expression("array from endless", f"Array.from({ENDLESS})", *STUCK, *GROWTH),
    _expression("spread of endless", f"[...{ENDLESS}]", *STUCK, *GROWTH),
    _expression("set of endless", f"new Set({ENDLESS})", *STUCK),
    _expression("grouping of endless", f"Map.groupBy({ENDLESS}, () => 1)", *STUCK, *GROWTH),
    _expression(
        "iterator helper over endless",
        f"Iterator.from({ENDLESS}).filter(() => false).toArray()",
        *STUCK,
        *GROWTH,
    ),
    # Promise.all turns the lack of memory into a rejection, which nobody looks at here.
    _expression("promises of endless", f"Promise.all({ENDLESS})", FINE, *STUCK, *GROWTH),
    _expression("power of big integers", "3n ** 30000000n", *STUCK, *GROWTH),
    _expression("text of a big integer", "String(2n ** 16000000n)", *STUCK, *GROWTH),
    _expression(
        "search in a long text", "'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b')", FINE, *STUCK, *GROWTH
    ),
    _expression(
        "normal form of a long text", "'\\u0344'.repeat(2e6).normalize('NFKD')", FINE, *STUCK, *GROWTH
    ),
    _expression(
        "replacing in a long text", "'a'.repeat(2 ** 21).replaceAll('', 'b'.repeat(2 ** 10))", *STUCK, *GROWTH
    ),
    _expression(
        "waiting on shared memory",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)",
        *STUCK,
        ERROR,
    ),
)

REGEXPS = (
    _expression("regexp (a*)*b", "/(a*)*b/.test('a'.repeat(50))", *STUCK, ERROR),
    _expression("regexp (a|aa)+$", "/^(a|aa)+$/.test('a'.repeat(80) + 'b')", *STUCK, ERROR),
    _expression("regexp (.*)*\\1", "/^(.*)*\\1$/.test('ab'.repeat(40))", FINE, *STUCK, ERROR),
    _expression("regexp with lookbehind", "/(?<=(a+)+)b/.test('a'.repeat(60))", FINE, *STUCK, ERROR),
    _expression("regexp by replaceAll", "'a'.repeat(60).replaceAll(/(a+)+b/g, '')", *STUCK, ERROR),
    _expression("regexp by split", "'a'.repeat(60).split(/(a+)+b/)", *STUCK, ERROR),
    _expression("regexp of great depth", "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))", *DEPTH),
    _expression(
        "regexp of great count",
        "new RegExp('(?:a{1000}){1000}b').test('a'.repeat(1e5))",
        FINE,
        *STUCK,
        *GROWTH,
    ),
    _expression(
        "regexp of great width",
        "new RegExp('[' + Array.from({ length: 2e5 }, (_, i) => String.fromCodePoint(i * 5 + 256)).join('') + ']', 'u')",
        FINE,
        *STUCK,
        *GROWTH,
    ),
)

THROWN = (
    _attack("throw: toString loops", "throw { toString() { for (;;); } };", ERROR, CPU),
    _attack("throw: valueOf loops", "throw { toString: null, valueOf() { for (;;); } };", ERROR, CPU),
    _attack("throw: toPrimitive loops", "throw { [Symbol.toPrimitive]() { for (;;); } };", ERROR, CPU),
    _attack("throw: stack loops", "throw { get stack() { for (;;); } };", ERROR, CPU),
    _attack("throw: message loops", "throw { get message() { for (;;); } };", ERROR, CPU),
    _attack(
        "throw: an error's message loops",
        "throw Object.defineProperty(new Error(), 'message', { get() { for (;;); } });",
        ERROR,
        CPU,
    ),
    _attack("throw: name throws", "throw { get name() { throw this } };", ERROR),
    _attack(
        "throw: a proxy",
        "throw new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); } });",
        ERROR,
        CPU,
    ),
    _attack(
        "throw: a revoked proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy;",
        ERROR,
    ),
    _attack("throw: a huge message", "throw new Error('x'.repeat(4e6));", ERROR, MEMORY),
    _attack("throw: lone surrogates and NUL", "throw new Error('\\ud800\\0\\udfff');", ERROR),
    _attack(
        "throw: a false limit",
        "throw Object.assign(new Error('interrupted'), { name: 'InternalError' });",
        ERROR,
        CPU,
    ),
    _attack(
        "throw: a false stack overflow",
        "throw new RangeError('Maximum call stack size exceeded');",
        ERROR,
        STACK,
    ),
    _attack("throw: a cause that goes round", "const e = new Error('x'); e.cause = e; throw e;", ERROR),
    *(
        _attack(f"throw: {value}", f"throw {value};", ERROR)
        for value in (
            "null",
            "undefined",
            "Symbol('x')",
            "1n",
            "() => 1",
            "NaN",
            "''",
            "globalThis",
            "Object.create(null)",
        )
    ),
    _async_attack("reject: toString loops", "await null; throw { toString() { for (;;); } };", ERROR, CPU),
    _async_attack("reject: a proxy", "throw new Proxy({}, { get() { for (;;); } });", ERROR, CPU),
    _async_attack(
        "reject nobody hears of", "Promise.reject(new Error('unheard')); return 'done';", FINE, ERROR
    ),
)

RESULTS = (
    _attack("result: status loops", "return { get status() { for (;;); } };", CPU, ERROR),
    _attack("result: body loops", "return { status: 200, get body() { for (;;); } };", CPU, ERROR),
    _attack(
        "result: headers loop",
        "return { body: '', headers: new Proxy({}, { ownKeys() { for (;;); } }) };",
        CPU,
        ERROR,
    ),
    _attack("result: then loops", "return { get then() { for (;;); } };", CPU, ERROR),
    _attack("result: toJSON loops", "return { toJSON() { for (;;); } };", CPU, ERROR),
    _attack("result: deep toJSON loops", "return { body: { a: [{ toJSON() { for (;;); } }] } };", CPU, ERROR),
    _attack(
        "result: toJSON gives another",
        "const f = () => ({ a: { toJSON: f } }); return { body: { toJSON: f } };",
        CPU,
        *DEPTH,
    ),
    _attack(
        "result: a proxy",
        "return new Proxy({}, { get() { for (;;); }, has() { for (;;); }, getPrototypeOf() { for (;;); } });",
        CPU,
        ERROR,
    ),
    _attack(
        "result: status changes",
        "let n = 0; return { get status() { return n++ ? 99 : 200 }, body: 'x' };",
        FINE,
        ERROR,
    ),
    _attack("result: an array goes round", "const a = []; a.push(a); return a;", ERROR, STACK),
    _attack("result: big integer", "return { body: { n: 1n } };", ERROR),
    _attack("result: function", "return () => 1;", ERROR),
    _attack("result: symbol", "return Symbol('x');", ERROR),
    *(
        _attack(f"result: status {status}", f"return {{ status: {status}, body: 'x' }};", ERROR)
        for status in (
            "99",
            "600",
            "NaN",
            "1e9",
            "-200",
            "200.5",
            "'200 OK\\r\\nX: y'",
            "{}",
            "Infinity",
            "2n",
        )
    ),
    *(
        _attack(f"result: header {name}", f"return {{ body: 'x', headers: {{ {header} }} }};", ERROR)
        for name, header in (
            ("with CR LF", "'X-A': 'b\\r\\nSet-Cookie: c=d'"),
            ("with LF", "'X-A': 'b\\nc'"),
            ("with NUL", "'X-A': 'b\\0c'"),
            ("name with CR LF", "'X-A\\r\\nX-B': 'c'"),
            ("name empty", "'': 'c'"),
            ("name with blank", "'X A': 'c'"),
        )
    ),
    _attack(
        "result: content type with CR LF",
        "return { body: 'x', contentType: 'text/html\\r\\nX-A: b' };",
        ERROR,
    ),
    _attack(
        "result: cookie with CR LF", "return { body: 'x', cookies: { 'a': 'b\\r\\nX-A: c' } };", ERROR, FINE
    ),
    _attack("result: lone surrogates", "return '\\ud800\\udc00\\ud800';", FINE, ERROR),
    _attack(
        "result: body's text loops",
        "return { body: { [Symbol.toPrimitive]() { for (;;); }, toString() { for (;;); } } };",
        FINE,
        CPU,
        ERROR,
    ),
    _attack(
        "result: array of long nothing", "const a = []; a.length = 2 ** 32 - 1; return a;", *STUCK, *GROWTH
    ),
    _attack(
        "result: iterator loops",
        "return { stream: { [Symbol.asyncIterator]() { return { next() { for (;;); } } } } };",
        CPU,
        ERROR,
        FINE,
    ),
    _attack(
        "result: thenable answers twice",
        "return { then(f) { f('first'); f('second'); throw 1 } };",
        (200, "first"),
    ),
    _attack("result: thenable of thenables", "const t = { then(f) { f(t) } }; return t;", CPU, WALL, ERROR),
    _attack("result: thenable says nothing", "return { then() {} };", WALL),
    _attack(
        "result: thenable's then changes",
        "let n = 0; return { get then() { return n++ ? 1 : f => f('x') } };",
        FINE,
        ERROR,
    ),
)

PROMISES = (
    _attack("promise never", "return new Promise(() => {});", WALL),
    _async_attack("await never", "await new Promise(() => {});", WALL),
    _async_attack("await endlessly", "for (;;) await null;", CPU, ERROR),
    _attack("then endlessly", "const again = () => Promise.resolve().then(again); return again();", *GROWTH),
    _attack(
        "microtasks endlessly",
        "const again = () => queueMicrotask(again); again(); return new Promise(() => {});",
        CPU,
        ERROR,
    ),
    _attack(
        "microtasks doubling",
        "const twice = () => { queueMicrotask(twice); queueMicrotask(twice) }; twice(); return new Promise(() => {});",
        *GROWTH,
    ),
    _attack(
        "jobs left behind",
        "const again = () => queueMicrotask(again); again(); return 'done';",
        FINE,
        CPU,
        ERROR,
    ),
    _async_attack(
        "many promises",
        "await Promise.all(Array.from({ length: 1e6 }, () => new Promise(() => {})));",
        *GROWTH,
        WALL,
    ),
    _async_attack(
        "generator endlessly",
        "async function* g() { for (;;) yield 1 } for await (const x of g()) ;",
        CPU,
        ERROR,
    ),
    _async_attack(
        "chain of a million",
        "let p = Promise.resolve(); for (let i = 0; i < 1e6; i++) p = p.then(() => {}); await p; return 'x';",
        *GROWTH,
    ),
    _attack("timer never", "setInterval(() => {}, 1); return new Promise(() => {});", WALL, CPU, ERROR),
    _attack(
        "timers flood", "for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e9); return 'x';", FINE, *GROWTH
    ),
    _attack(
        "timers breed",
        "const f = () => { setTimeout(f, 0); setTimeout(f, 0) }; f(); return new Promise(() => {});",
        *GROWTH,
        WALL,
    ),
    _async_attack(
        "host calls flood",
        "for (let i = 0; i < 1e6; i++) storage.get('k' + i); await new Promise(() => {});",
        *GROWTH,
        WALL,
    ),
    _attack(
        "host calls left behind",
        "for (let i = 0; i < 1000; i++) storage.get('k' + i); return 'done';",
        FINE,
        ERROR,
    ),
    _attack(
        "messages flood", "for (let i = 0; i < 1e6; i++) sendStreamMessage({ i }); return 'x';", FINE, *GROWTH
    ),
)

BOMBS = (
    _attack("memory: doubling text", "let s = 'xy'; for (;;) s += s;", *GROWTH),
    _attack(
        "memory: doubling flat text",
        "let s = 'xy'; for (;;) { s += s; s.charCodeAt(s.length - 1); ({})[s]; }",
        *GROWTH,
    ),
    _attack("memory: growing array", "const a = []; for (;;) a.push({ n: a.length });", *GROWTH),
    _attack(
        "memory: sparse arrays",
        "const a = []; for (let i = 0; ; i++) a.push(new Array(1e4).fill(i));",
        *GROWTH,
    ),
    _attack("memory: growing map", "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });", *GROWTH),
    _attack("memory: growing object", "const o = {}; for (let i = 0; ; i++) o['k' + i] = i;", *GROWTH),
    _attack("memory: symbols", "const o = {}; for (;;) o[Symbol()] = 1;", *GROWTH),
    _attack("memory: registered symbols", "for (let i = 0; ; i++) Symbol.for('k' + i);", *GROWTH),
    _attack(
        "memory: closures", "let f = null; for (let i = 0; ; i++) { const g = f; f = () => [g, i]; }", *GROWTH
    ),
    _attack("memory: bound functions", "let f = () => 1; for (;;) f = f.bind(null, 1);", *GROWTH),
    _attack(
        "memory: one buffer",
        "const b = new ArrayBuffer(2 ** 40); return String(b.byteLength);",
        ERROR,
        MEMORY,
    ),
    _attack("memory: many buffers", "const a = []; for (;;) a.push(new ArrayBuffer(1e6));", *GROWTH),
    _attack(
        "memory: a growing buffer",
        "const b = new ArrayBuffer(8, { maxByteLength: 2 ** 31 }); for (let n = 8; ; n *= 2) b.resize(n);",
        *GROWTH,
    ),
    _attack("memory: shared buffers", "const a = []; for (;;) a.push(new SharedArrayBuffer(1e6));", *GROWTH),
    _attack(
        "memory: weak maps",
        "const w = new WeakMap(), a = []; for (;;) { const k = {}; a.push(k); w.set(k, k); }",
        *GROWTH,
    ),
    _attack("memory: repeat", "return 'x'.repeat(2 ** 29);", *GROWTH),
    _attack("memory: padding", "return ''.padEnd(2 ** 29, 'xy');", *GROWTH),
    _attack("memory: join", "return Array(2 ** 15).fill('x'.repeat(2 ** 15)).join();", *GROWTH),
    _attack("memory: a template", "let s = 'x'; for (;;) s = `${s}${s}${s}`;", *GROWTH),
    _attack(
        "memory: JSON of shared parts",
        "let a = 'x'; for (let i = 0; i < 40; i++) a = [a, a]; return JSON.stringify(a);",
        *GROWTH,
    ),
    _attack("memory: big integers", "let n = 2n; for (;;) n *= n;", *GROWTH),
    _attack(
        "memory: caught and again",
        "const a = []; for (;;) { try { for (;;) a.push(new Array(100).fill(1)) } catch { } }",
        *GROWTH,
    ),
    _attack(
        "memory: code",
        "let s = '1'; for (let i = 0; i < 20; i++) s += '+' + s; return String((0, eval)(s));",
        FINE,
        *GROWTH,
        STACK,
    ),
    _attack(
        "memory: generators",
        "const a = []; for (;;) { const g = (function* () { yield new Array(10) })(); g.next(); a.push(g); }",
        *GROWTH,
    ),
    _attack("memory: garbage in circles", "for (;;) { const a = new Array(1000); a[0] = a; }", CPU, MEMORY),
    _attack(
        "memory: compiled expressions",
        "const a = []; for (let i = 0; ; i++) a.push(new RegExp('a{' + (i % 1000) + '}b' + i));",
        *GROWTH,
    ),
)

DEEP = (
    _attack("depth: plain", "function f() { return f() + 1 } return f();", STACK),
    _attack(
        "depth: caught", "function f() { try { return f() } catch { return f() } } return f();", STACK, CPU
    ),
    _attack("depth: in finally", "function f() { try { f() } finally { f() } } f();", STACK, CPU),
    _attack("depth: getters", "const o = { get x() { return this.x } }; return o.x;", STACK),
    _attack("depth: toString", "const o = { toString() { return '' + this } }; return '' + o;", STACK),
    _attack("depth: constructors", "class A { constructor() { new A() } } new A();", STACK),
    _attack(
        "depth: proxies",
        "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return String(p.x);",
        *DEPTH,
    ),
    _attack(
        "depth: prototypes",
        "let p = {}; for (let i = 0; i < 1e5; i++) p = Object.create(p); return String(p.x);",
        FINE,
        *DEPTH,
    ),
    _attack("depth: a proxy of itself", "const p = new Proxy({}, {}); Object.setPrototypeOf(p, p);", *DEPTH),
    _attack(
        "depth: JSON out",
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return JSON.stringify(o);",
        *DEPTH,
    ),
    _attack("depth: JSON in", "return JSON.parse('['.repeat(1e6));", *DEPTH),
    _attack(
        "depth: the result",
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return { body: o };",
        *DEPTH,
    ),
    _attack("depth: joins", "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a);", *DEPTH),
    _attack(
        "depth: flat",
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a.flat(Infinity).length);",
        *DEPTH,
    ),
    _attack(
        "depth: bound",
        "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(); return String(f());",
        *DEPTH,
    ),
    _attack("depth: source", "return String((0, eval)('('.repeat(1e5) + ')'.repeat(1e5)));", *DEPTH),
    _attack(
        "depth: clone",
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; structuredClone(o); return 'x';",
        *DEPTH,
    ),
    _attack(
        "depth: logged",
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; console.log(o); return 'x';",
        FINE,
        *DEPTH,
    ),
    _attack("depth: replacement", "const f = () => 'a'.replace(/a/, f); return f();", STACK),
    _attack("depth: comparison", "const f = () => [1, 2].sort(f); f();", STACK),
    _attack("depth: generators", "function* g() { yield* g() } g().next();", STACK, MEMORY),
    _async_attack("depth: async", "async function f() { await f() } await f();", STACK, MEMORY),
    _attack(
        "depth: promises in promises",
        "let p = Promise.resolve(1); for (let i = 0; i < 1e5; i++) p = Promise.resolve({ then: f => f(p) }); return p.then(String);",
        FINE,
        *DEPTH,
        CPU,
        WALL,
    ),
    _attack(
        "depth: errors in errors",
        "let e; for (let i = 0; i < 1e5; i++) e = new Error('x', { cause: e }); throw e;",
        *DEPTH,
        CPU,
    ),
    _attack(
        "depth: freed at once",
        "let o = null; for (let i = 0; i < 2e5; i++) o = { o }; o = null; return 'x';",
        FINE,
        *GROWTH,
    ),
)

OUTPUTS = (
    _attack("output: large text", "return 'x'.repeat(8e6);", FINE, ERROR, MEMORY),
    _attack("output: large JSON", "return Array(1e6).fill('\\u0000');", FINE, *GROWTH),
    _attack(
        "output: many headers",
        "const h = {}; for (let i = 0; i < 1e5; i++) h['x-' + i] = 'y'; return { body: '', headers: h };",
        FINE,
        *GROWTH,
    ),
    _attack(
        "output: a long header", "return { body: '', headers: { 'x-a': 'y'.repeat(1e6) } };", FINE, *GROWTH
    ),
    _attack(
        "output: many cookies",
        "const c = {}; for (let i = 0; i < 1e5; i++) c['x' + i] = 'y'; return { body: '', cookies: c };",
        FINE,
        *GROWTH,
    ),
    _attack("logs: many", "for (let i = 0; i < 1e7; i++) console.log(i); return 'x';", FINE, *GROWTH),
    _attack(
        "logs: long", "console.log('x'.repeat(8e6)); writeLog('x'.repeat(8e6)); return 'x';", FINE, *GROWTH
    ),
    _attack(
        "logs: lines that pretend",
        "console.log('a\\n2026-01-01 ERROR pretended\\u001b[31m\\0'); return 'x';",
        FINE,
    ),
    _attack(
        "logs: text loops",
        "console.log({ toString() { for (;;); }, toJSON() { for (;;); } }); return 'x';",
        FINE,
        CPU,
        ERROR,
    ),
    _attack("logs: endless", "for (;;) console.log('x'.repeat(1000));", CPU, *GROWTH),
)

#: Values that give code made outside the script's own scope, each an expression with ``code`` free in it.
MAKERS = {
    "Function": "Function(code)()",
    "constructor": "(() => {}).constructor(code)()",
    "constructor twice": "[].constructor.constructor(code)()",
    "AsyncFunction": "(async () => {}).constructor(code)() && Object.getPrototypeOf(async () => {}).constructor.constructor(code)()",
    "GeneratorFunction": "Object.getPrototypeOf(function* () {}).constructor(code)().next().value",
    "Reflect.construct": "Reflect.construct(Function, [code])()",
    "Reflect.construct with newTarget": "Reflect.construct(Function, [code], class extends Array {})()",
    "a handler's constructor": "register.constructor(code)()",
    "the request's constructor": "req.constructor.constructor(code)()",
    "a header object's constructor": "req.headers.constructor.constructor(code)()",
    "the console's constructor": "console.log.constructor(code)()",
    "an error's constructor": "(() => { try { null.x } catch (e) { return e.constructor.constructor(code)() } })()",
    "a promise's constructor": "Promise.resolve().constructor.constructor(code)()",
    "eval": "(0, eval)(code.slice(7))",
    "this": "(function () { return this })()",
    "the caller": "(function f() { return f.caller && f.caller.constructor(code)() })()",
    "arguments.callee": "(function () { return arguments.callee.constructor(code)() })()",
    "globalThis": "globalThis",
}

REACH = """
const code = 'return globalThis';
const names = new Set();
let reached;
try { reached = %s; } catch (error) { return 'contained'; }
for (let o = reached, n = 0; o && typeof o === 'object' && n < 5; o = Object.getPrototypeOf(o), n++)
    for (const key of Reflect.ownKeys(o)) names.add(String(key));
const forbidden = ['std', 'os', 'bjson', 'process', 'require', 'module', 'host', '__host', 'Deno', 'print', 'scriptArgs',
    'loadScript', '__loadScript', 'gc'];
const found = forbidden.filter(name => names.has(name));
return found.length ? 'escaped: ' + found.join() : 'contained';
"""

ESCAPES = (
    *(_attack(f"reach by {name}", REACH % maker, CONTAINED) for name, maker in MAKERS.items()),
    _async_attack(
        "reach modules",
        "try { await import('os'); return 'escaped'; } catch { return 'contained'; }",
        CONTAINED,
    ),
    _async_attack(
        "reach files",
        "try { await import('/etc/passwd'); return 'escaped'; } catch { return 'contained'; }",
        CONTAINED,
    ),
    _attack(
        "break out of the wrapper", "return typeof host === 'undefined' ? 'contained' : 'escaped';", CONTAINED
    ),
    _attack(
        "caller's arguments",
        "function f() { return f.caller ? 'escaped' : 'contained' } try { return f() } catch { return 'contained' }",
        CONTAINED,
    ),
    _attack(
        "frames of the engine",
        "Error.prepareStackTrace = (e, frames) => frames; let s;"
        " try { s = new Error().stack } catch { return 'contained' }"
        " return Array.isArray(s) && s.some(f => f.getFunction && f.getFunction() && f.getFunction() !== attack) ? 'escaped' : 'contained';",
        CONTAINED,
        ERROR,
    ),
)

ATTACKS: tuple[Attack, ...] = (
    *LOOPS,
    *NATIVES,
    *REGEXPS,
    *THROWN,
    *RESULTS,
    *PROMISES,
    *BOMBS,
    *DEEP,
    *OUTPUTS,
    *ESCAPES,
)


def _property(name: str, holder: str) -> Leak:
    return _leak(f"property on {name}", f"({holder}).planted = 'x';", f"({holder}).planted")


def _patch(name: str, holder: str, key: str, probe: str) -> Leak:
    """Replace a function; the probe must not meet the replacement."""
    return _leak(
        f"patch {name}",
        f"try {{ ({holder})[{key}] = function () {{ return 'patched' }} }} catch {{}}\n"
        f"try {{ Object.defineProperty({holder}, {key}, {{ value() {{ return 'patched' }}, configurable: true }}) }} catch {{}}",
        f"({probe}) === 'patched' && 'patched'",
    )


HOLDERS = {
    "globalThis": "globalThis",
    "this": "(function () { return this || globalThis })()",
    "Object.prototype": "Object.prototype",
    "Object.prototype by __proto__": "({}).__proto__",
    "Object.prototype by the prototype chain": "Object.getPrototypeOf(Object.getPrototypeOf([]))",
    "Array.prototype": "Array.prototype",
    "Function.prototype": "Function.prototype",
    "String.prototype": "String.prototype",
    "Number.prototype": "Number.prototype",
    "Symbol.prototype": "Symbol.prototype",
    "Promise.prototype": "Promise.prototype",
    "RegExp.prototype": "RegExp.prototype",
    "Error.prototype": "Error.prototype",
    "the async function prototype": "Object.getPrototypeOf(async () => {})",
    "the generator prototype": "Object.getPrototypeOf(function* () {}).prototype",
    "the async generator prototype": "Object.getPrototypeOf(async function* () {}).prototype",
    "the array iterator prototype": "Object.getPrototypeOf([][Symbol.iterator]())",
    "the regexp iterator prototype": "Object.getPrototypeOf(''.matchAll(/x/g))",
    "the iterator prototype": "Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))",
    "the iterator helper prototype": "Object.getPrototypeOf([].values().map(x => x))",
    "the typed array constructor": "Object.getPrototypeOf(Int8Array)",
    "the typed array prototype": "Object.getPrototypeOf(Int8Array.prototype)",
    "the thrower": "Object.getOwnPropertyDescriptor(Function.prototype, 'caller')?.get ?? Math.max",
    "a native function": "Math.max",
    "a bound native": "Array.prototype.map",
    "a species getter": "Object.getOwnPropertyDescriptor(Array, Symbol.species).get",
    "the unscopables": "Array.prototype[Symbol.unscopables]",
    "Object": "Object",
    "Math": "Math",
    "JSON": "JSON",
    "Reflect": "Reflect",
    "Promise": "Promise",
    "Symbol": "Symbol",
    "Date": "Date",
    "Atomics": "globalThis.Atomics ?? Math",
    "register": "register",
    "console": "console",
    "console.log": "console.log",
    "the prototype of console": "Object.getPrototypeOf(console)",
    "auth": "auth",
    "storage": "storage",
    "fetch": "fetch",
    "URL.prototype": "URL.prototype",
    "Headers.prototype": "Headers.prototype",
    "crypto.subtle": "crypto.subtle",
    "the request": "req",
    "the request's prototype": "Object.getPrototypeOf(req)",
    "the request's headers": "req.headers",
    "the prototype of headers": "Object.getPrototypeOf(req.headers) ?? req.headers",
    "the request's query": "req.query",
    "the prototype of the query": "Object.getPrototypeOf(req.query) ?? req.query",
    "a cookie object": "req.cookies",
    "a handler": "plant",
    "a handler's prototype": "plant.prototype",
    "a frozen literal's prototype": "Object.getPrototypeOf(Object.freeze({}))",
    "a class at the top": "Kept",
    "an array at the top": "kept",
}

TOP = "let counter = 0; const kept = []; class Kept { static #secret; static keep(x) { Kept.#secret = x } static give() { return Kept.#secret } }\n"

LEAKS: tuple[Leak, ...] = (
    *(
        attrs.evolve(_property(name, holder), source=TOP + _property(name, holder).source)
        for name, holder in HOLDERS.items()
    ),
    _leak("module variable", "counter = 'x';", "counter", TOP),
    _leak("module array", "kept.push('x');", "kept[0]", TOP),
    _leak("private static", "Kept.keep('x');", "Kept.give()", TOP),
    _leak("undeclared name", "planted = 'x';", "typeof planted !== 'undefined' && planted"),
    _leak(
        "undeclared name by eval",
        "(0, eval)('var planted = \"x\"');",
        "(0, eval)('typeof planted !== \"undefined\" && planted')",
    ),
    _leak("function's own property", "Math.max.call.planted = 'x';", "Math.max.call.planted"),
    _leak("function's declaration", "plant.count = (plant.count || 0) + 1;", "plant.count"),
    _leak(
        "closure's default",
        "state('x');",
        "state()",
        "const state = (() => { let s; return x => x === undefined ? s : (s = x) })();",
    ),
    _leak(
        "tagged template's object",
        "own`a`;",
        "own`b`",
        "const seen = new Set(); const tag = t => t; const own = () => { const t = (() => tag`x`)(); const had = seen.has(t); seen.add(t); return had };",
    ),
    _leak(
        "tagged template's strings as a key",
        "const t = (x => x)`only`; try { globalThis.templates = new WeakMap([[t, 'x']]) } catch {}",
        "globalThis.templates && 'weak map'",
    ),
    _leak("regexp's lastIndex", "sticky.lastIndex = 3;", "sticky.lastIndex", "const sticky = /x/g;"),
    _leak(
        "regexp's legacy statics",
        "/(s.cret)/.exec('a secret');",
        "RegExp.$1 || RegExp.lastMatch || RegExp['$_']",
    ),
    _leak(
        "registered symbol as a key",
        "Object.prototype[Symbol.for('k')] = 'x'; Math[Symbol.for('k')] = 'x';",
        "({})[Symbol.for('k')] || Math[Symbol.for('k')]",
    ),
    _leak(
        "symbol's description object",
        "Object(Symbol.for('k')).planted = 'x';\nSymbol.prototype.planted = 'x';",
        "Symbol.for('k').planted",
    ),
    _leak(
        "generator kept",
        "gen.next(); gen.next('x');",
        "gen.next().value",
        "const gen = (function* () { let x; for (;;) { const y = yield x; if (y) x = y } })();",
    ),
    _leak("map kept", "kept.set('k', 'x');", "kept.get('k')", "const kept = new Map();"),
    _leak(
        "weak reference kept",
        "try { globalThis.ref = new WeakRef(plant) } catch {} plant.mark = 'x';",
        "globalThis.ref?.deref()?.mark",
    ),
    _leak(
        "finalization callback",
        "const r = new FinalizationRegistry(v => { try { globalThis.final = v } catch {} try { Math.final = v } catch {} });"
        " for (let i = 0; i < 1000; i++) r.register({ i }, 'finalized');",
        "globalThis.final || Math.final",
    ),
    _leak(
        "job after the answer",
        "Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(() => { try { globalThis.late = 'x' } catch {} try { Math.late = 'x' } catch {} });",
        "globalThis.late || Math.late",
    ),
    _leak(
        "loop of jobs after the answer",
        "const go = n => { try { Math.runs = n } catch {} if (n < 1000) queueMicrotask(() => go(n + 1)) }; go(1);",
        "Math.runs",
    ),
    _leak(
        "timer after the answer", "setTimeout(() => { try { Math.timed = 'x' } catch {} }, 1);", "Math.timed"
    ),
    _leak(
        "interval after the answer",
        "setInterval(() => { try { Math.ticks = (Math.ticks || 0) + 1 } catch {} }, 1);",
        "Math.ticks",
    ),
    _leak(
        "async handler goes on",
        "(async () => { await null; await null; try { JSON.after = req.headers } catch {} })();",
        "JSON.after",
    ),
    _leak("Error.stackTraceLimit", "Error.stackTraceLimit = 0;", "Error.stackTraceLimit === 0 && 'limit 0'"),
    _leak(
        "Error.prepareStackTrace",
        "Error.prepareStackTrace = () => 'hooked';",
        "new Error('x').stack === 'hooked' && 'hooked'",
    ),
    _leak(
        "Error.prepareStackTrace by inheritance",
        "Object.prototype.prepareStackTrace = () => 'hooked'; Function.prototype.prepareStackTrace = () => 'hooked';",
        "new Error('x').stack === 'hooked' && 'hooked'",
    ),
    _leak(
        "setter on Object.prototype",
        "Object.defineProperty(Object.prototype, 'trap', { set(v) { Math.trapped = v }, get() { return 'trap' }, configurable: true });",
        "({}).trap",
    ),
    _leak("index on Array.prototype", "Array.prototype[3] = 'x';", "[, , , ,][3]"),
    _leak(
        "toJSON on Object.prototype",
        "Object.prototype.toJSON = () => 'patched';",
        "JSON.stringify({ a: 1 }).includes('patched') && 'patched'",
    ),
    _leak(
        "then on Object.prototype",
        "Object.prototype.then = undefined; Object.prototype.then = function (f) { f('patched') };",
        "typeof ({}).then === 'function' && 'then'",
    ),
    _leak(
        "species of Array",
        "Object.defineProperty(Array, Symbol.species, { get() { return class extends Array { get planted() { return 'x' } } }, configurable: true });",
        "[1].map(x => x).planted",
    ),
    _leak(
        "hasInstance",
        "Object.defineProperty(Map, Symbol.hasInstance, { value: () => true, configurable: true });",
        "({}) instanceof Map && 'instance'",
    ),
    _leak(
        "prototype of a function", "Object.setPrototypeOf(Math.max, { planted: 'x' });", "Math.max.planted"
    ),
    _leak(
        "prototype of a prototype",
        "Object.setPrototypeOf(Array.prototype, { planted: 'x', __proto__: Object.prototype });",
        "[].planted",
    ),
    _leak(
        "prototype of the global object",
        "Object.setPrototypeOf(globalThis, { planted: 'x' });",
        "globalThis.planted",
    ),
    _leak(
        "global deleted",
        "delete globalThis.Math; try { globalThis.JSON = undefined } catch {}",
        "(typeof Math === 'undefined' || typeof JSON === 'undefined') && 'deleted'",
    ),
    _leak(
        "global frozen anew",
        "Object.defineProperty(globalThis, 'extra', { value: 'x' });",
        "globalThis.extra",
    ),
    _leak(
        "extensions forbidden",
        "for (const o of [kept, Kept, req]) Object.preventExtensions(o);",
        "(!Object.isExtensible(kept) || !Object.isExtensible(Kept)) && 'forbidden'",
        TOP,
    ),
    _leak(
        "array's length locked",
        "Object.defineProperty(kept, 'length', { writable: false });",
        "(() => { try { kept.push(1); return false } catch (e) { return e } })()",
        TOP,
    ),
    _leak(
        "buffer detached",
        "bytes.buffer.transfer();",
        "bytes.byteLength === 0 && 'detached'",
        "const bytes = new Uint8Array(8);",
    ),
    _leak("buffer written", "bytes[0] = 7;", "bytes[0]", "const bytes = new Uint8Array(8);"),
    _leak(
        "shared buffer written",
        "bytes[0] = 7;",
        "bytes[0]",
        "const bytes = new Uint8Array(new SharedArrayBuffer(8));",
    ),
    _leak("date moved", "day.setTime(5);", "day.getTime() === 5 && 'moved'", "const day = new Date(0);"),
    _leak(
        "random numbers replayed",
        "globalThis.r = Math.random; Math.random = () => 0.5;",
        "Math.random() === 0.5 && 'fixed'",
    ),
    _leak("clock stopped", "Date.now = () => 5;", "Date.now() === 5 && 'stopped'"),
    _leak("registration at request time", "register('/probe', () => 'found a new handler');", "false"),
    _leak("registration of another's path", "try { register('/planted', () => 'x') } catch {}", "false"),
    _leak("the request kept", "kept.push(req);", "kept[0]?.url", TOP),
    _leak("console redirected", "console.log = x => { Math.logged = x };", "(console.log('x'), Math.logged)"),
    _leak(
        "error object kept",
        "try { null.x } catch (e) { Object.getPrototypeOf(e).planted = 'x' }",
        "(() => { try { null.x } catch (e) { return e.planted } })()",
    ),
    _leak(
        "host's error kept",
        "try { register(1, 2, 3) } catch (e) { e.constructor.planted = 'x'; Object.getPrototypeOf(e).planted = 'x' }",
        "(() => { try { register(1, 2, 3) } catch (e) { return e.planted || e.constructor.planted } })()",
    ),
    _leak(
        "promise of the host marked",
        "const p = storage.get('k'); p.constructor.planted = 'x'; Object.getPrototypeOf(p).planted = 'x'; p.catch(() => {});",
        "storage.get('k').planted",
    ),
    *(
        _leak(
            f"code made by {name}",
            f"const code = 'return globalThis'; const g = {maker}; g.planted = 'x'; g.Array.prototype.planted = 'x';",
            "globalThis.planted || [].planted",
        )
        for name, maker in MAKERS.items()
        if name not in ("the caller", "GeneratorFunction")
    ),
    _patch("JSON.stringify", "JSON", "'stringify'", "JSON.stringify({})"),
    _patch("JSON.parse", "JSON", "'parse'", "JSON.parse('1')"),
    _patch("Math.max", "Math", "'max'", "Math.max(1)"),
    _patch("Array.prototype.map", "Array.prototype", "'map'", "[].map(x => x)"),
    _patch("Array.prototype.push", "Array.prototype", "'push'", "[].push(1)"),
    _patch("Array.prototype[Symbol.iterator]", "Array.prototype", "Symbol.iterator", "[][Symbol.iterator]()"),
    _patch("Object.prototype.toString", "Object.prototype", "'toString'", "({}).toString()"),
    _patch(
        "Object.prototype.hasOwnProperty", "Object.prototype", "'hasOwnProperty'", "({}).hasOwnProperty('x')"
    ),
    _patch("Function.prototype.call", "Function.prototype", "'call'", "(() => 1).call()"),
    _patch("Function.prototype.toString", "Function.prototype", "'toString'", "Math.max.toString()"),
    _patch("String.prototype.replace", "String.prototype", "'replace'", "'a'.replace('a', 'b')"),
    _patch("RegExp.prototype.exec", "RegExp.prototype", "'exec'", "/a/.exec('a')"),
    _patch("Promise.prototype.then", "Promise.prototype", "'then'", "Promise.resolve().then()"),
    _patch("Promise.resolve", "Promise", "'resolve'", "Promise.resolve()"),
    _patch("Reflect.ownKeys", "Reflect", "'ownKeys'", "Reflect.ownKeys({})"),
    _patch("Error.prototype.toString", "Error.prototype", "'toString'", "new Error('x').toString()"),
    _patch("Map.prototype.get", "Map.prototype", "'get'", "new Map().get(1)"),
    _patch(
        "a generator's next",
        "Object.getPrototypeOf(function* () {}).prototype",
        "'next'",
        "(function* () {})().next()",
    ),
    _patch("auth.hasRole", "auth", "'hasRole'", "auth.hasRole('x')"),
    _patch("the request's json", "Object.getPrototypeOf(req)", "'text'", "req.text()"),
)

LOADS: tuple[Load, ...] = (
    Load("load: syntax", "function ("),
    Load("load: closes the wrapper", "}); globalThis.escaped = 1; (function () {"),
    Load("load: closes the wrapper and a comment", "}}/*"),
    Load("load: opens without closing", "if (true) {"),
    Load("load: comment without end", "register('/x', () => 'x'); /*"),
    Load("load: template without end", "register('/x', () => 'x'); `"),
    Load("load: return at the top", "return { register }; "),
    Load("load: loops", "for (;;);"),
    Load("load: loops in init", "function init() { for (;;); }"),
    Load("load: waits in init", "function init() { return new Promise(() => {}); }"),
    Load(
        "load: jobs without end",
        "const f = () => queueMicrotask(f); f(); function init() { return new Promise(() => {}); }",
    ),
    Load("load: grows", "const a = []; for (;;) a.push({});"),
    Load("load: recurses", "function f() { f(); } f();"),
    Load("load: throws", "throw new Error('x');"),
    Load("load: throws what loops", "throw { toString() { for (;;); }, get stack() { for (;;); } };"),
    Load("load: init rejects", "async function init() { throw null; }"),
    Load("load: floods routes", "for (let i = 0; i < 1e7; i++) register('/r' + i, () => 'x');"),
    Load("load: path from nowhere", "register('relative', () => 'x');"),
    Load("load: path that climbs", "register('/a/../../engine', () => 'x');"),
    Load("load: path with line end", "register('/a\\r\\nX: y', () => 'x');"),
    Load("load: path of the engine", "register('/engine/scripts', () => 'x');"),
    Load("load: handler is no function", "register('/x', { call() {} });"),
    Load("load: handler's name is code", "register('/x', 'constructor.constructor(\"return 1\")()');"),
    Load("load: handler's name is not there", "register('/x', 'nowhere');"),
    Load("load: method with blanks", "register('/x', () => 'x', 'GET /y HTTP/1.1\\r\\n');"),
    Load("load: path loops", "register({ toString() { for (;;); } }, () => 'x');"),
    Load("load: deep source", "(" * 50_000 + "1" + ")" * 50_000),
    Load("load: deep blocks", "{" * 50_000 + "}" * 50_000),
)
