"""Values that pass between the script registry, the request path and the sandbox pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aiwebengine.errors import ScriptInvalid
from aiwebengine.sandbox.dry_run import DryRun

__all__ = ["Diagnostic", "HostCall", "LoadReport", "Program", "Registration"]


@attrs.frozen
class Diagnostic:
    """One remark of a check; ``line`` and ``column`` are 1-based, None where unknown."""

    severity: str  # "error" | "warning" | "info"
    code: str  # such as "SYNTAX_ERROR", "DANGEROUS_EVAL", "MISSING_HANDLER"
    message: str
    line: int | None = None
    column: int | None = None


@attrs.frozen
class Registration:
    """
    One thing a script registered while it loaded.

    ``kind`` is ``"route"`` or a plugin's own; ``key`` identifies it within the kind and script (for a route
    ``"GET /users/:id"``); ``data`` is JSON data (for a route ``method``, ``path``, ``handler`` (a display
    name, may be empty), ``options``).
    """

    kind: str
    key: str
    data: Mapping[str, Any]


@attrs.frozen(eq=False)
class Program:
    """
    A script version made ready to run: what sandboxes get to see.

    ``names`` are the top-level bindings the compiled script must hand out (handlers registered by name);
    ``pieces`` the prelude pieces it needs; ``error_handler`` names the one registered inside ``init``.
    ``ident`` is unique within this front's life.
    """

    ident: int
    uri: str
    version: int
    source: str = attrs.field(repr=False)
    names: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    error_handler: str | None = None


@attrs.frozen
class LoadReport:
    """
    What loading a script gave: either ``error`` or a ``program`` with its registrations.

    ``diagnostics`` holds lint remarks and the error too, for ``/engine/check``. ``repeatable`` tells that
    loading the same text again would give the same and leave nothing out: the script has no ``init``, and its
    top level logged, sent and awaited nothing, set no timer, and asked neither the clock nor for randomness.
    """

    uri: str
    version: int
    error: ScriptInvalid | None = None
    program: Program | None = None
    registrations: tuple[Registration, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    repeatable: bool = False


@attrs.frozen
class HostCall:
    """
    Who asks for a host operation: the script and the request it serves (empty while loading).

    In a ``dry_run`` nothing may last of what the operation does (only those marked with
    `aiwebengine.sandbox.dry_run.safe_in_dry_run` are asked then); changes belong into its ``scratch``.
    """

    script: str
    version: int
    request_id: str
    auth: Mapping[str, Any] = attrs.field(factory=dict)
    dry_run: DryRun | None = None
