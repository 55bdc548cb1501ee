"""Who answers what no script does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IFallback

__all__ = ["Fallbacks"]


class Fallbacks:
    """Asks one `IFallback` after the other; the first that takes a request answers it."""

    def __init__(self, fallbacks: Sequence[IFallback] = ()) -> None:
        self._answers = tuple(one.answer for one in fallbacks)

    def answer(self, request: Any, otherwise: HTTPProblem) -> None:
        """Have a request answered now or later; refuse it with ``otherwise`` when nobody takes it."""
        for position, answer in enumerate(self._answers, 1):
            taken = answer(request)
            if taken is True:
                return
            if taken is not None and taken is not False:
                Deferred.fromCoroutine(self._wait(request, otherwise, taken, position))
                return
        raise otherwise

    async def _wait(self, request: Any, otherwise: HTTPProblem, taken: Any, position: int) -> None:
        try:
            if await taken:
                return
            for answer in self._answers[position:]:
                if request.disconnected:
                    return
                found = answer(request)
                if found is True or (found is not None and found is not False and await found):
                    return
            raise otherwise
        except Exception as error:
            request.refuse(error)
