"""``aiwebengine new NAME``: begin an application."""

from __future__ import annotations

from pathlib import Path

import click

from aiwebengine.cli import scaffold
from aiwebengine.cli.terminal import print_json
from aiwebengine.cli.types import script_typings
from aiwebengine.config.sources import ConfigurationSources

__all__ = ["new"]


@click.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where to make it; default here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def new(name: str, directory: Path, as_json: bool) -> None:
    """Make an application NAME: configuration, a first script and its test, typings for editors, a README."""
    from aiwebengine.testing.javascript.workbench import testing_typings

    typings = {
        "types/aiwebengine.d.ts": script_typings(ConfigurationSources(variables={})),
        "types/aiwebengine-test.d.ts": testing_typings(),
    }
    made = scaffold.application(name, directory, typings)
    if as_json:
        files = sorted(file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file())
        print_json({"directory": str(made), "files": files})
        return
    click.echo(f"{made}: made. Try it:\n  cd {made}\n  aiwebengine test")
    click.echo("  aiwebengine serve --config aiwebengine.toml\n  and open http://127.0.0.1:8080/hello")
