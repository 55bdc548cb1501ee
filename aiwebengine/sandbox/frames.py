"""Frames between the front and a sandbox: a 9-byte header (length, kind, request) and a payload.

Standard library only, and little of it: the sandbox process imports this.
"""

from __future__ import annotations

from _struct import Struct

__all__ = [
    "ANSWER",
    "CALL",
    "CANCEL",
    "CHUNK",
    "EFFECTS",
    "FAILED",
    "FORGET",
    "HEAD",
    "LOAD",
    "LOADED",
    "PROGRAM",
    "PULL",
    "READY",
    "RESULT",
    "SETTINGS",
    "STREAM",
    "USAGE",
    "WAIT",
    "FrameBuffer",
    "pack",
]

# front → sandbox
SETTINGS, LOAD, PROGRAM, CALL, ANSWER, PULL, CANCEL, FORGET = range(1, 9)
# sandbox → front
READY, RESULT, WAIT, CHUNK, FAILED, LOADED, EFFECTS, STREAM = range(65, 73)

HEAD = Struct(">IBI")
# CPU microseconds, heap kilobytes and length of the JSON head, before RESULT, FAILED, LOADED and CHUNK texts
USAGE = Struct(">III")
MOST_BYTES = 256 * 1024 * 1024


def pack(kind: int, ident: int, payload: bytes = b"") -> bytes:
    """Give one frame."""
    return HEAD.pack(len(payload), kind, ident) + payload


class FrameBuffer:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """
        Take bytes as they came and give the frames now complete: (kind, ident, payload).

        Raises ValueError for a length no frame has; the peer is then not to be trusted further.
        """
        buffer = self._data
        buffer += data
        found = []
        at, end = 0, len(buffer)
        while end - at >= 9:
            length, kind, ident = HEAD.unpack_from(buffer, at)
            if length > MOST_BYTES:
                raise ValueError("frame too long")
            if end - at - 9 < length:
                break
            found.append((kind, ident, bytes(buffer[at + 9 : at + 9 + length])))
            at += 9 + length
        if at:
            del buffer[:at]
        return found
