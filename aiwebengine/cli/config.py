"""``aiwebengine config show``, ``encrypt``, ``decrypt``, and ``aiwebengine check-config``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from aiwebengine.config.configuration import Configuration, load
from aiwebengine.config.encrypted import (
    KEY_VARIABLE,
    CannotDecrypt,
    decrypt,
    encrypt,
    generate_key,
    is_encrypted,
)
from aiwebengine.config.presentation import as_json, as_toml, problem_report, validate_summary
from aiwebengine.config.schema import Schemas
from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.config.unsupported import refuse_unsupported
from aiwebengine.errors import ConfigurationInvalid, PluginUnusable

__all__ = ["SCHEMAS", "check_config", "config", "configuration_options", "load_or_exit"]

SCHEMAS: Final = "aiwebengine.config.schemas"
"""
Key in ``click.Context.meta`` of a function that takes the `ConfigurationSources` and gives the sections of
plugins. Without it, only the engine's own are known.
"""


def configuration_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--config --env --set --scripts --listen``, passed as one ``sources`` argument."""
    from functools import wraps

    @wraps(command)
    def with_sources(
        *arguments: Any,
        config_files: tuple[str, ...],
        environment: str,
        settings: tuple[str, ...],
        scripts: tuple[str, ...],
        listen: tuple[str, ...],
        **others: Any,
    ) -> Any:
        sources = ConfigurationSources(
            files=config_files, environment=environment, settings=settings, scripts=scripts, listen=listen
        )
        return command(*arguments, sources=sources, **others)

    options = (
        click.option(
            "--config",
            "config_files",
            multiple=True,
            metavar="FILE",
            help="Configuration file; a later one wins.",
        ),
        click.option(
            "--env", "environment", default="", metavar="NAME", help="Such as development or production."
        ),
        click.option(
            "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="Set a single key."
        ),
        click.option("--scripts", multiple=True, metavar="DIR", help="Load scripts from here."),
        click.option("--listen", multiple=True, metavar="ENDPOINT", help="Listen on this Twisted endpoint."),
    )
    for option in reversed(options):
        with_sources = option(with_sources)
    return with_sources


def load_or_exit(context: click.Context, sources: ConfigurationSources) -> Configuration:
    """Load the configuration; list all problems on standard error and exit with 1 if there are any."""
    schemas: Callable[[ConfigurationSources], Schemas] | None = context.meta.get(SCHEMAS)
    try:
        configuration = load(sources, schemas(sources) if schemas else None)
        refuse_unsupported(configuration)
        return configuration
    except ConfigurationInvalid as error:
        click.echo(problem_report(error), err=True)
    except PluginUnusable as error:
        click.echo(str(error), err=True)
    raise click.exceptions.Exit(1)


@click.command("check-config")
@configuration_options
@click.pass_context
def check_config(context: click.Context, sources: ConfigurationSources) -> None:
    """Check the configuration: a summary and exit 0, or every problem and exit 1."""
    click.echo(validate_summary(load_or_exit(context, sources)))


@click.group()
def config() -> None:
    """Show the configuration; encrypt and decrypt its files."""


@config.command()
@configuration_options
@click.option("--origins", is_flag=True, help="Also say where each value comes from.")
@click.option("--json", "json_", is_flag=True, help="As JSON instead of TOML.")
@click.pass_context
def show(context: click.Context, sources: ConfigurationSources, origins: bool, json_: bool) -> None:
    """Print every setting in force; secrets are hidden."""
    configuration = load_or_exit(context, sources)
    click.echo((as_json if json_ else as_toml)(configuration, origins=origins))


_OUTPUT = click.option("-o", "--output", metavar="OUT", help="File to write; - for standard output.")
_FORCE = click.option("--force", is_flag=True, help="Overwrite OUT.")


@config.command("encrypt")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@_OUTPUT
@_FORCE
@click.option("--generate-key", "generate", is_flag=True, help="Only print a new random key.")
def encrypt_command(file: Path | None, output: str | None, force: bool, generate: bool) -> None:
    """
    Encrypt FILE with the key in AIWEBENGINE_CONFIG_KEY, to FILE.enc or OUT.

    FILE itself stays as it is.
    """
    if generate:
        click.echo(generate_key())
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    content = _content(file)
    if is_encrypted(content):
        raise click.ClickException(f"{file} is encrypted already")
    try:
        sealed = encrypt(content, _key())
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    _write(output or f"{file}.enc", sealed, force=force)


@config.command("decrypt")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_OUTPUT
@_FORCE
def decrypt_command(file: Path, output: str | None, force: bool) -> None:
    """Decrypt FILE with the key in AIWEBENGINE_CONFIG_KEY, to standard output or OUT."""
    try:
        content = decrypt(_content(file), _key())
    except CannotDecrypt as error:
        raise click.ClickException(f"{file}: {error}") from None
    _write(output or "-", content, force=force)


def _key() -> str:
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise click.ClickException(
            f"set the key in {KEY_VARIABLE}; `config encrypt --generate-key` prints a new one"
        )
    return key


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None


def _write(output: str, content: bytes, *, force: bool) -> None:
    if output == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    mode = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        # Secrets may be in it, whatever the umask says.
        with os.fdopen(os.open(output, mode, 0o600), "wb") as stream:
            stream.write(content)
    except FileExistsError:
        raise click.ClickException(f"{output} exists; --force overwrites it") from None
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {output}", err=True)
