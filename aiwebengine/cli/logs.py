"""``aiwebengine logs [-f]``: read what scripts have logged, and follow it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click

from aiwebengine.cli.client import Management, Refused, management_options

__all__ = ["Event", "events", "follow", "logs"]

_SILENCE_S = 60.0  # four heartbeats of the default configuration
_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 15.0)

Event = tuple[str, str]


@click.command()
@click.option(
    "-f", "--follow", "following", is_flag=True, help="Keep printing new entries until interrupted."
)
@click.option("-n", "--limit", default=100, show_default=True, help="How many of the latest entries.")
@click.option("--script", help="Only of this script.")
@click.option("--level", help="Only of this level.")
@click.option("--request-id", help="Only of this request.")
@click.option("--contains", help="Only with this text.")
@click.option("--since", help="Only from this time on.")
@management_options
def logs(
    api: Management,
    as_json: bool,
    following: bool,
    limit: int,
    script: str | None,
    level: str | None,
    request_id: str | None,
    contains: str | None,
    since: str | None,
) -> None:
    """Print what scripts have logged (with --json, one JSON object per line)."""
    filters: dict[str, object] = {
        "script": script,
        "level": level,
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
            for _, data in events(lines):
                entry = json.loads(data)
                if int(entry["seq"]) > last:
                    last = int(entry["seq"])
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
    """Give the id and the data of each server-sent event that has data."""
    ident = ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield ident, "\n".join(data)
            data = []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "id":
            ident = value


def _text(entry: Any, as_json: bool) -> str:
    """Give the line printed for an entry."""
    if as_json:
        return json.dumps(entry, ensure_ascii=False)
    when = entry["timestamp"]
    if isinstance(when, int | float):
        when = datetime.fromtimestamp(when / 1000, UTC).isoformat(timespec="milliseconds")
    place = " ".join(entry[key] for key in ("script", "route", "request_id") if entry.get(key))
    return f"{when} {str(entry['level']).upper():<5} {f'[{place}] ' if place else ''}{entry['message']}"
