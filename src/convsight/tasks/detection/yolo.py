"""YOLO: one network that says in a single pass what is where; anchor-free, after any backbone of the catalogue.

The idea is that of Redmon et al., "You Only Look Once", 2016. The pyramid is that of Lin et al., "Feature Pyramid
Networks", 2017, with the way back of Liu et al., "Path Aggregation Network", 2018. A cell's centre takes the place of
anchor boxes as in Tian et al., "FCOS", 2019; class and box have branches of their own as in Ge et al., "YOLOX", 2021;
sides of a box are distributions as in Li et al., "Generalized Focal Loss", 2020. How it learns stands in
`yolo_loss.py`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.blocks import Residual, conv

BINS = 16  # a side of a box is a distribution over 0..15 cells
_FALL = 0.35  # of the logit from one bin to the next, before anything is learnt
_PRIOR = 0.01  # the share of cells that hold something, before anything is learnt: Lin et al., "Focal Loss", 2017


class Size(NamedTuple):
    """Channels at strides 2 to 32 of the own backbone, residual blocks at 4 to 32; channels of what follows."""

    widths: tuple[int, int, int, int, int]
    depths: tuple[int, int, int, int]
    neck: int


SIZES = {
    "n": Size((16, 32, 64, 128, 256), (1, 1, 2, 1), 64),
    "s": Size((32, 48, 96, 192, 384), (1, 2, 2, 1), 96),
    "m": Size((32, 64, 128, 256, 512), (2, 3, 4, 2), 144),
}


class Cells(NamedTuple):
    """The cells of all levels in one row: `centres` and sides `strides`, both (cells, 2), x before y, in pixels."""

    centres: Tensor
    strides: Tensor


@final
class Yolo(nn.Module):
    """Normalised images (batch, channels, height, width) to what each cell says.

    `backbone` gives three maps of features, at strides of about 8, 16 and 32, of the numbers of channels in `widths`.
    """

    def __init__(self, backbone: nn.Module, widths: Sequence[int], neck: int, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = Neck(widths, neck)
        self.heads = nn.ModuleList(Head(neck, classes) for _ in widths)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Cells]:
        """Class logits (batch, cells, classes), logits of the four sides (batch, cells, 4, BINS), and the cells."""
        levels = self.neck(self.backbone(images))
        predictions = [head(level) for head, level in zip(self.heads, levels, strict=True)]
        classes, sides = (torch.cat(parts, dim=1) for parts in zip(*predictions, strict=True))
        sizes = [(level.shape[2], level.shape[3]) for level in levels]
        return classes.float(), sides.float().reshape(*sides.shape[:2], 4, BINS), cells(sizes, images)


def cells(sizes: Sequence[tuple[int, int]], images: Tensor) -> Cells:
    """The cells of maps of these (height, width) over `images`; each map covers the whole image evenly."""
    height, width = images.shape[2:]
    centres, strides = [], []
    for rows, columns in sizes:
        stride = torch.tensor([width / columns, height / rows], device=images.device)
        y, x = torch.meshgrid(
            torch.arange(rows, device=images.device), torch.arange(columns, device=images.device), indexing="ij"
        )
        level = (torch.stack([x, y], dim=2).reshape(-1, 2) + 0.5) * stride
        centres.append(level)
        strides.append(stride.expand_as(level))
    return Cells(torch.cat(centres), torch.cat(strides))


def corners(sides: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Boxes (..., 4) left, top, right, bottom in pixels from logits (..., 4, BINS) of the distances to the four sides.

    A distance is the mean of its distribution, in cells of `strides` (..., 2) around `centres` (..., 2).
    """
    bins = torch.arange(BINS, dtype=sides.dtype, device=sides.device)
    distances = (sides.softmax(dim=-1) * bins).sum(dim=-1)
    return torch.cat([centres - distances[..., :2] * strides, centres + distances[..., 2:] * strides], dim=-1)


@final
class Backbone(nn.Module):
    """The own backbone: strided convolutions with residual blocks between them (He et al., 2016)."""

    def __init__(self, channels: int, size: Size) -> None:
        super().__init__()
        first, second, *widths = size.widths
        self.stem = nn.Sequential(conv(channels, first, stride=2), conv(first, second, stride=2))
        self.blocks = nn.Sequential(*(Residual(second) for _ in range(size.depths[0])))
        before = [second, *widths]
        self.stages = nn.ModuleList(
            nn.Sequential(conv(narrow, wide, stride=2), *(Residual(wide) for _ in range(depth)))
            for narrow, wide, depth in zip(before, widths, size.depths[1:], strict=False)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        features = self.blocks(self.stem(images))
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        return levels


@final
class Neck(nn.Module):
    """Brings what the deep levels know to the shallow ones, and places of the shallow ones back to the deep."""

    def __init__(self, widths: Sequence[int], neck: int) -> None:
        super().__init__()
        self.entries = nn.ModuleList(conv(width, neck, kernel=1) for width in widths)
        self.downwards = nn.ModuleList(Merge(neck) for _ in widths[1:])
        self.strides = nn.ModuleList(conv(neck, neck, stride=2) for _ in widths[1:])
        self.upwards = nn.ModuleList(Merge(neck) for _ in widths[1:])

    def last_of(self, level: int) -> str:
        """The name of the module that gives the maps of `level`, 0 being the finest."""
        return f"upwards.{level - 1}" if level else "downwards.0"

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        levels = [entry(level) for entry, level in zip(self.entries, features, strict=True)]
        for place in range(len(levels) - 2, -1, -1):
            deeper = F.interpolate(levels[place + 1], size=levels[place].shape[2:], mode="nearest")
            levels[place] = self.downwards[place](levels[place], deeper)
        for place in range(1, len(levels)):
            shallower = self.strides[place - 1](levels[place - 1])
            if shallower.shape[2:] != levels[place].shape[2:]:  # borrowed backbones round otherwise
                shallower = F.interpolate(shallower, size=levels[place].shape[2:], mode="nearest")
            levels[place] = self.upwards[place - 1](levels[place], shallower)
        return levels


@final
class Merge(nn.Module):
    """Two maps of `width` channels into one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = conv(2 * width, width, kernel=1)
        self.block = Residual(width)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        merged: Tensor = self.block(self.mix(torch.cat([one, other], dim=1)))
        return merged


@final
class Head(nn.Module):
    """What each cell of one level says: (batch, cells, classes) and (batch, cells, 4 * BINS), as logits."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        which, where = nn.Conv2d(width, classes, 1), nn.Conv2d(width, 4 * BINS, 1)
        self.classes = nn.Sequential(conv(width, width), which)
        self.sides = nn.Sequential(conv(width, width), where)
        assert which.bias is not None
        assert where.bias is not None
        with torch.no_grad():
            which.bias.fill_(-math.log((1 - _PRIOR) / _PRIOR))
            # A side begins as about 2.4 cells: boxes of the size that each level is for, and not of 15 cells.
            where.bias.copy_(-_FALL * torch.arange(BINS).repeat(4))

    def forward(self, level: Tensor) -> tuple[Tensor, Tensor]:
        return self.classes(level).flatten(2).transpose(1, 2), self.sides(level).flatten(2).transpose(1, 2)
