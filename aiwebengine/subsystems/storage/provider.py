"""Gives scripts `storage`; what its calls do."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import resources
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from zope.interface import implementer

from aiwebengine.interfaces import IKeyValueRepository, IRepositories, IScriptGlobals
from aiwebengine.repository.errors import NotANumber, QuotaExceeded
from aiwebengine.repository.model import ABSENT, Quota
from aiwebengine.repository.overlay import OverlayKeyValues
from aiwebengine.repository.texts import encoded
from aiwebengine.sandbox.dry_run import safe_in_dry_run
from aiwebengine.sandbox.model import HostCall
from aiwebengine.sandbox.prelude import Piece, pieces_of
from aiwebengine.subsystems.storage.limits import (
    SignInRequired,
    answer_too_large,
    checked_key,
    over_quota,
    parsed,
)
from aiwebengine.subsystems.storage.namespaces import namespace_of
from aiwebengine.subsystems.storage.settings import StorageSettings

__all__ = ["StorageGlobals"]

_READ_AT_ONCE = 10

T = TypeVar("T")
Number = int | float
Keys = Annotated[list[str], Meta(max_length=100)]
Texts = Annotated[list[tuple[str, str]], Meta(max_length=100)]
Limit = Annotated[int, Meta(ge=1, le=1000)]


class _Place:
    """Where a call's keys are: the store, the namespace, and how errors name the function."""

    def __init__(self, storage: StorageGlobals, call: HostCall, of_user: bool, function: str) -> None:
        self.where = f"storage.{'user.' if of_user else ''}{function}"
        self.settings = storage.settings
        self.values = storage.values(call)
        user = None
        if of_user:
            if call.auth.get("isAuthenticated") is not True or not call.auth.get("userId"):
                raise SignInRequired
            user = str(call.auth["userId"])
        self.namespace = namespace_of(call.script, user)
        self.quota = Quota(self.settings.max_keys_per_script, self.settings.max_bytes_per_script)

    def key(self, key: str) -> str:
        """Give a key back if it can be one."""
        return checked_key(self.where, key, self.settings)

    def parsed(self, text: str, name: str = "value") -> Any:
        """Give the value of a JSON text."""
        return parsed(self.where, name, text, self.settings)

    async def explained(self, work: Awaitable[T]) -> T:
        """Give what comes of a change; its errors in words for the script's author."""
        try:
            return await work
        except QuotaExceeded as error:
            raise over_quota(self.where, error) from None
        except NotANumber as error:
            raise TypeError(f"{self.where}: {error}") from None
        except ValueError as error:
            raise ValueError(f"{self.where}: {error}") from None


@implementer(IScriptGlobals)
class StorageGlobals:
    """
    The names, and the operations ``storage.*``.

    Each operation's argument is a list that begins with whether the user's values are meant. Values travel
    as JSON text, so that they come back exactly. A dry run works on an overlay of its own. ``now`` gives
    seconds since the epoch.
    """

    def __init__(
        self,
        repository: IRepositories,
        settings: StorageSettings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._repository = repository
        self._now = now

    def apply(self, settings: StorageSettings) -> None:
        """Take new settings."""
        self.settings = settings

    def pieces(self) -> Sequence[Piece]:
        """Give the piece `storage`."""
        return pieces_of(__package__)

    def typings(self) -> str:
        """Give the TypeScript declarations."""
        return (resources.files(__package__) / "typings.d.ts").read_text("utf-8")

    def operations(self) -> Mapping[str, Any]:
        """Give the host operations."""
        named: Mapping[str, Any] = {
            "get": self._get,
            "getMany": self._get_many,
            "set": self._set,
            "setMany": self._set_many,
            "delete": self._delete,
            "list": self._list,
            "increment": self._increment,
            "compareAndSet": self._compare_and_set,
        }
        return {f"storage.{name}": operation for name, operation in named.items()}

    def registrations(self) -> Mapping[str, Any]:
        """Give no checkers: nothing is registered."""
        return {}

    def values(self, call: HostCall) -> IKeyValueRepository:
        """Give the store that a call works on."""
        kept: IKeyValueRepository = self._repository.key_values
        if call.dry_run is None:
            return kept
        return call.dry_run.scratch("storage", lambda: OverlayKeyValues(kept, self._now))

    @safe_in_dry_run
    async def _get(self, call: HostCall, argument: Any) -> str | None:
        of_user, key = _read(argument, tuple[bool, str])
        place = _Place(self, call, of_user, "get")
        found = await place.values.get(place.namespace, place.key(key))
        return None if found is None else encoded(found.value)

    @safe_in_dry_run
    async def _get_many(self, call: HostCall, argument: Any) -> list[list[str]]:
        of_user, keys = _read(argument, tuple[bool, Keys])
        place = _Place(self, call, of_user, "getMany")
        for key in keys:
            place.key(key)
        found: list[list[str]] = []
        size = 0
        # A few at a time: that much and no more is read beyond what may be given.
        for at in range(0, len(keys), _READ_AT_ONCE):
            some = keys[at : at + _READ_AT_ONCE]
            known = await place.values.get_many(place.namespace, some)
            texts = [[key, encoded(known[key].value)] for key in some if key in known]
            size += sum(len(text) for _, text in texts)
            if size > self.settings.max_value_bytes:
                raise answer_too_large(place.where, self.settings, size)
            found += texts
        return found

    @safe_in_dry_run
    async def _set(self, call: HostCall, argument: Any) -> None:
        of_user, key, text, ttl_s = _read(argument, tuple[bool, str, str, Number | None])
        place = _Place(self, call, of_user, "set")
        value = place.parsed(text)
        work = place.values.set(place.namespace, place.key(key), value, ttl_s, place.quota)
        await place.explained(work)

    @safe_in_dry_run
    async def _set_many(self, call: HostCall, argument: Any) -> None:
        of_user, texts, ttl_s = _read(argument, tuple[bool, Texts, Number | None])
        place = _Place(self, call, of_user, "setMany")
        values = {place.key(key): place.parsed(text, f"the value of {key!r}") for key, text in texts}
        await place.explained(place.values.set_many(place.namespace, values, ttl_s, place.quota))

    @safe_in_dry_run
    async def _delete(self, call: HostCall, argument: Any) -> bool:
        of_user, key = _read(argument, tuple[bool, str])
        place = _Place(self, call, of_user, "delete")
        return await place.values.delete(place.namespace, place.key(key))

    @safe_in_dry_run
    async def _list(self, call: HostCall, argument: Any) -> Mapping[str, Any]:
        of_user, prefix, after, limit, with_values = _read(argument, tuple[bool, str, str, Limit, bool])
        place = _Place(self, call, of_user, "list")
        keys = await place.values.keys(place.namespace, prefix, after, limit + 1)
        page = list(keys[:limit])
        if with_values:
            size = 0
            for count, one in enumerate(page):
                size += one.bytes
                if count and size > self.settings.max_value_bytes:
                    del page[count:]
                    break
        cursor = page[-1].key if page and len(keys) > len(page) else None
        names = [one.key for one in page]
        if not with_values:
            return {"keys": names, "values": None, "cursor": cursor}
        found = await place.values.get_many(place.namespace, names)
        names = [name for name in names if name in found]  # what was not deleted meanwhile
        text = ",".join(encoded(found[name].value) for name in names)
        return {"keys": names, "values": f"[{text}]", "cursor": cursor}

    @safe_in_dry_run
    async def _increment(self, call: HostCall, argument: Any) -> Number:
        of_user, key, by, ttl_s = _read(argument, tuple[bool, str, Number, Number | None])
        place = _Place(self, call, of_user, "increment")
        work = place.values.increment(place.namespace, place.key(key), by, ttl_s, place.quota)
        return await place.explained(work)

    @safe_in_dry_run
    async def _compare_and_set(self, call: HostCall, argument: Any) -> bool:
        shape = tuple[bool, str, str | None, str | None, Number | None]
        of_user, key, expected, text, ttl_s = _read(argument, shape)
        place = _Place(self, call, of_user, "compareAndSet")
        wanted = ABSENT if expected is None else place.parsed(expected, "expected")
        value = ABSENT if text is None else place.parsed(text)
        work = place.values.compare_and_set(
            place.namespace, place.key(key), wanted, value, ttl_s, place.quota
        )
        return await place.explained(work)


def _read(argument: Any, shape: Any) -> Any:
    """Give a call's argument. Raises TypeError for one that the piece `storage` does not make."""
    try:
        return msgspec.convert(argument, shape)
    except msgspec.ValidationError as error:
        raise TypeError(f"storage: {error}") from None
