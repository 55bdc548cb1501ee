"""``aiwebengine import FILE``: a bundle's content into the configured database, all or nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.database import Counter, explained, opened, shown
from aiwebengine.config.sources import ConfigurationSources

if TYPE_CHECKING:
    from aiwebengine.repository.bundle import Mode
    from aiwebengine.repository.bundle.records import Progress, Records
    from aiwebengine.repository.link import Database, Link

__all__ = ["bring_in", "import_"]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Remove first what is there, in the sections that FILE has.")
@click.option(
    "--merge", is_flag=True, help="Keep what is there; FILE's content wins, scripts get a new version."
)
@click.option("--dry-run", is_flag=True, help="Do everything but keep nothing: say what would be imported.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@configuration_options
@click.pass_context
def import_(
    context: click.Context,
    sources: ConfigurationSources,
    file: Path,
    replace: bool,
    merge: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Put the content of FILE, made by `aiwebengine export`, into the configured database.

    All of it or, when anything is wrong, nothing. Without --replace or --merge the database must be empty.
    """
    from aiwebengine.repository.bundle import Mode, NotEmpty, open_bundle

    if replace and merge:
        raise click.UsageError("--replace and --merge exclude each other.")
    mode = Mode.REPLACE if replace else Mode.MERGE if merge else Mode.FRESH
    counter = Counter()
    with explained(), open_bundle(file) as records, opened(context, sources) as database:
        try:
            counts = bring_in(database, records, mode, dry_run=dry_run, progress=counter)
        except NotEmpty as error:
            counter.end()
            raise click.ClickException(
                f"{error}; --replace removes what is there, --merge keeps it"
            ) from None
    counter.end()
    if as_json:
        click.echo(json.dumps({"file": str(file), "dry_run": dry_run, "records": counts}))
    else:
        click.echo(f"{'would import' if dry_run else 'imported'} {shown(counts)}")


class _Undone(Exception):
    """Carries what a dry run did out of its transaction."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts


def bring_in(
    database: Database, records: Records, mode: Mode, *, dry_run: bool, progress: Progress
) -> dict[str, int]:
    """Import in one transaction, undone for a dry run; give the counts. Raises as `import_records` does."""
    from aiwebengine.repository.bundle import import_records

    def work(link: Link) -> dict[str, int]:
        counts = import_records(link, records, mode, moment=int(time.time() * 1000), progress=progress)
        if dry_run:
            raise _Undone(counts)
        return counts

    try:
        return database.write(work)
    except _Undone as undone:
        return undone.counts
