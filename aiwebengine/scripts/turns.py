"""Taking turns: one at a time per key, and work that goes on when whoever waits for it goes away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger
from twisted.python.failure import Failure

from aiwebengine.errors import AIWebEngineError

__all__ = ["Turns", "shielded"]

T = TypeVar("T")
_log = Logger()


class Turns:
    """Locks by key; a key that nobody holds or awaits costs nothing."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[DeferredLock, int]] = {}

    @asynccontextmanager
    async def of(self, keys: Iterable[str]) -> AsyncIterator[None]:
        """Hold the turn of every key; waits first come, first served."""
        held: list[str] = []
        # In one order for all, or two batches could wait for each other.
        try:
            for key in sorted(set(keys)):
                lock, users = self._locks.get(key) or (DeferredLock(), 0)
                self._locks[key] = (lock, users + 1)
                try:
                    await lock.acquire()
                except BaseException:
                    self._leave(key)
                    raise
                held.append(key)
            yield
        finally:
            for key in reversed(held):
                self._locks[key][0].release()
                self._leave(key)

    def _leave(self, key: str) -> None:
        lock, users = self._locks[key]
        if users == 1:
            del self._locks[key]
        else:
            self._locks[key] = (lock, users - 1)


def shielded(coroutine: Coroutine[Any, Any, T]) -> Deferred[T]:
    """
    Run a coroutine to its end: cancelling the Deferred given back leaves the coroutine running.

    A client that disconnects cancels what it asked for; a half-made change must still be finished.
    """
    waiting: Deferred[T] = Deferred(lambda _: None)

    def settle(result: Any) -> None:
        if not waiting.called:
            waiting.callback(result)
        elif isinstance(result, Failure) and not isinstance(result.value, AIWebEngineError):
            _log.failure("work that nobody waits for any more failed", failure=result)

    Deferred.fromCoroutine(coroutine).addBoth(settle)
    return waiting
