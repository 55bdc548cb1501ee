"""What is known of every script: its state, what it failed of, and who wants to hear of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs
from twisted.logger import Logger
from twisted.python.failure import Failure

from aiwebengine.errors import HTTPProblem, RouteConflict, ScriptInvalid, ScriptNotFound
from aiwebengine.interfaces import IScriptLog
from aiwebengine.repository.errors import RepositoryUnavailable
from aiwebengine.scripts.examine import Examination
from aiwebengine.scripts.model import LiveScript, Script, ScriptRecord, ScriptUpdate

__all__ = ["ScriptRecords", "message_of", "passes"]

# What a script sees of a repository that is away, in `init` too.
_AWAY = "ServiceUnavailableError:"


class ScriptRecords:
    """
    A `ScriptRecord` for each script; remarks and failures also go to the script log.

    ``now`` gives seconds since the epoch.
    """

    def __init__(self, script_log: IScriptLog, now: Callable[[], float]) -> None:
        self._script_log = script_log
        self._now = now
        self._log = Logger()
        self._records: dict[str, ScriptRecord] = {}
        self._listeners: list[Callable[[ScriptUpdate], None]] = []

    def __iter__(self) -> Iterator[ScriptRecord]:
        """Go through all of them."""
        return iter(tuple(self._records.values()))

    def find(self, uri: str) -> ScriptRecord | None:
        """Give what is known of one script, if anything is."""
        return self._records.get(uri)

    def get(self, uri: str) -> ScriptRecord:
        """Give what is known of one script. Raises `ScriptNotFound`."""
        try:
            return self._records[uri]
        except KeyError:
            raise ScriptNotFound(uri) from None

    def all(self) -> Sequence[ScriptRecord]:
        """Give what is known of every script, by URI."""
        return [self._records[uri] for uri in sorted(self._records)]

    def version(self, uri: str) -> int:
        """Give the stored version of a script, 0 for one that is not stored."""
        record = self._records.get(uri)
        return record.script.version if record and record.script else 0

    def differs(self, script: Script) -> bool:
        """Tell whether what is stored is another text than the one known; a backup has older ones."""
        record = self._records.get(script.uri)
        known = record.script if record else None
        return known is None or _identity(known) != _identity(script)

    def keep(self, script: Script, live: LiveScript | None) -> ScriptUpdate:
        """Note that a stored script is live."""
        known = self._records.get(script.uri)
        action = "updated" if known and known.script else "inserted"
        self._records[script.uri] = ScriptRecord(script.uri, script, live)
        return ScriptUpdate(script.uri, action, int(self._now() * 1000), script, live)

    def keep_failed(self, script: Script, error: Exception) -> None:
        """Note that a stored script does not load; the version that served before goes on serving."""
        known = self._records.get(script.uri)
        if known and known.error and not self.differs(script) and known.error.message == message_of(error):
            return  # tried again, and said already
        self._records[script.uri] = ScriptRecord(script.uri, script, known.live if known else None)
        if not isinstance(error, ScriptInvalid | RouteConflict | HTTPProblem):
            self._log.failure("loading {uri} failed", Failure(error), uri=script.uri)
        self.failed(script.uri, error)

    def forget(self, uri: str) -> ScriptUpdate:
        """Note that a script is gone."""
        self._records.pop(uri, None)
        return ScriptUpdate(uri, "removed", int(self._now() * 1000))

    def note_failure(self, uri: str, error: ScriptInvalid | None) -> None:
        """Show that a script which was never stored does not load; with None, forget it."""
        known = self._records.get(uri)
        if known is None or known.script is None:
            if error is None:
                self._records.pop(uri, None)
            else:
                self._records[uri] = ScriptRecord(uri, error=error)

    def failed(self, uri: str, error: Exception) -> None:
        """Log why a script was refused and, if it is known, show it in its record."""
        shown = error if isinstance(error, ScriptInvalid) else _as_invalid(uri, error)
        record = self._records.get(uri)
        if record is not None:
            self._records[uri] = attrs.evolve(record, error=shown)
        text = shown.message + (f"\n{shown.stack}" if shown.stack else "")
        self._script_log.append("error", text, script=uri, kind="load", line=shown.line)

    def warn(self, found: Examination) -> None:
        """Log the remarks on a script that goes live."""
        for one in found.diagnostics:
            if one.severity != "info":
                # An error here does not keep the script from going live, such as a missing handler.
                text = f"{one.code}: {one.message}"
                self._script_log.append("warn", text, script=found.uri, kind="lint", line=one.line)

    def on_change(self, listener: Callable[[ScriptUpdate], None]) -> Callable[[], None]:
        """Call ``listener(update)`` for what is told until the returned function is called."""
        self._listeners.append(listener)

        def cancel() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return cancel

    def tell(self, updates: Iterable[ScriptUpdate]) -> None:
        """Tell everybody who wants to hear of changes."""
        for update in updates:
            for listener in tuple(self._listeners):
                try:
                    listener(update)
                except Exception:
                    self._log.failure("a listener to script changes failed")


def passes(error: Exception) -> bool:
    """Tell whether a script may load later that does not now: no sandbox is free, the repository is away."""
    if isinstance(error, HTTPProblem):
        return error.status == 503
    if isinstance(error, ScriptInvalid):
        return error.message.startswith(_AWAY)
    return isinstance(error, RepositoryUnavailable)


def _identity(script: Script) -> tuple[int, str, int]:
    return script.version, script.sha256, script.updated_at


def message_of(error: Exception) -> str:
    """Give what an error says about a script."""
    return error.message if isinstance(error, ScriptInvalid | HTTPProblem) else str(error)


def _as_invalid(uri: str, error: Exception) -> ScriptInvalid:
    code = "ROUTE_CONFLICT" if isinstance(error, RouteConflict) else "SCRIPT_INVALID"
    return ScriptInvalid(uri=uri, message=message_of(error), line=getattr(error, "line", None), code=code)
