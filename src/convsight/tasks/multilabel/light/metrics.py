"""`LabelSetMetrics`: how good predictions of "which labels" are. Every number equals scikit-learn's."""

from collections.abc import Mapping
from typing import final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.intervals import (
    FEWEST_OF_A_CLASS,
    Floats,
    by_logits,
    by_unbiased_logits,
    of_share,
    percentiles,
    share_interval,
)
from convsight.metrics.paired import Comparison, paired_bootstrap
from convsight.metrics.shares import mean_where, ratio
from convsight.results import LabelSet, Result
from convsight.tasks.multilabel.light.average_precision import PositiveRanking
from convsight.tasks.multilabel.light.thresholds import THRESHOLD, best_thresholds, thresholds_of
from convsight.tasks.reader import Metrics

_INTERVALS = {
    "mAP": by_logits,
    "AP": by_logits,
    "micro_f1": by_logits,
    "macro_f1": by_unbiased_logits,
    "log_loss": percentiles,
}
_DESCRIBED = {
    **{name: Metric(name) for name in ("mAP", "AP", "micro_f1", "macro_f1", "exact_match")},
    **{name: Metric(name) for name in ("precision", "recall", "f1")},
    "log_loss": Metric("log_loss", "lower", perfect=0.0, share=False),
}


@final
class LabelSetMetrics(Metrics):
    """Average precision, F1 and more of the predictions to "which labels".

    - `mAP`: the mean of `AP/<label>`, average precision over the images ranked by the label's probability, of the
      labels that occur; it knows no thresholds;
    - `micro_f1` (of all labels of all images together), `macro_f1` (the mean of `f1/<label>` of the labels that occur
      or were predicted), `precision/<label>`, `recall/<label>`: of labels from their thresholds on, 0 where nothing
      can be divided by;
    - `exact_match`: the share of images with all labels right, and none that is not there;
    - `log_loss`: mean over images and labels of -ln(probability of what is true), clipped as in classification.

    What is undefined is left out. Intervals are those of shares, or of resamples of images for all else. There is none
    where it could not hold the truth: of means over labels where one has under five images, of an average precision
    of so few, of values of 0 or 1. Results with other labels than `classes` raise ValueError, other results
    TypeError; computing before the first update raises ValueError.

    >>> metrics = LabelSetMetrics(("cat", "dog"))
    >>> for cat, dog, seen in ((True, True, [0.9, 0.4]), (False, True, [0.2, 0.8]), (True, False, [0.6, 0.1])):
    ...     target = LabelSet.certain(np.array([cat, dog]), metrics.classes)
    ...     metrics.update(target, LabelSet(metrics.classes, np.array(seen), np.full(2, 0.5)))
    >>> found = metrics.compute(intervals=False)
    >>> found["mAP"].value, found["recall/dog"].value, round(found["exact_match"].value, 3)
    (1.0, 0.5, 0.667)
    """

    selection = ("mAP", "log_loss")
    drawn = ("mAP", "micro_f1", "macro_f1", "exact_match")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._present: list[NDArray[np.bool_]] = []
        self._probabilities: list[Floats] = []
        self._thresholds: list[Floats] = []

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, LabelSet) and isinstance(result, LabelSet)):
            raise TypeError(f"expected two label sets, not {type(target).__name__} and {type(result).__name__}")
        for labels in (target, result):
            if labels.classes is not self.classes and labels.classes != self.classes:
                raise ValueError(f"the labels {labels.classes} cannot be judged among {self.classes}")
        self._present.append(target.present)
        self._probabilities.append(result.probabilities)
        self._thresholds.append(result.thresholds)

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        if not self._present:
            raise ValueError("no image was judged, so there is nothing to measure")
        measure, images = self._measure(), len(self._present)
        found = measured(measure, images) | measure.shares()
        if intervals:
            found |= self._resampled(measure, images) | measure.shares(intervals=True)
        return found

    def described(self) -> Described:
        return _DESCRIBED

    def compared(self, other: "LabelSetMetrics") -> Comparison:
        pair = (self._measure(), other._measure())
        return paired_bootstrap(self.selected_by[0], *pair, len(self._present), len(self.classes))

    def _measure(self) -> "_Measure":
        present, probabilities = self.judged()
        return _Measure(self.classes, present, probabilities, probabilities >= np.stack(self._thresholds))

    def judged(self) -> tuple[NDArray[np.bool_], Floats]:
        """Which labels are there, and their probabilities: (images, labels) each."""
        return np.stack(self._present), np.stack(self._probabilities)

    def calibration(self) -> dict[str, float]:
        best = best_thresholds(*self.judged()).tolist()
        return {f"{THRESHOLD}{name}": value for name, value in zip(self.classes, best, strict=True)}

    def calibrated(self, calibration: Mapping[str, float]) -> "LabelSetMetrics":
        thresholds = thresholds_of(calibration, self.classes)
        found = LabelSetMetrics(self.classes)
        found._present, found._probabilities = self._present, self._probabilities
        found._thresholds = [thresholds] * len(self._present)
        return found

    def _resampled(self, measure: "_Measure", images: int) -> dict[str, Measured]:
        found = bootstrapped(
            measure,
            images,
            resamples_for(images, len(self.classes)),
            intervals={name: _INTERVALS[name.partition("/")[0]] for name in measure.names},
        )
        return {name: each if measure.tells(name) else each.bare for name, each in found.items()}


class _Measure:
    """All numbers of weighted images: weights (resamples, images) to (resamples,) by name, NaN where undefined."""

    def __init__(
        self,
        classes: tuple[str, ...],
        present: NDArray[np.bool_],
        probabilities: Floats,
        said: NDArray[np.bool_],
    ) -> None:
        self._classes = classes
        self._true, self._said = present.astype(np.float64), said.astype(np.float64)
        self._right = self._true * self._said
        self._losses = _surprise(present, probabilities).mean(axis=1)
        self._exact = float((present == said).all(axis=1).mean())
        pairs = zip(present.T, probabilities.T, strict=True)
        self._rankings = [PositiveRanking(*pair) for pair in pairs]
        self.names = ("mAP", "micro_f1", "macro_f1", "log_loss", *(f"AP/{name}" for name in classes))

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        true, said, right = (weights @ each for each in (self._true, self._said, self._right))
        precisions = np.stack([ranking.precision(weights) for ranking in self._rankings], axis=1)
        f1 = ratio(2 * right, true + said)
        total = ratio(2 * right.sum(axis=1), true.sum(axis=1) + said.sum(axis=1))
        return {
            "mAP": mean_where(precisions, ~np.isnan(precisions)),
            "micro_f1": total,
            "macro_f1": mean_where(f1, true + said > 0),
            "log_loss": weights @ self._losses / weights.sum(axis=1),
            **{f"AP/{name}": precisions[:, index] for index, name in enumerate(self._classes)},
        }

    def tells(self, name: str) -> bool:
        """Whether there are enough images with the labels of the number `name` for resamples to tell how it varies."""
        counts, images = self._true.sum(axis=0), len(self._true)
        rarer = np.minimum(counts, images - counts)  # images with the label, or without it
        if name.startswith("AP/"):
            return bool(rarer[self._classes.index(name.removeprefix("AP/"))] >= FEWEST_OF_A_CLASS)
        # A label that no image has, or every image, varies in nothing.
        return name in ("micro_f1", "log_loss") or not ((rarer > 0) & (rarer < FEWEST_OF_A_CLASS)).any()

    def shares(self, intervals: bool = False) -> dict[str, Measured]:
        """What is a share of images: without resamples."""
        found = {"exact_match": of_share(self._exact, len(self._true))}
        true, said, right = (each.sum(axis=0) for each in (self._true, self._said, self._right))
        found |= self._of_labels("precision", right, said, true + said > 0)
        found |= self._of_labels("recall", right, true, true > 0)
        found |= self._of_labels("f1", right, true + said - right, true + said > 0)
        return found if intervals else {name: each.bare for name, each in found.items()}

    def _of_labels(self, kind: str, right: Floats, images: Floats, defined: NDArray[np.bool_]) -> dict[str, Measured]:
        """A share of each label that it is `defined` for, 0 where it is one of no `images`.

        F1 is 2 J / (1 + J) of J, the share of the right ones among those that have the label or are said to.
        """
        shares = np.stack([ratio(right, images), *share_interval(right, np.maximum(images, 1))])
        shares[1:, images == 0] = 0.0
        if kind == "f1":
            shares = 2 * shares / (1 + shares)
        value, low, high = shares
        ends = zip(value, np.minimum(low, value), np.maximum(high, value), defined, strict=True)
        return {
            f"{kind}/{name}": Measured(float(value), float(low), float(high))
            for name, (value, low, high, counts) in zip(self._classes, ends, strict=True)
            if counts
        }


def _surprise(present: NDArray[np.bool_], probabilities: Floats) -> Floats:
    """-ln of the probability of what is true, clipped as scikit-learn clips in double precision."""
    given = np.where(present, probabilities, 1 - probabilities.astype(np.float64))
    tiny = np.finfo(np.float64).eps
    found: Floats = -np.log(np.clip(given, tiny, 1 - tiny))
    return found
