"""Losses that compare regions as a whole: Dice, Jaccard and Tversky.

Each is 1 minus the mean of a score over the classes that occur in the batch, of sums over all pixels of the batch: with
probabilities p of a class and its truth t (0 or 1), I = sum(p t), P = sum(p), T = sum(t).
"""

import torch
from torch import Tensor

from convsight.tasks.segmentation.seen_pixels import SeenPixels
from convsight.tasks.whole_batch import sums_of_whole_batch

_LEAST = 1e-6  # pixels to divide by


def dice_loss(seen: SeenPixels, weights: Tensor | None = None) -> Tensor:
    """1 - 2 I / (P + T).

    Source: Milletari et al., "V-Net", 2016, for the soft overlap; the plain sums are those of Drozdzal et al., "The
    Importance of Skip Connections in Biomedical Image Segmentation", 2016.

    >>> sure = torch.tensor([[[100.0, 100.0, 0.0, 0.0], [0.0, 0.0, 100.0, 100.0]]])  # (batch, classes, pixels)
    >>> round(float(dice_loss(SeenPixels.of(sure, torch.tensor([[0, 0, 0, 1]]), None))), 4)  # 4/5 and 2/3
    0.2667
    """
    return tversky_loss(seen, 0.5, 0.5, weights)


def jaccard_loss(seen: SeenPixels, weights: Tensor | None = None) -> Tensor:
    """1 - I / (P + T - I).

    Source: Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation", 2016.
    """
    return tversky_loss(seen, 1.0, 1.0, weights)


def tversky_loss(seen: SeenPixels, alpha: float, beta: float, weights: Tensor | None = None) -> Tensor:
    """1 - I / (I + `alpha` (P - I) + `beta` (T - I)): what a wrong pixel costs, and what a missed one does.

    Classes count as `weights` (classes,) say. Source: Salehi et al., "Tversky Loss Function for Image Segmentation
    Using 3D Fully Convolutional Deep Networks", 2017.
    """
    both, predicted, true = _sums(seen)
    score = both / (both + alpha * (predicted - both) + beta * (true - both)).clamp(min=_LEAST)
    worth = (true > 0).to(score.dtype)
    if weights is not None:
        worth = worth * weights.to(score.device)
    return ((1 - score) * worth).sum() / worth.sum().clamp(min=_LEAST)


def _sums(seen: SeenPixels) -> tuple[Tensor, Tensor, Tensor]:
    """I, P and T (classes,) of the whole batch."""
    axes = [0, *range(2, seen.logits.ndim)]
    truth = seen.truth
    both = seen.probabilities.masked_fill(~truth, 0.0).sum(axes)
    predicted = seen.counted(seen.probabilities).sum(axes)
    true = truth.sum(axes).to(both.dtype)
    both, predicted, true = sums_of_whole_batch(torch.stack([both, predicted, true]), seen.images)
    return both, predicted, true
