"""
What the settings' types say: tables, lists, leaves, their help, defaults and marks.

A section is a ``msgspec.Struct``. Beyond its types and ``Meta`` constraints a field may carry marks in
``Meta(extra={...})``:

``defaults``  a mapping from environment name to the default there, such as ``{"development": True}``
``check``     a function of the value giving None or what was expected (see `aiwebengine.config.checks`)
``secret``    True: never shown (the types `Secret` and `SecretURL` imply it)
``reload``    True: a reload takes effect at once; without it the change waits for a restart
``path``      True: a file or directory; a relative one in a configuration file is relative to that file

A Struct may have ``check(self)``, yielding ``(keys, expected)`` for values that do not go together; the
problem is reported at the first of the keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs
import msgspec

from aiwebengine.config.secret import Secret

__all__ = [
    "Field",
    "Schemas",
    "Shape",
    "dotted",
    "expectation",
    "fields_of",
    "is_table",
    "shape_at",
    "shape_of",
]

Schemas = Mapping[str, type[msgspec.Struct]]
Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_MISSING = msgspec.NODEFAULT


@attrs.frozen
class Shape:
    """What one place of the configuration may hold."""

    kind: Literal["table", "map", "list", "leaf"]
    annotation: Any
    base: Any  # the annotation without Annotated and without None; the Struct of a table
    optional: bool = False  # whether None is allowed
    item: Shape | None = None  # of a map's values or a list's items
    key: Shape | None = None  # of a map's keys
    description: str = ""
    extra: Mapping[str, Any] = attrs.field(factory=dict)
    metas: tuple[msgspec.Meta, ...] = ()

    @property
    def secret(self) -> bool:
        """Whether its value hides."""
        return bool(self.extra.get("secret")) or (
            isinstance(self.base, type) and issubclass(self.base, Secret)
        )

    def holds_secrets(self) -> bool:
        """Whether it or anything below it hides."""
        if self.secret or (self.item is not None and self.item.holds_secrets()):
            return True
        return self.kind == "table" and any(field.shape.holds_secrets() for field in fields_of(self.base))


@attrs.frozen
class Field:
    """One key of a table."""

    key: str
    attribute: str
    shape: Shape
    plain_default: Any  # msgspec.NODEFAULT when the key must be given

    def default(self, environment: str) -> Any:
        """Give the default in an environment, or ``msgspec.NODEFAULT``."""
        return self.shape.extra.get("defaults", {}).get(environment, self.plain_default)


def shape_of(annotation: Any) -> Shape:
    """Read a type annotation."""
    metas: tuple[msgspec.Meta, ...] = ()
    optional = False
    inner = annotation
    while True:
        origin = get_origin(inner)
        if origin is Annotated:
            metas += tuple(meta for meta in inner.__metadata__ if isinstance(meta, msgspec.Meta))
            inner = get_args(inner)[0]
            continue
        if _is_union(inner) and type(None) in get_args(inner):
            optional = True
            rest = tuple(option for option in get_args(inner) if option is not type(None))
            inner = rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007
            continue
        break
    extra: dict[str, Any] = {}
    description = ""
    for meta in reversed(metas):
        extra.update(meta.extra or {})
        description = meta.description or description
    arguments = get_args(inner)
    kind: Literal["table", "map", "list", "leaf"] = "leaf"
    item = key = None
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        kind = "table"
    elif origin is dict:
        kind, key, item = "map", shape_of(arguments[0]), shape_of(arguments[1])
    elif origin is list or (origin is tuple and len(arguments) == 2 and arguments[1] is ...):
        kind, item = "list", shape_of(arguments[0])
    return Shape(kind, annotation, inner, optional, item, key, description, extra, metas)


def _is_union(annotation: Any) -> bool:
    from types import UnionType

    return get_origin(annotation) in (Union, UnionType)


def fields_of(struct: type[msgspec.Struct]) -> Iterator[Field]:
    """Give the keys of a table, in the order they are declared."""
    for info, shape in _infos(struct):
        default = info.default
        if info.default_factory is not _MISSING:
            default = info.default_factory()
        yield Field(info.encode_name, info.name, shape, default)


@lru_cache(maxsize=256)
def _infos(struct: type[msgspec.Struct]) -> tuple[tuple[msgspec.structs.FieldInfo, Shape], ...]:
    # Evaluating annotations is what takes the time of a load.
    return tuple((info, shape_of(info.type)) for info in msgspec.structs.fields(struct))


def shape_at(schemas: Schemas, path: Path) -> Shape | None:
    """Give what a place may hold, or None for one no schema knows."""
    if not path or path[0] not in schemas:
        return None
    shape: Shape | None = shape_of(schemas[str(path[0])])
    for step in path[1:]:
        if shape is None:
            return None
        if shape.kind == "table":
            shape = next((field.shape for field in fields_of(shape.base) if field.key == step), None)
        else:
            shape = shape.item
    return shape


def is_table(schemas: Schemas, path: Path) -> bool:
    """Tell whether a mapping at this place is a table to be merged; else it is a value or a reference."""
    shape = shape_at(schemas, path)
    return shape is None or shape.kind in ("table", "map")


def dotted(path: Path) -> str:
    """Write a place the way it is shown and given to ``--set``: ``server.listen[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _BARE_KEY.fullmatch(step) else json.dumps(step))
    return text


def expectation(shape: Shape) -> str:
    """Say in words what a place may hold."""
    text = _words(shape)
    return f"{text}, or null" if shape.optional and shape.kind != "leaf" else text


def _words(shape: Shape) -> str:
    if shape.kind in ("table", "map"):
        return "a table" + _bounds(shape).replace("characters", "entries")
    if shape.kind == "list" and shape.item is not None:
        return (
            "a list"
            + _bounds(shape).replace("characters", "items")
            + f", each item {expectation(shape.item)}"
        )
    if get_origin(shape.base) is Literal:
        options = [json.dumps(option) for option in get_args(shape.base)]
        return options[0] if len(options) == 1 else "one of " + ", ".join(options)
    if _is_union(shape.base):
        return " or ".join(expectation(shape_of(option)) for option in get_args(shape.base))
    names = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}
    if isinstance(shape.base, type) and issubclass(shape.base, Secret):
        return "a string"
    return names.get(shape.base, getattr(shape.base, "__name__", str(shape.base))) + _bounds(shape)


def _bounds(shape: Shape) -> str:
    words = {
        "gt": "more than {}",
        "ge": "at least {}",
        "lt": "less than {}",
        "le": "at most {}",
        "multiple_of": "a multiple of {}",
        "min_length": "at least {} characters",
        "max_length": "at most {} characters",
        "pattern": "matching {}",
    }
    found: dict[str, Any] = {}
    for meta in shape.metas:
        found.update({name: limit for name in words if (limit := getattr(meta, name)) is not None})
    both = "ge" in found and "le" in found
    text = f" from {found.pop('ge')} to {found.pop('le')}" if both else ""
    said = [
        "not empty" if (name, limit) == ("min_length", 1) else words[name].format(limit)
        for name, limit in found.items()
    ]
    return text + (", " + " and ".join(said) if said else "")
