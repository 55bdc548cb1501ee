"""What lint remarks on, and what it leaves alone (REQ-SEC-003)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.scripts import lint as lint_module
from aiwebengine.scripts.lint import CODES, MOST, lint

FOUND = {
    "DANGEROUS_EVAL": [
        "eval(text)",
        "\\u0065val(text)",
        "(0, eval)(text)",
        "const e = eval; e(text)",
        "eval?.(text)",
        "globalThis.eval(text)",
        "x; eval(text)\n{ }",
        "`${eval(text)}`",
        "x ? eval(a) : b",
    ],
    "DANGEROUS_FUNCTION_CONSTRUCTOR": [
        "new Function('return 1')",
        "Function('return 1')()",
        "globalThis.Function(text)",
        "Function.call(null, text)",
        "Function`return 1`",
        "Reflect.construct(Function, [text])",
        "const F = Function; F(text)",
        "(() => {}).constructor('return 1')()",
        "[].constructor.constructor(text)",
        "[].constructor['constructor'](text)",
        "f.constructor(`return ${x}`)",
        "f['constructor'](text)",
        "f[`constr\\u0075ctor`](text)",
        "f?.['con\\x73tructor']",
        "''[\"constr\\\nuctor\"]",
        "Object.getPrototypeOf(async function () {}).constructor",
        "(async () => {})\n.constructor",
    ],
    "DANGEROUS_TIMER_STRING": ["setTimeout('x()', 5)", "globalThis.setInterval(`x(${y})`)"],
    "PROTOTYPE_ASSIGNMENT": [
        "a.__proto__ = b",
        "a.__proto__.polluted = 1",
        "a['__proto__'] = b",
        "a['__proto__']['x'] = b",
        "a.__proto__ ??= b",
    ],
    "DANGEROUS_WITH": ["with (a) b()", "function f() { with (a) { b() } }"],
    "DANGEROUS_DOCUMENT_WRITE": [
        "document.write('x')",
        "window.document.writeln('x')",
        "document['write']('x')",
    ],
    "UNSUPPORTED_IMPORT": ["import('x')", "import x from 'x'", "import.meta.url"],
    "UNSUPPORTED_REQUIRE": ["const fs = require('fs')"],
    "UNSUPPORTED_SHARED_MEMORY": ["new SharedArrayBuffer(8)", "Atomics.wait(a, 0, 0)"],
    "ENDLESS_LOOP": [
        "while (true) { x++ }",
        "while (1);",
        "for (;;) { }",
        "for (;;);",
        "for (; true;) { x() }",
        "do { x() } while (true);",
    ],
}

NOT_FOUND = [
    "'eval(text)'; \"new Function()\"; `eval(x) ${'eval(y)'}`",
    "// eval(text)\n/* new Function() */ <!-- eval(x)\n--> eval(x)",
    "/eval(x)/.test(y)",
    "parser.eval(text); parser?.eval(text); this.parser.eval(text); x.this.eval(y)",
    "function evaluate(x) {} evaluate(1); const evaluated = evaluation",
    "const parser = { eval: 1, eval(text) { return text }, get eval() { return 1 } }",
    "class Parser { eval(text) { return 1 } static async eval(text) { } #eval(x) { } y() { this.#eval(1) } }",
    "if (typeof eval === 'function') x()",
    "f instanceof Function; typeof Function; Function.prototype.toString; x === Function",
    "new this.constructor(x); a.constructor === B; a.constructor.name; class A { constructor() { super() } }",
    "const keys = ['constructor']; f(['constructor'], '__proto__'); return_ = ['constructor']",
    "setTimeout(() => 1, 5); setTimeout(f, 5); clock.setTimeout('x')",
    "function setTimeout(x) {} setTimeout('x')",
    "const a = { __proto__: null }; a.__proto__ === b; Object.getPrototypeOf(a)",
    "array.with(0, 1); const a = { with(x) { }, with: 1 }; class A { with(x) { } }",
    "const document = make(); document.write('x')",
    "editor.document.write('x'); document.title",
    "module.require('x'); function require(x) {} require('x')",
    "const Atomics = {}; Atomics.x; typeof SharedArrayBuffer; a.Atomics",
    "while (true) { if (x) break }",
    "while (true) { if (x) { return } }",
    "for (;;) { await next() }",
    "for (;;) throw x",
    "while (busy) { } for (let i = 0; i < 3; i++) { } for (const x of true) { }",
    "do { if (x) break } while (true);",
    "do { x() } while (busy)",
    "({ while: true }).while",
]


class LintTests(SynchronousTestCase):
    """Each pattern by example and counter-example."""

    def test_req_sec_003_dangerous_patterns_are_found(self) -> None:
        """Every form of each pattern gives its remark, and only that."""
        self.assertEqual(set(FOUND), set(CODES))
        for code, sources in FOUND.items():
            for source in sources:
                self.assertEqual({remark.code for remark in lint(source)}, {code}, source)

    def test_harmless_source_is_left_alone(self) -> None:
        """Strings, comments, own objects' properties and own functions are no matter."""
        for source in NOT_FOUND:
            self.assertEqual(lint(source, "reject"), [], source)

    def test_req_sec_003_severity_is_the_mode_s(self) -> None:
        """Warnings, errors, or nothing; an endless loop is a hint in any mode."""
        source = "for (;;) {}\neval(x)"
        self.assertEqual([remark.severity for remark in lint(source)], ["info", "warning"])
        self.assertEqual([remark.severity for remark in lint(source, "reject")], ["info", "error"])
        self.assertEqual(lint(source, "off"), [])
        self.assertRaises(ValueError, lint, source, "on")

    def test_positions_and_help(self) -> None:
        """A remark has its line and column and says what to do instead."""
        (remark,) = lint("// one\n/* two\nthree */ const x =\n    1 + eval('2')")
        self.assertEqual((remark.line, remark.column), (4, 9))
        self.assertIn("JSON.parse", remark.message)

    def test_remarks_are_bounded(self) -> None:
        """A source full of them gives no more than a page can show."""
        self.assertEqual(len(lint("eval(x);" * (MOST * 3))), MOST)

    def test_each_place_once(self) -> None:
        """Several patterns on a line are several remarks, in order."""
        remarks = lint("eval(a); new Function(b); with (c) d; require('e')")
        self.assertEqual(
            [remark.column for remark in remarks], sorted(remark.column or 0 for remark in remarks)
        )
        self.assertEqual(len(remarks), 4)

    def test_never_raises(self) -> None:
        """Broken source gives remarks or none, never an error."""
        words = [word for sources in FOUND.values() for source in sources for word in source.split(" ")]

        @settings(derandomize=True, max_examples=200, deadline=None, database=None)
        @given(st.lists(st.sampled_from([*words, *"()[]{}`'/\\.;", "?.", "=>"]), max_size=12).map(" ".join))
        def check(source: str) -> None:
            for remark in lint(source):
                self.assertIn(remark.code, CODES)

        check()
        self.assertEqual(lint_module._string_value("'\\u{110000}a\\\r\nb\\n'"), "abn")
