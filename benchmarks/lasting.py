"""``python -m benchmarks lasting``: what lasting scripts cost, and whether deploys disturb anyone."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.deploys import deploys
from benchmarks.errors import Unavailable
from benchmarks.lasting_report import lasting_report
from benchmarks.library import Size, library, postgresql
from benchmarks.machine import describe
from benchmarks.many_scripts import memory
from benchmarks.servers import HERE
from benchmarks.swaps import swaps

__all__ = ["PARTS", "Plan", "arguments", "main", "measure"]

#: The parts in the order they are measured.
PARTS = ("deploys", "swaps", "memory", "sqlite", "postgresql")


@attrs.frozen
class Plan:
    """How much is measured; a part that would begin after ``limit_s`` is skipped, and named."""

    deploys: int = 50
    watched: int = 50
    swaps: int = 200
    connections: int = 8
    loaded: int = 1000
    size: Size = attrs.field(factory=Size)
    limit_s: float = 220.0

    @classmethod
    def quick(cls) -> Plan:
        """Give the plan of a first look."""
        size = Size(scripts=300, fewer=100, log_entries=50_000, queries=10, fill_s=5)
        return cls(deploys=20, watched=10, swaps=30, loaded=100, size=size, limit_s=35)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks lasting", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first look, within a minute")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part (repeatable)")
    output = HERE / "results" / "lasting.json"
    parser.add_argument("--output", type=Path, default=output, metavar="FILE", help="where the JSON goes")
    parser.add_argument("--report", type=Path, metavar="FILE", help="only print the tables of an earlier run")
    return parser.parse_args(given)


def measure(
    plan: Plan, scratch: Path, say: Callable[[str], None], only: Sequence[str] = PARTS
) -> dict[str, Any]:
    """Measure each part; ``skipped`` of the result names those that could not be, and why."""
    end = time.monotonic() + plan.limit_s

    def in_postgresql() -> dict[str, Any]:
        # How long loading takes does not depend on the database, so the fewer scripts do here.
        size = attrs.evolve(plan.size, scripts=plan.size.fewer)
        with postgresql() as url:
            return library(scratch / "postgresql", url, size, say)

    def in_sqlite() -> dict[str, Any]:
        folder = scratch / "sqlite"
        folder.mkdir()
        return library(folder, f"sqlite:///{folder / 'filled.sqlite'}", plan.size, say)

    work: Mapping[str, Callable[[], dict[str, Any]]] = {
        "deploys": lambda: deploys(scratch / "deploys", plan.deploys, plan.watched),
        "swaps": lambda: swaps(scratch / "swaps", plan.swaps, plan.connections),
        "memory": lambda: memory(scratch / "memory", plan.loaded),
        "sqlite": in_sqlite,
        "postgresql": in_postgresql,
    }
    results: dict[str, Any] = {"plan": attrs.asdict(plan), "skipped": {}}
    for part in PARTS:
        if part not in only:
            continue
        if time.monotonic() > end:
            results["skipped"][part] = f"{plan.limit_s:.0f} s had passed"
            continue
        say(part)
        try:
            results[part] = work[part]()
        except Unavailable as reason:
            results["skipped"][part] = str(reason)
    return results


def main(given: Sequence[str]) -> None:
    """Do what the command line says."""
    asked = arguments(given)
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {what}", file=sys.stderr, flush=True)

    if asked.report:
        print(lasting_report(json.loads(asked.report.read_text("utf-8"))))
        return
    scratch = Path(tempfile.mkdtemp(prefix="aiwebengine-lasting-"))
    try:
        load_before = os.getloadavg()[0]
        found = measure(Plan.quick() if asked.quick else Plan(), scratch, say, asked.only or PARTS)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    load = max(load_before, os.getloadavg()[0])
    results = {"machine": describe(), "load": load, **found, "seconds": time.monotonic() - began}
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    say(f"written to {asked.output}")
    print(lasting_report(results))
