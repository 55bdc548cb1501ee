"""The results of `benchmarks.lasting` as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.report import _rows as table

__all__ = ["lasting_report"]

_FIGURES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
_TIMES = ("start_s", "start_cpu_front_s", "start_cpu_sandboxes_s", "first_requests_s")
_HEADS = ("p50 ms", "p95 ms", "p99 ms", "max ms")


def _figures(found: Mapping[str, float]) -> list[str]:
    return [f"{found[name]:,.1f}" for name in _FIGURES]


def _deploys(found: Mapping[str, Any]) -> str:
    rows = (
        (f"PUT until it was answered, {found['deploys']} times", "put_answered"),
        ("PUT until the new version answered", "put_live"),
        (f"file replaced until the new version answered, {found['watched_deploys']} times", "watched_live"),
    )
    return table(("deploy to live", *_HEADS), [(name, *_figures(found[key])) for name, key in rows])


def _swaps(found: Mapping[str, Any]) -> str:
    told = (
        f"{found['swaps']} of {found['asked_swaps']} swaps in {found['seconds']:.1f} s under "
        f"{found['connections']} keep-alive clients: {found['requests']:,} requests, "
        f"**{found['failures']} failed** ({found['not_200']} not 200, {found['mixed_bodies']} mixed bodies, "
        f"{found['outdated_bodies']} outdated bodies, {found['connection_errors']} connection errors)."
    )
    rows = [("request", *_figures(found["request"])), ("PUT", *_figures(found["put"]))]
    return told + "\n\n" + table(("while scripts are swapped", *_HEADS), rows)


def _memory(found: Mapping[str, Any]) -> str:
    heads = (
        "scripts loaded, each asked once",
        "RSS MB",
        "PSS MB",
        "front RSS MB",
        "start s",
        "its CPU s: front",
        "sandboxes",
        "first requests s",
    )
    rows = [
        (
            f"{count:,}",
            *(f"{one[name] / 1e6:.1f}" for name in ("rss", "pss", "front_rss")),
            *(f"{one[name]:.2f}" for name in _TIMES),
        )
        for count, one in ((1, found["one"]), (found["scripts"], found["many"]))
    ]
    rss, pss = found["rss_per_script"] / 1e3, found["pss_per_script"] / 1e3
    each = f"Each further script: {rss:.1f} KB RSS, {pss:.1f} KB PSS."
    return table(heads, rows) + "\n\n" + each


def _start(found: Mapping[str, Any], which: str) -> str:
    front_s, sandboxes_s = found[f"{which}start_cpu_front_s"], found[f"{which}start_cpu_sandboxes_s"]
    cpu = f"{front_s:.1f} s of CPU in the front, {sandboxes_s:.1f} s in sandboxes"
    return f"{found[f'{which}start_s']:.1f} s to the first answer ({cpu})"


def _library(name: str, found: Mapping[str, Any]) -> str:
    start = f"start with {found['live_scripts']:,} scripts: "
    if "first_start_s" in found:
        start += f"{_start(found, 'first_')}; every later one "
    start += _start(found, "")
    told = f"{name}: {found['scripts']:,} scripts (stored in {found['fill_scripts_s']:.1f} s)"
    if "log_entries" in found:
        told += f", {found['log_entries']:,} log entries (in {found['fill_log_s']:.0f} s)"
    rows = [(f"/engine/scripts, {found['live_scripts']:,} scripts", *_figures(found["script_list"]), "")]
    for title, key in (("repository", "log_direct"), ("/engine/logs", "log_http")):
        rows += [
            (f"{title}: {kind}", *_figures(one), f"{one['rows']:.0f}")
            for kind, one in found.get(key, {}).items()
        ]
    if "log_pages" in found:
        pages = found["log_pages"]
        rows.append(("/engine/logs: page after page", *_figures(pages), f"{pages['rows']:.0f}"))
    parts = [f"{told}; {start}.", table((f"{name}", *_HEADS, "rows"), rows)]
    parts += [f"Skipped: {what}: {why}" for what, why in found["skipped"].items()]
    return "\n\n".join(parts)


def lasting_report(results: Mapping[str, Any]) -> str:
    """Give the whole report."""
    machine = results["machine"]
    parts = [
        f"Measured {machine['date']} on {machine['cores']} cores of {machine['cpu']}, {machine['system']}, "
        f"{machine['python']}, {machine['twisted']}; {results['seconds']:.0f} s in all; "
        f"load average up to {results['load']:.1f}."
    ]
    for part, shown in (("deploys", _deploys), ("swaps", _swaps), ("memory", _memory)):
        if part in results:
            parts.append(shown(results[part]))
    for part, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        if part in results:
            parts.append(_library(name, results[part]))
    parts += [f"Skipped: {name}: {why}" for name, why in results["skipped"].items()]
    return "\n\n".join(parts)
