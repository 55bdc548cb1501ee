"""Finding out that another process changed scripts."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.link import Calls
from aiwebengine.repository.stores.scripts import scripts_revision

__all__ = ["Changes", "NotifiedChanges", "PolledChanges", "Watchers"]


class Changes(Protocol):
    """A source of news."""

    def start(self, deliver: Callable[[], None]) -> None:
        """Call ``deliver()`` on the reactor thread from now on when scripts may have changed."""

    def stop(self) -> None:
        """Stop; blocks until it has."""


class PolledChanges:
    """Looks at the revision each ``interval_s``; ``told`` gives how often this process raised it."""

    def __init__(self, clock: Any, calls: Calls, told: Callable[[], int], interval_s: float = 1.0) -> None:
        self._calls = calls
        self._told = told
        self._interval_s = interval_s
        self._foreign: int | None = None
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock
        self._deliver: Callable[[], None] = lambda: None

    def start(self, deliver: Callable[[], None]) -> None:
        """Look, now and then."""
        self._deliver = deliver
        self._loop.start(self._interval_s)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._compare())

    async def _compare(self) -> None:
        try:
            foreign = await self._calls.read(scripts_revision) - self._told()
        except RepositoryUnusable:
            return  # whoever needs the repository says so
        known, self._foreign = self._foreign, foreign
        if known is not None and known != foreign:
            self._deliver()


class NotifiedChanges:
    """
    A thread with a connection that listens to PostgreSQL; after a break it connects anew.

    ``database`` is a `aiwebengine.repository.postgresql.PostgreSQLDatabase`.
    """

    _log = Logger()

    def __init__(self, reactor: Any, database: Any, retry_s: float = 1.0) -> None:
        self._reactor = reactor
        self._database = database
        self._retry_s = retry_s
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self, deliver: Callable[[], None]) -> None:
        """Begin to listen."""
        self._stopped.clear()
        self._thread = Thread(target=self._run, args=(deliver,), name="repository-listen", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, within a second."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(10.0)
            self._thread = None

    def _run(self, deliver: Callable[[], None]) -> None:
        import psycopg

        missed = False
        while not self._stopped.is_set():
            try:
                self._listen(deliver, missed)
            except psycopg.Error:
                missed = True
                self._stopped.wait(self._retry_s)
            except Exception:
                missed = True
                self._log.failure("listening for changes of scripts failed")
                self._stopped.wait(self._retry_s)

    def _listen(self, deliver: Callable[[], None], missed: bool) -> None:
        from aiwebengine.repository.postgresql_link import CHANNEL

        with self._database.connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            if missed:
                self._reactor.callFromThread(deliver)
            while not self._stopped.is_set():
                for notice in connection.notifies(timeout=0.5):
                    if notice.payload != self._database.origin:
                        self._reactor.callFromThread(deliver)
                    if self._stopped.is_set():
                        return


class Watchers:
    """Who wants to know; news that come close together are told once."""

    _log = Logger()

    def __init__(self, clock: Any, changes: Changes, delay_s: float = 0.05) -> None:
        self._clock = clock
        self._changes = changes
        self._delay_s = delay_s
        self._listeners: list[Callable[[], None]] = []
        self._due: Any = None
        self._started = False

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener()`` at news until the returned function is called."""
        self._listeners.append(listener)
        if not self._started:
            self._started = True
            self._changes.start(self.deliver)

        def cancel() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return cancel

    def deliver(self) -> None:
        """Take note of news; on the reactor thread."""
        if self._due is None:
            self._due = self._clock.callLater(self._delay_s, self._tell)

    def stop(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()
        if self._started:
            self._started = False
            self._changes.stop()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _tell(self) -> None:
        self._due = None
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:
                self._log.failure("a listener to changes of the repository failed")
