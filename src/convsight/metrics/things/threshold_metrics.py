"""How good the boxes are that count as found: those whose score reaches the threshold of their class."""

from typing import NamedTuple

import numpy as np

from convsight.metrics.things.coco import Coco, Floats
from convsight.metrics.things.flat_boxes import Flags


class ThresholdCurve(NamedTuple):
    """Precision and recall as the threshold falls; each (predictions,), one for each prediction that counts.

    `found` is how many of them count as found.
    """

    precision: Floats
    recall: Floats
    found: int


def above_threshold(coco: Coco) -> Flags:
    """Which predictions are sure enough, (predictions,)."""
    found: Flags = coco.evaluated.predictions.scores >= coco.evaluated.predictions.thresholds
    return found


def metrics_at_thresholds(coco: Coco, weights: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 at an overlap of 0.5, of all boxes and of each class; NaN where undefined.

    Weights of images (resamples, images) to (resamples,) by name. Precision is 0 where true boxes are missed and
    nothing is found, and undefined where there are neither.

    >>> from convsight.results import Boxes
    >>> from convsight.metrics.things.flat_boxes import EvaluatedBoxes
    >>> target = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> prediction = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3), (5, 0, 9, 4)], [0, 0], scores=[0.9, 0.1],
    ...     thresholds=[0.5, 0.5])
    >>> found = metrics_at_thresholds(Coco(EvaluatedBoxes(("cat",), [target], [prediction])), np.ones((1, 1)))
    >>> {name: round(float(value[0]), 4) for name, value in found.items()}
    {'precision': 1.0, 'recall': 0.5, 'f1': 0.6667, 'precision/cat': 1.0, 'recall/cat': 0.5, 'f1/cat': 0.6667}
    """
    evaluated, half = coco.evaluated, coco.halfway
    found = above_threshold(coco)
    counts = [
        weights @ evaluated.counts(flat, flags)  # (resamples, classes)
        for flat, flags in (
            (evaluated.predictions, half.right & found),
            (evaluated.predictions, half.counted & found),
            (evaluated.target, half.true),
        )
    ]
    numbers = _shares(*(each.sum(axis=1) for each in counts))
    for index, name in enumerate(evaluated.classes):
        shares = _shares(*(each[:, index] for each in counts))
        numbers |= {f"{kind}/{name}": values for kind, values in shares.items()}
    return numbers


def _shares(right: Floats, predicted: Floats, true: Floats) -> dict[str, Floats]:
    nothing = np.full_like(right, np.nan)
    return {
        "precision": np.divide(right, predicted, out=np.where(true > 0, 0.0, nothing), where=predicted > 0),
        "recall": np.divide(right, true, out=nothing.copy(), where=true > 0),
        "f1": np.divide(2 * right, predicted + true, out=nothing, where=predicted + true > 0),
    }


def threshold_curves(coco: Coco) -> dict[str, ThresholdCurve]:
    """Precision and recall at an overlap of 0.5 of each class that has things to be found."""
    evaluated, half = coco.evaluated, coco.halfway
    labels, order = evaluated.predictions.labels, evaluated.by_class
    order = order[half.counted[order]]
    surely = above_threshold(coco)
    curves = {}
    for index, name in enumerate(evaluated.classes):
        true = int((evaluated.target.labels[half.true] == index).sum())
        some = order[labels[order] == index]
        right = np.cumsum(half.right[some])
        if true:
            curves[name] = ThresholdCurve(right / np.arange(1, len(some) + 1), right / true, int(surely[some].sum()))
    return curves
