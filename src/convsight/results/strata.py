"""Groups of examples that may show several classes, by which splits are cut."""

import numpy as np
from numpy.typing import NDArray

_COMMON = 10  # examples that show a class, from which splits can be cut by it


def rarest_class(shows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rarest class of each example that at least ten of them show; 0 where there is none.

    `shows` tells which shows which class: (examples, classes).
    """
    counts = shows.sum(axis=0)
    common = shows & (counts >= _COMMON)
    rarity = np.where(common, counts, np.iinfo(np.int64).max)
    found: NDArray[np.int64] = np.where(common.any(axis=1), rarity.argmin(axis=1), 0)
    # A stratum can be left with few of its examples, since others counted for a rarer class.
    few = np.bincount(found, minlength=shows.shape[1]) < _COMMON
    most = int(np.bincount(found).argmax()) if len(found) else 0
    return np.where(few[found], most, found)
