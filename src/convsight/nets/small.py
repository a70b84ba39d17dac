"""The default network: residual blocks sized for small pictures.

Source: He et al., "Deep Residual Learning for Image Recognition", 2016 (blocks) and "Delving Deep into Rectifiers",
2015 (initialisation); Goyal et al., "Accurate, Large Minibatch SGD", 2017 (zero start of each branch).
"""

import math
from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.entry import NetShape

_WIDTHS = (48, 96, 192)  # channels of the stages
_FIRST_SIDE = 20  # px of the maps of the first stage, about: larger ones cost more than they teach
_SMALLEST_HALVED = 8  # px
_PHOTO_SIDE = 48  # px from which pictures show enough for a third stage


@final
class SmallNet(nn.Module):
    """A stem that halves the picture, stages of one residual block, the mean over all positions, a dense layer.

    The stem halves until the shorter side is about 20 px, at least once above 8 px; every later stage halves again and
    doubles the channels. At 28 px: maps of 14 and 7 px, 173,000 parameters, 14 million multiply-adds.
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        side = min(shape.height, shape.width)
        halvings = max(1, round(math.log2(side / _FIRST_SIDE))) if side > _SMALLEST_HALVED else 0
        widths = _WIDTHS if side >= _PHOTO_SIDE else _WIDTHS[:2]
        self.stem = _stem(shape.channels, widths[0], halvings)
        self.stages = nn.Sequential()
        before = widths[0]
        for width in widths:
            self.stages.append(ResidualBlock(before, width, 1 if width == before else 2))
            before = width
        self.head = nn.Linear(before, shape.classes)

    def forward(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.stages(self.stem(pictures))
        logits: Tensor = self.head(maps.mean(dim=(2, 3)))
        return logits


@final
class ResidualBlock(nn.Module):
    """Two 3x3 convolutions added to their input; a 1x1 convolution fits the input where its shape differs.

    (batch, channels, height, width) to (batch, width, ceil(height / stride), ceil(width / stride)). The branch
    starts at zero, so the block starts as its shortcut.
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(channels, width, 3, stride)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3)
        self.norm2 = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm2.weight)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(_convolution(channels, width, 1, stride), nn.BatchNorm2d(width))

    def forward(self, maps: Tensor) -> Tensor:
        branch = F.relu(self.norm1(self.conv1(maps)))
        branch = self.norm2(self.conv2(branch))
        return F.relu(branch + self.shortcut(maps))


def _stem(channels: int, width: int, halvings: int) -> nn.Sequential:
    """Convolutions of stride 2 (or one of stride 1) up to `width` channels, each with half the next one's."""
    stem = nn.Sequential()
    for left in reversed(range(max(1, halvings))):
        kernel, stride = (4, 2) if halvings else (3, 1)
        stem.extend([_convolution(channels, width >> left, kernel, stride), nn.BatchNorm2d(width >> left), nn.ReLU()])
        channels = width >> left
    return stem


def _convolution(channels: int, width: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(channels, width, kernel, stride, padding=(kernel - 1) // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer
