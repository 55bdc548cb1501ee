"""``aiwebengine backup FILE``: a consistent copy of the whole database."""

from __future__ import annotations

import time
from pathlib import Path

import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.database import Counter, opened
from aiwebengine.config.sources import ConfigurationSources

__all__ = ["backup"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@configuration_options
@click.pass_context
def backup(context: click.Context, sources: ConfigurationSources, file: Path, force: bool) -> None:
    """
    Write all of the configured database, logs included, to FILE for `aiwebengine restore`.

    The copy is of one moment; the engine may be running. FILE may hold secrets of users.
    """
    from aiwebengine.repository.bundle import SECTIONS, LinkRecords, write_backup, write_bundle
    from aiwebengine.repository.sqlite import SQLiteDatabase

    counter = Counter()
    with opened(context, sources) as database:
        if isinstance(database, SQLiteDatabase):
            write_backup(file, database, now=time.time, force=force, progress=counter)
        else:
            with database.snapshot() as link:
                write_bundle(file, LinkRecords(link, SECTIONS), now=time.time, force=force, progress=counter)
    counter.end()
    click.echo(f"wrote {file}: {file.stat().st_size:,} bytes")
