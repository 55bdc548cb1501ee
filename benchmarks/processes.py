"""What processes use, read from ``/proc``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import attrs

__all__ = ["Memory", "cpu_seconds", "descendants", "memory_of", "spent_by_role"]


@attrs.frozen
class Memory:
    """Memory of one process in bytes; ``pss`` counts a page shared by n processes as its nth part."""

    role: str
    rss: int
    pss: int


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command's name may hold spaces and parentheses; what follows its last one is plain.
    return text.rpartition(")")[2].split()


def descendants(root: int) -> list[int]:
    """Give a process and all that came of it, the root first."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        fields = _stat(int(path.name)) if path.name.isdigit() else None
        if fields:
            children.setdefault(int(fields[1]), []).append(int(path.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop(0)
        found.append(pid)
        waiting += sorted(children.get(pid, ()))
    return found


def cpu_seconds(pid: int) -> float:
    """
    Give user and system time of a process in seconds; 0 when it is gone.

    From the process's own CPU clock (that of clock_getcpuclockid(3)): most kernels sample the times in
    ``/proc/PID/stat`` at clock ticks, which misses much of what runs in short turns.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def spent_by_role(before: Mapping[int, float], after: Mapping[int, float], root: int) -> tuple[float, float]:
    """Give the CPU seconds spent between two readings: by the root process, and by its descendants."""
    deltas = {pid: seconds - before.get(pid, 0.0) for pid, seconds in after.items()}
    own = deltas.pop(root, 0.0)
    return own, sum(deltas.values())


def memory_of(pid: int, role: str) -> Memory:
    """Give the memory of a process. Raises OSError when it is gone."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024
    return Memory(role, sizes["Rss"], sizes["Pss"])
