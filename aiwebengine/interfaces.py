"""Every public interface of aiwebengine: what a plugin may provide and what it may use.

A plugin is a cheap, named descriptor (`IPlugin`) whose ``build`` makes the provider. A provider implements
one or more of the small interfaces here; the engine asks ``IFeature.providedBy(provider)`` and so on.
All calls happen on the reactor thread. Where a method is ``async def``, a coroutine is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.plugin import IPlugin as ITwistedPlugin
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    import msgspec
    from twisted.internet.interfaces import IReactorCore
    from twisted.web.resource import IResource

    from aiwebengine.errors import ScriptInvalid
    from aiwebengine.repository.model import Asset, AssetPut, KeyValue, LogQuery, Setting, User
    from aiwebengine.sandbox.dry_run import DryRun
    from aiwebengine.sandbox.model import LoadReport
    from aiwebengine.scripts.canary import Canaries
    from aiwebengine.scripts.log import LogEntry
    from aiwebengine.scripts.model import (
        CheckReport,
        Script,
        ScriptChange,
        ScriptRecord,
        ScriptUpdate,
        ScriptVersion,
    )
    from aiwebengine.scripts.routes import Match, OtherMethods, Route

__all__ = [
    "IAssetRepository",
    "IConfiguration",
    "IEngineService",
    "IExchange",
    "IFallback",
    "IFeature",
    "IHealthCheck",
    "IKeyValueRepository",
    "ILogRepository",
    "IManagementExtension",
    "IPlugin",
    "IRepositories",
    "IRepository",
    "IRequestGate",
    "IRequestObserver",
    "ISandboxPool",
    "IScriptGlobals",
    "IScriptLog",
    "IScriptRegistry",
    "IScriptRepository",
    "IServices",
    "ISettingsRepository",
    "IUserRepository",
]


class IPlugin(ITwistedPlugin):
    """A cheap descriptor: importing it must not import what it builds."""

    name: str = Attribute("Unique, ``[a-z][a-z0-9_]*``; shown by --list-plugins.")
    summary: str = Attribute("One sentence for the plugin list.")
    section: str | None = Attribute("The configuration section it owns, or None.")
    settings: type[msgspec.Struct] | None = Attribute(
        "The section's schema: a msgspec.Struct whose fields carry defaults and "
        "``Annotated[..., msgspec.Meta(description=...)]`` help, units in the field names."
    )
    requires: Sequence[str] = Attribute("Names of plugins that must be built before this one.")

    def build(settings: Any, services: IServices) -> object | None:
        """
        Make the provider, or None when the settings switch the subsystem off.

        ``settings`` is an instance of the schema (None without one).
        Raises `aiwebengine.errors.PluginUnusable` when it cannot work, saying why.
        """


class IServices(Interface):
    """What a plugin's ``build`` may use."""

    reactor: IReactorCore = Attribute("The reactor; also the clock.")
    configuration: IConfiguration = Attribute("The validated configuration.")
    scripts: IScriptRegistry = Attribute("Loaded scripts and their routes.")
    sandboxes: ISandboxPool = Attribute("Where scripts run.")
    repository: IRepository = Attribute("Where scripts, their versions and all else last.")
    script_log: IScriptLog = Attribute("What scripts have logged.")
    urls: Sequence[str] = Attribute("Where the server listens, ports as bound; empty before they are.")

    def providers(interface: type[Interface]) -> Sequence[Any]:
        """Give every provider built so far that provides ``interface``, in build order."""


class IConfiguration(Interface):
    """The configuration in force."""

    environment: str = Attribute("Such as ``development`` or ``production``.")

    def section(name: str) -> Any:
        """Give the settings of a section, an instance of its schema. Raises KeyError for an unknown one."""

    def on_reload(apply: Any) -> None:
        """Have ``apply(old, new)`` called after each reload; it must not raise."""


class IFeature(Interface):
    """An engine endpoint subtree, such as ``/health`` or ``/engine``."""

    prefixes: Sequence[str] = Attribute("First path segments it answers for; reserved from scripts.")

    def resource() -> IResource:
        """
        Give the resource that answers below the prefixes (a Klein app's, say); called once.

        It sees whole paths: a Klein route is ``/health/live``, not ``/live``. The feature may also have a
        method ``body_limit(exchange) -> int | None``: most bytes of a request's body, None for the default;
        and an attribute ``while_draining = True`` to go on answering while the server shuts down.
        """


class IFallback(Interface):
    """Someone who answers what no route of a script and no feature does, such as files."""

    def answer(exchange: IExchange) -> Any:
        """
        Answer a request now or later and give True, or leave it to the next one by giving False.

        May give an awaitable of either, which may raise what the error table knows. Asked in build order when
        a script has no route for the path, and for GET and HEAD also when it has one for other methods only;
        at last the answer is 404 (or 405).
        """


class IManagementExtension(Interface):
    """
    A group of operations that a plugin adds to the management API, behind its guard.

    It may also have ``body_limit(exchange) -> int | None``, the most bytes of a request's body, and
    ``raw_body(exchange) -> bool``, whether a body is taken as bytes whatever its Content-Type says.
    """

    segment: str = Attribute("The operations are at ``/engine/SEGMENT`` and below.")

    def endpoints(hub: Any) -> Any:
        """
        Give an object with ``app``, a Klein application, and ``operations``, its described operations.

        A subclass of `aiwebengine.subsystems.management.endpoints.Endpoints`, made with ``hub``, its methods
        decorated by an `aiwebengine.subsystems.management.operations.Operations` of its own. Called once,
        when the management API is first asked.
        """


class IEngineService(Interface):
    """
    Something that starts after the sandboxes are ready and stops before they do.

    It may also have a method ``drain()``, called without arguments when a shutdown begins and requests under
    way are waited for: the moment to end what would otherwise last, such as event streams.
    """

    async def start() -> None:
        """Start; a raised error stops the engine's start with its text."""

    async def stop() -> None:
        """Stop; called also when another service failed to start."""


class IRequestGate(Interface):
    """A look at every request before it is answered and at every answer before it is sent."""

    order: int = Attribute("Gates run in ascending order before and descending order after; 0-1000.")

    def before(exchange: IExchange) -> Any:
        """
        Let the request pass by returning None, or raise `HTTPProblem` to refuse it.

        May answer by itself with ``exchange.answer(...)`` and return True. May return an awaitable of
        either. Any other raised error is a 500: a gate fails closed.
        """

    def after(exchange: IExchange, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Amend ``headers`` (raw name and value pairs) in place just before they are sent."""


class IRequestObserver(Interface):
    """Someone told of every exchange's end, such as the access log or metrics."""

    def finished(exchange: IExchange) -> None:
        """
        Take note that the exchange ended: answered whole, or cut off (``exchange.record.outcome``).

        Its record is complete, but for what the client's system still buffers. Must not block.
        """


class IExchange(Interface):
    """One HTTP request and its answer, as gates and features see it."""

    method: bytes = Attribute("As sent, upper case.")
    path_text: str = Attribute(
        "Decoded, normalised path; starts with ``/``, no ``.``/``..`` segments, no NUL."
    )
    uri: bytes = Attribute("The request target as it was sent.")
    headers: Mapping[str, str] = Attribute("Request headers by lower-case name, repeated ones joined.")
    host: str = Attribute("The authority asked for, such as ``example.com:8080``; may be empty on HTTP/1.0.")
    request_id: str = Attribute("Also sent as X-Request-Id.")
    client_ip: str = Attribute("The peer, or the rightmost untrusted X-Forwarded-For entry.")
    secure: bool = Attribute("Whether the client used https (directly or by a trusted proxy's word).")
    record: Any = Attribute("The request's mutable record: route, script, timings, sizes (web.record).")

    def header(name: str) -> str | None:
        """Give a request header's value (joined by ``, `` when repeated), or None."""

    def answer(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer; gates' ``after`` and Content-Length are added. Once per exchange."""

    def refuse(problem: Exception) -> None:
        """Answer by the error table: `HTTPProblem`, or anything else as a logged 500."""


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
        `aiwebengine.sandbox.dry_run.safe_in_dry_run` are asked, ``call.dry_run`` being true.
        """

    def registrations() -> Mapping[str, Any]:
        """
        Give checkers of what scripts register, by registration kind (``{}`` for none).

        Each is called as ``check(uri, registrations)`` before a script goes live and may raise
        `RouteConflict` or `ScriptInvalid`.
        """


class IHealthCheck(Interface):
    """A dependency whose state `/health` shows."""

    name: str = Attribute("The key below ``checks``.")

    async def check() -> Mapping[str, object]:
        """Give at least ``{"status": "healthy"|"degraded"|"unhealthy"}``; an error raised is unhealthy."""


class IScriptRepository(Interface):
    """Where scripts and all their versions are kept."""

    async def scripts() -> Sequence[Script]:
        """Give the current state of every script, by URI."""

    async def script(uri: str) -> Script:
        """Give one script. Raises `ScriptNotFound`."""

    async def version(uri: str, number: int) -> ScriptVersion:
        """Give one version with its source. Raises `ScriptNotFound`."""

    async def versions(uri: str) -> Sequence[ScriptVersion]:
        """Give all versions, newest first, sources empty. Raises `ScriptNotFound`."""

    async def save(changes: Sequence[ScriptChange]) -> Sequence[Script | None]:
        """
        Apply all changes or none; a change without source deletes the script (its versions remain readable,
        and version numbers go on when it is created again).

        Raises `VersionConflict` when a change's ``expected_version`` is not the current one, `ScriptNotFound`
        when one to delete does not exist. Durable when it returns.
        """

    async def close() -> None:
        """Release files and connections."""


class IRepositories(Interface):
    """Everything that lasts but scripts, in one place."""

    assets: IAssetRepository = Attribute("Files of scripts and the editor.")
    users: IUserRepository = Attribute("Who can sign in.")
    key_values: IKeyValueRepository = Attribute("What scripts store by key.")
    settings: ISettingsRepository = Attribute("Settings changed while running.")
    logs: ILogRepository = Attribute("What scripts have logged.")
    shared: bool = Attribute("Whether other engines may use it at the same time, on other machines too.")

    def watch(listener: Callable[[], None]) -> Callable[[], None]:
        """
        Call ``listener()`` on the reactor thread when another engine may have changed scripts.

        Until the returned function is called, or the repository is closed.
        """


class IRepository(IScriptRepository, IRepositories):
    """What `IServices.repository` provides."""


class IAssetRepository(Interface):
    """Where assets and their metadata are kept."""

    async def put(
        name: str,
        content: bytes,
        content_type: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        expected_sha256: str | None = None,
    ) -> Asset:
        """
        Keep a file, replacing the one of that name, if its content is the expected one (see `AssetPut`).

        Raises ValueError for a name that cannot be kept, `AssetConflict`.
        """

    async def put_all(puts: Sequence[AssetPut], *, most_total_bytes: int | None = None) -> Sequence[Asset]:
        """
        Keep all files or none; with ``most_total_bytes`` only if all assets together are then no larger.

        Raises as `put` does, and `AssetsFull`.
        """

    async def amend(
        name: str, change: Callable[[Asset], Asset], *, expected_sha256: str | None = None
    ) -> Asset:
        """
        Have content type and metadata be those of ``change(asset)``; the bytes stay.

        ``change`` may be called on another thread. Raises `AssetNotFound`, `AssetConflict`, what it raises.
        """

    async def get(name: str) -> tuple[Asset, bytes]:
        """Give a file with its bytes. Raises `AssetNotFound`."""

    async def part(name: str, start: int, length: int) -> tuple[Asset, bytes]:
        """Give a file with up to ``length`` of its bytes from ``start`` on. Raises `AssetNotFound`."""

    async def stat(name: str) -> Asset:
        """Give a file without its bytes. Raises `AssetNotFound`."""

    async def delete(name: str, *, expected_sha256: str | None = None) -> Asset:
        """Forget a file and give what it was. Raises `AssetNotFound`, `AssetConflict`."""

    async def list(
        prefix: str = "", after: str = "", limit: int = 100, *, public: bool = False
    ) -> Sequence[Asset]:
        """Give, by name, up to ``limit`` (``public``) files with that ``prefix`` beyond ``after``."""

    async def revision() -> int:
        """
        Give a number which every engine's calls raise, by one each, that change something public.

        That is: an asset that is public, was, or becomes so. Cheap to ask.
        """


class IUserRepository(Interface):
    """Where users are kept."""

    async def get(ident: str) -> User:
        """Give a user. Raises `UserNotFound`."""

    async def by_email(email: str) -> User | None:
        """Give the user who has this e-mail address, letter case ignored."""

    async def by_identity(provider: str, subject: str) -> User | None:
        """Give the user who is ``subject`` for ``provider``."""

    async def list(after: str = "", limit: int = 100) -> Sequence[User]:
        """Give, by id, at most ``limit`` users beyond ``after``; their ``data`` is left out."""

    async def save(user: User) -> User:
        """
        Store a user whose ``version`` is the current one (0: new) and give it as stored.

        Raises `UserConflict` when another version is current or when its e-mail address or an identity
        belongs to another user, `UserNotFound` when it has been deleted, ValueError for names too long.
        """

    async def delete(ident: str) -> None:
        """Forget a user. Raises `UserNotFound`."""


class IKeyValueRepository(Interface):
    """
    JSON values by namespace and key; each call is atomic.

    Raises ValueError for a key over 1024 bytes, for NUL in it, and for what is no JSON data.
    """

    async def get(namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""

    async def set(namespace: str, key: str, value: Any, ttl_s: float | None = None) -> None:
        """Set a value, for ``ttl_s`` seconds or for good."""

    async def delete(namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""

    async def list(namespace: str, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""

    async def increment(
        namespace: str, key: str, by: int | float = 1, ttl_s: float | None = None
    ) -> int | float:
        """
        Add to a number and give the sum; a key that is not there counts as 0 and gets the ``ttl_s``.

        Raises `NotANumber`.
        """

    async def compare_and_set(
        namespace: str, key: str, expected: Any, value: Any, ttl_s: float | None = None
    ) -> bool:
        """
        Set a value if the present one equals ``expected`` as JSON data; tell whether it did.

        `ABSENT` as ``expected`` wants no value to be there, as ``value`` deletes.
        """

    async def prune() -> int:
        """Remove what has expired (and is not seen any more anyway); give how much that was."""


class ISettingsRepository(Interface):
    """Where settings changed while running are kept."""

    async def all() -> Sequence[Setting]:
        """Give every setting, by name."""

    async def get(name: str) -> Setting | None:
        """Give a setting, None when it is not set."""

    async def set(name: str, value: Any, author: str = "") -> None:
        """Set a setting to any JSON data."""

    async def delete(name: str) -> bool:
        """Forget a setting; tell whether it was there."""


class ILogRepository(Interface):
    """Where the script log is kept."""

    async def append(entries: Sequence[LogEntry], front: str = "") -> int:
        """
        Keep entries of the engine called ``front``; give the highest ``seq`` of all engines.

        An entry with a ``seq`` that this engine gave before is left as it is, so trying again is harmless.
        """

    async def query(query: LogQuery) -> Sequence[LogEntry]:
        """
        Give what is asked for, oldest first; more than the limit where engines gave the last number twice.

        Raises ValueError for an unknown level.
        """

    async def last_seq() -> int:
        """Give the highest ``seq`` ever appended, 0 before the first."""

    async def prune(before: float, keep: int) -> int:
        """
        Remove entries older than ``before`` (ms since the epoch), and all but the newest ``keep`` numbers.

        Some thousand at a time; gives how many were removed, 0 when none is left to remove.
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

        With a ``dry_run`` the script sends nothing and awaits only host operations that leave nothing behind
        (`aiwebengine.sandbox.dry_run.safe_in_dry_run`); what it logs and what was withheld is noted in it.

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
    ) -> ScriptRecord:
        """
        Check, store and swap in one script; when it fails nothing changes.

        Raises `HTTPProblem` 413, `ScriptInvalid`, `RouteConflict`, `VersionConflict`.
        """

    async def batch(changes: Sequence[ScriptChange]) -> Sequence[ScriptRecord | None]:
        """Make several changes or none; None for a deleted script. Raises as `put` and `delete` do."""

    async def delete(uri: str, *, author: str = "", expected_version: int | None = None) -> None:
        """Take a script out of service and delete it. Raises `ScriptNotFound`, `VersionConflict`."""

    async def rollback(uri: str, version: int, *, author: str = "", message: str = "") -> ScriptRecord:
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
        """Keep an entry, give it the next ``seq``, and tell followers."""

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

    def follow(listener: Any) -> Any:
        """Call ``listener(entry)`` for each new entry until the returned function is called."""
