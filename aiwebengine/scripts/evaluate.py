"""The value of an expression in a script's scope: the script is loaded with the expression after it."""

from __future__ import annotations

import json
from typing import Any

from aiwebengine.interfaces import ISandboxPool

__all__ = ["evaluate"]

_METHOD = "EVALUATE"
# Registrations are what a load gives back, so the value travels as the options of one.
_BEFORE = f"""
;register("/", function () {{}}, "{_METHOD}", (function (value) {{
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  let text = kind, json;
  try {{ text = String(value); }} catch {{ /* an object without a string */ }}
  try {{ json = JSON.stringify(value); }} catch {{ /* a cycle or a BigInt */ }}
  return {{ type: kind, text, json: json === undefined ? null : json }};
}})((
"""
_AFTER = "\n)));\n"


async def evaluate(
    sandboxes: ISandboxPool, uri: str, source: str, version: int, expression: str
) -> dict[str, Any]:
    """
    Load ``source`` (without its ``init``) and give the value of ``expression`` after it; nothing goes live.

    Gives ``{"ok": True, "type", "text", "value"}``, ``value`` null for what is no JSON, or ``{"ok": False,
    "error": {"message", "line", "column", "stack"}}``, lines of the expression counted from its own first.
    The expression is synchronous: of a Promise only its type is given. Raises `HTTPProblem` 503.
    """
    before = source + _BEFORE
    report = await sandboxes.load(uri, before + expression + _AFTER, version, run_init=False)
    if report.error is not None:
        error = report.error
        line = error.line
        if line is not None and line > source.count("\n") + 1:
            line = max(1, line - before.count("\n"))
        shown = {"message": error.message, "line": line, "column": error.column, "stack": error.stack}
        return {"ok": False, "error": shown}
    for one in reversed(report.registrations):
        if one.data.get("method") == _METHOD:
            found = one.data["options"]
            value = None if found["json"] is None else json.loads(found["json"])
            return {"ok": True, "type": found["type"], "text": found["text"], "value": value}
    message = "the script has a register of its own, so no value can be read"
    return {"ok": False, "error": {"message": message, "line": None, "column": None, "stack": ""}}
