"""Losses of boxes and classes against torchvision's, and by hand where it has none."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from torchvision import ops

from convsight.tasks.detection.box_losses import (
    BOX_LOSSES,
    CLASS_LOSSES,
    ciou_loss,
    diou_loss,
    distribution_focal_loss,
    focal_loss,
    giou_loss,
    iou_loss,
    smooth_l1_loss,
)

Loss = Callable[[Tensor, Tensor], Tensor]


def boxes(seed: int, count: int = 60) -> tuple[Tensor, Tensor]:
    """Pairs of boxes in px: far apart, touching, inside one another and the same."""
    random = np.random.default_rng(seed)
    start = random.integers(0, 40, (2, count, 2))
    found = np.concatenate([start, start + random.integers(1, 40, (2, count, 2))], axis=2).astype(np.float32)
    found[1, : count // 6] = found[0, : count // 6]
    found[1, count // 6 : count // 3, :2] = found[0, count // 6 : count // 3, 2:]
    found[1, :, 2:] = np.maximum(found[1, :, 2:], found[1, :, :2] + 1)
    return torch.from_numpy(found[0]), torch.from_numpy(found[1])


ORACLES: list[tuple[Loss, Loss]] = [
    (giou_loss, ops.generalized_box_iou_loss),
    (diou_loss, ops.distance_box_iou_loss),
    (ciou_loss, ops.complete_box_iou_loss),
]


@pytest.mark.parametrize(("ours", "theirs"), ORACLES)
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_they_are_torchvisions(ours: Loss, theirs: Loss, seed: int) -> None:
    predicted, wanted = boxes(seed)
    torch.testing.assert_close(ours(predicted, wanted), theirs(predicted, wanted), rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("ours", "theirs"), ORACLES)
def test_their_gradients_are_torchvisions(ours: Loss, theirs: Loss) -> None:
    gradients = []
    for loss in (ours, theirs):
        predicted, wanted = boxes(3)
        # Where sides coincide the gradient of a maximum is anybody's.
        predicted = (predicted + 0.25).requires_grad_()
        loss(predicted, wanted).sum().backward()  # type: ignore[no-untyped-call]
        assert predicted.grad is not None
        gradients.append(predicted.grad)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_overlaps_are_the_diagonal_of_torchvisions(seed: int) -> None:
    predicted, wanted = boxes(seed)
    torch.testing.assert_close(iou_loss(predicted, wanted), 1 - ops.box_iou(predicted, wanted).diagonal())


@pytest.mark.parametrize("name", BOX_LOSSES)
def test_every_box_loss_is_least_at_the_box_itself(name: str) -> None:
    predicted, wanted = boxes(5)
    loss = BOX_LOSSES[name]
    torch.testing.assert_close(loss(wanted, wanted), torch.zeros(len(wanted)), rtol=0, atol=1e-5)
    apart = (predicted != wanted).any(dim=1)
    assert bool((loss(predicted, wanted)[apart] > 0).all())


@pytest.mark.parametrize("name", BOX_LOSSES)
def test_gradients_are_finite_even_without_area(name: str) -> None:
    wanted = torch.tensor([[10.0, 10, 20, 30]]).repeat(3, 1)
    predicted = torch.tensor([[15.0, 15, 15, 15], [40, 40, 40, 60], [10, 10, 20, 30]], requires_grad=True)
    BOX_LOSSES[name](predicted, wanted).sum().backward()  # type: ignore[no-untyped-call]
    assert predicted.grad is not None
    assert bool(predicted.grad.isfinite().all())


def test_smooth_l1_by_hand() -> None:
    # A fifth of the width to the right: quadratic under a ninth, linear above it.
    wanted = torch.tensor([0.0, 0, 10, 20])
    assert smooth_l1_loss(torch.tensor([2.0, 0, 10, 20]), wanted).item() == pytest.approx(0.2 - 1 / 18)
    assert smooth_l1_loss(torch.tensor([0.0, 1, 10, 20]), wanted).item() == pytest.approx(0.05**2 * 9 / 2)
    assert smooth_l1_loss(torch.tensor([0.0, 0, 10, 20]), wanted).item() == 0


def test_distribution_focal_loss_by_hand() -> None:
    sides = torch.tensor([0.0, 1.0, 2.0, -1.0])
    logs = sides.log_softmax(0)
    expected = -(0.75 * logs[1] + 0.25 * logs[2])
    assert distribution_focal_loss(sides, torch.tensor(1.25)).item() == pytest.approx(expected.item())
    whole = distribution_focal_loss(sides, torch.tensor(2.0))
    assert whole.item() == pytest.approx(F.cross_entropy(sides, torch.tensor(2)).item())
    assert distribution_focal_loss(sides, torch.tensor(3.0)).item() == pytest.approx(-logs[3].item())


@given(st.floats(0, 15, allow_nan=False), st.integers(0, 2**31))
@settings(deadline=None, max_examples=50)
def test_distribution_focal_loss_is_least_where_the_mean_is_as_wanted(wanted: float, seed: int) -> None:
    below, share = min(math.floor(wanted), 14), wanted - min(math.floor(wanted), 14)
    best = torch.full((16,), -20.0)
    best[below], best[below + 1] = math.log(max(1 - share, 1e-9)), math.log(max(share, 1e-9))
    other = torch.randn(16, generator=torch.Generator().manual_seed(seed))
    place = torch.tensor(wanted)
    assert distribution_focal_loss(best, place) <= distribution_focal_loss(other, place) + 1e-4
    assert (best.softmax(0) * torch.arange(16)).sum().item() == pytest.approx(wanted, abs=1e-3)


def test_focal_loss_is_torchvisions_for_whole_scores() -> None:
    logits = torch.randn(50, 7, generator=torch.Generator().manual_seed(0)) * 4
    wanted = (torch.rand(50, 7, generator=torch.Generator().manual_seed(1)) < 0.2).float()
    torch.testing.assert_close(focal_loss(logits, wanted), ops.sigmoid_focal_loss(logits, wanted, alpha=-1, gamma=2))


@pytest.mark.parametrize("name", CLASS_LOSSES)
def test_class_losses_are_least_at_the_wanted_score(name: str) -> None:
    scores = torch.linspace(0.01, 0.99, 99)
    for wanted in (0.0, 0.3, 1.0):
        losses = CLASS_LOSSES[name](scores.logit(), torch.full_like(scores, wanted))
        assert abs(scores[losses.argmin()].item() - wanted) < 0.011


def test_a_score_between_is_learnt_by_cross_entropy_too() -> None:
    logits = torch.tensor([0.5])
    expected = -(0.3 * F.logsigmoid(logits) + 0.7 * F.logsigmoid(-logits))
    torch.testing.assert_close(CLASS_LOSSES["bce"](logits, torch.tensor([0.3])), expected)
