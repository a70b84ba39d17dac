"""Likeness of maps, against SciPy's correlation and the formula of SSIM written out window by window."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from convsight.explain.likeness import rank_correlation, strength, structural_similarity


def random_map(seed: int, rows: int = 14, columns: int = 17) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((rows, columns))


def ssim_by_windows(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Equation 13 of Wang et al., 2004, in each window of 11 px that lies in the map."""
    far = np.arange(-5, 6)
    bell = np.exp(-(far**2) / (2 * 1.5**2))
    weights = np.outer(bell, bell) / bell.sum() ** 2
    found = []
    for row in range(one.shape[0] - 10):
        for column in range(one.shape[1] - 10):
            x, y = (each[row : row + 11, column : column + 11] for each in (one, other))
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            both = (weights * (x - mx) * (y - my)).sum()
            found.append((2 * mx * my + 1e-4) * (2 * both + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4)))
    return float(np.mean(found))


def test_ranks_are_compared_as_scipy_does_ties_included() -> None:
    one, other = np.round(random_map(1), 1), np.round(random_map(2) + random_map(1), 1)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)


def test_a_map_without_an_order_is_like_no_other() -> None:
    assert rank_correlation(np.zeros((4, 4)), random_map(1, 4, 4)) == 0


def test_structure_is_compared_window_by_window() -> None:
    one, other = random_map(1), 0.7 * random_map(1) + 0.3 * random_map(2)
    assert structural_similarity(one, other) == pytest.approx(ssim_by_windows(one, other))
    assert structural_similarity(one, one) == pytest.approx(1)


def test_strength_is_a_share_of_nearly_the_largest() -> None:
    values = -np.arange(1.0, 201).reshape(10, 20)
    found = strength(values, (10, 20))
    brightest = np.percentile(np.arange(1.0, 201), 99)
    np.testing.assert_allclose(found, np.minimum(np.arange(1.0, 201).reshape(10, 20) / brightest, 1))
    assert strength(np.zeros((3, 3)), (12, 12)).max() == 0
    assert strength(np.array([[0.0, 1.0]]), (4, 8)).shape == (4, 8)
