"""The score of each class from which predictions are best called found."""

import numpy as np

from convsight.metrics.things.coco import Coco
from convsight.metrics.things.flat_boxes import Flags, Floats
from convsight.metrics.things.thresholds import DEFAULT


def best_thresholds(coco: Coco) -> list[float]:
    """For each class the threshold with the best F1 at an overlap of 0.5; the usual one where no prediction is right.

    It lies half-way between the least score that counts as found and the next lower one, so that another engine's
    rounding changes nothing. Of equally good thresholds the highest is taken.
    """
    evaluated, half = coco.evaluated, coco.halfway
    predictions, order = evaluated.predictions, evaluated.by_class
    classes = len(evaluated.classes)
    true = np.bincount(evaluated.target.labels[half.true], minlength=classes)
    cuts = np.searchsorted(predictions.labels[order], np.arange(1, classes))
    return [
        _best(predictions.scores[some], half.right[some], half.counted[some], number)
        for some, number in zip(np.split(order, cuts), true.tolist(), strict=True)
    ]


def _best(scores: Floats, right: Flags, counted: Flags, true: int) -> float:
    """The threshold for predictions of one class, by falling score."""
    if not right.any():
        return DEFAULT
    f1 = 2 * np.cumsum(right) / (np.cumsum(counted) + true)
    following = np.append(scores[1:], 0.0)
    # Equal scores are found together or not at all.
    best = int(np.where(scores > following, f1, -1.0).argmax())
    return float(scores[best] + following[best]) / 2
