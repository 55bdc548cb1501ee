"""Checking a source without storing it: a dry run of its load, and what would keep it from going live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import attrs

from aiwebengine.errors import RouteConflict, ScriptInvalid
from aiwebengine.sandbox.dry_run import DryRun
from aiwebengine.sandbox.model import Diagnostic
from aiwebengine.scripts.examine import Examination
from aiwebengine.scripts.model import CheckReport
from aiwebengine.scripts.records import message_of
from aiwebengine.scripts.routes import Route

__all__ = ["Check"]


@attrs.frozen
class Check:
    """
    What a check needs.

    ``examine(dry_run, run_init)`` examines the source; ``live`` are the routes of all scripts;
    ``admit(found)`` raises `RouteConflict` or `ScriptInvalid` for what would be refused.
    """

    examine: Callable[[DryRun, bool], Awaitable[Examination]]
    live: Callable[[], Sequence[Route]]
    admit: Callable[[Examination], object]

    async def run(self) -> CheckReport:
        """
        Give what is wrong with the source.

        What the script stores while it loads only it sees, what it sends is dropped, and host operations
        that cannot be taken back are refused; when ``init`` fails for that it counts as unchecked, not as
        failed.
        """
        dry = DryRun()
        found = await self.examine(dry, True)
        remarks: tuple[Diagnostic, ...] = ()
        if found.error is not None and dry.refused:
            names = ", ".join(dict.fromkeys(dry.refused))
            text = f"init was not checked to its end: it awaits what a check does not do ({names})"
            remarks = (Diagnostic("info", "DRY_RUN", text),)
            found = await self.examine(dry, False)
        diagnostics = found.diagnostics + remarks
        if found.error is None:
            diagnostics += self._conflicts(found) or self._refusal(found)
        ok = found.error is None and not any(one.severity == "error" for one in diagnostics)
        routes = tuple({"method": one.method, "path": one.path} for one in found.routes)
        return CheckReport(ok, diagnostics, routes, found.registrations, tuple(dry.logs), tuple(dry.withheld))

    def _conflicts(self, found: Examination) -> tuple[Diagnostic, ...]:
        """Give a remark for each route that another script has."""
        if not found.routes:
            return ()
        owners = {one.shape: one.uri for one in self.live() if one.uri != found.uri}
        return tuple(
            Diagnostic("error", "ROUTE_CONFLICT", str(clash), one.line)
            for one in found.routes
            if (owner := owners.get(one.shape)) is not None
            for clash in [RouteConflict(one.method, one.path, found.uri, owner)]
        )

    def _refusal(self, found: Examination) -> tuple[Diagnostic, ...]:
        """Give a remark for what else would refuse the script."""
        try:
            self.admit(found)
        except (RouteConflict, ScriptInvalid) as error:
            place = getattr(error, "line", None), getattr(error, "column", None)
            return (Diagnostic("error", "SCRIPT_INVALID", message_of(error), *place),)
        return ()
