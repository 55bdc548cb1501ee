"""The frames a sandbox answers with (standard library only)."""

from __future__ import annotations

from _json import encode_basestring_ascii as quote

from aiwebengine.sandbox import frames

TYPE_CHECKING = False  # typing's own costs this process milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable

    from aiwebengine.sandbox.realm import LimitReached

__all__ = ["Replies"]


class Replies:
    """Puts answers into frames; texts are JSON."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """Have frames written by calling ``write`` with bytes."""
        self.write = write
        self.memory = 0
        self.stack = 0
        self.most_jobs = 0

    def outcome(
        self,
        kind: int,
        ident: int,
        seconds: float,
        heap: int,
        text: str,
        raw: bytes = b"",
        before: bytes = b"",
    ) -> None:
        """Send what came of a request, with its CPU seconds and heap; ``before`` are frames to go along."""
        head = text.encode()
        usage = frames.USAGE.pack(min(int(seconds * 1e6), 0xFFFFFFFF), heap >> 10, len(head))
        self.write(before + frames.pack(kind, ident, usage + head + raw))

    def limit(self, ident: int, limit: LimitReached, spent: float, budget: float) -> None:
        """Send which limit ended the run."""
        value, used, unit = {
            "cpu": (budget * 1000, max(spent, budget) * 1000, "ms"),
            "memory": (self.memory, limit.used or self.memory, "bytes"),
            "stack": (self.stack, self.stack, "bytes"),
            "jobs": (self.most_jobs, limit.used, "jobs"),
        }[limit.kind]
        self.outcome(
            frames.FAILED,
            ident,
            spent,
            0,
            f'{{"limit":"{limit.kind}","value":{value:.0f},"used":{used:.0f},"unit":"{unit}",'
            f'"stack":{quote(limit.stack)}}}',
        )

    def syntax(self, ident: int, problem: str, prefix: int, spent: float) -> None:
        """Send that a text is no script; ``prefix`` is what columns on line 1 count too much."""
        self.outcome(frames.FAILED, ident, spent, 0, f'{{"syntax":{quote(problem)},"prefix":{prefix}}}')

    def broken(self, ident: int, error: str, spent: float) -> None:
        """Send that a script does not compile; ``error`` is JSON text describing why."""
        self.outcome(frames.FAILED, ident, spent, 0, f'{{"thrown":{error}}}')
