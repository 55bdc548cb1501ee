"""What commands write: colours where someone sees them, JSON, tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import IO, Any

import click

__all__ = ["is_terminal", "paint", "print_json", "print_table", "uses_colour"]


def is_terminal(stream: IO[Any] | None = None) -> bool:
    """Tell whether a stream (standard output) is a terminal."""
    stream = stream or sys.stdout
    return bool(getattr(stream, "isatty", lambda: False)())


def uses_colour(stream: IO[Any] | None = None) -> bool:
    """Tell whether to colour: on a terminal that can, unless ``NO_COLOR`` is set (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(
    text: str, colour: str = "", *, bold: bool = False, dim: bool = False, on: bool | None = None
) -> str:
    """Give the text in a colour; as it is where there are none (``on`` decides instead of the terminal)."""
    if not (uses_colour() if on is None else on):
        return text
    return click.style(text, fg=colour or None, bold=bold or None, dim=dim or None)


def print_json(data: Any) -> None:
    """Print data as JSON, indented."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(lines: Sequence[tuple[str, ...]]) -> None:
    """Print columns of equal width; the last one as long as it is."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=True)]
        click.echo("  ".join([*cells, line[-1]]).rstrip())
