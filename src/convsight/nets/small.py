"""The default network: residual blocks sized for small images.

Source: He et al., "Deep Residual Learning for Image Recognition", 2016 (blocks) and "Delving Deep into Rectifiers",
2015 (initialisation); Goyal et al., "Accurate, Large Minibatch SGD", 2017 (zero start of each branch); He et al.,
"Bag of Tricks", 2019 (averaging before the shortcut's convolution).
"""

import math
from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.entry import NetShape

_STEM_WIDTH = 16  # channels
_WIDTHS = (48, 96, 192)  # channels of the stages
_STEM_SIDE = 40  # px of the stem's maps, about: larger ones cost more than they teach
_PHOTO_SIDE = 48  # px from which images show enough for a third stage


@final
class SmallNet(nn.Module):
    """A stem, stages of one residual block, the mean over all positions, a dense layer.

    The stem keeps images of up to 56 px as large as they are and halves others until they are about 40 px; every
    stage halves again and doubles the channels. At 28 px: maps of 28, 14 and 7 px, 159,000 parameters, 12 million
    multiply-adds.
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        side = min(shape.height, shape.width)
        self.stem = _stem(shape.channels, max(0, round(math.log2(side / _STEM_SIDE))))
        self.stages = nn.Sequential()
        before = _STEM_WIDTH
        for width in _WIDTHS if side >= _PHOTO_SIDE else _WIDTHS[:2]:
            self.stages.append(ResidualBlock(before, width))
            before = width
        self.head = nn.Linear(before, shape.outputs)

    def forward(self, images: Tensor) -> Tensor:
        maps: Tensor = self.stages(self.stem(images))
        logits: Tensor = self.head(maps.mean(dim=(2, 3)))
        return logits


@final
class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, the first of stride 2, added to the averaged input at `width` channels.

    (batch, channels, height, width) to (batch, width, ceil(height / 2), ceil(width / 2)). The branch starts at zero,
    so the block starts as its shortcut.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = _convolution(channels, width, 3, 2)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3)
        self.norm2 = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm2.weight)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
            _convolution(channels, width, 1),
            nn.BatchNorm2d(width),
        )

    def forward(self, maps: Tensor) -> Tensor:
        branch = F.relu(self.norm1(self.conv1(maps)))
        branch = self.norm2(self.conv2(branch))
        return F.relu(branch + self.shortcut(maps))


def _stem(channels: int, halvings: int) -> nn.Sequential:
    """3x3 convolutions to `_STEM_WIDTH` channels: `halvings` of stride 2, or one of stride 1."""
    stem = nn.Sequential()
    for stride in [2] * halvings or [1]:
        convolution = _convolution(channels, _STEM_WIDTH, 3, stride)
        stem.extend([convolution, nn.BatchNorm2d(_STEM_WIDTH), nn.ReLU()])
        channels = _STEM_WIDTH
    return stem


def _convolution(channels: int, width: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer
