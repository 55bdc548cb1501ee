"""The gates that every request passes on its way in and every answer on its way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from aiwebengine.interfaces import IExchange, IRequestGate, IRequestObserver

__all__ = ["Gates"]

_log = Logger()


class Gates:
    """
    A pipeline of `IRequestGate` and `IRequestObserver` providers.

    Gates run in ascending ``order`` before (equal ones as given) and the other way round after. The path on
    which every ``before`` returns None costs one call per gate.
    """

    def __init__(
        self, gates: Sequence[IRequestGate] = (), observers: Sequence[IRequestObserver] = ()
    ) -> None:
        ordered = sorted(gates, key=lambda gate: gate.order)
        self._before = tuple(gate.before for gate in ordered)
        self._after = tuple(gate.after for gate in reversed(ordered))
        self._finished = tuple(observer.finished for observer in observers)

    def before(self, exchange: Any, proceed: Callable[[Any], None]) -> None:
        """
        Call ``proceed(exchange)`` once every gate has let it pass; at once when none of them needs to wait.

        A gate that raises has the exchange refused (by the error table, so an unexpected error is a 500:
        fail closed); one that gives True has answered by itself.
        """
        position = 0
        try:
            for before in self._before:
                position += 1
                verdict = before(exchange)
                if verdict is None:
                    continue
                if verdict is not True:
                    Deferred.fromCoroutine(self._wait(exchange, proceed, verdict, position))
                return
        except Exception as error:
            exchange.refuse(error)
            return
        proceed(exchange)

    async def _wait(
        self, exchange: Any, proceed: Callable[[Any], None], verdict: Awaitable[Any], position: int
    ) -> None:
        try:
            passed: Any = await _checked(verdict)
            for before in self._before[position:]:
                if passed is not None or exchange.disconnected:
                    break
                passed = before(exchange)
                if passed is not None and passed is not True:
                    passed = await _checked(passed)
            if passed is None and not exchange.disconnected:
                proceed(exchange)
        except Exception as error:
            exchange.refuse(error)

    def after(self, exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> bool:
        """Have all gates amend the headers; False when one failed, which is logged (the others still ran)."""
        good = True
        for after in self._after:
            try:
                after(exchange, status, headers)
            except Exception:
                good = False
                _log.failure(
                    "a gate failed on the answer to request {request_id}", request_id=exchange.request_id
                )
        return good

    def finished(self, exchange: IExchange) -> None:
        """Tell the observers that an exchange has ended; what they raise is logged."""
        for finished in self._finished:
            try:
                finished(exchange)
            except Exception:
                _log.failure("an observer of request {request_id} failed", request_id=exchange.request_id)


def _checked(verdict: Any) -> Awaitable[Any]:
    if not isinstance(verdict, Awaitable):
        raise TypeError(f"a gate gave {verdict!r} instead of None, True or an awaitable")
    return verdict
