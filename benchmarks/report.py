"""The results of a run as text: tables that can go into a document as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["publish", "report"]

_BEGIN, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a Markdown table whose columns line up; the first column is text, the others figures."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        return (
            "| "
            + " | ".join([first, *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))])
            + " |"
        )

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(lines[0]), rule, *map(line, lines[1:])])


def _throughput(table: Mapping[str, Mapping[str, Any]]) -> str:
    heads = (
        "load",
        "requests/s",
        "against script",
        "p50 ms",
        "p99 ms",
        "CPU µs front",
        "CPU µs sandbox",
        "failed",
    )
    return _rows(
        heads,
        (
            (
                name,
                f"{row['per_s']:,.0f}",
                f"{row['relative']:.2f}",
                f"{row['p50_ms']:.1f}",
                f"{row['p99_ms']:.1f}",
                f"{row['front_us']:.0f}",
                f"{row['sandbox_us']:.0f}" if row["sandbox_us"] else "-",
                str(row["failures"]),
            )
            for name, row in table.items()
        ),
    )


def _endless(found: Mapping[str, Any]) -> str:
    heads = (
        "healthy script",
        "requests/s, 8 connections",
        f"p50 ms at {found['rate']:.0f}/s",
        "p99 ms",
        "failed",
    )
    rows = []
    for key, name in (("alone", "alone"), ("beside", "beside an endless one on 16 connections")):
        closed, steadily = found[key]["closed_loop"], found[key]["steady"]
        failed = closed["failures"] + steadily["failures"]
        rows.append(
            (
                name,
                f"{closed['requests_per_s']:,.0f}",
                f"{steadily['p50_ms']:.1f}",
                f"{steadily['p99_ms']:.1f}",
                str(failed),
            )
        )
    return _rows(heads, rows)


def _memory(found: Mapping[str, Any]) -> str:
    rows = [(one["role"], f"{one['rss'] / 1e6:.1f}", f"{one['pss'] / 1e6:.1f}") for one in found["processes"]]
    rows.append(("all", f"{found['rss_bytes'] / 1e6:.1f}", f"{found['pss_bytes'] / 1e6:.1f}"))
    return _rows(("process at idle", "RSS MB", "PSS MB"), rows)


def _aims(aims: Sequence[Mapping[str, Any]]) -> str:
    verdicts = {True: "reached", False: "NOT reached", None: "not measured"}
    return _rows(
        ("aim", "requirement", "wanted", "measured", "verdict"),
        (
            (
                aim["aim"],
                aim["requirement"] or "-",
                aim["wanted"],
                "-" if aim["figure"] is None else f"{aim['figure']:,.{2 if aim['figure'] < 100 else 0}f}",
                verdicts[aim["reached"]],
            )
            for aim in aims
        ),
    )


def report(results: Mapping[str, Any]) -> str:
    """Give the whole report."""
    machine = results["machine"]
    half, crowd = results["half_load"], results["crowd"]
    starts = results["cold_start_s"]
    parts = [
        f"Measured {machine['date']} on {machine['cores']} cores of {machine['cpu']}, {machine['system']}, "
        f"{machine['python']}, {machine['twisted']}, node {machine['node']}; while other work kept "
        f"{results['others_cores']:.1f} cores busy.",
        _aims(results["aims"]),
        "Throughput, medians of interleaved rounds "
        f"({results['plan']['rounds']} of {results['plan']['round_s']} s, "
        f"{results['plan']['connections']} connections):",
        _throughput(results["throughput"]),
        "Shapes of requests and answers:",
        _throughput(results["shapes"]),
        f"At half of the peak ({half['asked_per_s']:,.0f} requests/s, a fixed schedule): "
        f"p50 {half['p50_ms']:.1f} ms, p99 {half['p99_ms']:.1f} ms, longest {half['max_ms']:.0f} ms, "
        f"{half['failures']} failed.",
        _endless(results["endless"]),
        _memory(results["idle_memory"]),
        f"Start to first answer: {starts['median']:.2f} s "
        f"({', '.join(f'{one:.2f}' for one in starts['each'])}).",
        f"{crowd['answered']:,} connections held open: {crowd['bytes_each'] / 1000:.1f} KB each; "
        f"a newcomer's p99 {crowd['newcomer_p99_ms']:.1f} ms.",
    ]
    parts += [f"Skipped: {name}: {why}" for name, why in results["skipped"].items()]
    return "\n\n".join(parts)


def publish(results: Mapping[str, Any], folder: Path) -> None:
    """Keep a run as ``reference.json``, and put its report between the marks in the folder's README.md."""
    (folder / "reference.json").write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    readme = folder / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    readme.write_text(f"{before}{_BEGIN}\n{report(results)}\n\n{_END}{after}", "utf-8")
