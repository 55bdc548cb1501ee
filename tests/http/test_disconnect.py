"""Clients that leave before their answer: their work is dropped (REQ-HTTP-004)."""

from __future__ import annotations

from typing import Any

from aiwebengine.testing.client import read_answers
from tests.http.support import EngineCase

SCRIPT = """
register("/quick", () => "quick");
register("/slow", async () => { await new Promise(r => setTimeout(r, 600000)); return "slow"; });
register("/busy", () => { const end = Date.now() + 2000; while (Date.now() < end); return "busy"; });
register("/pause", async () => { await new Promise(r => setTimeout(r, 3000)); return "paused"; });
"""


class DisconnectTests(EngineCase):
    """Nobody waits for these answers: the requests must not stay until their deadline, ten minutes away."""

    scripts = {"a.js": SCRIPT}
    settings = {
        "server.request_timeout_ms": 600_000,
        "javascript.execution_timeout_ms": 30_000,
        "javascript.workers": 1,
    }

    def figures(self) -> Any:
        return self.get("/health").json["checks"]["javascript"]

    def request(self, path: str, *, version: str = "1.1") -> bytes:
        return f"GET {path} HTTP/{version}\r\nHost: x\r\n\r\n".encode()

    def waiting(self) -> int:
        """Give how many wait for the sandbox, in the queue or in its pipe, besides the one it runs."""
        figures = self.figures()
        return int(figures["queued"] + figures["requests"] - figures["running"])

    def wait_until_idle(self) -> None:
        def idle() -> bool:
            figures = self.figures()
            return not (figures["requests"] or figures["queued"])

        self.engine.wait_for("an idle sandbox", idle)

    def test_first_request(self) -> None:
        connection = self.client.raw(self.request("/slow"))
        self.engine.wait_for("the request", lambda: self.figures()["requests"])
        connection.close()
        self.wait_until_idle()

    def test_second_request_of_a_connection(self) -> None:
        connection = self.client.raw(self.request("/quick"))
        connection.read_until(b"quick")
        connection.send(self.request("/slow"))
        self.engine.wait_for("the request", lambda: self.figures()["requests"])
        connection.close()
        self.wait_until_idle()

    def test_queued_requests(self) -> None:
        """Requests that wait for the only sandbox leave the queue when their clients leave."""
        first = self.client.raw(self.request("/busy"))
        self.engine.wait_for("the busy one", lambda: self.figures()["running"])
        # More than are waited for: a slow machine may answer some meanwhile.
        others = [self.client.raw(self.request("/busy")) for _ in range(30)]
        self.engine.wait_for("a queue", lambda: self.waiting() >= 20)
        for connection in others:
            connection.close()
        self.engine.wait_for("an empty queue", lambda: not self.waiting())
        self.assertTrue(first.read_until(b"busy"))
        first.close()
        self.wait_until_idle()

    def test_half_closed_clients_are_answered(self) -> None:
        """A client that only says that it sends no more gets its answer, however long it takes."""
        with self.client.raw(self.request("/pause")) as connection:
            connection.half_close()
            answers = read_answers(connection.read_all())
        self.assertEqual((answers[-1].status, answers[-1].text), (200, "paused"))
        self.assertTrue({answer.status for answer in answers[:-1]} <= {100})
