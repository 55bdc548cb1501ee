"""The formats of an access log line."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from aiwebengine.web.errors import timestamp

__all__ = ["FORMATS", "Format"]

Format = Callable[[Any], str]
_encode = msgspec.json.Encoder().encode
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNSAFE = {code: f"\\x{code:02x}" for code in (*range(32), 34, 92, *range(127, 256))}
_clock: list[Any] = [None, ""]


def _date(seconds: float) -> str:
    whole = int(seconds)
    if _clock[0] != whole:
        moment = time.gmtime(whole)
        month = _MONTHS[moment.tm_mon - 1]
        _clock[:] = whole, time.strftime(f"%d/{month}/%Y:%H:%M:%S +0000", moment)
    return str(_clock[1])


def _plain(text: str | None) -> str:
    """Give text that cannot end its quotes or its line: no forged entries."""
    if not text:
        return "-"
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode("latin-1").translate(_UNSAFE)


def common(request: Any) -> str:
    """Give a line of the Common Log Format."""
    record = request.record
    line = f"{record.method or '-'} {_plain(request.uri.decode('latin-1'))} HTTP/{request.http_version}"
    user = _plain(record.auth_user)
    return (
        f'{record.client_ip or "-"} - {user} [{_date(record.started)}] "{line}" '
        f"{record.status} {record.response_bytes or '-'}"
    )


def combined(request: Any) -> str:
    """Give a line of the Combined Log Format, and after it milliseconds and the request id."""
    headers = request.headers
    return (
        f'{common(request)} "{_plain(headers.get("referer"))}" "{_plain(headers.get("user-agent"))}" '
        f"{request.record.wall_ms:.1f}ms {request.request_id}"
    )


def as_json(request: Any) -> str:
    """Give the whole record as one line of JSON."""
    entry = request.record.as_dict()
    entry["timestamp"] = timestamp(request.record.started)
    for name in ("wall_ms", "cpu_ms", "queue_wait_ms"):
        entry[name] = round(entry[name], 3)
    entry["uri"] = request.uri.decode("latin-1")
    entry["http_version"] = request.http_version
    entry["user_agent"] = request.headers.get("user-agent", "")
    entry["referer"] = request.headers.get("referer", "")
    return _encode(entry).decode("utf-8")


FORMATS: dict[str, Format] = {"common": common, "combined": combined, "json": as_json}
"""By the values of ``logging.access_log`` other than ``off``."""
