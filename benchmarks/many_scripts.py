"""What many loaded scripts cost: memory of all processes with one script and with many, each asked once."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.asking import KEY, Asker, cpu_by_role, not_loaded, patient
from benchmarks.errors import Unavailable
from benchmarks.filling import fill_scripts, kept, script_path
from benchmarks.processes import descendants, memory_of

__all__ = ["memory"]

_SETTLE_S = 2.0


def memory(scratch: Path, count: int) -> dict[str, object]:
    """Give RSS and PSS of the engine's processes with one script and with ``count``."""
    one, many = _measure(scratch / "one", 1), _measure(scratch / "many", count)
    more = count - 1
    return {
        "scripts": count,
        "one": one,
        "many": many,
        "rss_per_script": (many["rss"] - one["rss"]) / more if more else 0.0,
        "pss_per_script": (many["pss"] - one["pss"]) / more if more else 0.0,
    }


def _measure(scratch: Path, count: int) -> dict[str, float]:
    scratch.mkdir(parents=True)
    kept(f"sqlite:///{scratch / 'engine.sqlite'}", lambda repository: fill_scripts(repository, count))
    server, start_s = patient(scratch, script_path(0), limit_s=60)
    try:
        start_cpu_front_s, start_cpu_sandboxes_s = cpu_by_role(server)
        asker = Asker(server.url)
        if failed := not_loaded(Asker(server.url, KEY)):
            raise Unavailable(f"{len(failed)} of {count} stored scripts did not load: {failed[0][:400]}")
        began = time.perf_counter()
        for number in range(count):
            status, body = asker.ask("GET", script_path(number))
            if status != 200:
                raise Unavailable(f"script {number} was answered {status}: {body[:200]!r}")
        touch_s = time.perf_counter() - began
        time.sleep(_SETTLE_S)
        pids = descendants(server.pid)
        found = [memory_of(pid, "front" if pid == server.pid else "sandbox") for pid in pids]
        front = sum(one.rss for one in found if one.role == "front")
        rss, pss = sum(one.rss for one in found), sum(one.pss for one in found)
    finally:
        server.stop()
    figures = {"processes": len(pids), "rss": rss, "pss": pss, "front_rss": front}
    times = {"start_s": start_s, "first_requests_s": touch_s}
    cpu = {"start_cpu_front_s": start_cpu_front_s, "start_cpu_sandboxes_s": start_cpu_sandboxes_s}
    return {**figures, **times, **cpu}
