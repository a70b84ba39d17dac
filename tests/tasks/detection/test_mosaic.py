"""Images beside and over each other, with the boxes of all."""

import pytest
import torch

from convsight.augmentation import Batch
from convsight.tasks.detection.mosaic import compact, mixup, mosaic


def shades(count: int) -> Batch:
    """Images of one shade each, image 0 black, and on each a box with the image's number as label."""
    images = torch.arange(float(count))[:, None, None, None].expand(count, 3, 4, 4)
    corner = torch.arange(float(count)) / 100
    boxes = torch.stack([corner, corner, corner + 0.5, corner + 0.5], dim=1)[:, None]
    return Batch({"image": images}, {"boxes": boxes, "labels": torch.arange(count)[:, None]})


@pytest.mark.parametrize("count", [2, 3, 16])
def test_an_image_is_laid_over_another_and_never_over_itself(count: int) -> None:
    met: list[set[int]] = [set() for _ in range(count)]
    for draw in torch.linspace(0, 1 - 2**-24, 200):
        mixed = mixup(shades(count), draw.expand(count), torch.ones(count, dtype=torch.bool))
        for own, (image, names) in enumerate(zip(mixed.image, mixed.targets["labels"].tolist(), strict=True)):
            there = set(names) - {-1}
            (partner,) = there - {own}
            assert float(image[0, 0, 0]) == (own + partner) / 2
            met[own].add(partner)
    assert met == [set(range(count)) - {own} for own in range(count)]


def test_only_the_chosen_are_mixed_and_boxes_of_both_are_kept() -> None:
    batch = shades(3)
    mixed = mixup(batch, torch.zeros(3), torch.tensor([False, True, False]))
    assert mixed.image[:, 0, 0, 0].tolist() == [0, 1.5, 2]
    labels = mixed.targets["labels"]
    assert [sorted(set(names) - {-1}) for names in labels.tolist()] == [[0], [1, 2], [2]]
    for names, xyxy in zip(labels[1], mixed.targets["boxes"][1], strict=True):
        torch.testing.assert_close(xyxy, batch.targets["boxes"][int(names), 0])


def test_an_image_alone_in_its_batch_stays_as_it_is() -> None:
    batch = shades(1)
    mixed = mixup(batch, torch.tensor([0.7]), torch.tensor([True]))
    assert torch.equal(mixed.image, batch.image)
    assert torch.equal(mixed.targets["labels"], batch.targets["labels"])
    assert torch.equal(mixed.targets["boxes"], batch.targets["boxes"])


def test_four_images_lie_beside_each_other_with_their_boxes() -> None:
    partners = torch.tensor([[1, 2, 3]] * 4)
    found = compact(mosaic(shades(4), partners, torch.tensor([True, False, False, True]), fill=9.0))
    assert found.image.shape == (4, 3, 8, 8)
    assert found.image[0, 0, ::4, ::4].tolist() == [[0, 1], [2, 3]]
    assert found.image[1, 0, ::4, ::4].tolist() == [[1, 9], [9, 9]]
    assert found.image[3, 0, ::4, ::4].tolist() == [[3, 1], [2, 3]]
    assert found.targets["labels"].tolist() == [[0, 1, 2, 3], [1, -1, -1, -1], [2, -1, -1, -1], [3, 1, 2, 3]]
    corners = [[0.0, 0.0], [0.505, 0.005], [0.01, 0.51], [0.515, 0.515]]
    torch.testing.assert_close(found.targets["boxes"][0, :, :2], torch.tensor(corners))
    torch.testing.assert_close(found.targets["boxes"][0, :, 2:], torch.tensor(corners) + 0.25)


def test_boxes_without_a_label_go_to_the_end_and_as_many_as_all_allow_are_cut_off() -> None:
    boxes = torch.arange(6.0)[None, :, None].expand(2, 6, 4)
    labels = torch.tensor([[-1, 5, -1, 6, -1, -1], [-1, -1, -1, -1, 7, -1]])
    found = compact(Batch({"image": torch.zeros(2, 1, 1, 1)}, {"boxes": boxes, "labels": labels})).targets
    assert found["labels"].tolist() == [[5, 6], [7, -1]]
    assert found["boxes"][:, :, 0].tolist() == [[1, 3], [4, 0]]
