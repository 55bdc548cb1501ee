"""What scripts ask of the host: logs and sends in order, and calls that are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from aiwebengine.errors import LimitExceeded
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.sandbox.dry_run import is_safe_in_dry_run
from aiwebengine.sandbox.model import HostCall

if TYPE_CHECKING:
    from aiwebengine.interfaces import IScriptLog
    from aiwebengine.sandbox.job import Job

__all__ = ["HostCalls"]

_LEVELS = {"trace", "debug", "info", "warn", "error"}
# One request's calls must not keep those of all others waiting where they queue, such as at the repository.
_MOST_AT_ONCE = 16
_KNOWN = ((PermissionError, "PermissionError"), (TypeError, "TypeError"), (ValueError, "RangeError"))


class HostCalls:
    """Carries out host operations for jobs and hands their results back."""

    _log = Logger()

    def __init__(
        self, operations: dict[str, Any], script_log: IScriptLog, answer: Callable[[Job, bytes], None]
    ) -> None:
        """``operations`` by name (`IScriptGlobals.operations`); ``answer`` sends a settled call's JSON."""
        self.operations = operations
        self._script_log = script_log
        self._answer = answer

    def effects(self, job: Job, effects: Sequence[Sequence[Any]] | None) -> None:
        """Do what a script has asked for without awaiting it. Raises on shapes no realm makes."""
        for effect in effects or ():
            if effect[0] == "log":
                _, level, message, line = effect
                if job.dry_run is not None:
                    job.dry_run.log(level if level in _LEVELS else "info", str(message), int(line) or None)
                    continue
                self._script_log.append(
                    level if level in _LEVELS else "info",
                    str(message),
                    script=job.uri,
                    request_id=job.request_id,
                    route=job.route,
                    kind="log",
                    line=int(line) or None,
                )
            else:
                job.host_calls += 1
                _, operation, argument = effect
                if job.dry_run is not None and not is_safe_in_dry_run(self.operations.get(operation)):
                    job.dry_run.drop(operation)
                    continue
                deferred = self._start(job, operation, argument)
                deferred.addErrback(self._complain, job, operation)

    def calls(self, job: Job, calls: Sequence[Sequence[Any]]) -> None:
        """Start the calls a script awaits, in their order; the rest when some of them are settled."""
        for ident, operation, argument in calls:
            job.host_calls += 1
            job.calls_waiting.append((ident, operation, argument))
        self._start_waiting(job)

    def _start_waiting(self, job: Job) -> None:
        while job.calls_waiting and job.calls_under_way < _MOST_AT_ONCE:
            ident, operation, argument = job.calls_waiting.popleft()
            job.calls_under_way += 1
            deferred = self._start(job, operation, argument)
            deferred.addCallback(self._succeed, job, ident)
            deferred.addErrback(self._fail, job, ident, operation)
            if deferred.called and not deferred.paused:
                job.calls_under_way -= 1  # not by a callback: a thousand of them would nest
            else:
                deferred.addBoth(self._settled, job)

    def _settled(self, result: Any, job: Job) -> Any:
        job.calls_under_way -= 1
        self._start_waiting(job)
        return result

    def _start(self, job: Job, operation: str, argument: Any) -> Deferred[Any]:
        perform = self.operations.get(operation)
        if perform is None:
            return _failed(TypeError(f"there is no host operation {operation!r}"))
        dry = job.dry_run
        if dry is not None and not is_safe_in_dry_run(perform):
            return _failed(dry.refuse(operation))
        version = job.program.version if job.program is not None else 0
        call = HostCall(job.uri, version, job.request_id, dict(job.facts.get("auth") or {}), dry)
        try:
            return Deferred.fromCoroutine(perform(call, argument))
        except Exception:
            return _failed(None)

    def _succeed(self, value: Any, job: Job, ident: int) -> None:
        self._answer(job, msgspec.json.encode([ident, True, value]))

    def _fail(self, failure: Failure, job: Job, ident: int, operation: str) -> None:
        name, message = self._explain(failure, job, operation)
        error: Any = failure.value
        told = {"name": name, "message": message, "code": getattr(error, "code", None)}
        if isinstance(error, LimitExceeded):
            told["limit"] = error.as_json()
        self._answer(job, msgspec.json.encode([ident, False, told]))

    def _complain(self, failure: Failure, job: Job, operation: str) -> None:
        _, message = self._explain(failure, job, operation)
        self._script_log.append(
            "error",
            f"{operation}: {message}",
            script=job.uri,
            request_id=job.request_id,
            route=job.route,
            kind="host",
        )

    def _explain(self, failure: Failure, job: Job, operation: str) -> tuple[str, str]:
        """Give name and message of the error as a script sees it; what it cannot know of is logged."""
        error: Any = failure.value
        if isinstance(error, RepositoryUnavailable):
            # What it says is for the operator: scripts need not know where the repository is.
            self._log.warn(
                "{operation} of {script}: {error}", operation=operation, script=job.uri, error=error
            )
            return "ServiceUnavailableError", f"{operation}: the repository is not available at the moment"
        name = getattr(error, "script_name", None)
        for kind, script_name in _KNOWN:
            if name is None and isinstance(error, kind):
                name = script_name
        if name is not None:
            return name, str(error)
        self._log.failure(
            "host operation {operation} failed for {script}", failure, operation=operation, script=job.uri
        )
        return "Error", f"{operation} failed"


def _failed(error: Exception | None) -> Deferred[Any]:
    deferred: Deferred[Any] = Deferred()
    deferred.errback(Failure(error) if error is not None else Failure())
    return deferred
