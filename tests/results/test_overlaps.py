"""Overlaps beside torchvision's, and COCO's for crowds."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pycocotools import mask
from torchvision.ops import box_iou

from convsight.results.overlaps import iou, matched, overlaps


def boxes(count: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 40, (count, 2)).astype(np.float64)
    return np.concatenate([start, start + rng.integers(0, 30, (count, 2))], axis=1)


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (3, 0), (1, 1), (40, 25)])
def test_all_pairs_overlap_as_torchvision_says(rows: int, columns: int) -> None:
    one, other = boxes(rows, 0), boxes(columns, 1)
    expected = box_iou(torch.from_numpy(one), torch.from_numpy(other)).nan_to_num(0).numpy()
    np.testing.assert_allclose(overlaps(one, other), expected, rtol=1e-12)
    assert overlaps(one, other).shape == (rows, columns)


def test_boxes_row_by_row_are_the_diagonal_of_all_pairs() -> None:
    one, other = boxes(30, 0), boxes(30, 1)
    np.testing.assert_array_equal(iou(one, other), np.diag(overlaps(one, other)))


def test_a_crowd_counts_over_the_box_that_is_compared_with_it() -> None:
    one, other = boxes(50, 2), boxes(50, 3)
    crowd = np.random.default_rng(4).random(50) < 0.5
    sized = [np.concatenate([each[:, :2], each[:, 2:] - each[:, :2]], axis=1) for each in (one, other)]
    expected = np.diag(mask.iou(*sized, crowd.astype(np.uint8).tolist()))
    has_area = (sized[0][:, 2:].prod(axis=1) > 0) & (sized[1][:, 2:].prod(axis=1) > 0)
    np.testing.assert_allclose(iou(one, other, crowd)[has_area], expected[has_area], rtol=1e-12)
    assert (iou(one, other, crowd)[~has_area] == 0).all()


def test_boxes_inside_out_overlap_nothing() -> None:
    inside_out = np.array([[8.0, 8, 2, 2]])
    assert overlaps(inside_out, np.array([[0.0, 0, 9, 9]])).tolist() == [[0.0]]
    assert overlaps(inside_out, inside_out).tolist() == [[0.0]]


def test_the_best_pair_is_taken_first() -> None:
    alike = np.array([[0.6, 0.9, 0.0], [0.5, 0.8, 0.4]])
    assert matched(alike, 0.45).tolist() == [1, 0]
    assert matched(alike, 0.55).tolist() == [1, -1]
    assert matched(np.zeros((2, 0)), 0.5).tolist() == [-1, -1]
