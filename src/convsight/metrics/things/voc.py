"""Average precision as Pascal VOC measured it: at one overlap, by the area under the curve or at eleven recalls.

Each prediction stands for the true box of its class that it overlaps most, whether that one is taken or not: the surest
of those that stand for one box is right, the others are wrong. Who stands for a difficult box, or for a crowd, is
neither.

Source: Everingham et al., The Pascal Visual Object Classes (VOC) Challenge, 2010, section 4.2; the area under the curve
since the challenge of 2010.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.things.average_precision import Curve, average_precision, curves
from convsight.metrics.things.flat_boxes import EvaluatedBoxes
from convsight.metrics.things.matching import pairs_of

ELEVEN = np.linspace(0, 1, 11)

Floats = NDArray[np.floating[Any]]


def voc_curves(evaluated: EvaluatedBoxes, overlap: float = 0.5) -> list[Curve]:
    """The curve of each class, at one threshold."""
    pairs = pairs_of(evaluated, overlap)
    # The best of each prediction last; of equally good ones the true box given first.
    order = np.lexsort((-pairs.targets, pairs.overlaps, pairs.predictions))
    last = np.flatnonzero(np.diff(pairs.predictions, append=-1))
    candidates, chosen = pairs.predictions[last], pairs.targets[order[last]]
    wanted = ~(evaluated.target.crowd | evaluated.target.difficult)
    first = np.zeros(len(candidates), np.bool_)
    first[np.unique(chosen, return_index=True)[1]] = True  # predictions of an image and class lie by falling score
    counted = wanted[chosen]
    every = np.ones(len(evaluated.predictions), np.bool_)
    return curves(evaluated, candidates, (first & counted)[:, None], counted[:, None], every, wanted)


def voc_precisions(found: list[Curve], weights: Floats, grid: NDArray[np.float64] | None = None) -> Floats:
    """Average precision of each class: the area under its curve, or the mean at the recalls of `grid`.

    Weights (resamples, images) to (resamples, classes). NaN where a class has no true box that is to be found.

    >>> from convsight.results import Boxes
    >>> target = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> prediction = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3), (0, 0, 4, 4)], [0, 0], scores=[0.9, 0.8])
    >>> curves = voc_curves(EvaluatedBoxes(("cat",), [target], [prediction]))
    >>> once = np.ones((1, 1))
    >>> voc_precisions(curves, once).tolist(), voc_precisions(curves, once, ELEVEN).round(4).tolist()
    ([[0.5]], [[0.5455]])
    """
    return np.stack([average_precision(curve, weights, grid)[:, 0] for curve in found], axis=1)
