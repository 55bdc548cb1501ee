"""Where settings come from: files with their overlays, ``.env``, environment variables, the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import attrs

from aiwebengine.config.encrypted import KEY_VARIABLE, CannotDecrypt, decrypt, is_encrypted
from aiwebengine.config.formats import SUFFIXES, Malformed, format_of, parse
from aiwebengine.config.layers import Layer, Origin
from aiwebengine.config.schema import Schemas
from aiwebengine.config.variables import (
    COMMAND_VARIABLES,
    CONFIG_VARIABLE,
    ENVIRONMENT_VARIABLE,
    assignment_layer,
    dotenv,
    variable_layers,
)
from aiwebengine.errors import Problem

__all__ = ["DEFAULT_ENVIRONMENT", "DEVELOPMENT", "ConfigurationSources", "Gathered", "gather"]

DEFAULT_ENVIRONMENT: Final = "production"
DEVELOPMENT: Final = "development"

_ENVIRONMENT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SUFFIXES: Final = (*SUFFIXES, *(suffix + ".enc" for suffix in SUFFIXES))


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


@attrs.frozen
class ConfigurationSources:
    """
    What a command line says about the configuration, and the process's surroundings.

    ``files``, ``settings``, ``scripts`` and ``listen`` are the values of ``--config``, ``--set``,
    ``--scripts`` and ``--listen``, in order; ``environment`` that of ``--env``. Relative paths start at
    ``directory``. ``starts_engine`` is false for commands to which the engine's own key does not matter:
    they pass over AIWEBENGINE_API_KEY, which an operator's shell has for other commands, in any environment.
    """

    files: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    environment: str = ""
    settings: tuple[str, ...] = attrs.field(default=(), converter=_texts, repr=False)
    scripts: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    listen: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    variables: Mapping[str, str] = attrs.field(factory=lambda: dict(os.environ), repr=False)
    directory: Path = attrs.field(factory=Path.cwd)
    default_environment: str = DEFAULT_ENVIRONMENT
    starts_engine: bool = True

    def environment_name(self) -> str:
        """Give the environment: ``--env``, else AIWEBENGINE_ENV, else the default."""
        return self.environment or self.variables.get(ENVIRONMENT_VARIABLE, "") or self.default_environment


@attrs.frozen
class Gathered:
    """Everything the sources say, lowest layer first."""

    environment: str
    layers: tuple[Layer, ...]
    variables: Mapping[str, str] = attrs.field(repr=False)  # the process's, and those of .env
    files: tuple[str, ...]  # read, as shown
    watched: tuple[Path, ...]  # read, and those that would be read if they were there
    problems: tuple[Problem, ...]


def gather(sources: ConfigurationSources, schemas: Schemas) -> Gathered:
    """Read all sources. Never raises for what they hold; problems are part of the result."""
    reading = _Reading(sources, schemas)
    reading.read()
    return Gathered(
        environment=reading.environment,
        layers=tuple(reading.layers),
        variables=reading.variables,
        files=tuple(reading.files),
        watched=tuple(dict.fromkeys(reading.watched)),
        problems=tuple(reading.problems),
    )


class _Reading:
    def __init__(self, sources: ConfigurationSources, schemas: Schemas) -> None:
        self._sources = sources
        self._schemas = schemas
        self.environment = sources.environment_name()
        self.variables = dict(sources.variables)
        self.layers: list[Layer] = []
        self.files: list[str] = []
        self.watched: list[Path] = []
        self.problems: list[Problem] = []

    def read(self) -> None:
        bases = self._bases()
        variable_origins: dict[str, str] = {}
        if not _ENVIRONMENT_NAME.fullmatch(self.environment):
            origin = "--env" if self._sources.environment else ENVIRONMENT_VARIABLE
            self._problem(
                origin, "environment", self.environment, "a name such as development, staging or production"
            )
            overlays = {}
        else:
            overlays = self._overlays(bases)
            if self.environment == DEVELOPMENT:
                variable_origins = self._read_dotenv(bases)
        for path in bases:
            self._read_file(path)
            if path in overlays:
                self._read_file(overlays[path])
        self.layers += variable_layers(self._settings(), self._schemas, variable_origins)
        for text in self._sources.settings:
            layer = assignment_layer(text, self._schemas)
            (self.layers if isinstance(layer, Layer) else self.problems).append(layer)  # type: ignore[arg-type]
        for option, section, key, values in (
            ("--scripts", "scripts", "directories", self._sources.scripts),
            ("--listen", "server", "listen", self._sources.listen),
        ):
            if values:
                self.layers.append(Layer({section: {key: list(values)}}, Origin(option)))

    def _settings(self) -> dict[str, str]:
        """Give the variables that may be settings."""
        passed_over = set(COMMAND_VARIABLES)
        if self.environment != DEVELOPMENT and self._sources.starts_engine:
            # On a server this is most likely security.api_key, misspelt: it must not be passed over.
            passed_over.discard("AIWEBENGINE_API_KEY")
        return {name: value for name, value in self.variables.items() if name not in passed_over}

    def _problem(self, origin: str, key: str, value: object, expected: str) -> None:
        self.problems.append(Problem(origin, key, value, expected))

    def _bases(self) -> list[Path]:
        named = list(self._sources.files)
        if not named:
            named = [
                name for name in self._sources.variables.get(CONFIG_VARIABLE, "").split(os.pathsep) if name
            ]
        if named:
            return list(dict.fromkeys(self._sources.directory / name for name in named))
        found = self._one_of(self._sources.directory, "aiwebengine")
        return [found] if found else []

    def _overlays(self, bases: list[Path]) -> dict[Path, Path]:
        """Find ``aiwebengine.ENVIRONMENT.*`` beside the last base file of each directory."""
        found: dict[Path, Path] = {}
        last = {path.parent: path for path in bases}
        for directory, base in last.items():
            overlay = self._one_of(directory, f"aiwebengine.{self.environment}")
            if overlay is not None and overlay not in bases:
                found[base] = overlay
        return found

    def _one_of(self, directory: Path, stem: str) -> Path | None:
        candidates = [directory / (stem + suffix) for suffix in _SUFFIXES]
        self.watched += candidates
        there = [path for path in candidates if path.is_file()]
        if len(there) > 1:
            names = ", ".join(path.name for path in there)
            self._problem(self._shown(directory), "", None, f"only one of {names} may be there")
        return there[0] if there else None

    def _shown(self, path: Path) -> str:
        try:
            return str(path.relative_to(self._sources.directory))
        except ValueError:
            return str(path)

    def _read_file(self, path: Path) -> None:
        shown = self._shown(path)
        self.watched.append(path)
        kind = format_of(path)
        if kind is None:
            self._problem(shown, "", None, f"a file name ending in {', '.join(SUFFIXES)} was expected")
            return
        text = self._text_of(path)
        if text is None:
            return
        self.files.append(shown)
        try:
            document = parse(text, kind)
        except Malformed as error:
            place = "".join(f":{number}" for number in (error.line, error.column) if number is not None)
            self._problem(shown + place, "", None, error.reason)
            return
        origin = Origin(shown, directory=path.parent, yaml=kind == "yaml")
        self.layers.append(Layer(document.data, origin, document.lines))

    def _text_of(self, path: Path) -> str | None:
        shown = self._shown(path)
        try:
            content = path.read_bytes()
        except OSError as error:
            self._problem(shown, "", None, f"cannot be read: {error.strerror or type(error).__name__}")
            return None
        if is_encrypted(content):
            try:
                content = decrypt(content, self.variables.get(KEY_VARIABLE, ""))
            except CannotDecrypt as error:
                self._problem(shown, "", None, str(error))
                return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._problem(f"{shown}:{line}", "", None, "UTF-8 text was expected")
            return None

    def _read_dotenv(self, bases: list[Path]) -> dict[str, str]:
        """Add what ``.env`` files hold to the variables, below the process's own; give where each stands."""
        origins: dict[str, str] = {}
        for directory in dict.fromkeys(path.parent for path in bases) or [self._sources.directory]:
            path = directory / ".env"
            self.watched.append(path)
            text = self._text_of(path) if path.is_file() else None
            if text is None:
                continue
            shown = self._shown(path)
            self.files.append(shown)
            found, wrong = dotenv(text)
            for line in wrong:
                self._problem(f"{shown}:{line}", "", None, "NAME=value was expected")
            for name, (value, line) in found.items():
                if name in (CONFIG_VARIABLE, ENVIRONMENT_VARIABLE):
                    self._problem(
                        f"{shown}:{line}",
                        name,
                        None,
                        "is read before any file: set it in the environment itself",
                    )
                elif name not in self._sources.variables:
                    self.variables[name] = value
                    origins[name] = f"{shown}:{line}"
        return origins
