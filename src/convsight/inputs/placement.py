"""`Placement`: along one axis, which cells of an original make which cells of a network's input."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Placement(NamedTuple):
    """What lies from `begin` to `end` in the original comes to lie from `first` to `first + made` in the input.

    Measured in cells (pixels, samples) of either, whose centres are at a half; the input has `side` cells. `begin` and
    `end` are counted from `origin`, where a part of the original begins.
    """

    begin: float
    end: float
    first: int
    made: int
    side: int
    origin: int = 0

    def sources(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """For every cell of the input, the cell of the original at its centre, and whether there is one; (side,) each.

        >>> Placement(0, 6, 1, 2, 4).sources()
        (array([1, 1, 4, 4]), array([False,  True,  True, False]))
        """
        cells = np.arange(self.side)
        placed = np.clip(cells, self.first, self.first + self.made - 1)
        centres = self.begin + (placed + 0.5 - self.first) * ((self.end - self.begin) / self.made)
        return self.origin + np.floor(centres).astype(np.int64), placed == cells

    def seen(self) -> slice:
        """The cells of the original whose centres come to lie in the input.

        >>> Placement(2.5, 7.5, 0, 10, 10).seen()
        slice(2, 7, None)
        """
        return slice(self.origin + math.ceil(self.begin - 0.5), self.origin + math.ceil(self.end - 0.5))

    def places(self, cells: int) -> NDArray[np.float64]:
        """Where the centres of the cells that are `seen` lie in the input, which is divided into so many `cells`.

        >>> Placement(0, 2, 1, 4, 6).places(6).tolist()
        [2.0, 4.0]
        """
        seen = self.seen()
        centres = np.arange(seen.start - self.origin, seen.stop - self.origin) + 0.5
        placed = self.first + (centres - self.begin) * (self.made / (self.end - self.begin))
        return placed * (cells / self.side)
