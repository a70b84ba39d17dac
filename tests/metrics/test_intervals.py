"""Intervals of shares, of their means and of resamples, against worked formulas and known truths."""

import numpy as np
import pytest
from scipy.stats import binom, t

from convsight.metrics.intervals import (
    by_logits,
    by_unbiased_logits,
    of_mean_share,
    of_share,
    percentiles,
    share_interval,
    student_975,
)


def wilson(share: float, images: int) -> tuple[float, float]:
    """Interval of a share; Wilson, Journal of the American Statistical Association 22, 1927."""
    z = 1.959964
    middle = (share + z**2 / (2 * images)) / (1 + z**2 / images)
    half = z / (1 + z**2 / images) * np.sqrt(share * (1 - share) / images + z**2 / (4 * images**2))
    return middle - half, middle + half


@pytest.mark.parametrize("images", [10, 249, 10_000])
def test_all_right_and_all_wrong_have_wilsons_interval(images: int) -> None:
    for share in (1.0, 0.0):
        found = of_share(share, images)
        assert (found.low, found.high) == pytest.approx(wilson(share, images))
        assert found.value == share


@pytest.mark.parametrize("images", [50, 100, 250, 1000])
@pytest.mark.parametrize("share", [0.5, 0.76, 0.9, 0.97, 0.98, 0.99])
def test_a_share_is_held_however_near_to_all(images: int, share: float) -> None:
    right = np.arange(images + 1.0)
    low, high = share_interval(right, np.full(images + 1, float(images)))
    assert binom.pmf(right, images, share)[(low <= share) & (share <= high)].sum() >= 0.93


def test_a_mean_of_shares_of_one_image_each() -> None:
    found = of_mean_share(np.array([1.0] * 882 + [0.0] * 118), np.ones(1000))
    assert found.value == pytest.approx(0.882)
    assert 0.02 < found.high - found.low < 0.07


def test_resamples_by_percentiles_and_on_the_scale_of_log_odds() -> None:
    draws = np.linspace(0.85, 0.97, 2001)
    assert tuple(percentiles(0.9, draws, 100)) == pytest.approx((0.9, 0.853, 0.967))
    error = draws.std(ddof=1) * np.sqrt(100 / 99) * t.ppf(0.975, 99) / (0.9 * 0.1)
    expected = [1 / (1 + np.exp(-(np.log(9) + side * error))) for side in (-1, 1)]
    assert by_logits(0.9, draws, 100)[1:] == pytest.approx(expected, rel=1e-4)


def test_the_bias_of_resamples_is_taken_off() -> None:
    draws = np.random.default_rng(0).normal(0.8, 0.02, 2000)
    plain, unbiased = by_logits(0.85, draws, 50), by_unbiased_logits(0.85, draws, 50)
    assert unbiased.value == plain.value == 0.85
    assert unbiased.high > plain.high
    assert (unbiased.low + unbiased.high) / 2 == pytest.approx(0.9, abs=0.01)
    twice = by_unbiased_logits(0.6, np.random.default_rng(0).normal(0.65, 0.02, 2000), 50, times=2.0)
    assert twice.value == 0.6
    assert (twice.low + twice.high) / 2 == pytest.approx((0.5 - 0.04 + 0.6) / 2, abs=0.01), "widened to the value"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_there_is_none_at_the_ends(value: float) -> None:
    assert tuple(by_logits(value, np.full(100, value), 50)) == (value,) * 3


def test_an_interval_of_log_odds_never_overflows() -> None:
    found = by_logits(0.999999, np.array([0.0, 1.0] * 100), 50)
    assert (found.low, found.high) == pytest.approx((0, 1))


@pytest.mark.parametrize("freedom", [2, 3, 4, 9, 49, 999])
def test_students_quantile(freedom: int) -> None:
    assert student_975(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=3e-3)
