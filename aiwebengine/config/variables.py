"""Settings given as text: environment variables, ``.env`` files and ``--set``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiwebengine.config.encrypted import KEY_VARIABLE
from aiwebengine.config.layers import Layer, Origin, Text
from aiwebengine.config.locations import toml_key
from aiwebengine.config.schema import Path, Schemas, is_table
from aiwebengine.errors import Problem

__all__ = [
    "COMMAND_VARIABLES",
    "CONFIG_VARIABLE",
    "ENVIRONMENT_VARIABLE",
    "PREFIX",
    "RESERVED_VARIABLES",
    "assignment_layer",
    "dotenv",
    "variable_layers",
    "variable_name",
]

PREFIX: Final = "AIWEBENGINE_"
CONFIG_VARIABLE: Final = "AIWEBENGINE_CONFIG"
ENVIRONMENT_VARIABLE: Final = "AIWEBENGINE_ENV"
RESERVED_VARIABLES: Final = frozenset({CONFIG_VARIABLE, ENVIRONMENT_VARIABLE, KEY_VARIABLE})
"""Variables with the prefix which are no settings."""
COMMAND_VARIABLES: Final = frozenset({"AIWEBENGINE_URL", "AIWEBENGINE_PROFILE", "AIWEBENGINE_API_KEY"})
"""Which engine the ``aiwebengine`` command talks to: an author's shell has them, whatever else it starts."""

# A Kubernetes Service named "aiwebengine" puts these into every pod beside it.
_SERVICE_LINK = re.compile(
    r"AIWEBENGINE_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP)(_[A-Z]+)?)?)"
)
_DOTENV_LINE = re.compile(r"""\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*""", re.DOTALL)
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'[^']*')\s*(?:#.*)?""")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def variable_name(path: Path) -> str:
    """Give the variable that sets a key."""
    return PREFIX + "__".join(str(step).upper() for step in path)


def variable_layers(
    variables: Mapping[str, str], schemas: Schemas, origins: Mapping[str, str] | None = None
) -> Iterator[Layer]:
    """
    Give a layer per variable that begins with the prefix, shorter names first.

    ``origins`` names where a variable stands, such as ``.env:3``, if not in the process's environment.
    """
    for name in sorted(variables):
        if (
            not name.startswith(PREFIX)
            or name in RESERVED_VARIABLES
            or _is_service_link(name, variables[name])
        ):
            continue
        path = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
        where = (origins or {}).get(name)
        origin = Origin(f"{where} ({name})" if where else name, variable=True)
        yield _layer(path, variables[name], schemas, origin)


def _is_service_link(name: str, value: str) -> bool:
    if not _SERVICE_LINK.fullmatch(name):
        return False
    return name != "AIWEBENGINE_PORT" or "://" in value


def assignment_layer(text: str, schemas: Schemas) -> Layer | Problem:
    """Read one ``--set section.key=value``; parts of the key may be quoted as in TOML."""
    origin = Origin("--set")
    key, equals, value = _split(text)
    try:
        path: Path = toml_key(key)
    except ValueError:
        path = ()
    if not equals or len(path) < 2:
        # Without "=" what was given may well be the value.
        shown = key.strip() if equals else ""
        return Problem("--set", shown, None, "section.key=value was expected")
    return _layer(path, value, schemas, origin)


def _split(text: str) -> tuple[str, str, str]:
    quoted = re.match(r"""((?:[^"'=]|"(?:\\.|[^"\\])*"|'[^']*')*)(=?)(.*)""", text, re.DOTALL)
    return (quoted[1], quoted[2], quoted[3]) if quoted else ("", "", "")


def _layer(path: Path, text: str, schemas: Schemas, origin: Origin) -> Layer:
    value: Any = Text(text)
    if path[0] in schemas and is_table(schemas, path):
        try:
            table = json.loads(text)
        except ValueError:
            table = None
        if isinstance(table, dict):
            value = table
    for step in reversed(path):
        value = {step: value}
    return Layer(value, origin)


def dotenv(text: str) -> tuple[dict[str, tuple[str, int]], list[int]]:
    """
    Read a ``.env`` file: name to value and line, and the lines that are not ``NAME=value``.

    Values may be quoted: single quotes keep everything, double quotes know ``\\n``, ``\\"`` and ``\\\\``.
    Unquoted values end at `` #``. Nothing is interpolated.
    """
    found: dict[str, tuple[str, int]] = {}
    wrong: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _DOTENV_LINE.fullmatch(line)
        value = None if match is None else _dotenv_value(match[2])
        if match is None or value is None:
            wrong.append(number)
        else:
            found[match[1]] = (value, number)
    return found, wrong


def _dotenv_value(text: str) -> str | None:
    if text[:1] not in ("'", '"'):
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        return None
    inner = quoted[1][1:-1]
    if text[0] == "'":
        return inner
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), inner)
