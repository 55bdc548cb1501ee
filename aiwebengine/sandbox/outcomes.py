"""Reads what a sandbox said of a run: its JSON text, and what it means that the run failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from aiwebengine.sandbox.failures import CONFIG_KEYS, LimitHit, ScriptThrew

if TYPE_CHECKING:
    from aiwebengine.config.sections import JavaScriptSettings

__all__ = ["decode", "failure_of", "own_lines", "threw", "threw_or_limit"]

_decode = msgspec.json.Decoder().decode
# A backslash pair, a whole surrogate pair, or half of one.
_ESCAPE = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def decode(text: bytes) -> Any:
    """
    Read JSON text that a realm made; halves of surrogate pairs become U+FFFD, as in WebIDL's USVString.

    Raises `msgspec.DecodeError` for what no realm makes.
    """
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return _decode(_ESCAPE.sub(lambda m: m[0] if len(m[0]) != 6 else rb"\ufffd", text))


def own_lines(stack: str, uri: str) -> str:
    """Give the lines of a stack that name the script."""
    return "\n".join(line for line in stack.splitlines() if uri in line)


def threw(found: Mapping[str, Any]) -> ScriptThrew:
    """Give a thrown error from the realm's description of it."""
    extra = {k: found[k] for k in ("cause", "badResult", "limit", "hostLimit") if k in found}
    return ScriptThrew(str(found["name"]), str(found["message"]), str(found["stack"]), extra)


def threw_or_limit(settings: JavaScriptSettings, found: Mapping[str, Any]) -> ScriptThrew | LimitHit:
    """Tell apart what the script threw and what QuickJS threw for a limit that scripts can catch."""
    thrown = threw(found)
    # Where memory is short, the message may be missing.
    if thrown.name == "InternalError" and thrown.message in ("out of memory", ""):
        most = settings.memory_limit_bytes
        return LimitHit("memory", most, most, "bytes", thrown.stack, CONFIG_KEYS["memory"])
    if thrown.name in ("RangeError", "InternalError") and thrown.message in (
        "Maximum call stack size exceeded",
        "stack overflow",
    ):
        most = settings.stack_size_bytes
        return LimitHit("stack", most, most, "bytes", thrown.stack, CONFIG_KEYS["stack"])
    limit = thrown.extra.get("limit")
    if limit is not None:
        most, used = settings.max_output_bytes, limit["used"]
        return LimitHit("output", most, used, "bytes", thrown.stack, CONFIG_KEYS["output"])
    return thrown


def failure_of(
    settings: JavaScriptSettings, uri: str, head: Mapping[str, Any], cpu: str
) -> ScriptThrew | LimitHit:
    """Read a FAILED frame's head; ``cpu`` is the key in `CONFIG_KEYS` of the CPU limit that was in force."""
    if "limit" in head:
        limit = head["limit"]
        key = CONFIG_KEYS[cpu if limit == "cpu" else limit]
        return LimitHit(limit, head["value"], head["used"], head["unit"], own_lines(head["stack"], uri), key)
    if "thrown" in head:
        return threw_or_limit(settings, head["thrown"])
    return ScriptThrew("SyntaxError", head["syntax"], "", {"prefix": head["prefix"]})
