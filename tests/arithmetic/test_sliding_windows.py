"""What a window sees, against slices written out."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convsight.arithmetic import Padding, Window, window_side
from convsight.arithmetic.sliding_windows import paddings, per_axis, place_of, seen_by, windows_over
from convsight.errors import UserError


@settings(deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 3),
    st.booleans(),
)
def test_what_is_seen_is_what_lies_there(
    n: int, kernel: int, stride: int, before: int, after: int, dilation: int, round_up: bool
) -> None:
    window = Window(kernel, stride, before, after, dilation, round_up)
    side = window_side(n, window).value
    array = np.arange(1, 2 * n + 1).reshape(2, n)
    if side < 1:
        with pytest.raises(UserError, match="does not fit"):
            seen_by(array, [window], fill=-1)
        return
    seen = seen_by(array, [window], fill=-1)
    assert seen.shape == (2, side, kernel)
    for row, stop, cell in product(range(2), range(side), range(kernel)):
        (place,) = place_of((stop,), (cell,), [window])
        assert seen[row, stop, cell] == (array[row, place] if 0 <= place < n else -1)


def test_the_view_copies_no_window() -> None:
    seen = seen_by(np.zeros((100, 100)), [Window(9), Window(9)], fill=0)
    assert seen.shape == (92, 92, 9, 9)
    assert seen.strides == (800, 8, 800, 8)


def test_settings_for_each_axis() -> None:
    assert per_axis("stride", (1, 2), axes=2, minimum=1) == (1, 2)
    assert per_axis("stride", [3], axes=1, minimum=1) == (3,)
    assert per_axis("stride", np.int64(2), axes=2, minimum=1) == (2, 2)  # type: ignore[arg-type]
    assert windows_over((5, 5), (1, 3), stride=(1, 2), padding=[0, (2, 1)], dilation=(1, 2)) == (
        Window(1),
        Window(3, 2, 2, 1, 2),
    )


@pytest.mark.parametrize(
    ("padding", "ends"), [("valid", ((0, 0), (0, 0))), (3, ((3, 3), (3, 3))), ([1, (2, 3)], ((1, 1), (2, 3)))]
)
def test_paddings(padding: Padding, ends: Any) -> None:
    assert paddings(padding, axes=2) == ends
