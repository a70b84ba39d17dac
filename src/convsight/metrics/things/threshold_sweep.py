"""Precision and recall of things as one threshold for all classes rises."""

import numpy as np

from convsight.metrics.sweep import Sweep
from convsight.metrics.things.coco import Coco, Floats
from convsight.metrics.things.flat_boxes import Flags


def threshold_sweep(coco: Coco, thresholds: Floats) -> dict[str, Sweep]:
    """At an overlap of 0.5, of all classes together (the name "") and of each that has things to be found.

    >>> from convsight.results import Boxes
    >>> from convsight.metrics.things.flat_boxes import EvaluatedBoxes
    >>> target = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> found = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3), (5, 0, 9, 4)], [0, 0], scores=[0.9, 0.1])
    >>> swept = threshold_sweep(Coco(EvaluatedBoxes(("cat",), [target], [found])), np.array([0.0, 0.5, 1.0]))["cat"]
    >>> swept.precision.tolist(), swept.recall.tolist()
    ([0.5, 1.0, nan], [0.5, 0.5, 0.0])
    """
    evaluated, half = coco.evaluated, coco.halfway
    predictions, target = evaluated.predictions, evaluated.target
    swept = {"": _sweep(predictions.scores[half.counted], half.right[half.counted], int(half.true.sum()), thresholds)}
    for index, name in enumerate(evaluated.classes):
        mine = half.counted & (predictions.labels == index)
        if true := int((target.labels[half.true] == index).sum()):
            swept[name] = _sweep(predictions.scores[mine], half.right[mine], true, thresholds)
    return swept


def _sweep(scores: Floats, right: Flags, true: int, thresholds: Floats) -> Sweep:
    order = np.argsort(scores)
    first = np.searchsorted(scores[order], thresholds)  # of those that reach each threshold
    hits = np.append(np.cumsum(right[order][::-1])[::-1], 0)[first]
    return Sweep.of(hits, len(scores) - first, true)
