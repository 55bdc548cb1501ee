"""Removing keys that have expired, once a minute."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService
from aiwebengine.repository.errors import RepositoryUnavailable

__all__ = ["KeyPruner"]


@implementer(IEngineService)
class KeyPruner:
    """Has ``repository.key_values`` remove what has expired, every ``every_s`` seconds of ``clock``."""

    _log = Logger()

    def __init__(self, clock: Any, repository: Any, *, every_s: float = 60.0) -> None:
        self._repository = repository
        self._every_s = every_s
        self._loop = LoopingCall(self._prune)
        self._loop.clock = clock

    async def start(self) -> None:
        """Begin, the first time a whole interval from now."""
        self._loop.start(self._every_s, now=False)

    async def stop(self) -> None:
        """End; the repository finishes what is under way when it is closed."""
        if self._loop.running:
            self._loop.stop()

    async def _prune(self) -> None:
        try:
            removed = await self._repository.key_values.prune()
        except RepositoryUnavailable as error:
            self._log.warn("expired keys were not removed: {error}", error=error)
        except Exception:
            # A loop that ends in an error does not go on; and at a stop the repository may be closed.
            if self._loop.running:
                self._log.failure("expired keys were not removed")
        else:
            if removed:
                self._log.debug("removed {removed} expired keys", removed=removed)
