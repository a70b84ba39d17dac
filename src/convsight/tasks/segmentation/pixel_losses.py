"""Losses that are a mean over pixels: cross-entropy, and focal."""

import torch
from torch import Tensor

from convsight.tasks.segmentation.seen_pixels import SeenPixels
from convsight.tasks.whole_batch import of_whole_batch

_LEAST = torch.finfo(torch.float32).tiny  # pixels to divide by, where none count


def cross_entropy(seen: SeenPixels, weights: Tensor | None = None) -> Tensor:
    """The mean over pixels of -ln(probability of the true class), each counting as `weights` (classes,) say.

    >>> logits = torch.tensor([[2.0, 0.0], [0.0, 0.0]]).view(1, 2, 2)  # (batch, classes, pixels)
    >>> round(float(cross_entropy(SeenPixels.of(logits, torch.tensor([[0, 0]]), None))), 4)
    0.41
    """
    return _mean(seen, -_of_true(seen), weights)


def focal_loss(seen: SeenPixels, gamma: float, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy times (1 - probability of the true class) ** `gamma`: what is right and sure teaches little.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017, equation 4, with softmax.
    """
    true = _of_true(seen)
    # Not 0, where the gradient of a root would be infinite.
    missing = (-torch.expm1(true)).clamp(min=1e-8)
    return _mean(seen, -(missing**gamma) * true, weights)


def _of_true(seen: SeenPixels) -> Tensor:
    """The logarithm of the probability of the true class (batch, *sides)."""
    return seen.logs.gather(1, seen.indices[:, None])[:, 0]


def _mean(seen: SeenPixels, each: Tensor, weights: Tensor | None) -> Tensor:
    """The mean of a loss of `each` pixel, over those that count, by the weights of their classes."""
    if weights is None:
        counted = seen.counted(each)
        count = each.new_tensor(float(each.numel() if seen.known is None else seen.known.sum()))
        return counted.sum() / of_whole_batch(count, seen.images, least=_LEAST)
    worth = seen.counted(weights.to(each.device)[seen.indices])
    return (each * worth).sum() / of_whole_batch(worth.sum(), seen.images, least=_LEAST)
