"""One PostgreSQL connection's statements, written as for SQLite."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import psycopg

from aiwebengine.repository.link import TOPICS, Row

__all__ = ["CHANNELS", "PostgreSQLLink", "lock_number"]

#: By topic where news are told; the payload is the ``origin`` of who tells them.
CHANNELS = {topic: f"aiwebengine_{topic}" for topic in TOPICS}

_FETCHED_AT_ONCE = 500


class PostgreSQLLink:
    """See `Link`; ``origin`` names this process to others, ``renew`` is called before each statement."""

    locking = " FOR UPDATE"
    like = "ILIKE"

    def __init__(
        self, connection: psycopg.Connection, origin: str, renew: Callable[[], None] = lambda: None
    ) -> None:
        self._connection = connection
        self._origin = origin
        self._renew = renew

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Give every row."""
        return self._execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> Row | None:
        """Give the first row, None without one."""
        return self._execute(statement, values).fetchone()

    def each(self, statement: str, *values: Any) -> Iterator[Row]:
        """Give row after row, fetched some hundred at a time; inside a transaction only."""
        with self._connection.cursor(name="each") as cursor:
            cursor.itersize = _FETCHED_AT_ONCE
            cursor.execute(_translated(statement), values)
            yield from cursor

    def run(self, statement: str, *values: Any) -> int:
        """Make a change and give how many rows it was made to."""
        return self._execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Row]) -> None:
        """Make a change once per row of values."""
        self._renew()
        with self._connection.cursor() as cursor:
            cursor.executemany(_translated(statement), rows)

    def lock(self, name: str) -> None:
        """Wait until no other transaction has the lock of this name, and have it until this one's end."""
        self._execute("SELECT pg_advisory_xact_lock(?)", (lock_number(name),))

    def tell(self, topic: str) -> None:
        """Tell other processes of news, when (and if) this transaction is committed."""
        self._execute("SELECT pg_notify(?, ?)", (CHANNELS[topic], self._origin))

    def _execute(self, statement: str, values: Row) -> psycopg.Cursor:
        self._renew()
        return self._connection.execute(_translated(statement), values)

    def pack(self, source: str) -> bytes:
        """Give UTF-8, as texts cannot hold NUL here."""
        return source.encode("utf-8")

    def unpack(self, stored: Any) -> str:
        """Give the text of stored UTF-8."""
        return bytes(stored).decode("utf-8")


def lock_number(name: str) -> int:
    """Give the number of an advisory lock of ours."""
    return int.from_bytes(hashlib.sha256(f"aiwebengine {name}".encode()).digest()[:8], "big", signed=True)


@lru_cache(maxsize=512)
def _translated(statement: str) -> str:
    # Statements are written by this package; values are never part of them.
    return statement.replace("?", "%s")
