"""Area under the ROC curve for many weightings of the same images at once."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.intervals import Floats


@final
class Ranking:
    """Images ranked by the score for one class, sorted once, measured under any weights.

    The area is the share of (positive, negative) pairs in which the positive scores higher, equal scores counting
    one half: the Mann-Whitney statistic (Hanley and McNeil, Radiology 143, 1982), equal to the trapezoidal area
    under the curve.

    Shapes: `positive` and `scores` are (images,).

    >>> ranking = Ranking(np.array([True, False, True]), np.array([0.9, 0.4, 0.4]))
    >>> ranking.area(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 0.0], [0.0, 1.0, 0.0]]))
    array([0.75, 1.  ,  nan])
    """

    def __init__(self, positive: NDArray[np.bool_], scores: Floats) -> None:
        order = np.argsort(scores, kind="stable")
        ordered, is_positive = scores[order], positive[order]
        # Only sums between the scores that positives have are needed, which is much cheaper than sums at each score.
        held = np.unique(ordered[is_positive])
        first, last = np.searchsorted(ordered, held, "left"), np.searchsorted(ordered, held, "right")
        starts = np.unique(np.concatenate([[0], first, last]))
        self._starts = starts[starts < len(order)]
        # As large as the scores themselves in single precision; there is one ranking for each class.
        self._order = order.astype(np.int32)
        self._positives = order[is_positive]
        self._tie_starts = np.searchsorted(ordered[is_positive], held)
        self._tie_segments = np.searchsorted(self._starts, first)

    def area(self, weights: Floats) -> Floats:
        """The area for each row of weights (resamples, images); NaN where positives or negatives weigh nothing."""
        area = np.full(len(weights), np.nan, weights.dtype)
        if not len(self._positives):
            return area
        everything = np.add.reduceat(weights.take(self._order, axis=1), self._starts, axis=1)
        positives = np.zeros_like(everything)
        gathered = weights.take(self._positives, axis=1)
        positives[:, self._tie_segments] = np.add.reduceat(gathered, self._tie_starts, axis=1)
        negatives = everything - positives
        below = np.cumsum(negatives, axis=1)
        won = (positives * (below - negatives / 2)).sum(axis=1)
        pairs = positives.sum(axis=1) * below[:, -1]
        np.divide(won, pairs, out=area, where=pairs > 0)
        return area
