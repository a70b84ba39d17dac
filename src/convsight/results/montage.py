"""Some slices of a volume side by side, as one picture: of voxels and of what is said about them alike."""

from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MOST = 12  # slices
_LINE = 128  # level of the lines between them


class Layout(NamedTuple):
    """Which slices of a volume are shown, in how many columns: line by line, the first one above left."""

    slices: tuple[int, ...]
    columns: int

    @property
    def rows(self) -> int:
        """How many lines there are, of which the last may not be full."""
        return ceil(len(self.slices) / self.columns)


def layout(depth: int) -> Layout:
    """Up to twelve slices of `depth`: the middles of as many equal parts.

    >>> layout(3), layout(36).slices[:3]
    (Layout(slices=(0, 1, 2), columns=2), (1, 4, 7))
    """
    count = min(depth, _MOST)
    slices = tuple(int((number + 0.5) * depth / count) for number in range(count))
    return Layout(slices, ceil(sqrt(count)))


def montage(volume: NDArray[Any]) -> NDArray[Any]:
    """Slices of `volume` (depth, height, width, ...) side by side (height, width, ...); empty places are 0.

    >>> montage(np.arange(3).reshape(3, 1, 1)).tolist()
    [[0, 1], [2, 0]]
    """
    found = layout(len(volume))
    height, width = volume.shape[1:3]
    drawn = np.zeros((found.rows * height, found.columns * width, *volume.shape[3:]), volume.dtype)
    for place, each in enumerate(found.slices):
        row, column = divmod(place, found.columns)
        drawn[row * height : (row + 1) * height, column * width : (column + 1) * width] = volume[each]
    return drawn


def framed(pixels: NDArray[np.uint8], depth: int) -> NDArray[np.uint8]:
    """A montage (height, width, 3) of a volume of `depth` slices with grey lines between them, a pixel each."""
    found = layout(depth)
    drawn = pixels.copy()
    height, width = pixels.shape[0] // found.rows, pixels.shape[1] // found.columns
    drawn[[row * height for row in range(1, found.rows)]] = _LINE
    drawn[:, [column * width for column in range(1, found.columns)]] = _LINE
    return drawn
