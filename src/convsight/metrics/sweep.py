"""`Sweep`: precision and recall of what is found, as the threshold from which it counts rises."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


class Sweep(NamedTuple):
    """Shares at each threshold (thresholds,): `precision` is NaN where nothing is found; `true` are to be found."""

    precision: Floats
    recall: Floats
    true: int

    @classmethod
    def of(cls, hits: NDArray[Any], found: NDArray[Any], true: int) -> Self:
        """Of so many `found` at each threshold, `hits` of them right.

        >>> Sweep.of(np.array([2, 1, 0]), np.array([4, 1, 0]), 4)
        Sweep(precision=array([0.5, 1. , nan]), recall=array([0.5 , 0.25, 0.  ]), true=4)
        """
        precision = np.full(len(found), np.nan)
        np.divide(hits, found, out=precision, where=found > 0)
        return cls(precision, hits / true if true else np.full(len(hits), np.nan), true)
