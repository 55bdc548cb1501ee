"""What ``--list-plugins`` and ``--help-plugin NAME`` print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from aiwebengine.config.schema import Field, expectation, fields_of
from aiwebengine.roster import Offer, Plan

__all__ = ["help_text", "list_text", "rows"]

_UNITS = {"ms": "milliseconds", "s": "seconds", "bytes": "bytes", "days": "days", "percent": "percent"}


def rows(plan: Plan) -> list[dict[str, str]]:
    """
    Give what is known of every plugin: ``name, state, section, origin, summary, reason``, by name.

    ``state`` is ``on`` for a plugin that will be built, else ``disabled``, ``unusable`` or ``missing``.
    """
    found = [
        {
            "name": offer.name,
            "state": "on",
            "section": offer.plugin.section or "",
            "origin": offer.origin,
            "summary": offer.plugin.summary,
            "reason": "",
        }
        for offer in plan.order
    ]
    found += [
        {
            "name": item.name,
            "state": item.state,
            "section": "",
            "origin": item.origin,
            "summary": "",
            "reason": item.reason,
        }
        for item in plan.left_out
    ]
    return sorted(found, key=lambda row: row["name"])


def list_text(plan: Plan) -> str:
    """Give the list of plugins as a table: name, state, section, origin, and the summary or what is wrong."""
    table = [("NAME", "STATE", "SECTION", "ORIGIN", "SUMMARY")]
    table += [
        (
            row["name"],
            row["state"],
            f"[{row['section']}]" if row["section"] else "-",
            row["origin"],
            row["summary"] or row["reason"],
        )
        for row in rows(plan)
    ]
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line[:4], widths, strict=True)), line[4]])
        for line in table
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def help_text(offer: Offer) -> str:
    """Give all about one plugin: summary, origin, requirements, and each setting of its section."""
    plugin = offer.plugin
    lines = [f"{plugin.name}: {plugin.summary}", f"  from {offer.origin}"]
    if plugin.requires:
        lines.append(f"  requires {', '.join(plugin.requires)}")
    if plugin.section is None or plugin.settings is None:
        lines.append("  has no settings")
    else:
        lines += ["", f"[{plugin.section}]", *_settings(plugin.settings, "")]
    return "\n".join(lines) + "\n"


def _settings(schema: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    """Give the lines on each field of a schema, those of tables within it by dotted name."""
    for field in fields_of(schema):
        name = prefix + field.key
        facts = ", ".join([expectation(field.shape), *_unit(field)])
        yield f"  {name}  ({facts}{_default(field)})"
        if field.shape.description:
            yield f"      {field.shape.description}"
        item = field.shape.item
        if field.shape.kind == "table":
            yield from _settings(field.shape.base, f"{name}.")
        elif item is not None and item.kind == "table":
            yield from _settings(item.base, f"{name}.NAME.")


def _unit(field: Field) -> list[str]:
    """Give the unit: the mark ``unit`` of the field, else that of its name's ending."""
    _, underscore, ending = field.key.rpartition("_")
    unit = field.shape.extra.get("unit") or (_UNITS.get(ending) if underscore else None)
    return [str(unit)] if unit else []


def _default(field: Field) -> str:
    if field.shape.kind == "table":
        return ""
    if field.plain_default is msgspec.NODEFAULT:
        return "; must be set"
    text = f"; default {_shown(field.plain_default)}"
    environments: Mapping[str, Any] = field.shape.extra.get("defaults", {})
    return text + "".join(f", in {name} {_shown(value)}" for name, value in environments.items())


def _shown(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value, enc_hook=str), ensure_ascii=False)
