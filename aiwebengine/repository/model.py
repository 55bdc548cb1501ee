"""What repositories keep besides scripts. Times are in milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

__all__ = ["ABSENT", "PUBLIC_MARK", "Asset", "AssetPut", "KeyValue", "LogQuery", "Setting", "User"]


class _Absent:
    """The value of a key that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""As the ``expected`` of ``compare_and_set``: there must be no value yet (None is JSON's null)."""


PUBLIC_MARK: Final = "aiwebengine:public"
"""The key among an asset's metadata whose value is true for one that everybody may fetch."""


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

    @property
    def public(self) -> bool:
        """Whether everybody may fetch it."""
        return self.metadata.get(PUBLIC_MARK) is True


@attrs.frozen
class AssetPut:
    """
    A file to keep.

    ``metadata`` is a JSON object, or a function that makes one of the asset which is replaced (None: there is
    none). ``expected_sha256`` is what the present content must have, ``""`` where there must be none, None
    for whatever there is.
    """

    name: str
    content: bytes = attrs.field(repr=False)
    content_type: str
    metadata: Mapping[str, Any] | Callable[[Asset | None], Mapping[str, Any]] = attrs.field(factory=dict)
    expected_sha256: str | None = None

    def metadata_over(self, present: Asset | None) -> dict[str, Any]:
        """Give the metadata to keep when ``present`` is replaced."""
        return dict(self.metadata(present) if callable(self.metadata) else self.metadata)


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
