"""
Many idle connections at once: each asks once, is answered, and stays.

Run as ``python -m benchmarks.crowd URL COUNT``: prints how many were answered, then holds them until its
standard input ends.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["crowd", "open_files_allow"]

_AT_ONCE = 200
_RESERVE = 200
_ROOT = Path(__file__).parents[1]


def open_files_allow(wanted: int) -> int:
    """Raise the limit of open files if need be; give how many connections (of ``wanted``) that allows."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard - _RESERVE)
    soft = wanted + _RESERVE
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted


def run(url: str, count: int) -> None:
    """Open the connections, report, and wait."""
    open_files_allow(count)
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    held = []
    answered = 0
    for first in range(0, count, _AT_ONCE):
        some = [socket.create_connection(address) for _ in range(min(_AT_ONCE, count - first))]
        for connection in some:
            connection.sendall(request)
        for connection in some:
            connection.settimeout(10)
            answered += connection.recv(4096)[9:12] == b"200"
        held += some
    print(answered, flush=True)
    sys.stdin.read()
    for connection in held:
        connection.close()


@contextmanager
def crowd(url: str, count: int) -> Iterator[int]:
    """Hold connections in another process; gives how many were answered."""
    line = [sys.executable, "-m", "benchmarks.crowd", url, str(count)]
    with subprocess.Popen(
        line, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        yield int(process.stdout.readline() or 0)
        process.stdin.close()
        process.wait(30)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
