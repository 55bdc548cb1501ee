"""What lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from aiwebengine.repository.model import (
        Asset,
        AssetPut,
        KeyValue,
        LogQuery,
        Quota,
        Setting,
        StoredKey,
        Usage,
        User,
    )
    from aiwebengine.scripts.log import LogEntry
    from aiwebengine.scripts.model import Script, ScriptChange, ScriptVersion

__all__ = [
    "IAssetRepository",
    "IKeyValueRepository",
    "ILogRepository",
    "IRepositories",
    "IRepository",
    "IScriptRepository",
    "ISettingsRepository",
    "IUserRepository",
]


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

    async def save(
        changes: Sequence[ScriptChange],
        entries: Callable[[Sequence[Script | None]], Sequence[LogEntry]] | None = None,
    ) -> Sequence[Script | None]:
        """
        Apply all changes or none; a change without source deletes the script (its versions remain readable,
        and version numbers go on when it is created again).

        ``entries(outcome)`` gives what is appended to the log in the same transaction: changes and entries
        are both there or neither is. It is called once with what is about to be returned, perhaps on another
        thread.

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

    Raises ValueError for a key over 1024 bytes, for NUL in it, and for what is no JSON data. A namespace
    ``a#b`` is counted to ``a``. What makes a namespace hold more than a ``quota`` given raises
    `QuotaExceeded` and changes nothing.
    """

    async def get(namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""

    async def get_many(namespace: str, keys: Sequence[str]) -> Mapping[str, KeyValue]:
        """Give the values there are, by key, as they were at one moment."""

    async def set(
        namespace: str, key: str, value: Any, ttl_s: float | None = None, quota: Quota | None = None
    ) -> None:
        """Set a value, for ``ttl_s`` seconds or for good."""

    async def set_many(
        namespace: str, values: Mapping[str, Any], ttl_s: float | None = None, quota: Quota | None = None
    ) -> None:
        """Set several values or none."""

    async def delete(namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""

    async def clear(namespace: str) -> int:
        """Forget all keys of a namespace (not those of others counted to it); give how many."""

    async def list(namespace: str, prefix: str = "", after: str = "", limit: int = 100) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""

    async def keys(
        namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[StoredKey]:
        """Give what ``list`` gives, without the values."""

    async def increment(
        namespace: str,
        key: str,
        by: int | float = 1,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> int | float:
        """
        Add to a number and give the sum; a key that is not there counts as 0 and gets the ``ttl_s``.

        Raises `NotANumber`.
        """

    async def compare_and_set(
        namespace: str,
        key: str,
        expected: Any,
        value: Any,
        ttl_s: float | None = None,
        quota: Quota | None = None,
    ) -> bool:
        """
        Set a value if the present one equals ``expected`` as JSON data; tell whether it did.

        `ABSENT` as ``expected`` wants no value to be there, as ``value`` deletes.
        """

    async def usage_of(namespace: str) -> Usage:
        """Give what a namespace holds, with what is counted to it."""

    async def usage(prefix: str = "", after: str = "", limit: int = 100) -> Sequence[Usage]:
        """Give, by name, at most ``limit`` namespaces with that ``prefix`` beyond ``after``."""

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

    async def append(entries: Sequence[LogEntry], front: str = "", since: int | None = None) -> int:
        """
        Keep entries of the engine called ``front`` and give the number of the first.

        They are numbered in their order, without gaps, after all entries there are; their own ``seq`` does
        not matter. Entries become visible in the order of their numbers, whoever appends them, so whoever has
        seen one has seen all before it. To try again when it is not known whether they were kept, give the
        same entries and as ``since`` the number that was the highest known before the first try.
        """

    async def query(query: LogQuery) -> Sequence[LogEntry]:
        """Give what is asked for, oldest first. Raises ValueError for an unknown level."""

    async def last_seq() -> int:
        """Give the highest number ever given to an entry, 0 before the first."""

    async def prune(before: float, keep: int) -> int:
        """
        Remove entries older than ``before`` (ms since the epoch), and all but the newest ``keep`` numbers.

        Some thousand at a time; gives how many were removed, 0 when none is left to remove.
        """

    def watch(listener: Callable[[], None]) -> Callable[[], None]:
        """
        Call ``listener()`` on the reactor thread when another engine may have appended entries.

        Until the returned function is called, or the repository is closed.
        """
