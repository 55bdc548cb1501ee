"""The ``[editor]`` section."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["EditorSettings"]


class EditorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The web editor."""

    enabled: Annotated[
        bool,
        Meta(
            description="Whether /engine/editor is served. The page needs no key, all it does needs one.",
            extra={"defaults": {"development": True}},
        ),
    ] = False
