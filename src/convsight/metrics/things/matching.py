"""Which predicted box found which true one, by the rules of the COCO evaluation.

In each image and class the surest prediction chooses first: the true box it overlaps most among those that are left, if
the overlap reaches the threshold. A true box that is ignored (a crowd, a difficult one, one of another size) is chosen
only where no other is left; who chose it is neither right nor wrong. Any number of predictions may choose a crowd.

Source: Lin et al., Microsoft COCO: Common Objects in Context, 2014, and the evaluation that its authors published.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.things.flat_boxes import EvaluatedBoxes, Flags, FlatBoxes, Floats, Indices, ranks_within
from convsight.results.overlaps import iou

_CHUNK = 1_000_000  # pairs held at a time
_PREFERRED = 1 << 20  # what a choice that counts has above one that is ignored; no prediction overlaps so many


class Pairs(NamedTuple):
    """Predictions and true boxes of one image that overlap: positions and overlap, each (pairs,).

    Those of one prediction lie together, the best last; of equally good ones the true box given last.
    """

    predictions: Indices
    targets: Indices
    overlaps: Floats

    def select(self, chosen: Flags) -> "Pairs":
        """The pairs under the mask `chosen`."""
        return Pairs(self.predictions[chosen], self.targets[chosen], self.overlaps[chosen])


class Matches(NamedTuple):
    """What the predictions that overlap any true box chose; all others found nothing.

    Shapes: `predictions` (candidates,) positions, ascending; `targets` (candidates, ranges, thresholds) positions of
    the chosen true boxes, -1 for none.
    """

    predictions: Indices
    targets: NDArray[np.int32]


def pairs_of(evaluated: EvaluatedBoxes, threshold: float) -> Pairs:
    """All predictions and true boxes of one image and class whose overlap is at least `threshold`, above 0."""
    predictions, target = evaluated.predictions, evaluated.target
    if evaluated.masks is not None:
        pairs = mask_pairs_of(evaluated, threshold)
        return pairs.select(predictions.labels[pairs.predictions] == target.labels[pairs.targets])
    return pairs_between(predictions, evaluated.group(predictions), target, evaluated.group(target), threshold)


def pairs_among(evaluated: EvaluatedBoxes, chosen: Flags, true: Flags, threshold: float) -> Pairs:
    """The pairs of one image, of whatever classes, among predictions and true boxes under masks; counted among these.

    `chosen` is (predictions,) and `true` (targets,); the overlap is at least `threshold`, above 0.
    """
    if evaluated.masks is None:
        predictions, target = evaluated.predictions.select(chosen), evaluated.target.select(true)
        return pairs_between(predictions, predictions.images, target, target.images, threshold)
    pairs = mask_pairs_of(evaluated, threshold)
    pairs = pairs.select(chosen[pairs.predictions] & true[pairs.targets])
    places, true_places = np.cumsum(chosen) - 1, np.cumsum(true) - 1
    return Pairs(places[pairs.predictions], true_places[pairs.targets], pairs.overlaps)


def mask_pairs_of(evaluated: EvaluatedBoxes, threshold: float) -> Pairs:
    """All predictions and true things of one image whose masks overlap by at least `threshold`, of whatever classes."""
    masks = evaluated.masks or []
    first, first_true = (
        np.cumsum([0, *(len(each) for each in areas)])
        for areas in ([pairs.found_areas for pairs in masks], [pairs.true_areas for pairs in masks])
    )
    now = np.empty(len(evaluated.predictions), np.int64)
    now[evaluated.places] = np.arange(len(evaluated.predictions))
    crowd = np.split(evaluated.target.crowd, first_true[1:-1])
    parts = []
    for pairs, start, true_start, many in zip(masks, first, first_true, crowd, strict=False):
        overlaps = pairs.iou(many)
        kept = overlaps >= threshold
        parts.append((now[pairs.found[kept] + start], pairs.true[kept] + true_start, overlaps[kept]))
    found, targets, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((targets, values, found))
    return Pairs(found[order], targets[order], values[order])


def pairs_between(
    predictions: FlatBoxes, groups: Indices, target: FlatBoxes, true_groups: Indices, threshold: float
) -> Pairs:
    """All predictions and true boxes of one group whose overlap is at least `threshold`, above 0.

    The groups of the predictions, (predictions,), must ascend. The overlap is the intersection over the union; with a
    crowd over the prediction's own area.
    """
    first, last = np.searchsorted(groups, true_groups, "left"), np.searchsorted(groups, true_groups, "right")
    cuts = np.searchsorted(np.cumsum(last - first), np.arange(0, int((last - first).sum()), _CHUNK)[1:])
    parts = []
    for some in np.split(np.arange(len(target)), cuts):
        targets = np.repeat(some, (last - first)[some])
        found = spans(first[some], (last - first)[some])
        overlaps = iou(predictions.xyxy[found], target.xyxy[targets], target.crowd[targets])
        kept = overlaps >= threshold
        parts.append((found[kept], targets[kept], overlaps[kept]))
    found, targets, overlaps = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((targets, overlaps, found))
    return Pairs(found[order], targets[order], overlaps[order])


def match(evaluated: EvaluatedBoxes, pairs: Pairs, ignored: Flags, thresholds: Floats) -> Matches:
    """The choices for each of the ranges of sizes and each of the thresholds.

    `ignored` (ranges, targets) says which true boxes are ignored in a range. The loop goes over the ranks of
    predictions within their image and class; all images, classes, ranges and thresholds are handled at once.
    """
    candidates, starts, counts = np.unique(pairs.predictions, return_index=True, return_counts=True)
    ranges, steps = len(ignored), len(thresholds)
    chosen = np.full((len(candidates), ranges, steps), -1, np.int32)
    free = np.ones((len(evaluated.target), ranges, steps), np.bool_)
    crowd = evaluated.target.crowd[:, None, None]
    weight = np.where(ignored.T, 0, _PREFERRED).astype(np.int32)[:, :, None]
    ranks = ranks_within(evaluated.group(evaluated.predictions)[candidates])
    order = np.argsort(ranks, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(ranks))[:-1]) if len(order) else []:
        spanned = spans(starts[rows], counts[rows])
        begins = np.cumsum(counts[rows]) - counts[rows]
        places = np.arange(len(spanned), dtype=np.int32) - np.repeat(begins, counts[rows]).astype(np.int32)
        targets = pairs.targets[spanned]
        reached = (pairs.overlaps[spanned][:, None] >= thresholds)[:, None, :]
        open_ = reached & (free[targets] | crowd[targets])
        values = np.where(open_, weight[targets] + places[:, None, None], -1)
        best = np.maximum.reduceat(values, begins, axis=0)
        takers, areas, levels = np.nonzero(best >= 0)
        taken = targets[begins[takers] + best[takers, areas, levels] % _PREFERRED]
        chosen[rows[takers], areas, levels] = taken
        free[taken, areas, levels] = False
    return Matches(candidates, chosen)


def spans(starts: Indices, counts: Indices) -> Indices:
    """The numbers from each start on, as many as counted.

    >>> spans(np.array([5, 9]), np.array([2, 3])).tolist()
    [5, 6, 9, 10, 11]
    """
    begins = np.cumsum(counts) - counts
    found: Indices = np.arange(int(counts.sum())) + np.repeat(starts - begins, counts)
    return found
