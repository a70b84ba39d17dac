"""What detectors with anchor boxes share: boxes told as changes of others, and true boxes as torchvision wants them."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

_MAX_GROWTH = math.log(1000 / 16)  # natural logarithm of a factor, as in torchvision, against infinite boxes
_MIN_SIDE = 1.0  # px; the logarithm of a side must be a number


def decoded(codes: Tensor, anchors: Tensor, weights: Sequence[float]) -> Tensor:
    """Boxes (..., 4) in px from codes (..., 4) of their centre and sides, as changes of `anchors` (..., 4) in px.

    The codes are divided by `weights` of x, y, width and height: Girshick et al., "Rich Feature Hierarchies", 2014,
    appendix C.

    >>> decoded(torch.tensor([5.0, 0, 0, 0]), torch.tensor([0.0, 0, 20, 10]), (10, 10, 5, 5)).tolist()
    [10.0, 0.0, 30.0, 10.0]
    """
    sides = anchors[..., 2:] - anchors[..., :2]
    middle = anchors[..., :2] + sides / 2
    codes = codes / torch.tensor(weights, dtype=codes.dtype, device=codes.device)
    centres = middle + codes[..., :2] * sides
    halves = codes[..., 2:].clamp(max=_MAX_GROWTH).exp() * sides / 2
    return torch.cat([centres - halves, centres + halves], dim=-1)


def clipped(boxes: Tensor, images: Tensor) -> Tensor:
    """Boxes (..., 4) in px as shares of the sides of `images`, 0..1."""
    return (boxes / sides_of(images)).clamp(0, 1)


def sides_of(images: Tensor) -> Tensor:
    """Width, height, width, height of images (batch, channels, height, width) in px, as float32."""
    height, width = images.shape[2:]
    return torch.tensor([width, height, width, height], dtype=torch.float32, device=images.device)


def listed_targets(targets: Mapping[str, Tensor], images: Tensor) -> list[dict[str, Tensor]]:
    """The true boxes of each image in px, with labels that begin at 1: torchvision's 0 is the background.

    A box under a pixel counts as one of a pixel.
    """
    found = []
    for fractions, labels in zip(targets["boxes"], targets["labels"], strict=True):
        boxes = fractions[labels >= 0] * sides_of(images)
        ends = torch.maximum(boxes[:, 2:], boxes[:, :2] + _MIN_SIDE)
        found.append({"boxes": torch.cat([boxes[:, :2], ends], dim=1), "labels": labels[labels >= 0].long() + 1})
    return found
