import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convsight.rng import shuffled, step_seed, uniform


@given(
    seed=st.integers(0, 2**32 - 1), epoch=st.integers(0, 10_000), samples=st.lists(st.integers(0, 10**9), min_size=1)
)
def test_a_row_depends_on_its_own_sample_alone(seed: int, epoch: int, samples: list[int]) -> None:
    together = uniform(seed, epoch, np.array(samples), 4)
    for row, sample in zip(together, samples, strict=True):
        np.testing.assert_array_equal(row, uniform(seed, epoch, np.array([sample]), 4)[0])


def test_numbers_are_uniform_and_independent() -> None:
    rows = uniform(seed=3, epoch=5, samples=np.arange(40_000), columns=3).astype(np.float64)
    assert rows.min() >= 0
    assert rows.max() < 1
    # Standard error of the mean 0.0014, of each tenth's share 0.0015, of a correlation 0.005.
    np.testing.assert_allclose(rows.mean(axis=0), 0.5, atol=0.007)
    for column in rows.T:
        np.testing.assert_allclose(np.histogram(column, 10, (0, 1))[0] / 40_000, 0.1, atol=0.0075)
    later = uniform(seed=3, epoch=6, samples=np.arange(40_000), columns=3).astype(np.float64)
    correlations = np.corrcoef(np.hstack([rows, later]).T) - np.eye(6)
    assert np.abs(correlations).max() < 0.025


def test_seed_and_epoch_change_everything() -> None:
    samples = np.arange(100)
    first = uniform(1, 1, samples, 2)
    assert not np.intersect1d(first, uniform(2, 1, samples, 2)).size
    assert not np.intersect1d(first, uniform(1, 2, samples, 2)).size


def test_orders_are_permutations_that_repeat() -> None:
    order = shuffled(7, 2, 1000)
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    np.testing.assert_array_equal(order, shuffled(7, 2, 1000))
    assert (order != shuffled(7, 3, 1000)).any()
    assert (order != shuffled(8, 2, 1000)).any()


def test_step_seeds_differ() -> None:
    seeds = {step_seed(s, e, n) for s in range(5) for e in range(5) for n in range(40)}
    assert len(seeds) == 1000


def test_streams_have_nothing_to_do_with_one_another() -> None:
    samples = np.arange(500)
    first, second = (uniform(3, 1, samples, 4, stream) for stream in (0, 1))
    assert np.array_equal(first, uniform(3, 1, samples, 4))
    assert not np.isin(first, second).any()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.08
