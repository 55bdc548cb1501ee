"""How much each namespace of keys holds, kept up to date within the transactions that change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiwebengine.repository.errors import QuotaExceeded
from aiwebengine.repository.link import Link
from aiwebengine.repository.model import Quota, Usage
from aiwebengine.repository.texts import prefix_end

__all__ = ["account", "owner_of", "recount", "refuse_over", "size_of", "usage_listed", "usage_of"]

Change = tuple[int, int]
"""Keys and bytes that came (or went, if negative)."""


def owner_of(namespace: str) -> str:
    """Give the namespace that this one is counted to: ``a`` for ``a#b``, itself for others."""
    return namespace.partition("#")[0]


def size_of(key: str, text: str) -> int:
    """Give the bytes that a key with its value (ASCII JSON text) is counted with."""
    return len(key.encode("utf-8")) + len(text)


def account(link: Link, changes: Mapping[str, Change], quota: Quota | None = None) -> None:
    """Count changes, by namespace. Raises `QuotaExceeded` where one makes its owner hold too much."""
    parts: dict[str, Change] = {}
    owners: dict[str, Change] = {}
    for namespace, change in changes.items():
        owner = owner_of(namespace)
        if namespace != owner:
            parts[namespace] = _sum(parts.get(namespace), change)
        owners[owner] = _sum(owners.get(owner), change)
    # Always in this order, after the keys: transactions that wait for each other's rows would never end.
    for changed in (parts, owners):
        for namespace in sorted(changed):
            _add(link, namespace, *changed[namespace])
    if quota is not None:
        for owner, (keys, size) in owners.items():
            refuse_over(quota, usage_of(link, owner), keys, size)


def refuse_over(quota: Quota, usage: Usage, keys: int, size: int) -> None:
    """Raise `QuotaExceeded` when a ``usage`` to which ``keys`` and ``size`` were added is over the quota."""
    if keys > 0 and usage.keys > quota.max_keys:
        raise QuotaExceeded(usage.namespace, "keys", quota.max_keys, usage.keys)
    if size > 0 and usage.bytes > quota.max_bytes:
        raise QuotaExceeded(usage.namespace, "bytes", quota.max_bytes, usage.bytes)


def usage_of(link: Link, namespace: str) -> Usage:
    """Give what a namespace holds."""
    row = link.one("SELECT key_count, byte_count FROM key_value_usage WHERE namespace = ?", namespace)
    return Usage(namespace, *(row or (0, 0)))


def usage_listed(link: Link, prefix: str, after: str, limit: int) -> Sequence[Usage]:
    """Give, by name, at most ``limit`` namespaces with that ``prefix`` beyond ``after``."""
    end = prefix_end(prefix)
    bound, values = ("", []) if end is None else (" AND namespace < ?", [end])
    rows = link.all(
        "SELECT namespace, key_count, byte_count FROM key_value_usage"  # noqa: S608
        f" WHERE namespace >= ? AND namespace > ?{bound} ORDER BY namespace LIMIT ?",
        prefix,
        after,
        *values,
        limit,
    )
    return [Usage(*row) for row in rows]


def recount(link: Link) -> None:
    """Count all keys anew, after changes that were not counted."""
    link.run("DELETE FROM key_value_usage")
    changes: dict[str, Change] = {}
    for namespace, key, length in link.each("SELECT namespace, name, length(value) FROM key_values"):
        changes[namespace] = _sum(changes.get(namespace), (1, len(key.encode("utf-8")) + length))
    account(link, changes)


def _sum(one: Change | None, other: Change) -> Change:
    return other if one is None else (one[0] + other[0], one[1] + other[1])


def _add(link: Link, namespace: str, keys: int, size: int) -> None:
    if not keys and not size:
        return
    link.run(
        "INSERT INTO key_value_usage (namespace, key_count, byte_count) VALUES (?, ?, ?)"
        " ON CONFLICT (namespace) DO UPDATE SET"
        " key_count = key_value_usage.key_count + excluded.key_count,"
        " byte_count = key_value_usage.byte_count + excluded.byte_count",
        namespace,
        keys,
        size,
    )
    if keys < 0:
        link.run("DELETE FROM key_value_usage WHERE namespace = ? AND key_count <= 0", namespace)
