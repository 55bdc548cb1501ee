"""The JSON shapes of assets in the management API."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from aiwebengine.subsystems.management.schemas import Shape, Time

__all__ = ["AssetChange", "AssetList", "AssetPage", "AssetRecord"]


class AssetRecord(Shape):
    """An asset without its bytes."""

    name: Annotated[str, Meta(description="Like a relative path, such as `css/site.css`.")]
    content_type: str
    size: Annotated[int, Meta(ge=0, description="In bytes.")]
    sha256: Annotated[str, Meta(description="Of the content, hexadecimal; in quotes it is the `ETag`.")]
    created_at: Time
    updated_at: Time
    public: Annotated[bool, Meta(description="Whether it is served to everybody.")]
    url: Annotated[str | None, Meta(description="The path at which it is served, null when it is not.")]
    metadata: Annotated[dict[str, Any], Meta(description="What was given with it.")]


class AssetPage(Shape):
    """Assets by name."""

    assets: list[AssetRecord]
    next: Annotated[str | None, Meta(description="As `after` it gives what follows; null at the end.")]


class AssetList(Shape):
    """The assets that were stored."""

    assets: list[AssetRecord]


class AssetChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of an asset; what is left out stays."""

    public: bool | UnsetType = UNSET
    content_type: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
