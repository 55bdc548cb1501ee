"""``aiwebengine scripts ...``: look at and change the scripts of a running engine."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import click

from aiwebengine.cli.canary import canary
from aiwebengine.cli.client import Management, Refused, management_options, script_path
from aiwebengine.cli.terminal import paint
from aiwebengine.cli.terminal import print_json as _print_json
from aiwebengine.cli.terminal import print_table as _print_table

__all__ = ["scripts"]


@click.group()
def scripts() -> None:
    """List, read, compare, try out, delete and roll back the scripts of a running engine."""


scripts.add_command(canary)


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


@scripts.command()
@click.argument("uri")
@click.argument("old", metavar="[FROM]", type=int, required=False)
@click.argument("new", metavar="[TO]", type=int, required=False)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with this file instead of a version TO.",
)
@click.option("-U", "--context", type=click.IntRange(0), default=3, show_default=True, help="Lines around.")
@management_options
def diff(
    api: Management,
    as_json: bool,
    uri: str,
    old: int | None,
    new: int | None,
    file: Path | None,
    context: int,
) -> None:
    """
    Show what changed between two versions, as a unified diff.

    TO is the current version unless it is given, FROM the one before TO; with --file FROM is the current one.
    """
    if file is not None and new is not None:
        raise click.UsageError("give TO or --file")
    numbers = [row["version"] for row in api.call("GET", script_path(uri, "versions")).json()["versions"]]
    newest = max(numbers, default=0)
    if file is not None:
        before, after, after_name = old or newest, file.read_bytes(), str(file)
    else:
        to = new or newest
        earlier = [number for number in numbers if number < to]
        if old is None and not earlier:
            raise Refused(f"{uri} has no version before {to}")
        before = old if old is not None else max(earlier)
        after, after_name = _source(api, uri, to), f"{uri} (version {to})"
    lines = list(
        difflib.unified_diff(
            _source(api, uri, before).decode("utf-8", "replace").splitlines(),
            after.decode("utf-8", "replace").splitlines(),
            f"{uri} (version {before})",
            after_name,
            lineterm="",
            n=context,
        )
    )
    if as_json:
        changes = [line[0] for line in lines[2:] if line[:1] in "+-"]
        counts = {"added": changes.count("+"), "removed": changes.count("-")}
        to_shown = None if file is not None else new or newest
        _print_json({"uri": uri, "from": before, "to": to_shown, **counts, "diff": "\n".join(lines)})
        return
    for line in lines:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        click.echo(paint(line, colour) if colour else line)


def _source(api: Management, uri: str, number: int) -> bytes:
    headers = {"Accept": "application/javascript"}
    return api.call("GET", script_path(uri), query={"version": number}, headers=headers).body
