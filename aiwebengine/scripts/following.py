"""Following a repository that other engines write to: what they change goes live here too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService

__all__ = ["RepositoryFollower"]


@implementer(IEngineService)
class RepositoryFollower:
    """
    Has the registry read again when the repository says that something changed.

    A repository says so by ``watch(listener)``, which gives a function that ends it; or it has a cheap
    ``async def revision()`` which is asked every ``poll_s`` seconds. One with neither (in memory) has no
    other writer. What the registry could not read or load for a reason that passes is tried again each
    ``poll_s`` seconds.
    """

    def __init__(self, clock: Any, repository: Any, registry: Any, *, poll_s: float = 1.0) -> None:
        self._repository = repository
        self._registry = registry
        self._poll_s = poll_s
        self._stop_watching: Callable[[], None] | None = None
        self._revision: object = None
        self._loop = LoopingCall(self._look)
        self._retries = LoopingCall(self._retry)
        self._loop.clock = self._retries.clock = clock
        self._log = Logger()

    async def start(self) -> None:
        """Begin to follow."""
        if hasattr(self._repository, "watch"):
            self._stop_watching = self._repository.watch(self._registry.refresh_soon)
        elif hasattr(self._repository, "revision"):
            self._revision = await self._repository.revision()
            self._loop.start(self._poll_s, now=False)
        else:
            return
        self._retries.start(self._poll_s, now=False)

    async def stop(self) -> None:
        """Follow no longer."""
        if self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None
        for loop in (self._loop, self._retries):
            if loop.running:
                loop.stop()

    def _retry(self) -> None:
        if self._registry.behind:
            self._registry.refresh_soon()

    async def _look(self) -> None:
        try:
            revision = await self._repository.revision()
        except Exception:
            # The next look may succeed: a database may be away for a while.
            self._log.failure("the repository did not say whether it changed")
            return
        if revision != self._revision:
            self._revision = revision
            self._registry.refresh_soon()
