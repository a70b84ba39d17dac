"""Deletion and insertion: worked numbers, and the same as step by step in plain NumPy."""

from typing import Any, final

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.explain.evidence.additive import pictures, redness, subject_of

from convsight.explain.evidence.areas import areas_of, curves
from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.filled import Filled, filled_by_mean
from convsight.runtime.engine import Engine


@final
class Brightness(Engine):
    """The mean of all pixels, whose values are 0 to 1, as the probability."""

    name, precision, streams = "toy", "float32", 1

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return {"probabilities": inputs.mean(axis=(1, 2, 3), dtype=np.float64)[:, None]}


@final
class Uneven(Engine):
    """A probability that no single pixel decides."""

    name, precision, streams = "toy", "float32", 1

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        weights = np.sin(np.arange(inputs[0].size)).reshape(inputs[0].shape)
        return {"probabilities": 1 / (1 + np.exp(-(inputs * weights).sum(axis=(1, 2, 3))))[:, None]}


def test_a_worked_example() -> None:
    # Four pixels of 1, .5, .5 and 0 on black: the mean is .5.
    array = np.array([[[1.0], [0.5], [0.5], [0.0]]], np.float32)
    filled = Filled(subject_of(array, Brightness()), np.zeros_like(array))
    found = curves(filled, Cells((1, 4)), np.array([0, 1, 2, 3]), steps=4)
    assert found.shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.deletion.tolist() == [0.5, 0.25, 0.125, 0, 0]
    assert found.insertion.tolist() == [0, 0.25, 0.375, 0.5, 0.5]
    assert found.areas == pytest.approx((0.15625, 0.34375))
    assert found.areas.e == pytest.approx(0.1875)


def test_fractions_are_of_pixels_where_cells_are_not_even() -> None:
    array = np.array([[[1.0], [1.0], [0.0]]], np.float32)
    filled = Filled(subject_of(array, Brightness()), np.zeros_like(array))
    cells = Cells((1, 3), 2)  # the first holds two pixels
    assert cells.labels.tolist() == [[0, 0, 1]]
    found = curves(filled, cells, np.array([1, 0]))
    assert found.shares.tolist() == pytest.approx([0, 1 / 3, 1])
    assert found.areas.deletion == pytest.approx((2 / 3 * 1 / 3) + (2 / 3) * (2 / 3) / 2)


def test_there_are_28_steps_of_28_cells_with_both_ends() -> None:
    array = np.random.default_rng(0).uniform(size=(56, 84, 3)).astype(np.float32)
    cells = Cells((56, 84))
    found = curves(Filled(subject_of(array, Brightness()), np.zeros_like(array)), cells, np.arange(784))
    np.testing.assert_allclose(found.shares, np.arange(29) / 28)
    assert found.deletion[0] == found.insertion[-1] == pytest.approx(array.mean())
    assert found.deletion[-1] == found.insertion[0] == 0


@pytest.mark.parametrize("steps", [1, 7, 20, 200])
def test_the_areas_are_those_of_pixels_hidden_one_by_one(steps: int) -> None:
    generator = np.random.default_rng(steps)
    array, other = generator.normal(size=(2, 9, 13, 3)).astype(np.float32)
    values = generator.normal(size=(9, 13))
    filled = Filled(subject_of(array, Uneven()), other)
    cells = Cells((9, 13))
    found = curves(filled, cells, cells.descending(values), steps).areas

    ranked = np.argsort(-values.ravel())
    step = int(np.ceil(117 / steps))
    ends = [*range(0, 117, step), 117]
    areas = {}
    for name, start, end in (("deletion", array, other), ("insertion", other, array)):
        answers = []
        for count in ends:
            mixed = start.reshape(117, 3).copy()
            mixed[ranked[:count]] = end.reshape(117, 3)[ranked[:count]]
            weights = np.sin(np.arange(351)).reshape(117, 3)
            answers.append(1 / (1 + np.exp(-(mixed * weights).sum())))
        widths = np.diff(ends) / 117
        areas[name] = float((widths * (np.array(answers[1:]) + answers[:-1]) / 2).sum())
    assert found.deletion == pytest.approx(areas["deletion"], abs=1e-6)
    assert found.insertion == pytest.approx(areas["insertion"], abs=1e-6)


def test_the_true_map_is_worth_more_than_one_by_chance_and_its_opposite_less() -> None:
    generator = np.random.default_rng(0)
    chance = []
    for picture in pictures(20):
        filled = filled_by_mean(subject_of(picture))
        cells = Cells((14, 14))
        true = redness(picture)
        found = [areas_of(filled, cells, values) for values in (true, -true, generator.normal(size=(14, 14)))]
        best, worst, drawn = (each.e for each in found if each is not None)
        # 16 of 196 pixels hold all of it, and a straight line leads there.
        assert best == pytest.approx(1 - 16 / 196, abs=0.01)
        assert worst == pytest.approx(-best)
        chance.append(drawn)
    assert abs(np.mean(chance)) < 0.08  # two standard errors


def test_nothing_is_told_where_hiding_everything_changes_nothing() -> None:
    picture = next(pictures(1))
    assert areas_of(Filled(subject_of(picture), picture), Cells((14, 14)), redness(picture)) is None
