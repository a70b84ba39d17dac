"""Intersection over union of boxes, and who is whose partner by it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def overlaps(one: Floats, other: Floats) -> Floats:
    """Intersection over union of each of `one` (n, 4) with each of `other` (m, 4): (n, m), 0..1.

    Boxes are left, top, right, bottom. Those without area overlap nothing.

    >>> overlaps(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [5, 5, 6, 6]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    corners = np.minimum(one[:, None, 2:], other[None, :, 2:]) - np.maximum(one[:, None, :2], other[None, :, :2])
    shared = np.clip(corners, 0, None).prod(axis=2)
    areas, others = (np.clip(each[:, 2:] - each[:, :2], 0, None).prod(axis=1) for each in (one, other))
    together = areas[:, None] + others[None] - shared
    found: Floats = np.divide(shared, together, out=np.zeros_like(shared), where=together > 0)
    return found


def matched(alike: Floats, least: float) -> NDArray[np.int64]:
    """For each row of `alike` (n, m) the column it is paired with, -1 for none: the best pair first, each taken once.

    >>> matched(np.array([[0.9, 0.6], [0.8, 0.7]]), 0.5).tolist()
    [0, 1]
    """
    partners = np.full(len(alike), -1, np.int64)
    left = alike.copy()
    while left.size:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        if left[row, column] < least:
            break
        partners[row] = column
        left[row, :] = left[:, column] = -1
    return partners
