"""EXIF orientation: how a camera was held, and turning its image upright (EXIF 2.32, tag 0x0112)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

CropBox = tuple[float, float, float, float]  # left, top, right, bottom in pixels

UPRIGHT = 1
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or the EXIF is damaged."""
    try:
        orientation = image.getexif().get(Base.Orientation, UPRIGHT)
    # Photos with damaged EXIF are common, their pixels are fine, and Pillow raises many kinds of errors on them.
    except Exception:
        return UPRIGHT
    return orientation if orientation in _TURNS else UPRIGHT


def is_lying(orientation: int) -> bool:
    """Whether turning upright swaps width and height."""
    return orientation >= 5


def lies_in_header(image: Image.Image) -> bool:
    """Whether width and height of an image that is not decoded yet are those of a scene lying on its side."""
    if isinstance(image, TiffImageFile):
        return False  # Pillow has swapped them
    if isinstance(image, PngImageFile) and "exif" not in image.info:
        return False  # to look behind the pixels, as the format allows, Pillow would decode them
    return is_lying(orientation_of(image))


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """`image` as it was seen, without metadata: its orientation must not be applied once more by a next reader."""
    if orientation == UPRIGHT:
        return image
    turned = image.transpose(_TURNS[orientation])
    turned.info = {}
    return turned


def turn_values(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """An array (height, width, ...) as `turn_upright` turns an image.

    >>> turn_values(np.array([[1, 2], [3, 4]]), 6).tolist()
    [[3, 1], [4, 2]]
    """
    if is_lying(orientation):  # mirrored along the diagonal, then like 1 to 4
        values = values.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        values = values[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        values = values[::-1]
    return np.ascontiguousarray(values)


def turn_box(box: CropBox, size: tuple[int, int], orientation: int) -> CropBox:
    """Where `box` of an image of `size` (width, height) lies once the image is upright.

    >>> turn_box((0, 0, 2, 1), (10, 5), 3)
    (8, 4, 10, 5)
    """
    left, top, right, bottom = box
    width, height = size
    if is_lying(orientation):  # mirrored along the diagonal, then like 1 to 4
        left, top, right, bottom = top, left, bottom, right
        width, height = height, width
    if orientation in {2, 3, 6, 7}:
        left, right = width - right, width - left
    if orientation in {3, 4, 7, 8}:
        top, bottom = height - bottom, height - top
    return left, top, right, bottom
