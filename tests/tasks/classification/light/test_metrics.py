import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from convsight.metrics import Measured
from convsight.results import Label
from convsight.tasks.classification.light.metrics import ClassMetrics

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time


@dataclass(frozen=True)
class Predictions:
    """True class indices (images,) and probabilities (images, classes)."""

    targets: NDArray[np.int64]
    probabilities: NDArray[np.floating[Any]]

    @property
    def count(self) -> int:
        return int(self.probabilities.shape[1])

    @property
    def predicted(self) -> NDArray[np.int64]:
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def judged(self) -> ClassMetrics:
        classes = tuple(f"c{index}" for index in range(self.count))
        metrics = ClassMetrics(classes)
        for target, row in zip(self.targets, self.probabilities, strict=True):
            metrics.update(Label.certain(int(target), classes), Label(classes, row))
        return metrics

    @property
    def values(self) -> dict[str, float]:
        return {name: each.value for name, each in self.judged.compute(intervals=False).items()}


@st.composite
def predictions(draw: st.DrawFn, tied: bool = False) -> Predictions:
    """Any targets, also of classes that never occur; probabilities without ties, or with many."""
    count, images = draw(st.integers(2, 8)), draw(st.integers(1, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    occurring = draw(st.integers(1, count))
    targets = generator.permutation(count)[generator.integers(occurring, size=images)]
    if tied:
        levels = generator.integers(0, 3, (images, count)).astype(np.float64)
        levels[:, 0] += levels.sum(axis=1) == 0
        return Predictions(targets, levels / levels.sum(axis=1, keepdims=True))
    sharpness = draw(st.sampled_from([0.1, 1.0, 5.0, 50.0]))
    logits = generator.normal(size=(images, count)) * sharpness
    logits[np.arange(images), targets] += draw(st.sampled_from([0.0, 2.0]))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Predictions(targets, powers / powers.sum(axis=1, keepdims=True))


def sample(images: int, count: int, seed: int = 0, lift: float = 2.0) -> Predictions:
    generator = np.random.default_rng(seed)
    targets = generator.integers(count, size=images)
    logits = generator.normal(size=(images, count))
    logits[np.arange(images), targets] += lift
    powers = np.exp(logits)
    return Predictions(targets, powers / powers.sum(axis=1, keepdims=True))


def plain_calibration_error(given_predictions: Predictions) -> float:
    """The definition, image by image."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for target, row in zip(given_predictions.targets, given_predictions.probabilities, strict=True):
        confidence = float(row.max())
        index = next(b for b in range(15) if confidence <= np.linspace(0, 1, 16)[b + 1] or b == 14)
        bins.setdefault(index, []).append((confidence, int(row.argmax()) == target))
    total = 0.0
    for held in bins.values():
        confidence = sum(c for c, _ in held) / len(held)
        right = sum(r for _, r in held) / len(held)
        total += len(held) / len(given_predictions.targets) * abs(right - confidence)
    return total


@UNHURRIED
@given(predictions())
def test_counting_metrics_equal_scikit_learns(a: Predictions) -> None:
    found = a.values
    assert found["accuracy"] == sk.accuracy_score(a.targets, a.predicted)
    with warnings.catch_warnings():
        # It warns of predicted classes that never occur, and leaves them out, as we do.
        warnings.simplefilter("ignore", UserWarning)
        assert found["balanced_accuracy"] == pytest.approx(
            sk.balanced_accuracy_score(a.targets, a.predicted), abs=1e-12
        )
    macro = sk.f1_score(a.targets, a.predicted, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(macro, abs=1e-12)
    each = sk.precision_recall_fscore_support(a.targets, a.predicted, labels=range(a.count), zero_division=0)
    occurs, told = set(a.targets), {*a.targets, *a.predicted}
    for kind, values, defined in zip(("precision", "recall", "f1"), each, (told, occurs, told), strict=False):
        # Of a class that was neither there nor predicted it says 0; we say nothing.
        expected = {f"{kind}/c{i}": values[i] for i in range(a.count) if i in defined}
        assert {name: value for name, value in found.items() if name.startswith(f"{kind}/")} == pytest.approx(
            expected, abs=1e-12
        )


@UNHURRIED
@given(predictions())
def test_confusion_equals_scikit_learns(a: Predictions) -> None:
    expected = sk.confusion_matrix(a.targets, a.predicted, labels=range(a.count))
    np.testing.assert_array_equal(a.judged.confusion(), expected)


@UNHURRIED
@given(predictions())
def test_log_loss_equals_scikit_learns(a: Predictions) -> None:
    assert a.values["log_loss"] == pytest.approx(
        sk.log_loss(a.targets, a.probabilities, labels=range(a.count)), abs=1e-9
    )


@UNHURRIED
@given(predictions())
def test_top5_equals_scikit_learns(a: Predictions) -> None:
    if a.count <= 5:
        assert "top5" not in a.values
    else:
        expected = sk.top_k_accuracy_score(a.targets, a.probabilities, k=5, labels=range(a.count))
        assert a.values["top5"] == expected


@UNHURRIED
@given(predictions(tied=True))
def test_top5_with_ties_is_what_a_label_lists(a: Predictions) -> None:
    if a.count > 5:
        names = tuple(f"c{index}" for index in range(a.count))
        listed = [[score.name for score in Label(names, row).top(5)] for row in a.probabilities]
        expected = np.mean([names[target] in five for target, five in zip(a.targets, listed, strict=True)])
        assert a.values["top5"] == pytest.approx(expected, abs=1e-12)
        assert a.values["top5"] >= a.values["accuracy"]


@UNHURRIED
@given(st.one_of(predictions(), predictions(tied=True)))
def test_auc_equals_scikit_learns(a: Predictions) -> None:
    present = np.unique(a.targets)
    if len(present) == 1:
        assert "auc" not in a.values
    elif a.count == 2:
        assert a.values["auc"] == pytest.approx(sk.roc_auc_score(a.targets, a.probabilities[:, 1]), abs=1e-12)
    else:
        each = [sk.roc_auc_score(a.targets == index, a.probabilities[:, index]) for index in present]
        assert a.values["auc"] == pytest.approx(np.mean(each), abs=1e-12)
        if len(present) == a.count:
            whole = sk.roc_auc_score(a.targets, a.probabilities, multi_class="ovr", labels=range(a.count))
            assert a.values["auc"] == pytest.approx(whole, abs=1e-12)


@UNHURRIED
@given(st.one_of(predictions(), predictions(tied=True)))
def test_calibration_error_is_at_most_that_of_the_definition(a: Predictions) -> None:
    assert -1e-12 <= a.values["calibration_error"] <= plain_calibration_error(a) + 1e-12


def test_calibration_error_is_the_definition_where_chance_adds_nothing() -> None:
    a = sample(4_000, 4)
    sharper = a.probabilities**3
    sharper /= sharper.sum(axis=1, keepdims=True)
    b = Predictions(a.targets, sharper)
    assert plain_calibration_error(b) > 0.05
    assert b.values["calibration_error"] == pytest.approx(plain_calibration_error(b), abs=5e-3)


@UNHURRIED
@given(predictions())
def test_reliability_equals_scikit_learns_calibration_curve(a: Predictions) -> None:
    bins = a.judged.reliability()
    confidence, right = a.probabilities.max(axis=1), a.predicted == a.targets
    accuracy, mean_confidence = calibration_curve(right, np.minimum(confidence, 1), n_bins=15, pos_label=True)
    full = bins.counts > 0
    np.testing.assert_allclose(bins.accuracy[full], accuracy, atol=1e-12)
    np.testing.assert_allclose(bins.confidence[full], mean_confidence, atol=1e-12)
    assert np.isnan(bins.accuracy[~full]).all()
    assert bins.counts.sum() == len(a.targets)
    weighted = bins.counts[full] @ np.abs(bins.accuracy[full] - bins.confidence[full]) / len(a.targets)
    assert weighted == pytest.approx(plain_calibration_error(a), abs=1e-12)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    a = Predictions(np.array([0, 0]), np.array([[0.6, 0.4], [0.6 + 1e-9, 0.4 - 1e-9]]))
    assert a.judged.reliability().counts.tolist() == [0] * 8 + [1, 1] + [0] * 5


def test_a_true_class_given_no_probability_costs_what_scikit_learn_says() -> None:
    a = Predictions(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert a.values["log_loss"] == pytest.approx(sk.log_loss(a.targets, a.probabilities), rel=1e-12)


def test_single_precision_is_judged_in_double() -> None:
    a = sample(300, 7)
    single = Predictions(a.targets, a.probabilities.astype(np.float32))
    exact = Predictions(a.targets, single.probabilities.astype(np.float64))
    assert single.values == exact.values


@settings(max_examples=25, deadline=None)
@given(st.one_of(predictions(), predictions(tied=True)))
def test_every_interval_holds_its_value_and_values_do_not_change(a: Predictions) -> None:
    with_intervals = a.judged.compute()
    assert {name: each.value for name, each in with_intervals.items()} == a.values
    for each in with_intervals.values():
        assert each.low <= each.value <= each.high
        assert np.isfinite(each).all()


def test_an_interval_is_about_as_wide_as_that_of_metrics_measured_on_resamples() -> None:
    a = sample(300, 4, lift=1.0)
    generator = np.random.default_rng(99)
    draws: dict[str, list[float]] = {}
    for _ in range(200):
        drawn = generator.integers(300, size=300)
        for name, value in Predictions(a.targets[drawn], a.probabilities[drawn]).values.items():
            draws.setdefault(name, []).append(value)
    del draws["calibration_error"]  # twice drawn, an image makes up for nothing
    for name, found in a.judged.compute().items():
        if name in draws:
            low, high = np.percentile(draws[name], (2.5, 97.5))
            assert found.low == pytest.approx(low, abs=0.25 * (high - low)), name
            assert found.high == pytest.approx(high, abs=0.25 * (high - low)), name


def test_the_same_predictions_give_the_same_intervals() -> None:
    a = sample(200, 6)
    assert a.judged.compute() == a.judged.compute()


def test_metrics_can_be_computed_in_between() -> None:
    a = sample(20, 3)
    metrics = ClassMetrics(("c0", "c1", "c2"))
    for index, (target, row) in enumerate(zip(a.targets, a.probabilities, strict=True), start=1):
        metrics.update(Label.certain(int(target), metrics.classes), Label(metrics.classes, row))
        so_far = Predictions(a.targets[:index], a.probabilities[:index]).values
        assert {name: each.value for name, each in metrics.compute(intervals=False).items()} == so_far


def test_the_keys_are_what_readers_rely_on() -> None:
    shared = ["accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss", "calibration_error"]
    single = [f"{kind}/c{index}" for kind in ("precision", "recall", "f1") for index in range(2)]
    assert list(sample(30, 2).values) == shared + single
    assert list(sample(30, 6).values)[:7] == ["accuracy", "top5", *shared[1:]]


def test_the_best_epoch_is_chosen_by_accuracy_then_log_loss() -> None:
    better = {"accuracy": Measured(0.9, 0.9, 0.9), "log_loss": Measured(0.2, 0.2, 0.2)}
    worse = {"accuracy": Measured(0.9, 0.9, 0.9), "log_loss": Measured(0.3, 0.3, 0.3)}
    keys = [tuple(each.key(found) for each in ClassMetrics(("a", "b")).selected_by) for found in (better, worse)]
    assert keys[0] > keys[1]


@pytest.mark.parametrize("number", ["compute", "confusion", "reliability"])
def test_no_image_is_an_error(number: str) -> None:
    with pytest.raises(ValueError, match="no image was judged"):
        getattr(ClassMetrics(("a", "b")), number)()


def test_other_results_or_classes_are_an_error() -> None:
    metrics, label = ClassMetrics(("a", "b")), Label.certain(0, ("a", "b"))
    with pytest.raises(TypeError, match="expected two labels, not Label and dict"):
        metrics.update(label, label.to_json())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected two labels, not dict and Label"):
        metrics.update(label.to_json(), label)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be judged among"):
        metrics.update(label, Label.certain(0, ("b", "a")))
    with pytest.raises(ValueError, match="cannot be judged among"):
        metrics.update(Label.certain(0, ("b", "a")), label)
