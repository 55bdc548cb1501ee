# ruff: noqa: E501 - scripts read best unbroken
"""Scripts put, swapped, refused and deleted while the server runs (REQ-JS-007)."""

from __future__ import annotations

import threading
from urllib.parse import quote

from tests.http.support import EngineCase


def version(number: int) -> str:
    """Give a script whose every part says the same number."""
    return f"""
        const top = {number};
        function one() {{ return `${{top}}-{number}`; }}
        register("/version", one);
        register("/version/named", "named");
        async function named() {{ await null; return `${{top}}-{number}`; }}
    """


class ScriptTests(EngineCase):
    """The life of scripts."""

    settings = {"javascript.init_timeout_ms": 1000}

    def put(self, uri: str, source: str, expected: int = 201) -> None:
        answer = self.engine.put_script(uri, source)
        self.assertEqual(answer.status, expected, answer)

    def test_req_js_007_put_serve_delete(self) -> None:
        self.put("life.js", 'register("/life", () => "one");')
        self.assertEqual(self.get("/life").text, "one")
        self.put("life.js", 'register("/life", () => "two"); register("/life/more", () => "more");', 200)
        self.assertEqual((self.get("/life").text, self.get("/life/more").text), ("two", "more"))
        self.put("life.js", 'register("/life", () => "three");', 200)
        self.assertEqual(self.get("/life/more").status, 404)
        self.assertEqual(self.engine.admin.request("DELETE", "/engine/scripts/life.js").status, 204)
        self.assertEqual(self.get("/life").status, 404)

    def test_req_js_007_a_script_that_does_not_load_changes_nothing(self) -> None:
        self.put("kept.js", 'register("/kept", () => "kept");')
        for source, line in (
            ('register("/kept", () => "new");\nsyntax error here', 2),
            ('register("/kept", () => "new");\n\nthrow new Error("top level");', 3),
            ('register("/kept", () => "new");\nfunction init() {\n  throw new Error("init");\n}', 3),
            ('register("/kept", () => "new");\nfor (;;);', None),
        ):
            answer = self.engine.put_script("kept.js", source)
            error = self.assert_error(answer, 422, "SCRIPT_INVALID")
            if line is not None:
                self.assertEqual(error["details"]["line"], line, source)
            self.assertEqual(self.get("/kept").text, "kept")

    def test_reserved_and_malformed_paths_are_placed(self) -> None:
        for path in ("/engine/mine", "no-slash", "/a/:/b"):
            answer = self.engine.put_script("placed.js", f'\n\nregister("{path}", () => "x");')
            error = self.assert_error(answer, 422, "SCRIPT_INVALID")
            self.assertEqual(error["details"]["line"], 3, path)

    def test_a_missing_handler_is_an_error_of_its_requests(self) -> None:
        """It goes live all the same; check and log say so."""
        source = (
            'register("/lacking", "nowhere");\nregister("/twice", () => "1");\nregister("/twice", () => "2");'
        )
        check = self.engine.admin.request("POST", "/engine/check?uri=lacking.js", source.encode()).json
        self.assertFalse(check["ok"])
        self.assertEqual(
            [(one["severity"], one["code"], one["line"]) for one in check["diagnostics"]],
            [("error", "MISSING_HANDLER", 1), ("warning", "DUPLICATE_ROUTE", 3)],
        )
        self.put("lacking.js", source)
        self.assert_error(self.get("/lacking"), 500, "SCRIPT_ERROR")
        self.assertEqual(self.get("/twice").text, "2")
        entries = self.engine.admin.get("/engine/logs?script=lacking.js&kind=lint").json["entries"]
        self.assertEqual(
            [(one["level"], one["message"].partition(":")[0], one["line"]) for one in entries],
            [("warn", "MISSING_HANDLER", 1), ("warn", "DUPLICATE_ROUTE", 3)],
        )

    def test_conflicts(self) -> None:
        self.put("first.js", 'register("/shared", () => "first");')
        answer = self.engine.put_script("second.js", 'register("/shared", () => "second");')
        error = self.assert_error(answer, 409, "ROUTE_CONFLICT")
        self.assertIn("first.js", error["message"])
        self.assertEqual((error["details"]["owner"], error["details"]["line"]), ("first.js", 1))
        self.assertIn("second.js", error["message"])
        self.assertEqual(self.get("/shared").text, "first")
        self.put("second.js", 'register("/shared", () => "posted", "POST");')
        self.assertEqual(self.client.post("/shared").text, "posted")

    def test_reserved_paths(self) -> None:
        for path in (
            "/health",
            "/health/x",
            "/engine",
            "/engine/scripts",
            "/graphql",
            "/metrics",
            "/auth/login",
        ):
            answer = self.engine.put_script("grab.js", f'register("{path}", () => "mine");')
            self.assertEqual(answer.status, 422, (path, answer))

    def test_init(self) -> None:
        """``init`` gets its context, may be async, and registers by name or by function."""
        self.put(
            "init.js",
            """
            async function init(context) {
              await null;
              console.log(JSON.stringify([context.scriptName, context.uri, typeof context.timestamp, context.isStartup]));
              register("/init/name", "byName");
              register("/init/function", byName);
            }
            function byName(req) { return "initialised " + req.path; }
            """,
        )
        for path in ("/init/name", "/init/function"):
            self.assertEqual(self.get(path).text, f"initialised {path}")
        entries = self.engine.admin.get("/engine/logs?script=init.js").json["entries"]
        self.assertIn('["init.js","init.js","number",false]', [entry["message"] for entry in entries])

    def test_init_refuses_anonymous_handlers(self) -> None:
        answer = self.engine.put_script("anon.js", 'function init() { register("/anon", () => "x"); }')
        error = self.assert_error(answer, 422, "SCRIPT_INVALID")
        self.assertIn("top level", error["message"])

    def test_missing_handler(self) -> None:
        """A name that is no function is said when it is put or when it is asked for, never served."""
        answer = self.engine.put_script("missing.js", 'register("/missing", "nobody");')
        if answer.status == 201:
            error = self.assert_error(self.get("/missing"), 500, "SCRIPT_ERROR")
            self.assertIn("nobody", error["message"])
        else:
            self.assertIn("nobody", self.assert_error(answer, 422, "SCRIPT_INVALID")["message"])

    def test_req_js_001_nothing_survives_a_request(self) -> None:
        self.put(
            "state.js",
            """
            let count = 0; const list = [];
            register("/count", () => { list.push(1); globalThis.seen = (globalThis.seen || 0) + 1;
              return [++count, list.length, globalThis.seen].join(); });
            """,
        )
        for _ in range(5):
            self.assertEqual(self.get("/count").text, "1,1,1")

    def test_uris(self) -> None:
        for uri in ("plain.js", "dir/sub/x.js", "https://example.com/x.js", "a-b_c.d:e~f@g"):
            self.put(uri, 'console.log("loaded")')
            listed = [entry["uri"] for entry in self.engine.admin.get("/engine/scripts").json["scripts"]]
            self.assertIn(uri, listed)
            self.assertEqual(
                self.engine.admin.get(f"/engine/scripts/{quote(uri, safe='')}").text, 'console.log("loaded")'
            )

    def test_req_js_007_swaps_under_load(self) -> None:
        """200 swaps while clients ask: every answer is one version's, whole."""
        self.put("swap.js", version(0))
        done = threading.Event()
        problems: list[object] = []
        counts = [0, 0]

        def hammer(which: int, path: str) -> None:
            newest = 0
            with self.client.keep_alive() as connection:
                while not done.is_set():
                    answer = self.client.request("GET", path, on=connection)
                    first, _, second = answer.text.partition("-")
                    if answer.status != 200 or first != second or int(first) < newest:
                        problems.append(answer)
                        return
                    newest = int(first)
                    counts[which] += 1

        threads = [threading.Thread(target=hammer, args=a) for a in enumerate(("/version", "/version/named"))]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, 201):
                self.put("swap.js", version(number), 200)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(problems, [])
        self.assertTrue(all(counts), counts)
        self.assertEqual(self.get("/version").text, "200-200")
