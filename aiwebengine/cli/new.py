"""``aiwebengine new NAME``: begin an application."""

from __future__ import annotations

from pathlib import Path

import click

from aiwebengine.cli import scaffold

__all__ = ["new"]


@click.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where to make it; default here.",
)
def new(name: str, directory: Path) -> None:
    """Make an application NAME: configuration, a first script, a README."""
    made = scaffold.application(name, directory)
    click.echo(
        f"{made}: made. Try it:\n  cd {made}\n  aiwebengine serve --config aiwebengine.toml --scripts scripts"
    )
    click.echo("  and open http://127.0.0.1:8080/hello")
