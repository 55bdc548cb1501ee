"""Bringing what the directories hold into the registry, and nothing more often than it changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from aiwebengine.errors import AIWebEngineError, HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound
from aiwebengine.interfaces import IScriptLog, IScriptRegistry, IScriptRepository
from aiwebengine.scripts.model import DIRECTORY_AUTHOR, Script, digest
from aiwebengine.subsystems.script_directories.files import Listing, ScriptFile, list_scripts, read_source

__all__ = ["DirectorySync"]


class DirectorySync:
    """
    Imports script files.

    A file is imported as a new version (author ``directory``) when its text differs from the last one
    imported for its URI, or when there is no such script; so a change made through the API stays until the
    file itself changes. A file that is gone takes its script along if the current version came from a file.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        registry: IScriptRegistry,
        repository: IScriptRepository,
        script_log: IScriptLog,
        clock: IReactorTime,
        logger: Logger | None = None,
    ) -> None:
        self._directories = tuple(directories)
        self._registry = registry
        self._repository = repository
        self._script_log = script_log
        self._clock = clock
        self._log = logger or Logger()
        self._seen: dict[str, ScriptFile] = {}
        self._missing: set[str] = set()
        self._refused: set[str] = set()
        self._told: set[tuple[str, str]] = set()

    async def first(self) -> None:
        """Import all files; delete scripts whose files went away while the engine was not running."""
        started = self._clock.seconds()
        listing = self._list()
        wanted = {self._origin(directory) for directory in self._directories}
        for record in self._registry.records():
            script = record.script
            ours = script and script.author == DIRECTORY_AUTHOR and script.message in wanted
            if ours and record.uri not in listing.files:
                await self._delete(record.uri)
        failed = 0
        for file in listing.files.values():
            failed += not await self._import(file, is_startup=True)
        self._log.info(
            "{count} scripts of {directories} are loaded ({failed} failed) after {ms} ms",
            count=len(listing.files) - failed,
            directories=", ".join(map(str, self._directories)),
            failed=failed,
            ms=self._since(started),
        )

    async def changes(self) -> bool:
        """
        Import what changed since the last look.

        Gives whether a look again soon is needed: a file that is missing is believed to be gone only at the
        second look, since editors move files away for a moment when they save.
        """
        listing = self._list()
        changed = [
            file
            for uri, file in listing.files.items()
            if uri not in self._seen or self._seen[uri].signature != file.signature
        ]
        gone = self._seen.keys() - listing.files.keys()
        for uri in sorted(gone & self._missing):
            del self._seen[uri]
            await self._delete_if_ours(uri)
        self._missing = gone - self._missing
        good = False
        for file in changed:
            good |= await self._reload(file)
        if good or gone:
            # A script refused for a route that another one had may load now.
            for uri in sorted(self._refused & listing.files.keys()):
                await self._reload(listing.files[uri])
        return bool(self._missing)

    def _list(self) -> Listing:
        listing = list_scripts(self._directories)
        for problem in listing.problems:
            if problem not in self._told:
                self._tell_problem(*problem)
        self._told = set(listing.problems)
        return listing

    async def _reload(self, file: ScriptFile) -> bool:
        started = self._clock.seconds()
        before = self._version(file.uri)
        good = await self._import(file)
        if good and self._version(file.uri) != before:
            self._log.info("reloaded {uri} in {ms} ms", uri=file.uri, ms=self._since(started))
        return good

    async def _import(self, file: ScriptFile, *, is_startup: bool = False) -> bool:
        """Import one file if it must be; give whether it is fine."""
        self._seen[file.uri] = file
        self._refused.discard(file.uri)
        try:
            source = read_source(file.path)
        except ValueError as error:
            self._tell_problem(str(file.path), str(error), file.uri)
            return False
        try:
            if await self._is_known(file.uri, digest(source), is_startup):
                return True
            await self._registry.put(
                file.uri,
                source,
                author=DIRECTORY_AUTHOR,
                message=self._origin(file.directory),
                is_startup=is_startup,
            )
        except AIWebEngineError as error:
            if isinstance(error, RouteConflict):
                self._refused.add(file.uri)
            shown = error if isinstance(error, ScriptInvalid) else ScriptInvalid(file.uri, str(error))
            self._registry.note_failure(file.uri, shown)
            self._log.error("{path} does not load: {reason}", path=str(file.path), reason=str(shown))
            if isinstance(error, HTTPProblem):
                self._script_log.append("error", error.message, script=file.uri, kind="load")
                if error.status == 503:
                    del self._seen[file.uri]  # no sandbox just now: the next look tries again
            return False
        return True

    async def _is_known(self, uri: str, sha256: str, is_startup: bool) -> bool:
        script = self._script(uri)
        if script is None:
            return False
        if not is_startup and self._registry.record(uri).error is not None:
            return False  # an edit that failed was taken back: the record must say that all is well
        if script.author == DIRECTORY_AUTHOR:
            return script.sha256 == sha256
        for version in await self._repository.versions(uri):
            if version.author == DIRECTORY_AUTHOR:
                return version.sha256 == sha256
        return False

    async def _delete_if_ours(self, uri: str) -> None:
        script = self._script(uri)
        self._refused.discard(uri)
        self._registry.note_failure(uri, None)
        if script is None:
            return
        if script.author == DIRECTORY_AUTHOR:
            await self._delete(uri)
        else:
            self._log.info(
                "the file of {uri} is gone; its version {version} by {author} stays",
                uri=uri,
                version=script.version,
                author=script.author or "the API",
            )

    async def _delete(self, uri: str) -> None:
        try:
            await self._registry.delete(uri, author=DIRECTORY_AUTHOR)
        except AIWebEngineError as error:
            self._log.error("deleting {uri} failed: {reason}", uri=uri, reason=str(error))
        else:
            self._log.info("deleted {uri}, its file is gone", uri=uri)

    def _script(self, uri: str) -> Script | None:
        try:
            return self._registry.record(uri).script
        except ScriptNotFound:
            return None

    def _version(self, uri: str) -> int:
        script = self._script(uri)
        return script.version if script else 0

    def _tell_problem(self, path: str, reason: str, uri: str = "") -> None:
        self._log.error("{path}: {reason}", path=path, reason=reason)
        self._script_log.append("error", f"{path}: {reason}", script=uri, kind="load")

    def _since(self, started: float) -> int:
        return round((self._clock.seconds() - started) * 1000)

    @staticmethod
    def _origin(directory: Path) -> str:
        return f"from {directory}"
