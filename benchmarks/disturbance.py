"""How much of the machine others used while a run was going on."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

__all__ = ["Disturbance"]


def _busy() -> float:
    """Give the CPU seconds the machine has spent on anything, the host's own use of it included."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Disturbance:
    """Begins to count when made; `cores` is asked once all processes of the run have ended."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy = _busy()
        self._own = _own()

    def cores(self) -> float:
        """Give how many cores others kept busy on average."""
        others = (_busy() - self._busy) - (_own() - self._own)
        return max(0.0, others / (time.monotonic() - self._began))
