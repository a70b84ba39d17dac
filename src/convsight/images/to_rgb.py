"""Pixels of any kind to 8-bit RGB.

What Pillow gives for deep images, and the rule for each, so that nothing is clipped without a word:

- Whole numbers are spread over 256 levels: from the lowest to the highest value of a range that belongs to the whole
  data set, where one is known. Else they keep the upper 8 bits of their type: 16-bit values are divided by 256, 12-bit
  ones (TIFF) by 16, 32-bit ones by 2**24; for signed types zero lies in the middle (128). Where that leaves one shade
  of several values, the image is refused; where it leaves few, that is told.
  Pillow's mode `I` holds 16-bit signed, 32-bit signed and 32-bit unsigned TIFFs alike (the latter wrapped round), so
  the type is read from the TIFF's tags; without tags it is 32-bit signed.
- Floating point: 0..1 becomes 0..255 where all values lie within; otherwise the image's own minimum..maximum does.
- TIFFs in which white is zero are inverted, which Pillow does for up to 8 bits only.
- In a BMP without any opaque pixel, the fourth byte is no transparency: many programs leave it zero.

Colour profiles are not applied, as in the usual training pipelines.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.TiffImagePlugin import PHOTOMETRIC_INTERPRETATION, TiffImageFile

from convsight.images.deep import Deep, Extent, ValueRange
from convsight.images.errors import ImageError
from convsight.images.remarks import remark_on

_WHITE_IS_ZERO = 0
FEW_LEVELS = 16  # so many of 256 look like a poster, or like nothing
_MANY_OUTSIDE = 0.01  # of all values


def to_rgb(image: Image.Image, name: str, deep: Deep | None = None, shown: ValueRange | None = None) -> Image.Image:
    """`image` (decoded, any mode of Pillow) in mode RGB, what is transparent on white; `name` is for errors.

    `deep` are its values where these are whole numbers of more than 8 bits, `shown` the range of them that is spread
    from black to white, if it is known.

    >>> to_rgb(Image.new("RGBA", (1, 1), (255, 0, 0, 0)), "glass").getpixel((0, 0))
    (255, 255, 255)

    Raises `ImageError` for NaN or infinite values and for whole numbers that would all become one shade.
    """
    if image.mode == "RGB" and "transparency" not in image.info and deep is None:
        return image
    if image.mode == "F":
        return Image.fromarray(_as_shown(_float_levels(np.asarray(image), name), image)).convert("RGB")
    if deep is not None:
        levels = _deep_levels(deep, shown, image, name)
        if deep.values.ndim == 2:
            return Image.fromarray(_transparent_white(_as_shown(levels, image), deep.values, image)).convert("RGB")
        return _on_white(Image.fromarray(levels), image)
    if image.mode == "La":  # Pillow converts premultiplied grey to this only
        image = image.convert("LA")
    if not image.has_transparency_data or _is_alpha_unused(image):
        return image.convert("RGB")
    return _on_white(image.convert("RGBA"), image)


def _on_white(colours: Image.Image, image: Image.Image) -> Image.Image:
    """`colours` on white as far as `image` is transparent."""
    if not image.has_transparency_data:
        return colours
    white = Image.new("RGB", image.size, "white")
    white.paste(colours, mask=image.convert("RGBA"))
    return white


def _is_alpha_unused(image: Image.Image) -> bool:
    return isinstance(image, BmpImageFile) and image.mode == "RGBA" and image.getchannel("A").getbbox() is None


def _deep_levels(deep: Deep, shown: ValueRange | None, image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Deep values as 0 to 255, with a remark on `image` where they say less than they could."""
    levels = deep.levels(shown or deep.whole)
    low, high, _ = deep.extent
    if shown is None:
        _check_shades(levels, deep.extent, image, name)
    elif (low < shown.low or high > shown.high) and _share_outside(deep.values, shown) > _MANY_OUTSIDE:
        remark_on(
            image,
            f"its values go from {low:,} to {high:,}, beyond the range of the training images, {shown.low:,} to "
            f"{shown.high:,}: what lies outside is black or white",
        )
    return levels


def _check_shades(levels: NDArray[np.uint8], extent: Extent, image: Image.Image, name: str) -> None:
    low, high, whole = extent
    shades = int(levels.max()) - int(levels.min()) + 1
    if high > low and shades == 1:
        bits = (whole.high - whole.low).bit_length()
        raise ImageError(
            f"{name} holds {bits}-bit integers that differ by {high - low} at most, so little of what the type can "
            "hold that all would become one shade; save it as 8-bit or 16-bit integers, or as floating point of 0 to 1"
        )
    if high > low and shades < FEW_LEVELS:
        remark_on(
            image,
            f"its values go from {low:,} to {high:,} only, which leaves {shades} of 256 shades; save it with 8 bits",
        )


def _share_outside(values: NDArray[Any], shown: ValueRange) -> float:
    return float(((values < shown.low) | (values > shown.high)).mean())


def _as_shown(levels: NDArray[np.uint8], image: Image.Image) -> NDArray[np.uint8]:
    """`levels` with black as zero."""
    if isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO:
        return 255 - levels
    return levels


def _transparent_white(levels: NDArray[np.uint8], values: NDArray[Any], image: Image.Image) -> NDArray[np.uint8]:
    if "transparency" in image.info:  # one value of a 16-bit PNG
        levels[values == image.info["transparency"]] = 255
    return levels


def _float_levels(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """0..1 as 0..255, or minimum..maximum where values lie outside."""
    if not np.isfinite(values).all():
        raise ImageError(f"{name} holds NaN or infinite values; replace them by numbers and save it again")
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    # float64, since the span of float32 values can exceed float32.
    shares = (values.astype(np.float64) - low) / ((high - low) or 1.0)
    return np.rint(shares * 255).astype(np.uint8)
