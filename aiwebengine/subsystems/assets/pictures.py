"""Pictures made smaller or into another format, by Pillow. Blocks: it is for a thread. Import it late."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import attrs
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["FORMATS", "Picture", "Wish", "convert"]

#: Pillow's name and the media type of each format that is read and written.
FORMATS: Final = {
    "avif": ("AVIF", "image/avif"),
    "gif": ("GIF", "image/gif"),
    "jpeg": ("JPEG", "image/jpeg"),
    "png": ("PNG", "image/png"),
    "webp": ("WEBP", "image/webp"),
}
_READ = [name for name, _ in FORMATS.values()]
_MOST_PROFILE_BYTES = 65_536


@attrs.frozen
class Wish:
    """
    What a picture is to become; it is never made larger.

    ``width`` and ``height`` in pixels are what it is to fit into (``fit`` ``inside``) or to fill, cut at the
    edges (``cover``). ``format`` is a key of `FORMATS`, None for its own. ``quality`` is 1 to 100.
    """

    width: int | None = None
    height: int | None = None
    fit: str = "inside"
    format: str | None = None
    quality: int = 80


@attrs.frozen
class Picture:
    """A picture that was made; sizes in pixels."""

    content: bytes = attrs.field(repr=False)
    content_type: str
    width: int
    height: int


def convert(content: bytes, wish: Wish, most_pixels: int) -> Picture:
    """
    Make a picture of another one: its first frame, upright, without what cameras write beside it.

    Raises ValueError for what is no picture of a known format, damaged, or of more than ``most_pixels``.
    """
    try:
        # Only the head is read here; with these formats only, for Pillow knows some that are seldom tested.
        image: Image.Image = Image.open(BytesIO(content), formats=_READ)
    except UnidentifiedImageError:
        raise ValueError(f"is no picture of a known format ({', '.join(FORMATS)})") from None
    except Image.DecompressionBombError:
        raise ValueError(f"has more than {most_pixels} pixels (assets.max_image_pixels)") from None
    except Exception as error:
        raise ValueError(f"is damaged: {error}") from None
    pixels = image.width * image.height
    if pixels > most_pixels:
        raise ValueError(f"has {pixels} pixels, at most {most_pixels} are taken (assets.max_image_pixels)")
    chosen, media_type = FORMATS[wish.format or _format_of(image)]
    try:
        made = _made(image, wish, chosen)
        target = BytesIO()
        made.save(target, chosen, **_options(chosen, wish.quality, image))
    except Exception as error:
        # Decoders raise whatever a broken file leads them to.
        raise ValueError(f"is damaged: {error}") from None
    return Picture(target.getvalue(), media_type, made.width, made.height)


def _made(image: Image.Image, wish: Wish, chosen: str) -> Image.Image:
    scale = _scale(image, wish)
    # JPEG can be decoded at a fraction of its size at once.
    image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    upright = ImageOps.exif_transpose(image)
    made = _plain(upright, alpha=chosen != "JPEG")
    if wish.fit == "cover" and wish.width and wish.height:
        made = made.crop(_middle(made.width, made.height, wish.width / wish.height))
    size = _size(made.width, made.height, wish)
    if size != made.size:
        made = made.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    made.info = {}
    return made


def _format_of(image: Image.Image) -> str:
    return next(name for name, (pillow, _) in FORMATS.items() if pillow == image.format)


def _scale(image: Image.Image, wish: Wish) -> float:
    """Give how much smaller it may be decoded, whichever way it is turned."""
    wanted = [one for one in (wish.width, wish.height) if one]
    return min(1.0, max(wanted) / min(image.size)) if wanted else 1.0


def _plain(image: Image.Image, *, alpha: bool) -> Image.Image:
    """Give it as RGB or, if it has transparent parts that are to stay, as RGBA; else those become white."""
    if not image.has_transparency_data:
        return image if image.mode in ("RGB", "L") else image.convert("RGB")
    colours = image.convert("RGBA")
    if alpha:
        return colours
    ground = Image.new("RGB", image.size, "white")
    ground.paste(colours, mask=colours.getchannel("A"))
    return ground


def _middle(width: int, height: int, ratio: float) -> tuple[int, int, int, int]:
    """Give the largest box of a ratio in the middle."""
    across, down = min(width, max(1, round(height * ratio))), min(height, max(1, round(width / ratio)))
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def _size(width: int, height: int, wish: Wish) -> tuple[int, int]:
    if wish.fit == "cover" and wish.width and wish.height:
        return (wish.width, wish.height) if wish.width <= width and wish.height <= height else (width, height)
    scale = min(1.0, (wish.width or width) / width, (wish.height or height) / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _options(chosen: str, quality: int, source: Image.Image) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if chosen in ("JPEG", "WEBP", "AVIF"):
        options["quality"] = quality
    if chosen == "JPEG":
        options |= {"optimize": True, "progressive": True}
    if chosen == "AVIF":
        options["speed"] = 8
    # Without its profile a picture of a wide range of colours looks pale.
    profile = source.info.get("icc_profile")
    if profile and len(profile) <= _MOST_PROFILE_BYTES and source.mode != "CMYK" and chosen != "GIF":
        options["icc_profile"] = profile
    return options
