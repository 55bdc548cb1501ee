"""Contents that scripts hand over in parts."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from aiwebengine.sandbox.model import HostCall

__all__ = ["Uploads"]

_MOST_BYTES = 67_108_864
_LONGEST_S = 120.0


@attrs.define
class _Upload:
    script: str
    request_id: str
    since: float
    content: bytearray = attrs.field(factory=bytearray)


class Uploads:
    """
    Parts kept until the rest comes with ``assets.put``, the request ends, or two minutes have passed.

    ``seconds`` is the clock. All together have at most 64 MiB.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._kept: dict[int, _Upload] = {}
        self._last = 0
        #: Bytes kept in all.
        self.size = 0

    def add(self, call: HostCall, ident: int | None, part: bytes, most_bytes: int) -> int:
        """Keep a part, of a new upload without ``ident``; give its number. Raises ValueError over a limit."""
        self._forget_old()
        if ident is None:
            self._last = ident = self._last + 1
            self._kept[ident] = _Upload(call.script, call.request_id, self._seconds())
        upload = self._of(call, ident)
        size = len(upload.content) + len(part)
        if size > most_bytes or self.size + len(part) > _MOST_BYTES:
            self._drop(ident)
            limit = most_bytes if size > most_bytes else _MOST_BYTES
            what = "the content" if size > most_bytes else "all contents being handed over together"
            raise ValueError(f"assets.put: {what} must have at most {limit} bytes")
        upload.content += part
        self.size += len(part)
        return ident

    def take(self, call: HostCall, ident: int) -> bytes:
        """Give the parts, and keep them no longer. Raises ValueError when they are not there."""
        content = bytes(self._of(call, ident).content)
        self._drop(ident)
        return content

    def request_ended(self, request_id: str) -> None:
        """Forget what a request left."""
        for ident in [ident for ident, one in self._kept.items() if one.request_id == request_id]:
            self._drop(ident)

    def _of(self, call: HostCall, ident: int) -> _Upload:
        upload = self._kept.get(ident)
        if upload is None or (upload.script, upload.request_id) != (call.script, call.request_id):
            raise ValueError("assets.put: the parts of the content are there no longer")
        return upload

    def _forget_old(self) -> None:
        now = self._seconds()
        for ident in [ident for ident, one in self._kept.items() if now - one.since > _LONGEST_S]:
            self._drop(ident)

    def _drop(self, ident: int) -> None:
        self.size -= len(self._kept.pop(ident).content)
