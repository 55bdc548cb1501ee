"""Filling a repository through its Python interface, before an engine is started on it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from aiwebengine.repository.factory import open_repository
from aiwebengine.repository.worker import InlineWorker
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import ScriptChange
from benchmarks.errors import Unavailable

__all__ = [
    "NEEDLE",
    "at_once",
    "delete_scripts",
    "fill_log",
    "fill_scripts",
    "kept",
    "log_entry",
    "script_path",
    "script_uri",
]

T = TypeVar("T")

#: Found in one log entry only, a third of the way from the oldest.
NEEDLE = "Needle-7f3a"
_SCRIPTS_AT_ONCE = 500
_ENTRIES_AT_ONCE = 10_000
_ENTRIES_PER_REQUEST = 4
_APART_MS = 300
_SOURCE = """\
const greetings = {{ en: "hello {number}", de: "hallo {number}", fr: "bonjour {number}" }};

function hello(req) {{
  const name = req.query.name ?? "world";
  const word = greetings[req.query.lang] ?? greetings.en;
  return {{ status: 200, body: {{ revision: {revision}, [word]: name }} }};
}}

register("{path}", hello, "GET");
"""


def script_uri(number: int) -> str:
    """Give the URI of one of the many scripts."""
    return f"many/group{number // 100}/script{number}.js"


def script_path(number: int) -> str:
    """Give the path it answers."""
    return f"/many/group{number // 100}/script{number}"


def at_once(work: Awaitable[T]) -> T:
    """Give the result of a coroutine that never waits, since its repository works in this thread."""

    async def run() -> T:
        return await work

    outcome: list[Any] = []
    Deferred.fromCoroutine(run()).addBoth(outcome.append)
    if not outcome:
        raise RuntimeError("it waits for something")
    if hasattr(outcome[0], "raiseException"):
        outcome[0].raiseException()
    result: T = outcome[0]
    return result


def kept(url: str, work: Callable[[Any], T]) -> T:
    """Give ``work(repository)`` of the repository at ``url``, which is closed afterwards."""
    repository = open_repository(url, worker=InlineWorker())
    try:
        return work(repository)
    finally:
        at_once(repository.close())


def fill_scripts(repository: Any, count: int, revisions: int = 1) -> float:
    """Save ``count`` scripts, each so many times; give the seconds that took."""
    began = time.perf_counter()
    for revision in range(1, revisions + 1):
        for first in range(0, count, _SCRIPTS_AT_ONCE):
            numbers = range(first, min(count, first + _SCRIPTS_AT_ONCE))
            at_once(repository.save([_change(number, revision) for number in numbers]))
    return time.perf_counter() - began


def delete_scripts(repository: Any, first: int, count: int) -> None:
    """Delete those from number ``first`` on, of ``count`` in all."""
    for start in range(first, count, _SCRIPTS_AT_ONCE):
        numbers = range(start, min(count, start + _SCRIPTS_AT_ONCE))
        at_once(repository.save([ScriptChange(script_uri(number), None, "benchmark") for number in numbers]))


def _change(number: int, revision: int) -> ScriptChange:
    text = _SOURCE.format(number=number, revision=revision, path=script_path(number))
    return ScriptChange(script_uri(number), text, "benchmark", f"revision {revision}")


def log_entry(number: int, count: int, scripts: int, newest_ms: int) -> LogEntry:
    """Give entry ``number`` of ``count`` (from 1): 1 % errors, 4 % warnings, four entries to a request."""
    request = number // _ENTRIES_PER_REQUEST
    # A multiplier without a common factor with any count of scripts spreads requests over them.
    script = request * 7919 % scripts
    level = {0: "error", 25: "warn", 50: "warn", 75: "warn", 99: "warn"}.get(number % 100, "info")
    word = f" {NEEDLE}" if number == count // 3 else ""
    return LogEntry(
        number,
        newest_ms - (count - number) * _APART_MS,
        level,
        script_uri(script),
        f"{request:024x}",
        f"GET {script_path(script)}",
        "log",
        f"order {number * 31 % 1_000_003} of customer {request} stored after {number % 97} ms{word}",
        4,
    )


def fill_log(repository: Any, count: int, scripts: int, limit_s: float) -> tuple[int, float]:
    """
    Append up to ``count`` entries, as many as fit into ``limit_s``; give how many, and the seconds.

    Raises `Unavailable` when this repository keeps no log.
    """
    logs = getattr(repository, "logs", None)
    if logs is None:
        raise Unavailable("this repository keeps no log")
    newest_ms = int(time.time() * 1000)
    began = time.perf_counter()
    done = 0
    while done < count and time.perf_counter() - began < limit_s:
        numbers = range(done + 1, min(count, done + _ENTRIES_AT_ONCE) + 1)
        at_once(
            logs.append([log_entry(number, count, scripts, newest_ms) for number in numbers], "benchmark")
        )
        done = numbers[-1]
    return done, time.perf_counter() - began
