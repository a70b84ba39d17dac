"""Masks of things, drawn on an image: each filled so that the image is seen through it, and outlined."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from convsight.results.drawing import colour_of
from convsight.results.masks import Mask, ids_of_masks

_FILLED = 0.4  # of a thing's pixels is its colour
_MOST = 2**16 - 1  # things that an image of 16 bits can number


def draw_masks(image: Image.Image, masks: Sequence[Mask], colours: Sequence[int]) -> Image.Image:
    """A copy of `image` (RGB) with each of `masks`, in px, in the colour of that number; the first on top."""
    pixels = np.asarray(image.convert("RGB")).copy()
    line = max(1, min(image.size) // 400)
    for mask, number in reversed(list(zip(masks, colours, strict=True))):
        colour = np.array(ImageColor.getrgb(colour_of(number)), np.float32)
        part = pixels[mask.place]
        part[mask.pixels] = np.rint(part[mask.pixels] * (1 - _FILLED) + colour * _FILLED).astype(np.uint8)
        part[_rim(mask.pixels, line)] = colour
    return Image.fromarray(pixels)


def _rim(flags: NDArray[np.bool_], line: int) -> NDArray[np.bool_]:
    """The pixels of `flags` (height, width) that are less than `line` px, across or down, from one that is not set."""
    inner = np.pad(flags, 1)
    for _ in range(line):
        inner[1:-1, 1:-1] &= inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    found: NDArray[np.bool_] = flags & ~inner[1:-1, 1:-1]
    return found


def ids_png(masks: Sequence[Mask], size: tuple[int, int]) -> bytes:
    """A PNG of 16 bits and of `size` (width, height): 0 for nothing, k for the k-th mask, the first where several are.

    What comes after the 65,535th mask has no number left, and is nothing.
    """
    ids = ids_of_masks(masks[:_MOST], size).astype(np.uint16)
    content = BytesIO()
    Image.fromarray(ids).save(content, "PNG", compress_level=1)
    return content.getvalue()
