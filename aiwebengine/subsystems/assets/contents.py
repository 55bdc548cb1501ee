"""Contents of small assets in memory."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["MOST_BYTES_EACH", "Contents"]

MOST_BYTES_EACH = 262_144


class Contents:
    """Bytes by their SHA-256, those used longest ago given up first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        #: Bytes kept in all.
        self.size = 0

    def get(self, sha256: str) -> bytes | None:
        """Give a content, None when it is not here."""
        content = self._kept.get(sha256)
        if content is not None:
            self._kept.move_to_end(sha256)
        return content

    def keep(self, sha256: str, content: bytes, most_bytes: int) -> None:
        """Keep a content unless it is large; at most ``most_bytes`` are kept in all."""
        if len(content) <= MOST_BYTES_EACH and sha256 not in self._kept:
            self._kept[sha256] = content
            self.size += len(content)
        while self.size > most_bytes and self._kept:
            _, dropped = self._kept.popitem(last=False)
            self.size -= len(dropped)
