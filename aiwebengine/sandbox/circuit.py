"""Stops calling what keeps killing sandboxes, for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable

__all__ = ["CircuitBreaker"]


class CircuitBreaker:
    """
    Counts crashes by key; a key with too many of them is refused until a pause has passed.

    After the pause one call is let through; if that crashes too, the next pause begins.
    """

    def __init__(
        self, now: Callable[[], float], *, crashes: int = 5, window_s: float = 60.0, pause_s: float = 10.0
    ) -> None:
        self._now = now
        self._most = crashes
        self._window = window_s
        self._pause = pause_s
        self._crashes: dict[Hashable, deque[float]] = {}
        self._open_until: dict[Hashable, float] = {}
        self._tried: set[Hashable] = set()  # those whose pause is over, until the next answer or crash

    def crashed(self, key: Hashable) -> None:
        """Count one crash."""
        now = self._now()
        self._tried.discard(key)
        times = self._crashes.setdefault(key, deque(maxlen=self._most))
        times.append(now)
        if len(times) == self._most and now - times[0] <= self._window:
            self._open_until[key] = now + self._pause

    def retry_after(self, key: Hashable) -> float:
        """Give the seconds for which ``key`` is refused; 0 when it may be called."""
        if not self._open_until:
            return 0.0
        until = self._open_until.get(key)
        if until is None:
            return 0.0
        left = until - self._now()
        if left > 0:
            return left
        # Half open: this call decides; another one meanwhile waits out a short pause.
        self._open_until[key] = self._now() + 1.0
        self._tried.add(key)
        return 0.0

    def answered(self, key: Hashable) -> None:
        """Forget the crashes of a key that works again after its pause; earlier answers say nothing."""
        if key in self._tried:
            self._tried.discard(key)
            del self._crashes[key]
            del self._open_until[key]
