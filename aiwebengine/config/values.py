"""Single values: text read by type, references to secrets, conversion, and what is safe to show of them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path as FilePath
from typing import Any, Literal, get_args, get_origin

import msgspec

from aiwebengine.config.layers import Origin, Text
from aiwebengine.config.schema import Shape, expectation
from aiwebengine.config.secret import HIDDEN, Secret, SecretURL
from aiwebengine.errors import AIWebEngineError

__all__ = [
    "References",
    "Shown",
    "Unfit",
    "as_reference",
    "convert_leaf",
    "fits_length",
    "from_text",
    "rebased",
    "shown",
]

_MAX_SECRET_BYTES = 65_536
_MAX_SHOWN = 100  # characters
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


class Unfit(AIWebEngineError):
    """A value is not what its place may hold; the text says what was expected."""


class Shown:
    """A description that stands for a value in messages."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shown) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def shown(value: Any, shape: Shape | None) -> object:
    """Give what may be printed of a raw value; nothing of what hides, nor texts of unknown keys."""
    if value is None:
        return Shown("null")
    if shape is not None and shape.holds_secrets():
        return Shown(HIDDEN)
    if isinstance(value, Mapping):
        return Shown("a table")
    if shape is None and not isinstance(value, (bool, int, float)):
        return Shown(HIDDEN)
    if isinstance(value, Text):
        value = str(value)
    text = repr(value)
    return value if len(text) <= _MAX_SHOWN else Shown(text[:_MAX_SHOWN] + "…")


def from_text(text: str, shape: Shape) -> Any:
    """Read a text by the type of its place. Raises `Unfit`."""
    base = shape.base
    if base is str or (isinstance(base, type) and issubclass(base, Secret)):
        return str(text)
    word = text.strip()
    if shape.optional and word.lower() in ("", "null"):
        return None
    if base is bool:
        if word.lower() in _TRUE | _FALSE:
            return word.lower() in _TRUE
        raise Unfit(expectation(shape))
    if get_origin(base) is Literal:
        options = {str(option): option for option in get_args(base)}
        return options.get(word, word)
    try:
        if base is int:
            return int(word)
        return float(word) if base is float else json.loads(word)
    except ValueError:
        form = ' as JSON, such as ["a", "b"]' if shape.kind == "list" else ""
        form = ' as JSON, such as {"key": "value"}' if shape.kind in ("table", "map") else form
        raise Unfit(expectation(shape) + form) from None


def as_reference(value: Any) -> tuple[str, str] | None:
    """Give ``("env", name)`` of ``{env = "NAME"}``, ``("file", path)`` of ``{file = "path"}``, else None."""
    if isinstance(value, Text) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if isinstance(value, Mapping) and len(value) == 1:
        kind, name = next(iter(value.items()))
        if kind in ("env", "file") and isinstance(name, str) and name:
            return kind, name
    return None


class References:
    """Resolves ``{env = ...}`` and ``{file = ...}``; remembers the files for the watcher."""

    def __init__(self, variables: Mapping[str, str], directory: FilePath) -> None:
        self._variables = variables
        self._directory = directory
        self.files: list[FilePath] = []

    def resolve(self, kind: str, name: str, origin: Origin) -> Text:
        """Give the text referred to. Raises `Unfit`, naming the reference but never its value."""
        text = (
            self._variable(name)
            if kind == "env"
            else self._content(name, origin.directory or self._directory)
        )
        if not text:
            raise Unfit(f"{self._named(kind, name)} is empty")
        return Text(text)

    @staticmethod
    def _named(kind: str, name: str) -> str:
        return f"the environment variable {name}" if kind == "env" else f"the file {name}"

    def _variable(self, name: str) -> str:
        if name not in self._variables:
            raise Unfit(f"{self._named('env', name)} is not set")
        return self._variables[name]

    def _content(self, name: str, directory: FilePath) -> str:
        path = directory / name
        self.files.append(path)
        try:
            with path.open("rb") as stream:
                content = stream.read(_MAX_SECRET_BYTES + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Unfit(f"{self._named('file', name)} cannot be read: {reason}") from None
        if len(content) > _MAX_SECRET_BYTES:
            raise Unfit(f"{self._named('file', name)} is longer than {_MAX_SECRET_BYTES} bytes")
        try:
            return content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise Unfit(f"{self._named('file', name)} is not UTF-8 text") from None


def convert_leaf(value: Any, shape: Shape) -> Any:
    """Convert a value to a leaf's type. Raises `Unfit`."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit(f"{expectation(shape)}, finite")
        if shape.base is int and value.is_integer():
            value = int(value)
    if isinstance(value, str):
        value = str(value)
    try:
        return msgspec.convert(value, shape.annotation, dec_hook=_decode_custom)
    except (msgspec.ValidationError, TypeError, ValueError):
        raise Unfit(expectation(shape)) from None


def fits_length(items: Collection[Any], shape: Shape) -> bool:
    """Tell whether a list or map has as many items as its ``min_length`` and ``max_length`` ask for."""
    return all(
        (meta.min_length is None or len(items) >= meta.min_length)
        and (meta.max_length is None or len(items) <= meta.max_length)
        for meta in shape.metas
    )


def _decode_custom(kind: type, value: Any) -> Any:
    if issubclass(kind, Secret) and isinstance(value, str):
        return kind(value)
    raise ValueError("not of this type")


def rebased(value: Any, directory: FilePath) -> Any:
    """Give a relative path (or SQLite URL) as an absolute one that starts at ``directory``."""
    if isinstance(value, SecretURL):
        prefix, path = "sqlite:///", value.reveal()
        if not path.startswith(prefix) or path[len(prefix) :].startswith(("/", ":memory:")):
            return value
        return SecretURL(prefix + str(directory / path[len(prefix) :]))
    return str(directory / value) if isinstance(value, str) and value else value
