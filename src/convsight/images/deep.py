"""Whole numbers of more than 8 bits in image files: which values there are, and which become black and white.

Pillow holds grey ones whole. Of 16-bit colour it keeps the upper bytes alone; the lower ones are had by decoding the
file once more as if its bytes came in the other order.
"""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, SAMPLEFORMAT, TiffImageFile

from convsight.images.pam import Pam
from convsight.images.pillow import undisturbed

_DEEP_FORMATS = (PngImageFile, TiffImageFile, PpmImageFile, Pam)
_SIGNED = 2
_OTHER_ORDER = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}
_GREY_WITH_ALPHA = "LA;16B"
_FEWEST_BITS = 8
_SPARE = 4  # a range of which the values fill less than this part begins and ends with them


class ValueRange(NamedTuple):
    """The whole numbers that become black and white; those between them spread evenly over the 256 levels."""

    low: int
    high: int


class Extent(NamedTuple):
    """The lowest and highest value in an image, and what its type could hold."""

    low: int
    high: int
    whole: ValueRange


class Deep(NamedTuple):
    """The values (height, width[, 3]) of a deep image, and what their type can hold."""

    values: NDArray[Any]
    whole: ValueRange

    @property
    def extent(self) -> Extent:
        """The lowest and the highest value."""
        return Extent(int(self.values.min()), int(self.values.max()), self.whole)

    def levels(self, shown: ValueRange) -> NDArray[np.uint8]:
        """The values as 0 to 255, those outside of `shown` as its ends; of a whole type the upper 8 bits."""
        is_wide = max(self.whole.high - self.whole.low, shown.high - shown.low) > 2**16
        values = cast("NDArray[np.int64]", self.values.astype(np.int64 if is_wide else np.int32))
        np.clip(values, *shown, out=values)
        values -= shown.low
        values <<= 8
        values //= shown.high - shown.low + 1
        return values.astype(np.uint8)


def fitting_range(extents: Sequence[Extent]) -> ValueRange | None:
    """The range for images with such `extents`; None where there is none.

    It is what 8 or more bits hold, as cameras of 10, 12 or 14 bits fill them; where the values fill less than a quarter
    of that, it begins and ends with them.

    >>> whole = ValueRange(0, 65_535)
    >>> fitting_range([Extent(3, 900, whole), Extent(0, 1000, whole)]), fitting_range([Extent(29_000, 31_000, whole)])
    (ValueRange(low=0, high=1023), ValueRange(low=29000, high=31000))
    """
    if not extents:
        return None
    low, high = min(each.low for each in extents), max(each.high for each in extents)
    # Below zero as many values lie as above it, one of them being -1.
    half = 2 ** max(high.bit_length(), (-low - 1).bit_length(), _FEWEST_BITS - 1) if low < 0 else 0
    bits = max(high.bit_length(), _FEWEST_BITS)
    holds = ValueRange(-half, half - 1) if low < 0 else ValueRange(0, 2**bits - 1)
    is_spare = (high - low + 1) * _SPARE < holds.high - holds.low + 1
    return ValueRange(low, high) if is_spare and high > low else holds


def grey_values(image: Image.Image) -> Deep | None:
    """The values of a decoded grey image of whole numbers of more than 8 bits, or below zero; None for others."""
    if image.mode not in {"L", "I"} and not image.mode.startswith("I;16"):
        return None
    bits, signed = _sample_type(image)
    if bits <= 8 and not signed:
        return None
    values = np.asarray(image)
    if (values.dtype.kind == "i") != signed and values.dtype.itemsize * 8 == bits:
        values = values.view(f"{'i' if signed else 'u'}{values.dtype.itemsize}")  # Pillow has one type of each width
    half = 2 ** (bits - 1) if signed else 0
    return Deep(values, ValueRange(-half, half - 1) if signed else ValueRange(0, 2**bits - 1))


def is_deep_colour(image: Image.Image) -> bool:
    """Whether an image that is not decoded yet is in colour, or grey with transparency, of 16 bits a sample."""
    return isinstance(image, _DEEP_FORMATS) and any(_lower_layout(image.mode, tile.args) for tile in image.tile)


def colour_values(image: Image.Image, again: ImageFile) -> Deep:
    """The values (height, width, 3) of a decoded image of deep colour; `again` is its file, opened once more."""
    is_grey = any(_layout(tile.args) == _GREY_WITH_ALPHA for tile in again.tile)
    again.tile = [tile._replace(args=_for_lower_bytes(again.mode, tile.args)) for tile in again.tile]
    if is_grey:
        again._mode = "RGBA"  # the four bytes of a pixel
    with undisturbed(type(again)):
        again.load()
    upper, lower = np.asarray(image), np.asarray(again)
    values = upper[:, :, : 1 if is_grey else 3].astype(np.uint16) << 8
    values |= lower[:, :, 1:2] if is_grey else lower[:, :, :3]
    return Deep(np.broadcast_to(values, (*values.shape[:2], 3)), ValueRange(0, 2**16 - 1))


def _sample_type(image: Image.Image) -> tuple[int, bool]:
    """Bits a grey sample has, and whether it is signed."""
    if isinstance(image, TiffImageFile):
        bits = image.tag_v2.get(BITSPERSAMPLE, (8,))[0]
        return max(bits, 8), image.tag_v2.get(SAMPLEFORMAT, (1,))[0] == _SIGNED
    if isinstance(image, PpmImageFile):
        return (16 if image.mode == "I" else 8), False
    return {"L": (8, False), "I": (32, True)}.get(image.mode, (16, False))


def _layout(args: Any) -> str:
    """How a decoder takes the bytes, which is the first of its arguments."""
    return str(args[0] if isinstance(args, tuple) else args)


def _lower_layout(mode: str, args: Any) -> str:
    """How a decoder must take the bytes to keep the lower ones of 16-bit colour; empty for other images."""
    if _layout(args) == _GREY_WITH_ALPHA:
        return "RGBA"
    kind, _, order = _layout(args).partition(";")
    if mode not in {"RGB", "RGBA"} or order not in _OTHER_ORDER or kind == "RGBa":  # of which Pillow divides the bytes
        return ""
    return f"{kind};{_OTHER_ORDER[order]}"


def _for_lower_bytes(mode: str, args: Any) -> Any:
    layout = _lower_layout(mode, args)
    return (layout, *args[1:]) if isinstance(args, tuple) else layout
