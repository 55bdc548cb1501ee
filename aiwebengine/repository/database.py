"""The repository in a database: every store, health and news."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from zope.interface import implementer

from aiwebengine.interfaces import IHealthCheck, IRepository
from aiwebengine.repository.calls import WorkerCalls
from aiwebengine.repository.changes import Watchers
from aiwebengine.repository.link import Database
from aiwebengine.repository.stores.assets import DatabaseAssets
from aiwebengine.repository.stores.key_values import DatabaseKeyValues
from aiwebengine.repository.stores.logs import DatabaseLogs
from aiwebengine.repository.stores.scripts import DatabaseScripts, count_scripts
from aiwebengine.repository.stores.settings import DatabaseSettings
from aiwebengine.repository.stores.users import DatabaseUsers

__all__ = ["DatabaseRepository"]


@implementer(IRepository, IHealthCheck)
class DatabaseRepository(DatabaseScripts):
    """
    Scripts, and by its attributes all else, in a database.

    ``watchers`` makes the source of news, None for a database where there are none; ``now`` gives seconds
    since the epoch, ``timer`` seconds for measuring. Every method may raise `RepositoryUnusable` or
    `RepositoryUnavailable`.
    """

    name = "repository"

    def __init__(
        self,
        database: Database,
        calls: WorkerCalls,
        *,
        watchers: Watchers | None = None,
        shared: bool = False,
        now: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(calls, now)
        self._watchers = watchers
        self.assets = DatabaseAssets(calls, now)
        self.users = DatabaseUsers(calls, now)
        self.key_values = DatabaseKeyValues(calls, now)
        self.settings = DatabaseSettings(calls, now)
        self.logs = DatabaseLogs(calls, self._watching("logs"))
        self.shared = shared
        self._database = database
        self._worker_calls = calls
        self._timer = timer

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener()`` when another process may have changed scripts, until the returned is called."""
        return self._watching("scripts")(listener)

    def _watching(self, topic: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
        watchers = self._watchers
        return lambda listener: watchers.watch(listener, topic) if watchers is not None else lambda: None

    async def check(self) -> Mapping[str, object]:
        """Read from the database; an error raised means unhealthy."""
        began = self._timer()
        count = await self._calls.read(count_scripts)
        return {
            "status": "healthy",
            "backend": self._database.backend,
            "scripts": count,
            "latency_ms": round((self._timer() - began) * 1000, 3),
            **self._database.facts(),
        }

    async def close(self) -> None:
        """Close the database and end the threads; no method may be called afterwards."""
        if self._watchers is not None:
            self._watchers.stop()
        await self._worker_calls.close()
