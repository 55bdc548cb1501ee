"""The tokenizer, held against QuickJS itself."""

from __future__ import annotations

import json
import re
import string
import sys

import _quickjs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.scripts import scanner, tokens
from aiwebengine.scripts.tokens import Token, tokenize

steady = settings(derandomize=True, max_examples=300, deadline=None, database=None)

FRAGMENTS = [
    *(
        "a",
        "b1",
        "$",
        "_x",
        "of",
        "async",
        "await",
        "yield",
        "let",
        "get",
        "static",
        "\\u0061",
        "\\u{62}",
        "ünï",
    ),
    *(
        "if(a)",
        "while(b)",
        "for(a of b)",
        "else",
        "return",
        "typeof ",
        "function",
        "class",
        "class A",
        "extends",
    ),
    *(
        "1",
        "1.",
        ".5",
        "0x1F",
        "1_0n",
        "017",
        "08.5",
        "1e3",
        "'s'",
        '"\\"',
        "'\\\n'",
        "'open",
        "/re/g",
        "/[/]/",
        "/",
    ),
    *(
        "`t`",
        "`a${",
        "}",
        "{",
        "(",
        ")",
        "[",
        "]",
        "`",
        "\\",
        "#",
        "#p",
        "@",
        "\0",
        "\u2028",
        "\r\n",
        "\n",
        " ",
        "\t",
    ),
    *(
        "/*c*/",
        "/*\n*/",
        "//c\n",
        "<!--",
        "-->",
        "--",
        "++",
        "=>",
        "?.",
        "?",
        ":",
        ";",
        ",",
        ".",
        "...",
        "**=",
        "=",
    ),
    *("<", "!", "/*", "*/", "\ufeff", "\u180e", "𠀀", "\ud800"),
]

leaf = st.sampled_from(
    *[
        [
            "a",
            "b",
            "of",
            "async",
            "1",
            ".5",
            "0x1f",
            "'s'",
            '"\\""',
            "/re/g",
            "/[/\\]]/v",
            "/=x/",
            "`t`",
            "this",
            "null",
        ]
    ]
)


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: f"({p[0]})/{p[1]}"),
        pairs.map(lambda p: f"[{p[0]}]/{p[1]}/1"),
        pairs.map(lambda p: f"`x${{{p[0]}}}y${{ {p[1]} }}z`/2"),
        pairs.map(lambda p: f"({{a:{p[0]},get b(){{return {p[1]}}},if:/x/,async class(){{}}}})/2"),
        pairs.map(lambda p: f"(function(){{{p[0]}\n/re/.x;return {p[1]}}}/1)"),
        pairs.map(lambda p: f"(class{{static x={p[0]};static{{/re/;}}delete(){{return {p[1]}}}}}/1)"),
        pairs.map(lambda p: f"({p[0]}?{p[1]}:/re/)"),
        pairs.map(lambda p: f"(async()=>{{/re/;await {p[0]}}},{p[1]})"),
        inner.map(lambda e: f"typeof/re/.exec({e})"),
        inner.map(lambda e: f"a++/{e}"),
        inner.map(lambda e: f"a?.if/{e}"),
        inner.map(lambda e: f"{e}\n"),
    )


expression = st.recursive(leaf, _expressions, max_leaves=6)


def _statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(expression, inner)
    return st.one_of(
        pairs.map(lambda p: f"if({p[0]})/re/.test({p[0]});else {{ {p[1]} }}"),
        pairs.map(lambda p: f"function f(){{{p[1]}}}\n/re/.test({p[0]});"),
        pairs.map(lambda p: f"switch({p[0]}){{case {p[0]}:{{{p[1]}}}/re/;default:{{}}/re/}}"),
        pairs.map(lambda p: f"class A extends({p[0]}){{m(){{{p[1]}}}}}\n/re/;"),
        pairs.map(lambda p: f"for(const q of/re/.y){{ {p[1]} }}/re/.z\n"),
        pairs.map(lambda p: f"l:{{ {p[1]} }}/re/.z\n"),
        pairs.map(lambda p: f"do {{ {p[1]} }} while({p[0]})/re/\n"),
        pairs.map(lambda p: f"var v=x=>{{ {p[1]} }}\n/re/.test({p[0]});"),
        pairs.map(lambda p: f"try{{ {p[1]} }}catch{{}}/re/;"),
        st.tuples(inner, inner).map("".join),
        inner.map(lambda s: f"{s} <!-- comment\n--> comment\n"),
        inner.map(lambda s: f"/* x\n*/ --> y\n{s} /* z */"),
    )


program = st.recursive(expression.map(lambda e: e + ";"), _statements, max_leaves=5)


class Judge:
    """QuickJS, asked whether a text is the body of a sloppy function."""

    def __init__(self) -> None:
        self.context = _quickjs.Context()
        self.verdict = self.context.eval(
            "text => { try { new Function(JSON.parse(text)) } catch (e) { return e.message } return 'ok' }"
        )

    def __call__(self, source: str) -> str:
        return str(self.verdict(json.dumps(source)))


def gaps(source: str, found: list[Token]) -> list[str]:
    """Give what lies before, between and after tokens."""
    ends = [0, *(token.end for token in found)]
    starts = [*(token.start for token in found), len(source)]
    return [source[end:start] for end, start in zip(ends, starts, strict=True)]


class ShapeTests(SynchronousTestCase):
    """What holds for any text at all."""

    @steady
    @given(st.one_of(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join), st.text(max_size=30)))
    def check_shape(self, source: str) -> None:
        """Tokens and white space make up the source; positions are true; nothing raises."""
        found = tokenize(source, comments=True)
        for gap in gaps(source, found):
            self.assertEqual(gap.strip(" \t\v\f\xa0\ufeff\u1680\u202f\u205f\u3000\n\r\u2028\u2029"), "")
        for token in found:
            self.assertEqual(token.text, source[token.start : token.end])
            self.assertNotEqual(token.text, "")
            self.assertEqual((token.line, token.column), tokens.line_of(source, token.start))
        tokens.strip_comments(source)
        for name in tokens.top_level_names(source):
            self.assertTrue(tokens.is_safe_name(name), name)
        self.assertLessEqual(set(tokens.top_level_names(source)), tokens.identifiers(source))

    def test_shape(self) -> None:
        """Any text falls into tokens and white space."""
        self.check_shape()

    def test_linear(self) -> None:
        """In texts made to be slow no character is looked at more than a few times."""

        class Counting:
            """A compiled expression that notes how far it looks."""

            def __init__(self, expression: re.Pattern[str]) -> None:
                self.expression = expression
                self.looked = 0

            def match(self, text: str, at: int) -> re.Match[str] | None:
                found = self.expression.match(text, at)
                if found:
                    end = found.end()
                elif text[at] in "'\"/":
                    end = text.find("\n", at) % len(text)  # it looked to the end of the line
                else:
                    end = len(text) if text[at] == "`" else at + 1
                self.looked += end - at
                return found

        for piece in (
            "/[",
            "=/a",
            "'\\\n",
            "\"'\\\n",
            "`${",
            "`",
            "/*",
            "<!--",
            "(/",
            "{",
            "}",
            "\\u",
            "1e",
            "'",
        ):
            source = piece * 5_000
            literals, others = Counting(scanner._REGEX), Counting(scanner._TOKEN)
            self.patch(scanner, "_REGEX", literals)
            self.patch(scanner, "_TOKEN", others)
            tokenize(source, comments=True)
            self.assertLessEqual(literals.looked + others.looked, 4 * len(source), piece)
            self.patch(scanner, "_REGEX", literals.expression)
            self.patch(scanner, "_TOKEN", others.expression)


class DifferentialTests(SynchronousTestCase):
    """The tokenizer cuts where QuickJS cuts."""

    def setUp(self) -> None:
        self.judge = Judge()

    @steady
    @given(program)
    def check_programs(self, source: str) -> None:
        """A program means the same with a comment between all its tokens, and with no comments at all."""
        verdict = self.judge(source)
        found = tokenize(source)
        spaced = "".join(
            (gap if "\n" in gap else " /**/ ") + token.text
            for gap, token in zip(gaps(source, found), found, strict=False)
        )
        self.assertEqual(self.judge(spaced), verdict, (source, spaced))
        stripped = tokens.strip_comments(source)
        self.assertEqual(self.judge(stripped), verdict, (source, stripped))
        self.assertEqual(stripped.count("\n"), source.count("\n"))
        if verdict == "ok":
            self.assertNotIn(tokens.INVALID, {token.kind for token in found}, source)

    def test_programs(self) -> None:
        """Regular expressions and divisions are told apart in generated programs."""
        self.check_programs()

    def test_most_programs_are_valid(self) -> None:
        """The generated programs are worth the while: QuickJS takes most of the shapes."""
        seen: list[str] = []

        @settings(steady, max_examples=100)
        @given(program)
        def collect(source: str) -> None:
            seen.append(self.judge(source))

        collect()
        self.assertGreater(seen.count("ok"), len(seen) // 2)

    @steady
    @given(st.lists(st.sampled_from(FRAGMENTS[:-1]), max_size=10).map("".join))
    def check_soup(self, source: str) -> None:
        """A soup that happens to be valid has no invalid token and survives the loss of its comments."""
        if "\0" not in source and self.judge(source) == "ok":
            self.assertNotIn(tokens.INVALID, {token.kind for token in tokenize(source)}, source)
            self.assertEqual(self.judge(tokens.strip_comments(source)), "ok", source)

    def test_soup(self) -> None:
        """Fragments in any order."""
        self.check_soup()

    def test_values_survive_stripping(self) -> None:
        """Programs full of comments evaluate to the same without them."""
        for source in (
            "/* a */ 1 /* b */ + /* c */ 2 // d",
            "var a = 4 <!-- x\n--> y\n/* */ --> z\na /* q */ / /* r */ 2",
            "`  // kept\n   /* kept */ ${ /* gone */ 1 + `${ 2 /* gone */ }` }`",
            "'// kept' + \"/* kept */\" + /\\/\\/[/*]kept/.source",
            "var f = () => { return /* gone\n */ 5 }; String(f())",
            "1/**/+/**/+1",
            "#! first line\n    7\n",
            "   'a\\\n   b'",
            "var x = 3; var n = 0; while (x --> 0) n++; n",
        ):
            stripped = tokens.strip_comments(source)
            self.assertEqual(_quickjs.Context().eval(stripped), _quickjs.Context().eval(source), source)
            self.assertNotIn("gone", stripped)
            self.assertEqual(stripped.count("\n"), source.count("\n"))

    def test_lines_of_errors_stay(self) -> None:
        """An error thrown in stripped source names the same line."""
        source = "/* one\n two\n */\n\n   // four\n   throw new Error('x')"
        context = _quickjs.Context()
        with self.assertRaises(_quickjs.JSException) as caught:
            context.eval(tokens.strip_comments(source))
        self.assertIn(":6:", str(caught.exception))


class KindTests(SynchronousTestCase):
    """Each kind of token, by example."""

    def kinds(self, source: str) -> list[tuple[str, str]]:
        return [(token.kind, token.text) for token in tokenize(source)]

    def test_numbers(self) -> None:
        """Every form of number is one token."""
        for number in (
            "0",
            "1.",
            ".5",
            "1.5e-3",
            "0x1F",
            "0o17",
            "0b1_0",
            "1_000",
            "10n",
            "0xFFn",
            "017",
            "08.5",
        ):
            self.assertEqual(self.kinds(number), [("number", number)])
        self.assertEqual(
            [text for _, text in self.kinds("1..x 017.x 1?.5:2")],
            ["1.", ".", "x", "017", ".", "x", "1", "?", ".5", ":", "2"],
        )

    def test_templates(self) -> None:
        """Templates nest, and braces within their substitutions are not their ends."""
        self.assertEqual(
            self.kinds("`a${ {b:`c${1}`} }d${2}e`"),
            [
                ("template_head", "`a${"),
                *(("punctuator", "{"), ("name", "b"), ("punctuator", ":")),
                *(("template_head", "`c${"), ("number", "1"), ("template_tail", "}`")),
                ("punctuator", "}"),
                *(("template_middle", "}d${"), ("number", "2"), ("template_tail", "}e`")),
            ],
        )
        self.assertEqual(self.kinds("`\\`$ \\${`"), [("template", "`\\`$ \\${`")])

    def test_names(self) -> None:
        """Escapes, private names and letters of all scripts."""
        self.assertEqual(
            self.kinds("\\u0061b.#p ünï 𠀀"),
            [("name", "\\u0061b"), ("punctuator", "."), ("private", "#p"), ("name", "ünï"), ("name", "𠀀")],
        )
        self.assertEqual(tokens.name_of("\\u0061\\u{62}c"), "abc")
        self.assertEqual(tokens.name_of("\\u{110000}"), "\\u{110000}")
        self.assertEqual(tokens.identifiers("a.\\u0062 // c\n'd' `${e}`; /f/"), frozenset("abe"))

    def test_unterminated(self) -> None:
        """What never ends is invalid to the end of the line, or of the text."""
        self.assertEqual(self.kinds("'a\nb"), [("invalid", "'a"), ("name", "b")])
        self.assertEqual(self.kinds("=/a\nb"), [("punctuator", "="), ("invalid", "/a"), ("name", "b")])
        self.assertEqual(self.kinds("`a\nb"), [("invalid", "`a\nb")])
        self.assertEqual(
            self.kinds("`a${b}c\nd"), [("template_head", "`a${"), ("name", "b"), ("invalid", "}c\nd")]
        )
        self.assertEqual(self.kinds("\\ )]} x"), [("invalid", "\\"), *self.kinds(")]}"), ("name", "x")])

    def test_comments(self) -> None:
        """Comments come when asked for, Annex B's and the first line's among them."""
        source = "#!x\n--> a\n/*\n*/ --> b\n1 <!-- c\n2 --> 3 // d\n/* e"
        found = [token.text for token in tokenize(source, comments=True) if token.kind == tokens.COMMENT]
        self.assertEqual(found, ["#!x", "--> a", "/*\n*/", "--> b", "<!-- c", "// d", "/* e"])
        self.assertEqual([token.text for token in tokenize(source)], ["1", "2", "--", ">", "3"])

    def test_hashbang(self) -> None:
        """A first line for the shell becomes a comment of the same length."""
        self.assertEqual(tokens.strip_hashbang("#!/usr/bin/env x\n1"), "///usr/bin/env x\n1")
        self.assertEqual(tokens.strip_hashbang(" #!x"), " #!x")


class NameTests(SynchronousTestCase):
    """Names that are pasted into code must be names (REQ-SEC-003)."""

    def test_declarations(self) -> None:
        """Every form of declaration outside brackets is found, in order."""
        source = """
            function a() { function no1() {} }
            async function b() {} function* c() {} async function* d() {}
            class E extends F { no2() {} }
            const g = 1, h = `${(() => { let no3 })}`, i = (no4, no5) => { var no6 }
            let { j, k: l, m: { n: [o = p] }, ...q } = x, [r, , s] = y;
            var t
            var u = function v() {}
            x.function; y.class; let2 = 1
            using w = z
        """
        self.assertEqual(
            tokens.top_level_names(source),
            (*"abcdEghijklmnopqrstuvw",),
        )

    def test_all_bound_names_are_given(self) -> None:
        """What QuickJS binds is among the names."""
        source = (
            "var a = 1, b = /[,;]/.test(`;${{c: 1}}`) ? {d: 2} : 3, e; function f() {}\n"
            "var [g, {h: [i], ...j}] = [1, {h: [2]}]\nvar k = x => { var y }\n/re/.test(a), 1; var l"
        )
        context = _quickjs.Context()
        before = set(json.loads(context.eval("JSON.stringify(Object.getOwnPropertyNames(globalThis))")))
        context.eval(source)
        bound = (
            set(json.loads(context.eval("JSON.stringify(Object.getOwnPropertyNames(globalThis))"))) - before
        )
        self.assertEqual(bound, set("abefgijkl"))
        self.assertLessEqual(bound, set(tokens.top_level_names(source)))

    def test_req_sec_003_reserved_words_never(self) -> None:
        """No reserved word, in no disguise, nor a name that means something in pasted code."""
        for word in tokens.RESERVED:
            escaped = f"\\u{{{ord(word[0]):x}}}{word[1:]}"
            for form in (word, escaped):
                for source in (f"let {form} = 1", f"var {{a: {form}}} = 1", f"function {form}() {{}}"):
                    self.assertNotIn(word, tokens.top_level_names(source), source)
        # Whatever QuickJS refuses as a strict binding is refused here.
        context = _quickjs.Context()
        refused = context.eval(
            "name => { try { new Function(`'use strict'; let ${name}`) } catch { return true } return false }"
        )
        for word in (
            *tokens.RESERVED,
            "as",
            "async",
            "constructor",
            "from",
            "get",
            "meta",
            "of",
            "set",
            "target",
        ):
            if refused(word):
                self.assertFalse(tokens.is_safe_name(word), word)

    def test_req_sec_003_no_code_in_names(self) -> None:
        """Nothing that is more than a name passes, whatever it was smuggled in as."""
        for source in (
            "let a\\u{20}b",
            "let a\\u003bb = 1",
            "let \\u{28}x\\u{29}",
            "let a\\u{0}",
            "let a\u180eb",
            "let a\u0085b",
            "let a\u2e2fb",
            "let \\u{d800}",
            "let \u0301",
            "let a\\u{110000}",
            "let 1a",
        ):
            for name in tokens.top_level_names(source):
                self.assertRegex(name, r"\A[a-z]\Z", source)
        for text in (
            "",
            "a b",
            "a;b",
            "a\nb",
            "a\\u0062",
            "1",
            "a-b",
            "\u200d",
            "a\u2028b",
            "\ud800",
            "a.b",
            "a//",
        ):
            self.assertFalse(tokens.is_safe_name(text), repr(text))

    def test_req_sec_003_every_character(self) -> None:
        """Each character that Python takes in an identifier is one that QuickJS takes in a name."""
        starts = "".join(c for c in map(chr, range(0x80, sys.maxunicode + 1)) if c.isidentifier())
        continues = "".join(
            c for c in map(chr, range(0x80, sys.maxunicode + 1)) if f"a{c}".isidentifier() and c not in starts
        )
        context = _quickjs.Context()
        valid = context.eval(
            "(source, begin) => { let bad = ''; for (const c of JSON.parse(source)) try { new Function("
            "'var ' + (begin ? '' : 'a') + c) } catch { bad += c } return bad }"
        )
        self.assertGreater(len(starts), 100_000)
        # The large blocks by their ends and every hundredth character: the parser is asked for each.
        ideographs = [c for c in starts if ord(c) > 0x3400 and not string.punctuation.count(c)]
        sample = "".join(c for c in starts if ord(c) <= 0x3400) + "".join(ideographs[::100])
        self.assertEqual(valid(json.dumps(sample), True), "")
        self.assertEqual(valid(json.dumps(continues), False), "")
        table = context.eval("source => JSON.parse(source).replace(/\\p{ID_Start}/gu, '')")
        self.assertEqual(table(json.dumps(starts)), "")
        table = context.eval("source => JSON.parse(source).replace(/\\p{ID_Continue}/gu, '')")
        self.assertEqual(table(json.dumps(continues)), "")
