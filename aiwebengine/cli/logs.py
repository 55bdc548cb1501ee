"""``aiwebengine logs [-f]``: read what scripts have logged, and follow it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click

from aiwebengine.cli.client import Management, Refused, management_options
from aiwebengine.cli.terminal import paint

__all__ = ["Event", "events", "follow", "logs"]

_SILENCE_S = 60.0  # four heartbeats of the default configuration
_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 15.0)

Event = tuple[str, str]


LEVELS = ("trace", "debug", "info", "warn", "error")
KINDS = ("log", "error", "load", "lint", "host", "canary", "audit")
_COLOURS = {"error": "red", "warn": "yellow", "debug": "bright_black", "trace": "bright_black"}
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _moment(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Give the time that ``--since`` means: one ago as ms of the epoch, others as they are."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,9})([smhd])", value)
    if found:
        return str(int((time.time() - int(found[1]) * _UNITS_S[found[2]]) * 1000))
    if not value.isdigit():
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(f"{value!r} is neither like 10m nor ISO 8601") from None
    return value


@click.command()
@click.option(
    "-f", "--follow", "following", is_flag=True, help="Keep printing new entries until interrupted."
)
@click.option("-n", "--limit", default=100, show_default=True, help="How many of the latest entries.")
@click.option("--script", help="Only of this script.")
@click.option("--level", type=click.Choice(LEVELS), help="The least severe level wanted.")
@click.option("--kind", type=click.Choice(KINDS), help="Only of this kind; audit tells who changed what.")
@click.option("--request-id", help="Only of this request.")
@click.option("--contains", help="Only with this text.")
@click.option(
    "--since", callback=_moment, metavar="TIME", help="Only from then on: 90s, 10m, 2h, 1d ago, or ISO 8601."
)
@management_options
def logs(
    api: Management,
    as_json: bool,
    following: bool,
    limit: int,
    script: str | None,
    level: str | None,
    kind: str | None,
    request_id: str | None,
    contains: str | None,
    since: str | None,
) -> None:
    """Print what scripts have logged, oldest first (with --json, one JSON object per line)."""
    filters: dict[str, object] = {
        "script": script,
        "level": level,
        "kind": kind,
        "request_id": request_id,
        "contains": contains,
    }
    data = api.call("GET", "/engine/logs", query={**filters, "since": since, "limit": limit}).json()
    last = 0
    for entry in data["entries"]:
        click.echo(_text(entry, as_json))
        last = max(last, int(entry["seq"]))
    if not following:
        return
    try:
        for entry in follow(api, filters, last, time.sleep):
            click.echo(_text(entry, as_json))
    except KeyboardInterrupt:
        return


def follow(
    api: Management, filters: dict[str, object], last: int, sleep: Callable[[float], None]
) -> Iterator[Any]:
    """
    Give log entries after number ``last`` as they come, connecting anew when the connection breaks.

    Raises `Refused` when the engine says no, or cannot be reached several times in a row.
    """
    failures = 0
    while True:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
        query = {**filters, "after": last}
        try:
            lines = api.lines("/engine/logs/stream", query=query, headers=headers, timeout_s=_SILENCE_S)
            for ident, data in events(lines):
                if not data:
                    # What came without a number has one now.
                    last = max(last, int(ident))
                    continue
                entry = json.loads(data)
                number = int(entry["seq"])
                if number > last or not number:
                    last = max(last, number)
                    yield entry
        except Refused as refusal:
            if refusal.status or failures == len(_RETRIES_S):
                raise
            sleep(_RETRIES_S[failures])
            failures += 1
        else:
            failures = 0
            sleep(_RETRIES_S[0])


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Give the id and the data of each server-sent event, with no data for one that only sets the id."""
    ident = ""
    data: list[str] = []
    renewed = False
    for line in lines:
        if not line:
            if data or renewed:
                yield ident, "\n".join(data)
            data = []
            renewed = False
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "id":
            ident, renewed = value, True


def _text(entry: Any, as_json: bool) -> str:
    """Give the line printed for an entry."""
    if as_json:
        return json.dumps(entry, ensure_ascii=False)
    when = entry["timestamp"]
    if isinstance(when, int | float):
        when = datetime.fromtimestamp(when / 1000, UTC).isoformat(timespec="milliseconds")
    place = " ".join(entry[key] for key in ("script", "route", "request_id") if entry.get(key))
    level = str(entry["level"])
    shown = paint(f"{level.upper():<5}", _COLOURS.get(level, "green"), bold=level == "error")
    message = str(entry["message"])
    if level in ("error", "warn"):
        message = paint(message, _COLOURS[level])
    return f"{paint(str(when), dim=True)} {shown} {f'[{place}] ' if place else ''}{message}"
