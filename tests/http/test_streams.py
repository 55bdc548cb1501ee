# ruff: noqa: E501 - scripts read best unbroken
"""Streamed answers: back-pressure, failures, clients that leave (REQ-HTTP-003)."""

from __future__ import annotations

from aiwebengine.testing.client import RawConnection, read_answers
from tests.http.support import EngineCase

SCRIPT = """
register("/three", async function* () { yield "a"; yield new Uint8Array([255]); yield "c"; });
register("/sync", function* () { yield "x"; yield "y"; });
register("/typed", () => ({ status: 201, contentType: "text/csv", headers: { "X-S": "1" }, stream: rows() }));
async function* rows() { for (let i = 0; i < 3; i++) { await new Promise(r => setTimeout(r, 1)); yield i + "\\n"; } }
register("/readable", () => new Response(new ReadableStream({
  async pull(controller) { controller.enqueue("part "); this.n = (this.n || 0) + 1; if (this.n === 3) controller.close(); },
})));
register("/empty", async function* () {});
register("/declared", () => ({ headers: { "Content-Length": "4" }, body: (async function* () { yield "ab"; yield "cd"; })() }));
register("/endless", async function* () {
  const piece = "x".repeat(65536);
  try { for (let i = 1; ; i++) { console.log("piece " + i); yield piece; } }
  finally { console.log("closed"); }
});
register("/throws", async function* () { yield "begin"; throw new Error("in the middle"); });
register("/throws-at-once", async function* () { throw new Error("at once"); });
register("/loops", async function* () { yield "begin"; await new Promise(r => setTimeout(r, 50)); for (;;); });
register("/stalls", async function* () { yield "begin"; await new Promise(() => {}); });
register("/wrong", async function* () { yield "begin"; yield { not: "bytes" }; });
register("/events", async function* () {
  for (let i = 0; i < 3; i++) { yield `data: ${i}\\n\\n`; await new Promise(r => setTimeout(r, 10)); }
});
"""


class StreamCase(EngineCase):
    """Ask for streams that end badly."""

    scripts = {"streams.js": SCRIPT}

    def request_id(self, name: str) -> str:
        return f"{name}-{self.id().rpartition('.')[2][:40]}"

    def assert_cut(self, path: str, reason: str) -> None:
        name = self.request_id(path[1:])
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: {name}\r\n\r\n"
        with self.client.raw(head.encode()) as connection:
            data = connection.read_all()
        self.assertTrue(data.startswith(b"HTTP/1.1 200 "))
        self.assertIn(b"begin", data)
        # Not whole, so that no client takes it for the answer.
        self.assertRaises(ValueError, read_answers, data)
        self.assertIn(reason, self.logged(name)[-1]["message"])


class StreamTests(StreamCase):
    """Streams over HTTP."""

    settings = {"javascript.execution_timeout_ms": 300}

    def test_req_http_003_streams(self) -> None:
        for path, body in (
            ("/three", b"a\xffc"),
            ("/sync", b"xy"),
            ("/typed", b"0\n1\n2\n"),
            ("/readable", b"part part part "),
            ("/empty", b""),
            ("/events", b"data: 0\n\ndata: 1\n\ndata: 2\n\n"),
        ):
            with self.client.keep_alive() as connection:
                for _ in range(2):
                    answer = self.client.request("GET", path, on=connection)
                    self.assertEqual(
                        (answer.body, answer.header("transfer-encoding")), (body, "chunked"), path
                    )
        answer = self.get("/typed")
        self.assertEqual(
            (answer.status, answer.header("content-type"), answer.header("x-s")), (201, "text/csv", "1")
        )

    def test_declared_length(self) -> None:
        answer = self.get("/declared")
        self.assertEqual((answer.body, answer.header("content-length")), (b"abcd", "4"))

    def test_pieces_come_as_they_are_made(self) -> None:
        """The first piece of a stream that stalls is there before its end."""
        with self.client.raw(b"GET /stalls HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
            self.assertIn(b"begin", connection.read_until(b"begin"))

    def pieces(self, request_id: str) -> int:
        """Give how many pieces a script has made for a request."""
        messages = [entry["message"] for entry in self.logged(request_id)]
        return sum(message.startswith("piece ") for message in messages)

    def start_endless(self, request_id: str) -> RawConnection:
        head = f"GET /endless HTTP/1.1\r\nHost: x\r\nX-Request-Id: {request_id}\r\n\r\n"
        connection = self.client.raw(head.encode(), receive_buffer=65536)
        self.addCleanup(connection.close)
        return connection

    def test_req_http_003_slow_reader_holds_the_script(self) -> None:
        """A client that does not read stops the script, and costs the server no memory to speak of."""
        name = self.request_id("slow")
        connection = self.start_endless(name)
        made = -1
        while made != (now := self.pieces(name)) or not now:
            made = now
            # Other requests pass the time: enough of them for an unheld script to have run on.
            for _ in range(50):
                self.assertEqual(self.get("/sync").status, 200)
        self.assertLess(made, 400)
        for _ in range(200):
            self.get("/sync")
        # The system may move a little more from one of its buffers to the next.
        self.assertLess(self.pieces(name), made + 20)
        # It goes on once the client reads.
        read = 0
        while read < made * 65536:
            piece = connection.read()
            self.assertTrue(piece, self.logged(name)[-1])
            read += len(piece)
        self.engine.wait_for("further pieces", lambda: self.pieces(name) > made)

    def test_client_that_leaves_ends_the_stream(self) -> None:
        name = self.request_id("gone")
        connection = self.start_endless(name)
        self.engine.wait_for("the first piece", lambda: self.pieces(name))
        connection.close()
        self.engine.wait_for("finally", lambda: self.logged(name)[-1]["message"] == "closed")

    def test_req_http_003_failure_cuts_the_connection(self) -> None:
        self.assert_cut("/throws", "in the middle")
        self.assert_cut("/wrong", "")

    def test_req_js_003_loop_in_a_stream(self) -> None:
        self.assert_cut("/loops", "300 ms of CPU")

    def test_failure_before_the_first_piece(self) -> None:
        """Either the head was sent and the connection cut, or the answer is a 500: never a whole 200."""
        with self.client.raw(
            b"GET /throws-at-once HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ) as connection:
            data = connection.read_all()
        try:
            (answer,) = read_answers(data)
        except ValueError:
            return
        self.assertEqual(answer.status, 500)


class StalledTests(StreamCase):
    """The time between two pieces has a limit too."""

    settings = {"server.request_timeout_ms": 1500}

    def test_req_http_004_stalled_stream(self) -> None:
        self.assert_cut("/stalls", "1500 ms")
