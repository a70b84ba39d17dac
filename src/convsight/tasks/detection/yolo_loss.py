"""How YOLO learns: which cells answer for which true box, and what their predictions cost.

Task-aligned assignment of Feng et al., "TOOD", 2021: a cell inside a true box is the better suited the surer it is of
the class and the better its own box fits; the best few learn that box, the best of them with the highest score.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from convsight.tasks.boxes.iou import iou
from convsight.tasks.detection.box_losses import BOX_LOSSES, CLASS_LOSSES, distribution_focal_loss
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.yolo import BINS, Cells, corners
from convsight.tasks.whole_batch import of_whole_batch

_CANDIDATES = 10  # cells that learn one box, at most
_SURE, _FITTING = 0.5, 6.0  # exponents of score and overlap in the alignment: TOOD, section 3.2
_CLASS, _BOX, _SIDES = 1.0, 5.0, 1.0  # weights of the parts


class TrueBoxes(NamedTuple):
    """The true boxes of a whole batch in one row: `image` (boxes,), `label` (boxes,), `xyxy` (boxes, 4) in pixels."""

    image: Tensor
    label: Tensor
    xyxy: Tensor


class Assigned(NamedTuple):
    """Which cells learn which boxes: indices of image, cell and true box (pairs,), and the score wanted (pairs,)."""

    image: Tensor
    cell: Tensor
    box: Tensor
    score: Tensor


def true_boxes(fractions: Tensor, labels: Tensor, images: Tensor) -> TrueBoxes:
    """Targets (batch, most, 4) in fractions and (batch, most), -1 for none, as boxes in pixels of `images`."""
    image, place = (labels >= 0).nonzero(as_tuple=True)
    height, width = images.shape[2:]
    sides = fractions.new_tensor([width, height, width, height])
    return TrueBoxes(image, labels[image, place].long(), fractions[image, place] * sides)


def yolo_losses(
    logits: Tensor, sides: Tensor, cells: Cells, true: TrueBoxes, settings: DetectionSettings
) -> dict[str, Tensor]:
    """`total` and its parts, from logits (batch, cells, classes) and sides (batch, cells, 4, BINS)."""
    found = assign(logits.detach(), sides.detach(), cells, true)
    wanted = torch.zeros_like(logits)
    wanted[found.image, found.cell, true.label[found.box]] = found.score
    scale = of_whole_batch(wanted.sum(), len(wanted), least=1.0)
    gamma = 2.0 if settings.focal_gamma is None else settings.focal_gamma
    parts = {"class": _CLASS * CLASS_LOSSES[settings.class_loss](logits, wanted, gamma).sum() / scale}
    chosen, centres, strides = sides[found.image, found.cell], cells.centres[found.cell], cells.strides[found.cell]
    boxes, weight = true.xyxy[found.box], found.score / scale
    parts["box"] = _BOX * (BOX_LOSSES[settings.box_loss](corners(chosen, centres, strides), boxes) * weight).sum()
    distances = torch.cat([(centres - boxes[:, :2]) / strides, (boxes[:, 2:] - centres) / strides], dim=1)
    by_side = distribution_focal_loss(chosen, distances.clamp(0, BINS - 1.01)).mean(dim=1)
    parts["sides"] = _SIDES * (by_side * weight).sum()
    return {"total": torch.stack(list(parts.values())).sum(), **parts}


@torch.no_grad()
def assign(logits: Tensor, sides: Tensor, cells: Cells, true: TrueBoxes) -> Assigned:
    """The cells that learn each true box: the best aligned of those whose centre lies in it."""
    box, cell = _inside(cells, true.xyxy).nonzero(as_tuple=True)
    image = true.image[box]
    overlap = iou(corners(sides[image, cell], cells.centres[cell], cells.strides[cell]), true.xyxy[box])
    fitness = logits[image, cell, true.label[box]].sigmoid() ** _SURE * overlap**_FITTING
    kept = _best_of_each(box, cell, fitness, (len(true.xyxy), len(cells.centres)))
    box, cell, image, overlap, fitness = (values[kept] for values in (box, cell, image, overlap, fitness))
    kept = _closest(image * len(cells.centres) + cell, box, overlap, logits.shape[0] * logits.shape[1])
    box, cell, image, overlap, fitness = (values[kept] for values in (box, cell, image, overlap, fitness))
    most = fitness.new_zeros(len(true.xyxy)).scatter_reduce(0, box, fitness, "amax")
    closest = overlap.new_zeros(len(true.xyxy)).scatter_reduce(0, box, overlap, "amax")
    return Assigned(image, cell, box, fitness / (most[box] + 1e-9) * closest[box])


def _best_of_each(box: Tensor, cell: Tensor, fitness: Tensor, shape: tuple[int, int]) -> Tensor:
    """Which of the pairs of box and cell (pairs,) are among the fittest of their box, at most `_CANDIDATES`."""
    table = fitness.new_full(shape, -1.0)
    table[box, cell] = fitness
    chosen = torch.zeros(shape, dtype=torch.bool, device=table.device)
    chosen.scatter_(1, table.topk(min(_CANDIDATES, shape[1]), dim=1).indices, True)
    return chosen[box, cell]


def _closest(place: Tensor, box: Tensor, overlap: Tensor, places: int) -> Tensor:
    """Which pairs (pairs,) a cell learns, one a place: the box it overlaps most, of equals the first."""
    best = overlap.new_full((places,), -1.0).scatter_reduce(0, place, overlap, "amax")
    equal = overlap >= best[place]
    first = torch.full((places,), torch.iinfo(box.dtype).max, device=box.device).scatter_reduce(
        0, place[equal], box[equal], "amin"
    )
    return equal & (box == first[place])


def _inside(cells: Cells, xyxy: Tensor) -> Tensor:
    """Whether the centre of each cell lies in each box (boxes, 4): (boxes, cells).

    A box smaller than the smallest cells counts as so large, or it might hold no centre at all.
    """
    x, y = cells.centres[:, 0][None], cells.centres[:, 1][None]
    middle, half = (xyxy[:, :2] + xyxy[:, 2:]) / 2, (xyxy[:, 2:] - xyxy[:, :2]) / 2
    half = torch.maximum(half, cells.strides.amin(dim=0) / 2)
    left, top, right, bottom = torch.cat([middle - half, middle + half], dim=1).T[:, :, None]
    inside: Tensor = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    return inside
