"""``aiwebengine export FILE``: all that scripts and users made, in one file."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.database import Counter, opened, shown
from aiwebengine.config.sources import ConfigurationSources

__all__ = ["export"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--section",
    "sections",
    multiple=True,
    type=click.Choice(["scripts", "assets", "users", "key_values", "settings", "logs"]),
    help="Only this; repeatable. Default: all but logs.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@configuration_options
@click.pass_context
def export(
    context: click.Context,
    sources: ConfigurationSources,
    file: Path,
    sections: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> None:
    """
    Write the content of the configured database to FILE, a bundle for `aiwebengine import`.

    The database is seen as it is at one moment; the engine may be running. FILE may hold secrets of users.
    """
    from aiwebengine.repository.bundle import DEFAULT_SECTIONS, LinkRecords, write_bundle

    counter = Counter()
    with opened(context, sources) as database, database.snapshot() as link:
        records = LinkRecords(link, sections or DEFAULT_SECTIONS)
        counts = write_bundle(file, records, now=time.time, force=force, progress=counter)
    counter.end()
    if as_json:
        click.echo(json.dumps({"file": str(file), "records": counts}))
    else:
        click.echo(f"wrote {file}: {shown(counts)}")
