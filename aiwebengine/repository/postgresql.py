"""A PostgreSQL database through a pool of connections (psycopg 3); comes back by itself after an outage."""

from __future__ import annotations

import logging
import math
import select
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

import psycopg
from psycopg import conninfo
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout
from twisted.logger import Logger

from aiwebengine.repository.deadlines import Deadlines, Limit
from aiwebengine.repository.errors import RepositoryUnavailable, RepositoryUnusable
from aiwebengine.repository.link import Link
from aiwebengine.repository.postgresql_link import PostgreSQLLink
from aiwebengine.repository.postgresql_schema import found_version, migrate
from aiwebengine.repository.schema import migrations

__all__ = ["PostgreSQLDatabase"]

T = TypeVar("T")

_CONNECT_TIMEOUT_S = 5
# A server that is only slow is to give up by itself first, which leaves the connection usable.
_GRACE = 1.1
# An idle connection learns within half a minute that the network is gone.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
# The pool gives up soon, since every call tries to connect anew.
_RECONNECT_S = 1.0
_LOOK_S = 0.5
_CLOSING_S = 1.0

_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed)
# What the server says when it is there, but something took too long.
_TOO_LATE = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.IdleInTransactionSessionTimeout,
)


class PostgreSQLDatabase:
    """
    A `Database` on a PostgreSQL server, in a schema named ``aiwebengine`` of its own.

    ``url`` is what libpq takes; ``shown`` the same without a password. ``wait_s`` is how long a call waits
    for a connection, ``call_timeout_s`` how long a statement may take: then the server cancels it, or, if it
    does not even do that, it counts as away. While the server is away every call raises
    `RepositoryUnavailable` soon, and the first call after it is back works. Every method may also raise
    `RepositoryUnusable`; so does the constructor for a URL that cannot be read.
    """

    backend = "postgresql"
    _log = Logger()

    def __init__(
        self,
        url: str,
        *,
        shown: str,
        pool_size: int = 10,
        auto_migrate: bool = True,
        wait_s: float = 5.0,
        call_timeout_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = shown
        #: By which other processes tell our changes from theirs.
        self.origin = uuid.uuid4().hex
        try:
            self._parameters: dict[str, Any] = dict(conninfo.conninfo_to_dict(url))
        except psycopg.Error:
            # libpq's words may quote a part of the password.
            raise RepositoryUnusable(
                shown,
                "not a URL of PostgreSQL: postgresql://user:password@host:port/database; special characters "
                "in the password must be percent-encoded",
            ) from None
        connect_timeout_s = min(_CONNECT_TIMEOUT_S, math.ceil(call_timeout_s))
        self._parameters.setdefault("connect_timeout", connect_timeout_s)
        self._parameters.setdefault("application_name", "aiwebengine")
        milliseconds = int(call_timeout_s * 1000)
        for name, value in {**_KEEPALIVES, "tcp_user_timeout": milliseconds}.items():
            self._parameters.setdefault(name, value)
        # An engine that stops amid a transaction must not keep the others from theirs: it loses it before
        # those that wait for it have waited too long.
        idle = max(1, milliseconds // 2)
        self._settings = (
            f"SET search_path TO aiwebengine; SET statement_timeout = {milliseconds};"
            f" SET idle_in_transaction_session_timeout = {idle}"
        )
        self._deadlines = Deadlines(call_timeout_s * _GRACE, clock)
        self._pool_size = pool_size
        self._auto_migrate = auto_migrate
        self._wait_s = wait_s
        self._clock = clock
        self._opening = Lock()
        self._probing = Lock()
        self._pool: ConnectionPool[psycopg.Connection] | None = None
        self._away_since: float | None = None
        self._doubt = False
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # we say it ourselves, once

    def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, which only reads."""
        with self._connection() as (connection, limit):
            return work(PostgreSQLLink(connection, self.origin, limit.renew), *arguments)

    def write(self, work: Callable[..., T], *arguments: Any) -> T:
        """Give ``work(link, *arguments)``, done in one transaction; durable when this returns."""
        saving = False
        try:
            with self._connection() as (connection, limit), connection.transaction():
                result = work(PostgreSQLLink(connection, self.origin, limit.renew), *arguments)
                limit.renew()
                saving = True
            return result
        except RepositoryUnavailable as error:
            if saving:
                self._doubt = error.unknown = True
                error.reason += "; it broke while saving, so whether the change was saved is not known"
            raise

    @contextmanager
    def snapshot(self) -> Iterator[Link]:
        """Give a link that sees the database as it was at one moment, however long it is used."""
        with self._connection() as (connection, limit), connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute("SET LOCAL statement_timeout = 0")
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            limit.lift()
            yield PostgreSQLLink(connection, self.origin)

    def schema(self) -> tuple[int, int]:
        """Give the number of the schema found (0 when there is none) and of the newest."""
        with self._explained(), self.connect() as connection:
            return found_version(connection, self.url), len(migrations("postgresql"))

    def facts(self) -> Mapping[str, object]:
        """Give how many connections the pool has, and how many calls wait for one."""
        counts = self._pool.get_stats() if self._pool else {}
        return {
            "connections": counts.get("pool_size", 0),
            "connections_free": counts.get("pool_available", 0),
            "calls_waiting": counts.get("requests_waiting", 0),
        }

    def hurry(self, seconds: float) -> None:
        """Give calls that are under way no more than so many seconds."""
        self._deadlines.hurry(seconds)

    def take_doubt(self) -> bool:
        """Tell once, when the server answers again, that it is not known whether a change was saved."""
        doubt = self._doubt and self._away_since is None
        if doubt:
            self._doubt = False
        return doubt

    def close(self) -> None:
        """Close every connection."""
        with self._opening:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close(timeout=_CLOSING_S)
        self._deadlines.stop()

    def connect(self) -> psycopg.Connection:
        """Give a new connection outside the pool. Raises `psycopg.Error`."""
        connection = psycopg.connect(**self._parameters, autocommit=True)
        try:
            self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: psycopg.Connection) -> None:
        with self._deadlines.over(connection.fileno()):
            connection.execute(self._settings)

    def _check(self, connection: psycopg.Connection) -> None:
        """Raise an error for a connection that broke while nobody used it; no round trip to the server."""
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        if poll.poll(0):
            with self._deadlines.over(connection.fileno()):
                ConnectionPool.check_connection(connection)

    @contextmanager
    def _connection(self) -> Iterator[tuple[psycopg.Connection, Limit]]:
        with self._explained():
            if self._away_since is not None:
                self._probe()
            pool = self._pool or self._open()
            connection = self._taken(pool)
            try:
                with self._deadlines.over(connection.fileno()) as limit:
                    try:
                        yield connection, limit
                    except psycopg.Error as error:
                        if limit.expired:
                            self._abandon(pool)
                            text = f"no answer within {self._deadlines.seconds:g} s"
                            raise psycopg.OperationalError(text) from error
                        raise
            finally:
                pool.putconn(connection)

    def _abandon(self, pool: ConnectionPool[psycopg.Connection]) -> None:
        """Give up a pool whose server fell silent: its other connections would have to be waited for too."""
        with self._opening:
            if self._pool is not pool:
                return
            self._pool = None
        pool.close(timeout=0)

    def _taken(self, pool: ConnectionPool[psycopg.Connection]) -> psycopg.Connection:
        """Wait for a connection, but no longer than it takes to find out that there is no server."""
        deadline = self._clock() + self._wait_s
        while True:
            try:
                return pool.getconn(timeout=_LOOK_S)
            except PoolTimeout:
                self.connect().close()
                if self._clock() > deadline:
                    raise

    def _open(self) -> ConnectionPool[psycopg.Connection]:
        with self._opening:
            if self._pool is None:
                if self._away_since is not None:
                    # Found out while we waited for our turn.
                    raise RepositoryUnavailable(self.url, "the server does not answer; being tried again")
                self._migrate()
                self._pool = ConnectionPool(
                    kwargs={**self._parameters, "autocommit": True},
                    min_size=1,
                    max_size=self._pool_size,
                    open=True,
                    configure=self._configure,
                    check=self._check,
                    timeout=self._wait_s,
                    reconnect_timeout=_RECONNECT_S,
                    name="repository",
                )
            return self._pool

    def _migrate(self) -> None:
        steps = migrations("postgresql")
        with self.connect() as connection, self._deadlines.over(connection.fileno()) as limit:
            if found_version(connection, self.url) != len(steps):
                # It takes as long as it takes, also for another engine that began before.
                limit.lift()
                connection.execute("SET statement_timeout = 0")
                connection.execute("SET idle_in_transaction_session_timeout = 0")
                migrate(connection, self.url, steps, automatic=self._auto_migrate)

    def _probe(self) -> None:
        """See whether the server is back; one call tries, others fail at once."""
        since = self._away_since
        if not self._probing.acquire(blocking=False):
            raise RepositoryUnavailable(self.url, "the server does not answer; being tried again")
        try:
            if self._away_since is not None:
                self.connect().close()
                self._away_since = None
                seconds = round(self._clock() - since, 1) if since is not None else 0
                self._log.info("{url} answers again, after {seconds} s", url=self.url, seconds=seconds)
        finally:
            self._probing.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (*_AWAY, *_TOO_LATE) as error:
            reason = _brief(error)
            if not isinstance(error, _TOO_LATE):
                self._note_absence(reason)
            raise RepositoryUnavailable(self.url, reason) from error
        except psycopg.Error as error:
            raise RepositoryUnusable(self.url, _brief(error)) from error
        except OSError as error:
            # It is this process that has run out of something, such as file descriptors.
            raise RepositoryUnavailable(self.url, _brief(error)) from error

    def _note_absence(self, reason: str) -> None:
        if self._away_since is None:
            self._away_since = self._clock()
            self._log.error("{url} does not answer: {reason}", url=self.url, reason=reason)


def _brief(error: Exception) -> str:
    """Give the first line of what went wrong, with the server's hint."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
