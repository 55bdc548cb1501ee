"""Layers of raw settings, and their merge: tables deeply, everything else replaced by the later layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

import attrs

from aiwebengine.config.schema import Path

__all__ = ["Layer", "Merged", "Origin", "Text"]


class Text(str):
    """A value given as text, by a variable or ``--set``; read by the type of its place."""

    __slots__ = ()


@attrs.frozen
class Origin:
    """Where a value came from."""

    text: str  # as shown: "aiwebengine.toml:3", "AIWEBENGINE_SERVER__PORT", "--set"
    directory: FilePath | None = None  # of the file it came from, which relative paths start at
    variable: bool = False  # whether an environment variable's name is the key's name there
    yaml: bool = False  # whether YAML's idea of booleans may be to blame


@attrs.frozen
class Layer:
    """What one source says; ``locations`` refine ``origin`` for places within it."""

    data: Mapping[str, Any]
    origin: Origin
    locations: Mapping[Path, int] = attrs.field(factory=dict)

    def origin_of(self, path: Path) -> Origin:
        """Give the origin of a place, with the line of the nearest place known."""
        for length in range(len(path), 0, -1):
            line = self.locations.get(path[:length])
            if line is not None:
                return attrs.evolve(self.origin, text=f"{self.origin.text}:{line}")
        return self.origin


class Merged:
    """All layers as one, remembering which of them each value came from."""

    def __init__(self, is_table: Callable[[Path], bool]) -> None:
        self.data: dict[str, Any] = {}
        self._is_table = is_table
        self._layers: dict[Path, Layer] = {}

    def add(self, layer: Layer) -> None:
        """Put a layer above those before."""
        self._merge(self.data, layer.data, (), layer)

    def origin_of(self, path: Path) -> Origin | None:
        """Give where the value at a place, or the list or table it is part of, came from."""
        for length in range(len(path), 0, -1):
            layer = self._layers.get(path[:length])
            if layer is not None:
                return layer.origin_of(path)
        return None

    def holds(self, path: Path) -> bool:
        """Tell whether any layer gave the value at a place (a whole list counts for its items)."""
        place: Any = self.data
        for step in path:
            if not isinstance(place, Mapping):
                return True
            if step not in place:
                return False
            place = place[step]
        return True

    def _merge(self, target: dict[str, Any], data: Mapping[str, Any], path: Path, layer: Layer) -> None:
        for key, value in data.items():
            here = (*path, key)
            self._layers[here] = layer
            if isinstance(value, Mapping) and self._is_table(here):
                if not isinstance(target.get(key), dict):
                    target[key] = {}
                self._merge(target[key], value, here, layer)
            else:
                target[key] = value
