"""Several servers loaded in turn, in short rounds, so that what disturbs the machine disturbs them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import attrs

from benchmarks.processes import spent_by_role
from benchmarks.servers import Server
from benchmarks.wrk import burst

__all__ = ["Load", "Rounds", "measure", "ratio"]


@attrs.frozen
class Load:
    """A URL to be loaded: what it is called in the report, who serves it, and with what wrk script."""

    name: str
    server: Server
    path: str
    script: str | None = None


@attrs.define
class Rounds:
    """
    What the rounds of one load gave, medians over all of them.

    ``front_us`` and ``sandbox_us`` are CPU microseconds per request: of the server's first process, and of
    its children together (0 where there are none).
    """

    each_per_s: list[float] = attrs.field(factory=list)
    each_p50_ms: list[float] = attrs.field(factory=list)
    each_p99_ms: list[float] = attrs.field(factory=list)
    each_front_us: list[float] = attrs.field(factory=list)
    each_sandbox_us: list[float] = attrs.field(factory=list)
    failures: int = 0

    def take(self, load: Load, seconds: float, connections: int) -> None:
        """Run one round."""
        before = load.server.cpu()
        found = burst(load.server.url + load.path, seconds, connections, load.script)
        front, sandboxes = spent_by_role(before, load.server.cpu(), load.server.pid)
        requests = max(1, found.requests)
        self.each_per_s.append(found.requests_per_s)
        self.each_p50_ms.append(found.p50_ms)
        self.each_p99_ms.append(found.p99_ms)
        self.each_front_us.append(front / requests * 1e6)
        self.each_sandbox_us.append(sandboxes / requests * 1e6)
        self.failures += found.failures

    @property
    def per_s(self) -> float:
        """Requests answered per second."""
        return median(self.each_per_s)

    def summary(self) -> dict[str, float]:
        """Give the medians by name."""
        names = ("per_s", "p50_ms", "p99_ms", "front_us", "sandbox_us")
        found = {name: median(getattr(self, f"each_{name}")) for name in names}
        return {**found, "failures": self.failures}


def measure(
    loads: Sequence[Load], rounds: int, seconds: float, connections: int, say: Callable[[str], None]
) -> dict[str, Rounds]:
    """Load each in turn, ``rounds`` times, beginning with another one each time; a second to warm up."""
    found = {load.name: Rounds() for load in loads}
    for load in loads:
        burst(load.server.url + load.path, 1, connections, load.script)
    for number in range(rounds):
        start = number % len(loads)
        for load in (*loads[start:], *loads[:start]):
            say(f"round {number + 1} of {rounds}: {load.name}")
            found[load.name].take(load, seconds, connections)
    return found


def ratio(one: Rounds, other: Rounds) -> float:
    """Give how many times as fast ``one`` is: the median of the comparisons within each round."""
    return median(
        mine / theirs if theirs else 0.0
        for mine, theirs in zip(one.each_per_s, other.each_per_s, strict=True)
    )
