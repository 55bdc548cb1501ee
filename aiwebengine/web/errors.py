"""The error table: what each exception becomes as an HTTP answer, and the bodies of error answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.repository.errors import AssetConflict, AssetNotFound, AssetsFull, RepositoryUnavailable
from aiwebengine.web.error_page import PAGE_HEADERS, error_page
from aiwebengine.web.negotiation import prefers_html
from aiwebengine.web.refusals import internal_error

__all__ = ["TABLE", "ErrorPages", "is_expected", "problem_of", "source_frame", "timestamp"]

_JSON_HEADERS = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")]


def _script_invalid(error: ScriptInvalid) -> HTTPProblem:
    details: dict[str, object] = {"uri": error.uri, "line": error.line, "column": error.column}
    if error.stack:
        details["stack"] = error.stack
    return HTTPProblem(422, error.code, str(error), details)


def _route_conflict(error: RouteConflict) -> HTTPProblem:
    details = {"method": error.method, "path": error.path, "uri": error.uri, "owner": error.owner}
    return HTTPProblem(409, "ROUTE_CONFLICT", str(error), details)


def _version_conflict(error: VersionConflict) -> HTTPProblem:
    details = {"uri": error.uri, "expected": error.expected, "current": error.current}
    return HTTPProblem(412, "PRECONDITION_FAILED", str(error), details)


def _script_not_found(error: ScriptNotFound) -> HTTPProblem:
    return HTTPProblem(404, "NOT_FOUND", f"There is {error}.", {"uri": error.uri, "version": error.version})


def _asset_not_found(error: AssetNotFound) -> HTTPProblem:
    return HTTPProblem(404, "NOT_FOUND", f"There is {error}.", {"name": error.name})


def _asset_conflict(error: AssetConflict) -> HTTPProblem:
    details = {"name": error.name, "expected": error.expected or None, "current": error.current or None}
    return HTTPProblem(412, "PRECONDITION_FAILED", str(error), details)


def _assets_full(error: AssetsFull) -> HTTPProblem:
    return HTTPProblem(
        413,
        "PAYLOAD_TOO_LARGE",
        f"{error}.".capitalize(),
        {
            "limit": "max_total_bytes",
            "value": error.limit,
            "used": error.used,
            "unit": "bytes",
            "config_key": "assets.max_total_bytes",
        },
    )


_BLAND = {
    "SCRIPT_ERROR": "The script that answers this path failed.",
    "SCRIPT_TIMEOUT": "The script that answers this path took too long.",
    "SCRIPT_MEMORY_LIMIT": "The script that answers this path needed too much memory.",
    "SCRIPT_STACK_OVERFLOW": "The script that answers this path went too deep.",
    "SERVICE_UNAVAILABLE": "The service is not available at the moment; try again soon.",
}
_BLAND_OTHERWISE = "The server could not answer this request."


def _unavailable(error: RepositoryUnavailable) -> HTTPProblem:
    return HTTPProblem(
        503,
        "SERVICE_UNAVAILABLE",
        "The repository cannot be used at the moment.",
        {"reason": error.reason},
        (("Retry-After", "5"),),
    )


TABLE: dict[type[Exception], Callable[[Any], HTTPProblem]] = {
    AssetConflict: _asset_conflict,
    AssetNotFound: _asset_not_found,
    AssetsFull: _assets_full,
    HTTPProblem: lambda problem: problem,
    RepositoryUnavailable: _unavailable,
    RouteConflict: _route_conflict,
    ScriptInvalid: _script_invalid,
    ScriptNotFound: _script_not_found,
    VersionConflict: _version_conflict,
}
"""Exception class to the function that makes its `HTTPProblem`; subclasses count as their nearest base."""


def is_expected(error: BaseException) -> bool:
    """Tell whether the table has a line for this error (if not, it is a fault to be logged)."""
    return any(base in TABLE for base in type(error).__mro__)


def problem_of(error: BaseException) -> HTTPProblem:
    """Give the answer to an exception by the table; what is not in it is a bland 500 INTERNAL_ERROR."""
    for base in type(error).__mro__:
        make = TABLE.get(base)
        if make is not None:
            return make(error)
    return internal_error()


def timestamp(seconds: float) -> str:
    """Give seconds since the epoch as RFC 3339 text in UTC with milliseconds."""
    whole = int(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((seconds - whole) * 1000):03d}Z"


def source_frame(source: str, line: int, column: int | None = None, around: int = 2) -> str:
    """Give the lines around a 1-based position, marked by ``>``, the column by a caret below."""
    lines = source.splitlines()
    first, last = max(1, line - around), min(len(lines), line + around)
    width = len(str(last))
    frame = []
    for number in range(first, last + 1):
        text = lines[number - 1].replace("\t", " ")[:300]
        frame.append(f"{'>' if number == line else ' '} {number:>{width}} | {text}".rstrip())
        if number == line and column is not None and column <= 300:
            frame.append(f"  {'':>{width}} | {'':>{max(0, column - 1)}}^")
    return "\n".join(frame)


class ErrorPages:
    """
    The bodies of error answers, JSON or HTML as the client prefers.

    ``development`` adds details to 5xx answers and shows stack and source frame on the page. Without it the
    details of 5xx answers and of those about a script, and the messages of 5xx, which may hold what a script
    threw, are left to the log; the request id finds them.
    """

    def __init__(self, *, development: bool) -> None:
        self.development = development
        self._encode = msgspec.json.Encoder(enc_hook=str).encode

    def render(
        self, problem: HTTPProblem, *, request_id: str, path: str, method: str, accept: str | None, now: float
    ) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Give headers and body for a problem; ``now`` is seconds since the epoch."""
        error: dict[str, object] = {"code": problem.code, "message": self.message(problem)}
        details = self.details(problem)
        if details:
            error["details"] = details
        error |= {"request_id": request_id, "timestamp": timestamp(now), "path": path, "method": method}
        own = [(name.encode("ascii"), value.encode("utf-8")) for name, value in problem.headers]
        if prefers_html(accept):
            return [*PAGE_HEADERS, *own], error_page(problem.status, error)
        return [*_JSON_HEADERS, *own], self._encode({"error": error, "status": problem.status})

    def message(self, problem: HTTPProblem) -> str:
        """Give the message that may be shown to the client."""
        if problem.status < 500 or self.development or problem.code == "INTERNAL_ERROR":
            return problem.message
        return _BLAND.get(problem.code, _BLAND_OTHERWISE)

    def details(self, problem: HTTPProblem) -> Mapping[str, object] | None:
        """Give the details that may be shown to the client."""
        about_script = "script" in (problem.details or ())
        if not self.development and (problem.status >= 500 or about_script):
            return None
        return problem.details
