"""The configuration in force: loaded from its sources, reloaded whole or not at all (REQ-CFG-004)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

import attrs
import msgspec
from twisted.logger import Logger
from zope.interface import implementer

from aiwebengine.config.layers import Merged
from aiwebengine.config.schema import Path, Schemas, dotted, is_table
from aiwebengine.config.sections import CORE_SECTIONS
from aiwebengine.config.sources import ConfigurationSources, gather
from aiwebengine.config.validation import Validation, leaves
from aiwebengine.config.values import References
from aiwebengine.errors import ConfigurationInvalid, Problem
from aiwebengine.interfaces import IConfiguration

__all__ = ["Configuration", "ReloadReport", "Snapshot", "load", "load_section"]

Apply = Callable[["Snapshot", "Snapshot"], None]


@attrs.frozen
class Snapshot:
    """
    Validated settings of one moment; never changes.

    ``origins`` gives for each key, such as ``server.port``, where its value came from; ``referenced`` holds
    the places whose value was referred to by ``{env = ...}`` or ``{file = ...}`` and thus hides; ``watched``
    the files that were read or would be if they were there.
    """

    environment: str
    sections: Mapping[str, Any]
    origins: Mapping[str, str] = attrs.field(repr=False)
    referenced: frozenset[Path] = attrs.field(repr=False)
    files: tuple[str, ...]
    watched: tuple[FilePath, ...] = attrs.field(repr=False)

    def section(self, name: str) -> Any:
        """Give the settings of a section, an instance of its schema. Raises KeyError for an unknown one."""
        return self.sections[name]

    def values(self) -> dict[str, Any]:
        """Give every value by its dotted key."""
        return {
            dotted(path): value
            for name, struct in self.sections.items()
            for path, _, _, value in leaves(struct, (name,))
        }


@attrs.frozen
class ReloadReport:
    """
    What a reload did. With ``problems`` nothing was changed.

    ``changed`` are the keys that differ from before; ``needs_restart`` those that differ from what the engine
    was started with and take effect only when it is started anew.
    """

    changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the configuration now in force is what the sources say."""
        return not self.problems

    def __str__(self) -> str:
        if self.problems:
            return "\n".join(["configuration not reloaded, the old one stays:", *map(str, self.problems)])
        text = f"configuration reloaded, changed: {', '.join(self.changed) or 'nothing'}"
        return text + (f"; needs a restart: {', '.join(self.needs_restart)}" if self.needs_restart else "")


def _read(sources: ConfigurationSources, schemas: Schemas, *, unknown_sections: bool = True) -> Snapshot:
    gathered = gather(sources, schemas)
    merged = Merged(lambda path: is_table(schemas, path))
    for layer in gathered.layers:
        merged.add(layer)
    references = References(gathered.variables, sources.directory)
    validation = Validation(schemas, gathered.environment, merged, references)
    validation.run(unknown_sections=unknown_sections)
    problems = [*gathered.problems, *validation.problems]
    if problems:
        raise ConfigurationInvalid(problems)
    places = [path for name, struct in validation.sections.items() for path, *_ in leaves(struct, (name,))]
    return Snapshot(
        environment=gathered.environment,
        sections=validation.sections,
        origins={dotted(path): validation.origin_of(path) for path in places},
        referenced=frozenset(validation.referenced),
        files=gathered.files,
        watched=tuple(dict.fromkeys([*gathered.watched, *references.files])),
    )


def _all_schemas(schemas: Schemas) -> Schemas:
    for name, struct in schemas.items():
        if CORE_SECTIONS.get(name, struct) is not struct:
            raise ValueError(f"the section [{name}] belongs to the engine")
    return {**CORE_SECTIONS, **schemas}


def load(sources: ConfigurationSources, schemas: Schemas | None = None) -> Configuration:
    """
    Read and validate all sources.

    ``schemas`` are the sections of plugins, by name; the engine's own need not be among them.
    Raises `ConfigurationInvalid` with every problem found.
    """
    return Configuration(sources, _all_schemas(schemas or {}))


def load_section(sources: ConfigurationSources, name: str, schema: type[msgspec.Struct]) -> Any:
    """
    Read one section only, before the others' schemas are known, such as ``plugins``.

    Raises `ConfigurationInvalid` for problems of the sources themselves or of this section.
    """
    return _read(sources, {name: schema}, unknown_sections=False).section(name)


@implementer(IConfiguration)
class Configuration:
    """The settings in force and those who want to hear of changes. Made by `load`."""

    _log = Logger()

    def __init__(self, sources: ConfigurationSources, schemas: Schemas) -> None:
        self._sources = sources
        self._schemas = schemas
        self._callbacks: list[Apply] = []
        self._snapshot = _read(sources, schemas)
        self._started_with = self._snapshot.values()

    @property
    def snapshot(self) -> Snapshot:
        """The settings in force, as a value that later reloads leave alone."""
        return self._snapshot

    @property
    def environment(self) -> str:
        """Such as ``development`` or ``production``."""
        return self._snapshot.environment

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each key's value came from."""
        return self._snapshot.origins

    @property
    def files(self) -> tuple[str, ...]:
        """The files read, as they are shown."""
        return self._snapshot.files

    def watched_files(self) -> tuple[FilePath, ...]:
        """Give the files whose change asks for a reload, also those that are not there yet."""
        return self._snapshot.watched

    def section(self, name: str) -> Any:
        """Give the settings of a section, an instance of its schema. Raises KeyError for an unknown one."""
        return self._snapshot.section(name)

    def on_reload(self, apply: Apply) -> None:
        """
        Have ``apply(old, new)`` called with both `Snapshot` after each reload that changes something.

        It must not raise; should it, the reload is taken back.
        """
        self._callbacks.append(apply)

    def reload(self) -> ReloadReport:
        """
        Read the sources anew: validated first, then applied whole or, when anything is wrong, not at all.

        Never raises for what the sources hold. The report is also logged.
        """
        try:
            new = _read(self._sources, self._schemas)
        except ConfigurationInvalid as error:
            return self._logged(ReloadReport(problems=tuple(error.problems)))
        old, values = self._snapshot, new.values()
        changed = _differing(old.values(), values)
        self._snapshot = new
        if changed:
            problem = self._apply(old, new)
            if problem is not None:
                return self._logged(ReloadReport(problems=(problem,)))
        fixed = self._keys_fixed_until_restart(old) | self._keys_fixed_until_restart(new)
        waiting = tuple(key for key in _differing(self._started_with, values) if key in fixed)
        return self._logged(ReloadReport(changed, waiting))

    def _apply(self, old: Snapshot, new: Snapshot) -> Problem | None:
        told: list[Apply] = []
        for callback in list(self._callbacks):
            told.append(callback)
            try:
                callback(old, new)
            except Exception:
                self._log.failure("applying the configuration failed, taking it back")
                self._snapshot = old
                for earlier in reversed(told):
                    try:
                        earlier(new, old)
                    except Exception:
                        self._log.failure("taking back the configuration failed")
                return Problem("reload", "", None, "a part of the engine could not apply it; see the log")
        return None

    @staticmethod
    def _keys_fixed_until_restart(snapshot: Snapshot) -> frozenset[str]:
        return frozenset(
            dotted(path)
            for name, struct in snapshot.sections.items()
            for path, _, marks, _ in leaves(struct, (name,))
            if not marks.get("reload")
        )

    def _logged(self, report: ReloadReport) -> ReloadReport:
        if report.ok:
            self._log.info("{report}", report=report)
        else:
            self._log.error("{report}", report=report)
        return report


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    absent = object()
    keys = dict.fromkeys([*old, *new])
    return tuple(key for key in keys if old.get(key, absent) != new.get(key, absent))
