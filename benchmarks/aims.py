"""What is to be reached, and whether a run reached it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from benchmarks.suite import EXPRESS, MEDIUM, RESOURCE, SMALL

__all__ = ["AIMS", "Aim", "judge"]

MB = 1_000_000
MOST_CONNECTIONS = 10_000


@attrs.frozen
class Aim:
    """
    One figure and what it should be.

    ``read`` takes the figure from a run's results (KeyError when it was not measured); ``at_least`` tells
    whether more is better.
    """

    name: str
    limit: float
    unit: str
    at_least: bool
    read: Callable[[Mapping[str, Any]], float]
    requirement: str = ""

    def reached(self, figure: float) -> bool:
        """Tell whether a figure is good enough."""
        return figure >= self.limit if self.at_least else figure < self.limit


def _of_script(peer: str) -> Callable[[Mapping[str, Any]], float]:
    return lambda results: 1 / results["throughput"][peer]["relative"]


def _slowest_script_ms(results: Mapping[str, Any]) -> float:
    rows = [results["throughput"][SMALL], results["throughput"][MEDIUM], *results["shapes"].values()]
    return float(max(row["sandbox_us"] for row in rows) / 1000)


def _crowd(results: Mapping[str, Any]) -> float:
    crowd = results["crowd"]
    if crowd["asked"] < MOST_CONNECTIONS:
        raise KeyError("a quick run, or the system allows fewer open files")
    return float(crowd["answered"])


AIMS: Sequence[Aim] = (
    Aim("script route against a bare twisted.web Resource", 0.60, "", True, _of_script(RESOURCE)),
    Aim("script route against Express", 1.0, "", True, _of_script(EXPRESS)),
    Aim("17 KB script against 0.3 KB", 0.85, "", True, lambda r: float(r["throughput"][MEDIUM]["relative"])),
    Aim("all processes at idle, RSS", 75, "MB", False, lambda r: r["idle_memory"]["rss_bytes"] / MB),
    Aim("all processes at idle, PSS", 75, "MB", False, lambda r: r["idle_memory"]["pss_bytes"] / MB),
    Aim("start to first answer", 1.5, "s", False, lambda r: float(r["cold_start_s"]["median"])),
    Aim(
        "p99 of a healthy script beside an endless one",
        50,
        "ms",
        False,
        lambda r: float(r["endless"]["beside"]["steady"]["p99_ms"]),
    ),
    Aim(
        "script route, requests per second",
        1000,
        "/s",
        True,
        lambda r: float(r["throughput"][SMALL]["per_s"]),
        "REQ-PERF-001",
    ),
    Aim(
        "p99 at half of the peak load",
        50,
        "ms",
        False,
        lambda r: float(r["half_load"]["p99_ms"]),
        "REQ-PERF-002",
    ),
    Aim(
        "all processes at idle, RSS",
        100,
        "MB",
        False,
        lambda r: r["idle_memory"]["rss_bytes"] / MB,
        "REQ-PERF-003",
    ),
    Aim(
        "connections open at once, all answered",
        MOST_CONNECTIONS,
        "",
        True,
        _crowd,
        "REQ-PERF-004",
    ),
    Aim("CPU of the costliest handler shape", 10, "ms", False, _slowest_script_ms, "REQ-PERF-005"),
)


def judge(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give each aim with its figure and whether it was reached; None for both where it was not measured."""
    found = []
    for aim in AIMS:
        try:
            figure = aim.read(results)
        except KeyError:
            figure = None
        found.append(
            {
                "aim": aim.name,
                "requirement": aim.requirement,
                "wanted": f"{'at least' if aim.at_least else 'below'} {aim.limit:g} {aim.unit}".strip(),
                "figure": figure,
                "reached": None if figure is None else aim.reached(figure),
            }
        )
    return found
