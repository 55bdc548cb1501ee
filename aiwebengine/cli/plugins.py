"""``aiwebengine plugins`` and ``aiwebengine plugins new NAME``."""

from __future__ import annotations

from pathlib import Path

import click

from aiwebengine.cli import scaffold
from aiwebengine.errors import AIWebEngineError

__all__ = ["plugins"]


@click.group(invoke_without_command=True)
@click.option("--config", multiple=True, help="A configuration file, as for serve; repeatable, later wins.")
@click.option("--env", help="The environment, such as production.")
@click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; repeatable."
)
@click.option("--about", metavar="NAME", help="Show one plugin and its settings instead.")
@click.pass_context
def plugins(
    ctx: click.Context, config: tuple[str, ...], env: str | None, settings: tuple[str, ...], about: str | None
) -> None:
    """List all plugins with state and origin, as the configuration has them."""
    if ctx.invoked_subcommand is not None:
        return
    from twisted.python.usage import UsageError

    from aiwebengine.tap import Options

    arguments = [f"--config={file}" for file in config] + [f"--set={setting}" for setting in settings]
    arguments += [f"--env={env}"] if env else []
    arguments += [f"--help-plugin={about}"] if about else ["--list-plugins"]
    try:
        Options().parseOptions(arguments)
    except UsageError as error:
        raise click.UsageError(str(error), ctx) from None
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None


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
