"""``aiwebengine migrate``: the configured database's schema brought up to date."""

from __future__ import annotations

import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.database import opened
from aiwebengine.config.sources import ConfigurationSources

__all__ = ["migrate"]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when there is something to do.")
@configuration_options
@click.pass_context
def migrate(context: click.Context, sources: ConfigurationSources, check: bool) -> None:
    """
    Bring the schema of the configured database up to date.

    Needed only where repository.auto_migrate is false; a running engine does it by itself.
    """
    from aiwebengine.repository.stores.scripts import count_scripts

    with opened(context, sources, migrate=True) as database:
        found, newest = database.schema()
        if check:
            click.echo(f"schema {found}, newest is {newest}")
            if found != newest:
                raise click.exceptions.Exit(1)
            return
        database.read(count_scripts)
    click.echo(f"schema {newest}" + ("" if found == newest else f", was {found}"))
