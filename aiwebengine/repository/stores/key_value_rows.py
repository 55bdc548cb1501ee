"""The statements by which keys and their values are read and changed; times are ms since the epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiwebengine.repository.errors import NotANumber
from aiwebengine.repository.link import Link, Row
from aiwebengine.repository.model import ABSENT, KeyValue, Quota, StoredKey
from aiwebengine.repository.stores.key_value_usage import account, size_of
from aiwebengine.repository.texts import encoded, prefix_end, same, sum_of

__all__ = [
    "add",
    "compare",
    "keys_listed",
    "listed",
    "put",
    "remove",
    "remove_some",
    "set_value",
    "values",
]

_ALIVE = "(expires_at IS NULL OR expires_at > ?)"
_ASKED_AT_ONCE = 100


def values(link: Link, namespace: str, keys: Sequence[str], moment: int) -> Mapping[str, KeyValue]:
    """Give the values there are, by key."""
    found = {}
    for at in range(0, len(keys), _ASKED_AT_ONCE):
        some = keys[at : at + _ASKED_AT_ONCE]
        marks = ", ".join("?" * len(some))
        for name, value, expires_at in link.all(
            "SELECT name, value, expires_at FROM key_values"  # noqa: S608
            f" WHERE namespace = ? AND {_ALIVE} AND name IN ({marks})",
            namespace,
            moment,
            *some,
        ):
            found[name] = KeyValue(name, json.loads(value), expires_at)
    return found


def listed(
    link: Link, namespace: str, prefix: str, after: str, limit: int, moment: int
) -> Sequence[KeyValue]:
    """Give values in the order of their keys."""
    rows = _chosen(link, "name, value, expires_at", namespace, prefix, after, limit, moment)
    return [KeyValue(name, json.loads(value), expires_at) for name, value, expires_at in rows]


def keys_listed(
    link: Link, namespace: str, prefix: str, after: str, limit: int, moment: int
) -> Sequence[StoredKey]:
    """Give keys in order."""
    rows = _chosen(link, "name, length(value), expires_at", namespace, prefix, after, limit, moment)
    return [StoredKey(name, len(name.encode("utf-8")) + size, until) for name, size, until in rows]


def put(
    link: Link, namespace: str, texts: Mapping[str, str], expires_at: int | None, quota: Quota | None
) -> None:
    """Store JSON texts under their keys."""
    keys = size = 0
    for key in sorted(texts):
        held = _Held(link, namespace, key)
        set_value(link, namespace, key, texts[key], expires_at)
        keys += held.is_new
        size += size_of(key, texts[key]) - held.size
    account(link, {namespace: (keys, size)}, quota)


def set_value(link: Link, namespace: str, key: str, value: str, expires_at: int | None) -> None:
    """Store JSON text under a key, without counting it (see `key_value_usage.recount`)."""
    link.run(
        "INSERT INTO key_values (namespace, name, value, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (namespace, name) DO UPDATE"
        " SET value = excluded.value, expires_at = excluded.expires_at",
        namespace,
        key,
        value,
        expires_at,
    )


def remove(link: Link, namespace: str, key: str, moment: int) -> bool:
    """Remove a key; tell whether it was there and had not expired."""
    row = link.one(
        "SELECT length(value), expires_at FROM key_values WHERE namespace = ? AND name = ?" + link.locking,  # noqa: S608
        namespace,
        key,
    )
    if row is None:
        return False
    _delete(link, namespace, key)
    account(link, {namespace: (-1, -len(key.encode("utf-8")) - row[0])})
    return row[1] is None or row[1] > moment


def remove_some(
    link: Link,
    limit: int,
    *,
    expired_at: int | None = None,
    namespace: str | None = None,
    owner: str | None = None,
) -> int:
    """
    Remove at most ``limit`` keys and give how many were.

    Those that have expired by ``expired_at``, those of a ``namespace``, those counted to an ``owner``.
    """
    conditions: list[str] = []
    wanted: list[int | str | None] = []
    for condition, given in (
        ("namespace = ?", [namespace]),
        ("(namespace = ? OR (namespace > ? AND namespace < ?))", _counted_to(owner)),
    ):
        if given[0] is not None:
            conditions.append(condition)
            wanted += given
    if expired_at is not None:
        # By their times: in the order of keys, in which they are removed, all there are would be looked at.
        expired = " AND ".join(["expires_at <= ?", *conditions])
        first = f"SELECT namespace, name FROM key_values WHERE {expired} ORDER BY expires_at LIMIT ?"  # noqa: S608
        conditions = ["expires_at <= ?", f"(namespace, name) IN ({first})"]
        wanted = [expired_at, expired_at, *wanted, limit]
    rows = link.all(
        "SELECT namespace, name, length(value) FROM key_values"  # noqa: S608
        f" WHERE {' AND '.join(conditions)} ORDER BY namespace, name LIMIT ?{link.locking}",
        *wanted,
        limit,
    )
    changes: dict[str, tuple[int, int]] = {}
    for space, key, length in rows:
        keys, size = changes.get(space, (0, 0))
        changes[space] = keys - 1, size - len(key.encode("utf-8")) - length
    link.many("DELETE FROM key_values WHERE namespace = ? AND name = ?", [row[:2] for row in rows])
    account(link, changes)
    return len(rows)


def add(
    link: Link,
    namespace: str,
    key: str,
    by: int | float,
    moment: int,
    until: int | None,
    quota: Quota | None,
) -> int | float:
    """Add to a number and give the sum. Raises `NotANumber`, ValueError for a sum that is no number."""
    held = _Held(link, namespace, key)
    present, expires_at = held.value(moment), held.expires_at
    if present is ABSENT:
        present, expires_at = 0, until
    if isinstance(present, bool) or not isinstance(present, int | float):
        raise NotANumber(namespace, key)
    total = sum_of(present, by)
    held.replace(encoded(total), expires_at, quota)
    return total


def compare(
    link: Link,
    namespace: str,
    key: str,
    expected: Any,
    new: str | None,
    moment: int,
    until: int | None,
    quota: Quota | None,
) -> bool:
    """Put ``new`` (None: nothing) in the place of a value that is as expected; tell whether it was."""
    held = _Held(link, namespace, key)
    present = held.value(moment)
    absent = present is ABSENT or expected is ABSENT
    matches = present is expected if absent else same(present, expected)
    if matches:
        held.replace(new, until, quota)
    elif held.is_new:
        _delete(link, namespace, key)
    return matches


class _Held:
    """A key's row, which nobody else can change until the transaction's end; made if there is none."""

    def __init__(self, link: Link, namespace: str, key: str) -> None:
        self._link, self._namespace, self._key = link, namespace, key
        self.is_new = False
        # A key without a row gets one (for no value, the text ""), as there is no locking what is not there.
        row = None
        while row is None:
            self.is_new = bool(
                link.run(
                    "INSERT INTO key_values (namespace, name, value, expires_at) VALUES (?, ?, '', 0)"
                    " ON CONFLICT (namespace, name) DO NOTHING",
                    namespace,
                    key,
                )
            )
            row = link.one(
                "SELECT value, expires_at FROM key_values WHERE namespace = ? AND name = ?" + link.locking,  # noqa: S608
                namespace,
                key,
            )
        self._text, self.expires_at = row

    @property
    def size(self) -> int:
        """The bytes that it is counted with so far."""
        return 0 if self.is_new else size_of(self._key, self._text)

    def value(self, moment: int) -> Any:
        """Give its value, ABSENT without one."""
        if self.expires_at is not None and self.expires_at <= moment:
            return ABSENT
        return json.loads(self._text)

    def replace(self, text: str | None, expires_at: int | None, quota: Quota | None) -> None:
        """Store JSON text in it, or remove it, and count that."""
        if text is None:
            _delete(self._link, self._namespace, self._key)
            change = (self.is_new - 1, -self.size)
        else:
            set_value(self._link, self._namespace, self._key, text, expires_at)
            change = (int(self.is_new), size_of(self._key, text) - self.size)
        account(self._link, {self._namespace: change}, quota)


def _delete(link: Link, namespace: str, key: str) -> None:
    link.run("DELETE FROM key_values WHERE namespace = ? AND name = ?", namespace, key)


def _counted_to(owner: str | None) -> list[str | None]:
    return [owner, f"{owner}#", prefix_end(f"{owner}#")] if owner is not None else [None]


def _chosen(
    link: Link, columns: str, namespace: str, prefix: str, after: str, limit: int, moment: int
) -> list[Row]:
    end = prefix_end(prefix)
    bound, given = ("", []) if end is None else (" AND name < ?", [end])
    return link.all(
        f"SELECT {columns} FROM key_values WHERE namespace = ? AND name >= ? AND name > ?"  # noqa: S608
        f"{bound} AND {_ALIVE} ORDER BY name LIMIT ?",
        namespace,
        prefix,
        after,
        *given,
        moment,
        limit,
    )
