"""The test for drift against scipy's chi-square test."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from convsight.datasets.audit.balance import permutation_test


@pytest.mark.parametrize(
    "counts", [[[30, 20, 10], [12, 14, 9]], [[300, 200], [150, 140]], [[900, 95, 0], [500, 70, 0]]]
)
def test_the_statistic_and_p_are_those_of_scipy(counts: list[list[int]]) -> None:
    table = np.array(counts)
    expected = chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
    statistic, p = permutation_test(table)
    assert statistic == pytest.approx(expected.statistic)
    # 499 cuts: a standard error of 0.022 at most; scipy's own p is an approximation too.
    assert p == pytest.approx(expected.pvalue, abs=0.08)
