"""Temperature scaling against a minimiser of SciPy and against scikit-learn's log loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from convsight.tasks.classification.temperature import fit_temperature, tempered


def sample(seed: int, scale: float, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Truths drawn from a network's own probabilities, and probabilities that are `scale` times too sure."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (count, 5))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truths = np.array([random.choice(5, p=row) for row in true])
    sure = np.exp(scale * logits)
    return truths, sure / sure.sum(1, keepdims=True)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.3, 4))
def test_the_log_loss_is_the_least_there_is(seed: int, scale: float) -> None:
    truths, probabilities = sample(seed, scale)

    def loss(logarithm: float) -> float:
        return float(log_loss(truths, tempered(probabilities, float(np.exp(logarithm))), labels=range(5)))

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(truths, probabilities) == pytest.approx(np.exp(best.x), rel=1e-4)


def test_a_network_three_times_too_sure_is_told_so() -> None:
    assert fit_temperature(*sample(0, 3.0, 20_000)) == pytest.approx(3.0, rel=0.05)


def test_only_right_answers_do_not_make_it_certain() -> None:
    probabilities = np.array([[0.6, 0.4], [0.3, 0.7]])
    assert fit_temperature(np.array([0, 1]), probabilities) == pytest.approx(0.05, rel=1e-6)


def test_zero_probabilities_have_a_temperature() -> None:
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert np.isfinite(fit_temperature(np.array([0, 1, 1]), probabilities))
    assert np.isfinite(tempered(probabilities, 3.0)).all()
