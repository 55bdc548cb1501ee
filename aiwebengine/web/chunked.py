"""Decoding chunked bodies strictly (RFC 9112 section 7.1)."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiwebengine.web.refusals import bad_request

__all__ = ["ChunkedBody"]

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER_LINE = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e\x80-\xff]*")
_MAX_LINE = 1024


class ChunkedBody:
    """
    A push decoder of one chunked body; trailers are checked and dropped.

    ``deliver`` is called with each piece of content. Framing is strict, since leniency here is how requests
    are smuggled; chunk extensions and trailers are bounded by ``max_extra_bytes`` for the whole body.
    """

    __slots__ = ("_buffer", "_deliver", "_extra", "_max_extra", "_remaining", "_state")

    def __init__(self, deliver: Callable[[bytes], None], max_extra_bytes: int) -> None:
        self._deliver = deliver
        self._max_extra = max_extra_bytes
        self._extra = 0
        self._buffer = b""
        self._remaining = 0
        self._state = "size"

    def feed(self, data: bytes) -> bytes | None:
        """
        Take received bytes; give None while the body is incomplete, else the bytes that follow it.

        Raises `HTTPProblem` 400 for malformed framing.
        """
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        position, length = 0, len(data)
        while True:
            if self._state == "data":
                if position == length:
                    return None
                end = min(length, position + self._remaining)
                self._remaining -= end - position
                self._deliver(data[position:end])
                position = end
                if self._remaining:
                    return None
                self._state = "end"
            elif self._state == "end":
                if length - position < 2:
                    self._keep(data, position)
                    return None
                if data[position : position + 2] != b"\r\n":
                    raise bad_request("A chunk of the body is longer than its size says.")
                position += 2
                self._state = "size"
            else:
                end = data.find(b"\r\n", position)
                if end < 0:
                    self._keep(data, position)
                    return None
                line = data[position:end]
                position = end + 2
                if self._line(line):
                    return data[position:]

    def _keep(self, data: bytes, position: int) -> None:
        self._buffer = data[position:]
        if len(self._buffer) > _MAX_LINE:
            raise bad_request("A line of the chunked body's framing is too long.")

    def _line(self, line: bytes) -> bool:
        """Take a size or trailer line; tell whether it ended the body."""
        if len(line) > _MAX_LINE:
            raise bad_request("A line of the chunked body's framing is too long.")
        if self._state == "size":
            match = _SIZE_LINE.fullmatch(line)
            if match is None:
                raise bad_request("A chunk size of the body is malformed.")
            self._remaining = int(match[1], 16)
            self._state = "data" if self._remaining else "trailer"
            extra = len(line) - len(match[1])
        else:
            if not line:
                return True
            if not _TRAILER_LINE.fullmatch(line):
                raise bad_request("A trailer of the chunked body is malformed.")
            extra = len(line) + 2
        self._extra += extra
        if self._extra > self._max_extra:
            raise bad_request("The chunked body has too many extensions or trailers.")
        return False
