"""TOML, YAML and JSON5 text as data with lines; what is wrong with it is said without quoting it."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Any

import attrs

from aiwebengine.config.locations import json5_lines, toml_lines
from aiwebengine.config.schema import Path, dotted
from aiwebengine.errors import AIWebEngineError

__all__ = ["SUFFIXES", "Document", "Malformed", "format_of", "parse"]

SUFFIXES = (".toml", ".yaml", ".yml", ".json5")

_FORMATS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json5": "json5", ".json": "json5"}


@attrs.frozen
class Document:
    """What a file says, and on which lines."""

    data: dict[str, Any]
    lines: dict[Path, int]


@attrs.define(auto_exc=True, str=False)
class Malformed(AIWebEngineError):
    """A text is not of its format. ``line`` and ``column`` are 1-based, None where unknown."""

    reason: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return self.reason


def format_of(path: FilePath) -> str | None:
    """Give ``toml``, ``yaml`` or ``json5`` by a file's name (an ``.enc`` at its end aside), or None."""
    name = path.with_suffix("") if path.suffix == ".enc" else path
    return _FORMATS.get(name.suffix.lower())


def parse(text: str, kind: str) -> Document:
    """Parse a configuration text of a kind `format_of` gives. Raises `Malformed`."""
    try:
        document = {"toml": _toml, "yaml": _yaml, "json5": _json5}[kind](text)
    except RecursionError:
        raise Malformed("nested too deeply") from None
    _require_string_keys(document.data, (), document.lines)
    return document


def _toml(text: str) -> Document:
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        reason = re.sub(r"\s*\(at .*\)$|'[^']*'|\"[^\"]*\"", "", str(error)).strip()
        if place is None:
            raise Malformed(f"not valid TOML: {reason}", text.count("\n") + 1) from None
        raise Malformed(f"not valid TOML: {reason}", int(place[1]), int(place[2])) from None
    return Document(data, toml_lines(text))


def _json5(text: str) -> Document:
    import json5

    if not text.strip():
        return Document({}, {})
    try:
        data = json5.loads(text)
    except ValueError as error:
        place = re.search(r":(\d+) .*?(?:at column (\d+))?$", str(error), re.DOTALL)
        if place is None:
            raise Malformed("not valid JSON5") from None
        raise Malformed("not valid JSON5", int(place[1]), int(place[2]) if place[2] else None) from None
    lines, repeated = json5_lines(text)
    for path, line in repeated:
        raise Malformed(f"the key {dotted(path)} is given twice", line)
    return Document(_table(data), lines)


def _yaml(text: str) -> Document:
    import yaml

    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        _yaml_lines(node, (), lines, ())
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What it quotes may be a password that began with "*" or "!".
        reason = re.sub(r"['\"`].*", "", error.problem or error.context or "", flags=re.DOTALL).strip()
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise Malformed(f"not valid YAML: {reason}", *place) from None
    except (yaml.YAMLError, ValueError):
        raise Malformed("not valid YAML: a character or value it cannot hold") from None
    finally:
        if loader is not None:
            loader.dispose()
    return Document({} if data is None else _table(data), lines)


def _yaml_lines(node: Any, path: Path, lines: dict[Path, int], above: tuple[Any, ...]) -> None:
    import yaml

    if any(node is other for other in above):
        raise Malformed("an alias refers to what it is part of", node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[tuple[str, str]] = set()
        for key, value in node.value:
            mark = key.start_mark
            name = (key.tag, str(key.value))
            if name in seen:
                raise Malformed(
                    f"the key {dotted((*path, key.value))} is given twice", mark.line + 1, mark.column + 1
                )
            seen.add(name)
            here = (*path, str(key.value))
            lines.setdefault(here, mark.line + 1)
            _yaml_lines(value, here, lines, (*above, node))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines.setdefault((*path, index), item.start_mark.line + 1)
            _yaml_lines(item, (*path, index), lines, (*above, node))


def _table(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Malformed("a table of sections was expected", 1)
    return data


def _require_string_keys(value: Any, path: Path, lines: dict[Path, int]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)
                inside = f" in {dotted(path)}" if path else ""
                raise Malformed(
                    f"a key{inside} is not a string (YAML reads unquoted on, off, yes and no as booleans)",
                    line,
                )
            _require_string_keys(item, (*path, key), lines)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _require_string_keys(item, (*path, index), lines)
