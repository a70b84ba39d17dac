"""Run lengths are those of pycocotools, which reads and writes most of them."""

import numpy as np
import pytest
from pycocotools import mask as coco

from convsight.results.masks import Mask
from convsight.results.run_lengths import from_run_lengths, from_text, run_lengths, to_text


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.97, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (23, 57), (300, 200)])
def test_they_are_those_of_pycocotools(shape: tuple[int, int], share: float) -> None:
    flags = np.random.default_rng(3).random(shape) < share
    flags[shape[0] // 3 : shape[0] // 2] = share > 0.5
    truth = coco.encode(np.asfortranarray(flags.astype(np.uint8)))["counts"]
    text = to_text(run_lengths(flags))
    assert text.encode() == truth
    np.testing.assert_array_equal(from_run_lengths(from_text(truth), shape[::-1]), flags)
    piece = Mask.of(flags)
    assert piece.to_coco(shape[::-1]) == {"size": [*shape], "counts": text}


def test_a_piece_anywhere_has_the_runs_of_the_whole() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        height, width = random.integers(1, 12, 2).tolist()
        flags = np.zeros((height, width), np.bool_)
        top, left = int(random.integers(height)), int(random.integers(width))
        flags[top : top + int(random.integers(1, 6)), left : left + int(random.integers(1, 6))] = True
        flags &= random.random(flags.shape) < 0.8
        assert Mask.of(flags).to_coco((width, height))["counts"] == to_text(run_lengths(flags))


@pytest.mark.parametrize("text", ["ö", "!", "a", "61X"])
def test_what_is_no_run_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"digit|within a number|codec"):
        from_text(text)


def test_runs_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="no mask of 3 x 2"):
        from_run_lengths([1, 2, 1], (3, 2))
    with pytest.raises(ValueError, match="no mask"):
        from_run_lengths([8, -2], (3, 2))
