"""The ``[request_log]`` section; the format itself is ``logging.access_log``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["RequestLogSettings"]


class RequestLogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is remembered of past requests."""

    keep: Annotated[int, Meta(ge=0, description="Requests remembered for /engine/requests.")] = 1000
    flush_ms: Annotated[
        int,
        Meta(ge=0, description="Access lines are handed to the log together, at most this late; 0 at once."),
    ] = 200
