"""
Canaries: a new version of a script that answers a share of the requests before it answers all.

Both versions are live at the same time. A canary is kept in the repository as a script of its own, under a
URI which is reserved for that, so it survives a restart, other engines on the same repository see it, and it
is in exports and backups; promoting it stores its source as the script's newest version.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
import msgspec
from twisted.logger import Logger

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.sandbox.model import Program
from aiwebengine.scripts.examine import Examination
from aiwebengine.scripts.forks import forked
from aiwebengine.scripts.log import ChangeNote, LogEntry
from aiwebengine.scripts.model import MAX_URI_LENGTH, Script, ScriptChange, ScriptRecord, digest
from aiwebengine.scripts.records import passes
from aiwebengine.scripts.routes import RouteIndex
from aiwebengine.scripts.turns import shielded

if TYPE_CHECKING:
    from aiwebengine.scripts.registry import ScriptRegistry

__all__ = ["HOLDER_PREFIX", "Canaries", "Canary", "CanaryNote", "CanaryUpdate", "split_holders"]

#: Before the URI of the script it belongs to; the registry takes no script below it.
HOLDER_PREFIX = "~canary/"


class _Kept(msgspec.Struct):
    """What is kept of a canary besides its source and author."""

    base: int
    percent: float
    message: str = ""
    started_at: int = 0


@attrs.frozen(eq=False)
class Canary:
    """
    A version on trial.

    ``version`` is the number it will have when promoted; ``base`` the version that answers the rest;
    ``percent`` the share it gets; ``started_at`` is in ms since the epoch. ``holder`` is the number of the
    stored text it was read from.
    """

    uri: str
    version: int
    base: int
    percent: float
    started_at: int
    author: str
    message: str
    source: str = attrs.field(repr=False)
    found: Examination = attrs.field(repr=False)
    holder: int = 0

    @property
    def program(self) -> Program:
        """What runs."""
        assert self.found.live is not None  # noqa: S101 - it was found to load
        return self.found.live.program

    @property
    def sha256(self) -> str:
        """The source's SHA-256, hexadecimal."""
        return digest(self.source)


CanaryNote = Callable[[Canary], LogEntry]
"""Gives the log entry that tells of a change of a canary."""


@attrs.frozen(eq=False)
class CanaryUpdate:
    """
    What became of a canary.

    ``state`` is ``started``, ``percent`` (the share changed), ``promoted``, ``aborted``, ``rolled_back``,
    ``superseded`` (another version was stored) or ``ended`` (by another engine, or its routes were taken).
    """

    canary: Canary
    state: str
    reason: str = ""
    timestamp: int = 0


class Canaries:
    """
    The canaries of a `ScriptRegistry`, and part of it.

    Nothing of it works before `enable`.
    """

    def __init__(self, registry: ScriptRegistry) -> None:
        self._registry = registry
        self._live: dict[str, Canary] = {}
        # Out of service, but still stored.
        self._unforgotten: dict[str, Canary] = {}
        self._listeners: list[Callable[[CanaryUpdate], None]] = []
        self._log = Logger()
        self.enabled = False
        self._sticky = False

    def enable(self, *, sticky: bool = False) -> None:
        """Let canaries be made and those stored be found; ``sticky`` chooses by client, not by request."""
        self.enabled = True
        if sticky != self._sticky:
            self._sticky = sticky
            self._registry._swap(self._registry._index)

    def get(self, uri: str) -> Canary | None:
        """Give a script's canary, if it has one."""
        return self._live.get(uri)

    def all(self) -> Sequence[Canary]:
        """Give every canary, by URI."""
        return [self._live[uri] for uri in sorted(self._live)]

    def on_change(self, listener: Callable[[CanaryUpdate], None]) -> Callable[[], None]:
        """Call ``listener(update)`` after each change until the returned function is called."""
        self._listeners.append(listener)

        def cancel() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return cancel

    async def begin(
        self,
        uri: str,
        source: str,
        percent: float,
        *,
        author: str = "",
        message: str = "",
        expected_version: int | None = None,
        note: CanaryNote | None = None,
    ) -> Canary:
        """
        Check a new version, store it, and send it its share of the requests; another canary is replaced.

        ``note(canary)`` gives the log entry that is stored in the same transaction, here as below. Raises as
        `ScriptRegistry.put`, and `HTTPProblem` 409 ``CANARY_CONFLICT`` when no version is live.
        """
        change = ScriptChange(uri, source, author, message, expected_version)
        return await shielded(self._begin(change, _fit(percent), note))

    async def change(self, uri: str, percent: float, *, note: CanaryNote | None = None) -> Canary:
        """Give a canary another share. Raises `HTTPProblem` 404 without one."""
        return await shielded(self._change(uri, _fit(percent), note))

    async def promote(
        self, uri: str, *, author: str = "", message: str = "", note: ChangeNote | None = None
    ) -> ScriptRecord:
        """Make the canary the newest version. Raises `HTTPProblem` 404, and as `ScriptRegistry.put`."""
        return await shielded(self._promote(uri, author, message, note))

    async def end(
        self, uri: str, *, state: str = "aborted", reason: str = "", note: CanaryNote | None = None
    ) -> Canary:
        """
        Take the canary out of service, at once, and forget it. Raises `HTTPProblem` 404 without one.

        When the repository fails it is out of service but not forgotten, so it comes back with a restart:
        raises as the repository does, and may be called again.
        """
        canary = self._drop(uri, state, reason) or self._unforgotten.get(uri)
        if canary is None:
            raise _none(uri)
        self._unforgotten[uri] = canary
        await shielded(self._forget(canary, note, state))
        return canary

    # For the registry

    def fork(self, index: RouteIndex, without: Iterable[str] = ()) -> RouteIndex:
        """Give the index with all canaries but some. Raises `RouteConflict`, blaming the newcomer."""
        left_out = frozenset(without)
        settled = index
        for canary in self._live.values():
            if canary.uri not in left_out:
                try:
                    index = self._fork(index, settled, canary)
                except RouteConflict as error:
                    raise RouteConflict(error.method, error.path, error.owner, error.uri) from None
        return index

    def fork_what_fits(self, index: RouteIndex) -> RouteIndex:
        """Give the index with all canaries; one that conflicts or whose script is gone ends."""
        settled = index
        for canary in tuple(self._live.values()):
            if self._registry._records.version(canary.uri) != canary.base:
                self._leave(canary, "superseded", "another version is live")
                continue
            try:
                index = self._fork(index, settled, canary)
            except (RouteConflict, ScriptInvalid) as error:
                self._leave(canary, "ended", str(error))
        return index

    def committed(self, found: Mapping[str, Examination], uris: Iterable[str]) -> Mapping[str, int]:
        """Take note that new versions were stored; give the holders of canaries ended by that, by URI."""
        ended = {}
        for uri in uris:
            canary = self._live.get(uri)
            if canary is not None:
                promoted = found.get(uri) is canary.found
                self._leave(canary, "promoted" if promoted else "superseded")
                ended[uri] = canary.holder
        return ended

    async def forget_stored(self, holders: Mapping[str, int]) -> None:
        """
        Delete what is stored of canaries: by URI the number of the holder; another one is left alone.

        A failure is logged, as what is stale is ignored anyway.
        """
        for uri, number in holders.items():
            change = ScriptChange(HOLDER_PREFIX + uri, None, expected_version=number)
            try:
                with suppress(ScriptNotFound, VersionConflict):
                    await self._registry._repository.save([change])
                    self._registry.stored([change.uri])
            except Exception:
                self._log.failure("the canary of {uri} could not be deleted", uri=uri)

    async def refresh(self, stored: Mapping[str, Script], own: Container[str], is_startup: bool) -> None:
        """
        Take over what the repository says: ``stored`` are the holders by URI of their script.

        ``own`` has, while this goes on, the URIs of which this engine stored something since they were read.
        """
        if not self.enabled:
            return
        for uri in [uri for uri in self._live if uri not in stored]:
            if self._is_current(uri, own):
                self._drop(uri, "ended", "by another engine")
        for uri, script in stored.items():
            try:
                kept = _kept(script)
            except msgspec.MsgspecError:
                self._log.error("the stored canary of {uri} is not readable and ignored", uri=uri)
                continue
            known = self._live.get(uri)
            known = known or self._unforgotten.get(uri)
            if known is not None and _marks(known) == (script.version, kept.started_at, kept.base):
                continue
            async with self._registry._turns.of([uri]):
                if not self._is_current(uri, own):
                    continue
                if kept.base != self._registry._records.version(uri):
                    await self.forget_stored({uri: script.version})
                    continue
                await self._take_over(uri, script, kept, is_startup)

    def _is_current(self, uri: str, own: Container[str]) -> bool:
        """Tell whether what was read of a script's canary still counts; have it read again if not."""
        current = uri not in own and HOLDER_PREFIX + uri not in own
        if not current:
            self._registry.refresh_soon()
        return current

    async def _take_over(self, uri: str, script: Script, kept: _Kept, is_startup: bool) -> None:
        version = kept.base + 1
        try:
            (found,) = await self._registry._examine_all([(uri, script.source, version)], is_startup)
            if isinstance(found, Exception):
                raise found
            if found.error is not None:
                raise found.error
            canary = Canary(
                uri,
                version,
                kept.base,
                kept.percent,
                kept.started_at,
                script.author,
                kept.message,
                script.source,
                found,
                script.version,
            )
            self._install(canary, "started", "found in the repository")
            if self._live.get(uri) is not canary:
                # Its routes were given to another script meanwhile: the next look must not find it again.
                await self.forget_stored({uri: script.version})
        except Exception as error:
            if passes(error):
                self._registry.note_unread()
            self._log.warn("the stored canary of {uri} does not load: {reason}", uri=uri, reason=str(error))

    # Own

    async def _begin(self, change: ScriptChange, percent: float, note: CanaryNote | None) -> Canary:
        registry, uri, source = self._registry, change.uri, change.source or ""
        if not self.enabled:
            raise HTTPProblem(
                400, "BAD_REQUEST", "canaries are switched off: the plugin canary is not enabled"
            )
        if len(HOLDER_PREFIX + uri) > MAX_URI_LENGTH:
            raise HTTPProblem(400, "BAD_REQUEST", f"the URI {uri[:40]}… is too long for a canary")
        async with registry._turns.of([uri]):
            registry._refuse_stale(change)
            live = registry._records.find(uri)
            if live is None or live.script is None or live.live is None:
                raise HTTPProblem(
                    409,
                    "CANARY_CONFLICT",
                    f"no version of {uri} is live to compare a canary with; put it without canary",
                )
            base = live.script.version
            (found,) = await registry._examine_all([(uri, source, base + 1)], False)
            registry._raise_unfit(found)
            assert isinstance(found, Examination)  # noqa: S101 - anything else was raised
            async with registry._turns.of([registry._COMMIT]):
                started_at = int(registry._now() * 1000)
                canary = Canary(
                    uri, base + 1, base, percent, started_at, change.author, change.message, source, found
                )
                try:
                    registry._ask_plugins(uri, found.registrations)
                    self._fork(self.fork(registry._index, (uri,)), registry._index, canary)
                except (RouteConflict, ScriptInvalid) as error:
                    registry._records.failed(uri, error)
                    raise
                canary = await self._store(canary, note)
                self._install(canary, "started")
        return canary

    async def _change(self, uri: str, percent: float, note: CanaryNote | None) -> Canary:
        registry = self._registry
        async with registry._turns.of([uri]), registry._turns.of([registry._COMMIT]):
            canary = await self._store(attrs.evolve(self._of(uri), percent=percent), note)
            if uri not in self._live:
                # Rolled back meanwhile: what was just stored must not bring it back.
                await self.forget_stored({uri: canary.holder})
                raise _none(uri)
            self._install(canary, "percent")
        return canary

    async def _promote(self, uri: str, author: str, message: str, note: ChangeNote | None) -> ScriptRecord:
        registry = self._registry
        async with registry._turns.of([uri]), registry._turns.of([registry._COMMIT]):
            canary = self._of(uri)
            change = ScriptChange(
                uri, canary.source, author or canary.author, message or canary.message, canary.base
            )
            (record,) = await registry._commit([change], {uri: canary.found}, note)
        assert record is not None  # noqa: S101 - only a deletion gives None
        return record

    async def _store(self, canary: Canary, note: CanaryNote | None) -> Canary:
        kept = _Kept(canary.base, canary.percent, canary.message, canary.started_at)
        change = ScriptChange(
            HOLDER_PREFIX + canary.uri, canary.source, canary.author, msgspec.json.encode(kept).decode()
        )
        (script,) = await self._save([change], canary, note)
        assert script is not None  # noqa: S101 - only a deletion gives None
        return attrs.evolve(canary, holder=script.version)

    async def _forget(self, canary: Canary, note: CanaryNote | None, state: str) -> None:
        uri = canary.uri
        async with self._registry._turns.of([uri]):
            if uri in self._live:
                # A new one was begun while we waited.
                await self._save([], canary, note)
            elif not await self._delete(canary, note) and state != "rolled_back":
                # What engines withdraw by themselves the one that was first tells of.
                await self._save([], canary, note)
            if self._unforgotten.get(uri) is canary:
                del self._unforgotten[uri]

    async def _delete(self, canary: Canary, note: CanaryNote | None) -> bool:
        """Delete what is stored of this canary, whatever share it has now; tell whether it was there."""
        registry, uri, holder = self._registry, HOLDER_PREFIX + canary.uri, canary.holder
        while True:
            try:
                await self._save([ScriptChange(uri, None, expected_version=holder)], canary, note)
                return True
            except VersionConflict as conflict:
                registry.stored([uri])
                registry.refresh_soon()
                if conflict.current == 0:
                    return False
            with suppress(ScriptNotFound):
                stored = await registry._repository.script(uri)
                if _kept(stored).started_at != canary.started_at:
                    # Another engine has put another one in its place.
                    await self._save([], canary, note)
                    return True
                holder = stored.version

    async def _save(
        self, changes: Sequence[ScriptChange], canary: Canary, note: CanaryNote | None
    ) -> Sequence[Script | None]:
        registry = self._registry
        if note is None:
            saved = await registry._repository.save(changes)
        else:
            noted = [note(canary)]
            saved = await registry._repository.save(changes, lambda outcome: noted)
            registry._script_log.stored(noted)
        registry.stored(change.uri for change in changes)
        return saved

    def _of(self, uri: str) -> Canary:
        canary = self._live.get(uri)
        if canary is None:
            raise _none(uri)
        return canary

    def _install(self, canary: Canary, state: str, reason: str = "") -> None:
        before = self._live.get(canary.uri)
        self._live[canary.uri] = canary
        self._unforgotten.pop(canary.uri, None)
        self._registry._swap(self._registry._index)
        if before is not None and before.found is not canary.found:
            self._tell(before, "superseded", "another canary was put")
        if self._live.get(canary.uri) is canary:
            self._tell(canary, state, reason)

    def _drop(self, uri: str, state: str, reason: str) -> Canary | None:
        canary = self._live.get(uri)
        if canary is not None:
            self._leave(canary, state, reason)
            self._registry._swap(self._registry._index)
        return canary

    def _leave(self, canary: Canary, state: str, reason: str = "") -> None:
        del self._live[canary.uri]
        self._tell(canary, state, reason)

    def _fork(self, index: RouteIndex, settled: RouteIndex, canary: Canary) -> RouteIndex:
        return forked(index, settled, canary.uri, canary.found.routes, canary.percent, self._sticky)

    def _tell(self, canary: Canary, state: str, reason: str = "") -> None:
        update = CanaryUpdate(canary, state, reason, int(self._registry._now() * 1000))
        for listener in tuple(self._listeners):
            try:
                listener(update)
            except Exception:
                self._log.failure("a listener to canaries failed")


def _fit(percent: float) -> float:
    if not 0 < percent <= 100:
        raise HTTPProblem(
            400, "BAD_REQUEST", f"canary must be a percentage over 0 and up to 100, not {percent:.15g}"
        )
    return percent


def _kept(script: Script) -> _Kept:
    return msgspec.json.decode(script.message, type=_Kept)


def _marks(canary: Canary) -> tuple[int, int, int]:
    # A restored backup may have given the holder's number to another canary.
    return canary.holder, canary.started_at, canary.base


def _none(uri: str) -> Exception:
    return HTTPProblem(404, "NOT_FOUND", f"{uri} has no canary", {"uri": uri})


def split_holders(scripts: Iterable[Script]) -> tuple[dict[str, Script], dict[str, Script]]:
    """Give ordinary scripts, and those that hold canaries by the URI of the script concerned."""
    plain: dict[str, Script] = {}
    holders: dict[str, Script] = {}
    for script in scripts:
        if script.uri.startswith(HOLDER_PREFIX):
            holders[script.uri.removeprefix(HOLDER_PREFIX)] = script
        else:
            plain[script.uri] = script
    return plain, holders
