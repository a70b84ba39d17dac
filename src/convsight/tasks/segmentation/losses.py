"""What wrong pixels cost. Logits are (batch, classes, *sides), masks (batch, *sides) whole numbers."""

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.tasks.whole_batch import of_whole_batch


def pixel_loss(logits: Tensor, masks: Tensor, ignore_index: int, weights: Tensor | None = None) -> Tensor:
    """The mean over pixels of -ln(probability of the true class); pixels of `ignore_index` do not count.

    Pixels of a class count `weights` (classes,) times. Where no pixel of a batch has a class, it is 0.

    >>> pixel_loss(torch.zeros(1, 2, 1, 3), torch.tensor([[[0, 1, 255]]]), 255).round(decimals=4)
    tensor(0.6931)
    """
    # In planes: over channels that lie last, softmax and its gradient take several times as long.
    logits, masks = logits.float().contiguous(), masks.long()
    total = F.cross_entropy(logits, masks, weights, ignore_index=ignore_index, reduction="sum")
    known = masks != ignore_index
    count = known.sum().float() if weights is None else (weights[masks.where(known, 0)] * known).sum()
    return total / of_whole_batch(count, len(masks), least=torch.finfo(torch.float32).tiny)
