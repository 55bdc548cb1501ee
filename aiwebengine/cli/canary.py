"""``aiwebengine scripts canary URI``: look at a version on trial, and end the trial one way or the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from aiwebengine.cli.client import Management, Refused, management_options, script_path
from aiwebengine.cli.terminal import paint, print_json

__all__ = ["canary"]


@click.command()
@click.argument("uri")
@click.option("--promote", is_flag=True, help="Make it the current version.")
@click.option("--abort", is_flag=True, help="Take it out of service.")
@click.option(
    "--percent",
    type=click.FloatRange(0, 100, min_open=True),
    help="Send it this share of the requests from now on.",
)
@click.option("-m", "--message", default="", help="Why; kept with the version, or in the audit trail.")
@management_options
def canary(
    api: Management,
    as_json: bool,
    uri: str,
    promote: bool,
    abort: bool,
    percent: float | None,
    message: str,
) -> None:
    """
    Show how a version on trial does, or end its trial.

    It was begun with aiwebengine deploy --canary PERCENT.
    """
    actions = {"promote": promote, "abort": abort, "percent": percent is not None}
    chosen = [name for name, wanted in actions.items() if wanted]
    if len(chosen) > 1:
        raise click.UsageError("--promote, --abort and --percent exclude one another")
    path = script_path(uri, "canary")
    if not chosen:
        try:
            found = api.call("GET", path).json()
        except Refused as refusal:
            if refusal.status != 404:
                raise
            hint = f"what became of earlier ones: aiwebengine logs --kind canary --script {uri}"
            raise Refused(f"{refusal.message}; {hint}", 404, refusal.code) from None
        if as_json:
            print_json({name: value for name, value in found.items() if name != "source"})
        else:
            click.echo(_told(uri, found))
        return
    asked: dict[str, Any] = {"action": chosen[0]} | ({"message": message} if message else {})
    if percent is not None:
        asked["percent"] = percent
    headers = {"Content-Type": "application/json"}
    record = api.call("POST", path, body=json.dumps(asked).encode(), headers=headers).json()
    if as_json:
        print_json(record)
    elif promote:
        click.echo(f"{uri}: {_version(record['version'])} answers all requests")
    elif abort:
        click.echo(f"{uri}: aborted; version {record['version']} answers all requests")
    else:
        click.echo(_told(uri, record["canary"]))


def _told(uri: str, found: Mapping[str, Any]) -> str:
    errors = f"{found['errors']} errors"
    return (
        f"{uri}: {_version(found['version'])} on trial with {found['percent']:g} % of the requests"
        f" since {found['started_at']}\n"
        f"  so far {found['requests']} requests, {paint(errors, 'red') if found['errors'] else errors}\n"
        f"  failing now: {found['error_rate']:g} %, of version {found['baseline_version']}"
        f" {found['baseline_error_rate']:g} %"
    )


def _version(number: int) -> str:
    return paint(f"version {number}", "green")
