"""What a detector says of one class at one place, as a number that can be followed back to the picture."""

import torch
from torch import Tensor

from convsight.tasks.boxes.iou import iou

Sides = tuple[float, float, float, float]  # left, top, right, bottom

_SAME_PLACE = 0.5  # intersection over union from which two boxes are of the same thing


def logit_at(boxes: Tensor, logits: Tensor, box: Sides) -> Tensor:
    """The logit (batch,) of a class at `box`, of boxes (batch, places, 4) and what is said of each (batch, places).

    Places count whose boxes overlap `box` by at least half (by most, where none does): the logarithm of the sum of
    their exponentials, each times its overlap. So it is nearly the largest of them, and changes smoothly where
    another takes over. It is followed through the logits alone: where boxes lie counts as given.

    >>> boxes = torch.tensor([[[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]])
    >>> round(logit_at(boxes, torch.tensor([[2.0, 9.0]]), (0.0, 0.0, 0.5, 0.5)).item(), 3)
    2.0
    """
    share = weights_at(boxes, box)
    return (logits.float() + share.log()).logsumexp(dim=1)


def log_odds(logits: Tensor, index: int) -> Tensor:
    """The logit (...) of the probability that softmax of (..., classes) gives to the class at `index`.

    >>> log_odds(torch.tensor([2.0, 0.5]), 0)
    tensor(1.5000)
    """
    others = torch.cat([logits[..., :index], logits[..., index + 1 :]], dim=-1)
    return logits[..., index] - others.logsumexp(dim=-1)


def weights_at(boxes: Tensor, box: Sides) -> Tensor:
    """How much each place (batch, places) counts: its overlap with `box`, 0 for those that are elsewhere."""
    with torch.no_grad():
        overlap = iou(boxes.float(), boxes.new_tensor(box))
        # Where nothing overlaps at all, every place counts as little.
        least = overlap.amax(dim=1, keepdim=True).clamp(max=_SAME_PLACE)
        return torch.where(overlap >= least, overlap.clamp(min=torch.finfo(overlap.dtype).tiny), 0.0)
