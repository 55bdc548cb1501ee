"""Keys with JSON values, by namespace, in a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from zope.interface import implementer

from aiwebengine.interfaces import IKeyValueRepository
from aiwebengine.repository.errors import NotANumber
from aiwebengine.repository.link import Calls, Link
from aiwebengine.repository.model import ABSENT, KeyValue
from aiwebengine.repository.texts import check_name, cleaned, encoded, prefix_end, same

__all__ = ["MOST_KEY_BYTES", "MOST_NAMESPACE_BYTES", "DatabaseKeyValues", "check_key", "expiry", "set_value"]

MOST_KEY_BYTES = 1024
MOST_NAMESPACE_BYTES = 512
_ALIVE = "(expires_at IS NULL OR expires_at > ?)"


@implementer(IKeyValueRepository)
class DatabaseKeyValues:
    """See `IKeyValueRepository`; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def get(self, namespace: str, key: str) -> KeyValue | None:
        """Give a key's value, None when there is none or it has expired."""
        return await self._calls.read(_get, cleaned(namespace), cleaned(key), self._moment())

    async def set(self, namespace: str, key: str, value: Any, ttl_s: float | None = None) -> None:
        """Set a value, for ``ttl_s`` seconds or for good."""
        check_key(namespace, key)
        until = expiry(self._moment(), ttl_s)
        await self._calls.write(set_value, namespace, key, encoded(value), until)

    async def delete(self, namespace: str, key: str) -> bool:
        """Forget a key; tell whether it was there."""
        return await self._calls.write(_delete, cleaned(namespace), cleaned(key), self._moment())

    async def list(
        self, namespace: str, prefix: str = "", after: str = "", limit: int = 100
    ) -> Sequence[KeyValue]:
        """Give, by key, at most ``limit`` values with that ``prefix`` beyond ``after``."""
        return await self._calls.read(
            _list, cleaned(namespace), cleaned(prefix), cleaned(after), limit, self._moment()
        )

    async def increment(
        self, namespace: str, key: str, by: int | float = 1, ttl_s: float | None = None
    ) -> int | float:
        """Add to a number (0 when there is none) and give the sum. Raises `NotANumber`."""
        check_key(namespace, key)
        moment = self._moment()
        return await self._calls.write(_increment, namespace, key, by, moment, expiry(moment, ttl_s))

    async def compare_and_set(
        self, namespace: str, key: str, expected: Any, value: Any, ttl_s: float | None = None
    ) -> bool:
        """Set a value if the present one is ``expected``; tell whether it was."""
        check_key(namespace, key)
        moment = self._moment()
        new = None if value is ABSENT else encoded(value)
        return await self._calls.write(_compare, namespace, key, expected, new, moment, expiry(moment, ttl_s))

    async def prune(self) -> int:
        """Remove what has expired; give how much that was."""
        return await self._calls.write(
            lambda link, moment: link.run("DELETE FROM key_values WHERE expires_at <= ?", moment),
            self._moment(),
        )

    def _moment(self) -> int:
        return int(self._now() * 1000)


def check_key(namespace: str, key: str) -> None:
    """Raise ValueError for a namespace or a key that cannot be stored."""
    check_name("a namespace", namespace, MOST_NAMESPACE_BYTES, empty=True)
    check_name("a key", key, MOST_KEY_BYTES)


def expiry(moment: int, ttl_s: float | None) -> int | None:
    """Give the time (ms) at which a value of that age expires. Raises ValueError for an age that is none."""
    if ttl_s is None:
        return None
    if not 0 < ttl_s < 1e11:
        raise ValueError(f"a time to live must be a positive number of seconds, not {ttl_s!r}")
    return moment + max(1, int(ttl_s * 1000))


def set_value(link: Link, namespace: str, key: str, value: str, expires_at: int | None) -> None:
    """Store JSON text under a key."""
    link.run(
        "INSERT INTO key_values (namespace, name, value, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (namespace, name) DO UPDATE"
        " SET value = excluded.value, expires_at = excluded.expires_at",
        namespace,
        key,
        value,
        expires_at,
    )


def _get(link: Link, namespace: str, key: str, moment: int) -> KeyValue | None:
    row = link.one(
        f"SELECT value, expires_at FROM key_values WHERE namespace = ? AND name = ? AND {_ALIVE}",  # noqa: S608
        namespace,
        key,
        moment,
    )
    return None if row is None else KeyValue(key, json.loads(row[0]), row[1])


def _delete(link: Link, namespace: str, key: str, moment: int) -> bool:
    statement = f"DELETE FROM key_values WHERE namespace = ? AND name = ? AND {_ALIVE}"  # noqa: S608
    return link.run(statement, namespace, key, moment) > 0


def _list(link: Link, namespace: str, prefix: str, after: str, limit: int, moment: int) -> Sequence[KeyValue]:
    end = prefix_end(prefix)
    bound, values = ("", []) if end is None else (" AND name < ?", [end])
    rows = link.all(
        "SELECT name, value, expires_at FROM key_values WHERE namespace = ? AND name >= ? AND name > ?"  # noqa: S608
        f"{bound} AND {_ALIVE} ORDER BY name LIMIT ?",
        namespace,
        prefix,
        after,
        *values,
        moment,
        limit,
    )
    return [KeyValue(name, json.loads(value), expires_at) for name, value, expires_at in rows]


def _increment(
    link: Link, namespace: str, key: str, by: int | float, moment: int, until: int | None
) -> int | float:
    present, expires_at = _held(link, namespace, key, moment)
    if present is ABSENT:
        present, expires_at = 0, until
    if isinstance(present, bool) or not isinstance(present, int | float):
        raise NotANumber(namespace, key)
    total = present + by
    set_value(link, namespace, key, encoded(total), expires_at)
    return total


def _compare(
    link: Link, namespace: str, key: str, expected: Any, new: str | None, moment: int, until: int | None
) -> bool:
    present, _ = _held(link, namespace, key, moment)
    if present is ABSENT or expected is ABSENT:
        if present is not expected:
            _let_go(link, namespace, key, present)
            return False
    elif not same(present, expected):
        return False
    if new is None:
        link.run("DELETE FROM key_values WHERE namespace = ? AND name = ?", namespace, key)
    else:
        set_value(link, namespace, key, new, until)
    return True


def _held(link: Link, namespace: str, key: str, moment: int) -> tuple[Any, int | None]:
    """Give value and expiry of a key, whose row nobody else can change until the transaction's end."""
    # A key without a row gets one (for no value, the text ""), as there is no locking what is not there.
    row = None
    while row is None:
        link.run(
            "INSERT INTO key_values (namespace, name, value, expires_at) VALUES (?, ?, '', 0)"
            " ON CONFLICT (namespace, name) DO NOTHING",
            namespace,
            key,
        )
        row = link.one(
            "SELECT value, expires_at FROM key_values WHERE namespace = ? AND name = ?" + link.locking,  # noqa: S608
            namespace,
            key,
        )
    value, expires_at = row
    if expires_at is not None and expires_at <= moment:
        return ABSENT, None
    return json.loads(value), expires_at


def _let_go(link: Link, namespace: str, key: str, present: Any) -> None:
    """Remove the row made by `_held`, when nothing was put into it."""
    if present is ABSENT:
        link.run("DELETE FROM key_values WHERE namespace = ? AND name = ?", namespace, key)
