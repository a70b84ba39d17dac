"""Pixels of any kind to 8-bit RGB.

What Pillow gives for deep images, and the rule for each, so that nothing is ever clipped:

- Integers keep the upper 8 bits of their type: 16-bit values are divided by 256, 12-bit ones (TIFF) by 16, 32-bit ones
  by 2**24; for signed types zero lies in the middle (128). Pillow does so by itself for 16-bit colour.
  Pillow's mode `I` holds 16-bit signed, 32-bit signed and 32-bit unsigned TIFFs alike (the latter wrapped round), so
  the type is read from the TIFF's tags; without tags it is 32-bit signed.
- Floating point: 0..1 becomes 0..255 where all values lie within; otherwise the image's own minimum..maximum does.
- TIFFs in which white is zero are inverted, which Pillow does for up to 8 bits only.

Colour profiles are not applied, as in the usual training pipelines.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, SAMPLEFORMAT, TiffImageFile

from convsight.images.errors import ImageError

_WHITE_IS_ZERO = 0
_SIGNED = 2


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """`image` (decoded, any mode of Pillow) in mode RGB, what is transparent on white; `name` is for errors.

    >>> to_rgb(Image.new("I;16", (1, 1), 0x8000), "grey").getpixel((0, 0))
    (128, 128, 128)

    Raises `ImageError` for NaN or infinite values and for 32-bit integers that would all become one shade.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    bits, signed = _sample_type(image)
    if image.mode == "F" or bits > 8 or signed:
        return Image.fromarray(_levels(image, bits, signed, name)).convert("RGB")
    if image.mode == "La":  # Pillow converts premultiplied grey to this only
        image = image.convert("LA")
    if not image.has_transparency_data:
        return image.convert("RGB")
    see_through = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(see_through, mask=see_through)
    return white


def _sample_type(image: Image.Image) -> tuple[int, bool]:
    """Bits a grey sample has, and whether it is signed; 8 and False for everything else."""
    if image.mode not in {"L", "I"} and not image.mode.startswith("I;16"):
        return 8, False
    if isinstance(image, TiffImageFile):
        bits = image.tag_v2.get(BITSPERSAMPLE, (8,))[0]
        return max(bits, 8), image.tag_v2.get(SAMPLEFORMAT, (1,))[0] == _SIGNED
    return {"L": (8, False), "I": (32, True)}.get(image.mode, (16, False))


def _levels(image: Image.Image, bits: int, signed: bool, name: str) -> NDArray[np.uint8]:
    """Deep grey values as (height, width) uint8."""
    values = np.asarray(image)
    levels = _float_levels(values, name) if image.mode == "F" else _integer_levels(values, bits, signed, name)
    if isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO:
        levels = 255 - levels
    if "transparency" in image.info:  # one value of a 16-bit PNG
        levels[values == image.info["transparency"]] = 255
    return levels


def _integer_levels(values: NDArray[Any], bits: int, signed: bool, name: str) -> NDArray[np.uint8]:
    """The upper 8 of `bits` bits; the cast drops what is above them where Pillow holds values in a wider type."""
    upper = (values >> (bits - 8)).astype(np.uint8)
    span = int(values.max()) - int(values.min())
    if bits == 32 and span and upper.min() == upper.max():
        raise ImageError(
            f"{name} holds 32-bit integers that differ by {span} at most, so little of what the type can hold that all "
            "would become one shade; save it as 16-bit integers or as floating point from 0 to 1"
        )
    return upper ^ np.uint8(128) if signed else upper


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
