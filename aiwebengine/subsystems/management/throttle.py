"""Slowing down those who guess keys."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

__all__ = ["FailedKeys"]

_WINDOW_S = 60.0
_MOST_ADDRESSES = 10_000


class FailedKeys:
    """
    Counts wrong keys by address over the last minute.

    ``seconds`` is a clock; ``most`` gives how many are let pass. At most 10 000 addresses are remembered,
    those that failed last.
    """

    def __init__(self, seconds: Callable[[], float], most: Callable[[], int]) -> None:
        self._seconds = seconds
        self._most = most
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Give the seconds until the address may try again, 0 when it may now."""
        times = self._failures.get(address)
        if times is None:
            return 0.0
        now, most = self._seconds(), self._most()
        while times and now - times[0] >= _WINDOW_S:
            times.popleft()
        if not times:
            del self._failures[address]
        if len(times) < most:
            return 0.0
        return times[-most] + _WINDOW_S - now

    def count(self, address: str) -> None:
        """Note a wrong key."""
        self._failures.setdefault(address, deque(maxlen=self._most())).append(self._seconds())
        self._failures.move_to_end(address)
        while len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)
