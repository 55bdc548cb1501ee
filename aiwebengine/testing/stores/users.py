"""The contract of users as a test-case mixin, for every back end."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import attrs
from zope.interface.verify import verifyObject

from aiwebengine.interfaces import IUserRepository
from aiwebengine.repository.errors import UserConflict, UserNotFound
from aiwebengine.repository.model import User
from aiwebengine.testing.repository import RepositoryCase

__all__ = ["UserContract"]


class UserContract(RepositoryCase):
    """What every `IUserRepository` does."""

    def save(self, ident: str, **fields: Any) -> Any:
        """Save a user and give it as stored."""
        return self.wait(self.repository.users.save(User(ident, **fields)))

    def test_user_kept(self) -> None:
        """Everything comes back, by id, address (any case) and identity."""
        users = self.repository.users
        verifyObject(IUserRepository, users)
        saved = self.save(
            "u1",
            email="Ann@Example.com",
            name="Ann",
            roles=("admin", "editor"),
            identities=(("google", "7"), ("github", "x")),
            data={"mfa": {"secret": "s"}},
        )
        self.assertEqual((saved.version, saved.created_at), (1, int(self.time * 1000)))
        for found in (
            users.get("u1"),
            users.by_email("ann@EXAMPLE.com"),
            users.by_identity("google", "7"),
            users.by_identity("github", "x"),
        ):
            self.assertEqual(self.wait(found), saved)
        self.assertIsNone(self.wait(users.by_email("other@example.com")))
        self.assertIsNone(self.wait(users.by_email("")))
        self.assertIsNone(self.wait(users.by_identity("google", "8")))
        self.assertNotIn("secret", repr(saved))

    def test_user_changed(self) -> None:
        """A change raises the version; what was dropped is free for others."""
        saved = self.save("u1", email="a@x", identities=(("p", "1"),))
        self.time += 1
        changed = self.wait(
            self.repository.users.save(attrs.evolve(saved, email="b@x", identities=(("p", "2"),)))
        )
        self.assertEqual((changed.version, changed.created_at), (2, saved.created_at))
        self.assertEqual(changed.updated_at, saved.updated_at + 1000)
        self.assertIsNone(self.wait(self.repository.users.by_email("a@x")))
        self.save("u2", email="a@x", identities=(("p", "1"),))

    def test_user_conflicts(self) -> None:
        """A stale change, and an address or identity of another, are refused and change nothing."""
        saved = self.save("u1", email="a@x", identities=(("p", "1"),))
        users = self.repository.users
        error = self.fails(users.save(User("u1", name="new")), UserConflict)
        self.assertEqual((error.ident, error.field, error.value), ("u1", "version", 1))
        self.assertEqual(self.fails(users.save(User("u2", email="A@X")), UserConflict).field, "email")
        other = User("u2", identities=(("p", "1"),))
        self.assertEqual(self.fails(users.save(other), UserConflict).field, "identity")
        self.fails(users.get("u2"), UserNotFound)
        self.assertEqual(self.wait(users.get("u1")), saved)
        self.save("u3")
        self.save("u4")

    def test_user_deleted(self) -> None:
        """A deleted user is gone, and cannot be saved as if it were there."""
        saved = self.save("u1", email="a@x", identities=(("p", "1"),))
        users = self.repository.users
        self.wait(users.delete("u1"))
        self.fails(users.get("u1"), UserNotFound)
        self.fails(users.delete("u1"), UserNotFound)
        self.fails(users.save(saved), UserNotFound)
        self.assertIsNone(self.wait(users.by_identity("p", "1")))
        self.save("u2", email="a@x", identities=(("p", "1"),))

    def test_users_listed(self) -> None:
        """By id, page after page, without their data."""
        for ident in ("c", "a", "b"):
            self.save(ident, data={"secret": ident})
        users = self.repository.users
        listed = self.wait(users.list())
        self.assertEqual([(one.ident, one.data) for one in listed], [("a", {}), ("b", {}), ("c", {})])
        self.assertEqual([one.ident for one in self.wait(users.list(after="a", limit=1))], ["b"])

    def test_user_refused(self) -> None:
        """What cannot be kept is refused in words."""
        for user, said in (
            (User(""), "a user's id must not be empty"),
            (User("a", email="x\0"), "an e-mail address must not contain NUL"),
            (User("a", identities=(("p", "x" * 600),)), "an identity has 600 bytes"),
            (User("a", data={"x": float("inf")}), "JSON"),
        ):
            self.assertIn(said, str(self.fails(self.repository.users.save(user), ValueError)))
