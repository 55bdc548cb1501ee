"""How often two versions of a script failed of late."""

from __future__ import annotations

from collections import deque

__all__ = ["Tally"]


class Tally:
    """
    Counts requests and errors of a canary and of the version before it (its baseline).

    The totals are since the beginning; the rates are percentages over a window, in steps of a second.
    """

    def __init__(self) -> None:
        self.requests = self.errors = 0
        self.baseline_requests = self.baseline_errors = 0
        # [second, requests, errors, baseline's requests, baseline's errors], oldest first
        self._seconds: deque[list[int]] = deque()

    def count(self, second: int, window_s: int, *, canary: bool, error: bool) -> None:
        """Count one request that ended in this second."""
        if canary:
            self.requests += 1
            self.errors += error
        else:
            self.baseline_requests += 1
            self.baseline_errors += error
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0, 0, 0])
        at = 1 if canary else 3
        self._seconds[-1][at] += 1
        self._seconds[-1][at + 1] += error
        self._forget(second, window_s)

    def rates(self, second: int, window_s: int) -> tuple[int, float, float]:
        """Give the canary's requests within the window, its error rate, and the baseline's."""
        self._forget(second, window_s)
        requests, errors, others, their_errors = (
            sum(entry[at] for entry in self._seconds) for at in range(1, 5)
        )
        return requests, _percentage(errors, requests), _percentage(their_errors, others)

    def _forget(self, second: int, window_s: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - window_s:
            self._seconds.popleft()


def _percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 3) if whole else 0.0
