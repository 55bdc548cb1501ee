"""What can be wrong with a repository itself, and with what it is asked to keep."""

from __future__ import annotations

import attrs

from aiwebengine.errors import AIWebEngineError

__all__ = [
    "AssetConflict",
    "AssetNotFound",
    "AssetsFull",
    "NotANumber",
    "RepositoryUnavailable",
    "RepositoryUnusable",
    "UserConflict",
    "UserNotFound",
]


@attrs.define(auto_exc=True, str=False)
class RepositoryUnusable(AIWebEngineError):
    """The repository cannot be opened or used: unreadable, corrupt, newer than this engine."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"repository {self.url}: {self.reason}"


class RepositoryUnavailable(RepositoryUnusable):
    """
    The repository cannot be used now, but may be later: its server is down, its file locked, the disk full.

    What was asked for was not done, unless ``reason`` says that this is not known. An answer of 503.
    """


@attrs.define(auto_exc=True, str=False)
class AssetNotFound(AIWebEngineError):
    """No asset has that name."""

    name: str

    def __str__(self) -> str:
        return f"no asset {self.name!r}"


@attrs.define(auto_exc=True, str=False)
class AssetConflict(AIWebEngineError):
    """An asset's content is not the expected one; ``""`` stands for no asset. The other one stays."""

    name: str
    expected: str
    current: str

    def __str__(self) -> str:
        if not self.expected:
            return f"the asset {self.name!r} exists"
        now = f"its content has the SHA-256 {self.current}" if self.current else "there is none"
        return f"the asset {self.name!r} has changed: {now}"


@attrs.define(auto_exc=True, str=False)
class AssetsFull(AIWebEngineError):
    """All assets together would be larger (``used`` bytes) than ``limit`` bytes."""

    limit: int
    used: int

    def __str__(self) -> str:
        return f"all assets together would have {self.used} bytes, at most {self.limit} are allowed"


@attrs.define(auto_exc=True, str=False)
class UserNotFound(AIWebEngineError):
    """No user has that id."""

    ident: str

    def __str__(self) -> str:
        return f"no user {self.ident!r}"


@attrs.define(auto_exc=True, str=False)
class UserConflict(AIWebEngineError):
    """Another user has this e-mail address or identity, or the user was changed by someone else meanwhile."""

    ident: str
    field: str
    value: object

    def __str__(self) -> str:
        if self.field == "version":
            return f"user {self.ident!r} was changed meanwhile; version {self.value} is the current one"
        return f"user {self.ident!r}: {self.field} {self.value!r} belongs to another user"


@attrs.define(auto_exc=True, str=False)
class NotANumber(AIWebEngineError):
    """A value that is no number cannot be incremented."""

    namespace: str
    key: str

    def __str__(self) -> str:
        return f"the value of {self.key!r} is no number"
