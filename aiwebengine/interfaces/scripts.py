"""Scripts: their names, where they run, which are live, what they log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from aiwebengine.errors import ScriptInvalid
    from aiwebengine.sandbox.dry_run import DryRun
    from aiwebengine.sandbox.model import LoadReport
    from aiwebengine.scripts.canary import Canaries
    from aiwebengine.scripts.log import ChangeNote, LogEntry
    from aiwebengine.scripts.model import CheckReport, ScriptChange, ScriptRecord, ScriptUpdate
    from aiwebengine.scripts.routes import Match, OtherMethods, Route

__all__ = ["ISandboxPool", "IScriptGlobals", "IScriptLog", "IScriptRegistry"]


class IScriptGlobals(Interface):
    """Names that scripts see, and what their calls do outside the sandbox."""

    def pieces() -> Sequence[Any]:
        """Give the prelude pieces, `aiwebengine.sandbox.prelude.Piece`."""

    def typings() -> str:
        """Give TypeScript declarations for the names, for aiwebengine.d.ts."""

    def operations() -> Mapping[str, Any]:
        """
        Give the host operations by name, ``async def operation(call, argument)``.

        ``call`` is a `aiwebengine.sandbox.model.HostCall` (script, request_id, auth...); ``argument`` is JSON
        data; what it returns must be JSON data. A raised error rejects the script's promise (or, for a
        send without an answer, is logged). In a dry run (a check, an evaluation) only those marked with
        `aiwebengine.sandbox.dry_run.safe_in_dry_run` are asked; ``call.dry_run`` is then where they keep what
        they change (`DryRun.scratch`), else None.
        """

    def registrations() -> Mapping[str, Any]:
        """
        Give checkers of what scripts register, by registration kind (``{}`` for none).

        Each is called as ``check(uri, registrations)`` before a script goes live and may raise
        `RouteConflict` or `ScriptInvalid`.
        """


class ISandboxPool(Interface):
    """The processes in which scripts run."""

    async def load(
        uri: str,
        source: str,
        version: int,
        *,
        is_startup: bool = False,
        run_init: bool = True,
        dry_run: DryRun | None = None,
    ) -> LoadReport:
        """
        Check a script: syntax, top level with registrations live, ``init``. Nothing goes live.

        With a ``dry_run`` only those host operations are done, sent or awaited, that leave nothing behind but
        in it (`aiwebengine.sandbox.dry_run.safe_in_dry_run`); what it logs and what was withheld is noted
        there.

        A script that does not load gives a report with ``error`` set, never a raised error; raises
        `HTTPProblem` 503 when no sandbox is to be had.
        """


class IScriptRegistry(Interface):
    """The scripts that are live, and their routes."""

    canaries: Canaries = Attribute("Versions on trial: `aiwebengine.scripts.canary.Canaries`.")

    async def put(
        uri: str,
        source: str,
        *,
        author: str = "",
        message: str = "",
        expected_version: int | None = None,
        is_startup: bool = False,
        note: ChangeNote | None = None,
    ) -> ScriptRecord:
        """
        Check, store and swap in one script; when it fails nothing changes.

        ``note(change, previous, script)`` gives a log entry (`IScriptLog.entry`) that is stored in the same
        transaction; ``previous`` is the version that was live, 0 for none. It may be called on any thread.

        Raises `HTTPProblem` 413, `ScriptInvalid`, `RouteConflict`, `VersionConflict`.
        """

    async def batch(
        changes: Sequence[ScriptChange], *, note: ChangeNote | None = None
    ) -> Sequence[ScriptRecord | None]:
        """Make several changes or none; None for a deleted script. Raises as `put` and `delete` do."""

    async def delete(
        uri: str,
        *,
        author: str = "",
        expected_version: int | None = None,
        note: ChangeNote | None = None,
    ) -> None:
        """Take a script out of service and delete it. Raises `ScriptNotFound`, `VersionConflict`."""

    async def rollback(
        uri: str, version: int, *, author: str = "", message: str = "", note: ChangeNote | None = None
    ) -> ScriptRecord:
        """Make an older version's source the newest version. Raises as `put` does, and `ScriptNotFound`."""

    async def check(uri: str, source: str) -> CheckReport:
        """
        Do all of `put` but storing and swapping; what is wrong is in the report.

        Raises `HTTPProblem` 413 for a source over the limit.
        """

    def match(method: bytes, path: str) -> Match | OtherMethods | None:
        """Give what answers; ``path`` is as sent (percent-encoded, normalised, no query)."""

    def record(uri: str) -> ScriptRecord:
        """Give what is known of one script. Raises `ScriptNotFound`."""

    def records() -> Sequence[ScriptRecord]:
        """Give what is known of every script, by URI."""

    def routes() -> Sequence[Route]:
        """Give every route that is live, by script."""

    def note_failure(uri: str, error: ScriptInvalid | None) -> None:
        """Show that a script which was never stored does not load; with None, forget it."""

    def on_change(listener: Callable[[ScriptUpdate], None]) -> Callable[[], None]:
        """Call ``listener(update)`` after each swap until the returned function is called."""


class IScriptLog(Interface):
    """What scripts (and the engine on their behalf) have logged; bounded."""

    def append(
        level: str,
        message: str,
        *,
        script: str = "",
        request_id: str = "",
        route: str = "",
        kind: str = "log",
        line: int | None = None,
    ) -> None:
        """
        Keep an entry soon, and tell followers.

        It goes to the server's log at once; its number is given when it is kept.
        """

    def entry(
        level: str,
        message: str,
        *,
        script: str = "",
        request_id: str = "",
        route: str = "",
        kind: str = "log",
        line: int | None = None,
    ) -> LogEntry:
        """Make an entry of this moment, for `IScriptRepository.save` to store; then call `stored`."""

    def stored(entries: Sequence[LogEntry]) -> None:
        """Tell the server's log and followers of entries that were committed with a change."""

    def flush() -> Deferred[bool]:
        """Keep now what was appended until now; fires, within a second, with whether it is kept."""

    def echo(kind: str, listener: Callable[[LogEntry], None]) -> None:
        """Call ``listener(entry)`` as well when an entry of this kind goes to the server's log."""

    def query(
        *,
        script: str | None = None,
        level: str | None = None,
        request_id: str | None = None,
        contains: str | None = None,
        since: float | None = None,
        kind: str | None = None,
        limit: int = 100,
        after: int | None = None,
    ) -> dict[str, Any]:
        """Give ``{"entries", "next"}`` by the filters of ``GET /engine/logs``; ``since`` is epoch ms."""

    async def search(**filters: Any) -> dict[str, Any]:
        """
        Give what ``query`` gives, from the repository too where the log is kept in one.

        With ``"partial": True`` when that could not be asked. Raises ValueError as ``query`` does.
        """

    def follow(
        listener: Callable[[LogEntry], None], moved: Callable[[int], None] = ...
    ) -> Callable[[], None]:
        """
        Call ``listener(entry)`` for each new entry of all engines until the returned function is called.

        Entries come in the order of their ``seq``. While the repository is away they come with the ``seq`` 0;
        when they are numbered later, ``moved(seq)`` says up to where everything has been heard.
        """
