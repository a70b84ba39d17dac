"""`Cells`: a picture cut into cells, which are hidden one after the other in the order of a map."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

ACROSS = 28  # cells along a side; fewer where it has fewer pixels


@dataclass(frozen=True)
class Cells:
    """What a network sees, of `sides` (height, width), in `across` rows and columns of whole pixels.

    >>> Cells((4, 6), 2).labels.tolist()
    [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [2, 2, 2, 3, 3, 3], [2, 2, 2, 3, 3, 3]]
    """

    sides: tuple[int, int]
    across: int = ACROSS

    @property
    def grid(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        height, width = self.sides
        return min(self.across, height), min(self.across, width)

    @property
    def count(self) -> int:
        """How many cells there are."""
        rows, columns = self.grid
        return rows * columns

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The number of the cell (height, width) that each pixel is of, row by row."""
        (height, width), (rows, columns) = self.sides, self.grid
        down, right = np.arange(height) * rows // height, np.arange(width) * columns // width
        return down[:, None] * columns + right

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """The share (count,) of the picture that each cell is."""
        return np.bincount(self.labels.ravel(), minlength=self.count) / self.labels.size

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean (count,) in each cell of a map of any number of rows and columns, linear between its centres."""
        pixels = at_pixels(values, self.sides)
        return np.bincount(self.labels.ravel(), pixels.ravel(), self.count) / (self.shares * self.labels.size)

    def descending(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """The cells (count,) from the largest mean of a map to the least; equal ones in an order drawn once for all.

        That is one by chance, not by place: photographs have their sky above and what they show below.
        """
        drawn = np.random.default_rng(0).permutation(self.count)
        return np.lexsort((drawn, -self.means(values)))


def at_pixels(values: NDArray[np.float64], sides: tuple[int, int]) -> NDArray[np.float64]:
    """A map (rows, columns) at `sides` (height, width): linear between the centres of its cells, constant beyond.

    >>> at_pixels(np.array([[0.0, 4.0]]), (1, 4)).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    """
    for axis, side in enumerate(sides):
        if values.shape[axis] != side:
            values = _along(values, side, axis)
    return values


def _along(values: NDArray[Any], side: int, axis: int) -> NDArray[np.float64]:
    count = values.shape[axis]
    places = np.clip((np.arange(side) + 0.5) * count / side - 0.5, 0, count - 1)
    before = np.floor(places).astype(np.int64)
    share = (places - before).reshape(-1, *[1] * (values.ndim - 1 - axis))
    found: NDArray[np.float64] = np.take(values, before, axis) * (1 - share)
    found += np.take(values, np.minimum(before + 1, count - 1), axis) * share
    return found
