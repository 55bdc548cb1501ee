# ruff: noqa: E501 - scripts read best as they are
"""What handlers give back, as answers (contract, section 4, "Result of a handler")."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.sandbox import frames
from aiwebengine.sandbox.failures import LimitHit, ScriptThrew
from tests.sandbox.rig import Answer, BothModes, in_runtime, request

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


def handler(body: str, kind: str = "") -> str:
    return f'{kind}function handler(req) {{\n{body}\n}}\nregister("/x", handler);\n'


class Base(BothModes, SynchronousTestCase):
    """Runs one handler."""

    def run_handler(self, body: str, kind: str = "", **options: Any) -> Answer:
        rig = self.rig()
        return rig.call(rig.live(handler(body, kind)), **options)

    def thrown(self, body: str, kind: str = "", **options: Any) -> ScriptThrew:
        failure = self.run_handler(body, kind, **options).failure
        assert isinstance(failure, ScriptThrew), failure
        return failure

    def streamed(self, body: str, kind: str = "") -> tuple[Answer, bytes, ScriptThrew | None]:
        rig = self.rig()
        ident = rig.start(rig.live(handler(body, kind)))
        answer = rig.outcome(ident)
        assert answer is not None
        self.assertEqual(answer.kind, frames.STREAM, answer)
        whole, failed = rig.read(ident)
        return answer, whole, failed


class ResultTests(Base):
    """Results that are whole."""

    def expect(
        self, body: str, wanted: bytes, content_type: str | None, status: int = 200, kind: str = ""
    ) -> Answer:
        answer = self.run_handler(body, kind)
        self.assertIsNone(answer.failure, body)
        self.assertEqual(
            (answer.status, answer.content_type, answer.body), (status, content_type, wanted), body
        )
        return answer

    def test_string(self) -> None:
        """A string is plain text."""
        self.expect("return 'hällo';", "hällo".encode(), TEXT)
        self.expect("return '';", b"", TEXT)

    def test_object(self) -> None:
        """An object without status, body and stream is JSON."""
        self.expect("return {a: 1, b: [true, null], c: undefined};", b'{"a":1,"b":[true,null]}', JSON)
        self.expect("return Object.create(null);", b"{}", JSON)
        self.expect("return {toJSON() { return [1]; }};", b"[1]", JSON)
        self.expect("return new Date(0);", b'"1970-01-01T00:00:00.000Z"', JSON)

    def test_array(self) -> None:
        """An array is JSON."""
        self.expect("return [1, 'a'];", b'[1,"a"]', JSON)
        self.expect("return [];", b"[]", JSON)

    def test_bytes(self) -> None:
        """Bytes are bytes, whatever views them."""
        octets = "application/octet-stream"
        self.expect("return new Uint8Array([0, 255]);", b"\0\xff", octets)
        self.expect("return new Uint8Array([1, 2, 3]).buffer;", b"\1\2\3", octets)
        self.expect("return new Uint16Array([1, 2, 3]).subarray(1, 2);", b"\2\0", octets)
        self.expect("return new DataView(new Uint8Array([1, 2, 3]).buffer, 1);", b"\2\3", octets)
        self.expect("return new Uint8Array(0);", b"", octets)

    def test_blob(self) -> None:
        """A Blob is its bytes, with its type."""
        self.expect("return {body: new Blob(['ab', 'c'], {type: 'text/x'})};", b"abc", "text/x")
        self.expect("return new Blob(['ab']);", b"ab", "application/octet-stream")

    def test_html(self) -> None:
        """html`…` is HTML, as result and as body."""
        html = "text/html; charset=utf-8"
        self.expect("return html`<b>${'<'}</b>`;", b"<b>&lt;</b>", html)
        self.expect("return {body: html`<i></i>`, status: 201};", b"<i></i>", html, 201)

    def test_response_object(self) -> None:
        """{status, body, contentType, headers, cookies}."""
        answer = self.expect(
            "return {status: 201, body: 'x', contentType: 'text/x', headers: {'X-A': 1, 'X-B': ['b', 'c'], 'X-C': null}, cookies: {a: 'b'}};",
            b"x",
            "text/x",
            201,
        )
        self.assertEqual(answer.head[3], [["X-A", "1"], ["X-B", "b"], ["X-B", "c"]])
        self.assertEqual(answer.head[4], {"a": "b"})

    def test_response_object_parts(self) -> None:
        """Each part may be left out."""
        self.expect("return {status: 204};", b"", None, 204)
        self.expect("return {body: {a: 1}};", b'{"a":1}', JSON)
        self.expect("return {body: [1]};", b"[1]", JSON)
        self.expect("return {body: 0};", b"0", JSON)
        self.expect("return {body: false};", b"false", JSON)
        self.expect("return {body: null};", b"", None)
        self.expect("return {body: null, contentType: 'application/json'};", b"null", JSON)
        self.expect("return {body: new Uint8Array([65]), contentType: 'text/plain'};", b"A", "text/plain")
        self.expect("return {status: 599, body: ''};", b"", TEXT, 599)

    def test_header_lists(self) -> None:
        """Headers may be pairs, or Headers."""
        for headers in ("[['A', 'b'], ['A', 'c']]", "new Map([['A', ['b', 'c']]])"):
            answer = self.run_handler(f"return {{body: '', headers: {headers}}};")
            self.assertEqual(answer.head[3], [["A", "b"], ["A", "c"]])
        answer = self.run_handler("return {body: '', headers: new Headers({A: 'b'})};")
        self.assertEqual(answer.head[3], [["a", "b"]])

    def test_response(self) -> None:
        """A Response, as WinterTC has it."""
        answer = self.expect(
            "return new Response('x', {status: 418, statusText: 'Teapot', headers: {'X-A': 'b'}});",
            b"x",
            "text/plain;charset=UTF-8",
            418,
        )
        self.assertEqual(answer.head[3], [["x-a", "b"]])
        self.expect("return Response.json({a: 1});", b'{"a":1}', JSON)
        self.expect("return new Response(null, {status: 204});", b"", "", 204)
        self.expect("return new Response(new Uint8Array([1]));", b"\1", "")
        redirect = self.run_handler("return Response.redirect('http://example.com/y', 303);")
        self.assertEqual((redirect.status, redirect.head[3]), (303, [["location", "http://example.com/y"]]))

    def test_asynchronous(self) -> None:
        """Async handlers answer with what they resolve to; so do those that give any thenable."""
        self.expect("await null; return 'x';", b"x", TEXT, kind="async ")
        self.expect("return {then(resolve) { resolve('y'); }};", b"y", TEXT)
        self.expect("return Promise.resolve({status: 201});", b"", None, 201)
        self.expect(
            "await new Promise((resolve) => setTimeout(resolve, 2)); return 'z';", b"z", TEXT, kind="async "
        )

    def test_large_text(self) -> None:
        """Long text leaves in slices, whole even where a slice would cut a surrogate pair."""
        for start in ("", "a", "ab"):
            answer = self.run_handler(f"return '{start}' + '\\u{{1f600}}'.repeat(200000);")
            self.assertEqual(answer.head[0], "T")
            self.assertEqual(answer.body.decode(), start + "\U0001f600" * 200_000)

    def test_large_bytes(self) -> None:
        """So do many bytes."""
        answer = self.run_handler("return Uint8Array.from({length: 700001}, (_, i) => i % 251);")
        self.assertEqual(answer.head[0], "B")
        self.assertEqual(answer.body, bytes(i % 251 for i in range(700_001)))

    def test_lone_surrogates(self) -> None:
        """Halves of surrogate pairs become U+FFFD, in short and in long text, in headers and in logs."""
        self.expect("return 'a\\ud800b';", "a\ufffdb".encode(), TEXT)
        answer = self.run_handler("return '\\udc00' + 'a'.repeat(300000) + '\\ud800';")
        self.assertEqual(answer.body.decode(), "\ufffd" + "a" * 300_000 + "\ufffd")
        answer = self.run_handler("console.log('\\ud800'); return {body: '', headers: {a: '\\ud800'}};")
        self.assertEqual(answer.head[3], [["a", "\ufffd"]])

    def test_any_characters(self) -> None:
        """NUL and all else goes through both ways."""
        text = "\0\x01\x7f\u2028\ufeff\U0001f600\\\"'"
        answer = self.run_handler("return req.body;", data=request(body=text))
        self.assertEqual(answer.text, text)


class BadResultTests(Base):
    """Results that are none: the error says what was wrong."""

    def test_not_an_answer(self) -> None:
        """Nothing, null, numbers, functions: a TypeError that says what to return."""
        for given, named in (
            ("undefined", "nothing"),
            ("null", "null"),
            ("1", "a number"),
            ("1n", "a bigint"),
            ("true", "a boolean"),
            ("Symbol()", "a symbol"),
            ("() => 1", "a function"),
        ):
            thrown = self.thrown(f"return {given};")
            self.assertEqual(thrown.name, "TypeError")
            self.assertIn(f"the handler returned {named}: return", thrown.message)
            self.assertTrue(thrown.extra["badResult"])

    def test_bad_parts(self) -> None:
        """Each part that cannot be is named."""
        for given, said in (
            ("{status: 99}", "status must be a whole number from 100 to 599, not 99"),
            ("{status: 600}", "not 600"),
            ("{status: 200.5}", "not 200.5"),
            ("{status: '200'}", "not 200"),
            ("{status: null}", "not null"),
            ("{status: NaN}", "not NaN"),
            ("{body: Symbol()}", "body must be a string"),
            ("{body: () => 1}", "not a function"),
            ("{body: 1n}", "not a bigint"),
            ("{body: {toJSON() {}}}", "cannot be turned into JSON"),
            ("{toJSON() {}}", "cannot be turned into JSON"),
            ("{body: '', contentType: 1}", "contentType must be a string"),
            ("{body: '', headers: 'a: b'}", "headers must be an object"),
            ("{body: '', headers: [['a']]}", "a [name, value] pair"),
            ("{body: '', cookies: 'a=b'}", "cookies must be an object or a list"),
            ("{body: {[Symbol.asyncIterator]() { return 1; }}}", "no next() method"),
        ):
            self.assertIn(said, self.thrown(f"return {given};").message, given)

    def test_throwing_results(self) -> None:
        """What a result's own getters and methods throw is the error."""
        for given in (
            "{get status() { throw new Error('mine'); }}",
            "{get then() { throw new Error('mine'); }}",
            "{toJSON() { throw new Error('mine'); }}",
            "{body: {get a() { throw new Error('mine'); }}}",
            "new Proxy({}, {has() { throw new Error('mine'); }})",
            "{body: '', headers: {get a() { throw new Error('mine'); }}}",
            "{body: {[Symbol.asyncIterator]() { throw new Error('mine'); }}}",
        ):
            self.assertEqual(self.thrown(f"return {given};").message, "mine", given)

    def test_circular(self) -> None:
        """A circular object is a TypeError."""
        self.assertEqual(self.thrown("const a = {}; a.a = a; return a;").name, "TypeError")

    def test_too_large(self) -> None:
        """An answer over the limit is refused, and says which limit."""
        for body in (
            "'a'.repeat(2001)",
            "new Uint8Array(2001)",
            "['a'.repeat(2001)]",
            "{body: 'a'.repeat(2001)}",
        ):
            rig = self.rig(max_output_bytes=2000)
            failure = rig.call(rig.live(handler(f"return {body};"))).failure
            assert isinstance(failure, LimitHit)
            self.assertEqual(
                (failure.limit, failure.value, failure.config_key),
                ("output", 2000, "javascript.max_output_bytes"),
            )
            self.assertGreaterEqual(failure.used, 2001)

    def test_limits_cannot_be_forged(self) -> None:
        """An error that only looks like ours is the script's."""
        thrown = self.thrown(
            "throw Object.assign(new RangeError('m'), {limit: {used: 'x', toJSON() { throw 1 }}, isBadResult: true});"
        )
        self.assertEqual((thrown.name, thrown.message, dict(thrown.extra)), ("RangeError", "m", {}))


class StreamTests(Base):
    """Results that are streamed."""

    def test_async_generator(self) -> None:
        """An async generator's strings and bytes, in order."""
        answer, whole, failed = self.generator("async function*")
        self.assertEqual(
            (answer.status, answer.content_type, whole, failed), (200, TEXT, "aBü".encode(), None)
        )

    def generator(self, kind: str) -> tuple[Answer, bytes, ScriptThrew | None]:
        pause = "await null;" if kind.startswith("async") else ""
        rig = self.rig()
        program = rig.live(
            f"register('/x', {kind} () {{ yield 'a'; {pause} yield new Uint8Array([66]); yield 'ü'; }});"
        )
        ident = rig.start(program)
        answer = rig.outcome(ident)
        assert answer is not None
        return answer, *rig.read(ident)

    def test_generator(self) -> None:
        """So a plain generator."""
        answer, whole, failed = self.generator("function*")
        self.assertEqual(
            (answer.status, answer.content_type, whole, failed), (200, TEXT, "aBü".encode(), None)
        )

    def test_stream_and_body(self) -> None:
        """{stream} and {body} take streams, with status and type."""
        make = "async function* make() { yield 'x'; }"
        for name in ("stream", "body"):
            answer, whole, failed = self.streamed(
                f"{make} return {{{name}: make(), status: 202, contentType: 'text/x'}};"
            )
            self.assertEqual((answer.status, answer.content_type, whole, failed), (202, "text/x", b"x", None))

    def test_readable_stream(self) -> None:
        """A ReadableStream, also inside a Response."""
        make = "const stream = new ReadableStream({start(c) { c.enqueue('a'); c.enqueue(new Uint8Array([66])); c.close(); }});"
        self.assertEqual(self.streamed(make + "return stream;")[1:], (b"aB", None))
        self.assertEqual(self.streamed(make + "return {body: stream};")[1:], (b"aB", None))
        bytes_only = make.replace("'a'", "new Uint8Array([65])")
        self.assertEqual(self.streamed(bytes_only + "return new Response(stream);")[1:], (b"AB", None))

    def test_any_async_iterable(self) -> None:
        """Whatever has Symbol.asyncIterator, also with plain thenables."""
        body = """
            let n = 0;
            return {[Symbol.asyncIterator]() { return {next() { return {then(done) { done({done: ++n > 3, value: String(n)}); }}; }}; }};
        """
        self.assertEqual(self.streamed(body)[1:], (b"123", None))

    def test_html_chunks(self) -> None:
        """html`…` is a chunk."""
        self.assertEqual(
            self.streamed("return (function* () { yield html`<p>${'&'}</p>`; })();")[1], b"<p>&amp;</p>"
        )

    def test_bad_chunk(self) -> None:
        """A chunk that is neither text nor bytes ends the stream with the reason; `finally` runs."""
        for given, named in (("1", "number"), ("null", "null"), ("{}", "object"), ("undefined", "undefined")):
            for kind in ("function*", "async function*"):
                rig = self.rig()
                program = rig.live(
                    f"register('/x', {kind} () {{ try {{ yield 'a'; yield {given}; yield 'b'; }} finally {{ console.log('end'); }} }});"
                )
                ident = rig.start(program)
                rig.outcome(ident)
                whole, failed = rig.read(ident)
                self.assertEqual(whole, b"a")
                assert failed is not None
                self.assertIn(f"must be a string or bytes, not {named}", failed.message)
                self.assertEqual([message for _, message, _ in rig.logs], ["end"])

    def test_throws_midway(self) -> None:
        """An error midway ends the stream after what came before."""
        for kind in ("function*", "async function*"):
            rig = self.rig()
            ident = rig.start(
                rig.live(f"register('/x', {kind} () {{ yield 'a'; throw new Error('mid'); }});")
            )
            rig.outcome(ident)
            whole, failed = rig.read(ident)
            assert failed is not None
            self.assertEqual((whole, failed.message), (b"a", "mid"))
            self.assertIn("app.js:1:", failed.stack)

    def test_next_gives_nothing(self) -> None:
        """An iterator that is none ends the stream with the reason."""
        failed = self.streamed("return {[Symbol.asyncIterator]() { return {next() { return 1; }}; }};")[2]
        assert failed is not None
        self.assertIn("no result object", failed.message)

    def test_made_only_when_asked_for(self) -> None:
        """Chunks are made as they are asked for, some kilobytes at a time."""
        rig = self.rig()
        program = rig.live(
            "register('/x', function* () { for (let i = 0; i < 100; i++) { console.log(i); yield 'x'.repeat(4096); } });"
        )
        ident = rig.start(program)
        rig.outcome(ident)
        self.assertEqual(rig.logs, [])
        data, ended, _ = rig.pull(ident)
        self.assertEqual((len(data), ended, len(rig.logs)), (16_384, False, 4))
        data, ended, _ = rig.pull(ident)
        self.assertEqual((len(data), ended, len(rig.logs)), (16_384, False, 8))

    def test_cancel_runs_finally(self) -> None:
        """When the client leaves, the generator's `finally` runs, and what it logs and sends is done."""
        for kind in ("function*", "async function*"):
            rig = self.rig()
            program = rig.live(
                f"register('/x', {kind} () {{ try {{ for (;;) yield 'x'.repeat(20000); }} finally {{ console.log('closed'); }} }});"
            )
            ident = rig.start(program)
            rig.outcome(ident)
            rig.pull(ident)
            rig.cancel(ident)
            self.assertEqual([message for _, message, _ in rig.logs], ["closed"])

    def test_cancel_that_throws(self) -> None:
        """An error in `finally` is logged, and the realm goes on."""
        rig = self.rig()
        program = rig.live("""
            register("/x", function* () { try { for (;;) yield "x".repeat(20000); } finally { throw new Error("in finally"); } });
            register("/y", () => "y");
        """)
        ident = rig.start(program)
        rig.outcome(ident)
        rig.pull(ident)
        rig.cancel(ident)
        self.assertIn("in finally", rig.logs[0][1])
        self.assertEqual(rig.call(program, "GET /y").text, "y")

    def test_timers_in_streams(self) -> None:
        """A stream may wait for timers."""
        rig = self.rig()
        program = rig.live("""
            const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
            register("/x", async function* () { for (let i = 0; i < 3; i++) { await sleep(1); yield String(i); } });
        """)
        ident = rig.start(program)
        rig.outcome(ident)
        self.assertEqual(rig.read(ident), (b"012", None))


class RequestTests(Base):
    """What goes in."""

    def test_binary_body(self) -> None:
        """A body that is not text comes as bytes, also a large one in slices."""
        for size in (1, 196_608, 500_001):
            body = bytes(i * 7 % 256 for i in range(size))
            answer = self.run_handler("return req.body;", data=request(body="", bodyAt=0), parts=[body])
            self.assertEqual(answer.body, body)

    def test_large_text_body(self) -> None:
        """A long text comes whole."""
        text = "a\U0001f600" * 150_000
        answer = self.run_handler("return String(req.body.length);", data=request(body=text))
        self.assertEqual(answer.text, "450000")

    def test_files(self) -> None:
        """Uploads come with their bytes, empty ones too."""
        files = [
            {"field": "a", "filename": "a.bin", "contentType": "x/y", "size": 3, "at": 0},
            {"field": "b", "filename": "b.bin", "contentType": "x/y", "size": 0, "at": -1},
            {"field": "a", "filename": "c.bin", "contentType": "x/y", "size": 300_000, "at": 1},
        ]
        answer = self.run_handler(
            "return req.files.map((f) => [f.field, f.filename, f.size, f.bytes().length, f.bytes()[f.size - 1] ?? null, 'at' in f]);",
            data=request(form=[["n", "1"]], files=files),
            parts=[b"abc", b"z" * 300_000],
        )
        self.assertEqual(
            answer.json,
            [
                ["a", "a.bin", 3, 3, 99, False],
                ["b", "b.bin", 0, 0, None, False],
                ["a", "c.bin", 300_000, 300_000, 122, False],
            ],
        )

    def test_queries_and_forms(self) -> None:
        """The last value wins; all are in queryAll; names such as __proto__ are names."""
        answer = self.run_handler(
            "return [req.query, req.queryAll, req.form, Object.keys(req.query), req.query.__proto__];",
            data=request(query=[["a", "1"], ["__proto__", "p"], ["a", "2"]], form=[["f", "x"]]),
        )
        query = {"a": "2", "__proto__": "p"}
        self.assertEqual(
            answer.json, [query, {"a": ["1", "2"], "__proto__": ["p"]}, {"f": "x"}, ["a", "__proto__"], "p"]
        )

    def test_json(self) -> None:
        """A JSON body is parsed, others are not."""
        self.assertEqual(
            self.run_handler("return req.json.a;", data=request(body='{"a":"b"}', isJson=True)).text, "b"
        )
        self.assertEqual(
            self.run_handler("return String(req.json);", data=request(body='{"a":1}')).text, "undefined"
        )

    def test_request_methods(self) -> None:
        """The request reads as WinterTC's does."""
        answer = self.run_handler(
            """
            const form = await req.formData();
            return [await req.text(), (await req.arrayBuffer()).byteLength, [...await req.bytes()], await (await req.blob()).text(),
                form.get("a"), req.headers.get("X-B"), req.headers.has("nope"), req.headers.get("get"), [...req.headers.keys()]];
            """,
            "async ",
            data=request(body="é", form=[["a", "1"]], headers={"x-b": "c"}),
        )
        self.assertEqual(answer.json, ["é", 2, [195, 169], "é", "1", "c", False, None, ["x-b"]])

    def test_no_form(self) -> None:
        """formData() of what is no form is refused."""
        self.assertIn("not a form", self.thrown("await req.formData();", "async ").message)


ResultTestsInRuntime = in_runtime(ResultTests)
BadResultTestsInRuntime = in_runtime(BadResultTests)
StreamTestsInRuntime = in_runtime(StreamTests)
RequestTestsInRuntime = in_runtime(RequestTests)
