"""Reads what a sandbox said of a run that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiwebengine.sandbox.failures import CONFIG_KEYS, LimitHit, ScriptThrew

# A string past QuickJS's own 2**30 limit got there by ropes, which take little memory until they are read.
OUT_OF_MEMORY = ("out of memory", "string too long")

__all__ = ["own_lines", "threw", "threw_or_limit"]


def own_lines(stack: str, uri: str) -> str:
    """Give the lines of a stack that name the script."""
    return "\n".join(line for line in stack.splitlines() if uri in line)


def threw(found: Mapping[str, Any]) -> ScriptThrew:
    """Give a thrown error from the realm's description of it."""
    extra = {k: found[k] for k in ("cause", "badResult", "limit") if k in found}
    return ScriptThrew(str(found["name"]), str(found["message"]), str(found["stack"]), extra)


def threw_or_limit(settings: Any, heap_kb: int, found: Mapping[str, Any]) -> Any:
    """Tell apart what the script threw and what QuickJS threw for a limit that scripts can catch."""
    thrown = threw(found)
    s = settings
    if (thrown.name == "InternalError" and thrown.message in OUT_OF_MEMORY) or (
        found.get("isNull") and heap_kb * 1024 > 0.8 * s.memory_limit_bytes
    ):
        return LimitHit(
            "memory", s.memory_limit_bytes, s.memory_limit_bytes, "bytes", thrown.stack, CONFIG_KEYS["memory"]
        )
    if thrown.name in ("RangeError", "InternalError") and thrown.message in (
        "Maximum call stack size exceeded",
        "stack overflow",
    ):
        return LimitHit(
            "stack", s.stack_size_bytes, s.stack_size_bytes, "bytes", thrown.stack, CONFIG_KEYS["stack"]
        )
    limit = thrown.extra.get("limit")
    if isinstance(limit, dict) and limit.get("config_key") == CONFIG_KEYS["output"]:
        return LimitHit(
            "output",
            s.max_output_bytes,
            float(limit.get("used") or 0),
            "bytes",
            thrown.stack,
            CONFIG_KEYS["output"],
        )
    return thrown
