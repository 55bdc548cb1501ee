"""Ports for servers that are told theirs, or come back on it."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000


def lasting_port() -> int:
    """
    Give a free port of 127.0.0.1 which the system gives to nobody else.

    One it chose itself (port 0) may become, before it is bound again, that of another test's server or the
    near end of any connection made meanwhile.
    """
    end = first_of_the_system()
    while not is_free(port := _LOWEST + secrets.randbelow(end - _LOWEST)):
        pass
    return port


def first_of_the_system() -> int:
    """Give the lowest port that the system chooses by itself."""
    try:
        first = int(_RANGE.read_text("ascii").split()[0])
    except OSError:
        first = 32_768
    # Where it may choose nearly all of them there is nothing to stay clear of it with.
    return first if first > _LOWEST + 1000 else 32_768


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: connections that ended just now do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True
