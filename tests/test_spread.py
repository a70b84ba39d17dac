"""Some of many positions: the bits of trainings, proofs and figures hang on which."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convsight.spread import evenly, strided

lengths = st.integers(1, 3_000_000)
counts = st.integers(1, 20_000)


@given(lengths, counts)
def test_evenly_spread_positions_differ_and_reach_both_ends(length: int, most: int) -> None:
    found = evenly(length, most)
    assert len(found) == min(length, most)
    assert found[0] == 0
    assert len(found) == 1 or found[-1] == length - 1
    gaps = np.diff(found)
    assert len(gaps) == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)


@given(lengths, counts)
def test_strided_positions_leave_as_much_behind_the_last_as_between_two(length: int, count: int) -> None:
    found = strided(length, min(count, length))
    gaps = np.diff([*found, length])
    assert found[0] == 0
    assert gaps.min() >= 1
    assert gaps.max() - gaps.min() <= 1


def test_of_nothing_there_is_nothing() -> None:
    for found in (evenly(0, 5), evenly(5, 0), evenly(5, -1), strided(5, 0), strided(0, 0)):
        assert found.tolist() == []
        assert found.dtype == np.int64
