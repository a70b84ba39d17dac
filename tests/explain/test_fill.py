"""What stands in for hidden parts, against worked numbers."""

import numpy as np
import pytest

from convsight.errors import UserError
from convsight.explain.fill import stand_in

PICTURE = np.array([[[0, 10], [3, 10]], [[6, 10], [8, 14]]], np.uint8)  # two rows, two columns, two channels


def test_the_mean_is_that_of_each_channel_rounded_for_whole_numbers() -> None:
    assert stand_in(PICTURE).tolist() == [[[4, 11]] * 2] * 2
    assert stand_in(PICTURE.astype(np.float32)).tolist() == [[[4.25, 11.0]] * 2] * 2


def test_a_number_is_the_value_of_every_channel() -> None:
    assert (stand_in(PICTURE, "7") == 7).all()
    assert stand_in(PICTURE, "7").dtype == np.uint8
    assert (stand_in(PICTURE.astype(np.float32), "-0.5") == -0.5).all()


def test_blur_takes_edges_away_and_leaves_the_light() -> None:
    checks = (np.indices((100, 100)).sum(axis=0) % 2 * 200).astype(np.uint8)[:, :, None]
    assert np.ptp(stand_in(checks, "blur")[25:-25, 25:-25]) <= 1
    level = np.full((100, 100, 1), 77, np.uint8)
    assert (stand_in(level, "blur") == 77).all()
    step = np.where(np.arange(100) < 50, 0, 200).astype(np.float64)[None, :, None].repeat(100, axis=0)
    # A Gaussian with a deviation of 5 px: its integral is .0228 two deviations before the edge, and 1 - .0228 behind.
    along = stand_in(step, "blur")[50, :, 0] / 200
    assert along[[39, 60]] == pytest.approx([0.0179, 1 - 0.0179], abs=0.001)


@pytest.mark.parametrize(
    ("fill", "words"), [("grey", "mean, blur, or a number"), ("256", "from 0 to 255"), ("1.5", "whole numbers")]
)
def test_what_cannot_be_a_fill_is_refused(fill: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        stand_in(PICTURE, fill)
