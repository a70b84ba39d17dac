"""Pictures and their boxes seen through a window, alone or four together: mosaic, scale, place and flips in one step.

Lengths are in pictures: 0..1 is the picture itself, and its partners lie right of it, below it and diagonally.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

_EMPTY = 114 / 255  # the grey around a picture that is moved
_VISIBLE = 0.3  # the share of a box that must stay in the picture, else nobody need find it
THINNEST = 2.0  # pixels; a thinner rest of a box is no thing any more
_PLACES = ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # of the three partners, x before y


class Windows(NamedTuple):
    """Of each picture whether it has partners (batch,), and middle, sides and mirroring (batch, 2) of its window."""

    mosaic: Tensor
    middle: Tensor
    sides: Tensor
    flips: Tensor


def seen_through(
    pictures: Tensor, boxes: Tensor, labels: Tensor, partners: Tensor, window: Windows, size: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor]:
    """What each window shows at `size` (height, width), and the boxes that are still to be found in it.

    `pictures` are (batch, channels, height, width), `partners` (batch, 3) their indices in it.
    """
    together = bool(window.mosaic.any())
    canvas = pictures - _EMPTY  # so that what lies outside, which is sampled as 0, becomes this grey
    if together:
        others = (canvas[partners[:, place]] * window.mosaic[:, None, None, None] for place in range(3))
        right, below, diagonal = others
        canvas = torch.cat([torch.cat([canvas, right], dim=3), torch.cat([below, diagonal], dim=3)], dim=2)
    seen = _sampled(canvas, window, 2.0 if together else 1.0, size) + _EMPTY
    found = [_through(boxes, labels, window, (0.0, 0.0), size)]
    for place, offset in enumerate(_PLACES if together else ()):
        chosen = partners[:, place]
        theirs = torch.where(window.mosaic[:, None], labels[chosen], -1)
        found.append(_through(boxes[chosen], theirs, window, offset, size))
    boxes, labels = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
    return seen, *compact(boxes, labels)


def compact(boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The same boxes (batch, most, 4), those without a label moved to the end and cut off as far as all allow."""
    there = labels >= 0
    most = max(1, int(there.sum(dim=1).max()))
    order = there.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :most]
    return boxes.gather(1, order[:, :, None].expand(-1, -1, 4)), labels.gather(1, order)


def _sampled(canvas: Tensor, window: Windows, span: float, size: tuple[int, int]) -> Tensor:
    """The windows of a canvas that is `span` pictures wide and high."""
    scale = window.sides / span * torch.where(window.flips, -1.0, 1.0)
    offset = window.middle * 2 / span - 1
    nothing = torch.zeros_like(offset[:, 0])
    rows = [
        torch.stack([scale[:, 0], nothing, offset[:, 0]], dim=1),
        torch.stack([nothing, scale[:, 1], offset[:, 1]], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), [len(canvas), canvas.shape[1], *size], align_corners=False)
    return F.grid_sample(canvas, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _through(
    boxes: Tensor, labels: Tensor, window: Windows, offset: tuple[float, float], size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Boxes of a picture at `offset` as fractions of the window; the label of one that is hardly seen becomes -1."""
    start = (window.middle - window.sides / 2).repeat(1, 2)[:, None]
    sides = window.sides.repeat(1, 2)[:, None]
    moved = (boxes + boxes.new_tensor([*offset, *offset]) - start) / sides
    mirrored = 1 - moved[..., [2, 3, 0, 1]]
    moved = torch.where(window.flips.repeat(1, 2)[:, None], mirrored, moved)
    clipped = moved.clamp(0, 1)
    left = clipped[..., 2:] - clipped[..., :2]
    whole = (moved[..., 2:] - moved[..., :2]).prod(dim=-1).clamp(min=1e-9)
    height, width = size
    thick = (left * left.new_tensor([width, height])).amin(dim=-1) >= THINNEST
    kept = (left.prod(dim=-1) / whole >= _VISIBLE) & thick
    return clipped, torch.where(kept, labels, -1)
