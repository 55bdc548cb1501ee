"""A database's work, done by workers so that the reactor thread never waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.repository.link import Database
from aiwebengine.repository.worker import Worker

__all__ = ["WorkerCalls"]

T = TypeVar("T")

_CLOSING_S = 2.0


class WorkerCalls:
    """
    See `Calls`. Changes run in ``writer``, the rest in ``readers`` (which may be the same).

    When ``most_waiting`` calls are under way or waiting, more are refused with `RepositoryUnavailable`.
    """

    def __init__(
        self, database: Database, writer: Worker, readers: Worker, most_waiting: int = 10_000
    ) -> None:
        self._database = database
        self._writer = writer
        self._readers = readers
        self._most_waiting = most_waiting
        self._waiting = 0
        self._closed = False

    async def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, which only reads."""
        return await self._run(self._readers, self._database.read, work, arguments)

    async def write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, done in one transaction; durable when this returns."""
        return await self._run(self._writer, self._database.write, work, arguments)

    async def close(self) -> None:
        """Finish what is under way, unless the server is silent, close the database and end the threads."""
        if self._closed:
            return
        self._closed = True
        self._database.hurry(_CLOSING_S)
        if self._readers is not self._writer:
            self._readers.stop()
        await self._writer.run(self._database.close)
        self._writer.stop()

    async def _run(
        self, worker: Worker, do: Callable[..., T], work: Callable[..., T], arguments: tuple[Any, ...]
    ) -> T:
        if self._closed:
            raise RepositoryUnusable(self._database.url, "it has been closed")
        if self._waiting >= self._most_waiting:
            raise RepositoryUnavailable(self._database.url, f"{self._waiting} calls are waiting already")
        self._waiting += 1
        try:
            return await worker.run(do, work, *arguments)
        finally:
            self._waiting -= 1
