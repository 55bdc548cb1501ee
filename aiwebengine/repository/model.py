"""What repositories keep besides scripts. Times are in milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

__all__ = ["ABSENT", "Asset", "KeyValue", "LogQuery", "Setting", "User"]


class _Absent:
    """The value of a key that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""As the ``expected`` of ``compare_and_set``: there must be no value yet (None is JSON's null)."""


@attrs.frozen
class Asset:
    """
    A file that scripts or the editor put there, without its bytes.

    ``size`` is in bytes, ``sha256`` hexadecimal; ``metadata`` is any JSON object.
    """

    name: str
    content_type: str
    size: int
    sha256: str
    created_at: int
    updated_at: int
    metadata: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class User:
    """
    Someone who can sign in.

    ``identities`` are pairs of provider and the user's id there; an e-mail address (letter case ignored) and
    an identity belong to one user at most. ``data`` is any JSON object, not shown in lists of users.
    ``version`` counts the changes, 0 for a user not stored yet.
    """

    ident: str
    email: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    version: int = 0
    created_at: int = 0
    updated_at: int = 0


@attrs.frozen
class KeyValue:
    """A key with its value (any JSON data); ``expires_at`` is None for one that stays."""

    key: str
    value: Any
    expires_at: int | None = None


@attrs.frozen
class Setting:
    """A setting kept by the engine: any JSON data, who set it, and when."""

    name: str
    value: Any
    author: str
    updated_at: int


@attrs.frozen
class LogQuery:
    """
    Which log entries are wanted.

    ``level`` is the least severe one; ``contains`` ignores case; ``since`` is a time. With ``after`` the
    first ``limit`` entries after that ``seq``, else the newest ``limit`` (before ``before``, if given).
    """

    script: str = ""
    level: str = ""
    request_id: str = ""
    contains: str = ""
    kind: str = ""
    since: float | None = None
    limit: int = 100
    after: int | None = None
    before: int | None = None
