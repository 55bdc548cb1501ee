"""``aiwebengine version``."""

from __future__ import annotations

import importlib.metadata
import platform

import click

from aiwebengine import VERSION

__all__ = ["version"]


@click.command()
def version() -> None:
    """Print the versions of aiwebengine and of what it runs on."""
    parts = [f"Python {platform.python_version()}"]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in ("Twisted", "quickjs-ng")]
    click.echo(f"aiwebengine {VERSION} ({', '.join(parts)})")
