"""What can go wrong with a script's run, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["CONFIG_KEYS", "LimitHit", "ScriptThrew", "TimedOut", "Unavailable", "WorkerLost"]

CONFIG_KEYS = {
    "cpu": "javascript.execution_timeout_ms",
    "load_cpu": "javascript.init_timeout_ms",
    "memory": "javascript.memory_limit_bytes",
    "stack": "javascript.stack_size_bytes",
    "jobs": "javascript.max_pending_jobs",
    "output": "javascript.max_output_bytes",
    "wall": "server.request_timeout_ms",
}


@attrs.frozen
class LimitHit:
    """A limit ended the run; ``unit`` is of ``value`` and ``used``, ``stack`` may name the place."""

    limit: str
    value: float
    used: float
    unit: str
    stack: str = ""
    config_key: str = ""


@attrs.frozen
class ScriptThrew:
    """The script threw (or its result was bad): the error as the realm described it."""

    name: str
    message: str
    stack: str = ""
    extra: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class TimedOut:
    """The request's wall-clock time ran out, waiting or running."""

    limit_ms: float
    used_ms: float
    queued: bool = False


@attrs.frozen
class WorkerLost:
    """The sandbox process ended while the request was in it; ``running`` tells whether it ran just then."""

    signal: int | None
    exit_code: int | None
    running: bool
    reason: str = ""


@attrs.frozen
class Unavailable:
    """No sandbox took the request: the queue is full, the script is paused, or the engine is stopping."""

    reason: str
    retry_after_s: float = 1.0
