"""Loading a script in a sandbox: what is sent, and what its report says."""

from __future__ import annotations

import json
import marshal
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.defer import Deferred

from aiwebengine.errors import HTTPProblem, ScriptInvalid
from aiwebengine.sandbox import frames
from aiwebengine.sandbox.failures import LimitHit, ScriptThrew, TimedOut, Unavailable
from aiwebengine.sandbox.job import Job
from aiwebengine.sandbox.model import Diagnostic, LoadReport, Registration
from aiwebengine.scripts.tokens import identifiers, top_level_names

if TYPE_CHECKING:
    from aiwebengine.sandbox.dry_run import DryRun
    from aiwebengine.sandbox.pool import SandboxPool

__all__ = ["Loader", "call_payload", "place_in"]

_INPUT = re.compile(r"<input>:(\d+):(\d+)")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")


def call_payload(program_ident: int, text: bytes, parts: Sequence[bytes] = ()) -> bytes:
    """Give a CALL frame's payload: the JSON text and the binary parts it refers to by number."""
    if not parts:
        return frames.USAGE.pack(program_ident, len(text), 0) + text
    sizes = b"".join(frames.HEAD.pack(len(part), 0, 0) for part in parts)
    return b"".join([frames.USAGE.pack(program_ident, len(text), len(parts)), sizes, text, *parts])


def place_in(stack: str, uri: str) -> tuple[int | None, int | None]:
    """Give line and column of a stack's first frame in the script, or (None, None)."""
    match = re.search(re.escape(uri) + r":(\d+):(\d+)", stack)
    return (int(match[1]), int(match[2])) if match else (None, None)


class _LoadSink:
    def __init__(self) -> None:
        self.done: Deferred[Any] = Deferred()

    def answered(self, head: Any, raw: bytes | None) -> None:
        self.done.callback(head)

    def failed(self, failure: Any) -> None:
        self.done.callback(failure)

    def streaming(self, head: Any) -> None:
        self.done.callback(ScriptThrew("TypeError", "a load cannot stream"))

    def chunk(self, chunks: Any, ended: bool, failure: Any) -> None:
        """Not reached: loads do not stream."""


class Loader:
    """Checks scripts in the pool's sandboxes."""

    def __init__(self, pool: SandboxPool) -> None:
        self._pool = pool

    async def load(
        self,
        uri: str,
        source: str,
        version: int,
        *,
        is_startup: bool,
        run_init: bool,
        dry_run: DryRun | None = None,
    ) -> LoadReport:
        """See `aiwebengine.interfaces.ISandboxPool.load`."""
        pool = self._pool
        found = identifiers(source)
        pieces = pool.prelude.pick(found)
        candidates = tuple(dict.fromkeys(n for n in (*top_level_names(source), "init") if _NAME.match(n)))
        facts = {"requestId": "", "script": uri, "auth": {}}
        request = {
            "context": {
                "scriptName": uri,
                "uri": uri,
                "timestamp": int(time.time() * 1000),
                "isStartup": is_startup,
            },
            "runInit": run_init,
            "facts": facts,
            "seed": pool.seed(),
        }
        budget = pool.settings.init_timeout_ms / 1000
        payload = marshal.dumps((uri, source, candidates, pieces, json.dumps(request), budget))
        sink = _LoadSink()
        wall_ms = 2 * pool.settings.init_timeout_ms + 2000
        job = Job(pool, uri, None, payload, sink, wall_ms, budget, "", "load", facts)
        job.dry_run = dry_run
        pool.submit(job)
        outcome = await sink.done
        if isinstance(outcome, Unavailable):
            raise HTTPProblem(503, "SERVICE_UNAVAILABLE", outcome.reason, headers=[("Retry-After", "1")])
        if not isinstance(outcome, list):
            error = self._error(uri, outcome)
            return LoadReport(uri, version, error, diagnostics=(_as_diagnostic(error),))
        report = self._report(uri, source, version, pieces, outcome)
        return attrs.evolve(report, repeatable=report.repeatable and not job.noisy)

    def _report(
        self, uri: str, source: str, version: int, pieces: Sequence[str], outcome: Sequence[Any]
    ) -> LoadReport:
        _, entries, names, error_handler, missing, repeatable, _ = outcome
        registrations = []
        for kind, key, data, handler, line, shown in entries:
            registrations.append(
                Registration(kind, key, {**data, "handler": handler, "handler_name": shown, "line": line})
            )
        diagnostics = tuple(
            Diagnostic(
                "error",
                "MISSING_HANDLER",
                f'{what}: the script has no top-level function "{name}"',
                line or None,
            )
            for what, name, line in missing
        )
        wanted = [name for name in dict.fromkeys(names) if _NAME.match(name)]
        program = self._pool.make_program(uri, version, source, wanted, error_handler, pieces)
        return LoadReport(uri, version, None, program, tuple(registrations), diagnostics, repeatable is True)

    def _error(self, uri: str, outcome: Any) -> ScriptInvalid:
        if isinstance(outcome, ScriptThrew):
            if "prefix" in outcome.extra:
                return _syntax_error(uri, outcome.message, int(outcome.extra["prefix"]))
            line, column = place_in(outcome.stack, uri)
            if outcome.name == "SyntaxError" and line is None:
                return _syntax_error(uri, f"SyntaxError: {outcome.message}\n{outcome.stack}", 0)
            return ScriptInvalid(uri, f"{outcome.name}: {outcome.message}", line, column, outcome.stack)
        if isinstance(outcome, LimitHit):
            line, column = place_in(outcome.stack, uri)
            limit = f"{outcome.limit} limit of {outcome.value:.0f} {outcome.unit}"
            text = f"{limit} ({outcome.config_key}) reached while loading"
            return ScriptInvalid(uri, text, line, column, outcome.stack)
        if isinstance(outcome, TimedOut):
            return ScriptInvalid(
                uri,
                f"loading took longer than {outcome.limit_ms:.0f} ms (javascript.init_timeout_ms): "
                "does init await something that never comes?",
            )
        return ScriptInvalid(uri, "the sandbox process ended while loading this script")


def _syntax_error(uri: str, text: str, prefix: int) -> ScriptInvalid:
    match = _INPUT.search(text)
    line = column = None
    if match:
        line, column = int(match[1]), int(match[2])
        if line == 1:
            column = max(1, column - prefix)
    message = text.split("\n", 1)[0].strip()
    stack = f"    at {uri}:{line}:{column}" if line else ""
    return ScriptInvalid(uri, message, line, column, stack)


def _as_diagnostic(error: ScriptInvalid) -> Diagnostic:
    code = "SYNTAX_ERROR" if error.message.startswith("SyntaxError") else "LOAD_ERROR"
    return Diagnostic("error", code, error.message, error.line, error.column)
