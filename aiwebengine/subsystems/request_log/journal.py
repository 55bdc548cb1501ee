"""The journal of requests: an observer that writes the access log and remembers the latest requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.logger import Logger, LogLevel
from zope.interface import implementer

from aiwebengine.interfaces import IEngineService, IExchange, IRequestGate, IRequestObserver
from aiwebengine.subsystems.request_log.formats import FORMATS
from aiwebengine.web.errors import timestamp

__all__ = ["RequestJournal"]

_FLUSH_LINES = 512
_SECRET_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"))


@implementer(IRequestGate, IRequestObserver, IEngineService)
class RequestJournal:
    """
    Keeps the last ``keep`` records (`recent`), logs a line per request, and in development shows what a
    request cost as Server-Timing.

    Lines go to the logger ``aiwebengine.access`` as events with ``access_lines``, several in one event: an
    event costs more than a request does. ``format`` is a key of `FORMATS` or ``off``. With ``debug`` each
    request's and answer's headers are logged too, credentials hidden.
    """

    order = 0

    def __init__(
        self,
        clock: Any,
        *,
        format: str = "combined",
        keep: int = 1000,
        flush_ms: int = 200,
        development: bool = False,
        debug: bool = False,
        log: Logger | None = None,
    ) -> None:
        self._clock = clock
        self._format = FORMATS.get(format)
        self._records: deque[Any] = deque(maxlen=keep)
        self._flush_s = flush_ms / 1000
        self._development = development
        self._debug = debug
        self._log = log or Logger(namespace="aiwebengine.access")
        self._lines: list[str] = []
        self._later: Any = None
        self.count = 0

    def before(self, exchange: IExchange) -> Any:
        """Log the request's head at debug level, if that is wanted."""
        if self._debug:
            self._log.emit(
                LogLevel.debug,
                "request {request_id}: {method} {path} {headers}",
                request_id=exchange.request_id,
                method=exchange.record.method,
                path=exchange.path_text,
                headers=_without_secrets(exchange.headers),
            )

    def after(self, exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Add Server-Timing in development."""
        if self._development:
            headers.append((b"Server-Timing", self._timing(exchange)))
        if self._debug:
            shown = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
            self._log.emit(
                LogLevel.debug,
                "answer {request_id}: {status} {headers}",
                request_id=exchange.request_id,
                status=status,
                headers=_without_secrets(shown),
            )

    def _timing(self, exchange: IExchange) -> bytes:
        record = exchange.record
        total = (self._clock.seconds() - record.started) * 1000
        parts = [f"total;dur={total:.2f}"]
        if record.script:
            parts.append(f"queue;dur={record.queue_wait_ms:.2f}")
            parts.append(f"cpu;dur={record.cpu_ms:.2f}")
            parts.append(f'memory;desc="{record.memory_peak_bytes} bytes"')
            parts.append(f'hostcalls;desc="{record.host_calls}"')
        return ", ".join(parts).encode("ascii")

    def finished(self, exchange: IExchange) -> None:
        """Remember the request and write its line."""
        self.count += 1
        self._records.append(exchange.record)
        if self._format is None:
            return
        self._lines.append(self._format(exchange))
        if self._flush_s == 0 or len(self._lines) >= _FLUSH_LINES:
            self.flush()
        elif self._later is None:
            self._later = self._clock.callLater(self._flush_s, self.flush)

    def flush(self) -> None:
        """Hand the lines collected so far to the log."""
        later, self._later = self._later, None
        if later is not None and later.active():
            later.cancel()
        lines, self._lines = self._lines, []
        if lines:
            self._log.info("{access_text}", access_lines=lines, access_text="\n".join(lines))

    def recent(self, limit: int = 100) -> Sequence[Mapping[str, object]]:
        """Give the latest records as JSON data, newest first."""
        found: list[Mapping[str, object]] = []
        for record in reversed(self._records):
            if len(found) >= limit:
                break
            found.append(record.as_dict() | {"timestamp": timestamp(record.started)})
        return found

    async def start(self) -> None:
        """Do nothing: it works from the first request on."""

    async def stop(self) -> None:
        """Write what is left."""
        self.flush()


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "(hidden)" if name in _SECRET_HEADERS else value for name, value in headers.items()}
