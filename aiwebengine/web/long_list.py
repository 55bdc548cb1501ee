"""The JSON of a list that may be long: made a few items at a time, so that other requests get their turn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

import msgspec
from twisted.internet.task import deferLater

__all__ = ["LongList"]

T = TypeVar("T", bound=Hashable)

#: Some two milliseconds' work.
SLICE = 250

_encode = msgspec.json.Encoder().encode


class LongList(Generic[T]):
    """
    Encodes lists of items that never change, each item once as long as it stays in the list.

    ``shown`` gives an item's JSON data; items for which ``lasting`` is false are encoded each time;
    ``clock`` has ``callLater``.
    """

    def __init__(
        self, clock: Any, shown: Callable[[T], Any], lasting: Callable[[T], bool] = lambda item: True
    ) -> None:
        self._clock = clock
        self._shown = shown
        self._lasting = lasting
        self._encoded: dict[T, bytes] = {}

    async def encode(self, items: Iterable[T]) -> bytes:
        """Give the list as JSON."""
        known = self._encoded
        encoded: dict[T, bytes] = {}
        texts: list[bytes] = []
        fresh = 0
        for item in tuple(items):
            text = known.get(item) if self._lasting(item) else None
            if text is None:
                if fresh == SLICE:
                    await deferLater(self._clock, 0)
                    fresh = 0
                fresh += 1
                text = _encode(self._shown(item))
            if self._lasting(item):
                encoded[item] = text
            texts.append(text)
        self._encoded = encoded
        return b"[" + b",".join(texts) + b"]"
