"""Runs wrk and reads what it prints."""

from __future__ import annotations

import re
import shutil
import subprocess

import attrs

from benchmarks.errors import Unavailable

__all__ = ["Burst", "burst", "find_wrk", "parse"]

_FACTORS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@attrs.frozen
class Burst:
    """One run of wrk: as many requests as its connections could get answered, one after the other."""

    requests: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    failures: int


def find_wrk() -> str:
    """Give the path of wrk. Raises `Unavailable`."""
    found = shutil.which("wrk")
    if found is None:
        raise Unavailable("wrk is not installed (on Debian: apt-get install wrk)")
    return found


def _milliseconds(output: str, percent: int) -> float:
    match = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", output, re.MULTILINE)
    return float(match[1]) * _FACTORS[match[2]] if match else 0.0


def parse(output: str) -> Burst:
    """Read the output of ``wrk --latency``. Raises ValueError when it is something else."""
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", output, re.MULTILINE)
    count = re.search(r"^\s+(\d+) requests in ", output, re.MULTILINE)
    if rate is None or count is None:
        raise ValueError(f"wrk printed no figures: {output.strip()!r}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    failures = (int(failed[1]) if failed else 0) + (sum(map(int, sockets.groups())) if sockets else 0)
    return Burst(
        int(count[1]), float(rate[1]), _milliseconds(output, 50), _milliseconds(output, 99), failures
    )


def command(url: str, seconds: float, connections: int, script: str | None = None) -> list[str]:
    """Give the command line of one run."""
    line = [
        find_wrk(),
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "--latency",
    ]
    if script is not None:
        line += ["-s", script]
    return [*line, url]


def burst(url: str, seconds: float, connections: int, script: str | None = None) -> Burst:
    """Load a URL for some (whole) seconds; ``script`` is a Lua file for wrk."""
    done = subprocess.run(
        command(url, seconds, connections, script), capture_output=True, text=True, check=True
    )
    return parse(done.stdout)
