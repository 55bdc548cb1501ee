"""Which known key a mistaken one was most likely meant to be."""

from __future__ import annotations

from aiwebengine.config.schema import Path, Schemas, fields_of
from aiwebengine.config.variables import PREFIX, RESERVED_VARIABLES, variable_name

__all__ = ["nearest", "nearest_variable"]

_CLOSE = 0.6
_VERY_CLOSE = 0.75


def nearest(path: Path, siblings: tuple[str, ...], schemas: Schemas) -> Path:
    """
    Give the known place nearest to an unknown one; ``siblings`` are the keys known in its table.

    A like name in the same table comes first, then the same name in another section, then the least far.
    """
    if len(path) > 1 and path[0] not in schemas:
        section = _best(str(path[0]), tuple(schemas), _CLOSE)
        if section is not None:
            return (section, _best(str(path[1]), _keys(schemas, section)) or "")
    parent, last = path[:-1], str(path[-1])
    for name in schemas:
        if len(path) == 1 and last.startswith(name + "_"):
            return (name, _best(last.removeprefix(name + "_"), _keys(schemas, name)) or "")
    beside = _best(last, siblings, _CLOSE)
    if beside is not None:
        return (*parent, beside)
    everywhere: dict[str, Path] = {}
    for name in schemas:
        for key in _keys(schemas, name):
            everywhere.setdefault(key, (name, key))
    for wanted in ("_".join(str(step) for step in path), last):
        found = _best(wanted, tuple(everywhere), _VERY_CLOSE)
        if found is not None:
            return everywhere[found]
    beside = _best(last, siblings)
    return parent if beside is None else (*parent, beside)


def nearest_variable(path: Path, known: Path) -> str:
    """Give the variable most likely meant: a reserved one that is much the same, else that of ``known``."""
    if len(path) == 1:
        word = str(path[0]).upper()
        reserved = {name.removeprefix(PREFIX): name for name in sorted(RESERVED_VARIABLES)}
        found = "ENV" if word.startswith("ENV") else _best(word, tuple(reserved), _CLOSE)
        if found is not None:
            return reserved[found]
    return variable_name(known)


def _keys(schemas: Schemas, section: str) -> tuple[str, ...]:
    return tuple(field.key for field in fields_of(schemas[section]))


def _best(word: str, known: tuple[str, ...], at_least: float = 0.0) -> str | None:
    import difflib  # for mistakes only: half a megabyte

    found = difflib.get_close_matches(word, known, 1, at_least)
    return found[0] if found else None
