"""``aiwebengine scripts ...``: look at and change the scripts of a running engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from aiwebengine.cli.client import Management, management_options, script_path

__all__ = ["scripts"]


@click.group()
def scripts() -> None:
    """List, read, delete and roll back the scripts of a running engine."""


@scripts.command("list")
@management_options
def list_scripts(api: Management, as_json: bool) -> None:
    """List all scripts with version, state and routes."""
    data = api.call("GET", "/engine/scripts").json()
    if as_json:
        _print_json(data)
        return
    lines = [("URI", "VERSION", "STATUS", "SIZE", "ROUTES")]
    for record in data["scripts"]:
        routes = ", ".join(f"{route['method']} {route['path']}" for route in record["routes"])
        error = record.get("error")
        if error:
            routes = (f"line {error['line']}: " if error.get("line") else "") + error["message"]
        lines.append((record["uri"], str(record["version"]), record["status"], str(record["size"]), routes))
    _print_table(lines)


@scripts.command()
@click.argument("uri")
@click.option("--version", "number", type=int, help="An earlier version instead of the current one.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@management_options
def get(api: Management, as_json: bool, uri: str, number: int | None, output: Path | None) -> None:
    """Print a script's source (with --json, all that is known of it)."""
    headers = {"Accept": "application/json" if as_json else "application/javascript"}
    body = api.call("GET", script_path(uri), query={"version": number}, headers=headers).body
    if output is not None:
        output.write_bytes(body)
    else:
        click.echo(body, nl=as_json)


@scripts.command()
@click.argument("uri")
@management_options
def delete(api: Management, as_json: bool, uri: str) -> None:
    """Take a script out of service and delete it."""
    api.call("DELETE", script_path(uri))
    if as_json:
        _print_json({"uri": uri, "deleted": True})
    else:
        click.echo(f"{uri}: deleted")


@scripts.command()
@click.argument("uri")
@management_options
def versions(api: Management, as_json: bool, uri: str) -> None:
    """List a script's versions, newest first."""
    data = api.call("GET", script_path(uri, "versions")).json()
    if as_json:
        _print_json(data)
        return
    lines = [("VERSION", "CREATED", "AUTHOR", "SIZE", "SHA256", "MESSAGE")]
    lines += [
        (
            str(row["version"]),
            str(row["created_at"]),
            row["author"] or "-",
            str(row["size"]),
            row["sha256"][:12],
            row["message"],
        )
        for row in data["versions"]
    ]
    _print_table(lines)


@scripts.command()
@click.argument("uri")
@click.argument("number", metavar="VERSION", type=int)
@management_options
def rollback(api: Management, as_json: bool, uri: str, number: int) -> None:
    """Make an earlier version the current one, as a new version."""
    body = json.dumps({"version": number}).encode()
    headers = {"Content-Type": "application/json"}
    record = api.call("POST", script_path(uri, "rollback"), body=body, headers=headers).json()
    if as_json:
        _print_json(record)
    else:
        click.echo(f"{uri}: version {record['version']} is version {number} again")


def _print_json(data: Any) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _print_table(lines: Sequence[tuple[str, ...]]) -> None:
    """Print columns of equal width; the last one as long as it is."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=True)]
        click.echo("  ".join([*cells, line[-1]]).rstrip())
