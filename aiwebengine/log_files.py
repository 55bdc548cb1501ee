"""Log files that rotate by time or size, are compressed, and go after some days (REQ-LOG-002)."""

from __future__ import annotations

import gzip
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

__all__ = ["ROTATIONS", "RotatingFile"]

_PATTERNS = {"hourly": "%Y-%m-%dT%H", "daily": "%Y-%m-%d", "weekly": "%G-W%V"}
ROTATIONS = (*_PATTERNS, "size")
"""The values of ``logging.rotation``."""

_DAY_S = 86400
_SUFFIX = re.compile(r"\.\d{4}-[0-9WT-]+(\.\d+)?(\.gz)?$")


class RotatingFile:
    """
    A text file to append to; when its period is over (UTC), or it is full, it gets a dated name.

    ``rotation`` is one of `ROTATIONS`; ``max_bytes`` counts for ``size`` only. Rotated files are compressed
    (gzip) if wanted and removed ``retention_days`` after their last change (0 keeps them for ever).
    ``seconds`` is the clock. Raises OSError when the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        rotation: str = "daily",
        max_bytes: int = 10_485_760,
        retention_days: int = 14,
        compress: bool = True,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        if rotation not in ROTATIONS:
            raise ValueError(f"rotation {rotation!r} is none of {', '.join(ROTATIONS)}")
        self.path = path
        self._pattern = _PATTERNS.get(rotation)
        self._max_bytes = max_bytes
        self._retention = retention_days * _DAY_S
        self._compress = compress
        self._seconds = seconds
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = self._open()
        changed = path.stat().st_mtime if self._size else seconds()
        self._period = self._period_of(changed)
        self._second = -1
        self.remove_expired()

    def write(self, text: str) -> None:
        """Append text (whole lines), rotating first when it is time."""
        now = self._seconds()
        if self._pattern is None:
            if self._size and self._size + len(text) > self._max_bytes:
                self.rotate(time.strftime("%Y-%m-%dT%H%M%S", time.gmtime(now)))
        elif int(now) != self._second:
            self._second = int(now)
            period = self._period_of(now)
            if period != self._period:
                self.rotate(self._period)
                self._period = period
        self._file.write(text)
        self._size += len(text)

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    def rotate(self, label: str) -> None:
        """Close the file under a name with the label, and begin a new one."""
        self._file.close()
        target = self.path.with_name(f"{self.path.name}.{label}")
        number = 0
        while target.exists() or target.with_name(target.name + ".gz").exists():
            number += 1
            target = self.path.with_name(f"{self.path.name}.{label}.{number}")
        if self.path.exists():
            self.path.rename(target)
            if self._compress:
                self._pack(target)
        self._file = self._open()
        self.remove_expired()

    def remove_expired(self) -> None:
        """Remove rotated files of this log that are older than the retention."""
        if not self._retention:
            return
        oldest = self._seconds() - self._retention
        for candidate in self.path.parent.glob(f"{self.path.name}.*"):
            rest = candidate.name[len(self.path.name) :]
            if _SUFFIX.fullmatch(rest) and candidate.stat().st_mtime < oldest:
                candidate.unlink(missing_ok=True)

    def set_retention(self, days: int) -> None:
        """Keep rotated files for so many days from now on (0 keeps them for ever)."""
        self._retention = days * _DAY_S

    def reopen(self) -> None:
        """Close and open again, after someone else moved the file."""
        self._file.close()
        self._file = self._open()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self) -> TextIO:
        opened = self.path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
        self._size = opened.tell()
        return opened

    def _period_of(self, seconds: float) -> str:
        return time.strftime(self._pattern or "", time.gmtime(seconds))

    @staticmethod
    def _pack(path: Path) -> None:
        packed = path.with_name(path.name + ".gz")
        with path.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        path.unlink()
