"""Tests for aiwebengine.web.fallbacks."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from aiwebengine.errors import HTTPProblem
from aiwebengine.web.fallbacks import Fallbacks
from aiwebengine.web.refusals import not_found


class Request:
    """Keeps what it was refused with."""

    disconnected = False

    def __init__(self) -> None:
        self.refused: list[BaseException] = []

    def refuse(self, problem: BaseException) -> None:
        self.refused.append(problem)


class Fallback:
    """Gives what it is told to, and counts."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict
        self.asked = 0

    def answer(self, exchange: Any) -> Any:
        self.asked += 1
        return self.verdict


class FallbackTests(SynchronousTestCase):
    """One after the other is asked."""

    otherwise = not_found("/x")

    def ask(self, *verdicts: Any) -> tuple[Request, list[int]]:
        request, fallbacks = Request(), [Fallback(verdict) for verdict in verdicts]
        try:
            Fallbacks(fallbacks).answer(request, self.otherwise)  # type: ignore[arg-type]
        except HTTPProblem as problem:
            request.refuse(problem)
        return request, [one.asked for one in fallbacks]

    def test_first_that_takes_it(self) -> None:
        """The first that takes the request ends it, at once or later."""
        for verdicts in ((False, True, True), (None, succeed(True), True), (succeed(False), True, True)):
            request, asked = self.ask(*verdicts)
            self.assertEqual((request.refused, asked), ([], [1, 1, 0]))
        request, asked = self.ask(succeed(False), succeed(True), True)
        self.assertEqual((request.refused, asked), ([], [1, 1, 0]))

    def test_nobody(self) -> None:
        """When nobody takes it, it is refused as it would have been."""
        for verdicts in ((), (False, None), (succeed(False), succeed(False), None)):
            request, _ = self.ask(*verdicts)
            self.assertEqual(request.refused, [self.otherwise])

    def test_fault(self) -> None:
        """An error of one refuses the request."""
        waiting: Deferred[bool] = Deferred()
        request, asked = self.ask(waiting, True)
        waiting.errback(ValueError("odd"))
        self.assertIsInstance(request.refused[0], ValueError)
        self.assertEqual(asked, [1, 0])

    def test_left(self) -> None:
        """Nobody more is asked once the client has left."""
        waiting: Deferred[bool] = Deferred()
        request, last = Request(), Fallback(True)
        Fallbacks([Fallback(waiting), last]).answer(request, self.otherwise)  # type: ignore[list-item]
        request.disconnected = True
        waiting.callback(False)
        self.assertEqual((request.refused, last.asked), ([], 0))
