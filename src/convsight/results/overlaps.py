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
    return iou(one[:, None], other[None])


def iou(one: Floats, other: Floats, crowd: NDArray[np.bool_] | None = None) -> Floats:
    """Intersection over union of boxes at the same place of (..., 4) and (..., 4), which broadcast: (...), 0..1.

    Where `other` is a `crowd`, the intersection counts over the area of `one` alone, as COCO has it.
    """
    corners = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = _product(corners)
    own = _product(one[..., 2:] - one[..., :2])
    whole = own + _product(other[..., 2:] - other[..., :2]) - shared
    if crowd is not None:
        whole = np.where(crowd, own, whole)
    found: Floats = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return found


def _product(sides: Floats) -> Floats:
    """The area of boxes with these sides (..., 2), which are changed; of those with a negative one it is 0."""
    np.maximum(sides, 0, out=sides)
    found: Floats = sides[..., 0] * sides[..., 1]
    return found


def matched(alike: Floats, threshold: float) -> NDArray[np.int64]:
    """For each row of `alike` (n, m) the column it is paired with, -1 for none: the best pair first, each taken once.

    >>> matched(np.array([[0.9, 0.6], [0.8, 0.7]]), 0.5).tolist()
    [0, 1]
    """
    partners = np.full(len(alike), -1, np.int64)
    left = alike.copy()
    while left.size:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        if left[row, column] < threshold:
            break
        partners[row] = column
        left[row, :] = left[:, column] = -1
    return partners
