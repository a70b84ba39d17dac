"""From centres and offsets to things: every pixel is of the thing whose centre it points to.

Cheng et al., "Panoptic-DeepLab", 2020, section 3.3.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

Floats = NDArray[np.float32]

SURE = 0.1  # of a centre, from which it counts
_APART = 7  # cells around a centre, of which it must be the largest
_MOST = 200  # centres of an image


def centres_of(heat: Floats) -> NDArray[np.int64]:
    """Row and column of the centres in `heat` (height, width), 0..1, surest first: (centres, 2).

    >>> heat = np.zeros((9, 20), np.float32)
    >>> heat[4, 3], heat[4, 4], heat[4, 15] = 0.9, 0.8, 0.5
    >>> centres_of(heat).tolist()
    [[4, 3], [4, 15]]
    """
    highest = (heat == ndimage.maximum_filter(heat, _APART, mode="constant")) & (heat >= SURE)
    # Neighbours that are as high as one another, where a centre lies between cells, are one.
    plateaus, _ = ndimage.label(highest, np.ones((3, 3)))
    found = np.stack(np.unravel_index(np.unique(plateaus, return_index=True)[1][1:], heat.shape), axis=1)
    order = np.argsort(-heat[found[:, 0], found[:, 1]], kind="stable")[:_MOST]
    return found[order]


def grouped(centres: NDArray[np.int64], offsets: Floats) -> NDArray[np.int32]:
    """Of every cell (height, width) the number of the centre, from 1, nearest to where it points; 0 without centres.

    `offsets` (2, height, width) are rows and columns from a cell to the centre of its thing.

    >>> grouped(np.array([[0, 0], [0, 5]]), np.zeros((2, 1, 6), np.float32)).tolist()
    [[1, 1, 1, 2, 2, 2]]
    """
    height, width = offsets.shape[1:]
    if not len(centres):
        return np.zeros((height, width), np.int32)
    cells = np.moveaxis(np.indices((height, width)) + offsets, 0, -1)
    _, nearest = cKDTree(centres).query(cells.reshape(-1, 2))
    found: NDArray[np.int32] = nearest.reshape(height, width).astype(np.int32) + 1
    return found
