"""Losses against numbers worked by hand, PyTorch's and those of segmentation_models_pytorch."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from segmentation_models_pytorch import losses as peer
from segmentation_models_pytorch.losses._functional import softmax_focal_loss_with_logits
from torch import Tensor
from torch.nn import functional as F

from convsight.tasks.segmentation.boundary_loss import boundary_loss
from convsight.tasks.segmentation.light.loss_text import LOSSES
from convsight.tasks.segmentation.losses import MaskLoss
from convsight.tasks.segmentation.seen_pixels import SeenPixels
from convsight.tasks.whole_batch import adding

IGNORED = 255
CLASSES = 4


def scene(sides: tuple[int, ...], ignored: bool = True, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random logits of three images or volumes, and masks in which all classes occur."""
    draws = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(3, CLASSES, *sides, generator=draws)
    masks = torch.randint(0, CLASSES, (3, *sides), generator=draws)
    if ignored:
        masks[torch.rand(masks.shape, generator=draws) < 0.2] = IGNORED
    return logits, masks


def value(text: str, logits: Tensor, masks: Tensor, weights: Tensor | None = None) -> float:
    return float(MaskLoss.named(text, IGNORED, weights)(logits, masks)["total"])


SIDES = pytest.mark.parametrize("sides", [(6, 5), (3, 4, 5)])
THEIRS: dict[str, Callable[[], torch.nn.Module]] = {
    "dice": lambda: peer.DiceLoss("multiclass", ignore_index=IGNORED),
    "tversky": lambda: peer.TverskyLoss("multiclass", alpha=0.3, beta=0.7, ignore_index=IGNORED),
}


@SIDES
@pytest.mark.parametrize("name", THEIRS)
def test_regions_are_compared_as_in_segmentation_models_pytorch(name: str, sides: tuple[int, ...]) -> None:
    logits, masks = scene(sides)
    assert value(name, logits, masks) == pytest.approx(float(THEIRS[name]()(logits, masks)), abs=1e-6)


@SIDES
def test_jaccard_is_theirs_which_knows_of_no_ignored_pixels(sides: tuple[int, ...]) -> None:
    logits, masks = scene(sides, ignored=False)
    theirs = float(peer.JaccardLoss("multiclass")(logits.flatten(2), masks.flatten(1)))
    assert value("jaccard", logits, masks) == pytest.approx(theirs, abs=1e-6)


@SIDES
@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.5, 3.0])])
def test_cross_entropy_is_pytorchs(sides: tuple[int, ...], weights: Tensor | None) -> None:
    logits, masks = scene(sides)
    theirs = F.cross_entropy(logits, masks, weights, ignore_index=IGNORED)
    assert value("ce", logits, masks.to(torch.uint8), weights) == pytest.approx(float(theirs), abs=1e-6)


@SIDES
def test_focal_is_theirs(sides: tuple[int, ...]) -> None:
    logits, masks = scene(sides, ignored=False)
    theirs = softmax_focal_loss_with_logits(logits, masks, gamma=2.0)
    assert value("focal", logits, masks) == pytest.approx(float(theirs), abs=1e-6)


def test_focal_leaves_ignored_pixels_out() -> None:
    logits, masks = scene((6, 5))
    known = masks != IGNORED
    theirs = softmax_focal_loss_with_logits(logits.movedim(1, -1)[known], masks[known], gamma=2.0)
    assert value("focal", logits, masks) == pytest.approx(float(theirs), abs=1e-6)


def test_regions_by_hand() -> None:
    # Probabilities of class 1 are 1/2, 1/2, 1, 0 where it is 1, 0, 1, and the last pixel counts nowhere.
    logits = torch.tensor([[[0.0, 0.0, -50.0, 50.0], [0.0, 0.0, 50.0, -50.0]]])[:, :, None]
    masks = torch.tensor([[[1, 0, 1, IGNORED]]])
    both, predicted, true = (0.5, 1.5), (1.0, 2.0), (1.0, 2.0)
    dice = [2 * i / (p + t) for i, p, t in zip(both, predicted, true, strict=True)]
    jaccard = [i / (p + t - i) for i, p, t in zip(both, predicted, true, strict=True)]
    tversky = [i / (i + 0.3 * (p - i) + 0.7 * (t - i)) for i, p, t in zip(both, predicted, true, strict=True)]
    for name, scores in {"dice": dice, "jaccard": jaccard, "tversky": tversky}.items():
        assert value(name, logits, masks) == pytest.approx(1 - sum(scores) / 2, abs=1e-6)
        weighted = 1 - (scores[0] + 3 * scores[1]) / 4
        assert value(name, logits, masks, torch.tensor([1.0, 3.0])) == pytest.approx(weighted, abs=1e-6)


def test_classes_that_do_not_occur_count_nothing() -> None:
    logits, masks = scene((6, 5))
    without = masks.masked_fill(masks == 3, IGNORED)
    theirs = float(peer.DiceLoss("multiclass", ignore_index=IGNORED)(logits, without))  # where they count as 0
    assert value("dice", logits, without) == pytest.approx(theirs * CLASSES / (CLASSES - 1), abs=1e-6)


def test_distances_to_the_boundary_are_those_to_the_nearest_pixel_beyond_it() -> None:
    logits, masks = scene((7, 9), seed=3)
    masks[0][masks[0] == 2] = 1  # a class that this image lacks
    expected = 0.0
    for scores, mask in zip(logits.softmax(dim=1), masks, strict=True):
        places = np.argwhere(np.ones(mask.shape))
        for label in range(1, CLASSES):
            inside = (mask == label).numpy().ravel()
            if not inside.any():
                continue
            away = cdist(places, places)
            distance = np.where(inside, 1 - away[:, ~inside].min(axis=1), away[:, inside].min(axis=1))
            known = (mask != IGNORED).numpy().ravel()
            expected += float((scores[label].numpy().ravel() * distance)[known].sum())
    expected /= int((masks != IGNORED).sum())
    assert value("boundary", logits, masks) == pytest.approx(expected, abs=1e-5)


def test_an_image_of_one_class_has_no_boundary() -> None:
    logits, _ = scene((4, 4))
    assert float(boundary_loss(SeenPixels.of(logits, torch.ones(3, 4, 4), None))) == 0.0


def test_a_sum_is_the_weighted_sum_of_its_parts() -> None:
    logits, masks = scene((6, 5))
    found = MaskLoss.named("0.5*ce + dice + 0.01*boundary", IGNORED)(logits, masks)
    single = {name: value(name, logits, masks) for name in ("ce", "dice", "boundary")}
    assert {name: float(part) for name, part in found.items() if name != "total"} == pytest.approx(
        {"ce": 0.5 * single["ce"], "dice": single["dice"], "boundary": 0.01 * single["boundary"]}, abs=1e-6
    )
    assert float(found["total"]) == pytest.approx(
        0.5 * single["ce"] + single["dice"] + 0.01 * single["boundary"], abs=1e-6
    )


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_bfloat16_and_sure_answers_are_finite_with_their_gradients(name: str, size: float) -> None:
    logits, masks = scene((6, 5))
    logits = (size * logits).to(torch.bfloat16).requires_grad_()
    MaskLoss.named(name, IGNORED)(logits, masks)["total"].backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())


@pytest.mark.parametrize("name", LOSSES)
def test_bfloat16_is_summed_in_float32(name: str) -> None:
    # More pixels than bfloat16 can count.
    draws = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 2, 64, 64, generator=draws).to(torch.bfloat16)
    masks = torch.randint(0, 2, (1, 64, 64), generator=draws)
    assert value(name, logits, masks) == pytest.approx(value(name, logits.float(), masks), rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_pixels_of_no_class_teach_nothing(name: str) -> None:
    logits, masks = scene((6, 5))
    logits.requires_grad_()
    MaskLoss.named(name, IGNORED)(logits, masks)["total"].backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert not bool(logits.grad.movedim(1, -1)[masks == IGNORED].any())
    assert bool(logits.grad.movedim(1, -1)[masks != IGNORED].any())


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_without_a_known_pixel_costs_nothing(name: str) -> None:
    logits, masks = scene((6, 5))
    logits.requires_grad_()
    total = MaskLoss.named(name, IGNORED)(logits, torch.full_like(masks, IGNORED))["total"]
    total.backward()  # type: ignore[no-untyped-call]
    assert float(total.detach()) == 0.0
    assert logits.grad is not None
    assert not bool(logits.grad.any())


@pytest.mark.parametrize("name", LOSSES)
def test_right_answers_cost_less(name: str) -> None:
    logits, masks = scene((6, 5))
    right = F.one_hot(masks.where(masks != IGNORED, 0), CLASSES).movedim(-1, 1).float() * 20
    assert value(name, right, masks) < value(name, logits, masks)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.5, 3.0])])
def test_two_processes_that_share_a_batch_lose_what_one_does(name: str, weights: Tensor | None) -> None:
    """Each has its share of the images; the mean of their losses by images, and its gradient, are the whole batch's."""
    logits, masks = scene((6, 5))
    loss = MaskLoss.named(name, IGNORED, weights)
    whole = logits.clone().requires_grad_()
    expected = loss(whole, masks)["total"]
    expected.backward()  # type: ignore[no-untyped-call]

    told: list[list[Tensor]] = []
    for part in (slice(0, 2), slice(2, 3)):
        own: list[Tensor] = []
        with adding(lambda values, own=own: own.append(values.clone())):  # type: ignore[misc]
            loss(logits[part], masks[part])
        told.append(own)
    sums = [one + other for one, other in zip(*told, strict=True)]

    total, gradients = 0.0, []
    for part, count in ((slice(0, 2), 2), (slice(2, 3), 1)):
        share = logits[part].clone().requires_grad_()
        waiting = iter(sums)
        with adding(lambda values, waiting=waiting: values.copy_(next(waiting))):  # type: ignore[misc]
            found = loss(share, masks[part])["total"] * (count / 3)
        found.backward()  # type: ignore[no-untyped-call]
        total += float(found.detach())
        assert share.grad is not None
        gradients.append(share.grad)
    assert total == pytest.approx(float(expected.detach()), abs=1e-6)
    assert whole.grad is not None
    torch.testing.assert_close(torch.cat(gradients), whole.grad)


def test_a_root_of_what_is_missing_has_finite_gradients() -> None:
    logits = torch.tensor([[[50.0], [-50.0]]]).requires_grad_()
    loss = MaskLoss(MaskLoss.named("focal").terms, None, gamma=0.5)
    loss(logits, torch.tensor([[0]]))["total"].backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert math.isfinite(float(logits.grad.sum()))
