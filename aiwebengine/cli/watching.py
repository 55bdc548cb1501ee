"""Noticing changed files: a look at their dates and sizes, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["LOOK_S", "Watcher"]

#: How long to wait between two looks, in seconds.
LOOK_S = 0.2

_Signature = tuple[int, int, int]


class Watcher:
    """
    Compares the files that ``list_files()`` gives with how they were.

    An editor writes a file in several steps, so a change is told once two looks in a row saw the same.
    """

    def __init__(self, list_files: Callable[[], Iterable[Path]]) -> None:
        self._list_files = list_files
        self._known = self._snapshot()
        self._last = self._known

    def look(self) -> tuple[list[Path], list[Path]] | None:
        """Give the changed (or new) and the vanished files, None when there are none or they still change."""
        found = self._snapshot()
        settled = found == self._last
        self._last = found
        if not settled or found == self._known:
            return None
        changed = sorted(file for file, signature in found.items() if self._known.get(file) != signature)
        gone = sorted(self._known.keys() - found.keys())
        self._known = found
        return changed, gone

    def _snapshot(self) -> dict[Path, _Signature]:
        found: dict[Path, _Signature] = {}
        for file in self._list_files():
            try:
                facts = file.stat()
            except OSError:
                continue
            found[file] = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        return found
