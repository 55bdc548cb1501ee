"""Where blocking database calls run: threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

__all__ = ["InlineWorker", "ThreadWorker", "Worker"]

T = TypeVar("T")


class Worker(Protocol):
    """Runs calls; in the order they were made when it has one thread."""

    def run(self, call: Callable[..., T], *arguments: Any) -> Deferred[T]:
        """Fire with what ``call(*arguments)`` returned or raised."""

    def stop(self) -> None:
        """Finish the calls that are running and take no more."""


class ThreadWorker:
    """A worker with at most ``threads`` threads, started as they are needed."""

    def __init__(self, reactor: Any, name: str = "repository", threads: int = 1) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(minthreads=0, maxthreads=threads, name=name)
        self._started = False

    def run(self, call: Callable[..., T], *arguments: Any) -> Deferred[T]:
        """Fire, on the reactor thread, with what ``call(*arguments)`` returned or raised."""
        if not self._started:
            self._started = True
            self._pool.start()
        return deferToThreadPool(self._reactor, self._pool, call, *arguments)

    def stop(self) -> None:
        """Wait for the threads to end."""
        if self._started:
            self._started = False
            self._pool.stop()


class InlineWorker:
    """A worker that runs each call at once, in the caller's thread: for tests and commands."""

    def run(self, call: Callable[..., T], *arguments: Any) -> Deferred[T]:
        """Give a Deferred that has fired."""
        return maybeDeferred(call, *arguments)

    def stop(self) -> None:
        """Do nothing."""
