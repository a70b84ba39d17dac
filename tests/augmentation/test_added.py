"""RandAugment, random erasing, mixup and CutMix: torchvision's operations, given the same parameters."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as V

from convsight.augmentation import Augmentation, Batch, BoxTarget, ClassTarget, ShareTarget, Unchanged, Whole
from convsight.augmentation.erasing import Erasing, rectangles
from convsight.augmentation.mixing import Mixing, cut_boxes, laid_over, pasted_in, shares_left
from convsight.augmentation.rand_augment import OPERATIONS, RandAugment, operated
from convsight.augmentation.staged import Stage, staged
from convsight.rng import RngKeys, uniform

_IMAGES = ("image",)


def images(count: int = 3, channels: int = 3, height: int = 24, width: int = 32) -> torch.Tensor:
    """Smooth noise: neighbouring pixels are alike."""
    noise = torch.rand(count, channels, 6, 8, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.interpolate(noise, (height, width), mode="bilinear").clamp(0, 1)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("magnitude", [3, 9, 30])
@pytest.mark.parametrize("sign", [1, -1])
def test_every_operation_is_torchvisions_own(name: str, magnitude: int, sign: int) -> None:
    given = images()
    magnitudes, signed = v2.RandAugment._AUGMENTATION_SPACE[name]
    all_of_them = magnitudes(31, 24, 32)
    value = 0.0 if all_of_them is None else float(all_of_them[magnitude]) * (sign if signed else 1)
    options: Any = {"interpolation": v2.InterpolationMode.BILINEAR, "fill": {}}
    wanted = v2.RandAugment()._apply_image_or_video_transform(given, name, value, **options)
    found = operated(Batch({"image": given}, {}), name, sign * magnitude / 30, _IMAGES, {}).image
    moving = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
    # Beyond the border there is a reflection instead of black: compared is what shows only what was in the image.
    there = v2.RandAugment()._apply_image_or_video_transform(torch.ones_like(given), name, value, **options) > 0.999
    if name not in moving:
        there = torch.ones_like(there)
    assert there.float().mean() > 0.2
    torch.testing.assert_close(found[there], wanted[there], atol=2e-5, rtol=0)
    if magnitude == 30 and name not in ("Identity", "Equalize", "AutoContrast"):
        assert not torch.allclose(found, given, atol=0.01)


def test_the_fourteen_operations_are_all_there() -> None:
    assert set(OPERATIONS) == set(v2.RandAugment._AUGMENTATION_SPACE)


@pytest.mark.parametrize("name", ["TranslateX", "ShearY", "Rotate"])
def test_boxes_follow_what_moves(name: str) -> None:
    picture = torch.zeros(1, 1, 60, 80)
    picture[:, :, 24:36, 32:48] = 1
    targets = {"boxes": torch.tensor([[[0.4, 0.4, 0.6, 0.6]]]), "labels": torch.tensor([[0]])}
    found = operated(Batch({"image": picture}, targets), name, 0.5, _IMAGES, {"boxes": BoxTarget()})
    rows, columns = torch.nonzero(found.image[0, 0] > 0.5, as_tuple=True)
    seen = torch.tensor([columns.min() / 80, rows.min() / 60, (columns.max() + 1) / 80, (rows.max() + 1) / 60])
    assert float((found.targets["boxes"][0, 0] - seen).abs().max()) < 0.03
    assert not torch.equal(found.targets["boxes"], targets["boxes"])


def test_every_operation_is_drawn_about_as_often_in_both_directions() -> None:
    drawn = uniform(0, 0, np.arange(2800), 4, stream=1)
    counts = np.bincount((drawn[:, 0] * len(OPERATIONS)).astype(int), minlength=14)
    assert counts.min() > 140
    assert abs((drawn[:, 1] < 0.5).mean() - 0.5) < 0.04
    assert abs(np.corrcoef(drawn[:, 0], uniform(0, 0, np.arange(2800), 4)[:, 0])[0, 1]) < 0.06


def test_random_erasing_is_torchvisions_with_the_mean_of_the_image() -> None:
    given = images(40)
    keys = RngKeys(5, 2, np.arange(40))
    found = Erasing(0.5)(Batch({"image": given}, {}), keys, _IMAGES, {}).image
    draws = torch.from_numpy(uniform(5, 2, keys.samples, 5, stream=2))
    boxes = rectangles(draws[:, 1:], 24, 32)
    erased = draws[:, 0] < 0.5
    assert 10 < int(erased.sum()) < 30
    for row, (left, top, right, bottom) in enumerate(boxes.int().tolist()):
        mean = given[row].mean(dim=(1, 2), keepdim=True)
        wanted = V.erase(given[row], top, left, bottom - top, right - left, mean) if erased[row] else given[row]
        torch.testing.assert_close(found[row], wanted)


def test_erased_rectangles_have_the_sizes_and_proportions_of_torchvision() -> None:
    left, top, right, bottom = rectangles(torch.rand(4000, 4), 100, 100).unbind(1)
    tall, wide = bottom - top, right - left
    area, ratio = tall * wide / 1e4, (tall / wide).log()
    for values, low, high in ((area, 0.02, 0.33), (ratio, math.log(0.3), math.log(3.3))):
        assert low - 0.06 < float(values.min()) < low + 0.06
        assert high - 0.03 < float(values.max()) < high + 0.06
    assert float(torch.stack([left, top]).min()) == 0
    assert float(torch.stack([right, bottom]).max()) == 100
    assert rectangles(torch.tensor([[0.5, 0.5, 0.99, 0.99]]), 1, 1).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.71, 1.0])
def test_mixtures_are_torchvisions_given_its_parameters(share: float) -> None:
    given, classes = images(4), torch.tensor([2, 0, 1, 2])
    partners = torch.arange(4).roll(1)
    shares = torch.full((4,), share)
    params: dict[str, Any] = {"labels": classes, "batch_size": 4, "lam": share}
    mixup = v2.MixUp(num_classes=3)
    torch.testing.assert_close(laid_over(given, partners, shares), mixup.transform(given, params))
    kind = ClassTarget(3)
    torch.testing.assert_close(kind.mixed(classes, partners, shares), mixup.transform(classes, params))
    draws = torch.tensor([[0.6, 0.9]]).expand(4, 2)
    boxes = cut_boxes(shares, draws, 24, 32)
    half = 0.5 * math.sqrt(1 - share)
    x, y, wide, tall = int(0.9 * 32), int(0.6 * 24), int(half * 32), int(half * 24)
    box = (max(0, x - wide), max(0, y - tall), min(32, x + wide), min(24, y + tall))
    left = 1 - (box[2] - box[0]) * (box[3] - box[1]) / (24 * 32)
    params |= {"box": box, "lam_adjusted": left}
    cutmix = v2.CutMix(num_classes=3)
    torch.testing.assert_close(pasted_in(given, partners, boxes), cutmix.transform(given, params))
    torch.testing.assert_close(shares_left(boxes, 24, 32), torch.full((4,), left))
    found = kind.mixed(classes, partners, shares_left(boxes, 24, 32))
    torch.testing.assert_close(found, cutmix.transform(classes, params))


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0.0), (0.0, 1.0), (0.4, 1.0)])
def test_targets_tell_what_is_in_a_mixture(mixup: float, cutmix: float) -> None:
    # Images of one level each, which is their class, so that the mean tells the shares.
    classes = torch.arange(60) % 3
    given = (classes / 2)[:, None, None, None].expand(60, 1, 16, 16).contiguous()
    kinds = {"class": ClassTarget(3), "level": ShareTarget()}
    targets = {"class": classes, "level": classes[:, None] / 2}
    keys = RngKeys(0, 0, np.arange(60))
    found = Mixing(mixup, cutmix)(Batch({"image": given}, targets), keys, _IMAGES, kinds)
    torch.testing.assert_close(found.targets["class"].sum(dim=1), torch.ones(60))
    level = found.targets["class"] @ torch.tensor([0.0, 0.5, 1.0])
    torch.testing.assert_close(found.image.mean(dim=(1, 2, 3)), level)
    torch.testing.assert_close(found.targets["level"][:, 0], level)
    mixed = (found.targets["class"] > 1e-3).sum(dim=1) > 1
    assert int(mixed.sum()) > 15
    within = (found.image.amax(dim=(1, 2, 3)) - found.image.amin(dim=(1, 2, 3)) > 1e-4)[mixed].float().mean()
    assert (0.2 < within < 0.8) if mixup and cutmix else within == float(bool(cutmix))


def test_shares_are_spread_as_a_beta_distribution() -> None:
    targets = {"class": torch.eye(2)[torch.arange(2000) % 2]}
    batch = Batch({"image": torch.zeros(2000, 1, 2, 2)}, targets)
    kinds = {"class": ClassTarget(2)}
    found = Mixing(0.3, 0)(batch, RngKeys(1, 0, np.arange(2000)), _IMAGES, kinds).targets["class"]
    own = found[torch.arange(2000), torch.arange(2000) % 2]
    wanted = torch.distributions.Beta(0.3, 0.3).sample((200_000,))
    mixed = own[own < 1]  # partners of the same class leave it whole
    for level in (0.1, 0.5, 0.9):
        assert abs(float((mixed < level).float().mean()) - float((wanted < level).float().mean())) < 0.05


def test_what_has_no_mixture_is_refused_and_one_sample_stays() -> None:
    batch = Batch({"image": images()}, {"class": torch.arange(3)})
    with pytest.raises(TypeError, match="Whole is no MixableTarget"):
        Mixing(1, 0)(batch, RngKeys(0, 0, np.arange(3)), _IMAGES, {"class": Whole()})
    alone = Batch({"image": images(1)}, {"class": torch.arange(1)})
    assert Mixing(1, 0)(alone, RngKeys(0, 0, np.arange(1)), _IMAGES, {"class": Whole()}) is alone


def chain(*stages: Stage) -> Augmentation:
    return staged(Unchanged(("none",), _IMAGES, {"class": ClassTarget(3)}), stages)


def test_stages_act_in_their_order_and_depend_on_seed_epoch_and_sample_alone() -> None:
    batch = Batch({"image": images(6)}, {"class": torch.arange(6) % 3})
    keys = RngKeys(0, 3, np.arange(6))
    stages = (RandAugment(15, 2), Erasing(0.9), Mixing(0.3, 1))
    found = chain(*stages)(batch, keys, 0.0)
    for other in (chain(*reversed(stages)), staged(chain(stages[2]), stages[:2])):
        again = other(batch, keys, 0.5)
        assert torch.equal(again.image, found.image)
        assert torch.equal(again.targets["class"], found.targets["class"])
    for changed in (RngKeys(1, 3, keys.samples), RngKeys(0, 4, keys.samples)):
        assert not torch.equal(chain(*stages)(batch, changed, 0.0).image, found.image)
    order = [4, 0, 5, 2, 1, 3]  # without mixtures an image varies the same in any company
    single = chain(*stages[:2])
    shuffled = single(
        Batch({"image": batch.image[order]}, {"class": batch.targets["class"][order]}),
        RngKeys(0, 3, np.array(order)),
        0.0,
    )
    assert torch.equal(shuffled.image, single(batch, keys, 0.0).image[order])


def test_like_variation_is_told_from_other() -> None:
    assert chain(Erasing(0.5)).varies_like(chain(Erasing(0.5)))
    assert not chain(Erasing(0.5)).varies_like(chain(Erasing(0.4)))
    assert not chain(Erasing(0.5)).varies_like(chain())
    assert "RandAugment: 2 operations of magnitude 9 an image" in chain(RandAugment(9, 2)).reasons
