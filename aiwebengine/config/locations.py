"""Lines on which keys of TOML and JSON5 files stand, for messages. The text has been parsed before."""

from __future__ import annotations

import re
from typing import Any

from aiwebengine.config.schema import Path

__all__ = ["json5_lines", "toml_key", "toml_lines"]

_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEY = rf"{_KEY_PART}(?:\s*\.\s*{_KEY_PART})*"
_HEADER = re.compile(rf"\s*\[(\[?)\s*({_KEY})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=(.*)", re.DOTALL)
_PART = re.compile(_KEY_PART)
_JSON5_TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?\*/)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<mark>[{}\[\],])|(?P<colon>:)|(?P<word>[^\s{}\[\],:"'/]+)""",
    re.DOTALL,
)


def toml_key(text: str) -> tuple[str, ...]:
    """Split a TOML key, whose parts may be quoted. Raises ValueError when it is none."""
    if not re.fullmatch(rf"\s*{_KEY}\s*", text):
        raise ValueError("not a key")
    return tuple(_unquote(part) for part in _PART.findall(text))


def _unquote(part: str) -> str:
    if part.startswith('"'):
        import tomllib

        return str(tomllib.loads(f"key = {part}")["key"])
    return part[1:-1] if part.startswith("'") else part


def toml_lines(text: str) -> dict[Path, int]:
    """Find the line of each key and table header; keys of inline tables count to their table's line."""
    lines: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    closing = ""  # of the multi-line string we are in
    for number, line in enumerate(text.split("\n"), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        header = _HEADER.match(line)
        assignment = None if header else _ASSIGNMENT.match(line)
        if header:
            table = ()
            for part in toml_key(header[2]):
                table = (*_entered(table, arrays), part)
            if header[1]:
                arrays[table] = arrays.get(table, -1) + 1
            table = _entered(table, arrays)
            lines.setdefault(table, number)
        elif assignment:
            path = table
            for part in toml_key(assignment[1]):
                path = (*path, part)
                lines.setdefault(path, number)
            value = assignment[2].strip()
            if value[:3] in ('"""', "'''") and value[:3] not in value[3:]:
                closing = value[:3]
    return lines


def _entered(table: Path, arrays: dict[Path, int]) -> Path:
    return (*table, arrays[table]) if table in arrays else table


def json5_lines(text: str) -> tuple[dict[Path, int], list[tuple[Path, int]]]:
    """Find the line of each key and list item, and the keys given more than once in their object."""
    lines: dict[Path, int] = {}
    repeated: list[tuple[Path, int]] = []
    frames: list[list[Any]] = []  # [is an object, its path, the key or index we are at]
    line, last = 1, 0
    for token in _JSON5_TOKEN.finditer(text):
        line, last = line + text.count("\n", last, token.start()), token.start()
        frame = frames[-1] if frames else None
        if token["skip"] or token["colon"]:
            continue
        if token["mark"] == "," and frame:
            frame[2] = None if frame[0] else frame[2] + 1
        elif token["mark"] in ("}", "]"):
            frames.pop()
        elif frame and frame[0] and frame[2] is None:
            frame[2] = _json5_key(token[0])
            path = (*frame[1], frame[2])
            if path in lines:
                repeated.append((path, line))
            lines[path] = line
        else:
            path = () if frame is None else (*frame[1], frame[2])
            lines.setdefault(path, line)
            if token["mark"]:
                frames.append([token["mark"] == "{", path, None if token["mark"] == "{" else 0])
    return lines, repeated


def _json5_key(token: str) -> str:
    import json5

    return str(json5.loads(token)) if token[0] in "\"'" else token
