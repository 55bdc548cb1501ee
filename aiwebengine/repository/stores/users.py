"""Users in a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import attrs
from zope.interface import implementer

from aiwebengine.interfaces import IUserRepository
from aiwebengine.repository.errors import UserConflict, UserNotFound
from aiwebengine.repository.link import Calls, Link, Row
from aiwebengine.repository.model import User
from aiwebengine.repository.texts import check_name, cleaned, encoded

__all__ = ["MOST_NAME_BYTES", "DatabaseUsers", "checked_user", "put_user"]

MOST_NAME_BYTES = 512
_COLUMNS = "ident, email, name, roles, identities, data, version, created_at, updated_at"
_USER = f"SELECT {_COLUMNS} FROM users WHERE "  # noqa: S608


@implementer(IUserRepository)
class DatabaseUsers:
    """See `IUserRepository`; ``now`` gives seconds since the epoch."""

    def __init__(self, calls: Calls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now

    async def get(self, ident: str) -> User:
        """Give a user. Raises `UserNotFound`."""
        return await self._calls.read(_get, ident)

    async def by_email(self, email: str) -> User | None:
        """Give the user who has this e-mail address, letter case ignored."""
        if not email:
            return None
        return await self._calls.read(_find, "email_key = ?", cleaned(email).casefold())

    async def by_identity(self, provider: str, subject: str) -> User | None:
        """Give the user who is ``subject`` for ``provider``."""
        condition = "ident = (SELECT ident FROM identities WHERE provider = ? AND subject = ?)"
        return await self._calls.read(_find, condition, cleaned(provider), cleaned(subject))

    async def list(self, after: str = "", limit: int = 100) -> Sequence[User]:
        """Give, by id, at most ``limit`` users beyond ``after``; their ``data`` is left out."""
        return await self._calls.read(_list, cleaned(after), limit)

    async def save(self, user: User) -> User:
        """Store a user whose ``version`` is the current one. Raises `UserConflict`, `UserNotFound`."""
        return await self._calls.write(_save, checked_user(user), int(self._now() * 1000))

    async def delete(self, ident: str) -> None:
        """Forget a user. Raises `UserNotFound`."""
        await self._calls.write(_delete, ident)


def checked_user(user: User) -> User:
    """Give the user as it can be stored. Raises ValueError for an id, address or identity that cannot."""
    check_name("a user's id", user.ident, MOST_NAME_BYTES)
    check_name("an e-mail address", user.email, MOST_NAME_BYTES, empty=True)
    for provider, subject in user.identities:
        check_name("a provider", provider, MOST_NAME_BYTES)
        check_name("an identity", subject, MOST_NAME_BYTES)
    encoded(dict(user.data))
    return attrs.evolve(user, name=cleaned(user.name), identities=tuple(dict.fromkeys(user.identities)))


def put_user(link: Link, user: User) -> None:
    """Store a user exactly as given. Raises `UserConflict` for what another user has."""
    key = user.email.casefold()
    if key and link.one("SELECT 1 FROM users WHERE email_key = ? AND ident <> ?", key, user.ident):
        raise UserConflict(user.ident, "email", user.email)
    for identity in user.identities:
        found = link.one("SELECT ident FROM identities WHERE provider = ? AND subject = ?", *identity)
        if found and found[0] != user.ident:
            raise UserConflict(user.ident, "identity", identity)
    link.run(
        f"INSERT INTO users (email_key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        " ON CONFLICT (ident) DO UPDATE SET email_key = excluded.email_key, email = excluded.email,"
        " name = excluded.name, roles = excluded.roles, identities = excluded.identities,"
        " data = excluded.data, version = excluded.version, created_at = excluded.created_at,"
        " updated_at = excluded.updated_at",
        key,
        user.ident,
        user.email,
        user.name,
        encoded(list(user.roles)),
        encoded([list(one) for one in user.identities]),
        encoded(dict(user.data)),
        user.version,
        user.created_at,
        user.updated_at,
    )
    link.run("DELETE FROM identities WHERE ident = ?", user.ident)
    link.many(
        "INSERT INTO identities (provider, subject, ident) VALUES (?, ?, ?)",
        [(*identity, user.ident) for identity in user.identities],
    )


def _get(link: Link, ident: str) -> User:
    user = _find(link, "ident = ?", cleaned(ident))
    if user is None:
        raise UserNotFound(ident)
    return user


def _find(link: Link, condition: str, *values: str) -> User | None:
    row = link.one(_USER + condition, *values)
    return None if row is None else _user(row)


def _list(link: Link, after: str, limit: int) -> Sequence[User]:
    rows = link.all(_USER + "ident > ? ORDER BY ident LIMIT ?", after, limit)
    return [attrs.evolve(_user(row), data={}) for row in rows]


def _save(link: Link, user: User, moment: int) -> User:
    # One at a time, so that two users cannot get the same address.
    link.lock("users")
    row = link.one("SELECT version, created_at FROM users WHERE ident = ?", user.ident)
    if row is None and user.version:
        raise UserNotFound(user.ident)
    version, created_at = row or (0, moment)
    if version != user.version:
        raise UserConflict(user.ident, "version", version)
    stored = attrs.evolve(user, version=version + 1, created_at=created_at, updated_at=moment)
    put_user(link, stored)
    return stored


def _delete(link: Link, ident: str) -> None:
    link.lock("users")
    link.run("DELETE FROM identities WHERE ident = ?", cleaned(ident))
    if not link.run("DELETE FROM users WHERE ident = ?", cleaned(ident)):
        raise UserNotFound(ident)


def _user(row: Row) -> User:
    ident, email, name, roles, identities, data, *others = row
    pairs = tuple((provider, subject) for provider, subject in json.loads(identities))
    return User(ident, email, name, tuple(json.loads(roles)), pairs, json.loads(data), *others)
