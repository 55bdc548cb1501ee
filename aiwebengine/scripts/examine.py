"""Is a source fit to go live? Size, URI, lint, sandbox and the form of its routes, in this order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from aiwebengine.errors import HTTPProblem, ScriptInvalid
from aiwebengine.interfaces import ISandboxPool
from aiwebengine.sandbox.dry_run import DryRun
from aiwebengine.sandbox.model import Diagnostic, Registration
from aiwebengine.scripts.model import LiveScript, validate_uri
from aiwebengine.scripts.routes import Route, routes_of

__all__ = ["Examination", "Examiner", "Lint"]

#: ``lint(source, mode)``: remarks; in mode ``"reject"`` those of severity ``"error"`` refuse the script.
Lint = Callable[[str, str], Sequence[Diagnostic]]


@attrs.frozen(eq=False)
class Examination:
    """
    What was found: either ``error``, or ``live`` with its ``routes``; remarks in both cases.

    ``repeatable`` is that of `LoadReport`.
    """

    uri: str
    diagnostics: tuple[Diagnostic, ...] = ()
    error: ScriptInvalid | None = None
    live: LiveScript | None = None
    routes: tuple[Route, ...] = ()
    registrations: tuple[Registration, ...] = ()
    repeatable: bool = False


@attrs.frozen
class Examiner:
    """
    Examines sources.

    ``dangerous_patterns`` is ``"warn"``, ``"reject"`` or ``"off"``; ``max_script_bytes`` counts UTF-8;
    ``max_routes`` is per script.
    """

    sandboxes: ISandboxPool
    lint: Lint | None = None
    dangerous_patterns: str = "warn"
    max_script_bytes: int = 1_000_000
    max_routes: int = 1000

    async def examine(
        self,
        uri: str,
        source: str,
        version: int,
        *,
        is_startup: bool = False,
        run_init: bool = True,
        dry_run: DryRun | None = None,
    ) -> Examination:
        """
        Examine one source; what is wrong with it is given, not raised.

        ``dry_run`` is as for `ISandboxPool.load`.

        Raises `HTTPProblem`: 413 for a source over the limit, 503 when no sandbox is to be had.
        """
        self.refuse_oversized(uri, source)
        remarks: tuple[Diagnostic, ...] = ()
        try:
            validate_uri(uri)
            if self.lint is not None and self.dangerous_patterns != "off":
                remarks = tuple(self.lint(source, self.dangerous_patterns))
            self._refuse_dangerous(uri, remarks)
            how: dict[str, Any] = {} if dry_run is None else {"run_init": run_init, "dry_run": dry_run}
            report = await self.sandboxes.load(uri, source, version, is_startup=is_startup, **how)
            remarks += tuple(one for one in report.diagnostics if one not in remarks)
            if report.error is not None:
                raise report.error
            assert report.program is not None  # noqa: S101 - a report has one or the other
            live = LiveScript(program=report.program, registrations=tuple(report.registrations))
            routes = routes_of(uri, report.program, live.registrations)
            if len(routes) > self.max_routes:
                raise ScriptInvalid(
                    uri=uri, message=f"registers {len(routes)} routes; the limit is {self.max_routes}"
                )
        except ScriptInvalid as error:
            return Examination(uri, _with_error(remarks, error), error)
        remarks += _repeated(routes)
        return Examination(uri, remarks, None, live, routes, live.registrations, report.repeatable)

    def refuse_oversized(self, uri: str, source: str) -> None:
        """Raise `HTTPProblem` 413 when the source is over the limit."""
        size = len(source.encode("utf-8", "surrogatepass"))
        if size > self.max_script_bytes:
            raise HTTPProblem(
                413,
                "PAYLOAD_TOO_LARGE",
                f"the script has {size} bytes; the limit is {self.max_script_bytes}"
                " (javascript.max_script_bytes)",
                {
                    "limit": "max_script_bytes",
                    "value": self.max_script_bytes,
                    "used": size,
                    "unit": "bytes",
                    "config_key": "javascript.max_script_bytes",
                    "script": uri,
                },
            )

    def _refuse_dangerous(self, uri: str, remarks: Sequence[Diagnostic]) -> None:
        for one in remarks:
            if one.severity == "error":
                raise ScriptInvalid(
                    uri=uri, message=f"{one.code}: {one.message}", line=one.line, column=one.column
                )


def _repeated(routes: Sequence[Route]) -> tuple[Diagnostic, ...]:
    """Give a remark for each route that the script registers more than once."""
    seen: set[object] = set()
    remarks = []
    for one in routes:
        if one.shape in seen:
            text = f"route {one.method} {one.path} is registered more than once; the last one answers"
            remarks.append(Diagnostic("warning", "DUPLICATE_ROUTE", text, one.line))
        seen.add(one.shape)
    return tuple(remarks)


def _with_error(remarks: tuple[Diagnostic, ...], error: ScriptInvalid) -> tuple[Diagnostic, ...]:
    """Add the error to the remarks unless one of them already says it."""
    if any(one.severity == "error" and one.message in error.message for one in remarks):
        return remarks
    return (*remarks, Diagnostic("error", error.code, error.message, error.line, error.column))
