"""Non-maximum suppression inside the network's graph: of boxes on one thing the surest is kept.

Every step has a fixed size, so that graphs of it can be exported with a free batch; boxes that are suppressed keep
their place with a score of 0.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from convsight.tasks.boxes.iou import pairwise_iou

NmsKind = Literal["class", "plain", "soft"]

# A box can be suppressed by one that is suppressed itself only as often as such chains are long. 256 boxes of real
# images settle within five turns.
_TURNS = 16
_AT_ONCE = 1  # images; the pairs of boxes of more do not fit into a core's cache
_SOFT_SIGMA = 0.5  # Bodla et al., 2017, section 4
_SOFT_MIN = 0.001


class Candidates(NamedTuple):
    """Boxes (batch, boxes, 4) as fractions of the image, their `scores` and class `labels` (batch, boxes)."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def best(candidates: Candidates, most: int) -> Candidates:
    """The `most` surest of each image, surest first."""
    count = min(most, candidates.scores.shape[1])
    scores, order = candidates.scores.topk(count, dim=1)
    boxes = candidates.boxes.gather(1, order[:, :, None].expand(-1, -1, 4))
    return Candidates(boxes, scores, candidates.labels.gather(1, order))


def best_of_all_classes(boxes: Tensor, scores: Tensor, most: int) -> Candidates:
    """The `most` surest pairs of a box (batch, boxes, 4) and a class, from scores (batch, boxes, classes)."""
    classes = scores.shape[2]
    flat = scores.flatten(1)
    found, order = flat.topk(min(most, flat.shape[1]), dim=1)
    place = torch.div(order, classes, rounding_mode="floor")
    return Candidates(boxes.gather(1, place[:, :, None].expand(-1, -1, 4)), found, order - place * classes)


def nms(found: Candidates, how: NmsKind, overlap: float) -> Candidates:
    """`found`, surest first, without those that overlap a surer one by more than `overlap`.

    `class` compares boxes of one class, `plain` all; `soft` lowers scores instead (Bodla et al., "Soft-NMS", 2017, with
    the Gaussian), also among those of one class.
    """
    if torch.compiler.is_exporting():  # the batch has no number yet
        return _nms_of_batch(found, how, overlap)
    parts = zip(*(torch.split(values, _AT_ONCE) for values in found), strict=True)
    done = [_nms_of_batch(Candidates(*part), how, overlap) for part in parts]
    return Candidates(*(torch.cat(values) for values in zip(*done, strict=True)))


def _nms_of_batch(found: Candidates, how: NmsKind, overlap: float) -> Candidates:
    overlaps = pairwise_iou(found.boxes)
    if how != "plain":
        overlaps = overlaps * (found.labels[:, :, None] == found.labels[:, None, :])
    scores = _softened(found.scores, overlaps) if how == "soft" else found.scores * _kept(overlaps > overlap)
    return Candidates(found.boxes, scores, found.labels)


def _kept(overlapping: Tensor) -> Tensor:
    """1 for boxes that the greedy rule keeps, else 0: (batch, boxes), from who overlaps whom, surest first.

    Repeated until nothing changes this is the greedy rule itself: Zheng et al., "Enhancing Geometric Factors", 2021,
    section 3.4 (Cluster-NMS).
    """
    count = overlapping.shape[1]
    earlier = torch.ones(count, count, device=overlapping.device).triu(1)
    surer = overlapping.float() * earlier  # [i, j]: i is surer than j and overlaps it
    kept = torch.ones_like(surer[:, :1])
    for _ in range(_TURNS):
        kept = (torch.matmul(kept, surer) < 0.5).float()
    return kept[:, 0]


def _softened(scores: Tensor, overlaps: Tensor) -> Tensor:
    """Scores after each box in turn, the surest of those left, has lowered those it overlaps."""
    decay = torch.exp(-overlaps.square() / _SOFT_SIGMA)
    left, final = scores, torch.zeros_like(scores)
    for _ in range(scores.shape[1]):
        chosen = torch.nn.functional.one_hot(left.argmax(dim=1), scores.shape[1]).to(scores.dtype)
        final = final + chosen * left
        factors = torch.matmul(chosen[:, None], decay)[:, 0]
        left = left * factors * (1 - chosen)
    return final * (final >= _SOFT_MIN)
