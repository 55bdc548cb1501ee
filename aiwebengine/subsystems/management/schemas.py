"""The shapes of the management API's JSON: read by it, or described in its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

__all__ = [
    "Batch",
    "BatchResult",
    "CanaryAction",
    "CanaryDetail",
    "CanaryFigures",
    "CheckResult",
    "DiffResult",
    "Error",
    "Evaluation",
    "EvaluationResult",
    "LimitList",
    "LogPage",
    "PluginList",
    "RequestList",
    "Rollback",
    "RouteList",
    "ScriptList",
    "ScriptRecordShape",
    "ScriptSource",
    "Status",
    "VersionList",
]

Time = Annotated[str, Meta(description="ISO 8601 in UTC.", extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]
# What a repository can keep as a version.
_LARGEST = 2**63 - 1
Percent = Annotated[float, Meta(ge=0, le=100)]
Level = Literal["trace", "debug", "info", "warn", "error"]


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an answer has, and nothing else."""


# Requests


class Rollback(msgspec.Struct):
    """Which version to make the newest again."""

    version: Annotated[int, Meta(ge=1, le=_LARGEST)]
    message: str = ""


class Batch(msgspec.Struct):
    """Scripts to store (source) or delete (null) as one change."""

    scripts: dict[str, str | None]
    message: str = ""
    expected: Annotated[
        dict[str, Annotated[int, Meta(ge=0)]],
        Meta(description="The version each of these scripts must have now; 0: it must not exist."),
    ] = msgspec.field(default_factory=dict)


class Evaluation(msgspec.Struct):
    """An expression, and the script (or the source) in whose scope it is evaluated."""

    expression: str
    uri: str = ""
    source: str | None = None


class CanaryAction(msgspec.Struct):
    """What to do with a canary; ``percent`` is for the action of that name."""

    action: Literal["promote", "abort", "percent"]
    percent: Annotated[float, Meta(gt=0, le=100)] | None = None
    message: str = ""


# Answers


class ErrorBody(Shape):
    """What went wrong."""

    code: str
    message: str
    request_id: str
    timestamp: Time
    path: str
    method: str
    details: dict[str, Any] | UnsetType = UNSET


class Error(Shape):
    """The body of every error."""

    error: ErrorBody
    status: Annotated[int, Meta(ge=400, le=599)]


class RouteRef(Shape):
    """A method and path that a script answers."""

    method: str
    path: str


class LoadError(Shape):
    """Why a script does not load; line and column count from 1."""

    message: str
    line: int | None
    column: int | None
    stack: str


class CanaryFigures(Shape):
    """
    A version on trial. ``requests``, ``errors`` and ``baseline_requests`` count since it began (on this
    engine); the two rates are percentages over the last ``canary.window_s`` seconds.
    """

    version: Count
    percent: Percent
    requests: Count
    errors: Count
    error_rate: Percent
    baseline_version: Count
    baseline_requests: Count
    baseline_error_rate: Percent
    started_at: Time
    author: str
    message: str
    sha256: str


class CanaryDetail(CanaryFigures):
    """A version on trial with its script and source."""

    uri: str
    source: str


class ScriptRecordShape(Shape, rename={}):
    """A script; ``failed`` when the latest attempt to load did not succeed (an older version may serve)."""

    uri: str
    size: Annotated[int, Meta(ge=0, description="Bytes of UTF-8.")]
    version: Annotated[int, Meta(ge=0, description="0 when nothing is stored.")]
    updated_at: Time | None
    status: Literal["live", "failed"]
    error: LoadError | None
    routes: list[RouteRef]
    canary: CanaryFigures | UnsetType = UNSET


class ScriptList(Shape):
    """All scripts, by URI."""

    scripts: list[ScriptRecordShape]


class ScriptSource(Shape):
    """A script with its source; of an older version only the first four and the source."""

    uri: str
    size: Count
    version: Count
    updated_at: Time | None
    source: str
    status: Literal["live", "failed"] | UnsetType = UNSET
    error: LoadError | UnsetType | None = UNSET
    routes: list[RouteRef] | UnsetType = UNSET
    canary: CanaryFigures | UnsetType = UNSET


class Version(Shape):
    """One version, without its source."""

    version: Annotated[int, Meta(ge=1)]
    created_at: Time
    author: str
    message: str
    sha256: str
    size: Count


class VersionList(Shape):
    """All versions of a script, newest first."""

    versions: list[Version]


class DiffLine(Shape):
    """A line; numbers count from 1, null on the side that lacks it."""

    kind: Literal["same", "added", "removed"]
    text: str
    from_line: int | None
    to_line: int | None


class Hunk(Shape):
    """Lines that lie together, with three around them."""

    lines: list[DiffLine]


class DiffResult(Shape, rename={"from_": "from"}):
    """What changed from one version to another."""

    uri: str
    from_: Count
    to: Count
    added: Annotated[int, Meta(ge=0, description="Lines.")]
    removed: Annotated[int, Meta(ge=0, description="Lines.")]
    unified: str
    hunks: list[Hunk]


class DiagnosticShape(Shape):
    """A remark of a check."""

    severity: Literal["error", "warning", "info"]
    code: str
    message: str
    line: int | None
    column: int | None


class RegistrationShape(Shape):
    """Something the script registers, such as a route or a stream."""

    kind: str
    key: str
    handler: str
    line: int | None


class LogLine(Shape):
    """A line that was logged and not kept."""

    level: Level
    message: str
    line: int | None


class CheckResult(Shape):
    """What a PUT of the same source would find; ``withheld`` names host operations that were not done."""

    ok: bool
    diagnostics: list[DiagnosticShape]
    routes: list[RouteRef]
    registrations: list[RegistrationShape]
    logs: list[LogLine]
    withheld: list[str]


class BatchResult(Shape):
    """What was stored and what was deleted."""

    scripts: list[ScriptRecordShape]
    deleted: list[str]


class EvaluationResult(Shape):
    """The value (null for what is no JSON) or the error."""

    ok: bool
    logs: list[LogLine]
    withheld: list[str]
    type: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    value: Any | UnsetType = UNSET
    error: LoadError | UnsetType = UNSET


class RouteShape(Shape):
    """A live route and its owner."""

    method: str
    path: str
    script: str
    kind: str
    handler: str


class RouteAnswer(Shape):
    """
    Who answers a path: a script's route (``params`` decoded), a feature of the engine, or nobody.

    A ``fallback`` answers where no route does; ``feature`` names with what, such as ``asset css/site.css``.
    ``allow`` lists other methods of a known path.
    """

    owner: Literal["script", "engine", "fallback", "nobody"]
    route: RouteShape | None
    params: dict[str, str]
    feature: str | None
    allow: list[str]


class RouteList(Shape):
    """Every live route, or with ``path`` who answers it."""

    routes: list[RouteShape] | UnsetType = UNSET
    answer: RouteAnswer | UnsetType = UNSET


class LogEntryShape(Shape):
    """A log entry; ``audit`` holds the fields of one of kind ``audit``."""

    seq: Annotated[int, Meta(ge=0, description="0 while the repository is away and has not numbered it.")]
    timestamp: Time
    level: Level
    script: str
    request_id: str
    route: str
    kind: str
    message: str
    line: int | None
    audit: dict[str, str] | UnsetType = UNSET


class LogPage(Shape):
    """Entries, oldest first; ``next`` is the ``after`` that continues."""

    entries: list[LogEntryShape]
    next: Count
    partial: Annotated[
        bool | UnsetType, Meta(description="True while the repository is away and only memory answers.")
    ] = UNSET


class RequestList(Shape):
    """The latest requests, newest first: records with timings (ms), sizes (bytes) and outcome."""

    requests: list[dict[str, Any]]


class Limit(Shape):
    """A limit, its value and the configuration key that sets it."""

    name: str
    value: float
    unit: str
    config_key: str
    description: str
    status: Annotated[int | None, Meta(description="What a request over it is answered with.")]
    needs_restart: bool


class LimitList(Shape):
    """Every limit in force."""

    limits: list[Limit]


class PluginShape(Shape):
    """A plugin that is on, or was left out and why."""

    name: str
    state: Literal["on", "disabled", "unusable", "missing"]
    section: str
    origin: str
    summary: str
    reason: str


class PluginList(Shape):
    """Every plugin found or asked for."""

    plugins: list[PluginShape]


class Versions(Shape):
    """Of what runs."""

    aiwebengine: str
    python: str
    twisted: str
    quickjs: str


class ScriptCounts(Shape):
    """Scripts by state."""

    total: Count
    live: Count
    failed: Count
    routes: Count


class CanaryStatus(CanaryFigures):
    """A version on trial and its script."""

    uri: str


class Status(Shape):
    """How the engine is; ``sandboxes`` are the pool's own figures."""

    versions: Versions
    environment: str
    mode: Literal["development", "production"]
    pid: Count
    uptime_s: Annotated[float, Meta(ge=0)]
    sandboxes: dict[str, int | float | str]
    scripts: ScriptCounts
    canaries: list[CanaryStatus]
    event_streams: Count
    log_entries: Count
