"""The value of an expression in a script's scope: a dry run of the script with the expression after it."""

from __future__ import annotations

from typing import Any

from aiwebengine.errors import ScriptInvalid
from aiwebengine.interfaces import ISandboxPool
from aiwebengine.sandbox.dry_run import DryRun
from aiwebengine.sandbox.model import LoadReport
from aiwebengine.sandbox.outcomes import decode

__all__ = ["evaluate"]

_METHOD = "EVALUATE"
# Registrations are what a load gives back, so the value travels as the options of one.
_DESCRIBE = """(function (value) {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  let text = kind, json;
  try { text = String(value); } catch { /* an object without a string */ }
  try { json = JSON.stringify(value); } catch { /* a cycle or a BigInt */ }
  return { type: kind, text, json: json === undefined ? null : json };
})"""
_SYNC = (f'\n;register("/", function () {{}}, "{_METHOD}", {_DESCRIBE}((\n', "\n)));\n")
# A later function of the same name replaces the script's own init, which an evaluation does not run.
_ASYNC = (
    "\n;function $evaluated() {}\nasync function init() {"
    f' register("/", $evaluated, "{_METHOD}", {_DESCRIBE}(await (\n',
    "\n))); }\n",
)
_NO_VALUE = "the script has a register of its own, so no value can be read"


async def evaluate(
    sandboxes: ISandboxPool, uri: str, source: str, version: int, expression: str
) -> dict[str, Any]:
    """
    Load ``source`` (without its ``init``) and give the value of ``expression`` after it; nothing lasts.

    It is a dry run in a realm of its own, thrown away afterwards: what the script stores only it sees,
    what it sends is dropped, host operations that cannot be taken back are refused (`DryRun`), lines it logs
    are given back instead of kept. A Promise is awaited, unless the script declares ``init`` other than as a
    function.

    Gives ``{"ok": True, "type", "text", "value", "logs", "withheld"}``, ``value`` null for what is no JSON,
    or ``{"ok": False, "error": {"message", "line", "column", "stack"}, "logs", "withheld"}``, lines of the
    expression counted from its own first. Raises `HTTPProblem` 503.
    """
    dry = DryRun()
    report = await _load(sandboxes, uri, source, version, expression, _ASYNC, dry)
    before = _ASYNC[0]
    if report.error is not None and report.error.message.startswith("SyntaxError"):
        # An init that is no function cannot be replaced; and of a wrong expression this says where, too.
        dry, before = DryRun(), _SYNC[0]
        report = await _load(sandboxes, uri, source, version, expression, _SYNC, dry)
    logs = [one | {"line": _own_line(one["line"], source, before)} for one in dry.logs]
    more = {"logs": logs, "withheld": dry.withheld}
    if report.error is not None:
        return {"ok": False, "error": _error(report.error, source, before)} | more
    for one in reversed(report.registrations):
        if one.data.get("method") == _METHOD:
            found = one.data["options"]
            value = None if found["json"] is None else decode(found["json"].encode("utf-8"))
            return {"ok": True, "type": found["type"], "text": found["text"], "value": value} | more
    return {"ok": False, "error": {"message": _NO_VALUE, "line": None, "column": None, "stack": ""}} | more


async def _load(
    sandboxes: ISandboxPool,
    uri: str,
    source: str,
    version: int,
    expression: str,
    around: tuple[str, str],
    dry: DryRun,
) -> LoadReport:
    text = source + around[0] + expression + around[1]
    return await sandboxes.load(uri, text, version, run_init=around is _ASYNC, dry_run=dry)


def _error(error: ScriptInvalid, source: str, before: str) -> dict[str, Any]:
    line = _own_line(error.line, source, before)
    return {"message": error.message, "line": line, "column": error.column, "stack": error.stack}


def _own_line(line: int | None, source: str, before: str) -> int | None:
    """Give a line of the expression by the expression's own count, one of the script as it is."""
    if line is not None and line > source.count("\n") + 1:
        return max(1, line - source.count("\n") - before.count("\n"))
    return line
