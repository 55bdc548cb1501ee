"""The ``[storage]`` section."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["StorageSettings"]

_RELOAD = {"reload": True}


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much scripts may keep in `storage`."""

    max_key_bytes: Annotated[
        int, Meta(ge=1, le=1024, description="The longest key, in UTF-8.", extra=_RELOAD)
    ] = 512
    max_value_bytes: Annotated[
        int,
        Meta(
            ge=16,
            le=67_108_864,
            description="The largest value, as ASCII JSON text; also the most that one call gives back.",
            extra=_RELOAD,
        ),
    ] = 1_048_576
    max_bytes_per_script: Annotated[
        int,
        Meta(
            ge=0,
            description="The most that a script keeps: keys and values, its users' too.",
            extra={"reload": True, "unit": "bytes"},
        ),
    ] = 104_857_600
    max_keys_per_script: Annotated[
        int,
        Meta(
            ge=0,
            description="The most keys that a script has, its users' too.",
            extra={"reload": True, "unit": "keys"},
        ),
    ] = 100_000
