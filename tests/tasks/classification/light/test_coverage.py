"""Intervals hold the truth in simulations where it is known; `benchmarks/coverage.py` is the large version."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.metrics import Measured
from convsight.tasks.classification.light import metrics as module
from convsight.tasks.classification.light.metrics import ClassMetrics

Draw = Callable[[int, np.random.Generator], ClassMetrics]
SETS = 120
LEAST = 0.93 - 2.6 * np.sqrt(0.93 * 0.07 / SETS)  # of a hundred tests that hold 93 %, one in two hundred fails


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "resamples_for", lambda images, passes: 200)


def judged(targets: NDArray[np.int64], probabilities: NDArray[np.floating[Any]]) -> ClassMetrics:
    metrics = ClassMetrics(tuple(f"c{index}" for index in range(probabilities.shape[1])))
    metrics._targets, metrics._probabilities = targets.tolist(), list(probabilities)
    return metrics


def scores(images: int, generator: np.random.Generator, classes: int = 3, lift: float = 1.6) -> ClassMetrics:
    """Normal scores of classes, that of the true one higher, and the probabilities that follow from them."""
    targets = generator.integers(classes, size=images)
    values = generator.normal(size=(images, classes))
    values[np.arange(images), targets] += lift
    raised = np.exp(values * lift)
    return judged(targets, raised / raised.sum(axis=1, keepdims=True))


def overconfident(images: int, generator: np.random.Generator) -> ClassMetrics:
    """The first of two classes, always surer by 0.0565 than it is right."""
    top = 0.5 + 0.5 * generator.beta(2, 1, images)
    wrong = generator.random(images) >= top - 0.0565
    return judged(wrong.astype(np.int64), np.stack([top, 1 - top], axis=1))


def told(draw: Draw, images: int, sets: int = SETS) -> list[dict[str, Measured]]:
    return [draw(images, np.random.default_rng((images, number))).compute() for number in range(sets)]


def held(found: list[dict[str, Measured]], name: str, truth: float) -> float:
    """The share of the intervals of a metric that hold its truth; those that are none do not count."""
    intervals = [each[name] for each in found if each[name].low < each[name].high]
    assert len(intervals) > SETS / 2
    return sum(each.low <= truth <= each.high for each in intervals) / len(intervals)


@pytest.mark.parametrize("images", [50, 100, 250, 1000])
def test_the_calibration_error(images: int) -> None:
    found = told(overconfident, images)
    assert held(found, "calibration_error", 0.0565) >= LEAST
    assert np.mean([each["calibration_error"].value for each in found]) == pytest.approx(0.0565, abs=0.025)


@pytest.mark.parametrize("images", [50, 100, 250])
def test_every_other_metric(images: int) -> None:
    truth = scores(100_000, np.random.default_rng(9)).compute(intervals=False)
    found = told(scores, images)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss", "recall/c0", "precision/c1", "f1/c2"):
        assert held(found, name, truth[name].value) >= LEAST, name


def test_without_an_error_log_loss_and_calibration_error_have_no_interval() -> None:
    sure = np.full(200, 0.992)
    found = judged(np.zeros(200, np.int64), np.stack([sure, 1 - sure], axis=1)).compute()
    for name in ("log_loss", "calibration_error"):
        assert found[name].low == found[name].value == found[name].high
    assert found["accuracy"].low < 1


def test_a_thousand_classes_of_one_image_have_no_interval_of_means_over_classes() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(1000, 1000))
    values[np.arange(1000), np.arange(1000)] += 4.5
    raised = np.exp(values)
    found = judged(np.arange(1000), raised / raised.sum(axis=1, keepdims=True)).compute()
    for name in ("macro_f1", "balanced_accuracy", "auc"):
        assert found[name].low == found[name].high, name
    assert found["accuracy"].low < 0.88 < found["accuracy"].high
    assert found["recall/c0"].high - found["recall/c0"].low > 0.7  # of one image
