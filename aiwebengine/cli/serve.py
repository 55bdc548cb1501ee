"""``aiwebengine serve``: the service of ``twistd -n aiwebengine``, in the foreground."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.config.configuration import load_section
from aiwebengine.config.sections import ScriptsSettings
from aiwebengine.config.sources import DEVELOPMENT, ConfigurationSources
from aiwebengine.config.variables import ENVIRONMENT_VARIABLE
from aiwebengine.errors import AIWebEngineError

__all__ = ["announcer", "paths_to_open", "serve", "twistd_arguments"]

_LISTENING = re.compile(r"listening on (https?://\S+)")
# A literal path without parameters, registered for GET (said, or by default).
_REGISTER = re.compile(
    r"""\bregister\(\s*(["'`])(/[^"'`:*\s]*)\1\s*,[^,()]+(?:,\s*["'`](\w+)["'`]\s*)?[,)]"""
)


@click.command()
@configuration_options
@click.pass_context
def serve(ctx: click.Context, sources: ConfigurationSources) -> None:
    """Run the engine in the foreground, in development unless --env says otherwise."""
    from twisted.logger import globalLogPublisher
    from twisted.python.usage import UsageError
    from twisted.scripts import twistd

    if not (sources.environment or sources.variables.get(ENVIRONMENT_VARIABLE)):
        sources = attrs.evolve(sources, environment=DEVELOPMENT)
    run: Callable[[Any], None] = twistd.runApp
    config: Any = twistd.ServerOptions()  # type: ignore[attr-defined, no-untyped-call]
    try:
        directories = [Path(name) for name in load_section(sources, "scripts", ScriptsSettings).directories]
        config.parseOptions(twistd_arguments(sources))
        # Bound now: twistd turns sys.stdout into a log file.
        echo = functools.partial(click.echo, file=sys.stdout)
        globalLogPublisher.addObserver(cast(Any, announcer(directories, echo)))
        run(config)
    except UsageError as error:
        raise click.UsageError(str(error), ctx) from None
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None


def twistd_arguments(sources: ConfigurationSources) -> list[str]:
    """Give twistd's arguments: no daemon, no pid file, and what says the same about the configuration."""
    named = [("--config", sources.files), ("--set", sources.settings)]
    named += [("--scripts", sources.scripts), ("--listen", sources.listen)]
    environment = [f"--env={sources.environment}"] if sources.environment else []
    options = [f"{option}={value}" for option, values in named for value in values]
    return ["--nodaemon", "--pidfile=", "aiwebengine", *environment, *options]


def announcer(
    directories: Iterable[Path], echo: Callable[[str], None]
) -> Callable[[Mapping[str, Any]], None]:
    """Give a log observer which, once the engine listens, prints the URLs to open."""
    from twisted.logger import formatEvent

    announced: list[str] = []

    def observe(event: Mapping[str, Any]) -> None:
        found = None if announced else _LISTENING.search(formatEvent(dict(event)))
        if found is None:
            return
        url = found[1].rstrip("/.,")
        announced.append(url)
        lines = [f"    {url}{path}  ({file})" for path, file in paths_to_open(directories)]
        echo("\n".join(["", "  Open in a browser:", *(lines or [f"    {url}/"]), ""]))

    return observe


def paths_to_open(directories: Iterable[Path]) -> list[tuple[str, str]]:
    """Give, for each script below the directories, the first plain path registered for GET, and its name."""
    found = []
    for directory in directories:
        for file in sorted(directory.rglob("*.js")):
            for _, path, method in _REGISTER.findall(file.read_text("utf-8", "replace")):
                if method in ("", "GET"):
                    found.append((path, file.relative_to(directory).as_posix()))
                    break
    return found
