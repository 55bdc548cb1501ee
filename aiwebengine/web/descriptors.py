"""Room for connections: the process's limit of open files, which is often 1024 where 20 000 are wanted."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

__all__ = ["OTHER_FILES", "raise_open_files"]

OTHER_FILES = 256
"""Descriptors beside connections: pipes to sandboxes, the database, logs, listening ports."""

_log = Logger()


def raise_open_files(connections: int, limits: Any = None) -> int:
    """
    Raise the soft limit of open files as far as ``connections`` need and the hard limit allows.

    Gives the limit in force, 0 where the platform has none; warns when it is too small (REQ-PERF-004).
    ``limits`` is the module `resource` or what stands in for it.
    """
    if limits is None:
        try:
            import resource as limits
        except ImportError:
            return 0
    wanted = connections + OTHER_FILES
    soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
    if soft == limits.RLIM_INFINITY or soft >= wanted:
        return int(soft)
    reach = wanted if hard == limits.RLIM_INFINITY else min(wanted, hard)
    try:
        limits.setrlimit(limits.RLIMIT_NOFILE, (reach, hard))
    except (OSError, ValueError):
        reach = soft
    if reach < connections:
        _log.warn(
            "open files are limited to {reach}, fewer than server.max_connections ({connections}) needs; "
            "raise the hard limit (ulimit -Hn, LimitNOFILE of systemd)",
            reach=reach,
            connections=connections,
        )
    return int(reach)
