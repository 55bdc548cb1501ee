"""Raw settings against their schemas: every problem at once, each with its origin and what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_origin

import msgspec

from aiwebengine.config.layers import Merged, Origin, Text
from aiwebengine.config.schema import Field, Path, Schemas, Shape, dotted, expectation, fields_of, shape_of
from aiwebengine.config.suggestions import nearest, nearest_variable
from aiwebengine.config.values import (
    References,
    Shown,
    Unfit,
    as_reference,
    convert_leaf,
    fits_length,
    from_text,
    rebased,
    shown,
)
from aiwebengine.errors import Problem

__all__ = ["Validation", "leaves"]

_BAD: Final = object()
_HIDDEN: Final = Shown("<hidden>")


class Validation:
    """One pass over merged settings; afterwards ``problems``, ``sections`` and ``origins`` are filled."""

    def __init__(self, schemas: Schemas, environment: str, merged: Merged, references: References) -> None:
        self._schemas = schemas
        self._environment = environment
        self._merged = merged
        self._references = references
        self.problems: list[Problem] = []
        self.sections: dict[str, msgspec.Struct] = {}
        self.referenced: set[Path] = set()  # places whose value came from a variable or file of its own

    def run(self, *, unknown_sections: bool = True) -> None:
        """Validate all sections; unless ``unknown_sections``, those without a schema are passed over."""
        for name, struct in self._schemas.items():
            path: Path = (name,)
            built = self._value(shape_of(struct), self._merged.data.get(name, {}), path, msgspec.NODEFAULT)
            if built is not _BAD:
                self.sections[name] = built
        if unknown_sections:
            for name, value in self._merged.data.items():
                if name not in self._schemas:
                    self._unknown((name,), value, tuple(self._schemas))

    def origin_of(self, path: Path) -> str:
        """Say where the value at a place came from."""
        origin = self._merged.origin_of(path)
        if origin is not None and self._merged.holds(path):
            return origin.text
        for length in range(len(path), 1, -1):
            field = self._field_at(path[:length])
            if field is not None and self._environment in field.shape.extra.get("defaults", {}):
                return f"default for {self._environment}"
        return "default"

    def _field_at(self, path: Path) -> Field | None:
        shape: Shape | None = shape_of(self._schemas[str(path[0])])
        field: Field | None = None
        for step in path[1:]:
            field = None
            if shape is not None and shape.kind == "table":
                field = next((each for each in fields_of(shape.base) if each.key == step), None)
                shape = field.shape if field else None
            else:
                shape = shape.item if shape else None
        return field

    # What went wrong

    def _problem(self, path: Path, value: object, expected: str, origin: Origin | None = None) -> None:
        origin = origin or self._merged.origin_of(path)
        self.problems.append(Problem(origin.text if origin else "not set", dotted(path), value, expected))

    def _refuse(self, path: Path, value: Any, shape: Shape, expected: str) -> object:
        origin = self._merged.origin_of(path)
        if origin and origin.yaml and isinstance(value, bool):
            expected += " (quote it: YAML reads unquoted on, off, yes and no as booleans)"
        display = _HIDDEN if path in self.referenced else shown(value, shape)
        self._problem(path, display, expected)
        return _BAD

    def _unknown(self, path: Path, value: Any, siblings: tuple[str, ...], asked: Path = ()) -> None:
        origin = self._merged.origin_of(path)
        asked = asked or path
        if origin is not None and origin.variable and isinstance(value, Mapping) and value:
            for key, inner in value.items():
                below = (*path, key)
                self._unknown(below, inner, siblings, asked if path[0] in self._schemas else below)
            return
        known = nearest(asked, siblings, self._schemas)
        if origin is not None and origin.variable:
            expected = f"unknown variable; did you mean {nearest_variable(path, known)}?"
        else:
            if len(path) > 1 and path[0] not in self._schemas:
                path, known, value = path[:1], known[:1], {}
            what = "section" if len(known) == 1 else "key"
            name = f"[{known[0]}]" if len(known) == 1 else dotted(known)
            expected = f"unknown {what}; did you mean {name}?"
            if what == "section":
                expected += f" (known: {', '.join(self._schemas)})"
        self._problem(path, shown(value, None), expected, origin)

    # The walk

    def _value(self, shape: Shape, raw: Any, path: Path, default: Any) -> Any:
        if raw is None and shape.optional:
            return None
        if shape.kind not in ("table", "map"):
            reference = as_reference(raw)
            if reference is not None:
                raw = self._resolved(reference, path)
                if raw is _BAD:
                    return _BAD
        if isinstance(raw, Text) and not (shape.kind == "leaf" and shape.base is str):
            try:
                raw = from_text(raw, shape)
            except Unfit as error:
                return self._refuse(path, raw, shape, str(error))
            if raw is None and shape.optional:
                return None
        read = {"table": self._table, "map": self._map, "list": self._list, "leaf": self._leaf}[shape.kind]
        value = read(shape, raw, path, default)
        check = shape.extra.get("check")
        if value is _BAD or check is None:
            return value
        expected = check(value)
        return value if expected is None else self._refuse(path, raw, shape, expected)

    def _resolved(self, reference: tuple[str, str], path: Path) -> Any:
        origin = self._merged.origin_of(path) or Origin("")
        self.referenced.add(path)
        try:
            return self._references.resolve(*reference, origin)
        except Unfit as error:
            self._problem(path, Shown(f"{{{reference[0]} = {reference[1]!r}}}"), str(error))
            return _BAD

    def _leaf(self, shape: Shape, raw: Any, path: Path, default: Any) -> Any:
        try:
            value = convert_leaf(raw, shape)
        except Unfit as error:
            return self._refuse(path, raw, shape, str(error))
        return self._placed(value, shape, path)

    def _placed(self, value: Any, shape: Shape, path: Path) -> Any:
        origin = self._merged.origin_of(path)
        if shape.extra.get("path") and origin is not None and origin.directory is not None:
            return rebased(value, origin.directory)
        return value

    def _list(self, shape: Shape, raw: Any, path: Path, default: Any) -> Any:
        if not isinstance(raw, (list, tuple)) or shape.item is None:
            return self._refuse(path, raw, shape, expectation(shape))
        items = [
            self._value(shape.item, item, (*path, index), msgspec.NODEFAULT) for index, item in enumerate(raw)
        ]
        if any(item is _BAD for item in items):
            return _BAD
        if not fits_length(items, shape):
            return self._refuse(path, raw, shape, expectation(shape))
        placed = [self._placed(item, shape, path) for item in items]
        return tuple(placed) if get_origin(shape.base) is tuple else placed

    def _map(self, shape: Shape, raw: Any, path: Path, default: Any) -> Any:
        if not isinstance(raw, Mapping) or shape.item is None or shape.key is None:
            return self._refuse(path, raw, shape, expectation(shape))
        values: dict[Any, Any] = dict(default) if isinstance(default, Mapping) else {}
        bad = False
        for key, item in raw.items():
            name = self._value(shape.key, key, (*path, key), msgspec.NODEFAULT)
            value = self._value(shape.item, item, (*path, key), values.get(key, msgspec.NODEFAULT))
            bad = bad or name is _BAD or value is _BAD
            if not bad:
                values[name] = value
        if not bad and not fits_length(values, shape):
            return self._refuse(path, raw, shape, expectation(shape))
        return _BAD if bad else values

    def _table(self, shape: Shape, raw: Any, path: Path, default: Any) -> Any:
        if not isinstance(raw, Mapping):
            return self._refuse(path, raw, shape, expectation(shape))
        fields = tuple(fields_of(shape.base))
        keys = tuple(field.key for field in fields)
        for key in raw:
            if key not in keys:
                self._unknown((*path, key), raw[key], keys)
        # A nested table may be given as a default with values of its own.
        base = default if isinstance(default, msgspec.Struct) and _is_set(default) else None
        values: dict[str, Any] = {}
        bad: set[str] = set()
        for field in fields:
            usual = field.default(self._environment) if base is None else getattr(base, field.attribute)
            value = self._field(field, raw, (*path, field.key), usual)
            if value is _BAD:
                bad.add(field.key)
                value = usual
            if value is not msgspec.NODEFAULT:
                values[field.attribute] = value
        if len(values) < len(fields):
            return _BAD
        built = shape.base(**values)
        self._check_together(built, path, fields, bad)
        return _BAD if bad else built

    def _field(self, field: Field, raw: Mapping[str, Any], path: Path, usual: Any) -> Any:
        if field.key in raw:
            return self._value(field.shape, raw[field.key], path, usual)
        if usual is msgspec.NODEFAULT:
            self._problem(path, None, f"must be set: {expectation(field.shape)}")
            return _BAD
        if field.shape.kind == "table" and isinstance(usual, msgspec.Struct):
            # Its own defaults may depend on the environment.
            return self._value(field.shape, {}, path, usual)
        return usual

    def _check_together(
        self, built: msgspec.Struct, path: Path, fields: tuple[Field, ...], bad: set[str]
    ) -> None:
        check = getattr(built, "check", None)
        if check is None:
            return
        shapes = {field.key: field for field in fields}
        for keys, expected in check():
            if not bad & set(keys):
                field = shapes[keys[0]]
                value = getattr(built, field.attribute)
                hidden = (*path, keys[0]) in self.referenced
                self._problem((*path, keys[0]), _HIDDEN if hidden else shown(value, field.shape), expected)
                bad.add(keys[0])


def _is_set(default: msgspec.Struct) -> bool:
    """Tell whether a nested table's default differs from the defaults of its own keys."""
    try:
        return bool(default != type(default)())
    except TypeError:
        return True


def leaves(struct: msgspec.Struct, path: Path) -> Iterator[tuple[Path, Shape, Mapping[str, Any], Any]]:
    """Give ``(place, shape, marks, value)`` of everything below a table; marks reach what is below."""
    yield from _leaves(shape_of(type(struct)), struct, path, {})


def _leaves(
    shape: Shape, value: Any, path: Path, marks: Mapping[str, Any]
) -> Iterator[tuple[Path, Shape, Mapping[str, Any], Any]]:
    marks = {**marks, **shape.extra}
    if shape.kind == "table" and isinstance(value, msgspec.Struct):
        for field in fields_of(shape.base):
            yield from _leaves(field.shape, getattr(value, field.attribute), (*path, field.key), marks)
    elif shape.kind == "map" and shape.item is not None and value:
        for key, item in value.items():
            yield from _leaves(shape.item, item, (*path, str(key)), marks)
    else:
        yield path, shape, marks, value
