"""What a sandbox is told when it starts: limits, the realm's core, the prelude pieces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiwebengine.sandbox.prelude import Prelude, core_sources

if TYPE_CHECKING:
    from aiwebengine.config.sections import JavaScriptSettings

__all__ = ["address_space_bytes", "realm_bytes", "sandbox_settings"]

MEBIBYTE = 1024 * 1024


def realm_bytes(settings: JavaScriptSettings) -> int:
    """Give the bytes that idle realms of one process may hold in all."""
    return max(64 * MEBIBYTE, 2 * settings.memory_limit_bytes)


def address_space_bytes(settings: JavaScriptSettings) -> int:
    """Give the address space of one process: its idle realms, a few that run, the interpreter."""
    return 4 * settings.memory_limit_bytes + 2 * realm_bytes(settings) + 256 * MEBIBYTE


def sandbox_settings(settings: JavaScriptSettings, prelude: Prelude) -> dict[str, Any]:
    """Give the contents of a SETTINGS frame."""
    core, lockdown = core_sources()
    config = {
        "evalAllowed": "eval" in settings.allowed_apis,
        "console": settings.console,
        "limits": {
            "logBytes": settings.max_log_bytes,
            "outputBytes": settings.max_output_bytes,
            "hostCalls": settings.max_host_calls,
            "timers": settings.max_timers,
        },
    }
    return {
        "pieces": {p.name: (json.dumps(p.names), p.source) for p in prelude.pieces.values()},
        "core": core,
        "lockdown": lockdown,
        "memory_bytes": settings.memory_limit_bytes,
        "stack_bytes": settings.stack_size_bytes,
        "cpu_seconds": settings.execution_timeout_ms / 1000,
        "jobs": settings.max_pending_jobs,
        "isolation": settings.isolation,
        "realms": settings.realms_per_sandbox,
        "realm_bytes": realm_bytes(settings),
        "config": json.dumps(config)[1:-1],
    }
