"""Pictures of which regions are hidden, and maps of a number for each region."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Regions:
    """`labels` (height, width), from 0 on, are the regions of the picture `array`; hidden ones show `fill`."""

    array: NDArray[Any]
    labels: NDArray[np.int64]
    fill: NDArray[Any]

    def __len__(self) -> int:
        return int(self.labels.max()) + 1

    def picture(self, kept: NDArray[np.bool_]) -> NDArray[Any]:
        """The picture with only those regions that are `kept` (regions,)."""
        return np.where(kept[self.labels][:, :, None], self.array, self.fill)

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """A map (height, width) with the number of its region at every pixel."""
        found: NDArray[np.float64] = values[self.labels]
        return found


def mean_colours(array: NDArray[Any], labels: NDArray[np.int64]) -> NDArray[Any]:
    """The picture with every pixel in its region's mean colour, whole numbers cut off as the lime package does.

    >>> mean_colours(np.array([[[10], [13], [200]]], np.uint8), np.array([[0, 0, 1]]))[0, :, 0].tolist()
    [11, 11, 200]
    """
    flat = labels.ravel()
    sizes = np.bincount(flat)
    planes = [np.bincount(flat, plane.ravel()) / sizes for plane in np.moveaxis(array.astype(np.float64), 2, 0)]
    means: NDArray[Any] = np.stack(planes, axis=1).astype(array.dtype)[labels]
    return means
