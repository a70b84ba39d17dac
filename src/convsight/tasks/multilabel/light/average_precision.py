"""Average precision for many weightings of the same images at once."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.intervals import Floats


@final
class PositiveRanking:
    """Images ranked by the probability of one label, sorted once, measured under any weights.

    Average precision is the mean over the images that have the label of the precision among those ranked as high or
    higher: the sum of (R_n - R_n-1) P_n over falling thresholds, without interpolation, as scikit-learn has it.

    Shapes: `present` and `probabilities` are (images,).

    >>> ranking = PositiveRanking(np.array([True, False, True]), np.array([0.9, 0.6, 0.4]))
    >>> ranking.precision(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])).round(3)
    array([0.833, 1.   ,   nan])
    """

    def __init__(self, present: NDArray[np.bool_], probabilities: Floats) -> None:
        order = np.argsort(-probabilities, kind="stable")
        falling, is_present = -probabilities[order], present[order]
        # Only sums up to the probabilities that images with the label have are needed.
        held = np.unique(falling[is_present])
        ends = np.searchsorted(falling, held, "right")
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        self._order = order[: ends[-1] if len(ends) else 0].astype(np.int32)
        self._starts = starts
        self._present = order[is_present]
        self._groups = np.searchsorted(falling[is_present], held)

    def precision(self, weights: Floats) -> Floats:
        """Average precision for each row of weights (resamples, images); NaN where no weight has the label."""
        found = np.full(len(weights), np.nan, weights.dtype)
        if not len(self._present):
            return found
        reached = np.add.reduceat(weights.take(self._order, axis=1), self._starts, axis=1).cumsum(axis=1)
        gained = np.add.reduceat(weights.take(self._present, axis=1), self._groups, axis=1)
        right = gained.cumsum(axis=1)
        share = np.divide(right, reached, out=np.zeros_like(right), where=reached > 0)
        total = right[:, -1]
        np.divide((gained * share).sum(axis=1), total, out=found, where=total > 0)
        return found
