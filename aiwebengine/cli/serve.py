"""``aiwebengine serve``: the service of ``twistd -n aiwebengine``, in the foreground."""

from __future__ import annotations

import functools
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click

from aiwebengine.errors import AIWebEngineError

__all__ = ["announcer", "paths_to_open", "serve", "twistd_arguments"]

_LISTENING = re.compile(r"listening on (https?://\S+)")
# A literal path without parameters, registered for GET (said, or by default).
_REGISTER = re.compile(
    r"""\bregister\(\s*(["'`])(/[^"'`:*\s]*)\1\s*,[^,()]+(?:,\s*["'`](\w+)["'`]\s*)?[,)]"""
)


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def serve(ctx: click.Context, options: tuple[str, ...]) -> None:
    """Run the engine in the foreground; takes the options of twistd aiwebengine."""
    from twisted.logger import globalLogPublisher
    from twisted.python.usage import UsageError
    from twisted.scripts import twistd

    run: Callable[[Any], None] = twistd.runApp
    config: Any = twistd.ServerOptions()  # type: ignore[attr-defined, no-untyped-call]
    try:
        config.parseOptions(twistd_arguments(options, os.environ))
    except UsageError as error:
        raise click.UsageError(str(error), ctx) from None
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None
    # Bound now: twistd turns sys.stdout into a log file.
    echo = functools.partial(click.echo, file=sys.stdout)
    globalLogPublisher.addObserver(cast(Any, announcer(_scripts_directories(options), echo)))
    try:
        run(config)
    except AIWebEngineError as error:
        raise click.ClickException(str(error)) from None


def twistd_arguments(options: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Give twistd's arguments: no daemon, no pid file, development unless an environment is named."""
    named = any(option == "--env" or option.startswith("--env=") for option in options)
    environment = [] if named or environ.get("AIWEBENGINE_ENV") else ["--env", "development"]
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


def _scripts_directories(options: Sequence[str]) -> list[Path]:
    """Give the directories named by ``--scripts``."""
    joined = [option.partition("=")[2] for option in options if option.startswith("--scripts=")]
    parted = [value for option, value in itertools.pairwise(options) if option == "--scripts"]
    return [Path(name) for name in [*joined, *parted] if Path(name).is_dir()]
