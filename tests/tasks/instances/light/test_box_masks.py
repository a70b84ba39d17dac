"""Grids over boxes, as pixels: bilinear as torch interpolates them."""

import numpy as np
import torch
from torch.nn import functional as F

from convsight.tasks.instances.light.box_masks import masks_in_boxes

SIZE = (90, 70)


def test_grids_are_interpolated_as_torch_does() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        grid = random.random((28, 28)).astype(np.float32)
        left, top = random.integers(0, 50, 2).tolist()
        width, height = random.integers(1, 41), random.integers(1, 21)
        theirs = F.interpolate(torch.from_numpy(grid)[None, None], size=(int(height), int(width)), mode="bilinear")
        (mask,) = masks_in_boxes(grid[None], np.array([[left, top, left + width, top + height]], float), SIZE)
        whole = np.zeros(SIZE[::-1], np.bool_)
        whole[top : top + height, left : left + width] = theirs[0, 0].numpy() >= 0.5
        np.testing.assert_array_equal(mask.full(SIZE), whole)


def test_pixels_are_those_whose_centres_lie_in_the_box() -> None:
    ones = np.ones((4, 28, 28))
    boxes = np.array([[10.4, 10, 20.6, 20], [10.6, 10, 20.4, 20], [-5, -5, 3, 2.5], [80, 60, 90, 70.0]])
    found = [mask.xyxy for mask in masks_in_boxes(ones, boxes, SIZE)]
    assert found == [(10, 10, 21, 20), (11, 10, 20, 20), (0, 0, 3, 2), (80, 60, 90, 70)]


def test_a_box_without_a_pixel_has_an_empty_mask() -> None:
    boxes = np.array([[10.6, 10, 11.4, 20], [95.0, 5, 99, 9]])
    assert [mask.area for mask in masks_in_boxes(np.ones((2, 3, 3)), boxes, SIZE)] == [0, 0]
