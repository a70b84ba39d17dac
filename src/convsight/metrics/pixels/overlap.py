"""IoU, Dice and accuracy by class, from pixels that were counted: pooled over pictures, or of each picture."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.pixels.confusion import Counts

Floats = NDArray[np.floating[Any]]


class PixelCounts(NamedTuple):
    """Pixels of each class that are true, that were found, and both: each (pictures, classes), or (..., classes).

    A class that is neither true nor found does not occur: its numbers are NaN. One that is found alone has an IoU of 0.

    Sources: Everingham et al., The Pascal Visual Object Classes Challenge, 2010 (IoU); Dice, Measures of the Amount of
    Ecologic Association Between Species, 1945, which is the F1 of pixels.

    >>> counts = PixelCounts.of(np.array([[6, 2, 0, 0], [0, 4, 0, 0], [0, 0, 0, 0]]))
    >>> counts.iou.round(4).tolist(), counts.dice.round(4).tolist(), counts.recall.tolist()
    ([0.75, 0.6667, nan], [0.8571, 0.8, nan], [0.75, 1.0, nan])
    """

    right: Floats
    true: Floats
    found: Floats

    @classmethod
    def of(cls, tables: Counts) -> "PixelCounts":
        """The counts of tables (..., classes, classes + 1) as `confusion` makes them."""
        square = tables[..., :-1].astype(np.float64)
        both = square.diagonal(axis1=-2, axis2=-1)
        return cls(both, tables.sum(axis=-1).astype(np.float64), square.sum(axis=-2))

    def pooled(self, weights: Floats) -> "PixelCounts":
        """The pixels of all pictures together, each as often as `weights` (resamples, pictures) say."""
        return PixelCounts(weights @ self.right, weights @ self.true, weights @ self.found)

    @property
    def iou(self) -> Floats:
        """Intersection over union of each class."""
        return ratio(self.right, self.true + self.found - self.right)

    @property
    def dice(self) -> Floats:
        """Twice the intersection over the sum of both."""
        return ratio(2 * self.right, self.true + self.found)

    @property
    def recall(self) -> Floats:
        """The share of each class's pixels that were given it; NaN where none is true."""
        return ratio(self.right, self.true)

    @property
    def accuracy(self) -> Floats:
        """The share of all judged pixels that are right: (...)."""
        return ratio(self.right.sum(axis=-1), self.true.sum(axis=-1))


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part` over `whole`; NaN where that is 0."""
    found: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return found


def mean_defined(values: Floats, weights: Floats | None = None) -> Floats:
    """The mean over the last axis of what is not NaN; NaN where nothing is.

    With `weights` (resamples, values), a mean for each resample: (resamples,), or of `values` (classes, values)
    (resamples, classes).

    >>> values = np.array([1.0, np.nan, 2.0])
    >>> mean_defined(values).tolist(), mean_defined(values, np.array([[3.0, 1, 1]])).tolist()
    (1.5, [1.25])
    """
    defined = ~np.isnan(values)
    known = np.where(defined, values, 0)
    if weights is None:
        return ratio(known.sum(axis=-1), defined.sum(axis=-1))
    return ratio(weights @ known.T, weights @ defined.T.astype(np.float64))
