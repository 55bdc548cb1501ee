"""``aiwebengine types``: TypeScript declarations of what scripts see, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.terminal import print_json
from aiwebengine.config.presentation import problem_report
from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.errors import AIWebEngineError, ConfigurationInvalid

__all__ = ["script_typings", "types"]


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option("--tests", "for_tests", is_flag=True, help="The names that only test files see.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@configuration_options
def types(sources: ConfigurationSources, output: Path | None, for_tests: bool, as_json: bool) -> None:
    """
    Print (or write) aiwebengine.d.ts: the names that scripts see, those of plugins too.

    Needs no running engine; the configuration decides which plugins there are.
    """
    if for_tests:
        from aiwebengine.testing.javascript.workbench import testing_typings

        text = testing_typings()
    else:
        text = script_typings(sources)
    if output is not None:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{output}: {error.strerror}") from None
    if as_json:
        print_json({"output": str(output) if output else None, "size": len(text.encode()), "text": text})
    elif output is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"{output}: written", err=True)


def script_typings(sources: ConfigurationSources) -> str:
    """Give the declarations. Raises click.ClickException when the configuration cannot be used."""
    from twisted.internet import reactor

    from aiwebengine.interfaces import IScriptGlobals
    from aiwebengine.offline import compose_typings, offline_engine

    try:
        engine = offline_engine(reactor, sources)
    except ConfigurationInvalid as error:
        raise click.ClickException(problem_report(error).rstrip()) from None
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None
    return compose_typings(engine.services.providers(IScriptGlobals))
