"""``aiwebengine version``."""

from __future__ import annotations

import importlib.metadata
import platform

import click

from aiwebengine import VERSION
from aiwebengine.cli.terminal import print_json

__all__ = ["version"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def version(as_json: bool) -> None:
    """Print the versions of aiwebengine and of what it runs on."""
    parts = {name: importlib.metadata.version(name) for name in ("Twisted", "quickjs-ng")}
    parts = {"Python": platform.python_version(), **parts}
    if as_json:
        print_json({"aiwebengine": VERSION, **parts})
    else:
        click.echo(f"aiwebengine {VERSION} ({', '.join(f'{name} {text}' for name, text in parts.items())})")
