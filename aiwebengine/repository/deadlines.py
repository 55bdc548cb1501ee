"""Calls to a server that may stop answering: a connection that is silent for too long is shut."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread

__all__ = ["Deadlines", "Limit"]

_LONGEST_LOOK_S = 1.0
# A thread that has had nothing to look at for so long ends.
_IDLE_S = 10.0


class Limit:
    """How long one connection may be silent while it is used."""

    def __init__(self, descriptor: int, seconds: float, clock: Callable[[], float]) -> None:
        self._descriptor = descriptor
        self._seconds = seconds
        self._clock = clock
        #: When the connection is shut; None: never.
        self.until: float | None = clock() + seconds
        #: Whether it was shut.
        self.expired = False

    def renew(self) -> None:
        """Begin anew: the next statement is sent."""
        if self.until is not None:
            self.until = self._clock() + self._seconds

    def hurry(self, seconds: float) -> None:
        """Be silent no longer than so many seconds from now on."""
        self._seconds = min(self._seconds, seconds)
        latest = self._clock() + seconds
        self.until = latest if self.until is None else min(self.until, latest)

    def lift(self) -> None:
        """Wait as long as it takes."""
        self.until = None

    def expire(self) -> None:
        """Shut the connection; whoever waits for it gets an error."""
        self.expired = True
        with suppress(OSError), socket.socket(fileno=os.dup(self._descriptor)) as connection:
            connection.shutdown(socket.SHUT_RDWR)


class Deadlines:
    """
    Shuts each connection that was used for ``seconds`` without an answer, from a thread of its own.

    Statements wait in C code for the server, which may be frozen or behind a network that swallows
    everything; shutting the socket is what wakes them.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        #: How long.
        self.seconds = seconds
        self._clock = clock
        self._changed = Condition()
        self._limits: set[Limit] = set()
        self._thread: Thread | None = None
        self._ending = False

    @contextmanager
    def over(self, descriptor: int) -> Iterator[Limit]:
        """Limit the use of the connection with this file descriptor."""
        # One of our own, which stays what it is when the connection is closed and its number is given again.
        own = os.dup(descriptor)
        limit = Limit(own, self.seconds, self._clock)
        try:
            with self._changed:
                self._limits.add(limit)
                if self._thread is None:
                    # Known only when it has started: where there is no room for a thread another is tried.
                    thread = Thread(target=self._run, name="repository-deadlines", daemon=True)
                    thread.start()
                    self._thread = thread
                elif len(self._limits) == 1:
                    self._changed.notify()
            yield limit
        finally:
            with self._changed:
                self._limits.discard(limit)
                if self._ending:
                    self._changed.notify()
            os.close(own)

    def hurry(self, seconds: float) -> None:
        """Give what is under way no more than so many seconds."""
        with self._changed:
            for limit in self._limits:
                limit.hurry(seconds)

    def stop(self) -> None:
        """End the thread as soon as nothing is under way any more."""
        with self._changed:
            self._ending = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            idle = False
            while self._limits or not (idle or self._ending):
                now = self._clock()
                for limit in self._limits:
                    if limit.until is not None and limit.until <= now and not limit.expired:
                        limit.expire()
                # Looking now and then costs less than waking up for each call.
                busy = bool(self._limits)
                told = self._changed.wait(min(_LONGEST_LOOK_S, self.seconds / 10) if busy else _IDLE_S)
                idle = not (told or busy)
            self._thread = None
