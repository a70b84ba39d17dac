"""The numbers of the COCO evaluation, equal to those of its authors' program.

Source: Lin et al., Microsoft COCO: Common Objects in Context, 2014, and https://cocodataset.org/#detection-eval.
"""

from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics.things.average_precision import GRID, Curve, average_precision, curves
from convsight.metrics.things.flat_boxes import EvaluatedBoxes, Flags, Indices
from convsight.metrics.things.matching import Matches, match, pairs_of

Floats = NDArray[np.floating[Any]]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
_STRICT = 5  # the position of 0.75 among them

_MAX_DETECTIONS = 100  # predictions of a class that are judged in one image: the surest
_LIMITS = (1, 10, _MAX_DETECTIONS)
_TOUCHES = 8  # how often a resample goes over each candidate at each threshold, by the clock
# Ranges of a thing's area in pixels, both ends included.
_SIZES = {"": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}


class Halfway(NamedTuple):
    """What is right at an overlap of 0.5, whatever the size.

    Shapes: `right` and `counted` (predictions,), as `Verdicts`; `true` (targets,), the boxes that are to be found;
    `finder` (targets,) the position of the prediction that found each, -1 for none.
    """

    right: Flags
    counted: Flags
    true: Flags
    finder: Indices


class Verdicts(NamedTuple):
    """What is right in one range of sizes.

    Shapes: `right` and `counted` (candidates, thresholds) say which candidates found a true box, and which are right or
    wrong and not ignored; `others` (predictions,) which predictions count that are no candidates, and are wrong; `true`
    (targets,) which true boxes are to be found.
    """

    right: Flags
    counted: Flags
    others: Flags
    true: Flags


@final
class Coco:
    """The images, judged by the rules of COCO at ten overlaps from 0.5 to 0.95.

    >>> from convsight.results import Boxes
    >>> target = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4)], [0])
    >>> prediction = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3)], [0], scores=[0.9])
    >>> numbers = Coco(EvaluatedBoxes(("cat",), [target], [prediction])).numbers()
    >>> round(numbers["AP"], 4), numbers["AP50"], round(numbers["AR100"], 4)
    (0.6, 1.0, 0.6)
    """

    def __init__(self, evaluated: EvaluatedBoxes) -> None:
        self.evaluated = evaluated
        target, predictions = evaluated.target, evaluated.predictions
        self._judged = evaluated.ranks < _MAX_DETECTIONS
        limits = np.array(list(_SIZES.values()))
        self._fitting = _within(predictions.areas, limits)
        self._ignored = target.crowd | target.difficult | ~_within(target.areas, limits)

    @cached_property
    def matches(self) -> Matches:
        """The choices of all predictions that are judged."""
        pairs = pairs_of(self.evaluated, THRESHOLDS[0])
        return match(self.evaluated, pairs.select(self._judged[pairs.predictions]), self._ignored, THRESHOLDS)

    def verdicts(self, size: int = 0) -> Verdicts:
        """What is right in a range of sizes, by its number; 0 is any size."""
        candidates, chosen = self.matches.predictions, self.matches.targets[:, size]
        fitting, ignored = self._judged & self._fitting[size], self._ignored[size]
        right = (chosen >= 0) & ~ignored[chosen] if len(ignored) else np.zeros(chosen.shape, np.bool_)
        counted = right | ((chosen < 0) & fitting[candidates][:, None])
        return Verdicts(right, counted, fitting, ~ignored)

    @cached_property
    def halfway(self) -> Halfway:
        """What is right at an overlap of 0.5."""
        candidates, found = self.matches.predictions, self.verdicts()
        right = np.zeros(len(self.evaluated.predictions), np.bool_)
        counted = found.others.copy()
        right[candidates], counted[candidates] = found.right[:, 0], found.counted[:, 0]
        finder = np.full(len(self.evaluated.target), -1, np.int64)
        finders = candidates[found.right[:, 0]]
        finder[self.matches.targets[found.right[:, 0], 0, 0]] = finders
        return Halfway(right, counted, found.true, finder)

    @cached_property
    def curves(self) -> list[list[Curve]]:
        """The curve of each class, for each range of sizes; the first is any size."""
        return [self._curves(size) for size in range(len(_SIZES))]

    @property
    def passes(self) -> int:
        """How many times a resample goes over all images, for `resamples_for`."""
        followed = sum(curve.right.size for some in self.curves for curve in some)
        return 1 + (len(_SIZES) * len(self.evaluated.predictions) + _TOUCHES * followed) // self.evaluated.images

    def numbers(self) -> dict[str, float]:
        """All numbers by name; NaN where no true box of that size is to be found."""
        return {name: float(value[0]) for name, value in self.measure(np.ones((1, self.evaluated.images))).items()}

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """All numbers of weighted images: weights (resamples, images) to (resamples,) by name."""
        values = _precisions(self.curves[0], weights)
        found = {"AP": mean(values.mean(axis=2)), "AP50": mean(values[..., 0]), "AP75": mean(values[..., _STRICT])}
        for index, name in enumerate(self.evaluated.classes):
            found |= {f"AP/{name}": values[:, index].mean(axis=1), f"AP50/{name}": values[:, index, 0]}
        for size, name in enumerate(_SIZES):
            if name:
                found[f"AP{name}"] = mean(_precisions(self.curves[size], weights).mean(axis=2))
                found[f"AR{name}"] = self._recall(size, _MAX_DETECTIONS, weights)
        return found | {f"AR{limit}": self._recall(0, limit, weights) for limit in _LIMITS}

    def _curves(self, size: int) -> list[Curve]:
        found = self.verdicts(size)
        return curves(self.evaluated, self.matches.predictions, found.right, found.counted, found.others, found.true)

    def _recall(self, size: int, limit: int, weights: Floats) -> Floats:
        """Mean over classes and thresholds, where only the surest `limit` predictions of a class in an image count."""
        evaluated, found, candidates = self.evaluated, self.verdicts(size), self.matches.predictions
        right = found.right & (evaluated.ranks[candidates] < limit)[:, None]
        hits = weights @ evaluated.counts(evaluated.predictions.select(candidates), right.mean(axis=1))
        true = weights @ evaluated.counts(evaluated.target, found.true)
        return mean(np.divide(hits, true, out=np.full(hits.shape, np.nan), where=true > 0))


def _precisions(found: list[Curve], weights: Floats) -> Floats:
    """Weights (resamples, images) to average precisions (resamples, classes, thresholds)."""
    return np.stack([average_precision(curve, weights, GRID) for curve in found], axis=1)


def mean(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; NaN where nothing is.

    >>> mean(np.array([[1.0, np.nan, 2.0]])).tolist()
    [1.5]
    """
    defined = ~np.isnan(values)
    number = defined.sum(axis=-1)
    total = np.where(defined, values, 0).sum(axis=-1)
    found: Floats = np.divide(total, number, out=np.full(number.shape, np.nan), where=number > 0)
    return found


def _within(areas: Floats, limits: Floats) -> Flags:
    """Whether each area lies in each range: (ranges, boxes)."""
    found: Flags = (areas >= limits[:, :1]) & (areas <= limits[:, 1:])
    return found
