"""Where the front's time goes: cProfile around the reactor, a few seconds of load."""

from __future__ import annotations

import io
import pstats
from collections.abc import Callable
from pathlib import Path

from benchmarks import servers
from benchmarks.wrk import burst

__all__ = ["profile"]


def profile(scratch: Path, seconds: float, path: str, rows: int, say: Callable[[str], None]) -> str:
    """
    Load the engine for some seconds with the front under cProfile; give the costliest functions.

    cProfile charges each call, so many small calls look worse than they are; compare µs per request of runs
    without it before believing a row.
    """
    scripts = scratch / "scripts"
    servers.write_scripts(scripts)
    output = scratch / "front.pstats"
    server = servers.engine(scratch / "profile", scripts, profile=output)
    server.wait(path)
    say(f"loading {path} for {seconds:g} s")
    found = burst(server.url + path, seconds, 32)
    server.stop()
    text = io.StringIO()
    statistics = pstats.Stats(str(output), stream=text)
    statistics.strip_dirs().sort_stats("tottime").print_stats(rows)
    return f"{found.requests} requests under the profiler\n{text.getvalue()}"
