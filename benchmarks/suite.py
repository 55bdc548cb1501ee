"""All measurements of one run, in order."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks import servers
from benchmarks.crowd import crowd, open_files_allow
from benchmarks.errors import Unavailable
from benchmarks.processes import descendants, memory_of
from benchmarks.servers import HERE, Server
from benchmarks.steady import steady
from benchmarks.throughput import Load, Rounds, measure, ratio
from benchmarks.wrk import Burst, burst, command

__all__ = ["EXPRESS", "MEDIUM", "RESOURCE", "SMALL", "Plan", "Suite"]

SMALL = "script, 0.3 KB"
MEDIUM = "script, 17 KB"
EXPRESS = "Express on node"
RESOURCE = "bare twisted.web Resource"
_SHAPES = (
    ("JSON route with parameters", "/api/toys/items/42?fields=name,price,tags", None),
    ("POST of JSON, echoed", "/api/echo", "echo.lua"),
    ("async handler, two awaits", "/api/later", None),
    ("100 streamed chunks", "/api/chunks", None),
    ("100 KB answer", "/api/large", None),
    ("storage.get", "/api/kept", None),
    ("storage.set, on the disk", "/api/kept/set", None),
    ("storage.increment of one key", "/api/kept/count", None),
)


@attrs.frozen
class Plan:
    """How long to measure; times in seconds."""

    rounds: int = 5
    round_s: float = 3
    shape_rounds: int = 3
    steady_s: float = 10
    settle_s: float = 5
    beside_s: float = 8
    starts: int = 5
    crowd: int = 10_000
    connections: int = 32

    @classmethod
    def quick(cls) -> Plan:
        """Give a plan for a first look: a minute, figures twice as rough."""
        return cls(2, 1, 1, 3, 2, 3, 3, 2000)


class Suite:
    """Runs the measurements; ``results`` is JSON data, ``skipped`` tells why a peer is missing."""

    def __init__(self, plan: Plan, scratch: Path, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._scratch = scratch
        self._say = say
        self._stack = contextlib.ExitStack()
        self.results: dict[str, Any] = {"plan": attrs.asdict(plan)}
        self.skipped: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        """Measure everything. Raises `Unavailable` when wrk or the engine itself cannot be had."""
        # Before the servers start: they inherit the limit.
        self._crowd_size = open_files_allow(self._plan.crowd)
        scripts = self._scratch / "scripts"
        servers.write_scripts(scripts)
        self._starts_and_memory()
        with self._stack:
            engine = self._start(servers.engine(self._scratch / "engine", scripts), "/hello")
            self._throughput(engine, scripts)
            self._steady(engine)
            self._beside(engine)
            self._crowd(engine)
        self.results["skipped"] = self.skipped
        return self.results

    def _start(self, server: Server, path: str) -> Server:
        self._stack.callback(server.stop)
        server.wait(path)
        return server

    # Each measurement fills in its part of the results.

    def _starts_and_memory(self) -> None:
        """
        With the small script alone: the time from spawning twistd to its first 200, then memory at rest.

        One more start before warms the file cache.
        """
        scripts = self._scratch / "small"
        scripts.mkdir()
        shutil.copy(HERE / "javascript" / "small.js", scripts)
        times = []
        for number in range(self._plan.starts + 1):
            self._say(f"cold start {number + 1} of {self._plan.starts + 1}")
            scratch = self._scratch / f"start{number}"
            server = servers.engine(scratch, scripts)
            server.wait("/hello")
            times.append(time.perf_counter() - server.began)
            if number == self._plan.starts:
                self._idle_memory(server)
            server.stop()
        self.results["cold_start_s"] = {"median": median(times[1:]), "each": times[1:]}

    def _idle_memory(self, engine: Server) -> None:
        """Memory of every process, once the engine has answered a request and was then left alone."""
        self._say("idle memory")
        time.sleep(self._plan.settle_s)
        pids = descendants(engine.pid)
        found = [memory_of(pid, "front" if pid == engine.pid else "sandbox") for pid in pids]
        self.results["idle_memory"] = {
            "processes": [attrs.asdict(one) for one in found],
            "rss_bytes": sum(one.rss for one in found),
            "pss_bytes": sum(one.pss for one in found),
        }

    def _peer(self, loads: list[Load], name: str, make: Callable[[], Server]) -> None:
        try:
            loads.append(Load(name, self._start(make(), "/hello"), "/hello"))
        except Unavailable as problem:
            self.skipped[name] = str(problem)

    def _throughput(self, engine: Server, scripts: Path) -> None:
        plan, scratch = self._plan, self._scratch
        runtime = servers.engine(scratch / "runtime", scripts, ["javascript.isolation=runtime"])
        loads = [
            Load(SMALL, engine, "/hello"),
            Load(MEDIUM, engine, "/medium"),
            Load("script, 100 KB", engine, "/big"),
            Load("script, 0.3 KB, isolation=runtime", self._start(runtime, "/hello"), "/hello"),
        ]
        self._peer(loads, RESOURCE, lambda: servers.bare(scratch / "resource", "resource"))
        self._peer(loads, "bare Klein route", lambda: servers.bare(scratch / "klein", "klein"))
        self._peer(loads, EXPRESS, lambda: servers.node(scratch / "express", "express.mjs"))
        name = "quickjs-emscripten on node, new context per request"
        self._peer(loads, name, lambda: servers.node(scratch / "emscripten", "quickjs.mjs"))
        found = measure(loads, plan.rounds, plan.round_s, plan.connections, self._say)
        self.results["throughput"] = _table(found, found[SMALL])
        shapes = [Load(SMALL, engine, "/hello")]
        for name, path, script in _SHAPES:
            shapes.append(Load(name, engine, path, str(HERE / script) if script else None))
        measured = measure(shapes, plan.shape_rounds, plan.round_s, plan.connections, self._say)
        self.results["shapes"] = _table(measured, measured[SMALL])

    def _steady(self, engine: Server) -> None:
        """Latency at half of the peak, which is measured anew: the machine may be busier than before."""
        self._say("latency at half of the peak load")
        rate = burst(engine.url + "/hello", 2, self._plan.connections).requests_per_s / 2
        found = steady(engine.url + "/hello", rate, self._plan.steady_s)
        self.results["half_load"] = attrs.asdict(found)

    def _beside(self, engine: Server) -> None:
        """A healthy script, alone and beside one that never ends and is asked for on 16 connections."""
        plan = self._plan
        url = engine.url + "/hello"
        rate = min(1000.0, self.results["throughput"][SMALL]["per_s"] / 4)
        found: dict[str, Any] = {"rate": rate}
        self._say("healthy script alone")
        found["alone"] = _pair(burst(url, plan.beside_s, 8), attrs.asdict(steady(url, rate, plan.beside_s)))
        self._say("healthy script beside an endless one")
        line = command(engine.url + "/endless", 4 * plan.beside_s + 5, 16)
        with subprocess.Popen(line, stdout=subprocess.DEVNULL) as hammer:
            time.sleep(1)
            beside = burst(url, plan.beside_s, 8)
            found["beside"] = _pair(beside, attrs.asdict(steady(url, rate, plan.beside_s)))
            hammer.terminate()
        self.results["endless"] = found
        # What is still queued for the endless script runs into its deadline.
        time.sleep(6)

    def _crowd(self, engine: Server) -> None:
        """Many idle connections, and a newcomer beside them."""
        count = self._crowd_size
        self._say(f"{count} connections")
        before = memory_of(engine.pid, "front").rss
        with crowd(engine.url + "/hello", count) as answered:
            held = memory_of(engine.pid, "front").rss
            newcomer = burst(engine.url + "/hello", 2, 1)
        self.results["crowd"] = {
            "asked": count,
            "answered": answered,
            "bytes_each": (held - before) / max(1, answered),
            "newcomer_p99_ms": newcomer.p99_ms,
        }


def _pair(closed: Burst, steadily: dict[str, Any]) -> dict[str, Any]:
    return {"closed_loop": attrs.asdict(closed), "steady": steadily}


def _table(found: dict[str, Rounds], base: Rounds) -> dict[str, Any]:
    return {
        name: {**rounds.summary(), "relative": ratio(rounds, base), "each_per_s": rounds.each_per_s}
        for name, rounds in found.items()
    }
