"""Overlaps of boxes in PyTorch beside torchvision's."""

import pytest
import torch
from torch import Tensor
from torchvision.ops import box_iou

from convsight.tasks.boxes.iou import iou, iou_and_union, pairwise_iou


def boxes(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    start = torch.rand(count, 2, generator=generator) * 0.6
    return torch.cat([start, start + torch.rand(count, 2, generator=generator) * 0.4], dim=1)


def test_all_pairs_overlap_as_torchvision_says() -> None:
    first, second = boxes(30, 0), boxes(30, 1)
    found = pairwise_iou(torch.stack([first, second]))
    torch.testing.assert_close(found, torch.stack([box_iou(first, first), box_iou(second, second)]))


def test_boxes_at_the_same_place_are_the_diagonal_of_all_pairs() -> None:
    one, other = boxes(30, 2) * 100, boxes(30, 3) * 100
    found, union = iou_and_union(one, other)
    torch.testing.assert_close(found, box_iou(one, other).diagonal())
    torch.testing.assert_close(found, iou(one, other))
    areas = [(each[:, 2:] - each[:, :2]).prod(dim=1) for each in (one, other)]
    torch.testing.assert_close(union * (1 + found), areas[0] + areas[1])


@pytest.mark.parametrize("places", [((0.1, 0.1, 0.1, 0.4), (0.1, 0.1, 0.1, 0.4)), ((0, 0, 0.1, 0.1), (0.5, 0.5, 1, 1))])
def test_what_shares_no_area_overlaps_nothing(places: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    one, other = (torch.tensor(place) for place in places)
    assert iou(one, other) == 0
    assert pairwise_iou(torch.stack([one, other])[None])[0, 0, 1] == 0
