"""The default network for volumes: residual blocks of 3D convolutions.

Source: Hara, Kataoka and Satoh, "Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?", 2018, for
ResNets of 3x3x3 convolutions; blocks and beginnings as in `small`.
"""

import math
from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.entry import NetShape

_STEM_WIDTH = 16  # channels
_WIDTHS = (32, 64, 128)  # of the stages
_STEM_SIDE = 32  # voxels of the stem's maps, about
_SMALL_SIDE = 12  # voxels: smaller maps have nothing to halve a third time


@final
class Small3d(nn.Module):
    """A stem, stages of one residual block, the mean over all positions, a dense layer.

    Normalised volumes (batch, channels, depth, height, width) to (batch, outputs). The stem halves volumes of more than
    about 48 voxels a side, every stage halves again and doubles the channels: at 32 voxels maps of 32, 16, 8 and 4.
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        side = min(shape.planes[1:])
        is_large = side >= _SMALL_SIDE and round(math.log2(max(shape.planes[1:]) / _STEM_SIDE)) > 0
        stride = 2 if is_large else 1
        self.stem = nn.Sequential(
            _convolution(shape.channels, _STEM_WIDTH, 3, stride), nn.BatchNorm3d(_STEM_WIDTH), nn.ReLU()
        )
        self.stages = nn.Sequential()
        before = _STEM_WIDTH
        for width in _WIDTHS if side >= _SMALL_SIDE else _WIDTHS[:2]:
            self.stages.append(ResidualBlock3d(before, width))
            before = width
        self.head = nn.Linear(before, shape.outputs)

    def forward(self, volumes: Tensor) -> Tensor:
        maps: Tensor = self.stages(self.stem(volumes))
        logits: Tensor = self.head(maps.mean(dim=(2, 3, 4)))
        return logits


@final
class ResidualBlock3d(nn.Module):
    """Two 3x3x3 convolutions, the first of stride 2, added to the averaged input at `width` channels.

    (batch, channels, depth, height, width) to (batch, width, half of each side, rounded up). The branch starts at zero,
    so the block starts as its shortcut.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = _convolution(channels, width, 3, 2)
        self.norm1 = nn.BatchNorm3d(width)
        self.conv2 = _convolution(width, width, 3)
        self.norm2 = nn.BatchNorm3d(width)
        nn.init.zeros_(self.norm2.weight)
        self.shortcut = nn.Sequential(
            nn.AvgPool3d(2, ceil_mode=True, count_include_pad=False),
            _convolution(channels, width, 1),
            nn.BatchNorm3d(width),
        )

    def forward(self, maps: Tensor) -> Tensor:
        branch = F.relu(self.norm1(self.conv1(maps)))
        branch = self.norm2(self.conv2(branch))
        return F.relu(branch + self.shortcut(maps))


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Conv3d:
    layer = nn.Conv3d(inputs, outputs, side, stride, side // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer
