"""The service that keeps scripts directories and the registry in step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zope.interface import implementer

import aiwebengine
from aiwebengine.errors import ConfigurationInvalid, Problem
from aiwebengine.interfaces import IEngineService, IServices
from aiwebengine.subsystems.script_directories.sync import DirectorySync
from aiwebengine.subsystems.script_directories.watch import Watch, notifications

__all__ = ["ScriptDirectories", "build", "example_directory"]


def example_directory() -> Path:
    """Give where the example scripts are: in a checkout beside the package, else inside it."""
    package = Path(aiwebengine.__file__).parent
    beside = package.parent / "scripts" / "example_scripts"
    return beside if beside.is_dir() else package / "example_scripts"


@implementer(IEngineService)
class ScriptDirectories:
    """Imports the directories' scripts at the start and, when watching, after each change."""

    def __init__(self, directories: Sequence[Path], sync: DirectorySync, watch: Watch | None) -> None:
        self._directories = directories
        self._sync = sync
        self._watch = watch

    async def start(self) -> None:
        """Import all. Raises `ConfigurationInvalid` for a directory that does not exist."""
        problems = [
            Problem("configuration", "scripts.directories", str(directory), "expected an existing directory")
            for directory in self._directories
            if not directory.is_dir()
        ]
        if problems:
            raise ConfigurationInvalid(problems)
        await self._sync.first()
        if self._watch is not None:
            self._watch.start()

    async def stop(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            await self._watch.stop()


def build(
    services: IServices,
    notify: Callable[[Sequence[Path], Callable[[], None]], Callable[[], None]] = notifications,
) -> ScriptDirectories | None:
    """
    Give the service by the core section ``[scripts]`` (``directories``, ``watch``, ``example_scripts``).

    None without directories.
    """
    settings = services.configuration.section("scripts")
    wanted = [Path(one).expanduser() for one in settings.directories]
    if settings.example_scripts:
        wanted.append(example_directory())
    directories = list(dict.fromkeys(one.absolute() for one in wanted))
    if not directories:
        return None
    reactor: Any = services.reactor
    sync = DirectorySync(
        directories, services.scripts, services.repository, services.script_log, clock=reactor
    )
    watch = Watch(reactor, directories, sync.changes, notify) if settings.watch else None
    return ScriptDirectories(directories, sync, watch)
