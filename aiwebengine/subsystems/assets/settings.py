"""The ``[assets]`` section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

__all__ = ["IMMUTABLE", "AssetSettings"]

_RELOAD = {"reload": True}
_TYPE_PATTERN = re.compile(r"(\*|[a-z0-9!#$&^_.+-]+)/(\*|[a-z0-9!#$&^_.+*-]+)")
#: For names that change whenever the content does.
IMMUTABLE = "public, max-age=31536000, immutable"

Bytes = Annotated[int, Meta(ge=0, le=2**40)]


def _type_pattern(value: Any) -> str | None:
    good = isinstance(value, str) and _TYPE_PATTERN.fullmatch(value)
    return None if good else 'a media type or pattern in lower case, such as "image/*"'


def _serving_path(value: Any) -> str | None:
    good = (
        isinstance(value, str) and value.startswith("/") and not re.search(r"//|[\s?#%\\]|/\.\.?(/|$)", value)
    )
    return None if good else 'a path, such as "/" or "/static/"'


def _file_name(value: Any) -> str | None:
    good = isinstance(value, str) and "/" not in value and "\0" not in value and not value.startswith(".")
    return None if good else "a file name, or empty"


def _header_value(value: Any) -> str | None:
    good = isinstance(value, str) and value.isascii() and value.isprintable()
    return None if good else "the text of a Cache-Control header"


class AssetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are served and kept, and how."""

    directories: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(
            description="Directories whose files are served, the first that has a file wins; "
            "public assets of the repository come before them.",
            extra={"path": True, "reload": True},
        ),
    ] = ()
    path: Annotated[
        str,
        Meta(
            description="Where files and public assets are served: `css/site.css` at this path and its name.",
            extra={"check": _serving_path, "reload": True},
        ),
    ] = "/"
    index: Annotated[
        str,
        Meta(
            description="The file that answers for `/` and other directories; none when empty.",
            extra={"check": _file_name, "reload": True},
        ),
    ] = "index.html"
    max_bytes: Annotated[
        int,
        Meta(
            ge=1,
            le=2**28,
            description="Largest asset in the repository; `server.max_upload_bytes` counts too. 413 beyond.",
            extra=_RELOAD,
        ),
    ] = 10_485_760
    max_total_bytes: Annotated[
        Bytes,
        Meta(description="Largest all assets of the repository may be together; 0 for any.", extra=_RELOAD),
    ] = 0
    allowed_types: Annotated[
        tuple[Annotated[str, Meta(extra={"check": _type_pattern})], ...],
        Meta(
            description="Media types that may be kept, such as `image/*`; all when empty. 415 for others.",
            extra=_RELOAD,
        ),
    ] = ()
    cache_control: Annotated[
        str,
        Meta(description="Cache-Control of what is served.", extra={"check": _header_value, "reload": True}),
    ] = "public, max-age=0, must-revalidate"
    cache: Annotated[
        dict[str, Annotated[str, Meta(extra={"check": _header_value})]],
        Meta(
            description="Cache-Control by pattern of the name (`*`, `?`, `[…]`; `*` matches `/` too); "
            f'the first that fits counts, such as `{{"*.min.*" = "{IMMUTABLE}"}}`.',
            extra=_RELOAD,
        ),
    ] = msgspec.field(default_factory=dict)
    memory_cache_bytes: Annotated[
        Bytes,
        Meta(
            description="Memory for contents of small assets (up to 256 KiB each) of the repository.",
            extra=_RELOAD,
        ),
    ] = 8_388_608
    max_image_pixels: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000_000,
            description="Most pixels of a picture that `assets.image` takes; a pixel takes up to 8 bytes.",
            extra=_RELOAD,
        ),
    ] = 40_000_000
    refresh_ms: Annotated[
        int,
        Meta(
            ge=50,
            le=3_600_000,
            description="How often the repository is asked whether another engine changed assets.",
        ),
    ] = 1000

    def check(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Serve each directory once."""
        if len(set(self.directories)) < len(self.directories):
            yield ("directories",), "each directory once"
