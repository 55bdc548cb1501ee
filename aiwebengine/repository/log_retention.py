"""Old entries of the script log are removed now and then."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.errors import RepositoryUnusable

__all__ = ["LogRetention"]

_DAY_MS = 86_400_000
_EACH_S = 3600.0


class LogRetention:
    """
    Removes entries older than ``days`` (0: no limit) and all but the newest ``rows``, at once and each hour.

    ``clock`` is the reactor; its seconds are those since the epoch.
    """

    _log = Logger()

    def __init__(
        self, repository: ILogRepository, clock: Any, *, days: int = 14, rows: int = 1_000_000
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._days = days
        self._rows = rows
        self._loop = LoopingCall(self._prune)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin."""
        self._loop.start(_EACH_S).addErrback(
            lambda failure: self._log.failure("removing old log entries ended", failure)
        )

    def stop(self) -> None:
        """End."""
        if self._loop.running:
            self._loop.stop()

    def _prune(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._remove())

    async def _remove(self) -> None:
        before = self._clock.seconds() * 1000 - self._days * _DAY_MS if self._days else 0.0
        try:
            while await self._repository.prune(before, self._rows):
                pass
        except RepositoryUnusable as error:
            self._log.warn("old log entries were not removed: {reason}", reason=str(error))
        except Exception:
            # A loop that ends in an error does not go on, and the log would grow for ever.
            self._log.failure("old log entries were not removed")
