"""3D U-Net: a U-Net of volumes.

Cicek et al., "3D U-Net: Learning Dense Volumetric Segmentation from Sparse Annotation", 2016. Convolutions are padded,
so that a map has the input's sides, where the paper's lose two voxels each.
"""

from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.segmenter import Segmenter

WIDTH = 32  # channels of the paper's first convolution
LEVELS = 4  # of its resolutions


@final
class UNet3d(Segmenter):
    """Normalised volumes (batch, channels, depth, height, width) to logits (batch, classes, depth, height, width).

    The first convolution has `width` channels, the second twice as many, and so has each of `levels` to the one above.
    """

    def __init__(self, channels: int, classes: int, width: int = WIDTH, levels: int = LEVELS) -> None:
        super().__init__()
        firsts = [width * 2**level for level in range(levels)]  # of the first convolution; the second has twice as many
        before = [channels, *(2 * first for first in firsts)]
        self.down = nn.ModuleList(
            nn.Sequential(conv3d(narrow, first), conv3d(first, 2 * first))
            for narrow, first in zip(before, firsts, strict=False)
        )
        outs = before[1:]
        self.enlarge = nn.ModuleList(nn.ConvTranspose3d(wide, wide, 2, stride=2, bias=False) for wide in outs[:0:-1])
        self.up = nn.ModuleList(
            nn.Sequential(conv3d(wide + narrow, narrow), conv3d(narrow, narrow)) for narrow, wide in pairwise(outs)
        )[::-1]
        self.score = nn.Conv3d(outs[0], classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = [self.down[0](images)]
        for level in self.down[1:]:
            maps.append(level(F.max_pool3d(maps[-1], 2, ceil_mode=True)))
        found = maps.pop()
        for enlarge, level in zip(self.enlarge, self.up, strict=True):
            beside = maps.pop()
            depth, height, width = beside.shape[2:]
            larger = enlarge(found)[:, :, :depth, :height, :width]  # of odd sides one voxel is too many
            found = level(torch.cat([larger, beside], dim=1))
        scores: Tensor = self.score(found)
        return scores

    @property
    def backbone(self) -> tuple[str, ...]:
        return ("down",)


def conv3d(narrow: int, wide: int) -> nn.Sequential:
    """Convolution of 3 x 3 x 3, batch normalisation and ReLU, which keep the sides."""
    return nn.Sequential(nn.Conv3d(narrow, wide, 3, padding=1), nn.BatchNorm3d(wide), nn.ReLU(inplace=True))
