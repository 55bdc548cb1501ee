"""``aiwebengine plugins`` and ``aiwebengine plugins new NAME``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aiwebengine.cli import scaffold
from aiwebengine.cli.config import configuration_options
from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.discovery import discover_configured
from aiwebengine.errors import AIWebEngineError
from aiwebengine.plugin_text import help_text, list_text, rows

__all__ = ["plugins"]


@click.group(invoke_without_command=True)
@configuration_options
@click.option("--about", metavar="NAME", help="Show one plugin and its settings instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def plugins(ctx: click.Context, sources: ConfigurationSources, about: str | None, as_json: bool) -> None:
    """List all plugins with state and origin, as the configuration has them."""
    if ctx.invoked_subcommand is not None:
        return
    try:
        configured = discover_configured(sources)
        if about:
            text = help_text(configured.roster.offer(about))
        elif as_json:
            text = json.dumps(rows(configured.plan), indent=2, ensure_ascii=False) + "\n"
        else:
            text = list_text(configured.plan)
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None
    click.echo(text, nl=False)


@plugins.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="Where to make it; default here.",
)
def new(name: str, directory: Path) -> None:
    """Make a plugin distribution NAME: pyproject.toml, one module, its test, a README."""
    made = scaffold.plugin(name, directory)
    click.echo(
        f"{made}: made. Try it:\n  cd {made}\n  pip install -e '.[test]'\n  python -m twisted.trial test_*.py"
    )
    click.echo("  aiwebengine plugins")
