"""Finding out that another process changed scripts or logged something."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from aiwebengine.repository.errors import RepositoryUnusable
from aiwebengine.repository.link import TOPICS, Calls, Link
from aiwebengine.repository.stores.logs import logs_revision
from aiwebengine.repository.stores.scripts import scripts_revision

__all__ = ["Changes", "NotifiedChanges", "PolledChanges", "Watchers"]

_LOOK_S = 0.5


class Changes(Protocol):
    """A source of news."""

    def start(self, deliver: Callable[[str], None]) -> None:
        """Call ``deliver(topic)`` (of `TOPICS`) on the reactor thread from now on when there may be news."""

    def stop(self) -> None:
        """Stop; blocks until it has."""


class PolledChanges:
    """Looks at the revisions each ``interval_s``; ``told`` gives how often this process changed scripts."""

    _log = Logger()

    def __init__(self, clock: Any, calls: Calls, told: Callable[[], int], interval_s: float = 1.0) -> None:
        self._calls = calls
        self._told = told
        self._interval_s = interval_s
        self._known: tuple[int, int] | None = None
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock
        self._deliver: Callable[[str], None] = lambda topic: None

    def start(self, deliver: Callable[[str], None]) -> None:
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
            scripts, logs = await self._calls.read(_revisions)
        except RepositoryUnusable:
            return  # whoever needs the repository says so
        except Exception:
            # A loop that ends in an error does not go on, and nothing would be heard of others any more.
            self._log.failure("looking for changes of the repository failed")
            return
        known, self._known = self._known, (scripts - self._told(), logs)
        if known is not None:
            for topic, before, now in zip(TOPICS, known, self._known, strict=True):
                if before != now:
                    self._deliver(topic)


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

    def start(self, deliver: Callable[[str], None]) -> None:
        """Begin to listen."""
        self._stopped.clear()
        self._thread = Thread(target=self._run, args=(deliver,), name="repository-listen", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; one that is waiting for a silent server ends when it gives up."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None

    def _run(self, deliver: Callable[[str], None]) -> None:
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

    def _listen(self, deliver: Callable[[str], None], missed: bool) -> None:
        from aiwebengine.repository.postgresql_link import CHANNELS

        topics = {channel: topic for topic, channel in CHANNELS.items()}
        with self._database.connect() as connection:
            for channel in topics:
                connection.execute(f"LISTEN {channel}")
            if missed:
                self._tell_all(deliver)
            while not self._stopped.is_set():
                for notice in connection.notifies(timeout=_LOOK_S):
                    if notice.payload != self._database.origin:
                        self._tell(deliver, topics[notice.channel])
                    if self._stopped.is_set():
                        return
                if self._database.take_doubt():
                    # One of our own changes may have been saved without our knowing.
                    self._tell_all(deliver)

    def _tell_all(self, deliver: Callable[[str], None]) -> None:
        for topic in TOPICS:
            self._tell(deliver, topic)

    def _tell(self, deliver: Callable[[str], None], topic: str) -> None:
        if not self._stopped.is_set():
            self._reactor.callFromThread(deliver, topic)


class Watchers:
    """
    Who wants to know; news that come close together are told once.

    News for which nobody is there yet are told to the first who comes: an engine that starts has read scripts
    some time before it follows them.
    """

    _log = Logger()

    def __init__(self, clock: Any, changes: Changes, delay_s: float = 0.05) -> None:
        self._clock = clock
        self._changes = changes
        self._delay_s = delay_s
        self._listeners: list[tuple[str, Callable[[], None]]] = []
        self._due: dict[str, Any] = {}
        # News of topics that nobody has watched yet.
        self._untold: set[str] = set()
        self._watched: set[str] = set()
        self._started = False

    def watch(self, listener: Callable[[], None], topic: str = "scripts") -> Callable[[], None]:
        """Call ``listener()`` at news of a topic until the returned function is called."""
        watching = topic, listener
        self._listeners.append(watching)
        if not self._started:
            self._started = True
            self._changes.start(self.deliver)
        self._watched.add(topic)
        if topic in self._untold:
            self._untold.remove(topic)
            self.deliver(topic)

        def cancel() -> None:
            if watching in self._listeners:
                self._listeners.remove(watching)

        return cancel

    def deliver(self, topic: str) -> None:
        """Take note of news; on the reactor thread."""
        if topic not in self._due:
            self._due[topic] = self._clock.callLater(self._delay_s, self._tell, topic)

    def stop(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()
        self._untold.clear()
        if self._started:
            self._started = False
            self._changes.stop()
        for due in self._due.values():
            due.cancel()
        self._due.clear()

    def _tell(self, topic: str) -> None:
        del self._due[topic]
        if topic not in self._watched:
            self._untold.add(topic)
        for wanted, listener in tuple(self._listeners):
            if wanted == topic:
                try:
                    listener()
                except Exception:
                    self._log.failure("a listener to changes of the repository failed")


def _revisions(link: Link) -> tuple[int, int]:
    return scripts_revision(link), logs_revision(link)
