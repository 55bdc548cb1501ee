"""Lists and queries of a large repository, and how long an engine takes to start on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs

from aiwebengine.scripts.log import parse_since
from benchmarks.asking import KEY, Asker, cpu_by_role, not_loaded, patient
from benchmarks.deploys import figures_ms
from benchmarks.errors import Unavailable
from benchmarks.filling import (
    NEEDLE,
    at_once,
    delete_scripts,
    fill_log,
    fill_scripts,
    kept,
    script_path,
    script_uri,
)
from benchmarks.servers import Server

__all__ = ["Size", "library", "postgresql"]

_START_LIMIT_S = 150.0
_PAGE = 1000


@attrs.frozen
class Size:
    """
    How much there is, and how often each query is asked.

    ``fewer`` scripts are loaded instead where starting with all takes too long; ``fill_s`` bounds the time
    for filling the log.
    """

    scripts: int = 10_000
    fewer: int = 1000
    log_entries: int = 1_000_000
    queries: int = 30
    fill_s: float = 45.0


def library(scratch: Path, url: str, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill the repository at ``url``, query its log directly, start an engine on it and ask that."""
    found: dict[str, Any] = {"scripts": size.scripts, "skipped": {}}
    found["fill_scripts_s"] = kept(url, lambda repository: fill_scripts(repository, size.scripts))
    entries = 0
    try:
        entries, took = kept(
            url, lambda repository: fill_log(repository, size.log_entries, size.scripts, size.fill_s)
        )
        say(f"{entries:,} log entries in {took:.0f} s")
        found |= {"log_entries": entries, "fill_log_s": took, "asked_log_entries": size.log_entries}
        _gather_statistics(url)
        found["log_direct"] = kept(url, lambda repository: _direct(repository, entries, size))
    except Unavailable as reason:
        found["skipped"]["log"] = str(reason)
    found |= _with_engine(scratch, url, entries, size, say, found["skipped"])
    return found


def _gather_statistics(url: str) -> None:
    """Do at once what PostgreSQL's autovacuum does within minutes of such a change."""
    if url.startswith("postgresql:"):
        import psycopg

        with psycopg.connect(url, autocommit=True) as link:
            link.execute("ANALYZE")


def _with_engine(
    scratch: Path, url: str, entries: int, size: Size, say: Callable[[str], None], skipped: dict[str, str]
) -> dict[str, Any]:
    database = f"repository.database_url={url}"
    try:
        first = _started(scratch, size.scripts, database, say)
        first.server.stop()
        found: dict[str, Any] = {"first_" + name: value for name, value in first.figures.items()}
        again = _started(scratch, size.scripts, database, say)
        found |= again.figures | {"live_scripts": size.scripts}
    except Unavailable as reason:
        skipped["start with all scripts"] = str(reason)
        kept(url, lambda repository: delete_scripts(repository, size.fewer, size.scripts))
        again = _started(scratch, size.fewer, database, say)
        found = again.figures | {"live_scripts": size.fewer}
    server = again.server
    try:
        asker = Asker(server.url, KEY)
        if failed := not_loaded(asker):
            skipped[f"{len(failed)} scripts that did not load"] = failed[0][:400]
        listed = [asker.timed("/engine/scripts") for _ in range(size.queries)]
        if len(listed[0][1]["scripts"]) != found["live_scripts"]:
            raise Unavailable(f"{len(listed[0][1]['scripts'])} scripts are listed")
        found["script_list"] = figures_ms([seconds for seconds, _ in listed])
        if entries:
            _over_http(asker, entries, size, found, skipped)
    finally:
        server.stop()
    return found


@attrs.frozen
class _Started:
    """An engine, and what its start took."""

    server: Server
    figures: dict[str, float]


def _started(scratch: Path, scripts: int, database: str, say: Callable[[str], None]) -> _Started:
    server, start_s = patient(scratch, script_path(scripts - 1), (database,), _START_LIMIT_S)
    front_s, sandboxes_s = cpu_by_role(server)
    say(f"the engine started in {start_s:.1f} s")
    figures = {"start_s": start_s, "start_cpu_front_s": front_s, "start_cpu_sandboxes_s": sandboxes_s}
    return _Started(server, figures)


def _filters(
    entries: int, scripts: int, last: int, newest_ms: float
) -> dict[str, Callable[[int], dict[str, Any]]]:
    """
    Give, by name, what makes the filters of the nth query of a kind.

    ``last`` and ``newest_ms`` are the newest entry's ``seq`` and time.
    """
    return {
        "newest": lambda at: {},
        "script": lambda at: {"script": script_uri(at * 331 % scripts)},
        "level=error": lambda at: {"level": "error"},
        "script and level": lambda at: {"script": script_uri(at * 331 % scripts), "level": "warn"},
        "request_id": lambda at: {"request_id": f"{(at + 1) * 6007 % max(1, entries // 4):024x}"},
        "since an hour before the end": lambda at: {"since": newest_ms - 3_600_000},
        "kind": lambda at: {"kind": "log"},
        "kind, absent": lambda at: {"kind": "audit"},
        "after, in the middle": lambda at: {"after": max(0, last - entries // 2 - at)},
        "after and script": lambda at: {"script": script_uri(at * 331 % scripts), "after": 0},
        "contains, common": lambda at: {"contains": "CUSTOMER"},
        "contains, once in all": lambda at: {"contains": NEEDLE},
        "contains, nowhere": lambda at: {"contains": f"absent-{at}"},
    }


#: Queries that look through everything are asked fewer times.
_SLOW_KINDS = frozenset({"contains, once in all", "contains, nowhere", "kind, absent"})


def _times(kind: str, size: Size) -> int:
    return min(size.queries, 10) if kind in _SLOW_KINDS else size.queries


def _direct(repository: Any, entries: int, size: Size) -> dict[str, dict[str, float]]:
    from aiwebengine.repository.model import LogQuery

    found = {}
    newest = at_once(repository.logs.query(LogQuery(limit=1)))[-1]
    for kind, filters in _filters(entries, size.scripts, newest.seq, newest.timestamp).items():
        took = []
        rows = 0
        for at in range(_times(kind, size)):
            began = time.perf_counter()
            rows += len(at_once(repository.logs.query(LogQuery(**filters(at)))))
            took.append(time.perf_counter() - began)
        found[kind] = {**figures_ms(took), "rows": rows / len(took)}
    return found


def _over_http(
    asker: Asker, entries: int, size: Size, found: dict[str, Any], skipped: dict[str, str]
) -> None:
    newest = script_uri(entries // 4 * 7919 % size.scripts)
    _, page = asker.timed("/engine/logs?" + urlencode({"script": newest}))
    if not page["entries"]:
        skipped["log queries over HTTP"] = "the engine does not answer from the stored log"
        return
    found["log_http"] = {}
    last, newest_ms = page["entries"][-1]["seq"], parse_since(page["entries"][-1]["timestamp"])
    for kind, filters in _filters(entries, size.scripts, last, newest_ms).items():
        asked = [
            asker.timed("/engine/logs?" + urlencode(filters(at) | {"limit": 100}))
            for at in range(_times(kind, size))
        ]
        rows = sum(len(page["entries"]) for _, page in asked) / len(asked)
        found["log_http"][kind] = {**figures_ms([seconds for seconds, _ in asked]), "rows": rows}
    found["log_pages"] = _pages(asker, max(0, last - entries), size.queries)


def _pages(asker: Asker, after: int, count: int) -> dict[str, float]:
    """Page through the log from its oldest entry, each page after the ``next`` of the one before."""
    took, rows = [], 0
    seen = after
    for _ in range(count):
        seconds, page = asker.timed("/engine/logs?" + urlencode({"after": seen, "limit": _PAGE}))
        numbers = [entry["seq"] for entry in page["entries"]]
        if not numbers:
            break
        if numbers != sorted(set(numbers)) or numbers[0] <= seen or page["next"] < numbers[-1]:
            raise Unavailable(f"the page after {seen} does not follow the one before")
        took.append(seconds)
        rows += len(numbers)
        seen = page["next"]
    return {**figures_ms(took), "rows": rows / max(1, len(took))}


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the URL of an empty database on a private PostgreSQL server. Raises `Unavailable` without one."""
    try:
        from tests.repository.postgresql_server import CannotServe, Server
    except ImportError as reason:
        raise Unavailable(f"no private PostgreSQL server: {reason}") from None
    try:
        server = Server()
    except CannotServe as reason:
        raise Unavailable(f"no PostgreSQL: {reason}") from None
    try:
        try:
            server.start()
        except CannotServe as reason:
            raise Unavailable(f"no PostgreSQL: {reason}") from None
        yield server.url(server.new_database())
    finally:
        server.remove()
