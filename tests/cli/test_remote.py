"""The commands that talk to a running engine, against a small HTTP server with prepared answers."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.cli import command
from aiwebengine.cli.client import Management, Refused
from aiwebengine.cli.logs import events, follow

RECORD = {
    "uri": "hello.js",
    "size": 12,
    "version": 3,
    "updated_at": "2026-01-01T00:00:00Z",
    "status": "live",
    "error": None,
    "routes": [{"method": "GET", "path": "/hello"}],
}


@attrs.frozen
class Seen:
    """A request the server got."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class RemoteCase(SynchronousTestCase):
    """Runs commands against ``self.answers``: (method, target) → (status, headers, body), in order."""

    def setUp(self) -> None:
        self.answers: dict[tuple[str, str], list[tuple[int, dict[str, str], bytes]]] = {}
        self.seen: list[Seen] = []
        case = self

        class Answering(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                case.seen.append(Seen(self.command, self.path, headers, self.rfile.read(length)))
                queue = case.answers.get((self.command, self.path))
                status, extra, body = queue.pop(0) if queue else (404, {}, b"")
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                if "Content-Length" not in extra:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - http.server calls them so

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

    def will(self, method: str, target: str, status: int, data: Any = b"", **headers: str) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.answers.setdefault((method, target), []).append((status, headers, body))

    def run_command(self, *arguments: str, **variables: str) -> Any:
        variables = {"AIWEBENGINE_URL": self.url, "AIWEBENGINE_API_KEY": "k3y", **variables}
        return CliRunner(env=variables).invoke(command, list(arguments))

    def refusal(self, status: int, code: str, message: str, **details: Any) -> tuple[int, Any]:
        return status, {"error": {"code": code, "message": message, "details": details}, "status": status}


class ScriptsTests(RemoteCase):
    """`aiwebengine scripts`."""

    def test_req_js_007_list(self) -> None:
        """A line per script: version, state, size, routes; a failed one shows its line and error."""
        failed = {**RECORD, "uri": "bad.js", "status": "failed", "error": {"message": "oops", "line": 7}}
        self.will("GET", "/engine/scripts", 200, {"scripts": [RECORD, failed]})
        result = self.run_command("scripts", "list")
        self.assertEqual(result.exit_code, 0, result.output)
        lines = result.output.splitlines()
        self.assertEqual(lines[0].split(), ["URI", "VERSION", "STATUS", "SIZE", "ROUTES"])
        self.assertEqual(lines[1].split(), ["hello.js", "3", "live", "12", "GET", "/hello"])
        self.assertEqual(lines[2].split(), ["bad.js", "3", "failed", "12", "line", "7:", "oops"])
        self.assertEqual(self.seen[0].headers["authorization"], "Bearer k3y")

    def test_list_as_json(self) -> None:
        """--json prints what the engine said."""
        self.will("GET", "/engine/scripts", 200, {"scripts": [RECORD]})
        self.assertEqual(
            json.loads(self.run_command("scripts", "list", "--json").output)["scripts"], [RECORD]
        )

    def test_get(self) -> None:
        """The source is printed byte for byte; the URI is one encoded segment."""
        self.will("GET", "/engine/scripts/a%2Fb%3Fc.js?version=2", 200, "é".encode())
        result = self.run_command("scripts", "get", "a/b?c.js", "--version", "2")
        self.assertEqual(result.stdout_bytes, "é".encode())
        self.assertEqual(self.seen[0].headers["accept"], "application/javascript")

    def test_get_into_a_file(self) -> None:
        """-o writes the source into a file."""
        file = Path(self.mktemp())
        self.will("GET", "/engine/scripts/hello.js", 200, b"source")
        self.assertEqual(self.run_command("scripts", "get", "hello.js", "-o", str(file)).exit_code, 0)
        self.assertEqual(file.read_bytes(), b"source")

    def test_delete(self) -> None:
        """Delete says so; a second one is refused."""
        self.will("DELETE", "/engine/scripts/hello.js", 204)
        self.will("DELETE", "/engine/scripts/hello.js", 204)
        self.will(
            "DELETE", "/engine/scripts/hello.js", *self.refusal(404, "NOT_FOUND", "no script 'hello.js'")
        )
        self.assertEqual(self.run_command("scripts", "delete", "hello.js").output, "hello.js: deleted\n")
        self.assertIn('"deleted": true', self.run_command("scripts", "delete", "--json", "hello.js").output)
        result = self.run_command("scripts", "delete", "hello.js")
        self.assertEqual(result.exit_code, 1)
        self.assertEqual(result.output, "Error: no script 'hello.js' (404 NOT_FOUND)\n")

    def test_versions(self) -> None:
        """Versions are listed with author, time and message."""
        row = {
            "version": 2,
            "created_at": "now",
            "author": "",
            "message": "why",
            "sha256": "a" * 64,
            "size": 5,
        }
        for _ in range(2):
            self.will("GET", "/engine/scripts/hello.js/versions", 200, {"versions": [row]})
        lines = self.run_command("scripts", "versions", "hello.js").output.splitlines()
        self.assertEqual(lines[1].split(), ["2", "now", "-", "5", "a" * 12, "why"])
        result = self.run_command("scripts", "versions", "hello.js", "--json")
        self.assertEqual(json.loads(result.output), {"versions": [row]})

    def test_req_js_007_rollback(self) -> None:
        """Rollback names the old and the new version."""
        for _ in range(2):
            self.will("POST", "/engine/scripts/hello.js/rollback", 200, {**RECORD, "version": 4})
        result = self.run_command("scripts", "rollback", "hello.js", "2")
        self.assertEqual(result.output, "hello.js: version 4 is version 2 again\n")
        self.assertEqual(json.loads(self.seen[0].body), {"version": 2})
        result = self.run_command("scripts", "rollback", "hello.js", "2", "--json")
        self.assertEqual(json.loads(result.output)["version"], 4)


CANARY = {
    "version": 4,
    "percent": 12.5,
    "requests": 40,
    "errors": 2,
    "error_rate": 5.0,
    "baseline_version": 3,
    "baseline_error_rate": 0.0,
    "started_at": "2026-01-01T00:00:00Z",
}


class CanaryTests(RemoteCase):
    """`aiwebengine scripts canary`."""

    target = "/engine/scripts/hello.js/canary"

    def test_shown(self) -> None:
        """Its share and how it does; as JSON without the source."""
        for _ in range(2):
            self.will("GET", self.target, 200, {"uri": "hello.js", **CANARY, "source": "x"})
        self.assertEqual(
            self.run_command("scripts", "canary", "hello.js").output,
            "hello.js: version 4 on trial with 12.5 % of the requests since 2026-01-01T00:00:00Z\n"
            "  so far 40 requests, 2 errors\n"
            "  failing now: 5 %, of version 3 0 %\n",
        )
        result = self.run_command("scripts", "canary", "hello.js", "--json")
        self.assertEqual(json.loads(result.output), {"uri": "hello.js", **CANARY})

    def test_ended(self) -> None:
        """Promoting and aborting say which version answers; the reason goes along."""
        self.will("POST", self.target, 200, {**RECORD, "version": 4})
        self.will("POST", self.target, 200, RECORD)
        result = self.run_command("scripts", "canary", "hello.js", "--promote", "-m", "it holds")
        self.assertEqual(result.output, "hello.js: version 4 answers all requests\n")
        result = self.run_command("scripts", "canary", "hello.js", "--abort")
        self.assertEqual(result.output, "hello.js: aborted; version 3 answers all requests\n")
        bodies = [json.loads(one.body) for one in self.seen]
        self.assertEqual(bodies, [{"action": "promote", "message": "it holds"}, {"action": "abort"}])

    def test_another_share(self) -> None:
        """--percent changes the share."""
        for _ in range(2):
            self.will("POST", self.target, 200, {**RECORD, "canary": {**CANARY, "percent": 50.0}})
        result = self.run_command("scripts", "canary", "hello.js", "--percent", "50")
        self.assertIn("version 4 on trial with 50 % of the requests", result.output)
        self.assertEqual(json.loads(self.seen[0].body), {"action": "percent", "percent": 50.0})
        result = self.run_command("scripts", "canary", "hello.js", "--percent", "50", "--json")
        self.assertEqual(json.loads(result.output)["canary"]["percent"], 50.0)

    def test_refused(self) -> None:
        """Without a canary, and with what cannot be meant."""
        self.will("GET", self.target, *self.refusal(404, "NOT_FOUND", "hello.js has no canary"))
        result = self.run_command("scripts", "canary", "hello.js")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("hello.js has no canary", result.stderr)
        self.assertIn("earlier ones: aiwebengine logs --kind canary --script hello.js", result.stderr)
        for arguments in (["--promote", "--abort"], ["--percent", "0"], ["--percent", "101"]):
            self.assertEqual(self.run_command("scripts", "canary", "hello.js", *arguments).exit_code, 2)
        self.assertEqual(len(self.seen), 1)

    def test_begun(self) -> None:
        """`deploy --canary` sends the share and says what became of it."""
        file = Path(self.mktemp())
        file.write_text("x")
        answer = {**RECORD, "canary": CANARY}
        self.will("PUT", "/engine/scripts/hello.js?canary=12.5", 200, answer)
        result = self.run_command("deploy", str(file), "--uri", "hello.js", "--canary", "12.5")
        self.assertEqual(result.output, "hello.js: version 4 on trial with 12.5 %, GET /hello\n")
        for other in ("--check", "--atomic", "--watch"):
            result = self.run_command("deploy", str(file), "--canary", "10", other)
            self.assertEqual(result.exit_code, 2)


class DeployTests(RemoteCase):
    """`aiwebengine deploy`."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp())
        (self.root / "sub").mkdir(parents=True)
        (self.root / "hello.js").write_text("register('/hello', h)")
        (self.root / "sub" / "b.js").write_text("b")

    def test_one_file(self) -> None:
        """A file is put under its name; its version and routes are said."""
        self.will("PUT", "/engine/scripts/hello.js?message=first", 201, RECORD)
        result = self.run_command("deploy", str(self.root / "hello.js"), "-m", "first")
        self.assertEqual(result.output, "hello.js: version 3, GET /hello\n")
        self.assertEqual(self.seen[0].body, b"register('/hello', h)")

    def test_req_dev_003_deploy_directory(self) -> None:
        """A directory stands for the .js files below it, by relative path."""
        self.will("PUT", "/engine/scripts/hello.js", 200, RECORD)
        self.will("PUT", "/engine/scripts/sub%2Fb.js", 200, {**RECORD, "uri": "sub/b.js", "routes": []})
        result = self.run_command("deploy", str(self.root))
        self.assertEqual(result.output, "hello.js: version 3, GET /hello\nsub/b.js: version 3, no routes\n")

    def test_base_and_uri(self) -> None:
        """--base and --uri choose the URI."""
        self.will("PUT", "/engine/scripts/sub%2Fb.js", 200, RECORD)
        self.will("PUT", "/engine/scripts/other", 200, RECORD)
        file = str(self.root / "sub" / "b.js")
        self.assertEqual(self.run_command("deploy", file, "--base", str(self.root)).exit_code, 0)
        self.assertEqual(self.run_command("deploy", file, "--uri", "other").exit_code, 0)

    def test_expected_version(self) -> None:
        """--expect is sent as If-Match; a stale one is refused."""
        stale = self.refusal(412, "PRECONDITION_FAILED", "version 2 was expected, the current one is 3")
        self.will("PUT", "/engine/scripts/hello.js", *stale)
        result = self.run_command("deploy", str(self.root / "hello.js"), "--expect", "2")
        self.assertEqual(result.exit_code, 1)
        self.assertEqual(self.seen[0].headers["if-match"], '"2"')
        self.assertIn("the current one is 3", result.output)

    def test_stale_version_in_the_words_of_the_option(self) -> None:
        """The refusal of --expect speaks of versions, not of a header that nobody wrote."""
        file = str(self.root / "hello.js")
        for current, said in ((3, "the current one is 3"), (0, "there is no such script")):
            stale = self.refusal(412, "PRECONDITION_FAILED", 'If-Match is "2", ...', current=current)
            self.will("PUT", "/engine/scripts/hello.js", *stale)
            result = self.run_command("deploy", file, "--expect", "2")
            self.assertIn(f"version 2 was expected, {said} (412 PRECONDITION_FAILED)", result.stderr)
            self.assertNotIn("If-Match", result.stderr)

    def test_req_dev_004_script_that_does_not_load(self) -> None:
        """The refusal names file, line and column; the other files are deployed; exit status 1."""
        bad = self.refusal(
            422, "SCRIPT_INVALID", "hello.js:3: SyntaxError: unexpected token", line=3, column=9
        )
        self.will("PUT", "/engine/scripts/hello.js", *bad)
        self.will("PUT", "/engine/scripts/sub%2Fb.js", 200, {**RECORD, "uri": "sub/b.js"})
        result = self.run_command("deploy", str(self.root))
        self.assertEqual(result.exit_code, 1)
        place = f"{self.root / 'hello.js'}:3:9"
        self.assertIn(f"{place}: SyntaxError: unexpected token (422 SCRIPT_INVALID)\n", result.stderr)
        self.assertIn("sub/b.js: version 3", result.stdout)
        self.assertIn("1 of 2 scripts refused", result.stderr)

    def test_as_json(self) -> None:
        """--json gives one list, refusals among it."""
        self.will("PUT", "/engine/scripts/hello.js", 200, RECORD)
        result = self.run_command("deploy", str(self.root), "--json")
        self.assertEqual(result.exit_code, 1)
        refused = {"uri": "sub/b.js", "file": str(self.root / "sub" / "b.js"), "ok": False, "code": ""}
        refused |= {"reason": "the engine answered 404", "line": None, "column": None}
        live = {**RECORD, "file": str(self.root / "hello.js"), "ok": True}
        self.assertEqual(json.loads(result.stdout), [live, refused])

    def test_check(self) -> None:
        """--check stores nothing and prints the remarks with their place."""
        remark = {"severity": "warning", "code": "DANGEROUS_EVAL", "message": "eval", "line": 2, "column": 4}
        answer = {"ok": True, "diagnostics": [remark], "routes": RECORD["routes"]}
        self.will("POST", "/engine/check?uri=hello.js", 200, answer)
        self.will("POST", "/engine/check?uri=sub%2Fb.js", 200, {"ok": False, "diagnostics": [], "routes": []})
        result = self.run_command("deploy", str(self.root), "--check")
        self.assertEqual(result.exit_code, 1)
        self.assertEqual(
            result.stdout,
            f"{self.root / 'hello.js'}:2:4: warning: eval (DANGEROUS_EVAL)\nhello.js: ok, GET /hello\n",
        )
        self.assertIn("sub/b.js: does not load", result.stderr)

    def test_all_or_none(self) -> None:
        """--atomic sends all files in one request."""
        records = [RECORD, {**RECORD, "uri": "sub/b.js", "version": 1, "routes": []}]
        for _ in range(2):
            self.will("POST", "/engine/batch", 200, {"scripts": records, "deleted": []})
        result = self.run_command("deploy", str(self.root), "--atomic")
        self.assertEqual(result.output, "hello.js: version 3, GET /hello\nsub/b.js: version 1, no routes\n")
        sources = {"hello.js": "register('/hello', h)", "sub/b.js": "b"}
        self.assertEqual(json.loads(self.seen[0].body), {"scripts": sources})
        result = self.run_command("deploy", str(self.root), "--atomic", "--json")
        self.assertEqual([one["version"] for one in json.loads(result.output)], [3, 1])

    def test_wrong_usage(self) -> None:
        """What cannot be meant is refused before anything is sent."""
        other = Path(self.mktemp())
        other.mkdir()
        for arguments, text in (
            ((str(self.root), "--uri", "x"), "are for one file"),
            ((str(other),), "holds no .js file"),
            ((str(self.root / "hello.js"), "--base", str(other)), "is not below"),
        ):
            result = self.run_command("deploy", *arguments)
            self.assertEqual(result.exit_code, 2, result.output)
            self.assertIn(text, result.output)
        (other / "hello.js").write_text("x")
        result = self.run_command("deploy", str(self.root / "hello.js"), str(other / "hello.js"))
        self.assertIn("would both be hello.js", result.output)
        (other / "hello.js").write_bytes(b"\xff")
        self.assertIn(
            "hello.js: cannot be read: 'utf-8' codec", self.run_command("deploy", str(other)).output
        )
        self.assertEqual(self.seen, [])


class LogsTests(RemoteCase):
    """`aiwebengine logs`."""

    def entry(self, seq: int, **more: Any) -> dict[str, Any]:
        entry = {"seq": seq, "timestamp": "2026-01-01T00:00:00Z", "level": "info", "script": "hello.js"}
        return {**entry, "request_id": "", "route": "GET /hello", "kind": "log", "message": f"m{seq}", **more}

    def stream(self, *entries: dict[str, Any]) -> bytes:
        return b": beat\n\n" + b"".join(
            f"id: {entry['seq']}\ndata: {json.dumps(entry)}\n\n".encode() for entry in entries
        )

    def test_latest(self) -> None:
        """Entries are lines of time, level, place and message; filters are handed on."""
        target = "/engine/logs?script=hello.js&level=info&kind=log&contains=a+b&limit=5"
        entries = [self.entry(1), self.entry(2, timestamp=0, script="", route="")]
        self.will("GET", target, 200, {"entries": entries, "next": 2})
        filters = ("--script", "hello.js", "--level", "info", "--kind", "log", "--contains", "a b", "-n", "5")
        result = self.run_command("logs", *filters)
        self.assertEqual(
            result.output,
            "2026-01-01T00:00:00Z INFO  [hello.js GET /hello] m1\n1970-01-01T00:00:00.000+00:00 INFO  m2\n",
        )

    def test_as_json(self) -> None:
        """--json gives an object per line."""
        self.will("GET", "/engine/logs?limit=100", 200, {"entries": [self.entry(1)], "next": 1})
        self.assertEqual(json.loads(self.run_command("logs", "--json").output), self.entry(1))

    def test_follow(self) -> None:
        """-f prints what comes after, connects anew from where it was, and ends when it is refused."""
        self.will("GET", "/engine/logs?limit=100", 200, {"entries": [self.entry(1)], "next": 1})
        self.will("GET", "/engine/logs/stream?after=1", 200, self.stream(self.entry(1), self.entry(2)))
        self.will("GET", "/engine/logs/stream?after=2", 200, self.stream(self.entry(3)))
        self.will("GET", "/engine/logs/stream?after=3", *self.refusal(401, "UNAUTHORIZED", "who?"))
        self.patch(__import__("time"), "sleep", lambda seconds: None)
        result = self.run_command("logs", "-f")
        self.assertEqual([line[-2:] for line in result.stdout.splitlines()], ["m1", "m2", "m3"])
        self.assertEqual(result.exit_code, 1)
        self.assertIn("who? (401 UNAUTHORIZED); give --api-key", result.stderr)
        self.assertEqual(self.seen[-1].headers["last-event-id"], "3")

    def test_follow_while_away(self) -> None:
        """Entries that have no number yet are printed; the number that comes later is gone on from."""
        late = f"data: {json.dumps(self.entry(0, message='late'))}\n\nid: 7\n\n".encode()
        self.will("GET", "/engine/logs?limit=100", 200, {"entries": [self.entry(1)], "next": 1})
        self.will("GET", "/engine/logs/stream?after=1", 200, late)
        self.will("GET", "/engine/logs/stream?after=7", *self.refusal(401, "UNAUTHORIZED", "who?"))
        self.patch(__import__("time"), "sleep", lambda seconds: None)
        result = self.run_command("logs", "-f")
        self.assertEqual([line.split()[-1] for line in result.stdout.splitlines()], ["m1", "late"])

    def test_interrupted(self) -> None:
        """Ctrl-C ends following without an error."""
        self.will("GET", "/engine/logs?limit=100", 200, {"entries": [], "next": 0})
        self.will("GET", "/engine/logs/stream?after=0", 200, self.stream())

        def interrupt(seconds: float) -> None:
            raise KeyboardInterrupt

        self.patch(__import__("time"), "sleep", interrupt)
        self.assertEqual(self.run_command("logs", "-f").exit_code, 0)

    def test_broken_answer(self) -> None:
        """A connection that breaks in an answer is no end of the following."""
        whole = self.stream(self.entry(1))
        self.answers["GET", "/engine/logs/stream?after=0"] = [(200, {"Content-Length": "5000"}, whole)]
        waits: list[float] = []

        def stop(seconds: float) -> None:
            waits.append(seconds)
            raise KeyboardInterrupt

        got = []
        with self.assertRaises(KeyboardInterrupt):
            for entry in follow(Management(self.url), {}, 0, stop):
                got.append(entry["seq"])
        self.assertEqual((got, waits), ([1], [1.0]))

    def test_unreachable(self) -> None:
        """Following gives up when the engine is away for long, waiting longer each time."""
        waits: list[float] = []
        with self.assertRaises(Refused):
            list(follow(Management("http://127.0.0.1:1"), {}, 0, waits.append))
        self.assertEqual(waits, [1.0, 2.0, 4.0, 8.0, 15.0])

    def test_events(self) -> None:
        """Events are read as specified: data lines joined, comments ignored, an id alone kept."""

        def lines() -> Iterator[str]:
            yield from (": comment", "id: 4", "event: x", "data: a", "data:b", "", "id: 5", "", "data: lost")

        self.assertEqual(list(events(lines())), [("4", "a\nb"), ("5", "")])


class RefusalTests(RemoteCase):
    """Whatever goes wrong is one readable line and exit status 1."""

    def says(self, text: str, *arguments: str, **variables: str) -> None:
        result = self.run_command(*(arguments or ("scripts", "list")), **variables)
        self.assertEqual(result.exit_code, 1, result.output)
        self.assertIn(text, result.output)
        self.assertEqual(result.output.count("\n"), 1, result.output)

    def test_no_engine(self) -> None:
        """An address nobody answers at."""
        self.says("http://127.0.0.1:1 does not answer", AIWEBENGINE_URL="http://127.0.0.1:1")

    def test_no_url(self) -> None:
        """An address that is none, or a file."""
        self.says("'file:///etc/passwd' is no http or https URL", AIWEBENGINE_URL="file:///etc/passwd")
        self.says("is no http or https URL", AIWEBENGINE_URL="127.0.0.1:8080")

    def test_no_key(self) -> None:
        """Without a key no Authorization is sent, and the refusal says how to give one."""
        self.will("GET", "/engine/scripts", *self.refusal(401, "UNAUTHORIZED", "who are you?"))
        self.says("who are you? (401 UNAUTHORIZED); give --api-key", AIWEBENGINE_API_KEY="")
        self.assertNotIn("authorization", self.seen[0].headers)

    def test_kept_key(self) -> None:
        """Without a key, the one an engine in development keeps in var/ is used, on this machine only."""
        Path("var").mkdir()
        self.addCleanup(shutil.rmtree, "var")
        Path("var", "api_key").write_text("kept\n")
        self.will("GET", "/engine/scripts", 200, {"scripts": []})
        self.assertEqual(self.run_command("scripts", "list", AIWEBENGINE_API_KEY="").exit_code, 0)
        self.assertEqual(self.seen[0].headers["authorization"], "Bearer kept")
        far = self.run_command(
            "scripts", "list", AIWEBENGINE_API_KEY="", AIWEBENGINE_URL="http://nowhere.invalid"
        )
        self.assertNotIn("unencrypted", far.output)

    def test_redirect(self) -> None:
        """A redirect is not followed: the key is not for others."""
        self.will("GET", "/engine/scripts", 308, b"", Location=f"{self.url}/elsewhere")
        self.says(f"308: the engine answers at {self.url}/elsewhere")
        self.assertEqual(len(self.seen), 1)

    def test_plain_text(self) -> None:
        """A refusal that is not ours is shown as it is."""
        self.will("GET", "/engine/scripts", 502, b"bad gateway")
        self.says("502: bad gateway")

    def test_not_json(self) -> None:
        """Something else answers at that address."""
        self.will("GET", "/engine/scripts", 200, b"<html>")
        self.says("does the URL belong to an aiwebengine?")

    def test_short_answer(self) -> None:
        """An answer that breaks off is no answer."""
        self.answers["GET", "/engine/scripts"] = [(200, {"Content-Length": "50"}, b"{}")]
        self.says("the answer broke off")

    def test_proxy_is_not_used_for_loopback(self) -> None:
        """Proxies of the environment do not stand before this machine."""
        self.will("GET", "/engine/scripts", 200, {"scripts": []})
        result = self.run_command("scripts", "list", http_proxy="http://127.0.0.1:1")
        self.assertEqual(result.exit_code, 0, result.output)

    def test_key_over_plain_http(self) -> None:
        """Sending the key unencrypted to another machine is warned of."""
        result = self.run_command("scripts", "list", AIWEBENGINE_URL="http://nowhere.invalid")
        self.assertIn("the API key goes to nowhere.invalid unencrypted", result.output)
