"""A map over its picture, with the scale of its colours."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.caption import with_caption

_STRENGTH = 0.6  # of the colours over the picture, where the map is largest
# From nothing to most important: dark blue, green, yellow; ordered in lightness too, for those who tell no hues apart.
_RISING = np.array([(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)], np.float64)
# From what speaks against to what speaks for: blue, white, red.
_SIGNED = np.array([(33, 102, 172), (146, 197, 222), (247, 247, 247), (244, 165, 130), (178, 24, 43)], np.float64)


def map_image(values: NDArray[np.float64], signed: bool) -> Image.Image:
    """The map (height, width) alone, in colours; NaN is transparent."""
    shares = shares_of(values, signed)
    colours = _coloured(np.nan_to_num(shares), signed)
    alpha = np.where(np.isnan(values), 0, 255).astype(np.uint8)[:, :, None]
    return Image.fromarray(np.concatenate([colours, alpha], axis=2))


def draw_map(image: Image.Image, values: NDArray[np.float64], signed: bool, words: str) -> Image.Image:
    """`image` (RGB) under the map (height, width) of its size, with `words` above it."""
    shares = np.nan_to_num(shares_of(values, signed), nan=0.5 if signed else 0.0)
    weight = _STRENGTH * (np.abs(2 * shares - 1) if signed else shares)[:, :, None]
    grey = np.asarray(image.convert("L"), np.float64)[:, :, None].repeat(3, axis=2)
    mixed = grey * (1 - weight) + _coloured(shares, signed) * weight
    return with_caption(Image.fromarray(np.rint(mixed).astype(np.uint8)), [words])


def shares_of(values: NDArray[np.float64], signed: bool) -> NDArray[np.float64]:
    """Where each value lies in the range of colours: 0 to 1 of the largest, or with a sign 0.5 for nothing.

    >>> shares_of(np.array([[-1.0, 0.0, 2.0]]), signed=True).tolist()
    [[0.25, 0.5, 1.0]]
    """
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return values / largest / 2 + 0.5 if signed else np.clip(values / largest, 0, 1)


def _coloured(shares: NDArray[np.float64], signed: bool) -> NDArray[np.uint8]:
    table = _SIGNED if signed else _RISING
    places = shares * (len(table) - 1)
    colours = [np.interp(places, np.arange(len(table)), table[:, channel]) for channel in range(3)]
    return np.rint(np.stack(colours, axis=2)).astype(np.uint8)
