"""Losses of several labels: binary cross-entropy, weighted, and focal."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

_MOST = 20.0  # times that a rare label's images count; more makes single images decide


def label_loss(logits: Tensor, present: Tensor, weights: Tensor | None = None, gamma: float = 0.0) -> Tensor:
    """The mean over images and labels of -ln(probability of what is true).

    Logits, and 0 or 1 (of mixtures what is between), are (images, labels) each. Images with a label count `weights`
    (labels,) times. With `gamma`, each answer counts (1 - its probability of what is true) to that power: Lin et al.,
    Focal Loss for Dense Object Detection, 2017, equation 4.

    >>> label_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).round(decimals=4)
    tensor(0.6931)
    """
    losses = F.binary_cross_entropy_with_logits(logits, present, pos_weight=weights, reduction="none")
    if gamma:
        # As a power of what the loss is the logarithm of, which stays exact where an answer is sure.
        wrong = present * torch.sigmoid(-logits) + (1 - present) * torch.sigmoid(logits)
        losses = losses * wrong**gamma
    return losses.mean()


def balanced_weights(counts: Mapping[str, int], images: int, names: tuple[str, ...]) -> Tensor:
    """How often an image with each label counts: as others are more frequent, at least once, at most 20 times.

    >>> balanced_weights({"cat": 10, "dog": 90, "owl": 1}, 100, ("cat", "dog", "owl"))
    tensor([ 9.,  1., 20.])
    """
    shares = [(images - counts.get(name, 0)) / max(1, counts.get(name, 0)) for name in names]
    return torch.tensor(shares, dtype=torch.float32).clamp(1.0, _MOST)
