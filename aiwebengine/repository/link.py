"""What the stores ask of a database: one connection's statements, and work done with a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

__all__ = ["TOPICS", "Calls", "Database", "Link", "Row"]

T = TypeVar("T")
Row = tuple[Any, ...]

#: What other processes are told of: changed scripts, appended log entries; each has a row in ``revisions``.
TOPICS = ("scripts", "logs")


class Link(Protocol):
    """
    One connection. Statements are SQL that SQLite and PostgreSQL both understand, with ``?`` for values.

    A ``%`` is not to be written in a statement.
    """

    locking: str
    """What a SELECT ends with to keep others from changing the row: `` FOR UPDATE``, or nothing."""

    like: str
    """The operator that finds a pattern whatever the case of (at least ASCII) letters."""

    def all(self, statement: str, *values: Any) -> list[Row]:
        """Give every row."""

    def one(self, statement: str, *values: Any) -> Row | None:
        """Give the first row, None without one."""

    def each(self, statement: str, *values: Any) -> Iterator[Row]:
        """Give row after row, without keeping them all; inside a transaction only."""

    def run(self, statement: str, *values: Any) -> int:
        """Make a change and give how many rows it was made to."""

    def many(self, statement: str, rows: Iterable[Row]) -> None:
        """Make a change once per row of values."""

    def lock(self, name: str) -> None:
        """Wait until no other transaction has the lock of this name, and have it until this one's end."""

    def tell(self, topic: str) -> None:
        """Tell other processes of news (`TOPICS`), when (and if) this transaction is committed."""

    def pack(self, source: str) -> Any:
        """Give the form in which a text that may hold NUL is stored."""

    def unpack(self, stored: Any) -> str:
        """Give back what was packed."""


class Database(Protocol):
    """A database; every method blocks, and may be called from several threads."""

    url: str
    """Fit to be shown."""

    backend: str
    """``sqlite`` or ``postgresql``."""

    def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, which only reads."""

    def write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, done in one transaction; durable when this returns."""

    def snapshot(self) -> AbstractContextManager[Link]:
        """Give a link that sees the database as it was at one moment, however long it is used."""

    def schema(self) -> tuple[int, int]:
        """Give the number of the schema found and of the newest; makes and changes nothing."""

    def facts(self) -> Mapping[str, object]:
        """Give what the health check shows besides its own."""

    def hurry(self, seconds: float) -> None:
        """Give calls that wait for a silent server no more than so many seconds."""

    def close(self) -> None:
        """Close every connection."""


class Calls(Protocol):
    """A database whose work is done off the reactor thread."""

    async def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, which only reads."""

    async def write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, done in one transaction; durable when this returns."""
