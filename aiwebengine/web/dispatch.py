"""From a request to the script that answers it, and back."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IScriptLog
from aiwebengine.sandbox.failures import ScriptThrew
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.pool import SandboxPool
from aiwebengine.scripts.registry import ScriptRegistry
from aiwebengine.scripts.routes import Match, OtherMethods, Route
from aiwebengine.web.fallbacks import Fallbacks
from aiwebengine.web.from_script import BadAnswer, answer_headers, body_of, chunk_bytes, problem_of_failure
from aiwebengine.web.refusals import not_found
from aiwebengine.web.stream import BodyStream
from aiwebengine.web.to_script import route_call

__all__ = ["ScriptDispatch"]

ANONYMOUS: dict[str, Any] = {"isAuthenticated": False, "roles": []}


class ScriptDispatch:
    """
    Answers requests with scripts: asks the route index, calls a sandbox, sends what comes back.

    ``fallbacks`` are asked where no route matches.
    """

    def __init__(
        self,
        scripts: ScriptRegistry,
        sandboxes: SandboxPool,
        script_log: IScriptLog,
        fallbacks: Fallbacks | None = None,
    ) -> None:
        self._match = scripts.match
        self._sandboxes = sandboxes
        self._script_log = script_log
        self._fallbacks = fallbacks or Fallbacks()

    def dispatch(self, request: Any) -> None:
        """Answer a whole request now or later."""
        found = self._match(request.method, request.raw_path)
        if isinstance(found, Match):
            fork = found.route.fork
            self._call(request, found if fork is None else fork.choose(request, found))
        elif found is None:
            self._fallbacks.answer(request, not_found(request.path_text))
        elif isinstance(found, OtherMethods):
            if request.method == b"OPTIONS":
                request.answer(204, [(b"Allow", found.allow.encode("latin-1"))], b"")
                return
            method = request.method.decode("latin-1")
            problem = HTTPProblem(
                405,
                "METHOD_NOT_ALLOWED",
                f"{request.path_text} does not take {method}.",
                {"allow": found.allow},
                (("Allow", found.allow),),
            )
            if request.method not in (b"GET", b"HEAD"):
                raise problem
            self._fallbacks.answer(request, problem)

    def _call(self, request: Any, match: Match) -> None:
        route = match.route
        program = route.program
        record = request.record
        record.script = route.uri
        record.route = route.key
        record.version = program.version
        auth = getattr(request, "auth", None) or ANONYMOUS
        facts = {"requestId": request.request_id, "script": route.uri, "auth": auth}
        seed = self._sandboxes.seed() if "entropy" in program.pieces else None
        payload = route_call(program, route.key, route.handler, request, match.params, facts, seed)
        reply = Reply(request, route, self._script_log)
        job = self._sandboxes.call(
            program, payload, reply, request_id=request.request_id, route=route.key, facts=facts
        )
        if job is not None:
            reply.wait_for(job)


class Reply:
    """Sends what a job gives as the answer to one request (a `aiwebengine.sandbox.job.Sink`)."""

    __slots__ = ("_job", "_log_to", "_request", "_route", "_stream", "_wants_more")

    _log = Logger()

    def __init__(self, request: Any, route: Route, script_log: IScriptLog) -> None:
        self._request = request
        self._route = route
        self._log_to = script_log
        self._job: Job | None = None
        self._stream: BodyStream | None = None
        self._wants_more = False

    def wait_for(self, job: Job) -> None:
        """Drop the job when the client leaves before its answer is complete."""
        self._job = job
        self._request.on_disconnect(self._left)

    def _left(self, request: Any) -> None:
        if self._job is not None:
            self._account()
            self._job.cancel()

    def _account(self, *, last: bool = False) -> None:
        """Put down what the job cost; the ``last`` time let go of it, or the two keep each other alive."""
        job, record = self._job, self._request.record
        if job is not None:
            if last:
                self._job = None
            record.cpu_ms = job.cpu_us / 1000
            record.memory_peak_bytes = job.heap_kb * 1024
            record.host_calls = job.host_calls
            record.queue_wait_ms = job.queue_wait_ms

    # -- Sink --

    def answered(self, head: list[Any], raw: bytes | None) -> None:
        """Send the whole answer."""
        what, status, content_type, headers, cookies, inline, _, _ = head
        self._account(last=True)
        try:
            pairs = answer_headers(content_type, headers, cookies, secure=self._request.secure)
        except BadAnswer as problem:
            self.failed(ScriptThrew("TypeError", str(problem)))
            return
        self._request.answer(status, pairs, body_of(what, inline, raw))

    def streaming(self, head: list[Any]) -> None:
        """Send the head, then ask for chunks at the client's pace."""
        _, status, content_type, headers, cookies, _, _, _ = head
        self._account()
        try:
            pairs = answer_headers(content_type, headers, cookies, secure=self._request.secure)
        except BadAnswer as problem:
            if self._job is not None:
                self._job.cancel()
            self.failed(ScriptThrew("TypeError", str(problem)))
            return
        stream = self._stream = self._request.stream(status, pairs)
        stream.on_drain = self._drained
        if stream.closed or self._request.method == b"HEAD":
            if self._job is not None:
                self._job.cancel()
            stream.finish()
            return
        self._more()

    def _more(self) -> None:
        job, stream = self._job, self._stream
        if job is None or stream is None or stream.closed:
            return
        if stream.paused:
            self._wants_more = True
            job.paused()
            return
        job.pull()

    def _drained(self) -> None:
        if self._wants_more:
            self._wants_more = False
            self._more()

    def chunk(self, chunks: list[Any], ended: bool, failure: ScriptThrew | None) -> None:
        """Send chunks; the failure of a stream cuts the connection, as its head has been sent."""
        self._account(last=ended)
        stream = self._stream
        if stream is None or stream.closed:
            return
        if chunks:
            stream.write(chunk_bytes(chunks))
        if failure is not None:
            self.failed(failure)
        elif ended:
            stream.finish()
        else:
            self._more()

    def failed(self, failure: Any) -> None:
        """Refuse the request by the error table and log why, under its id."""
        self._account(last=True)
        program = self._route.program
        problem = problem_of_failure(failure, program.uri, program.source)
        if problem.status >= 500 or problem.status == 408:
            level = "warn" if problem.status == 503 else "error"
            details = problem.details or {}
            stack = details.get("stack")
            line: Any = details.get("line")
            self._log_to.append(
                level,
                f"{problem.message}\n{stack}" if stack else problem.message,
                script=program.uri,
                request_id=self._request.request_id,
                route=self._route.key,
                kind="error",
                line=line,
            )
        self._request.refuse(problem, logged=True)
