"""The gate pipeline: order, waiting, failing closed, observers."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IRequestGate, IRequestObserver
from tests.web.support import Server


@implementer(IRequestGate, IRequestObserver)
class Gate:
    def __init__(self, order: int, calls: list[str], verdict: Any = None) -> None:
        self.order = order
        self.calls = calls
        self.verdict = verdict

    def before(self, exchange: Any) -> Any:
        self.calls.append(f"before {self.order}")
        return self.verdict(exchange) if callable(self.verdict) else self.verdict

    def after(self, exchange: Any, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.calls.append(f"after {self.order} {status}")
        headers.append((b"X-Gate", b"%d" % self.order))

    def finished(self, exchange: Any) -> None:
        self.calls.append(f"finished {exchange.record.status} {exchange.record.outcome}")


def raising(error: Exception) -> Any:
    def verdict(exchange: Any) -> None:
        raise error

    return verdict


class GateTests(SynchronousTestCase):
    def serve(self, *verdicts: Any, reply: Any = None) -> tuple[Server, list[str]]:
        calls: list[str] = []
        gates = [Gate(number, calls, verdict) for number, verdict in enumerate(verdicts, 1)]
        settings = {} if reply is None else {"reply": reply}
        return Server(gates=list(reversed(gates)), observers=gates[:1], **settings), calls

    def test_order(self) -> None:
        server, calls = self.serve(None, None)
        self.assertEqual(server.get("/").answer.status, 200)
        self.assertEqual(
            calls, ["before 1", "before 2", "after 2 200", "after 1 200", "finished 200 answered"]
        )

    def test_refusal_stops_the_rest_and_is_amended(self) -> None:
        server, calls = self.serve(raising(HTTPProblem(403, "FORBIDDEN", "no")), None)
        answer = server.get("/").answer
        self.assertEqual((answer.status, answer.code, answer.headers["x-gate"]), (403, "FORBIDDEN", "1"))
        self.assertEqual(server.requests, [])
        self.assertNotIn("before 2", calls)

    def test_unexpected_error_fails_closed(self) -> None:
        server, _ = self.serve(raising(KeyError("x")))
        self.assertEqual(server.get("/").answer.status, 500)
        self.assertEqual(server.requests, [])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_gate_may_answer(self) -> None:
        def verdict(exchange: Any) -> bool:
            exchange.answer(302, [(b"Location", b"/y")], b"")
            return True

        server, _ = self.serve(verdict, None)
        self.assertEqual(server.get("/").answer.status, 302)
        self.assertEqual(server.requests, [])

    def test_senseless_verdict_fails_closed(self) -> None:
        for verdict in (False, "yes"):
            server, _ = self.serve(verdict)
            self.assertEqual(server.get("/").answer.status, 500)
            self.assertEqual(server.requests, [])
            self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    def test_waiting(self) -> None:
        first: Deferred[None] = Deferred()
        second: Deferred[None] = Deferred()
        server, calls = self.serve(lambda exchange: first, lambda exchange: second, None)
        wire = server.get("/")
        self.assertEqual(calls, ["before 1"])
        first.callback(None)
        self.assertEqual(calls, ["before 1", "before 2"])
        second.callback(None)
        self.assertEqual(wire.answer.status, 200)

    def test_waiting_and_refusing(self) -> None:
        for error, status in ((HTTPProblem(401, "UNAUTHORIZED", "no"), 401), (KeyError("x"), 500)):
            waiting: Deferred[None] = Deferred()
            server, _ = self.serve(lambda exchange, w=waiting: w, None)
            wire = server.get("/")
            waiting.errback(error)
            self.assertEqual(wire.answer.status, status)
            self.assertEqual(server.requests, [])
        self.flushLoggedErrors(KeyError)

    def test_waiting_and_answering(self) -> None:
        async def verdict(exchange: Any) -> bool:
            exchange.answer(204, [], b"")
            return True

        server, _ = self.serve(verdict, None)
        self.assertEqual(server.get("/").answer.status, 204)
        self.assertEqual(server.requests, [])

    def test_waiting_and_failing_application(self) -> None:
        async def verdict(exchange: Any) -> None:
            return None

        server, _ = self.serve(verdict, reply=lambda request: 1 / 0)
        self.assertEqual(server.get("/").answer.status, 500)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_client_gone_while_waiting(self) -> None:
        waiting: Deferred[None] = Deferred()
        server, calls = self.serve(lambda exchange: waiting, None)
        server.get("/").hang_up()
        waiting.callback(None)
        self.assertEqual(server.requests, [])
        self.assertEqual(calls, ["before 1", "finished 0 disconnected"])

    def test_after_runs_on_early_refusals(self) -> None:
        server, calls = self.serve(None)
        self.assertEqual(server.send(b"BAD\r\n\r\n").answer.headers["x-gate"], "1")
        self.assertEqual(calls, ["after 1 400", "finished 400 answered"])

    def test_failing_after_is_500(self) -> None:
        calls: list[str] = []
        gate = Gate(1, calls)
        gate.after = raising  # type: ignore[assignment,method-assign]
        server = Server(gates=[gate, Gate(2, calls)])
        answer = server.get("/").answer
        self.assertEqual((answer.status, answer.code), (500, "INTERNAL_ERROR"))
        self.assertIn("after 2 200", calls)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    def test_failing_observer_harms_nobody(self) -> None:
        calls: list[str] = []
        broken, fine = Gate(1, calls), Gate(2, calls)
        broken.finished = lambda exchange: 1 / 0  # type: ignore[assignment,method-assign,return-value]
        server = Server(observers=[broken, fine])
        self.assertEqual(server.get("/").answer.status, 200)
        self.assertEqual(calls, ["finished 200 answered"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
