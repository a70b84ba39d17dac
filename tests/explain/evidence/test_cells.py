"""Cells: pixels are cut evenly, maps of any grid are brought to them, equal ones have one order."""

import numpy as np
import pytest
import torch

from convsight.explain.evidence.cells import Cells, at_pixels


@pytest.mark.parametrize("sides", [(224, 224), (30, 57), (8, 8), (1, 5)])
def test_every_pixel_is_of_a_cell_and_cells_are_even(sides: tuple[int, int]) -> None:
    cells = Cells(sides)
    counts = np.bincount(cells.labels.ravel(), minlength=cells.count)
    assert cells.labels.shape == sides
    assert cells.count == min(28, sides[0]) * min(28, sides[1])
    assert counts.min() >= 1
    assert cells.shares.sum() == pytest.approx(1)
    assert (cells.shares * sides[0] * sides[1]).tolist() == pytest.approx(counts.tolist())
    rows = np.bincount(cells.labels[:, 0] // cells.grid[1])
    assert rows.max() - rows.min() <= 1


@pytest.mark.parametrize("grid", [(7, 7), (3, 11), (40, 50), (1, 1)])
def test_maps_lie_between_their_centres_as_pytorch_has_them(grid: tuple[int, int]) -> None:
    values = np.random.default_rng(1).normal(size=grid)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], (20, 33), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(at_pixels(values, (20, 33)), wanted[0, 0].numpy(), atol=1e-12)


def test_the_mean_of_a_cell_is_that_of_its_pixels() -> None:
    values = np.random.default_rng(2).normal(size=(30, 57))
    cells = Cells((30, 57), 5)
    wanted = [values[cells.labels == cell].mean() for cell in range(cells.count)]
    np.testing.assert_allclose(cells.means(values), wanted)


def test_the_largest_comes_first() -> None:
    values = np.random.default_rng(3).normal(size=(6, 6))
    cells = Cells((6, 6))
    assert cells.means(values)[cells.descending(values)].tolist() == sorted(values.ravel(), reverse=True)


def test_equal_cells_have_one_order_that_is_not_that_of_their_places() -> None:
    cells = Cells((28, 28))
    flat = np.zeros((28, 28))
    order = cells.descending(flat)
    assert order.tolist() == cells.descending(flat + 1).tolist()
    assert sorted(order.tolist()) == list(range(784))
    assert abs(np.corrcoef(order, np.arange(784))[0, 1]) < 0.1
    flat[3, 4] = 1
    changed = cells.descending(flat)
    assert changed[0] == 3 * 28 + 4
    assert changed[1:].tolist() == [cell for cell in order.tolist() if cell != 3 * 28 + 4]
