"""A repository kept in this process, lost when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import attrs
from zope.interface import implementer

from aiwebengine.errors import ScriptNotFound, VersionConflict
from aiwebengine.interfaces import IHealthCheck, IRepository
from aiwebengine.repository.memory_key_values import MemoryKeyValues
from aiwebengine.repository.memory_logs import MemoryLogs
from aiwebengine.repository.memory_stores import MemoryAssets, MemorySettings, MemoryUsers
from aiwebengine.repository.texts import cleaned
from aiwebengine.scripts.log import LogEntry
from aiwebengine.scripts.model import Script, ScriptChange, ScriptVersion, digest

__all__ = ["MemoryRepository"]


@implementer(IRepository, IHealthCheck)
class MemoryRepository:
    """
    A repository in memory.

    ``now`` gives seconds since the epoch. For tests of what happens when a repository fails, ``fault`` can be
    set to a function that is called with the name of each operation (``save``, ``key_values.set``...) before
    it is done, and may raise an error in its stead.
    """

    name = "repository"
    shared = False

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.fault: Callable[[str], None] = lambda operation: None
        self._now = now
        self._current: dict[str, Script] = {}
        self._versions: dict[str, list[ScriptVersion]] = {}
        self.assets = MemoryAssets(now, lambda name: self.fault(name))
        self.users = MemoryUsers(now, lambda name: self.fault(name))
        self.key_values = MemoryKeyValues(now, lambda name: self.fault(name))
        self.settings = MemorySettings(now, lambda name: self.fault(name))
        self.logs = MemoryLogs(lambda name: self.fault(name))

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Do nothing: nobody else can change what is here."""
        return lambda: None

    async def scripts(self) -> Sequence[Script]:
        """Give the current state of every script, by URI."""
        self.fault("scripts")
        return [self._current[uri] for uri in sorted(self._current)]

    async def script(self, uri: str) -> Script:
        """Give one script. Raises `ScriptNotFound`."""
        self.fault("script")
        try:
            return self._current[uri]
        except KeyError:
            raise ScriptNotFound(uri) from None

    async def version(self, uri: str, number: int) -> ScriptVersion:
        """Give one version with its source. Raises `ScriptNotFound`."""
        self.fault("version")
        for one in self._versions.get(uri, ()):
            if one.version == number:
                return one
        raise ScriptNotFound(uri, number)

    async def versions(self, uri: str) -> Sequence[ScriptVersion]:
        """Give all versions, newest first, sources empty. Raises `ScriptNotFound`."""
        self.fault("versions")
        if uri not in self._versions:
            raise ScriptNotFound(uri)
        return [attrs.evolve(one, source="") for one in reversed(self._versions[uri])]

    async def save(
        self,
        changes: Sequence[ScriptChange],
        entries: Callable[[Sequence[Script | None]], Sequence[LogEntry]] | None = None,
    ) -> Sequence[Script | None]:
        """Apply all changes or none. Raises `VersionConflict`, `ScriptNotFound`."""
        self.fault("save")
        current, versions = dict(self._current), dict(self._versions)
        outcome = [self._apply(change, current, versions) for change in changes]
        logged = entries(outcome) if entries is not None else ()
        self._current, self._versions = current, versions
        self.logs.insert(logged)
        return outcome

    async def close(self) -> None:
        """Do nothing: what was saved stays readable while the object lives."""

    async def check(self) -> Mapping[str, object]:
        """Say that memory works, and how many scripts it holds."""
        self.fault("check")
        return {"status": "healthy", "backend": "memory", "scripts": len(self._current), "latency_ms": 0.0}

    def _apply(
        self, change: ScriptChange, current: dict[str, Script], versions: dict[str, list[ScriptVersion]]
    ) -> Script | None:
        uri = change.uri
        existing = current.get(uri)
        number = existing.version if existing else 0
        if change.expected_version is not None and change.expected_version != number:
            raise VersionConflict(uri=uri, expected=change.expected_version, current=number)
        if change.source is None:
            if existing is None:
                raise ScriptNotFound(uri)
            del current[uri]
            return None
        history = versions.get(uri, [])
        moment = int(self._now() * 1000)
        new = ScriptVersion(
            uri=uri,
            version=history[-1].version + 1 if history else 1,
            created_at=moment,
            author=cleaned(change.author),
            message=cleaned(change.message),
            sha256=digest(change.source),
            size=len(change.source.encode("utf-8")),
            source=change.source,
        )
        versions[uri] = [*history, new]
        current[uri] = Script(
            uri=uri,
            version=new.version,
            size=new.size,
            sha256=new.sha256,
            created_at=existing.created_at if existing else moment,
            updated_at=moment,
            author=new.author,
            message=new.message,
            source=new.source,
        )
        return current[uri]
