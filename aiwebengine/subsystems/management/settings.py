"""The ``[management]`` section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aiwebengine.config.secret import Secret

__all__ = ["KeySettings", "ManagementSettings"]

_RELOAD = {"reload": True}
_SHORTEST_KEY = 16


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One named key of the management API."""

    key: Annotated[Secret, Meta(description="The key itself, at least 16 characters.", extra=_RELOAD)] = (
        Secret("")
    )
    role: Annotated[
        Literal["read", "deploy", "admin"],
        Meta(
            description="`read` looks, `deploy` also changes scripts, `admin` may do everything.",
            extra=_RELOAD,
        ),
    ] = "read"


class ManagementSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who may use the management API, and for what."""

    keys: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")], KeySettings],
        Meta(description="Named keys besides `security.api_key`, such as `ci`.", extra=_RELOAD),
    ] = msgspec.field(default_factory=dict)
    eval: Annotated[
        bool,
        Meta(
            description="Whether `/engine/eval` runs expressions.",
            extra={"defaults": {"development": True}, "reload": True},
        ),
    ] = False
    max_failed_keys_per_minute: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Wrong keys from one address; 429 beyond.", extra=_RELOAD),
    ] = 10

    def check(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Have keys that nobody guesses, each for one name."""
        seen: set[str] = set()
        for name, one in self.keys.items():
            text = one.key.reveal()
            if len(text) < _SHORTEST_KEY:
                yield ("keys", name, "key"), f"at least {_SHORTEST_KEY} characters"
            elif text in seen:
                yield ("keys", name, "key"), "a key that no other name has"
            seen.add(text)
