"""How long it takes from a deploy until its version answers: by PUT, and by a watched file."""

from __future__ import annotations

import json
import time
from pathlib import Path

from benchmarks.asking import KEY, Asker, patient
from benchmarks.errors import Unavailable
from benchmarks.steady import percentile

__all__ = ["deploys", "figures_ms", "source", "told"]

_PATIENCE_S = 15.0
_TIMES = 100


def source(path: str, number: int) -> str:
    """
    Give version ``number`` of a script that answers with its number many times.

    The numbers come from the script's top level and from within its handler, so an answer mixed of two
    versions shows.
    """
    return (
        f"const outside = Array({_TIMES}).fill({number});\n"
        "function show() {\n"
        f"  return {{ status: 200, body: [...outside, ...Array({_TIMES}).fill({number})] }};\n"
        "}\n"
        f'register("{path}", show, "GET");\n'
    )


def told(body: bytes) -> int | None:
    """Give the version that an answer was made by; None when it is not the answer of one version."""
    try:
        numbers = json.loads(body)
    except ValueError:
        return None
    if not isinstance(numbers, list) or len(numbers) != 2 * _TIMES or len(set(numbers)) != 1:
        return None
    return numbers[0] if isinstance(numbers[0], int) else None


def figures_ms(seconds: list[float]) -> dict[str, float]:
    """Give median, p95, p99 and longest of durations, in milliseconds."""
    ordered = sorted(one * 1000 for one in seconds)
    named = {f"p{percent}_ms": percentile(ordered, percent) for percent in (50, 95, 99)}
    return {**named, "max_ms": percentile(ordered, 100)}


def deploys(scratch: Path, count: int, watched: int) -> dict[str, object]:
    """Deploy ``count`` versions by PUT and ``watched`` by file to an engine with a SQLite repository."""
    file = scratch / "scripts" / "watched.js"
    file.parent.mkdir(parents=True)
    file.write_text(source("/watched", 0), "utf-8")
    server, _ = patient(scratch, "/watched", ("scripts.watch=true",))
    try:
        author, visitor = Asker(server.url, KEY), Asker(server.url)
        answered, live = [], []
        for number in range(count):
            began = time.perf_counter()
            status, body = author.ask("PUT", "/engine/scripts/live.js", source("/live", number))
            if status not in (200, 201):
                raise Unavailable(f"a PUT was answered {status}: {body[:200]!r}")
            answered.append(time.perf_counter() - began)
            live.append(_until_live(visitor, "/live", number, began))
        by_file = []
        for number in range(1, watched + 1):
            fresh = file.with_suffix(".new")
            fresh.write_text(source("/watched", number), "utf-8")
            began = time.perf_counter()
            fresh.replace(file)
            by_file.append(_until_live(visitor, "/watched", number, began))
    finally:
        server.stop()
    return {
        "deploys": count,
        "put_answered": figures_ms(answered),
        "put_live": figures_ms(live),
        "watched_deploys": watched,
        "watched_live": figures_ms(by_file),
    }


def _until_live(visitor: Asker, path: str, number: int, began: float) -> float:
    while True:
        status, body = visitor.ask("GET", path)
        now = time.perf_counter()
        if status == 200 and told(body) == number:
            return now - began
        if now - began > _PATIENCE_S:
            raise Unavailable(f"version {number} was not live after {_PATIENCE_S:.0f} s")
        time.sleep(0.001)
