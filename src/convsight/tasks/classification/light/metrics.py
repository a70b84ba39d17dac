"""`ClassMetrics`: how good predictions of the form "which class" are. Every number equals scikit-learn's."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import Floats, bootstrapped, measured, resamples_for, with_wilson
from convsight.results import Label, Result
from convsight.tasks.classification.light.auc import Ranking
from convsight.tasks.classification.light.temperature import TEMPERATURE, fit_temperature, tempered
from convsight.tasks.reader import Metrics

Indices = NDArray[np.integer[Any]]

_BINS = 15
_TOP = 5

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
      confidence and accuracy over 15 equal-width bins of the top probability.

    Intervals are those of `metrics.bootstrap`. Labels with other classes than `classes` raise ValueError, other results
    TypeError; computing before the first update raises ValueError.

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
        measure = _Measure(self.classes, targets, probabilities)
        if not intervals:
            return measured(measure, len(targets))
        found = bootstrapped(measure, len(targets), resamples_for(len(targets), len(self.classes)))
        shares = {name: with_wilson(found[name], len(targets)) for name in ("accuracy", "top5") if name in found}
        return found | shares

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


class _Measure:
    """All metrics for given weights of the images; what does not depend on the weights is prepared once."""

    def __init__(self, classes: tuple[str, ...], targets: Indices, probabilities: Floats) -> None:
        self._classes = classes
        count = len(classes)
        predictions = probabilities.argmax(axis=1)
        right = (predictions == targets).astype(np.float64)
        self._means = {"accuracy": right, "log_loss": _surprise(targets, probabilities)}
        if count > _TOP:
            self._means["top5"] = (_rank(targets, probabilities) < _TOP).astype(np.float64)
        self._true = _Sums(targets, count)
        self._predicted = _Sums(predictions, count)
        self._right = _Sums(targets, count, right)
        confidence = _confidence(probabilities)
        self._overconfidence = _Sums(_bins(confidence), _BINS, confidence - right)
        # With two classes the second one's curve is the first one's, mirrored.
        positives = range(1, 2) if count == 2 else range(count)
        self._rankings = [Ranking(targets == index, probabilities[:, index]) for index in positives]

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        images = weights.sum(axis=1)
        means = {name: weights @ each.astype(weights.dtype) / images for name, each in self._means.items()}
        true, predicted, right = self._true(weights), self._predicted(weights), self._right(weights)
        recall, precision = _ratio(right, true), _ratio(right, predicted)
        f1 = _ratio(2 * right, true + predicted)
        found = {"accuracy": means["accuracy"]}
        if "top5" in means:
            found["top5"] = means["top5"]
        found["balanced_accuracy"] = _mean_where(recall, true > 0)
        found["macro_f1"] = _mean_where(f1, true + predicted > 0)
        areas = np.stack([ranking.area(weights) for ranking in self._rankings], axis=1)
        found["auc"] = _mean_where(areas, ~np.isnan(areas))
        found["log_loss"] = means["log_loss"]
        found["calibration_error"] = np.abs(self._overconfidence(weights)).sum(axis=1) / images
        occurs, occurs_anywhere = true > 0, true + predicted > 0  # what is neither cannot be right or wrong
        for kind, values, defined in (
            ("precision", precision, occurs_anywhere),
            ("recall", recall, occurs),
            ("f1", f1, occurs_anywhere),
        ):
            shown = np.where(defined, values, np.nan)
            found |= {f"{kind}/{name}": shown[:, index] for index, name in enumerate(self._classes)}
        return found


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


def _ratio(part: Floats, whole: Floats) -> Floats:
    """The part's share of the whole, 0 where there is no whole."""
    shares = np.zeros_like(part)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _mean_where(values: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Mean over the last axis of the values that count, NaN where none does."""
    mean = np.full(len(values), np.nan, values.dtype)
    number = np.count_nonzero(counted, axis=1)
    np.divide(np.where(counted, values, 0).sum(axis=1), number, out=mean, where=number > 0)
    return mean
