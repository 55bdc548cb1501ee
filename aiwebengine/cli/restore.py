"""``aiwebengine restore FILE``: the configured database as it was when the backup was made."""

from __future__ import annotations

from pathlib import Path

import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.database import Counter, explained, opened, shown
from aiwebengine.cli.import_ import bring_in
from aiwebengine.config.sources import ConfigurationSources

__all__ = ["restore"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Remove what is in the database now.")
@configuration_options
@click.pass_context
def restore(context: click.Context, sources: ConfigurationSources, file: Path, force: bool) -> None:
    """
    Put the content of FILE, made by `aiwebengine backup`, into the configured database.

    Checksums are verified first; then all is restored in one transaction, or nothing. The database may be of
    another kind than the one backed up. Engines that are running see the restored scripts.
    """
    from aiwebengine.repository.bundle import Mode, NotEmpty, open_bundle

    counter = Counter()
    with explained(), open_bundle(file) as records, opened(context, sources) as database:
        try:
            counts = bring_in(
                database, records, Mode.REPLACE if force else Mode.FRESH, dry_run=False, progress=counter
            )
        except NotEmpty as error:
            counter.end()
            raise click.ClickException(f"{error}; --force removes what is there") from None
    counter.end()
    click.echo(f"restored {shown(counts)}")
