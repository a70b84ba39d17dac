"""Pictures laid over each other, with the boxes of both."""

import pytest
import torch
from torch import Tensor

from convsight.tasks.detection.augmentation import mixed_up


def shades(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures of one shade each, picture 0 black, and on each a box with the picture's number as label."""
    pictures = torch.arange(float(count))[:, None, None, None].expand(count, 3, 4, 4)
    corner = torch.arange(float(count)) / 100
    boxes = torch.stack([corner, corner, corner + 0.5, corner + 0.5], dim=1)[:, None]
    return pictures, boxes, torch.arange(count)[:, None]


@pytest.mark.parametrize("count", [2, 3, 16])
def test_a_picture_is_laid_over_another_and_never_over_itself(count: int) -> None:
    pictures, boxes, labels = shades(count)
    met: list[set[int]] = [set() for _ in range(count)]
    for draw in torch.linspace(0, 1 - 2**-24, 200):
        mixed, _, found = mixed_up(pictures, boxes, labels, draw.expand(count), torch.ones(count, dtype=torch.bool))
        for own, (picture, names) in enumerate(zip(mixed, found.tolist(), strict=True)):
            there = set(names) - {-1}
            (partner,) = there - {own}
            assert float(picture[0, 0, 0]) == (own + partner) / 2
            met[own].add(partner)
    assert met == [set(range(count)) - {own} for own in range(count)]


def test_only_the_chosen_are_mixed_and_boxes_of_both_are_kept() -> None:
    pictures, boxes, labels = shades(3)
    mixed, places, found = mixed_up(pictures, boxes, labels, torch.zeros(3), torch.tensor([False, True, False]))
    assert mixed[:, 0, 0, 0].tolist() == [0, 1.5, 2]
    assert [sorted(set(names) - {-1}) for names in found.tolist()] == [[0], [1, 2], [2]]
    for names, xyxy in zip(found[1], places[1], strict=True):
        torch.testing.assert_close(xyxy, boxes[int(names), 0])


def test_a_picture_alone_in_its_batch_stays_as_it_is() -> None:
    pictures, boxes, labels = shades(1)
    mixed, places, found = mixed_up(pictures + 3, boxes, labels, torch.tensor([0.7]), torch.tensor([True]))
    assert torch.equal(mixed, pictures + 3)
    assert found.tolist() == labels.tolist()
    assert torch.equal(places, boxes)
