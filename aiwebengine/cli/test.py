"""``aiwebengine test [PATH...]``: run the tests of scripts."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import click

from aiwebengine.cli.config import configuration_options
from aiwebengine.cli.terminal import paint
from aiwebengine.cli.watching import LOOK_S, Watcher
from aiwebengine.config.presentation import problem_report
from aiwebengine.config.sources import ConfigurationSources
from aiwebengine.errors import AIWebEngineError, ConfigurationInvalid

__all__ = ["Wanted", "run_tests", "test"]

_USAGE = 2


@attrs.frozen
class Wanted:
    """What the command line asks for; ``form`` is "human", "tap" or "json"."""

    paths: tuple[Path, ...]
    pattern: re.Pattern[str] | None = None
    bail: bool = False
    timeout_ms: float = 5000
    form: str = "human"
    junit: Path | None = None
    watch: bool = False


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--filter", "pattern", metavar="PATTERN", help="Only tests whose full name matches this.")
@click.option("--bail", is_flag=True, help="Stop at the first failure.")
@click.option(
    "--timeout", "timeout_ms", type=click.FloatRange(min=0, min_open=True), default=5000, show_default=True,
    metavar="MS", help="The longest a test may take, in milliseconds.",
)  # fmt: skip
@click.option("--tap", "form", flag_value="tap", help="Print TAP version 14.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write JUnit XML."
)
@click.option("--watch", is_flag=True, help="Run again whenever a .js file changes.")
@configuration_options
def test(
    sources: ConfigurationSources,
    paths: tuple[Path, ...],
    pattern: str | None,
    bail: bool,
    timeout_ms: float,
    form: str | None,
    junit: Path | None,
    watch: bool,
) -> None:
    """
    Run the *.test.js files named, or those below the directories named (default: here).

    They run in the engine's own sandboxes with the configuration's limits; no server is needed. Exit status 1
    when a test fails, 2 when a file does not load or nothing can be run.
    """
    try:
        expression = re.compile(pattern) if pattern else None
    except re.error as error:
        raise click.BadParameter(f"is no regular expression: {error}", param_hint="--filter") from None
    wanted = Wanted(paths or (Path(),), expression, bail, timeout_ms, form or "human", junit, watch)
    raise click.exceptions.Exit(_in_reactor(lambda reactor: run_tests(reactor, sources, wanted)))


def _in_reactor(work: Callable[[Any], Any]) -> int:
    """Run a coroutine in the reactor and give its result; 130 when it was interrupted."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    running: Any = reactor
    outcome: list[Any] = []

    def begin() -> None:
        def ended(result: Any) -> None:
            outcome.append(result)
            if running.running:
                running.stop()

        Deferred.fromCoroutine(work(running)).addBoth(ended)

    running.callWhenRunning(begin)
    running.run()
    if not outcome:
        return 128 + signal.SIGINT
    if not isinstance(outcome[0], int):
        outcome[0].raiseException()
    return int(outcome[0])


_complain = partial(click.echo, err=True)


async def run_tests(
    reactor: Any,
    sources: ConfigurationSources,
    wanted: Wanted,
    echo: Callable[[str], None] = click.echo,
    complain: Callable[[str], None] = _complain,
) -> int:
    """
    Run tests, tell of them by ``echo``, give the exit status; with ``watch`` go on until cancelled.

    Why nothing could be run goes to ``complain``.
    """
    from aiwebengine.testing.javascript.runner import find_tests
    from aiwebengine.testing.javascript.workbench import Workbench

    try:
        find_tests(wanted.paths)
        bench = Workbench.from_sources(reactor, sources)
    except (AIWebEngineError, ValueError) as error:
        said = problem_report(error).rstrip() if isinstance(error, ConfigurationInvalid) else str(error)
        complain(f"aiwebengine test: {said}")
        return _USAGE
    try:
        await bench.start()
        status = await _run_or_complain(bench, wanted, echo, complain)
        while wanted.watch:
            await _next_change(reactor, wanted, bench, echo)
            status = await _run_or_complain(bench, wanted, echo, complain)
        return status
    except RuntimeError as error:
        complain(f"aiwebengine test: {error}")
        return _USAGE
    finally:
        await bench.stop()


async def _run_or_complain(
    bench: Any, wanted: Wanted, echo: Callable[[str], None], complain: Callable[[str], None]
) -> int:
    try:
        return await _run_once(bench, wanted, echo)
    except (ValueError, OSError) as error:
        complain(f"aiwebengine test: {error}")
        return _USAGE


async def _run_once(bench: Any, wanted: Wanted, echo: Callable[[str], None]) -> int:
    from aiwebengine.testing.javascript import reports
    from aiwebengine.testing.javascript.junit import JUnitReport
    from aiwebengine.testing.javascript.runner import Runner, find_tests

    chosen: list[Any] = [
        reports.TAPReport(echo)
        if wanted.form == "tap"
        else reports.JSONReport(echo)
        if wanted.form == "json"
        else reports.HumanReport(echo, _paint)
    ]
    if wanted.junit is not None:
        chosen.append(JUnitReport(wanted.junit.write_bytes))
    runner = Runner(bench, reports.Reports(chosen), wanted.pattern, wanted.bail, wanted.timeout_ms)
    summary = await runner.run(find_tests(wanted.paths))
    if wanted.pattern is not None and not summary.broken and not any(file.outcomes for file in summary.files):
        raise ValueError(f"no test's name matches {wanted.pattern.pattern!r}")
    return summary.exit_code


async def _next_change(reactor: Any, wanted: Wanted, bench: Any, echo: Callable[[str], None]) -> None:
    from twisted.internet.task import deferLater

    def files() -> Iterable[Path]:
        for path in wanted.paths:
            yield from path.rglob("*.js") if path.is_dir() else (path,)
        yield from bench.script_files

    watcher = Watcher(files)
    echo(paint("waiting for changes (Ctrl-C ends)", dim=True))
    while True:
        await deferLater(reactor, LOOK_S)
        found = watcher.look()
        if found is not None:
            changed, gone = found
            echo(paint(f"changed: {', '.join(str(file) for file in (*changed, *gone))}", dim=True))
            return


def _paint(text: str, colour: str) -> str:
    if colour in ("bold", "dim"):
        return paint(text, bold=colour == "bold", dim=colour == "dim")
    return paint(text, colour) if colour else text
