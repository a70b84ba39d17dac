"""Intersection over union of boxes (..., 4): left, top, right, bottom, in any unit; the leading axes broadcast."""

import torch
from torch import Tensor

_TINY = 1e-7  # keeps boxes without area from dividing by zero
_TINY_UNION = 1e-12  # the same, for boxes that are fractions of an image


def iou(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of boxes at the same place of two tensors, 0..1.

    >>> iou(torch.tensor([0.0, 0, 2, 2]), torch.tensor([1.0, 0, 3, 2])).item()
    0.333...
    """
    return iou_and_union(one, other)[0]


def iou_and_union(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union, and the area of the union."""
    shared, union = _areas(one, other)
    return shared / (union + _TINY), union


def pairwise_iou(boxes: Tensor) -> Tensor:
    """Intersection over union of all pairs of (batch, boxes, 4): (batch, boxes, boxes)."""
    shared, union = _areas(boxes[:, :, None], boxes[:, None])
    return shared / union.clamp(min=_TINY_UNION)


def _areas(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """The area of the intersection, and that of the union."""
    # Side by side: OpenVINO takes a third longer for a detector whose pairs of corners lie along a last axis of two.
    (left, top, right, bottom), (left_, top_, right_, bottom_) = one.unbind(dim=-1), other.unbind(dim=-1)
    across = (torch.minimum(right, right_) - torch.maximum(left, left_)).clamp(min=0)
    down = (torch.minimum(bottom, bottom_) - torch.maximum(top, top_)).clamp(min=0)
    shared = across * down
    return shared, (right - left) * (bottom - top) + (right_ - left_) * (bottom_ - top_) - shared
