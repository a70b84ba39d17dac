"""Masks from run lengths against pycocotools and our plain reading of them."""

import numpy as np
import pytest
from pycocotools import mask as coco_masks

from convsight.results.run_length_masks import mask_of_runs
from convsight.results.run_lengths import from_run_lengths, from_text, run_lengths, to_text


@pytest.mark.parametrize("seed", range(40))
def test_masks_are_those_of_pycocotools(seed: int) -> None:
    generator = np.random.default_rng(seed)
    height, width = generator.integers(1, 70, 2).tolist()
    flags = generator.random((height, width)) < generator.choice([0.0, 0.02, 0.5, 0.98, 1.0])
    if seed % 2:
        flags[:, : width // 2] = False
        flags[: height // 3] = False
    code = coco_masks.encode(np.asfortranarray(flags.astype(np.uint8)))["counts"]
    for runs in (code, code.decode(), run_lengths(flags), [0, 0, *run_lengths(flags)]):
        mask = mask_of_runs(runs, (width, height))
        assert (mask.full((width, height)) == flags).all()
        assert mask.area == flags.sum()
        edges = [mask.pixels[0], mask.pixels[-1], mask.pixels[:, 0], mask.pixels[:, -1]] if flags.any() else []
        assert all(edge.any() for edge in edges)  # no wider than it need be
    assert from_run_lengths(from_text(code), (width, height)).tolist() == flags.tolist()


@pytest.mark.parametrize("text", ["", "a b", "\x7f", "P", "0" * 3 + "o", to_text([5])])
def test_what_is_no_mask_of_the_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="run"):
        mask_of_runs(text, (2, 2))


def test_lengths_that_do_not_fit_are_refused() -> None:
    for runs in ([], [3], [5, -1], [1, 2, 2]):
        with pytest.raises(ValueError, match="no mask of 2 x 2"):
            mask_of_runs(runs, (2, 2))
    with pytest.raises(ValueError, match="holds a run that no image has"):
        mask_of_runs("o" * 14 + "0", (2, 2))
