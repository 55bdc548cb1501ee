"""An engine that is never started: its plugins built, nothing opened, bound, loaded or written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from aiwebengine.config.configuration import load, load_section
from aiwebengine.config.sections import ScriptsSettings
from aiwebengine.config.sources import DEVELOPMENT, ConfigurationSources
from aiwebengine.discovery import discover_configured
from aiwebengine.engine import Engine
from aiwebengine.interfaces import IScriptGlobals

__all__ = ["compose_typings", "offline_engine", "script_directories"]

_OVERRIDES = ("repository.database_url=memory:", "scripts.directories=[]", "scripts.watch=false")


def offline_engine(reactor: Any, sources: ConfigurationSources, settings: Sequence[str] = ()) -> Engine:
    """
    Build an engine by a configuration, in development unless the sources name another environment.

    Its data are kept in memory; ``settings`` (``section.key=value``) win over everything else. Raises
    `ConfigurationInvalid`, `PluginUnusable`.
    """
    sources = attrs.evolve(
        sources,
        default_environment=DEVELOPMENT,
        settings=(*sources.settings, *_OVERRIDES, *settings),
        scripts=(),
        listen=(),
    )
    found = discover_configured(sources)
    plan = found.plan.check()
    return Engine.from_configuration(reactor, load(sources, found.roster.schemas()), plan)


def script_directories(sources: ConfigurationSources) -> list[Path]:
    """Give the configured script directories. Raises `ConfigurationInvalid`."""
    sources = attrs.evolve(sources, default_environment=DEVELOPMENT)
    named = load_section(sources, "scripts", ScriptsSettings).directories
    return [sources.directory / name for name in named]


def compose_typings(providers: Iterable[IScriptGlobals]) -> str:
    """Give aiwebengine.d.ts: the declarations of all providers of script names, in their order."""
    parts = [provider.typings().strip() for provider in providers]
    return "\n".join(part + "\n" for part in parts if part)
