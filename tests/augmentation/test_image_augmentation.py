from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convsight.augmentation import Batch, ImageAugmentation, PointTarget, Variation, in_words
from convsight.rng import RngKeys

STRONG = Variation(True, True, shift=0.2, zoom=0.3, rotate=30, light=0.4, erase=0.2)


def vary(variation: Variation, images: torch.Tensor, epoch: int = 0, samples: list[int] | None = None) -> torch.Tensor:
    chosen = np.array(samples if samples is not None else range(len(images)), np.int64)
    return ImageAugmentation(variation, {}, ())(Batch({"image": images}, {}), RngKeys(0, epoch, chosen), 0.0).image


def gradient_image(side: int = 12) -> torch.Tensor:
    return torch.arange(side * side, dtype=torch.float32).reshape(1, 1, side, side) / (side * side)


def test_no_variation_changes_nothing() -> None:
    images = torch.rand(5, 3, 9, 7)
    assert torch.equal(vary(Variation(), images), images)


def test_mirrors_alternate_between_epochs() -> None:
    image = gradient_image().expand(64, 1, 12, 12)
    first, second = (vary(Variation(flip_horizontal=True), image, epoch) for epoch in (0, 1))
    mirrored = (first != image).flatten(1).any(1)
    assert 16 < int(mirrored.sum()) < 48
    assert torch.equal(first.flip(3), second)


@pytest.mark.parametrize("side", [8, 28])
def test_shifts_move_whole_pixels_and_reach_both_ends(side: int) -> None:
    image = gradient_image(side).expand(300, 1, side, side)
    moved = vary(Variation(shift=1 / side), image)
    found = {(dy, dx) for row in moved for dy in (-1, 0, 1) for dx in (-1, 0, 1) if same_middle(row[0], side, dy, dx)}
    assert len(found) == 9
    assert all(any(same_middle(row[0], side, dy, dx) for dy, dx in found) for row in moved)


def same_middle(moved: torch.Tensor, side: int, dy: int, dx: int) -> bool:
    middle = slice(2, side - 2)
    original = gradient_image(side)[0, 0]
    return torch.equal(moved[middle, middle], original[2 + dy : side - 2 + dy, 2 + dx : side - 2 + dx])


def test_rotation_turns_like_pillow_does() -> None:
    scene = np.zeros((64, 64), np.uint8)
    scene[20:44, 28:36] = 255
    image = torch.from_numpy(scene).float().reshape(1, 1, 64, 64) / 255
    best = []
    for sample in range(20):
        turned = vary(Variation(rotate=40), image, samples=[sample])[0, 0].numpy() * 255
        errors = [
            np.abs(np.asarray(Image.fromarray(scene).rotate(a, Image.Resampling.BILINEAR), float) - turned).mean()
            for a in range(-40, 41)
        ]
        best.append(int(np.argmin(errors)) - 40)
        assert min(errors) < 2.5
    assert min(best) < -10
    assert max(best) > 10


def test_a_wide_image_is_turned_without_shear() -> None:
    # A disc stays a disc: its extent is the same along both axes, whatever the image's proportions.
    rows, columns = torch.meshgrid(torch.arange(40), torch.arange(80), indexing="ij")
    disc = (((rows - 19.5) ** 2 + (columns - 39.5) ** 2) < 10**2).float()[None, None]
    for sample in range(10):
        # Only the middle: borders reflect, so further out the disc is seen again.
        turned = vary(Variation(rotate=90), disc, samples=[sample])[0, 0, :, 20:60] > 0.5
        height, width = int(turned.any(1).sum()), int(turned.any(0).sum())
        assert abs(height - 20) <= 1
        assert abs(width - 20) <= 1


def test_light_and_erasing_stay_within_the_range_of_pixels() -> None:
    changed = vary(STRONG, torch.rand(32, 3, 20, 20))
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1


def test_brightness_spreads() -> None:
    changed = vary(Variation(light=0.4), torch.full((200, 1, 4, 4), 0.4)).mean(dim=(1, 2, 3))
    assert 0.2 < float((changed / 0.4).log().std()) < 0.26  # evenly from -0.4 to 0.4


def test_erasing_removes_a_square_of_the_stated_size() -> None:
    image = gradient_image(40).expand(50, 1, 40, 40)
    changed = (vary(Variation(erase=0.25), image) != image).flatten(1).sum(1)
    assert int(changed.max()) <= 11 * 11
    assert int(changed.max()) >= 9 * 9


def _turned(middle: torch.Tensor, arm: torch.Tensor) -> torch.Tensor:
    return torch.atan2(arm[:, 1], arm[:, 0]).rad2deg()


def _zoomed(middle: torch.Tensor, arm: torch.Tensor) -> torch.Tensor:
    return (arm.square().sum(dim=1).sqrt() / 0.1).log()


def _moved_right(middle: torch.Tensor, arm: torch.Tensor) -> torch.Tensor:
    return middle[:, 0]


def _moved_down(middle: torch.Tensor, arm: torch.Tensor) -> torch.Tensor:
    return middle[:, 1]


@pytest.mark.parametrize(
    ("variation", "most", "measure"),
    [
        (Variation(rotate=20), 20, _turned),
        (Variation(zoom=0.3), 0.3, _zoomed),
        (Variation(shift=0.1, zoom=1e-9), 0.1, _moved_right),
        (Variation(shift=0.1, zoom=1e-9), 0.1, _moved_down),
    ],
)
def test_every_amount_is_reached_in_both_directions_and_not_passed(
    variation: Variation, most: float, measure: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> None:
    points = torch.tensor([[[0.5, 0.5], [0.6, 0.5]]]).expand(400, 2, 2)
    batch = Batch({"image": torch.zeros(400, 1, 32, 32)}, {"points": points, "visibility": torch.full((400, 2), 2)})
    augmentation = ImageAugmentation(variation, {"points": PointTarget()}, ())
    found = augmentation(batch, RngKeys(1, 0, np.arange(400)), 0.0).targets["points"]
    measured = measure(found[:, 0] - 0.5, found[:, 1] - found[:, 0])
    assert most * 0.95 < float(measured.max()) < most * 1.001
    assert most * 0.95 < -float(measured.min()) < most * 1.001
    assert abs(float(measured.mean())) < most * 0.12  # the standard error is 0.03 of it


@given(epoch=st.integers(0, 1000), order=st.permutations(range(6)))
def test_an_image_varies_the_same_in_any_company(epoch: int, order: list[int]) -> None:
    images = torch.rand(6, 1, 10, 10, generator=torch.Generator().manual_seed(0))
    together = vary(STRONG, images, epoch)
    reordered = vary(STRONG, images[order], epoch, samples=list(order))
    assert torch.equal(reordered, together[order])


def test_epochs_differ() -> None:
    images = torch.rand(4, 1, 16, 16)
    assert not torch.equal(vary(STRONG, images, 0), vary(STRONG, images, 2))


def test_description_names_every_part() -> None:
    words = in_words(STRONG)
    assert words == (
        "horizontal and vertical flips, shifts up to 20% of the side, zoom up to 35%, rotation up to 30 degrees, "
        "brightness and contrast up to 49%, an erased square of 20% of the side"
    )
    assert in_words(Variation()) == "nothing"
