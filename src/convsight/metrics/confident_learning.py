"""Which labels are doubtful, and how many are wrong, from answers that were given without having seen them.

Source: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_NONE = -1
_ALIKE = 1e-6  # so near to a threshold, rounding must not decide


class Confidence(NamedTuple):
    """What probabilities say of given labels.

    `likely` (images,) is the class that each image is counted for, -1 where none is sure enough. `margin` (images,) is
    the probability of the given class less that of the best other one, in -1..1: the lower, the more doubtful.
    `doubted` are positions of images counted for another class than the given one, the most doubtful first. `joint`
    (classes, classes) is the estimated share of all images whose label is the row and whose true class is the column.
    """

    likely: NDArray[np.int64]
    margin: NDArray[np.float64]
    doubted: NDArray[np.int64]
    joint: NDArray[np.float64]

    @property
    def wrong(self) -> float:
        """The estimated share of labels that are wrong."""
        return float(1 - np.trace(self.joint))


def confidence(given: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]) -> Confidence:
    """Compare labels `given` (images,) with `probabilities` (images, classes) told by what did not learn from them.

    A class is likely where its probability reaches its threshold: the mean over the images that are given it. Of
    several likely ones the most probable counts. A label is doubted where that is another class, and another one is
    more probable than the given.

    >>> told = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.2, 0.8]])
    >>> found = confidence(np.array([0, 0, 0, 1, 1]), told)
    >>> found.likely.tolist(), found.doubted.tolist(), round(found.wrong, 2)
    ([0, 0, 1, -1, 1], [2], 0.2)
    """
    likely = _likely(given, probabilities)
    rows = np.arange(len(given))
    others = probabilities.astype(np.float64)
    of_given = others[rows, given]
    others[rows, given] = -np.inf
    margin = of_given - others.max(axis=1)
    denied = np.flatnonzero((likely != _NONE) & (likely != given) & (margin < 0))
    doubted = denied[np.argsort(margin[denied], kind="stable")]
    return Confidence(likely, margin, doubted, _joint(given, likely, probabilities.shape[1]))


def _likely(given: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    classes = probabilities.shape[1]
    sums = np.bincount(given, weights=probabilities[np.arange(len(given)), given], minlength=classes)
    counts = np.bincount(given, minlength=classes)
    thresholds = np.divide(sums, counts, out=np.full(classes, np.inf), where=counts > 0)
    sure = np.where(probabilities >= thresholds - _ALIKE, probabilities, -np.inf)
    return np.where(np.isfinite(sure).any(axis=1), sure.argmax(axis=1), _NONE)


def _joint(given: NDArray[np.integer[Any]], likely: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """The counts of both, each row brought to as many images as have that label, since not all are counted."""
    counted = np.zeros((classes, classes))
    there = likely != _NONE
    np.add.at(counted, (given[there], likely[there]), 1)
    counts = np.bincount(given, minlength=classes)
    np.fill_diagonal(counted, counted.diagonal().clip(min=1))  # of each class at least one label is right
    joint = counted / counted.sum(axis=1, keepdims=True) * counts[:, None] / len(given)
    return np.asarray(joint, np.float64)
