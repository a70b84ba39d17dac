import numpy as np
import pytest
from PIL import Image

from convsight.results import ClassMap, usual_colours
from convsight.results.montage import framed, layout, montage

CLASSES = ("background", "cat", "dog")


@pytest.mark.parametrize("depth", [1, 2, 5, 12, 13, 200])
def test_slices_are_spread_over_the_volume_and_all_have_room(depth: int) -> None:
    found = layout(depth)
    assert len(found.slices) == min(depth, 12)
    gaps = np.diff([-1 - found.slices[0], *found.slices, 2 * depth - 1 - found.slices[-1]])
    assert gaps.min() > 0
    assert gaps[1:-1].max(initial=1) - gaps[1:-1].min(initial=200) <= 1
    assert 0 <= (found.slices[0] + found.slices[-1]) - (depth - 1) + 1 <= 2  # as far from one end as from the other
    assert (found.rows - 1) * found.columns < len(found.slices) <= found.rows * found.columns


def test_each_slice_has_its_place() -> None:
    volume = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 2), np.uint8)
    drawn = montage(volume)
    assert drawn.shape == (6, 12, 2)
    for number in range(5):
        row, column = divmod(number, 3)
        assert (drawn[3 * row : 3 * row + 3, 4 * column : 4 * column + 4] == volume[number]).all()
    assert (drawn[3:, 8:] == 0).all()


def test_lines_are_between_slices_alone() -> None:
    drawn = framed(np.zeros((4, 6, 3), np.uint8), 4)
    assert (drawn[2] == 128).all()
    assert (drawn[:, 3] == 128).all()
    assert (drawn[[0, 1, 3]][:, [0, 1, 2, 4, 5]] == 0).all()


def test_a_map_of_a_volume_lies_on_the_montage_of_its_slices() -> None:
    indices = np.zeros((4, 80, 80), np.uint8)
    indices[3, 10:40, 20:60] = 1
    found = ClassMap(CLASSES, usual_colours(CLASSES), indices)
    plain = np.full((160, 160, 3), 100, np.uint8)
    drawn = np.asarray(found.draw(Image.fromarray(plain).resize((320, 320))))[-320:].astype(int)
    inside = np.abs(drawn - 100).max(axis=2) > 0
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    assert (rows.min(), rows.max()) in {(180, 239), (179, 239)}  # the border is drawn outside, too
    assert (columns.min(), columns.max()) in {(200, 279), (199, 279)}
