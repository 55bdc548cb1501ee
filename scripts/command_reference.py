"""
Renew the reference in docs/command.md from the commands themselves.

``python scripts/command_reference.py`` prints the page, ``--write`` renews the file. What stands outside the
two markers is kept.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TARGET = "docs/command.md"
BEGIN = "<!-- The commands; made by: python scripts/command_reference.py --write -->"
END = "<!-- End of the commands. -->"


def renewed(page: str) -> str:
    """Give the page with its reference renewed. Raises ValueError without the markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{TARGET} lacks its markers")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def reference() -> str:
    """Give the reference of all commands."""
    from aiwebengine.cli import command

    context = click.Context(command, info_name="aiwebengine")
    return "\n".join(_lines(command, context)).rstrip() + "\n"


def _lines(command: click.Command, context: click.Context) -> Iterator[str]:
    """Give a command's section and those of its subcommands."""
    if context.parent is not None:
        usage = " ".join(piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]")
        yield f"## {context.command_path}\n"
        yield f"`{context.command_path}{' ' + usage if usage else ''}`\n"
        yield from _text(command.help or "")
        yield from _options(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _lines(inner, click.Context(inner, info_name=name, parent=context))


def _text(said: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(said)):
        yield " ".join(paragraph.split()) + "\n"


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for record in [parameter.get_help_record(context)]
        if record is not None
    ]
    if not records:
        return
    yield "| option | |\n|---|---|"
    for names, said in records:
        yield f"| `{_cell(names)}` | {_cell(said)} |"
    yield ""


def _cell(text: str) -> str:
    # No cell may hold the column sign, not even in code.
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Print or write the page."""
    target = ROOT / TARGET
    page = renewed(target.read_text("utf-8"))
    if "--write" in sys.argv[1:]:
        target.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main()
