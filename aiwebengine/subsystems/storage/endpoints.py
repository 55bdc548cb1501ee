"""The endpoints below ``/engine/storage``. Imports Klein: import it late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from klein import Klein
from msgspec import Meta

from aiwebengine.errors import HTTPProblem
from aiwebengine.interfaces import IExchange
from aiwebengine.repository.model import Usage
from aiwebengine.repository.texts import encoded
from aiwebengine.subsystems.management.callers import ADMIN, READ
from aiwebengine.subsystems.management.endpoints import Endpoints, number, refusal_noted
from aiwebengine.subsystems.management.mount import router
from aiwebengine.subsystems.management.operations import Operation, Operations, Parameter
from aiwebengine.subsystems.management.schemas import Shape
from aiwebengine.subsystems.management.shapes import answer_json, argument, narrowing, uri_of
from aiwebengine.subsystems.storage.namespaces import PREFIX, namespace_of, parts_of

__all__ = ["StorageEndpoints", "app", "operation"]

app = router()
operation = Operations(app)

_MOST = 1000
_LIMIT = Parameter("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": _MOST})
_AFTER = Parameter("after", "`next` of the page before.")
_USER = Parameter("user", "The id of a user: what is theirs in this script.")
Count = Annotated[int, Meta(ge=0)]


class StorageUsage(Shape):
    """What a script keeps, its users' included (``user`` null), or one user of it."""

    script: str
    user: str | None
    keys: Count
    bytes: Count


class StorageUsageList(Shape):
    """Who keeps how much; ``next`` is null on the last page."""

    namespaces: list[StorageUsage]
    next: str | None


class StorageKey(Shape):
    """A key; ``bytes`` are those of key and value, ``expires_at`` is ms since the epoch."""

    key: str
    bytes: Count
    expires_at: int | None


class StorageKeys(Shape):
    """Keys in order, or with ``key`` asked for its value."""

    script: str
    user: str | None
    keys: list[StorageKey] | None = None
    next: str | None = None
    key: str | None = None
    value: Any = None
    expires_at: int | None = None


class StorageEndpoints(Endpoints):
    """``/engine/storage``: what scripts keep, for operators."""

    app: ClassVar[Klein] = app
    operations: ClassVar[Sequence[Operation]] = operation.all

    @operation(
        "GET",
        "/engine/storage",
        role=READ,
        answers={200: StorageUsageList},
        parameters=(Parameter("script", "This script and its users."), _LIMIT, _AFTER),
        errors=(400, 503),
    )
    async def list_storage(self, request: Any) -> None:
        """How many keys and bytes scripts keep, by script and user.

        Scripts that were deleted are among them: what they keep stays. What has expired counts until it is
        removed, a minute later at most.
        """
        limit, after, script = _limit(request), argument(request, "after"), argument(request, "script")
        values = self._services.repository.key_values
        found: list[Usage] = []
        prefix = PREFIX
        if script:
            prefix = namespace_of(script) + "#"
            own = await values.usage_of(namespace_of(script))
            found = [own] if own.keys and not after else []
        found += await values.usage(prefix, after, limit + 1 - len(found))
        more = found[limit - 1].namespace if len(found) > limit else None
        shown = [dict(_owner(one.namespace), keys=one.keys, bytes=one.bytes) for one in found[:limit]]
        answer_json(request, {"namespaces": shown, "next": more})

    @operation(
        "GET",
        "/engine/storage/<path:raw>",
        role=ADMIN,
        answers={200: StorageKeys},
        parameters=(
            _USER,
            Parameter("key", "Give this key's value instead."),
            Parameter("prefix", "Keys that begin so."),
            _LIMIT,
            _AFTER,
        ),
        errors=(400, 404, 503),
    )
    async def read_storage(self, request: Any, raw: str) -> None:
        """A script's keys, or the value of one."""
        namespace = _namespace(request, raw)
        values = self._services.repository.key_values
        key, limit = narrowing(request, "key"), _limit(request)
        if key:
            found = await values.get(namespace, key)
            if found is None:
                raise HTTPProblem(404, "NOT_FOUND", f"There is no key {key[:100]!r}.")
            # Not by msgspec: a text may hold half a surrogate pair.
            shown = dict(_owner(namespace), key=key, value=found.value, expires_at=found.expires_at)
            headers = [(b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store")]
            IExchange(request).answer(200, headers, encoded(shown).encode("ascii"))
            return
        keys = await values.keys(
            namespace, argument(request, "prefix"), argument(request, "after"), limit + 1
        )
        more = keys[limit - 1].key if len(keys) > limit else None
        listed = [{"key": one.key, "bytes": one.bytes, "expires_at": one.expires_at} for one in keys[:limit]]
        answer_json(request, dict(_owner(namespace), keys=listed, next=more))

    @operation(
        "DELETE",
        "/engine/storage/<path:raw>",
        role=ADMIN,
        answers={204: None},
        parameters=(_USER, Parameter("key", "Only this key.")),
        errors=(400, 404, 503),
        refused=refusal_noted("storage delete"),
    )
    async def delete_storage(self, request: Any, raw: str) -> None:
        """Delete a key, all keys of a user, or all that a script and its users keep."""
        namespace, key = _namespace(request, raw), narrowing(request, "key")
        values = self._services.repository.key_values
        if key:
            removed = int(await values.delete(namespace, key))
        else:
            removed = await values.clear(namespace)
            for user in [] if argument(request, "user") else await self._users(namespace):
                removed += await values.clear(user)
        if not removed:
            raise HTTPProblem(404, "NOT_FOUND", "There is nothing to delete.")
        script, user_ = parts_of(namespace)
        details = {"user": user_ or "", "key": key[:100], "keys": removed}
        await self._note_durably(request, "storage delete", script, **details)
        IExchange(request).answer(204, [], b"")

    async def _users(self, namespace: str) -> Sequence[str]:
        found: list[str] = []
        while True:
            page = await self._services.repository.key_values.usage(
                f"{namespace}#", found[-1] if found else "", _MOST
            )
            found += [one.namespace for one in page]
            if len(page) < _MOST:
                return found


def _namespace(request: Any, raw: str) -> str:
    return namespace_of(uri_of(raw), narrowing(request, "user") or None)


def _owner(namespace: str) -> dict[str, Any]:
    script, user = parts_of(namespace)
    return {"script": script, "user": user}


def _limit(request: Any) -> int:
    limit = number(argument(request, "limit", "100"), "limit")
    return max(1, min(limit, _MOST))
