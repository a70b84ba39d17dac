"""Paired tests beside SciPy, and by simulation."""

from functools import partial

import numpy as np
import pytest
from scipy import stats

from convsight.metrics import Metric
from convsight.metrics.intervals import Floats
from convsight.metrics.paired import mcnemar, paired_bootstrap


@pytest.mark.parametrize(
    ("both", "first", "second", "none"), [(80, 12, 3, 5), (10, 0, 9, 1), (5, 4, 4, 0), (9, 0, 0, 1)]
)
def test_mcnemar_is_the_binomial_test_of_what_only_one_gets_right(
    both: int, first: int, second: int, none: int
) -> None:
    a = np.array([True] * both + [True] * first + [False] * second + [False] * none)
    b = np.array([True] * both + [False] * first + [True] * second + [False] * none)
    found = mcnemar("accuracy", a, b)
    wanted = stats.binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert found.p == pytest.approx(wanted)
    assert found.difference.value == pytest.approx(a.mean() - b.mean())
    half = 1.959964 * np.std(a.astype(float) - b) / np.sqrt(len(a))
    assert found.difference.high - found.difference.value == pytest.approx(half)
    assert mcnemar("accuracy", b, a).p == pytest.approx(found.p)
    assert mcnemar("accuracy", b, a).difference.value == pytest.approx(-found.difference.value)


def _mean(values: Floats, weights: Floats) -> dict[str, Floats]:
    return {"error": weights @ values / weights.sum(axis=1)}


def test_a_paired_bootstrap_of_means_is_near_the_t_test() -> None:
    random = np.random.default_rng(0)
    hard = random.normal(0, 5, 200)  # what both share, which pairing takes out
    a, b = hard + random.normal(0, 1, 200), hard + random.normal(0.3, 1, 200)
    found = paired_bootstrap(Metric("error", "lower"), lambda w: _mean(a, w), lambda w: _mean(b, w), 200, 1)
    wanted = stats.ttest_rel(b, a)
    low, high = wanted.confidence_interval()
    assert found.difference.value == pytest.approx(b.mean() - a.mean())  # less is better: the first is
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high), abs=0.03)
    assert found.differs
    assert found.p == pytest.approx(wanted.pvalue, abs=0.005)


def test_equal_networks_do_not_differ_and_what_is_undefined_is_said() -> None:
    values = np.random.default_rng(1).normal(size=50)
    same = paired_bootstrap(Metric("error"), lambda w: _mean(values, w), lambda w: _mean(values, w), 50, 1)
    assert (same.difference.value, same.p, same.differs) == (0.0, 1.0, False)
    nothing = np.full(50, np.nan)
    found = paired_bootstrap(Metric("error"), lambda w: _mean(nothing, w), lambda w: _mean(values, w), 50, 1)
    assert (found.test, found.p) == ("no test", 1.0)


def test_chance_alone_is_told_as_a_difference_in_about_one_of_twenty() -> None:
    random = np.random.default_rng(2)
    told = 0
    for _ in range(200):
        a, b = random.normal(size=(2, 60))
        found = paired_bootstrap(Metric("error"), partial(_mean, a), partial(_mean, b), 60, 1000)
        told += found.differs
    assert 2 <= told <= 24  # 10 are expected
