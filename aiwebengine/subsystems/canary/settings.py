"""The ``[canary]`` section."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["CanarySettings"]

_RELOAD = {"reload": True}


class CanarySettings(msgspec.Struct, frozen=True, kw_only=True):
    """When a new version on trial (`PUT …?canary=PERCENT`) is taken back by itself."""

    min_requests: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="Requests it must have had before it is judged.", extra=_RELOAD),
    ] = 20
    threshold_percent: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="How far its error rate may lie above that of the version before.",
            extra={"reload": True, "unit": "percentage points"},
        ),
    ] = 5.0
    window_s: Annotated[
        int,
        Meta(ge=1, le=86_400, description="How far back requests count for both rates.", extra=_RELOAD),
    ] = 60
    sticky: Annotated[
        bool,
        Meta(
            description="Whether the share is one of clients (by address) instead of requests.", extra=_RELOAD
        ),
    ] = False
