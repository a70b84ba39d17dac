"""Outlines: what of them boxes take."""

import numpy as np
from numpy.typing import NDArray


def outline_area(corners: NDArray[np.float64]) -> float:
    """The area of an outline (corners, 2): half the sum of the cross products of its edges (Gauss).

    >>> outline_area(np.array([[0.0, 0], [4, 0], [4, 3]]))
    6.0
    """
    after = np.roll(corners, -1, axis=0)
    return abs(float((corners[:, 0] * after[:, 1] - corners[:, 1] * after[:, 0]).sum())) / 2
