"""What the commands on the configured database share: opening it, errors in words, progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs
import click

from aiwebengine.cli.config import load_or_exit
from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.errors import AIWebEngineError

if TYPE_CHECKING:
    from aiwebengine.repository.link import Database

__all__ = ["Counter", "explained", "opened", "shown"]


@contextmanager
def opened(
    context: click.Context, sources: ConfigurationSources, *, migrate: bool | None = None
) -> Iterator[Database]:
    """
    Give the database of ``repository.database_url``, and say errors in words, with exit status 1.

    ``migrate`` stands in for ``repository.auto_migrate``.
    """
    from aiwebengine.repository import open_database

    settings = load_or_exit(context, attrs.evolve(sources, starts_engine=False)).section("repository")
    if settings.database_url.scheme == "memory":
        raise click.ClickException(
            "repository.database_url is memory:, which only the running engine has; name a database, "
            "such as --set repository.database_url=sqlite:///var/aiwebengine.db"
        )
    with explained():
        database = open_database(
            settings.database_url.reveal(),
            auto_migrate=settings.auto_migrate if migrate is None else migrate,
            pool_size=2,
        )
        try:
            yield database
        finally:
            database.close()


@contextmanager
def explained() -> Iterator[None]:
    """Say expected errors in words, with exit status 1."""
    try:
        yield
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None
    except FileExistsError as error:
        raise click.ClickException(f"{error.args[-1]}; --force overwrites it") from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}") from None


class Counter:
    """Shows on a terminal how far the work is; elsewhere nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._active = sys.stderr.isatty()
        self._shown_at = 0.0

    def __call__(self, section: str, done: int) -> None:
        """Note that so many of a section's records are done."""
        if self._active and self._clock() - self._shown_at > 0.1:
            self._shown_at = self._clock()
            click.echo(f"\r{section.replace('_', ' ')}: {done:,}\x1b[K", err=True, nl=False)

    def end(self) -> None:
        """Clear the line."""
        if self._active:
            click.echo("\r\x1b[K", err=True, nl=False)


def shown(counts: Mapping[str, int]) -> str:
    """Give counts by section for people, such as ``3 scripts, 7 versions``."""
    parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    return ", ".join(parts) or "nothing"
