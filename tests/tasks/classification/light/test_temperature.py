"""Temperature scaling against a minimiser of SciPy and against scikit-learn's log loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from convsight.tasks.classification.light.temperature import fit_temperature, tempered


def sample(seed: int, scale: float, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Targets drawn from a network's own probabilities, and probabilities that are `scale` times too sure."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (count, 5))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = np.array([random.choice(5, p=row) for row in true])
    sure = np.exp(scale * logits)
    return targets, sure / sure.sum(1, keepdims=True)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.3, 4))
def test_the_log_loss_is_the_lowest_there_is(seed: int, scale: float) -> None:
    targets, probabilities = sample(seed, scale)

    rivals = probabilities.copy()
    rivals[np.arange(len(targets)), targets] = -1
    both = np.concatenate([targets, rivals.argmax(1)])
    weights = np.repeat([len(targets) + 1, 1], len(targets))

    def loss(logarithm: float) -> float:
        found = tempered(probabilities, float(np.exp(logarithm)))
        return float(log_loss(both, np.concatenate([found, found]), sample_weight=weights, labels=range(5)))

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(targets, probabilities) == pytest.approx(np.exp(best.x), rel=1e-4)


def test_a_network_three_times_too_sure_is_told_so() -> None:
    assert fit_temperature(*sample(0, 3.0, 20_000)) == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("count", [1, 20, 1000])
def test_only_right_predictions_do_not_make_it_certain(count: int) -> None:
    targets = np.arange(count) % 3
    sure = np.full((count, 3), 1e-9)
    sure[np.arange(count), targets] = 1
    found = tempered(sure, fit_temperature(targets, sure))
    # Both rivals are as strong, so what is left for errors is shared by them.
    assert 1 - found.max(axis=1) == pytest.approx(np.full(count, 1 / (count + 2)), rel=1e-3)


def test_doubt_hardly_counts_beside_errors() -> None:
    targets, probabilities = sample(1, 1.0, 5000)
    assert fit_temperature(targets, probabilities) == pytest.approx(1.0, rel=0.05)


def test_zero_probabilities_have_a_temperature() -> None:
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert np.isfinite(fit_temperature(np.array([0, 1, 1]), probabilities))
    assert np.isfinite(tempered(probabilities, 3.0)).all()
