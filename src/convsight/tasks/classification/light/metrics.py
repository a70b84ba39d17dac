"""`ClassMetrics`: how good predictions of the form "which class" are. Every number equals scikit-learn's."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.intervals import (
    FEWEST_OF_A_CLASS,
    Floats,
    by_logits,
    by_unbiased_logits,
    of_mean_share,
    of_share,
    share_interval,
    wider,
)
from convsight.metrics.paired import Comparison, mcnemar
from convsight.metrics.shares import mean_where, ratio
from convsight.results import Label, Result
from convsight.tasks.classification.light import log_loss
from convsight.tasks.classification.light.auc import Ranking
from convsight.tasks.classification.light.calibration_error import calibration_error
from convsight.tasks.classification.light.temperature import TEMPERATURE, fit_temperature, tempered
from convsight.tasks.reader import Confusions, Metrics

Indices = NDArray[np.integer[Any]]

_BINS = 15
_TOP = 5
_AVERAGED = {"balanced_accuracy": by_logits, "macro_f1": by_unbiased_logits, "auc": by_logits}

_DESCRIBED = {
    **{name: Metric(name) for name in ("accuracy", "top5", "balanced_accuracy", "macro_f1", "auc")},
    **{name: Metric(name) for name in ("precision", "recall", "f1")},
    "log_loss": Metric("log_loss", "lower", perfect=0.0, share=False),
    "calibration_error": Metric("calibration_error", "lower", perfect=0.0),
}


class Reliability(NamedTuple):
    """How often answers of a given confidence are right: equal-width bins of the top probability.

    Shapes: `edges` (bins + 1,), the others (bins,). A bin reaches from above its lower edge up to and
    including its upper one. `confidence` and `accuracy` are means over its images, NaN where it has none.
    """

    edges: Floats
    counts: Indices
    confidence: Floats
    accuracy: Floats


@final
class ClassMetrics(Metrics):
    """Accuracy, AUC, calibration and more of the predictions to "which class".

    - `accuracy`, `balanced_accuracy` (mean recall of the classes that occur), `macro_f1` (mean F1 of the classes that
      occur or were predicted), `precision/<class>`, `recall/<class>`, `f1/<class>` (0 where nothing can be divided by);
    - `top5`, given more than five classes: of equal probabilities the lower class index comes first, as everywhere
      here (scikit-learn puts the higher one first, so that a tie could be right in `accuracy` and wrong in `top5`);
    - `auc`: area under the ROC curve, ties by midrank; of class 1 where there are two classes, else the mean of each
      occurring class against the rest. Left out where only one class occurs, since it is undefined there;
    - `log_loss`: mean of -ln(probability of the true class), probabilities clipped to [2.2e-16, 1 - 2.2e-16];
    - `calibration_error`: Guo et al., On Calibration of Modern Neural Networks, 2017: mean distance between
      confidence and accuracy over 15 equal-width bins of the top probability, less what chance adds to it.

    Intervals are those of shares, or of resamples for means over the classes. There is none where it could not hold
    the truth: of means over the classes where one of them has under five images, of AUC and macro-F1 where they are 0
    or 1, of log loss and calibration error under three wrong answers. Labels with other classes than `classes` raise
    ValueError, other results TypeError; computing before the first update raises ValueError.

    >>> metrics = ClassMetrics(("cat", "dog"))
    >>> for target, dog in ((0, 0.2), (0, 0.6), (1, 0.7), (1, 0.9)):
    ...     metrics.update(Label.certain(target, metrics.classes), Label(metrics.classes, np.array([1 - dog, dog])))
    >>> found = metrics.compute(intervals=False)
    >>> found["accuracy"].value, found["auc"].value, found["recall/cat"].value
    (0.75, 1.0, 0.5)
    """

    selection = ("accuracy", "log_loss")
    drawn = ("accuracy", "top5", "balanced_accuracy", "macro_f1", "auc", "calibration_error")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._targets: list[int] = []
        self._probabilities: list[Floats] = []

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, Label) and isinstance(result, Label)):
            raise TypeError(f"expected two labels, not {type(target).__name__} and {type(result).__name__}")
        for label in (target, result):
            if label.classes is not self.classes and label.classes != self.classes:
                raise ValueError(f"a label with the classes {label.classes} cannot be judged among {self.classes}")
        self._targets.append(target.index)
        self._probabilities.append(result.probabilities)

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        targets, probabilities = self._judged()
        return _Judged(self.classes, targets, probabilities).compute(intervals)

    def described(self) -> Described:
        return _DESCRIBED

    def calibration(self) -> dict[str, float]:
        targets, probabilities = self._judged()
        return {TEMPERATURE: fit_temperature(targets, probabilities)}

    def calibrated(self, calibration: Mapping[str, float]) -> "ClassMetrics":
        targets, probabilities = self._judged()
        found = ClassMetrics(self.classes)
        found._targets = targets.tolist()
        found._probabilities = list(tempered(probabilities, calibration[TEMPERATURE]))
        return found

    def confusion(self) -> NDArray[np.int64]:
        """How often each class (row) was predicted as each class (column): shape (classes, classes)."""
        targets, probabilities = self._judged()
        count = len(self.classes)
        cells = np.bincount(targets * count + probabilities.argmax(axis=1), minlength=count * count)
        return cells.reshape(count, count)

    def confusions(self) -> Confusions:
        return Confusions(self.classes, self.classes, self.confusion(), "images", "confusion")

    def compared(self, other: "ClassMetrics") -> Comparison:
        """The difference in accuracy, by McNemar's test."""
        return mcnemar("accuracy", self._are_right(), other._are_right())

    def _are_right(self) -> NDArray[np.bool_]:
        targets, probabilities = self._judged()
        right: NDArray[np.bool_] = probabilities.argmax(axis=1) == targets
        return right

    def reliability(self) -> Reliability:
        """The bins behind `calibration_error`, for a plot."""
        targets, probabilities = self._judged()
        confidence, right = _confidence(probabilities), probabilities.argmax(axis=1) == targets
        bins = _bins(confidence)
        counts = np.bincount(bins, minlength=_BINS)
        divisor = np.where(counts, counts, np.nan)
        return Reliability(
            _edges(),
            counts,
            np.bincount(bins, confidence, _BINS) / divisor,
            np.bincount(bins, right, _BINS) / divisor,
        )

    def _judged(self) -> tuple[NDArray[np.int64], Floats]:
        """True class indices (images,) and predicted probabilities (images, classes)."""
        if not self._targets:
            raise ValueError("no image was judged, so there is nothing to measure")
        return np.array(self._targets), np.stack(self._probabilities)


class _Judged:
    """All metrics of predictions; what resamples of them have in common is prepared once."""

    def __init__(self, classes: tuple[str, ...], targets: Indices, probabilities: Floats) -> None:
        self._classes = classes
        count = len(classes)
        predictions = probabilities.argmax(axis=1)
        self._is_right = predictions == targets
        self._top5 = _rank(targets, probabilities) < _TOP if count > _TOP else None
        self._losses = _surprise(targets, probabilities)
        self._confidence = _confidence(probabilities)
        self._true = _Sums(targets, count)
        self._predicted = _Sums(predictions, count)
        self._right = _Sums(targets, count, self._is_right.astype(np.float64))
        # With two classes the second one's curve is the first one's, mirrored.
        positives = range(1, 2) if count == 2 else range(count)
        self._rankings = [Ranking(targets == index, probabilities[:, index]) for index in positives]

    def compute(self, intervals: bool) -> dict[str, Measured]:
        """Every metric by name; resamples, which take their time, are drawn for intervals alone."""
        images = len(self._losses)
        as_they_are = np.ones((1, images))
        true, predicted, right = (sums(as_they_are)[0] for sums in (self._true, self._predicted, self._right))
        found = {"accuracy": of_share(float(self._is_right.mean()), images)}
        if self._top5 is not None:
            found["top5"] = of_share(float(self._top5.mean()), images)
        averages = self._resampled() if intervals else measured(self._averages, images)
        # Resamples know no error of a class that was all right, and shares not how many images there are of each.
        mean_recall = of_mean_share(right[true > 0], true[true > 0])
        found |= averages | {"balanced_accuracy": wider(mean_recall, averages["balanced_accuracy"])}
        if true.min() < FEWEST_OF_A_CLASS:
            found |= {name: found[name].bare for name in averages}
        found["log_loss"] = log_loss.with_interval(float(self._losses.mean()), self._losses, ~self._is_right)
        found["calibration_error"] = self._calibration_error()
        found |= self._of_classes("precision", right, predicted, true + predicted > 0)
        found |= self._of_classes("recall", right, true, true > 0)
        found |= self._of_classes("f1", right, true + predicted - right, true + predicted > 0)
        return found if intervals else {name: each.bare for name, each in found.items()}

    def _resampled(self) -> dict[str, Measured]:
        images = len(self._losses)
        resamples = resamples_for(images, len(self._classes))
        return bootstrapped(self._averages, images, resamples, intervals=_AVERAGED)

    def _averages(self, weights: Floats) -> dict[str, Floats]:
        """The means over classes, for weights (resamples, images)."""
        true, predicted, right = self._true(weights), self._predicted(weights), self._right(weights)
        f1 = ratio(2 * right, true + predicted)
        areas = np.stack([ranking.area(weights) for ranking in self._rankings], axis=1)
        return {
            "balanced_accuracy": mean_where(ratio(right, true), true > 0),
            "macro_f1": mean_where(f1, true + predicted > 0),
            "auc": mean_where(areas, ~np.isnan(areas)),
        }

    def _calibration_error(self) -> Measured:
        bins = _bins(self._confidence)
        found = calibration_error(
            np.bincount(bins, minlength=_BINS).astype(np.float64),
            np.bincount(bins, self._confidence, _BINS).astype(np.float64),
            np.bincount(bins, self._is_right, _BINS).astype(np.float64),
        )
        errors = np.count_nonzero(~self._is_right)
        return found if errors >= log_loss.FEWEST_ERRORS else found.bare

    def _of_classes(self, kind: str, right: Floats, images: Floats, defined: NDArray[np.bool_]) -> dict[str, Measured]:
        """A share of each class that it is `defined` for, 0 where it is one of no `images`.

        F1 is 2 J / (1 + J) of J, the share of the right ones among those that are or are taken for the class.
        """
        shares = np.stack([ratio(right, images), *share_interval(right, np.maximum(images, 1))])
        shares[1:, images == 0] = 0.0
        if kind == "f1":
            shares = 2 * shares / (1 + shares)
        return {
            f"{kind}/{name}": Measured(*shares[:, index].tolist())
            for index, name in enumerate(self._classes)
            if defined[index]
        }


class _Sums:
    """For each row of weights, the weighted sum of `values` (1 if not given) over the images of each group."""

    def __init__(self, groups: Indices, count: int, values: Floats | None = None) -> None:
        self._count = count
        self._order = np.argsort(groups, kind="stable")
        self._present, self._starts = np.unique(groups[self._order], return_index=True)
        self._values = None if values is None else values[self._order]

    def __call__(self, weights: Floats) -> Floats:
        """Weights (resamples, images) to sums (resamples, groups)."""
        ordered = weights.take(self._order, axis=1)
        if self._values is not None:
            ordered *= self._values.astype(weights.dtype)
        sums = np.zeros((len(weights), self._count), weights.dtype)
        sums[:, self._present] = np.add.reduceat(ordered, self._starts, axis=1)
        return sums


def _surprise(targets: Indices, probabilities: Floats) -> Floats:
    """-ln of the true class's probability, clipped as scikit-learn clips in double precision."""
    given = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    tiny = np.finfo(np.float64).eps
    return -np.log(np.clip(given, tiny, 1 - tiny))


def _rank(targets: Indices, probabilities: Floats) -> Indices:
    """How many classes were predicted before the true one; of equals the lower index comes first."""
    given = probabilities[np.arange(len(targets)), targets][:, None]
    earlier = np.arange(probabilities.shape[1]) < targets[:, None]
    before = (probabilities > given) | ((probabilities == given) & earlier)
    ranks: Indices = np.count_nonzero(before, axis=1)
    return ranks


def _confidence(probabilities: Floats) -> NDArray[np.float64]:
    return np.asarray(probabilities.max(axis=1), np.float64)


def _edges() -> NDArray[np.float64]:
    return np.linspace(0, 1, _BINS + 1)


def _bins(confidence: Floats) -> Indices:
    """The bin of each confidence; a value on an edge belongs below it."""
    return np.searchsorted(_edges()[1:-1], confidence)
