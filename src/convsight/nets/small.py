"""The default network: residual blocks sized for small pictures.

Source: He et al., "Deep Residual Learning for Image Recognition", 2016 (blocks) and "Delving Deep into Rectifiers",
2015 (initialisation); Goyal et al., "Accurate, Large Minibatch SGD", 2017 (zero start of each branch).
"""

import math
from typing import final

from torch import Tensor, nn
from torch.nn import functional as F

from convsight.nets.entry import NetShape

_WIDTHS = (32, 64, 128)
_LAST_SIDE = 7  # px of the last feature maps, about


@final
class SmallNet(nn.Module):
    """A 3x3 stem, three stages of two residual blocks, the mean over all positions, a dense layer.

    The maps are halved until their shorter side is about 7 px: first by the later stages, the rest by the stem.
    """

    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        halvings = max(0, round(math.log2(min(shape.height, shape.width) / _LAST_SIDE)))
        by_stages = min(halvings, len(_WIDTHS) - 1)
        self.stem = _stem(shape.channels, _WIDTHS[0], halvings - by_stages)
        self.stages = nn.Sequential()
        before = _WIDTHS[0]
        for number, width in enumerate(_WIDTHS):
            stride = 2 if number >= len(_WIDTHS) - by_stages else 1
            self.stages.append(nn.Sequential(ResidualBlock(before, width, stride), ResidualBlock(width, width, 1)))
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
    stem = nn.Sequential()
    for stride in [2] * halvings or [1]:
        stem.extend([_convolution(channels, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU()])
        channels = width
    return stem


def _convolution(channels: int, width: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer
