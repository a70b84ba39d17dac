from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.inputs.tiling import Tiling, spread_starts, tiles_of


@st.composite
def tilings(draw: st.DrawFn) -> tuple[int, int, int]:
    tile = draw(st.integers(2, 40))
    return draw(st.integers(tile, 300)), tile, draw(st.integers(0, tile // 2))


@given(tilings())
def test_shares_add_up_to_one_everywhere(given_: tuple[int, int, int]) -> None:
    cells, tile, overlap = given_
    tiling = Tiling(cells, tile, overlap)
    total = np.zeros(cells)
    for start, share in zip(tiling.starts, tiling.shares, strict=True):
        total[start : start + tile] += share
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(tilings())
def test_edges_that_have_a_neighbour_say_nothing(given_: tuple[int, int, int]) -> None:
    tiling, silent = Tiling(*given_), given_[2] // 4
    for index, share in enumerate(tiling.shares):
        if index > 0:
            assert not share[:silent].any()
        if index + 1 < len(tiling):
            assert not share[len(share) - silent :].any()


@given(tilings())
def test_neighbours_overlap_and_the_last_tile_ends_with_the_axis(given_: tuple[int, int, int]) -> None:
    cells, tile, overlap = given_
    tiling = Tiling(cells, tile, overlap)
    steps = np.diff(tiling.starts)
    assert tiling.starts[0] == 0
    assert tiling.starts[-1] + tile == cells
    assert (steps[:-1] == tile - overlap).all()
    assert all(0 < step <= tile - overlap for step in steps)
    assert len(tiling) == tiles_of(cells, tile, overlap)


@given(tilings())
def test_rows_are_done_where_the_next_tile_starts(given_: tuple[int, int, int]) -> None:
    tiling = Tiling(*given_)
    done = [tiling.done(index) for index in range(len(tiling))]
    assert done == [*tiling.starts[1:], tiling.cells]
    for index, start in enumerate(tiling.starts):
        first = tiling.first_of(index)
        assert tiling.starts[first] + tiling.tile > start
        assert first == 0 or tiling.starts[first - 1] + tiling.tile <= start


def test_shares_between_two_tiles_rise_as_a_squared_sine() -> None:
    tiling = Tiling(24, 16, 8)
    distance = np.arange(8) + 0.5
    expected = np.sin(np.clip((distance - 2) / 4, 0, 1) * np.pi / 2) ** 2
    np.testing.assert_allclose(tiling.shares[1][:8], expected, atol=1e-7)
    np.testing.assert_allclose(tiling.shares[0][8:], 1 - expected, atol=1e-7)
    assert (tiling.shares[1][8:] == 1).all()


@given(st.integers(1, 2000), st.integers(2, 300), st.integers(0, 150))
def test_starts_are_drawn_from_ranges_that_follow_one_another(side: int, tile: int, overlap: int) -> None:
    overlap = min(overlap, tile // 2)
    ranges = spread_starts(side, tile, overlap)
    assert len(ranges) == tiles_of(side, tile, overlap)
    assert ranges[0][0] == -(tile // 8)
    assert ranges[-1][1] == max(0, side - tile) + tile // 8
    assert all(low <= high for low, high in ranges)
    assert all(before[1] == after[0] for before, after in pairwise(ranges))


@pytest.mark.parametrize(("cells", "tile", "overlap"), [(9, 10, 0), (20, 10, 6), (20, 10, -1)])
def test_impossible_tilings_are_refused(cells: int, tile: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="no tiles"):
        Tiling(cells, tile, overlap)
