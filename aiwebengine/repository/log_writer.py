"""The script log written behind: entries are appended to a repository soon after they were logged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from aiwebengine.interfaces import ILogRepository
from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.scripts.log import LogEntry

__all__ = ["LogWriter"]

_RETRY_S = 1.0
_FLUSH_S = 1.0
# Nobody is kept waiting for long while the repository is known to be away.
_FAILING_S = 0.25
_STOP_S = 5.0


@attrs.define(eq=False)
class _Flush:
    upto: int
    done: Deferred[bool]
    late: Any = None


class LogWriter:
    """
    Appends entries to ``repository`` as those of the engine called ``front``: in order, each once.

    A batch is appended ``delay_s`` after its first entry came, or when there are ``batch`` entries; one after
    the other. ``written(entries, first)`` is told which numbers they have got, from ``first`` on, and
    ``last_seq()`` gives the highest number known. While the repository is away up to ``most_waiting`` entries
    wait; then the oldest are dropped, counted in ``dropped``, and a warning is logged. An entry that is still
    without a number after ``patience_s``, or comes while the repository is known to be away, goes to
    ``announce(entry)``.
    """

    _log = Logger()

    def __init__(
        self,
        repository: ILogRepository,
        clock: Any,
        *,
        front: str,
        written: Callable[[Sequence[LogEntry], int, int], None],
        announce: Callable[[LogEntry], None],
        last_seq: Callable[[], int],
        delay_s: float = 0.05,
        batch: int = 500,
        most_waiting: int = 50_000,
        patience_s: float = 1.0,
    ) -> None:
        self.dropped = 0
        self._repository = repository
        self._clock = clock
        self._front = front
        self._tell_written = written
        self._announce = announce
        self._last_seq = last_seq
        self._delay_s = delay_s
        self._batch = batch
        self._most_waiting = most_waiting
        self._patience_s = patience_s
        self._waiting: deque[LogEntry] = deque()
        # What is being appended, or may have been; the rest waits.
        self._appending: list[LogEntry] = []
        self._since: int | None = None
        self._own_last = 0
        self._announced = 0
        self._taken = 0
        self._settled = 0
        self._flushes: list[_Flush] = []
        self._due: Any = None
        self._impatient: Any = None
        self._writing = False
        self._failing = False
        self._stopped = False
        self._unreported = 0

    @property
    def unnumbered(self) -> Sequence[LogEntry]:
        """What has no number yet, oldest first."""
        return (*self._appending, *self._waiting)

    @property
    def busy(self) -> bool:
        """Whether entries are being appended right now."""
        return self._writing

    @property
    def announced(self) -> int:
        """How many of those, from the first on, were announced without a number."""
        return self._announced

    def take(self, entry: LogEntry) -> None:
        """Append an entry soon."""
        self._waiting.append(entry)
        self._taken += 1
        if len(self._waiting) > self._most_waiting:
            self._drop()
        if self._announced and self._announced == len(self._appending) + len(self._waiting) - 1:
            self._announced += 1
            self._announce(entry)
        if not self._writing:
            if len(self._waiting) >= self._batch and not self._failing:
                self._begin()
            elif self._due is None and not self._stopped:
                self._due = self._clock.callLater(self._delay_s, self._begin)

    def flush(self) -> Deferred[bool]:
        """Append now what was taken until now; fires, within a second, with whether it is kept."""
        return self._flush(_FAILING_S if self._failing else _FLUSH_S)

    async def stop(self) -> None:
        """Append what is waiting, trying once and for some seconds, and end."""
        self._stopped = True
        if not await self._flush(_STOP_S):
            self._log.error("{count} entries of the script log are lost", count=len(self.unnumbered))
        self._cancel()
        for flush in tuple(self._flushes):
            self._end_flush(flush, False)

    def _flush(self, timeout_s: float) -> Deferred[bool]:
        if self._settled == self._taken:
            return succeed(True)
        flush = _Flush(self._taken, Deferred())
        flush.late = self._clock.callLater(timeout_s, self._end_flush, flush, False)
        self._flushes.append(flush)
        self._begin()
        return flush.done

    def _begin(self) -> None:
        self._cancel()
        if self._writing:
            return
        if not self._appending:
            while self._waiting and len(self._appending) < self._batch:
                self._appending.append(self._waiting.popleft())
        if self._appending:
            self._writing = True
            self._impatient = self._clock.callLater(self._patience_s, self._announce_all)
            Deferred.fromCoroutine(self._append()).addErrback(
                lambda failure: self._log.failure("numbering the script log failed", failure)
            ).addBoth(self._ended)

    async def _append(self) -> None:
        if self._since is None:
            # Below the numbers of this batch, and above those of all before it.
            known, again = max(self._last_seq(), self._own_last), None
        else:
            known = again = self._since
        try:
            first = await self._repository.append(tuple(self._appending), self._front, again)
        except RepositoryUnusable as error:
            self._failed(error, known)
            return
        except Exception as error:
            self._log.failure("writing the script log failed")
            self._failed(error, known)
            return
        entries, self._appending, self._since = self._appending, [], None
        announced = min(self._announced, len(entries))
        self._announced -= announced
        self._settled += len(entries)
        self._own_last = first + len(entries) - 1
        if self._failing or self._unreported:
            self._failing = False
            dropped, self._unreported = self._unreported, 0
            self._log.warn("the script log is kept again; {dropped} entries were dropped", dropped=dropped)
        self._tell_written(entries, first, announced)

    def _failed(self, error: Exception, known: int) -> None:
        if isinstance(error, RepositoryUnavailable) and error.unknown:
            # Tried again as they are, so that they can be found if they were kept after all.
            self._since = known
        elif self._since is None:
            self._waiting.extendleft(reversed(self._appending))
            self._appending = []
        if not self._failing:
            self._failing = True
            self._log.error("the script log cannot be kept: {reason}", reason=str(error))
        while len(self._waiting) > self._most_waiting:
            self._drop()
        self._announce_all()

    def _ended(self, _: object) -> None:
        if self._impatient is not None and self._impatient.active():
            self._impatient.cancel()
        self._writing = False
        for flush in tuple(self._flushes):
            if self._failing or flush.upto <= self._settled:
                self._end_flush(flush, not self._failing)
        if (
            (self._waiting or self._appending)
            and not self._writing
            and self._due is None
            and not self._idle()
        ):
            full = len(self._waiting) >= self._batch or self._flushes
            delay = _RETRY_S if self._failing else 0 if full else self._delay_s
            self._due = self._clock.callLater(delay, self._begin)

    def _idle(self) -> bool:
        return self._stopped and not self._flushes

    def _end_flush(self, flush: _Flush, kept: bool) -> None:
        if flush in self._flushes:
            self._flushes.remove(flush)
            if flush.late.active():
                flush.late.cancel()
            flush.done.callback(kept)

    def _announce_all(self) -> None:
        for entry in self.unnumbered[self._announced :]:
            self._announced += 1
            self._announce(entry)

    def _drop(self) -> None:
        self._waiting.popleft()
        self._settled += 1
        self.dropped += 1
        self._unreported += 1
        if self._announced > len(self._appending):
            self._announced -= 1

    def _cancel(self) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None
