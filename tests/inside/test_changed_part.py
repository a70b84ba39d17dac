"""Which cells change behind a window, against trying every cell."""

from itertools import product

import numpy as np
import pytest

from convsight.arithmetic.shapes import Window, window_side
from convsight.inside.changed_part import Span

WINDOWS = [
    Window(kernel, stride, pad, pad, dilation, round_up)
    for kernel, stride, pad, dilation, round_up in product((1, 2, 3, 7), (1, 2, 3), (0, 1, 3), (1, 2), (False, True))
    if 2 * pad <= kernel + 1
]


def changed(starts: list[int], length: int, side: int, window: Window) -> list[set[int]]:
    """The cells behind a window that see any of so many cells from each start on."""
    cells = range(window_side(side, window).value)
    sees = [
        {cell * window.stride - window.before + tap * window.dilation for tap in range(window.kernel)} for cell in cells
    ]
    return [{cell for cell in cells if sees[cell] & set(range(start, start + length))} for start in starts]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_cell_that_sees_a_changed_one_is_in_the_span(window: Window) -> None:
    for side, length in product((9, 14), (1, 2, 5)):
        cells = window_side(side, window).value
        if cells < 1:
            continue
        starts = list(range(side - length + 1))
        span = Span(np.array(starts), length, side).after(window, cells)
        true = changed(starts, length, side, window)
        for start, seen in zip(span.starts, true, strict=True):
            assert 0 <= start <= cells - span.length
            assert seen <= set(range(start, start + span.length))
        if window.dilation == 1:
            assert span.length == max(1, *map(len, true))


def test_what_changes_in_either_is_in_the_join_and_no_more() -> None:
    one, other = Span(np.array([0, 5, 2]), 3, 10), Span(np.array([1, 3, 8]), 2, 10)
    both = one.joined(other)
    assert both.starts.tolist() == [0, 2, 2]
    assert both.length == 8
    assert one.joined(one).same(one)
    assert not one.same(other)
