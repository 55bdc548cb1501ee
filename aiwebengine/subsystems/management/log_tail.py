"""One client that follows the script log: first what it has missed, then what comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiwebengine.scripts.log import LogEntry
from aiwebengine.subsystems.management.sse import EventClient

__all__ = ["LogTail"]


class LogTail:
    """
    Sends entries that are ``wanted`` to a client of an event stream, ``encode(entry)`` giving the event.

    Each entry is sent once and in the order of the numbers. An entry that comes without a number, while the
    repository is away, is sent at once; when it has one, the client is told the number only.
    """

    def __init__(
        self,
        log: Any,
        client: EventClient,
        wanted: Callable[[LogEntry], bool],
        encode: Callable[[LogEntry], bytes],
    ) -> None:
        self._log = log
        self._client = client
        self._wanted = wanted
        self._encode = encode
        self._live = False
        # What the client has seen all of; the repository may have been ahead of the log.
        self._seen = 0

    async def run(self, after: int | None, *, complete: bool = True) -> None:
        """
        Send what came after the number ``after`` (None: nothing), and from then on what comes.

        Ends when the client has caught up; what comes later is sent until it leaves. ``complete`` says that
        the log knows the highest number there is. Raises as the repository does.
        """
        log, client = self._log, self._client
        stop = log.follow(self._hear, self._move)
        client.done.addBoth(lambda result: stop() or result)
        if after is not None:
            if complete and after > log.last_seq:
                after = 0  # a number of an earlier run, of which nothing is kept
            await self._replay(after)
        self._live = True
        if log.keeper is not None:
            log.keeper.look()  # for what came while nobody followed

    async def _replay(self, at: int) -> None:
        while not self._client.gone:
            entries: Sequence[LogEntry] | None = self._log.entries_after(at)
            in_memory = entries is not None
            if entries is None:
                entries = await self._log.keeper.after(at)
                if not entries:
                    at = max(at, self._log.whole_after)
            for entry in entries:
                at = self._seen = entry.seq
                self._send(entry)
                if self._client.paused:
                    await self._client.ready()
                    in_memory = False
                    break
            if in_memory:
                for entry in self._log.unnumbered():
                    self._send(entry)
                return

    def _hear(self, entry: LogEntry) -> None:
        if self._live and (not entry.seq or entry.seq > self._seen):
            self._send(entry)

    def _move(self, seq: int) -> None:
        if self._live and seq > self._seen:
            self._client.send(f"id: {seq}\n\n".encode("ascii"))

    def _send(self, entry: LogEntry) -> None:
        if self._wanted(entry):
            self._client.send(self._encode(entry))
