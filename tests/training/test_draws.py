"""How often examples are drawn: a function of seed and epoch, as often as weights say."""

import numpy as np
import pytest

from convsight.rng import shuffled
from convsight.training.draws import drawn


def test_without_weights_each_is_drawn_once() -> None:
    draws = drawn(3, 1, 30)
    assert draws.samples.tolist() == draws.numbers.tolist() == shuffled(3, 1, 30).tolist()


def test_balanced_classes_are_drawn_equally_often_in_every_epoch() -> None:
    labels = np.repeat([0, 1, 2], [70, 25, 5])
    weights = 1 / np.bincount(labels)[labels]
    for epoch in range(20):
        samples = drawn(0, epoch, 100, weights).samples
        assert np.abs(np.bincount(labels[samples]) - 100 / 3).max() < 1
        times = np.bincount(samples, minlength=100)
        expected = 100 * weights / weights.sum()
        assert ((times >= np.floor(expected)) & (times <= np.ceil(expected))).all()


def test_all_are_seen_in_the_long_run_and_no_order_comes_again() -> None:
    weights = np.repeat([1.0, 9.0], [40, 10])
    epochs = [drawn(5, epoch, 50, weights) for epoch in range(200)]
    seen = np.bincount(np.concatenate([draws.samples for draws in epochs]), minlength=50) / 200
    assert seen == pytest.approx(50 * weights / weights.sum(), rel=0.25)
    assert len({tuple(draws.samples) for draws in epochs}) == 200
    assert drawn(5, 7, 50, weights).samples.tolist() == epochs[7].samples.tolist()


def test_no_two_draws_of_an_epoch_are_varied_alike() -> None:
    weights = np.repeat([1.0, 30.0], [60, 4])
    samples, numbers = drawn(1, 0, 64, weights)
    assert len(set(numbers.tolist())) == 64
    assert (numbers % 64 == samples).all()
    assert np.bincount(samples)[-4:].min() > 5
