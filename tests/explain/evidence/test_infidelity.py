"""Infidelity: worked numbers, and what the true map of an additive network must reach."""

import numpy as np
import pytest
from tests.explain.evidence.additive import pictures, redness, subject_of

from convsight.explain.evidence.filled import filled_by_mean
from convsight.explain.evidence.infidelity import Infidelity, infidelity, misfit


def test_a_worked_example_at_the_best_scale() -> None:
    # The scale is (1*2 + 2*2 + 3*3) / (1 + 4 + 9) = 15 / 14; what is left: (-13, 2, 3) / 14, squared 182 / 196.
    found = misfit(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 3.0]))
    assert found == pytest.approx(Infidelity(182 / 196 / 3, 182 / 196 / 17))


def test_a_map_of_nothing_tells_nothing() -> None:
    assert misfit(np.zeros(2), np.array([1.0, 3.0])) == Infidelity(5.0, 1.0)
    assert misfit(np.ones(2), np.zeros(2)) is None


def test_the_true_map_foretells_every_loss_and_others_do_not() -> None:
    picture = next(pictures(1, seed=3))
    filled = filled_by_mean(subject_of(picture))
    true = infidelity(filled, redness(picture))
    assert true is not None
    assert true.error == pytest.approx(0, abs=1e-12)
    assert infidelity(filled, 5 * redness(picture)) == pytest.approx(true, abs=1e-9)
    wrong = infidelity(filled, np.ones((14, 14)))
    assert wrong is not None
    assert wrong.untold > 0.1
    assert infidelity(filled, np.ones((14, 14))) == wrong
    assert infidelity(filled, np.ones((14, 14)), seed=1) != wrong
