"""Files of directories. Everything here blocks: it is for a thread."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import attrs

__all__ = ["SMALL_BYTES", "FoundFile", "find_file", "is_directory_with"]

#: Files up to this size are read when they are opened.
SMALL_BYTES = 65_536


@attrs.frozen
class FoundFile:
    """
    An open file: ``descriptor`` must be closed (`close`), ``small`` is its content if it is not large.

    ``modified`` is in seconds since the epoch; ``tag`` changes when the file does.
    """

    descriptor: int
    size: int
    modified: int
    tag: str
    small: bytes | None = None

    def read(self, at: int, length: int) -> bytes:
        """Give up to ``length`` bytes from a position; ``b""`` past the end."""
        return os.pread(self.descriptor, length, at)

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


def find_file(directories: Sequence[Path], name: str) -> FoundFile | None:
    """
    Open the file of that name in the first directory that has it.

    Only regular files whose real path lies within the directory's count: a symbolic link may not lead out.
    """
    for directory in directories:
        # One call of the system for what is not there; finding out the real path takes one for each segment,
        # and a path may have thousands.
        if not os.path.isfile(os.path.join(directory, name)):  # noqa: PTH113, PTH118 - as below
            continue
        real = _real_path(directory, name)
        if real is None:
            continue
        try:
            # No link may have come in place of the file meanwhile, and no pipe can make us wait.
            descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            found = _look_at(descriptor)
        except OSError:
            found = None
        if found is not None:
            return found
        os.close(descriptor)
    return None


def is_directory_with(directories: Sequence[Path], name: str, index: str) -> bool:
    """Tell whether ``name`` is a directory that has the file ``index``."""
    found = find_file(directories, f"{name}/{index}" if name else index)
    if found is None:
        return False
    found.close()
    return True


def _real_path(directory: Path, name: str) -> str | None:
    try:
        # The directory itself may be a link that is set anew by each deployment.
        root = os.path.realpath(directory)
        real = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - as the line above
    except (OSError, ValueError):
        return None
    return real if real.startswith(os.path.join(root, "")) else None  # noqa: PTH118


def _look_at(descriptor: int) -> FoundFile | None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return None
    # Builds may give every file the same time; the time of its change is the system's own.
    tag = f'"{status.st_mtime_ns:x}-{status.st_ctime_ns:x}-{status.st_size:x}"'
    small = os.pread(descriptor, SMALL_BYTES + 1, 0) if status.st_size <= SMALL_BYTES else None
    if small is not None and len(small) != status.st_size:
        small = None
    return FoundFile(descriptor, status.st_size, int(status.st_mtime), tag, small)
