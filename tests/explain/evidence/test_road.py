"""ROAD: imputed pixels solve the equations of the paper, and the answer is asked on both ends of the order."""

from typing import Any, final

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.explain.evidence.additive import pictures, redness, subject_of

from convsight.explain.evidence.cells import Cells
from convsight.explain.evidence.road import SHARES, imputed, road
from convsight.runtime.engine import Engine

Floats = NDArray[np.float64]


@final
class Watched(Engine):
    """Always one half, and keeps what it was asked."""

    name, precision, streams = "toy", "float32", 1

    def __init__(self) -> None:
        self.asked: list[NDArray[Any]] = []

    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        self.asked.extend(inputs)
        return {"probabilities": np.full((len(inputs), 2), 0.5)}


def by_dense_equations(values: Floats, hidden: NDArray[np.bool_]) -> Floats:
    """One equation for each pixel, known ones too, as pytorch-grad-cam's imputer without noise has them."""
    height, width = hidden.shape
    system, right = np.eye(height * width), values.reshape(-1, values.shape[2]).copy()
    for y, x in zip(*np.nonzero(hidden), strict=True):
        row = y * width + x
        right[row] = 0
        total = 0.0
        for down in (-1, 0, 1):
            for along in (-1, 0, 1):
                if (down or along) and 0 <= y + down < height and 0 <= x + along < width:
                    weight = 1 / 6 if not (down and along) else 1 / 12
                    system[row, (y + down) * width + x + along] -= weight
                    total += weight
        system[row, row] = total
    found: Floats = np.linalg.solve(system, right).astype(np.float64)
    return found.reshape(values.shape)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_imputed_pixels_are_means_of_their_neighbours(share: float) -> None:
    generator = np.random.default_rng(7)
    values = generator.normal(size=(11, 8, 3))
    hidden = generator.uniform(size=(11, 8)) < share
    hidden[0, 0] = False
    found = imputed(values, hidden)
    np.testing.assert_allclose(found, by_dense_equations(values, hidden), atol=1e-6)
    assert (found[~hidden] == values[~hidden]).all()


def test_between_two_sides_colours_run_straight() -> None:
    values = np.zeros((3, 5, 1))
    values[:, 0], values[:, 4] = 1, 9
    hidden = np.zeros((3, 5), bool)
    hidden[:, 1:4] = True
    np.testing.assert_allclose(imputed(values, hidden)[:, :, 0], np.tile([1, 3, 5, 7, 9], (3, 1)), atol=1e-9)


def test_the_true_map_keeps_the_answer_longest() -> None:
    for picture in pictures(3):
        subject, cells = subject_of(picture), Cells((14, 14))
        true = redness(picture)
        best, worst = road(subject, cells, true), road(subject, cells, -true)
        assert best > 0.2
        assert worst == pytest.approx(-best, abs=0.05)
        assert road(subject, cells, true) == best


def test_each_share_is_replaced_from_both_ends_with_little_noise() -> None:
    engine = Watched()
    picture = np.full((10, 10, 3), 100, np.uint8)
    values = np.arange(100.0).reshape(10, 10)
    assert road(subject_of(picture, engine), Cells((10, 10)), values, noise=0.1) == 0
    assert len(engine.asked) == 2 * len(SHARES)
    for share, first, last in zip(SHARES, engine.asked[0::2], engine.asked[1::2], strict=True):
        changed = [np.flatnonzero((each != 100).any(axis=2).ravel()) for each in (first, last)]
        count = round(100 * share)
        # Noise of 6 levels leaves a pixel as it was in hardly one case of a thousand.
        assert changed[0].min() >= 100 - count
        assert changed[1].max() < count
        assert min(map(len, changed)) > 0.9 * count
        assert np.abs(first.astype(int) - 100).max() < 40
