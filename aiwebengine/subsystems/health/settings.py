"""The ``[health]`` section."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["HealthSettings"]


class HealthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How health is looked at."""

    enabled: Annotated[bool, Meta(description="Serve /health.")] = True
    check_timeout_ms: Annotated[
        int, Meta(ge=1, description="A check that takes longer counts as unhealthy.")
    ] = 2000
