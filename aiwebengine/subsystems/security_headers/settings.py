"""What the gate reads of the ``[security]`` section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["SecurityHeaders"]


class SecurityHeaders(Protocol):
    """The part of the core section ``[security]`` that concerns headers and https."""

    headers: Mapping[str, str]
    content_security_policy: str
    hsts_max_age_s: int
    require_https: bool
