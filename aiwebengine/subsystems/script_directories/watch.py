"""Noticing that something below a directory changed: the system's notifications, and a look now and then."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

__all__ = ["Watch", "notifications"]

#: Waits for the last of a burst of events, in seconds, but no longer than the second figure.
_QUIET_S, _PATIENCE_S = 0.05, 0.5
_LOOK_AGAIN_S = 0.25
# Notifications do not reach through symbolic links and network file systems, so looking stays on.
_POLL_WITH_NOTIFICATIONS_S, _POLL_S = 2.0, 0.5


class Watch:
    """
    Calls ``look`` after changes, never twice at once.

    ``look`` is a coroutine function giving whether to look again soon. ``notify(directories, changed)``
    starts the system's notifications and gives the function that ends them; it may raise, then looking
    regularly must do. ``reactor`` is the clock and takes ``changed`` from another thread.
    """

    def __init__(
        self,
        reactor: Any,
        directories: Sequence[Path],
        look: Callable[[], Coroutine[Any, Any, bool]],
        notify: Callable[[Sequence[Path], Callable[[], None]], Callable[[], None]],
    ) -> None:
        self._reactor = reactor
        self._directories = directories
        self._look = look
        self._notify = notify
        self._log = Logger()
        self._end_notifications: Callable[[], None] | None = None
        self._call: IDelayedCall | None = None
        self._first_event: float | None = None
        self._poll_s = _POLL_S
        self._looking: Deferred[None] | None = None
        self._running = False

    def start(self) -> None:
        """Start watching."""
        self._running = True
        try:
            self._end_notifications = self._notify(
                self._directories, lambda: self._reactor.callFromThread(self._changed)
            )
            self._poll_s = _POLL_WITH_NOTIFICATIONS_S
        except Exception as error:
            self._log.warn(
                "no notifications of changed files ({reason}); looking every {seconds} s instead",
                reason=str(error),
                seconds=self._poll_s,
            )
        self._schedule(self._poll_s)

    async def stop(self) -> None:
        """Stop; a look that has begun is finished first."""
        self._running = False
        if self._end_notifications is not None:
            self._end_notifications()
            self._end_notifications = None
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._looking is not None:
            await self._looking

    def _changed(self) -> None:
        """Note that something happened; the look comes when it is quiet again."""
        if not self._running or self._looking is not None:
            # A look under way is followed by another, which sees this change.
            self._first_event = self._first_event or self._reactor.seconds()
            return
        now = self._reactor.seconds()
        if self._first_event is None:
            self._first_event = now
        self._schedule(min(_QUIET_S, max(0.0, self._first_event + _PATIENCE_S - now)))

    def _schedule(self, seconds: float) -> None:
        if self._call is not None:
            self._call.cancel()
        self._call = self._reactor.callLater(seconds, self._begin)

    def _begin(self) -> None:
        self._call = None
        self._first_event = None
        looking: Deferred[None] = Deferred()
        self._looking = looking
        Deferred.fromCoroutine(self._look()).addCallbacks(self._looked, self._look_failed).chainDeferred(
            looking
        )

    def _look_failed(self, failure: Any) -> None:
        self._log.failure("looking for changed scripts failed", failure)
        self._looked(False)

    def _looked(self, again_soon: bool) -> None:
        self._looking = None
        if self._running:
            soon = _QUIET_S if self._first_event is not None else _LOOK_AGAIN_S
            self._schedule(soon if again_soon or self._first_event is not None else self._poll_s)


def notifications(directories: Sequence[Path], changed: Callable[[], None]) -> Callable[[], None]:
    """Have ``changed()`` called, in another thread, after anything below the directories changed."""
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    class Listener(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type not in ("opened", "closed_no_write"):
                changed()

    observer = Observer()
    for directory in directories:
        observer.schedule(Listener(), str(directory), recursive=True)
    observer.start()

    def end() -> None:
        observer.stop()
        observer.join()

    return end
