"""Every limit in force: found in the configuration's schemas, so that none is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from aiwebengine.config.schema import fields_of

__all__ = ["limits"]

_LIMIT = re.compile(r"(^|_)(max(?!_age)|min|most|limit|timeout|depth|keep|per)(_|$)")
_OTHERS = frozenset(
    (
        "server.backlog",
        "server.shutdown_grace_ms",
        "javascript.workers",
        "javascript.stack_size_bytes",
        "javascript.realms_per_sandbox",
        "javascript.recycle_after_requests",
    )
)
_UNITS = {"ms": "ms", "s": "s", "bytes": "bytes", "days": "days", "percent": "%"}
_STATUSES = {
    "server.request_timeout_ms": 408,
    "server.header_timeout_ms": 408,
    "server.min_body_rate_bytes_per_s": 408,
    "server.max_body_bytes": 413,
    "server.max_upload_bytes": 413,
    "server.max_multipart_parts": 413,
    "server.max_uri_bytes": 414,
    "server.max_header_bytes": 431,
    "server.max_header_count": 431,
    "javascript.max_script_bytes": 413,
    "javascript.execution_timeout_ms": 504,
    "javascript.init_timeout_ms": 422,
    "javascript.memory_limit_bytes": 500,
    "javascript.stack_size_bytes": 500,
    "javascript.max_pending_jobs": 500,
    "javascript.max_output_bytes": 500,
    "javascript.max_timers": 500,
    "javascript.max_host_calls": 500,
    "javascript.max_queue": 503,
    "management.max_failed_keys_per_minute": 429,
    "assets.max_bytes": 413,
    "assets.max_total_bytes": 413,
}


def limits(sections: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the numbers among the settings that limit something, by configuration key."""
    for section, settings in sections.items():
        if not isinstance(settings, msgspec.Struct):
            continue
        for field in fields_of(type(settings)):
            key = f"{section}.{field.key}"
            value = getattr(settings, field.attribute)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if key in _OTHERS or _LIMIT.search(field.key):
                yield {
                    "name": field.key,
                    "value": value,
                    "unit": str(field.shape.extra.get("unit") or _unit(field.key)),
                    "config_key": key,
                    "description": field.shape.description,
                    "status": _STATUSES.get(key),
                    "needs_restart": not field.shape.extra.get("reload", False),
                }


def _unit(name: str) -> str:
    if name.endswith("_bytes_per_s"):
        return "bytes/s"
    return _UNITS.get(name.rpartition("_")[2], "count")
