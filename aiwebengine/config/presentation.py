"""The configuration for people: each value with its origin, secrets hidden."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from aiwebengine.config.configuration import Configuration
from aiwebengine.config.schema import Path, Shape, dotted
from aiwebengine.config.secret import HIDDEN, Secret
from aiwebengine.config.validation import leaves
from aiwebengine.errors import ConfigurationInvalid

__all__ = ["Entry", "as_json", "as_toml", "describe", "problem_report", "validate_summary"]


@attrs.frozen
class Entry:
    """One key: its place, the value fit to be shown (JSON data), and where it came from."""

    path: Path
    value: Any
    origin: str

    @property
    def key(self) -> str:
        """The dotted key."""
        return dotted(self.path)


def describe(configuration: Configuration) -> list[Entry]:
    """Give every key in force, section by section, secrets hidden."""
    snapshot = configuration.snapshot
    entries = []
    for name, struct in snapshot.sections.items():
        for path, shape, marks, value in leaves(struct, (name,)):
            hidden = bool(marks.get("secret")) or any(
                place[: len(path)] == path for place in snapshot.referenced
            )
            origin = snapshot.origins[dotted(path)]
            entries.append(Entry(path, _safe(value, shape, hidden), origin))
    return entries


def _safe(value: Any, shape: Shape | None, hidden: bool) -> Any:
    if isinstance(value, Secret):
        return HIDDEN if hidden and value else str(value)
    if (hidden or (shape is not None and shape.secret)) and value not in ("", None, (), [], {}):
        return HIDDEN
    item = shape.item if shape is not None else None
    if isinstance(value, (list, tuple)):
        return [_safe(each, item, False) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _safe(each, item, False) for key, each in value.items()}
    if isinstance(value, msgspec.Struct):
        return {
            path[-1]: _safe(each, below, bool(marks.get("secret")))
            for path, below, marks, each in leaves(value, ())
        }
    return msgspec.to_builtins(value)


def as_json(configuration: Configuration, *, origins: bool = False) -> str:
    """Give what is in force as JSON: ``environment``, ``files``, ``sections`` and, if asked, ``origins``."""
    sections: dict[str, Any] = {name: {} for name in configuration.snapshot.sections}
    entries = describe(configuration)
    for entry in entries:
        place = sections
        for step in entry.path[:-1]:
            place = place.setdefault(str(step), {})
        place[str(entry.path[-1])] = entry.value
    document: dict[str, Any] = {
        "environment": configuration.environment,
        "files": list(configuration.files),
        "sections": sections,
    }
    if origins:
        document["origins"] = {entry.key: entry.origin for entry in entries}
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_toml(configuration: Configuration, *, origins: bool = False) -> str:
    """Give what is in force as TOML text; with ``origins`` each line says where its value came from."""
    lines = [f"# environment: {configuration.environment}"]
    lines += [f"# file: {name}" for name in configuration.files] or ["# no configuration file"]
    tables: dict[Path, list[Entry]] = {(name,): [] for name in configuration.snapshot.sections}
    for entry in describe(configuration):
        tables.setdefault(entry.path[:-1], []).append(entry)
    for table in sorted(tables, key=lambda path: list(configuration.snapshot.sections).index(str(path[0]))):
        lines += ["", f"[{dotted(table)}]"]
        for entry in tables[table]:
            comment = f"  # {entry.origin}" if origins else ""
            if entry.value is None:
                lines.append(f"# {dotted(entry.path[-1:])} is not set{comment}")
            else:
                lines.append(f"{dotted(entry.path[-1:])} = {_toml(entry.value)}{comment}")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value if item is not None) + "]"
    if isinstance(value, dict):
        pairs = (f"{dotted((key,))} = {_toml(item)}" for key, item in value.items() if item is not None)
        return "{" + ", ".join(pairs) + "}"
    # TOML's basic strings are JSON's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def validate_summary(configuration: Configuration) -> str:
    """Say in a few lines that the configuration is valid and what it amounts to."""
    server, scripts = configuration.section("server"), configuration.section("scripts")
    where = (
        ", ".join(server.listen)
        or f"http://{f'[{server.host}]' if ':' in server.host else server.host}:{server.port}"
    )
    entries = describe(configuration)
    given = sum(not entry.origin.startswith("default") for entry in entries)
    return "\n".join(
        [
            "configuration is valid",
            f"  environment  {configuration.environment}",
            f"  files        {', '.join(configuration.files) or 'none'}",
            f"  listen       {where}",
            f"  scripts      {', '.join(scripts.directories) or 'no directories'}",
            f"  repository   {configuration.section('repository').database_url}",
            f"  bus          {configuration.section('bus').url or 'in this process'}",
            f"  sections     {', '.join(configuration.snapshot.sections)}",
            f"  settings     {len(entries)}, of which {given} are not defaults",
        ]
    )


def problem_report(error: ConfigurationInvalid) -> str:
    """List all problems, one a line, below their number."""
    count = len(error.problems)
    heading = "configuration is not valid: " + ("1 problem" if count == 1 else f"{count} problems")
    return "\n".join([heading, *(f"  {problem}" for problem in error.problems)])
