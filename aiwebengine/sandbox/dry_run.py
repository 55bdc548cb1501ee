"""Running a script for its result only: what it changes is undone, sends withheld, logs kept aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

__all__ = ["DryRun", "is_safe_in_dry_run", "safe_in_dry_run"]

Operation = TypeVar("Operation", bound=Callable[..., Any])
Kept = TypeVar("Kept")
_MARK = "safe_in_dry_run"


def safe_in_dry_run(operation: Operation) -> Operation:
    """
    Mark a host operation as one that a dry run may carry out.

    It must change nothing that is seen outside ``call.dry_run`` when there is one; what it changes all the
    same it keeps in that dry run's `DryRun.scratch`.
    """
    setattr(operation, _MARK, True)
    return operation


def is_safe_in_dry_run(operation: Any) -> bool:
    """Tell whether a host operation has the mark of `safe_in_dry_run`."""
    return bool(getattr(operation, _MARK, False))


@attrs.define(eq=False)
class DryRun:
    """
    What a load for its result only has logged (``logs``: level, message, line) and not done.

    ``withheld`` names, in order, the host operations that were sent and dropped or awaited and refused.
    It lives as long as the run does, and with it what operations keep in its `scratch`.
    """

    logs: list[dict[str, Any]] = attrs.field(factory=list)
    withheld: list[str] = attrs.field(factory=list)
    refused: list[str] = attrs.field(factory=list)
    _scratch: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False)

    def scratch(self, name: str, make: Callable[[], Kept]) -> Kept:
        """Give what ``make()`` gave when this dry run was first asked for ``name`` (a plugin's own)."""
        if name not in self._scratch:
            self._scratch[name] = make()
        kept: Kept = self._scratch[name]
        return kept

    def log(self, level: str, message: str, line: int | None) -> None:
        """Keep a line that the script logged."""
        self.logs.append({"level": level, "message": message, "line": line})

    def drop(self, operation: str) -> None:
        """Note that something the script sent was not sent."""
        self.withheld.append(operation)

    def refuse(self, operation: str) -> PermissionError:
        """Note that something the script awaited is not done; give the error it gets to see."""
        self.withheld.append(operation)
        self.refused.append(operation)
        return PermissionError(f"{operation} is not done in a dry run")
