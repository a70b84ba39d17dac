"""Average precision from the matches: the same arithmetic for the images as they are and for their resamples."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.things.flat_boxes import EvaluatedBoxes, Flags, Indices

Floats = NDArray[np.floating[Any]]

GRID = np.linspace(0, 1, 101)  # the recalls at which the COCO evaluation reads the precision

_CHUNK = 1_000_000  # numbers held at a time


class Curve(NamedTuple):
    """The predictions of one class by falling score.

    Candidates are those that are right or ignored at some threshold. The others are wrong at every one, so that it is
    enough to know how many come before each candidate.

    Shapes: `images` (candidates,), their images; `right` (thresholds, candidates); `counted` (thresholds,
    candidates), right or wrong and not ignored; `others` (others,), their images; `before` (candidates,) how many of
    them come before; `true` (true boxes to be found,), their images.
    """

    images: Indices
    right: Flags
    counted: Flags
    others: Indices
    before: Indices
    true: Indices


def curves(
    evaluated: EvaluatedBoxes, candidates: Indices, right: Flags, counted: Flags, others: Flags, true: Flags
) -> list[Curve]:
    """The curve of each class.

    `candidates` are positions of the predictions that may be right; `right` and `counted` (candidates, thresholds) tell
    of them, `others` (predictions,) which of the rest count, `true` (targets,) which true boxes are to be found.
    """
    predictions, target, order = evaluated.predictions, evaluated.target, evaluated.by_class
    wrong = counted.all(axis=1) & ~right.any(axis=1)  # like predictions that are no candidates
    others = others.copy()
    others[candidates] = wrong
    kept = counted.any(axis=1) & ~wrong
    candidates, right, counted = candidates[kept], right[kept], counted[kept]
    rows = np.full(len(predictions), -1, np.int64)
    rows[candidates] = np.arange(len(candidates))
    rows = rows[order]
    plain = others[order] & (rows < 0)
    places = np.flatnonzero(rows >= 0)
    chosen = rows[places]
    before = np.cumsum(plain)[places]
    classes = np.arange(len(evaluated.classes) + 1)
    cuts = np.searchsorted(predictions.labels[order[places]], classes)
    rest = order[plain]
    rest_cuts = np.searchsorted(predictions.labels[rest], classes)
    wanted = np.flatnonzero(true)
    wanted = wanted[np.argsort(target.labels[wanted], kind="stable")]
    wanted_cuts = np.searchsorted(target.labels[wanted], classes)
    found = []
    for index in range(len(evaluated.classes)):
        some = chosen[cuts[index] : cuts[index + 1]]
        start, end = rest_cuts[index : index + 2]
        found.append(
            Curve(
                predictions.images[candidates[some]],
                right[some].T,
                counted[some].T,
                predictions.images[rest[start:end]],
                before[cuts[index] : cuts[index + 1]] - start,
                target.images[wanted[wanted_cuts[index] : wanted_cuts[index + 1]]],
            )
        )
    return found


def average_precision(curve: Curve, weights: Floats, grid: NDArray[np.float64] | None) -> Floats:
    """Average precision of weighted images: weights (resamples, images) to (resamples, thresholds).

    The precision at a recall is the best at that recall or a higher one. It is averaged over the recalls of `grid`, or
    over all recalls without one. NaN where no true box is to be found.

    >>> curve = Curve(*(np.array(each) for each in ([0, 0], [[True, True]], [[True, True]], [0], [0, 1], [0, 0])))
    >>> average_precision(curve, np.ones((1, 1)), None).round(4).tolist()
    [[0.8333]]
    """
    rows = max(1, _CHUNK // max(1, curve.right.size, len(curve.others)))
    parts = [_some(curve, weights[start : start + rows], grid) for start in range(0, len(weights), rows)]
    return np.concatenate(parts)


def _some(curve: Curve, weights: Floats, grid: NDArray[np.float64] | None) -> Floats:
    true = weights.take(curve.true, axis=1).sum(axis=1)
    precision, recall = _precision_recall(curve, weights, true)
    best = np.maximum.accumulate(precision[..., ::-1], axis=2)[..., ::-1]
    reached = recall if grid is None else np.searchsorted(grid, recall, side="right") / len(grid)
    steps = np.diff(reached, axis=2, prepend=0)
    return np.where(true[:, None] > 0, (best * steps).sum(axis=2), np.nan)


def _precision_recall(curve: Curve, weights: Floats, true: Floats) -> tuple[Floats, Floats]:
    """Both at each candidate: (resamples, thresholds, candidates); 0 where nothing can be divided by."""
    own = weights.take(curve.images, axis=1)[:, None]
    others = np.zeros((len(weights), len(curve.others) + 1), weights.dtype)
    np.cumsum(weights.take(curve.others, axis=1), axis=1, out=others[:, 1:])
    right = np.cumsum(own * curve.right, axis=2)
    counted = np.cumsum(own * curve.counted, axis=2) + others.take(curve.before, axis=1)[:, None]
    return _ratio(right, counted), _ratio(right, np.broadcast_to(true[:, None, None], right.shape))


def _ratio(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.zeros_like(part)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares
