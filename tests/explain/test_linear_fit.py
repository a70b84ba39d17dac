"""Fits from sums against scikit-learn's from all examples."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from convsight.explain.linear_fit import LinearFit

RNG = np.random.default_rng(0)
X = RNG.integers(0, 2, (300, 12)).astype(bool)
Y = 0.3 + 0.001 * (X @ np.arange(12)) + 0.01 * RNG.normal(size=300)
WEIGHTS = RNG.random(300)


def fit_of(rows: slice) -> LinearFit:
    fit = LinearFit(12)
    for x, y, weight in zip(X[rows], Y[rows], WEIGHTS[rows], strict=True):
        fit.add(x, y, weight)
    return fit


@pytest.mark.parametrize("ridge", [0.0, 1.0, 30.0])
def test_equals_weighted_ridge_regression(ridge: float) -> None:
    theirs = Ridge(alpha=ridge).fit(X, Y, sample_weight=WEIGHTS)
    ours = fit_of(np.s_[:]).coefficients(ridge)
    assert ours == pytest.approx(theirs.coef_, abs=1e-12)
    assert fit_of(np.s_[:]).explained(ours) == pytest.approx(theirs.score(X, Y, WEIGHTS), abs=1e-10)


def test_what_one_half_says_is_judged_on_the_other() -> None:
    one, other = fit_of(np.s_[:150]), fit_of(np.s_[150:])
    theirs = LinearRegression().fit(X[:150], Y[:150], sample_weight=WEIGHTS[:150])
    centred = theirs.predict(X[150:])
    missed = Y[150:] - centred
    missed -= np.average(missed, weights=WEIGHTS[150:])
    spread = Y[150:] - np.average(Y[150:], weights=WEIGHTS[150:])
    expected = 1 - np.average(missed**2, weights=WEIGHTS[150:]) / np.average(spread**2, weights=WEIGHTS[150:])
    assert other.explained(one.coefficients()) == pytest.approx(expected, abs=1e-10)


def test_two_fits_add_up() -> None:
    both = fit_of(np.s_[:100]) + fit_of(np.s_[100:])
    assert both.coefficients() == pytest.approx(fit_of(np.s_[:]).coefficients(), abs=1e-12)


def test_nothing_is_explained_where_nothing_varies_or_nothing_is_known() -> None:
    fit = LinearFit(3)
    assert fit.coefficients().tolist() == [0, 0, 0]
    for row in X[:50, :3]:
        fit.add(row, 0.3)
    assert fit.coefficients() == pytest.approx(0, abs=1e-9)
    assert fit.explained(np.zeros(3)) == 0


def test_an_input_that_never_varies_gets_nothing() -> None:
    fit = LinearFit(2)
    for on in (True, False, True):
        fit.add(np.array([on, True]), 5.0 * on)
    assert fit.coefficients() == pytest.approx([5, 0], abs=1e-9)
