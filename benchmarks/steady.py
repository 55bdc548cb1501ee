"""
A client of constant rate: requests leave on a schedule, whether or not earlier ones were answered.

Latency counts from the moment a request was due, so a server that stalls is charged for all that had to wait
meanwhile ("coordinated omission" is avoided). Run as ``python -m benchmarks.steady URL RATE SECONDS``; prints
JSON.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import attrs

__all__ = ["Steady", "percentile", "steady"]

_CONNECTIONS = 64
_GRACE_S = 5.0
_ROOT = Path(__file__).parents[1]


@attrs.frozen
class Steady:
    """Latencies at a constant rate; ``requests_per_s`` were answered, ``failures`` not, or not with 2xx."""

    asked_per_s: float
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    failures: int


def percentile(ordered: list[float], percent: float) -> float:
    """Give a percentile of ordered values (0 when there are none)."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Connection:
    """A connection with at most one request on it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self._received = b""
        self.socket.sendall(request)

    def take(self) -> bool | None:
        """Read what came; whether the answer is good once it is whole, else None. Raises ConnectionError."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        _, _, length = head.lower().partition(b"content-length:")
        if len(body) < int(length.split(b"\r\n", 1)[0]):
            return None
        return head[9:10] == b"2"


def run(url: str, rate: float, seconds: float) -> Steady:
    """Send ``rate`` requests a second for ``seconds``, over 64 connections."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    free = [_Connection(address) for _ in range(_CONNECTIONS)]
    busy: list[_Connection] = []
    waiting: deque[float] = deque()
    latencies: list[float] = []
    failures = 0
    clock = time.perf_counter
    interval = 1 / rate
    total = int(rate * seconds)
    sent = 0
    start = clock() + 0.05
    end = start + seconds + _GRACE_S
    while (now := clock()) < end and len(latencies) + failures < total:
        while sent < total and start + sent * interval <= now:
            waiting.append(start + sent * interval)
            sent += 1
        while waiting and free:
            connection = free.pop()
            connection.send(request, waiting.popleft())
            busy.append(connection)
        pause = max(0.0, start + sent * interval - now) if sent < total else 0.1
        # select, since epoll's timeout comes in whole milliseconds.
        for connection in select.select(busy, (), (), pause)[0]:
            try:
                good = connection.take()
            except ConnectionError:
                good, failed = False, connection
                connection = _Connection(address)
                connection.due = failed.due
                busy[busy.index(failed)] = connection
                failed.socket.close()
            if good is None:
                continue
            busy.remove(connection)
            free.append(connection)
            if good:
                latencies.append(clock() - connection.due)
            else:
                failures += 1
    failures += total - len(latencies) - failures
    took = clock() - start
    for connection in (*free, *busy):
        connection.socket.close()
    latencies.sort()
    p50, p99, longest = (percentile(latencies, percent) * 1000 for percent in (50, 99, 100))
    return Steady(rate, len(latencies) / took, p50, p99, longest, failures)


def steady(url: str, rate: float, seconds: float) -> Steady:
    """Do so in a process of its own, whose CPU time is not the server's."""
    line = [sys.executable, "-m", "benchmarks.steady", url, f"{rate:.3f}", f"{seconds:.3f}"]
    done = subprocess.run(line, cwd=_ROOT, capture_output=True, text=True, check=True)
    return Steady(**json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(run(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))))
