"""What ``--list-plugins`` and ``--help-plugin NAME`` print."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from aiwebengine.roster import Offer, Plan

__all__ = ["help_text", "list_text", "rows"]

_UNITS = {"ms": "milliseconds", "s": "seconds", "bytes": "bytes", "days": "days", "percent": "percent"}
_NOUNS = {bool: "true or false", int: "integer", float: "number", str: "text", bytes: "bytes", list: "list"}
_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


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
    for field in msgspec.structs.fields(schema):
        bare, metas = _bare(field.type)
        name = prefix + field.encode_name
        nested = _struct_of(bare)
        if nested is not None:
            yield f"  {name}  (table)"
        else:
            facts = ", ".join([_noun(bare), *_unit(field, metas), *_limits(metas)])
            yield f"  {name}  ({facts}; {_default(field)})"
        yield from (f"      {meta.description}" for meta in metas if meta.description)
        if nested is not None:
            yield from _settings(nested, f"{name}.")


def _bare(annotation: Any) -> tuple[Any, list[msgspec.Meta]]:
    """Give a type without its annotations, and those that are msgspec's."""
    if get_origin(annotation) is Annotated:
        inner, *extra = get_args(annotation)
        bare, metas = _bare(inner)
        return bare, [*metas, *(item for item in extra if isinstance(item, msgspec.Meta))]
    return annotation, []


def _struct_of(bare: Any) -> type[msgspec.Struct] | None:
    return bare if isinstance(bare, type) and issubclass(bare, msgspec.Struct) else None


def _noun(annotation: Any) -> str:
    """Name a type in the words of a configuration file."""
    bare, _ = _bare(annotation)
    origin, args = get_origin(bare), get_args(bare)
    if origin is Literal:
        return " | ".join(json.dumps(choice) for choice in args)
    if origin in (Union, types.UnionType):
        return " or ".join(_noun(arg) for arg in args if arg is not type(None))
    if origin in (list, tuple, set, frozenset) or _is_sequence(origin):
        return f"list of {_noun(args[0])}"
    if origin is not None and len(args) == 2:
        return f"table of {_noun(args[1])}"
    return _NOUNS.get(bare, getattr(bare, "__name__", str(bare)))


def _is_sequence(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Sequence)


def _unit(field: FieldInfo, metas: list[msgspec.Meta]) -> list[str]:
    """Give the unit: that of ``Meta(extra={"unit": ...})``, else of the field name's ending."""
    for meta in metas:
        if meta.extra and "unit" in meta.extra:
            return [str(meta.extra["unit"])]
    ending = field.name.rpartition("_")[2]
    unit = _UNITS.get(ending)
    return [unit] if unit and unit != _noun(field.type) and field.name != ending else []


def _limits(metas: list[msgspec.Meta]) -> list[str]:
    return [
        f"{sign} {getattr(meta, key)}"
        for meta in metas
        for key, sign in _BOUNDS.items()
        if getattr(meta, key) is not None
    ] + [f"matching {meta.pattern}" for meta in metas if meta.pattern is not None]


def _default(field: FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else _made(field)
    if value is None:
        return "absent by default"
    return f"default {json.dumps(msgspec.to_builtins(value), ensure_ascii=False)}"


def _made(field: FieldInfo) -> Any:
    factory = typing.cast(typing.Any, field.default_factory)
    return factory()
