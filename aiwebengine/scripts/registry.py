"""
The scripts that are live: checked, stored, then swapped in by one assignment.

What serves a request is the route index of that moment; a change that fails at any step leaves it untouched.
Changes of one URI take turns; the last step of every change (conflicts, storing, swapping) is made one at a
time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import attrs
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from aiwebengine.errors import RouteConflict, ScriptInvalid, ScriptNotFound, VersionConflict
from aiwebengine.interfaces import IScriptGlobals, IScriptLog, IScriptRegistry, IScriptRepository
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.sandbox.dry_run import DryRun
from aiwebengine.sandbox.model import Registration
from aiwebengine.scripts.canary import HOLDER_PREFIX, Canaries, split_holders
from aiwebengine.scripts.checking import Check
from aiwebengine.scripts.examine import Examination, Examiner
from aiwebengine.scripts.kept_loads import KeptLoads
from aiwebengine.scripts.log import ChangeNote, LogEntry
from aiwebengine.scripts.model import (
    CheckReport,
    Script,
    ScriptChange,
    ScriptRecord,
    ScriptUpdate,
)
from aiwebengine.scripts.records import ScriptRecords, passes
from aiwebengine.scripts.routes import IndexEdit, Match, OtherMethods, Route, RouteIndex, routes_of
from aiwebengine.scripts.turns import Turns, shielded

__all__ = ["ScriptRegistry"]

# How often a long load says how far it is.
_PROGRESS_S = 2.0


@implementer(IScriptRegistry)
class ScriptRegistry:
    """
    Live scripts and their routes, see `IScriptRegistry`.

    ``concurrency`` is how many scripts load at once; ``now`` gives seconds since the epoch. Call `start`
    first. ``canaries`` are versions on trial. ``kept`` knows what loading unchanged scripts gave.
    """

    # No script can have this URI.
    _COMMIT = "\0commit"

    def __init__(
        self,
        repository: IScriptRepository,
        examiner: Examiner,
        script_log: IScriptLog,
        *,
        concurrency: int = 4,
        kept: KeptLoads | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._repository = repository
        self._examiner = examiner
        self._script_log = script_log
        self._concurrency = concurrency
        self._loading = DeferredSemaphore(concurrency)
        self._kept = kept
        self._now = now
        self._log = Logger()
        self._turns = Turns()
        self._index = self._serving = RouteIndex()
        self.canaries = Canaries(self)
        self._records = ScriptRecords(script_log, now)
        self._refreshing: Deferred[None] | None = None
        self._again = False
        # What this engine has stored since a refresh under way began to read, a set for each.
        self._stored_meanwhile: list[set[str]] = []
        # Stored scripts that load, but whose routes another script has here.
        self._refused: dict[str, Examination] = {}
        # Stored scripts that failed for a reason which passes.
        self._postponed: set[str] = set()
        self._unread = False
        self._globals: Sequence[IScriptGlobals] = ()

    async def start(self, *, reserved: Iterable[str] = (), globals_: Sequence[IScriptGlobals] = ()) -> None:
        """
        Load every stored script; one that fails is noted and does not stop the others.

        ``reserved`` are the features' prefixes; ``globals_`` check what scripts register.
        """
        self._index = self._serving = RouteIndex(reserved)
        self._globals = tuple(globals_)
        await self.refresh(is_startup=True)

    async def refresh(self, *, is_startup: bool = False) -> None:
        """Load what changed in the repository by another front's hand, drop what it deleted."""
        await shielded(self._refresh(is_startup))

    def refresh_soon(self) -> None:
        """Begin a `refresh`; calls made before it begins to read are one."""
        if self._refreshing is not None:
            self._again = True
            return
        self._refreshing = Deferred.fromCoroutine(self._refresh(False))
        self._refreshing.addErrback(self._not_refreshed)
        self._refreshing.addBoth(lambda _: self._refreshed())

    @property
    def behind(self) -> bool:
        """Whether something stored is not live for a reason that passes: `refresh_soon` may succeed later."""
        return self._unread or bool(self._postponed)

    def note_unread(self) -> None:
        """Have a refresh tried again later."""
        self._unread = True

    def _not_refreshed(self, failure: Failure) -> None:
        if failure.check(RepositoryUnavailable):
            # Nobody may tell of it again: it may be one connection of several that broke.
            self._unread = True
            self._log.warn("changed scripts cannot be read: {reason}", reason=str(failure.value))
        else:
            self._log.failure("reading changed scripts failed", failure)

    def _refreshed(self) -> None:
        self._refreshing = None
        if self._again:
            self._again = False
            self.refresh_soon()

    async def put(
        self,
        uri: str,
        source: str,
        *,
        author: str = "",
        message: str = "",
        expected_version: int | None = None,
        is_startup: bool = False,
        note: ChangeNote | None = None,
    ) -> ScriptRecord:
        """Check, store and swap in one script; when it fails nothing changes."""
        change = ScriptChange(uri, source, author, message, expected_version)
        (record,) = await shielded(self._batch((change,), is_startup, note))
        assert record is not None  # noqa: S101 - only a deletion gives None
        return record

    async def batch(
        self, changes: Sequence[ScriptChange], *, note: ChangeNote | None = None
    ) -> Sequence[ScriptRecord | None]:
        """Make several changes or none. Raises ValueError when a URI occurs twice."""
        if len({change.uri for change in changes}) != len(changes):
            raise ValueError("a script occurs twice in one batch")
        return await shielded(self._batch(tuple(changes), False, note))

    async def delete(
        self,
        uri: str,
        *,
        author: str = "",
        expected_version: int | None = None,
        note: ChangeNote | None = None,
    ) -> None:
        """Take a script out of service and delete it."""
        await self.batch([ScriptChange(uri, None, author, "", expected_version)], note=note)

    async def rollback(
        self,
        uri: str,
        version: int,
        *,
        author: str = "",
        message: str = "",
        note: ChangeNote | None = None,
    ) -> ScriptRecord:
        """Make an older version's source the newest version."""
        if self._records.version(uri) == 0:
            raise ScriptNotFound(uri)
        old = await self._repository.version(uri, version)
        return await self.put(
            uri, old.source, author=author, message=message or f"rollback to version {version}", note=note
        )

    async def check(self, uri: str, source: str) -> CheckReport:
        """Do all of `put` but storing and swapping, as a dry run (``init`` runs too); see `Check`."""
        version = self._records.version(uri) + 1

        async def examine(dry: DryRun, run_init: bool) -> Examination:
            return await self._examiner.examine(uri, source, version, run_init=run_init, dry_run=dry)

        return await Check(partial(self._loading.run, examine), self._index.routes, self._index_with).run()

    def match(self, method: bytes, path: str) -> Match | OtherMethods | None:
        """Give what answers; ``path`` is as sent (percent-encoded, normalised, no query)."""
        return self._serving.match(method, path)

    def record(self, uri: str) -> ScriptRecord:
        """Give what is known of one script. Raises `ScriptNotFound`."""
        return self._records.get(uri)

    def records(self) -> Sequence[ScriptRecord]:
        """Give what is known of every script, by URI."""
        return self._records.all()

    def routes(self) -> Sequence[Route]:
        """Give every route that is live, by script."""
        return self._index.routes()

    def on_change(self, listener: Callable[[ScriptUpdate], None]) -> Callable[[], None]:
        """Call ``listener(update)`` after each swap until the returned function is called."""
        return self._records.on_change(listener)

    def note_failure(self, uri: str, error: ScriptInvalid | None) -> None:
        """Show that a script which was never stored does not load; with None, forget it."""
        self._records.note_failure(uri, error)

    async def _batch(
        self, changes: tuple[ScriptChange, ...], is_startup: bool, note: ChangeNote | None
    ) -> Sequence[ScriptRecord | None]:
        for change in changes:
            if change.uri.startswith(HOLDER_PREFIX):
                text = f"a script's URI must not start with {HOLDER_PREFIX!r}, which is for canaries"
                raise ScriptInvalid(change.uri, text, code="BAD_URI")
        async with self._turns.of(change.uri for change in changes):
            for change in changes:
                self._refuse_stale(change)
            found = await self._examine_all(
                [
                    (one.uri, one.source, await self._next_version(one.uri))
                    for one in changes
                    if one.source is not None
                ],
                is_startup,
            )
            for one in found:
                self._raise_unfit(one)
            examined = {one.uri: one for one in found if isinstance(one, Examination)}
            async with self._turns.of([self._COMMIT]):
                return await self._commit(changes, examined, note)

    def _raise_unfit(self, found: Examination | Exception) -> None:
        if isinstance(found, Exception):
            raise found
        if found.error is not None:
            if passes(found.error):
                # Nothing is wrong with the script.
                raise RepositoryUnavailable("for scripts", str(found.error))
            self._records.failed(found.uri, found.error)
            raise found.error

    async def _commit(
        self,
        changes: Sequence[ScriptChange],
        found: Mapping[str, Examination],
        note: ChangeNote | None,
    ) -> Sequence[ScriptRecord | None]:
        routes = {change.uri: found[change.uri].routes if change.uri in found else () for change in changes}
        try:
            index = self._index.replace(routes)
            self.canaries.fork(index, routes)
            for one in found.values():
                self._ask_plugins(one.uri, one.registrations)
        except (RouteConflict, ScriptInvalid) as error:
            self._records.failed(error.uri, error)
            raise
        try:
            saved = await self._save(changes, note)
        except VersionConflict:
            # Another engine was quicker: learn what it stored, without keeping the loser waiting.
            self.refresh_soon()
            raise
        outcome: list[ScriptRecord | None] = []
        updates = []
        for change, script in zip(changes, saved, strict=True):
            if script is None:
                outcome.append(None)
                updates.append(self._records.forget(change.uri))
                continue
            live = found[change.uri].live
            assert live is not None  # noqa: S101 - an examination without error has it
            if live.program.version != script.version:
                live = attrs.evolve(live, program=attrs.evolve(live.program, version=script.version))
                index = index.replace({script.uri: routes_of(script.uri, live.program, live.registrations)})
            updates.append(self._records.keep(script, live))
            outcome.append(self._records.get(script.uri))
            self._records.warn(found[change.uri])
        self.stored(routes)
        ended = self.canaries.committed(found, routes)
        self._swap(index)
        self._keep_loads({change.uri: found.get(change.uri) for change in changes})
        self._records.tell(updates)
        self._retry_refused(routes)
        await self.canaries.forget_stored(ended)
        return outcome

    def stored(self, uris: Iterable[str]) -> None:
        """Take note that this engine stored something: what a refresh has read before is out of date."""
        for meanwhile in self._stored_meanwhile:
            meanwhile.update(uris)

    def _retry_refused(self, changed: Iterable[str]) -> None:
        for uri in changed:
            self._refused.pop(uri, None)
            self._postponed.discard(uri)
        if self._refused:
            # The change may have left routes to them.
            self.refresh_soon()

    async def _save(
        self, changes: Sequence[ScriptChange], note: ChangeNote | None
    ) -> Sequence[Script | None]:
        if note is None:
            return await self._repository.save(changes)
        previous = [self._records.version(change.uri) for change in changes]
        noted: list[LogEntry] = []

        def entries(outcome: Sequence[Script | None]) -> Sequence[LogEntry]:
            noted[:] = map(note, changes, previous, outcome)
            return noted

        saved = await self._repository.save(changes, entries)
        self._script_log.stored(noted)
        return saved

    async def _refresh(self, is_startup: bool) -> None:
        self._unread = False
        own: set[str] = set()
        self._stored_meanwhile.append(own)
        try:
            stored, holders = split_holders(await self._repository.scripts())
            await self._take_over(stored, own, is_startup)
            await self.canaries.refresh(holders, own, is_startup)
        finally:
            self._stored_meanwhile = [one for one in self._stored_meanwhile if one is not own]

    async def _take_over(self, stored: Mapping[str, Script], own: set[str], is_startup: bool) -> None:
        """Make live what was read, but for scripts that are (while this goes on) among ``own``."""
        gone = [one.uri for one in self._records if one.script and one.uri not in stored]
        newer = [script for script in stored.values() if self._is_news(script)]
        async with self._turns.of([*gone, *(script.uri for script in newer)]):
            if not own.isdisjoint([*gone, *(script.uri for script in newer)]):
                # Read before we stored something of them: what others did to them needs another look.
                self.refresh_soon()
            gone = [uri for uri in gone if uri not in own]
            # By age, so that of two scripts with the same route the later one is refused.
            newer = sorted(
                (script for script in newer if script.uri not in own and self._is_news(script)),
                key=_age,
            )
            known = await self._kept.known(newer) if self._kept is not None else {}
            unknown = [script for script in newer if script.uri not in known]
            examined = await self._examine_all(
                [(script.uri, script.source, script.version) for script in unknown], is_startup
            )
            found = known | {script.uri: one for script, one in zip(unknown, examined, strict=True)}
            async with self._turns.of([self._COMMIT]):
                self._make_live(gone, newer, found)
                self._keep_loads(
                    dict.fromkeys(gone) | {script.uri: _sound(found[script.uri]) for script in unknown}
                )
        if is_startup and newer:
            self._log.info(
                "{count} scripts: {loaded} loaded, {known} unchanged since they were loaded before",
                count=len(newer),
                loaded=len(unknown),
                known=len(known),
            )

    def _is_news(self, script: Script) -> bool:
        return self._records.differs(script) or script.uri in self._postponed

    def _make_live(
        self, gone: Sequence[str], newer: Sequence[Script], found: Mapping[str, Examination | Exception]
    ) -> None:
        """Swap in what others stored, and what was refused before if its routes are free now."""
        for uri in (*gone, *found):
            self._refused.pop(uri, None)
            self._postponed.discard(uri)
        again = [script for uri in self._refused if (script := self._records.get(uri).script) is not None]
        wanted = {script.uri: script for script in sorted((*newer, *again), key=_age)}
        edit, errors = self._fitted(gone, {uri: found.get(uri) or self._refused[uri] for uri in wanted})
        updates = [self._records.forget(uri) for uri in gone]
        for uri, script in wanted.items():
            one = found.get(uri) or self._refused.pop(uri)
            error = errors.get(uri)
            if error is None:
                assert isinstance(one, Examination)  # noqa: S101 - anything else is an error
                updates.append(self._records.keep(script, one.live))
                self._records.warn(one)
                continue
            if uri in found:
                self._records.keep_failed(script, error)
                if passes(error):
                    self._postponed.add(uri)
            if isinstance(error, RouteConflict) and isinstance(one, Examination):
                self._refused[uri] = one
        self._swap(edit.finish())
        self._records.tell(updates)

    def _fitted(
        self, gone: Sequence[str], wanted: Mapping[str, Examination | Exception]
    ) -> tuple[IndexEdit, dict[str, Exception]]:
        """Give the routes with those of ``wanted`` that fit, and why others, which keep theirs, do not."""
        errors: dict[str, Exception] = {}
        while True:
            edit = self._index.edit()
            # All give up what they had first: they may have exchanged routes, or one left it to another.
            edit.replace(dict.fromkeys([*gone, *(uri for uri in wanted if uri not in errors)], ()))
            refused = {}
            for uri, one in wanted.items():
                if uri in errors:
                    continue
                try:
                    if isinstance(one, Exception):
                        raise one
                    if one.error is not None:
                        raise one.error
                    edit.check(one.uri, one.routes)
                    self._ask_plugins(one.uri, one.registrations)
                    edit.replace({one.uri: one.routes})
                except Exception as error:
                    refused[uri] = error
            errors |= refused
            if not any(self._index.routes(uri) for uri in refused):
                return edit, errors

    def _keep_loads(self, loads: Mapping[str, Examination | None]) -> None:
        if self._kept is not None:
            self._kept.keep(loads)

    def _swap(self, index: RouteIndex) -> None:
        """Have another index answer, with the canaries that fit it."""
        self._index = index
        self._serving = self.canaries.fork_what_fits(index)

    async def _examine_all(
        self, wanted: Sequence[tuple[str, str, int]], is_startup: bool
    ) -> list[Examination | Exception]:
        async def one(uri: str, source: str, version: int) -> Examination | Exception:
            try:
                return await self._examiner.examine(uri, source, version, is_startup=is_startup)
            except Exception as error:
                return error

        waiting = iter(enumerate(wanted))
        outcomes: dict[int, Examination | Exception] = {}
        reported = self._now()

        async def some() -> None:
            nonlocal reported
            for at, job in waiting:
                outcomes[at] = await self._loading.run(one, *job)
                if self._now() - reported >= _PROGRESS_S:
                    reported = self._now()
                    self._log.info("loaded {done} of {count} scripts", done=len(outcomes), count=len(wanted))

        await gatherResults(
            [Deferred.fromCoroutine(some()) for _ in range(min(self._concurrency, len(wanted)))]
        )
        return [outcomes[at] for at in range(len(wanted))]

    def _index_with(self, found: Examination) -> RouteIndex:
        index = self._index.replace({found.uri: found.routes})
        self._ask_plugins(found.uri, found.registrations)
        return index

    def _ask_plugins(self, uri: str, registrations: Sequence[Registration]) -> None:
        for provider in self._globals:
            for kind, check in provider.registrations().items():
                check(uri, tuple(one for one in registrations if one.kind == kind))

    async def _next_version(self, uri: str) -> int:
        current = self._records.version(uri)
        if current == 0:
            with suppress(ScriptNotFound):
                current = (await self._repository.versions(uri))[0].version
        return current + 1

    def _refuse_stale(self, change: ScriptChange) -> None:
        current = self._records.version(change.uri)
        if change.expected_version is not None and change.expected_version != current:
            raise VersionConflict(uri=change.uri, expected=change.expected_version, current=current)
        if change.source is None and current == 0:
            raise ScriptNotFound(change.uri)


def _age(script: Script) -> tuple[int, str]:
    return script.updated_at, script.uri


def _sound(found: Examination | Exception) -> Examination | None:
    return found if isinstance(found, Examination) else None
