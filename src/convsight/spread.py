"""Some of many positions, spread over all of them."""

import numpy as np
from numpy.typing import NDArray


def evenly(length: int, most: int) -> NDArray[np.int64]:
    """At most `most` of `length` positions, ascending, as far from one another as can be, from the first to the last.

    >>> evenly(10, 4).tolist(), evenly(3, 4).tolist(), evenly(3, 0).tolist()
    ([0, 3, 6, 9], [0, 1, 2], [])
    """
    return np.linspace(0, length - 1, max(0, min(most, length))).astype(np.int64)


def strided(length: int, count: int) -> NDArray[np.int64]:
    """`count` of `length` positions, ascending from the first on, each as far from the next as the last from the end.

    >>> strided(10, 4).tolist(), strided(3, 0).tolist()
    ([0, 2, 5, 7], [])
    """
    return np.arange(count) * length // max(count, 1)
