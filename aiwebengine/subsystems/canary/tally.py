"""How often two versions of a script failed of late."""

from __future__ import annotations

from collections import deque

import attrs

__all__ = ["Counts", "Tally"]


@attrs.frozen
class Counts:
    """Requests and errors of a canary and of the version before it (its baseline)."""

    requests: int = 0
    errors: int = 0
    baseline_requests: int = 0
    baseline_errors: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Give both together."""
        return Counts(
            self.requests + other.requests,
            self.errors + other.errors,
            self.baseline_requests + other.baseline_requests,
            self.baseline_errors + other.baseline_errors,
        )

    def __sub__(self, other: Counts) -> Counts:
        """Give what is left without the other."""
        return Counts(
            self.requests - other.requests,
            self.errors - other.errors,
            self.baseline_requests - other.baseline_requests,
            self.baseline_errors - other.baseline_errors,
        )

    @property
    def error_rate(self) -> float:
        """The canary's, in percent; 0 without a request."""
        return _percentage(self.errors, self.requests)

    @property
    def baseline_error_rate(self) -> float:
        """The baseline's, in percent; 0 without a request."""
        return _percentage(self.baseline_errors, self.baseline_requests)


class Tally:
    """Counts what ends: ``total`` since the beginning, and over a window, in steps of a second."""

    def __init__(self) -> None:
        self.total = Counts()
        # The sum of those seconds: it is asked for with each request, and a window may be a day.
        self._recent = Counts()
        self._seconds: deque[tuple[int, Counts]] = deque()

    def count(self, second: int, window_s: int, *, canary: bool, error: bool) -> None:
        """Count one request that ended in this second."""
        one = Counts(1, int(error)) if canary else Counts(0, 0, 1, int(error))
        self.total += one
        self._recent += one
        if self._seconds and self._seconds[-1][0] == second:
            one += self._seconds.pop()[1]
        self._seconds.append((second, one))
        self._forget(second, window_s)

    def recent(self, second: int, window_s: int) -> Counts:
        """Give what ended within the window."""
        self._forget(second, window_s)
        return self._recent

    def _forget(self, second: int, window_s: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - window_s:
            self._recent -= self._seconds.popleft()[1]


def _percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 3) if whole else 0.0
