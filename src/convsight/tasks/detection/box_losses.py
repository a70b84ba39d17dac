"""Losses by name: how far boxes lie from where they should, how wrong classes are.

Boxes are (..., 4), left, top, right, bottom in pixels; each loss is (...), one number a box.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.tasks.boxes.iou import iou, iou_and_union

_TINY = 1e-7  # keeps boxes without area from dividing by zero


def smooth_l1_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Huber's loss of the four sides, summed, in shares of the wanted box's own (Girshick, "Fast R-CNN", 2015)."""
    sides = (wanted[..., 2:] - wanted[..., :2]).clamp(min=1.0).repeat_interleave(2, dim=-1)[..., [0, 2, 1, 3]]
    return F.smooth_l1_loss(predicted / sides, wanted / sides, reduction="none", beta=1 / 9).sum(dim=-1)


def iou_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """1 - intersection over union (Yu et al., "UnitBox", 2016, without its logarithm)."""
    return 1 - iou(predicted, wanted)


def giou_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Also the share of the smallest box around both that neither covers (Rezatofighi et al., 2019)."""
    overlap, union = iou_and_union(predicted, wanted)
    sides = _around(predicted, wanted)
    whole = sides[..., 0] * sides[..., 1]
    return 1 - overlap + (whole - union) / (whole + _TINY)


def diou_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """And the distance of the centres, as a share of the diagonal around both (Zheng et al., "Distance-IoU", 2020)."""
    sides = _around(predicted, wanted)
    diagonal = sides.square().sum(dim=-1) + _TINY
    apart = (predicted[..., :2] + predicted[..., 2:] - wanted[..., :2] - wanted[..., 2:]) / 2
    return 1 - iou(predicted, wanted) + apart.square().sum(dim=-1) / diagonal


def ciou_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """And the difference of the proportions (Zheng et al., "Distance-IoU", 2020, section 3: complete IoU)."""
    first, second = (each[..., 2:] - each[..., :2] for each in (predicted, wanted))
    angle = torch.atan(second[..., 0] / (second[..., 1] + _TINY)) - torch.atan(first[..., 0] / (first[..., 1] + _TINY))
    shape = 4 / math.pi**2 * angle.square()
    with torch.no_grad():
        weight = shape / (1 - iou(predicted, wanted) + shape + _TINY)
    return diou_loss(predicted, wanted) + weight * shape


def distribution_focal_loss(sides: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of logits (..., bins) with the two whole numbers around `wanted` (...), each by its nearness.

    Li et al., "Generalized Focal Loss", 2020, equation 6; `wanted` must lie in 0..bins - 1.
    """
    below = wanted.floor().clamp(max=sides.shape[-1] - 2)
    share = wanted - below
    logs = sides.log_softmax(dim=-1)
    lower = logs.gather(-1, below.long()[..., None])[..., 0]
    upper = logs.gather(-1, below.long()[..., None] + 1)[..., 0]
    return -(1 - share) * lower - share * upper


def bce_loss(logits: Tensor, wanted: Tensor, gamma: float = 0.0) -> Tensor:
    """Binary cross-entropy of each class with its wanted score in 0..1; `gamma` has no meaning here."""
    return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")


def focal_loss(logits: Tensor, wanted: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy weighted by how far off the score is, to the power of `gamma`.

    Lin et al., "Focal Loss for Dense Object Detection", 2017; for any score, Li et al., 2020.
    """
    off = (logits.sigmoid() - wanted).abs()
    # Of other powers the gradient at 0 may be infinite.
    weight = off.square() if gamma == 2 else off.clamp(min=1e-8) ** gamma
    return weight * bce_loss(logits, wanted)


BOX_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "smooth-l1": smooth_l1_loss,
    "iou": iou_loss,
    "giou": giou_loss,
    "diou": diou_loss,
    "ciou": ciou_loss,
}
CLASS_LOSSES: dict[str, Callable[..., Tensor]] = {"bce": bce_loss, "focal": focal_loss}


def _around(one: Tensor, other: Tensor) -> Tensor:
    """Width and height (..., 2) of the smallest box around two."""
    return torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
